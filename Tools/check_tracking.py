"""Holds what the trackers of `transeg train` write against their own readers, and makes a fixture of TensorBoard's bytes.

    python Tools/check_tracking.py events RUN    # with the packages tensorboard and pandas
    python Tools/check_tracking.py wandb RUN     # with the package wandb, of a run with WANDB_MODE=offline
    python Tools/check_tracking.py fixture Tests/TensorBoardTests/Fixtures/golden.tfevents

`events` finds each update, validation, picture, text and hyperparameter of the run's log.jsonl in its event files, by
TensorBoard's reader and by a TensorBoard that serves them, and in its CSV files. `wandb` finds the log in the run's
offline folders. Scripts/test-tracking makes the environment and the runs.
"""

import glob
import json
import math
import os
import re
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request

UPDATE = {"loss": "train/loss", "lr": "train/lr", "grad_norm": "train/grad_norm", "epoch": "train/epoch",
          "seconds": "perf/seconds", "data_wait": "perf/data_wait", "memory": "perf/memory_gib"}
VALIDATION = {"val_iou": "val/iou", "val_recall": "val/recall", "val_mse": "val/mse"}
GIB = 1 << 30


def fail(text):
    sys.exit(f"check_tracking: {text}")


def expected(run):
    """The points of each curve, as the log has them: {tag: {step: value}}."""
    curves = {}
    with open(f"{run}/log.jsonl", encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            for key, tag in (UPDATE | VALIDATION).items():
                if line.get(key) is not None:
                    value = float(line[key]) / (GIB if key == "memory" else 1)
                    curves.setdefault(tag, {})[line["step"]] = value
    return curves


def compare(what, expected, found, tolerance):
    for tag, points in expected.items():
        if sorted(found.get(tag, {})) != sorted(points):
            fail(f"{what}: {tag} has the steps {sorted(found.get(tag, {}))}; {sorted(points)} were expected")
        for step, value in points.items():
            if not math.isclose(found[tag][step], value, rel_tol=tolerance, abs_tol=1e-12):
                fail(f"{what}: {tag} is {found[tag][step]} at {step}; {value} was expected")
    return sum(map(len, expected.values()))


def validation_pictures(run):
    """{tag: steps} of what the validations left."""
    tags = {}
    for path in glob.glob(f"{run}/validation/*/pictures/**/*_pred.png", recursive=True):
        step = int(os.path.relpath(path, f"{run}/validation").split(os.sep)[0])
        name = os.path.basename(path)[:-len("_pred.png")]
        tags.setdefault(f"validation/{name}", []).append(step)
    return {tag: sorted(steps) for tag, steps in tags.items()}


def check_events(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    reader = EventAccumulator(run, size_guidance={"scalars": 0, "images": 0, "tensors": 0})
    reader.Reload()
    tags = reader.Tags()
    curves = {tag: {} for tag in tags["scalars"]}
    for tag in curves:
        points = reader.Scalars(tag)
        if len({each.step for each in points}) != len(points):
            fail(f"{tag} has a step twice")
        curves[tag] = {each.step: each.value for each in points}
    log = expected(run)
    count = compare("events", log, curves, 1e-6)
    if curves.get("perf/pictures_per_second", {}).keys() != log["train/loss"].keys():
        fail("perf/pictures_per_second is not there for each update")
    pictures = validation_pictures(run)
    found = {tag: [each.step for each in reader.Images(tag)] for tag in tags["images"]}
    if found != pictures:
        fail(f"the pictures are {found}; {pictures} were expected")
    for tag in found:
        for each in reader.Images(tag):
            if not each.encoded_image_string.startswith(b"\x89PNG") or each.width < each.height:
                fail(f"{tag} is no row of PNG pictures")
    text = reader.Tensors("settings/text_summary")[0].tensor_proto.string_val[0].decode()
    parameters = session(reader)
    if "| lr |" not in text or not isinstance(parameters["lr"], float):
        fail("the settings are not told")
    served = check_server(run, log, parameters)
    check_csv(run)
    print(f"events: {count} points, {sum(map(len, found.values()))} pictures, {len(parameters)} hyperparameters, {served}")


def session(reader):
    from tensorboard.plugins.hparams import plugin_data_pb2

    contents = reader.PluginTagToContent("hparams")
    data = {tag: plugin_data_pb2.HParamsPluginData.FromString(content) for tag, content in contents.items()}
    start = data["_hparams_/session_start_info"].session_start_info
    if data["_hparams_/session_end_info"].session_end_info.status != 1:
        fail("the run's end is not a success")
    return {key: getattr(value, value.WhichOneof("kind")) for key, value in start.hparams.items()}


def check_server(run, log, parameters):
    """Asks a TensorBoard, as its page does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "tensorboard.main", "--logdir", run, "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def get(path, body=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/data/plugin/{path}", body and json.dumps(body).encode(),
            {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def wait(question):
        for _ in range(120):
            try:
                if answer := question():
                    return answer
            except OSError:
                pass
            time.sleep(0.5)
        fail("TensorBoard does not serve the run")

    try:
        tag = urllib.parse.quote("val/iou", safe="")
        wait(lambda: "val/iou" in get("scalars/tags").get(".", {}))
        points = wait(lambda: get(f"scalars/scalars?run=.&tag={tag}"))
        if {step: value for _, step, value in points}.keys() != log["val/iou"].keys():
            fail(f"TensorBoard serves {points} of val/iou; {log['val/iou']} was expected")
        groups = wait(lambda: get("hparams/session_groups", {
            "experimentName": "", "startIndex": 0, "sliceSize": 10, "colParams": [],
            "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"],
        }).get("sessionGroups"))
        if groups[0]["hparams"].keys() != parameters.keys() or groups[0]["sessions"][0]["status"] != "STATUS_SUCCESS":
            fail(f"TensorBoard serves the hyperparameters {groups[0]}")
        texts = wait(lambda: get("text/text?run=.&tag=settings%2Ftext_summary"))
        if "<table>" not in texts[0]["text"]:
            fail("TensorBoard shows the settings not as a table")
    finally:
        server.terminate()
        server.wait()
    return "served"


def check_csv(run):
    import pandas

    updates = pandas.read_csv(f"{run}/updates.csv", index_col="step")
    validations = pandas.read_csv(f"{run}/validations.csv", index_col="step")
    log = expected(run)
    for table, names in [(updates, UPDATE), (validations, VALIDATION)]:
        for name, tag in names.items():
            scale = GIB if name == "memory" else 1
            found = {int(step): value / scale for step, value in table[name].dropna().items()}
            compare("csv", {tag: log.get(tag, {})}, {tag: found}, 1e-12)


def wandb_records(path):
    """The records of a .wandb file: LevelDB's log format after a header of 7 bytes, up to where it was cut off."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:7] != b":W&B\xe1\xbe\x00":
        fail(f"{path} begins with {data[:7]}")
    block, position, record = 1 << 15, 7, b""
    while position + 7 <= len(data):
        if block - position % block < 7:
            position += block - position % block
            continue
        length, kind = int.from_bytes(data[position + 4:position + 6], "little"), data[position + 6]
        part = data[position + 7:position + 7 + length]
        if kind == 0 or len(part) < length:
            return
        position += 7 + length
        record = part if kind in (1, 2) else record + part
        if kind in (1, 4):
            yield record


def check_wandb(run):
    """Reads the logs that W&B would send, in the order of its folders."""
    from wandb.proto import wandb_internal_pb2

    history, pictures, ids, config, codes = {}, {}, set(), {}, []
    for path in sorted(glob.glob(f"{run}/wandb/offline-run-*/run-*.wandb")):
        for data in wandb_records(path):
            record = wandb_internal_pb2.Record.FromString(data)
            kind = record.WhichOneof("record_type")
            if kind == "run":
                ids.add(record.run.run_id)
            elif kind == "exit":
                codes.append(record.exit.exit_code)
            elif kind == "config":
                config |= {each.key: json.loads(each.value_json) for each in record.config.update}
            elif kind == "history":
                row = {".".join(each.nested_key) or each.key: json.loads(each.value_json) for each in record.history.item}
                step = row.get("step")
                pictures.setdefault(step, []).extend(row.get("val/pictures.captions", []))
                for key, value in row.items():
                    # Steps that were done again: the later one holds.
                    if not key.startswith("val/pictures."):
                        history.setdefault(key, {})[step] = float(value)
    count = compare("wandb", expected(run), history, 1e-12)
    if len(ids) != 1:
        fail(f"the run has the ids {ids}; one was expected")
    with open(f"{run}/wandb.json", encoding="utf-8") as file:
        if json.load(file)["id"] not in ids:
            fail("wandb.json has another id")
    wanted = {}
    for tag, steps in validation_pictures(run).items():
        for step in steps:
            wanted.setdefault(step, set()).add(tag[len("validation/"):])
    if {step: set(names) for step, names in pictures.items() if names} != wanted:
        fail(f"the pictures are {pictures}; {wanted} were expected")
    if not isinstance(config.get("lr"), (int, float)) or codes[-1:] != [0]:
        fail(f"the settings are {config}, the exit codes {codes}")
    print(f"wandb: {count} points, {sum(map(len, pictures.values()))} pictures, {len(config)} settings, exit codes {codes}")


def make_fixture(path):
    """The bytes of TensorBoard's own messages, which EventFileTests writes too."""
    from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2
    from tensorboard.summary.writer.record_writer import RecordWriter
    from google.protobuf import struct_pb2

    value = summary_pb2.Summary.Value

    def plugin(tag, **content):
        data = plugin_data_pb2.HParamsPluginData(**content).SerializeToString(deterministic=True)
        return value(tag=tag, metadata=summary_pb2.SummaryMetadata(
            plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="hparams", content=data)))

    text = value(
        tag="settings/text_summary",
        metadata=summary_pb2.SummaryMetadata(plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="text")),
        tensor=tensor_pb2.TensorProto(
            dtype=7, string_val=["a *text* with ü".encode()],
            tensor_shape=tensor_shape_pb2.TensorShapeProto(dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=1)])))
    start = plugin_data_pb2.SessionStartInfo(start_time_secs=1700000000.25)
    start.hparams["augment"].CopyFrom(struct_pb2.Value(bool_value=False))
    start.hparams["data_type"].CopyFrom(struct_pb2.Value(string_value="bf16"))
    start.hparams["lr"].CopyFrom(struct_pb2.Value(number_value=2e-6))
    experiment = api_pb2.Experiment(
        hparam_infos=[api_pb2.HParamInfo(name=name, type=kind)
                      for name, kind in [("lr", 3), ("data_type", 1), ("augment", 2)]],
        metric_infos=[api_pb2.MetricInfo(name=api_pb2.MetricName(tag="val/iou"))])
    begin = [event_pb2.Event(file_version="brain.Event:2", source_metadata=event_pb2.SourceMetadata(writer="transeg"))]
    events = begin + [
        event_pb2.Event(step=301, session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START)),
        event_pb2.Event(step=300, summary=summary_pb2.Summary(value=[
            text, plugin(metadata.EXPERIMENT_TAG, experiment=experiment),
            plugin(metadata.SESSION_START_INFO_TAG, session_start_info=start)])),
        event_pb2.Event(step=301, summary=summary_pb2.Summary(value=[
            value(tag="train/loss", simple_value=0.125), value(tag="train/lr", simple_value=0),
            value(tag="train/grad_norm", simple_value=math.nan)])),
        event_pb2.Event(step=1 << 40, summary=summary_pb2.Summary(value=[
            value(tag="validation/1", image=summary_pb2.Summary.Image(
                height=2, width=300, colorspace=3, encoded_image_string=bytes(range(256)) * 2))])),
    ]
    ending = plugin(metadata.SESSION_END_INFO_TAG, session_end_info=plugin_data_pb2.SessionEndInfo(
        status=api_pb2.STATUS_SUCCESS, end_time_secs=1700000000.25))
    for path, events in [(path, events), (path + ".ending", begin + [
            event_pb2.Event(step=301, summary=summary_pb2.Summary(value=[ending]))])]:
        with open(path, "wb") as file:
            writer = RecordWriter(file)
            for event in events:
                event.wall_time = 1700000000.25
                writer.write(event.SerializeToString(deterministic=True))


if __name__ == "__main__":
    jobs = {"events": check_events, "wandb": check_wandb, "fixture": make_fixture}
    if len(sys.argv) != 3 or not re.fullmatch("|".join(jobs), sys.argv[1]):
        sys.exit(__doc__)
    jobs[sys.argv[1]](sys.argv[2])
