"""Hands what a training run tells to Weights & Biases: JSON lines in on descriptor 0, a socket, and answers back on it."""
import base64
import io
import json
import os
import signal
import sys

# Ctrl-C and the like are for the training run, which says when this ends.
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
    signal.signal(number, signal.SIG_IGN)
# The socket is nobody else's: wandb's own processes must not keep it open, and what wandb prints must not get into it.
channel = os.dup(0)
os.dup2(os.open(os.devnull, os.O_RDWR), 0)
os.dup2(2, 1)
# A folder "wandb" in the working folder is runs, and no package.
sys.path = [path for path in sys.path if path]


def tell(**answer):
    line = (json.dumps(answer) + "\n").encode()
    while line:
        line = line[os.write(channel, line):]


def sentence(error):
    return " ".join(f"{error or type(error).__name__}".split())


def begin(wandb, message):
    """The run, new or gone on with."""
    environment = os.environ
    past = None if environment.get("WANDB_RUN_ID") else message.get("id")
    options = {
        "project": environment.get("WANDB_PROJECT") or message["project"],
        "dir": environment.get("WANDB_DIR") or message["folder"],
    }
    if past:
        options |= {"id": past, "resume": environment.get("WANDB_RESUME") or "allow"}
    elif not environment.get("WANDB_NAME"):
        # The name of a run that goes on may have been changed.
        options["name"] = message["name"]
    try:
        # Of the process that trains, not of this one.
        settings = wandb.Settings(console="off", silent=True, x_stats_pid=os.getppid())
    except Exception:
        settings = wandb.Settings(console="off")
    run = wandb.init(settings=settings, **options)
    run.config.update(message["config"], allow_val_change=True)
    # A run that goes on repeats steps, which W&B would drop if they were its own.
    run.define_metric("step", hidden=True)
    run.define_metric("*", step_metric="step")
    return run


def pictures(wandb, message):
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("it needs pillow to take pictures; install it with: python3 -m pip install pillow") from None

    return [
        wandb.Image(Image.open(io.BytesIO(base64.b64decode(each["png"]))), caption=each["name"])
        for each in message["pictures"]
    ]


def log(run, wandb, message):
    if "values" in message:
        run.log({"step": message["step"]} | {name: float(value) for name, value in message["values"].items()})
    if "pictures" in message:
        run.log({"step": message["step"], "val/pictures": pictures(wandb, message)})


def main():
    try:
        import wandb
    except ImportError as error:
        return tell(missing=sentence(error))
    if not hasattr(wandb, "init"):
        return tell(missing="there is no package of the name wandb")
    tell(version=f"{getattr(wandb, '__version__', '')}")
    run, warned = None, set()
    with os.fdopen(os.dup(channel), encoding="utf-8") as lines:
        for line in lines:
            message = json.loads(line)
            if "finish" in message:
                if message.get("preempted"):
                    run.mark_preempting()
                run.finish(exit_code=message["finish"])
                return tell(finished=True)
            if run is None:
                try:
                    run = begin(wandb, message)
                except Exception as error:
                    return tell(error=sentence(error))
                mode = "disabled" if getattr(run, "disabled", False) else "offline" if run.offline else "online"
                tell(run={"id": run.id, "mode": mode, "url": run.url or "", "folder": os.path.dirname(run.dir)})
                continue
            try:
                log(run, wandb, message)
            except Exception as error:
                if type(error) not in warned:
                    tell(warning=sentence(error))
                warned.add(type(error))
    # The training run is gone without a word.
    if run:
        run.finish(exit_code=1)


main()
