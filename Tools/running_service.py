"""Starts `transeg serve` at a free port for a check, and stops it."""

import contextlib
import json
import os
import signal
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Service:
    def __init__(self, process, port, log):
        self.process, self.port, self.log = process, port, log
        self.url = f"http://127.0.0.1:{port}"

    def lines(self):
        """The log so far, a dictionary a line."""
        with open(self.log, encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.startswith("{") and line.endswith("\n")]

    def stop(self):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=180)


@contextlib.contextmanager
def running_service(program, log, *options, environment=None):
    """A service that listens, with its log in a file; killed where it does not end by itself."""
    with open(log, "wb") as errors:
        process = subprocess.Popen([program, "serve", "--port", "0", *options], stderr=errors,
                                   env={**os.environ, "OMP_WAIT_POLICY": "passive", **(environment or {})})
    try:
        port = None
        while port is None:
            if process.poll() is not None:
                with open(log, encoding="utf-8") as file:
                    raise SystemExit(f"the service ended with {process.returncode}: {file.read()}")
            service = Service(process, None, log)
            port = next((int(line["port"]) for line in service.lines() if "port" in line), None)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.1)
        yield Service(process, port, log)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
