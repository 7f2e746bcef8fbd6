"""Lets a real X-AnyLabeling, without a screen, label a picture by the service.

    python3 -m venv VENV && VENV/bin/pip install "x-anylabeling-cvhub[cpu]==4.2.1"      # and apt-get install libegl1 libgl1 libxkbcommon0
    VENV/bin/python Tools/check_x_anylabeling.py PROGRAM FOLDER     # a transeg with the service, and an empty folder

Its main window opens drawn scenes, the remote server is chosen as a person does it (with address and token in its dialog), and its button runs the
model. What it then stores must be the service's mask: exactly, where polygons are not simplified, by its own export of masks.
"""

import glob
import io
import json
import os
import subprocess
import sys
import time
import urllib.request

FOLDER = os.path.abspath(sys.argv[2])
# Settings of a person's own X-AnyLabeling are neither read nor changed.
os.environ.update(QT_QPA_PLATFORM="offscreen", HOME=FOLDER, XDG_CONFIG_HOME=f"{FOLDER}/config")

import numpy  # noqa: E402
from anylabeling import config as configuration  # noqa: E402
from anylabeling.app_info import __version__  # noqa: E402
from anylabeling.resources import resources  # noqa: E402, F401
from anylabeling.views.labeling.label_converter import LabelConverter  # noqa: E402
from anylabeling.views.labeling.widgets.remote_server_dialog import RemoteServerDialog  # noqa: E402
from anylabeling.views.mainwindow import MainWindow  # noqa: E402
from PIL import Image  # noqa: E402
from PyQt6 import QtCore, QtWidgets  # noqa: E402

from running_service import running_service  # noqa: E402

TOKEN = "0123456789abcdef0123456789abcdef"


def check(condition, what):
    if not condition:
        raise SystemExit(f"check_x_anylabeling: {what}")


class Program:
    """X-AnyLabeling's window."""

    def __init__(self, application):
        self.application = application
        settings = f"{FOLDER}/.xanylabelingrc"
        configuration.set_work_directory(FOLDER)
        configuration.get_default_config()
        configuration.current_config_file = settings
        self.window = MainWindow(application, config=configuration.get_config(settings))
        self.window.show()
        self.view = self.window.labeling_widget.view
        self.panel = self.view.auto_labeling_widget
        self.manager = self.panel.model_manager
        self.messages = []
        self.manager.new_model_status.connect(self.messages.append)

    def wait(self, what, condition, seconds=120):
        until = time.monotonic() + seconds
        while not condition():
            check(time.monotonic() < until, f"{what}; X-AnyLabeling says {self.messages}")
            self.application.processEvents()
            time.sleep(0.01)

    def open(self, picture):
        self.view.load_file(picture)
        self.wait(f"{picture} is not opened", lambda: self.view.filename == picture and not self.view.image.isNull())

    def choose(self, url, token):
        """The remote server among the models of CVHub."""
        name = next(name for name in self.panel.model_info if "remote_server" in name)

        def answer():
            dialog = self.application.activeModalWidget()
            check(isinstance(dialog, RemoteServerDialog), f"{dialog} is asked instead of the server's address")
            dialog.url_input.setText(url)
            dialog.api_key_input.setText(token)
            dialog.accept()

        QtCore.QTimer.singleShot(0, answer)
        loaded = []
        self.manager.model_loaded.connect(loaded.append)
        self.panel.on_model_selected("CVHub", name)
        self.wait("the remote server is not loaded", lambda: loaded)
        self.manager.model_loaded.disconnect(loaded.append)

    def models(self):
        box = self.panel.remote_server_select_combobox
        return {box.itemData(index): box.itemText(index) for index in range(box.count())}

    def run(self):
        """What the button gives, as it is stored beside the picture."""
        finished = []
        self.manager.prediction_finished.connect(lambda: finished.append(True))
        self.panel.button_run.click()
        self.wait("the model does not end", lambda: finished)
        self.application.processEvents()
        path = f"{FOLDER}/labels.json"
        check(self.view.save_labels(path), "the labels are not stored")
        with open(path, encoding="utf-8") as file:
            return path, json.load(file)


def exported(path):
    """The mask that X-AnyLabeling's export makes of stored labels."""
    target = f"{FOLDER}/exported.png"
    LabelConverter().custom_to_mask(path, target, {"type": "grayscale", "colors": {"glass": 255}})
    return numpy.array(Image.open(target)) > 0


def overlap(a, b):
    return (a & b).sum() / (a | b).sum()


def choose_model(program, service):
    """The service's model in the window, with what the service says of it."""
    program.choose(service.url, "not the token, but as long as it")
    check(not program.models(), "models are listed without the token")
    program.choose(service.url, TOKEN)
    check(program.models() == {"glass-demo": "transeg: glass-demo"}, f"the models are {program.models()}")
    panel = program.panel
    for name in ["button_run", "input_conf", "edit_conf", "mask_fineness_slider", "mask_fineness_value_label",
                 "toggle_preserve_existing_annotations"]:
        check(not getattr(panel, name).isHidden(), f"{name} is not shown")
    check((panel.edit_conf.value(), panel.mask_fineness_slider.value()) == (0.5, 10), "the service's values are not set")
    model = program.manager.loaded_model_config["model"]
    check((model.conf_threshold, model.epsilon_factor, model.replace) == (0.5, 0.001, True),
          f"the values that are sent are {model.conf_threshold}, {model.epsilon_factor}, {model.replace}")
    return model


def mask_of(service, picture):
    with open(picture, "rb") as file:
        request = urllib.request.Request(f"{service.url}/v1/segment", file.read(), {"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request) as answer:
        return numpy.array(Image.open(io.BytesIO(answer.read()))) > 0


def main():
    scenes = f"{FOLDER}/scenes"
    subprocess.run([sys.argv[1], "synthesize", scenes, "--test", "6", "--seed", "7", "--size", "512"], check=True, stdout=subprocess.DEVNULL)
    pictures = sorted(glob.glob(f"{scenes}/test/*/images/*"))
    application = QtWidgets.QApplication(sys.argv[:1])
    found, points, simple, fine = 0, 0, [], []
    with running_service(sys.argv[1], f"{FOLDER}/service.log", environment={"TRANSEG_TOKEN": TOKEN}) as service:
        program = Program(application)
        program.open(pictures[0])
        model = choose_model(program, service)
        for picture in pictures:
            mask = mask_of(service, picture)
            program.open(picture)
            program.panel.edit_conf.setValue(0.5)
            program.panel.mask_fineness_slider.setValue(10)
            path, labels = program.run()
            shapes = labels["shapes"]
            # The model finds something in most of them.
            if not mask.any():
                check(not shapes, f"{picture} has shapes, and its mask is empty")
                continue
            check({(each["label"], each["shape_type"]) for each in shapes} == {("glass", "polygon")}, f"the shapes are {shapes}")
            check(all(0 < each["score"] <= 1 and len(each["points"]) >= 3 for each in shapes), "a shape has no score, or no three points")
            found, points = found + len(shapes), points + sum(len(each["points"]) for each in shapes)
            simple.append(overlap(exported(path), mask))

            program.panel.mask_fineness_slider.setValue(1)
            path, labels = program.run()
            # Results replace each other.
            check(len(labels["shapes"]) == len(shapes), f"{len(shapes)} shapes became {len(labels['shapes'])}")
            fine.append(overlap(exported(path), mask))
            model.set_mask_fineness(0)
            path, labels = program.run()
            wrong = (exported(path) != mask).sum()
            check(wrong == 0, f"{wrong} of {mask.size} pixels of the export of {picture} are not the mask's")

            program.panel.edit_conf.setValue(0.9)
            path, labels = program.run()
            narrow = exported(path)
            check(narrow.sum() < mask.sum() and not (narrow & ~mask).any(), "a threshold of 0.9 does not find a part of the mask")
        check(len(simple) >= 3, f"only {len(simple)} of {len(pictures)} pictures have masks")
        check(min(simple) > 0.97 and min(fine) > 0.99, f"intersections over union with the masks are {simple}, and at the finest {fine}")
        refused = [line for line in service.lines() if line.get("message") == "request" and line["status"] >= 400 and line["status"] != 401]
        check(not refused, f"requests were refused: {refused}")
        check(service.stop() == 0, "the service did not end with 0")
    print(f"X-AnyLabeling {__version__}: {found} polygons of {points} points in {len(simple)} of {len(pictures)} pictures, intersection over union with the masks at least "
          f"{min(simple):.3f}, at the finest {min(fine):.3f}; not simplified, its exports are the masks in every pixel")
    sys.stdout.flush()
    # Qt's threads are not waited for.
    os._exit(0)


if __name__ == "__main__":
    main()
