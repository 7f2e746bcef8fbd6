"""Lets a real Label Studio ask the service for predictions.

    python3 -m venv VENV && VENV/bin/pip install label-studio==1.23.2
    VENV/bin/python Tools/check_label_studio.py PROGRAM FOLDER     # a transeg with the service, and an empty folder

Label Studio is started on a folder of its own; a project is made, a picture imported, the service connected as its model, and predictions
asked for as its page does. The brush labels that it then stores must decode, by its own converter, to the mask that the service gives as PNG.
"""

import base64
import contextlib
import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import numpy
from label_studio_sdk.converter.brush import decode_rle
from PIL import Image

from running_service import ROOT, running_service

TOKEN = "0123456789abcdef0123456789abcdef01234567"
CONFIGURATION = """<View>
  <Image name="image" value="$image"/>
  <BrushLabels name="tag" toName="image"><Label value="glass"/></BrushLabels>
</View>"""


def check(condition, what):
    if not condition:
        raise SystemExit(f"check_label_studio: {what}")


class LabelStudio:
    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            self.url + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                content = answer.read()
        except urllib.error.HTTPError as error:
            raise SystemExit(f"check_label_studio: {method} {path} is answered {error.code}: {error.read()[:1000]}") from None
        return json.loads(content) if content else None


@contextlib.contextmanager
def label_studio(folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = os.path.join(folder, "label-studio")
    os.makedirs(data)
    with open(f"{data}.log", "wb") as log:
        process = subprocess.Popen(
            [os.path.join(os.path.dirname(sys.executable), "label-studio"), "start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(port),
             "--data-dir", data, "--username", "check@example.com", "--password", TOKEN, "--user-token", TOKEN, "--enable-legacy-api-token"],
            stdout=log, stderr=log, env={**os.environ, "COLLECT_ANALYTICS": "0", "LATEST_VERSION_CHECK": "0", "SENTRY_DSN": "", "DEBUG": "0",
                                             # Without it Label Studio asks no address of its own machine or network.
                                             "USE_DEFAULT_BANNED_SUBNETS": "false"})
    try:
        until = time.monotonic() + 300
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10).close()
                break
            except OSError:
                with open(f"{data}.log", encoding="utf-8", errors="replace") as log:
                    check(process.poll() is None and time.monotonic() < until, f"Label Studio does not start: {log.read()[-3000:]}")
                time.sleep(1)
        yield LabelStudio(port)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main():
    program, folder = sys.argv[1:]
    with open(os.path.join(ROOT, "Models", "glass-demo", "example.png"), "rb") as file:
        picture = file.read()
    with running_service(program, f"{folder}/service.log") as service, label_studio(folder) as studio:
        project = studio.ask("POST", "/api/projects", {"title": "glass", "label_config": CONFIGURATION})["id"]
        studio.ask("POST", f"/api/projects/{project}/import",
                   [{"image": "data:image/png;base64," + base64.b64encode(picture).decode()}])
        backend = studio.ask("POST", "/api/ml", {"project": project, "url": service.url, "title": "transeg"})
        studio.ask("POST", f"/api/dm/actions?id=retrieve_tasks_predictions&project={project}",
                   {"selectedItems": {"all": True, "excluded": []}, "filters": {"conjunction": "and", "items": []}, "ordering": []})
        predictions = []
        until = time.monotonic() + 60
        while not predictions and time.monotonic() < until:
            predictions = studio.ask("GET", f"/api/predictions?project={project}")
            time.sleep(0.5)
        check(len(predictions) == 1, f"Label Studio stored {len(predictions)} predictions; its model is {backend['state']} ({backend.get('error_message')})")
        stored = predictions[0]
        with urllib.request.urlopen(urllib.request.Request(f"{service.url}/v1/segment", data=picture)) as answer:
            mask = numpy.array(Image.open(io.BytesIO(answer.read()))) > 0
        check(service.stop() == 0, "the service did not end with 0")
    decoded = numpy.zeros(mask.shape, bool)
    for region in stored["result"]:
        check(region["type"] == "brushlabels" and region["value"]["brushlabels"] == ["glass"], f"a region is {region['type']}")
        size = (region["original_height"], region["original_width"])
        check(size == mask.shape, f"a region is of a picture of {size}, not {mask.shape}")
        decoded |= numpy.array(decode_rle(region["value"]["rle"])).reshape(*size, 4)[:, :, 3] > 0
    check(mask.any() and (decoded == mask).all(), f"{(decoded != mask).sum()} of {mask.size} pixels of the brush labels are not the mask's")
    print(f"Label Studio: {len(stored['result'])} brush labels by {stored['model_version']}, score {stored['score']}; they decode to the mask, {mask.sum()} of {mask.size} pixels")


if __name__ == "__main__":
    main()
