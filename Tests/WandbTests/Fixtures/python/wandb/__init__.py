"""Stands in for Weights & Biases: writes what it is told into $FAKE_WANDB, a line each, and fails as $FAKE_WANDB_FAULT says."""
import json
import os
import signal
import sys
import time

__version__ = "0.0"
fault = os.environ.get("FAKE_WANDB_FAULT", "")


def note(**what):
    with open(os.environ["FAKE_WANDB"], "a") as file:
        file.write(json.dumps(what) + "\n")


class Settings:
    def __init__(self, **options):
        self.options = options


class Image:
    def __init__(self, data, caption):
        self.text = f"{caption} {len(data)}"


class Run:
    def __init__(self, options):
        self.id = options.get("id") or "fresh"
        self.offline = os.environ.get("WANDB_MODE") == "offline"
        self.disabled = os.environ.get("WANDB_MODE") == "disabled"
        self.url = "https://wandb.test/" + self.id
        self.dir = options["dir"] + "/wandb/run-" + self.id + "/files"
        self.config = self
        self.count = 0

    def update(self, config, allow_val_change):
        note(config=config)

    def define_metric(self, name, **options):
        pass

    def mark_preempting(self):
        note(preempting=True)

    def log(self, values):
        print("noise on standard output")
        self.count += 1
        if fault == "dies" and self.count == 3:
            print("the last words", file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "hangs":
            time.sleep(600)
        if fault == "raises":
            raise ValueError("no such value")
        shown = {name: [each.text for each in value] if isinstance(value, list) else repr(value)
                 for name, value in values.items()}
        note(log=shown)

    def finish(self, exit_code):
        if fault == "never finishes":
            time.sleep(600)
        note(finish=exit_code)


def init(settings, **options):
    if fault == "refuses":
        raise RuntimeError(f"the key {os.environ['WANDB_API_KEY']} is wrong.")
    note(init=options)
    return Run(options)
