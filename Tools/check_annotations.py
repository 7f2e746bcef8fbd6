"""Reads what transeg convert writes with the tools that people use, and has it read what they write.

    python3 -m venv VENV && VENV/bin/pip install pycocotools ultralytics label-studio-converter datumaro supervision
    VENV/bin/python Tools/check_annotations.py

Draws masks that are hard to trace, converts them to each form, reads those with pycocotools, ultralytics, label-studio-converter, datumaro and
supervision, and compares pixels and holes; then back from COCO's run lengths, compressed and not, that pycocotools made. Prints a line a tool with the
least IoU; ends with 1 where one is below 0.99 or a hole is lost.
"""
import contextlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile

import cv2
import numpy
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEIGHT, WIDTH = 241, 319


def shapes():
    """Masks by name, boolean."""
    y, x = numpy.mgrid[:HEIGHT, :WIDTH]
    radius = numpy.hypot(x - 160, y - 120)
    random = numpy.random.default_rng(0)
    glass = (radius < 100) & ~((abs(x - 160) < 30) & (abs(y - 120) < 50)) & ~(numpy.hypot(x - 110, y - 110) < 9)
    noise = cv2.GaussianBlur(random.random((HEIGHT, WIDTH)).astype(numpy.float32), (0, 0), 5)
    return {
        "bottle": glass, "rings": (radius // 12) % 2 == 0, "grid": (x % 16 < 11) | (y % 16 < 11),
        "thin": (x % 40 == 3) | (y == 7), "blobs": noise > 0.5, "corners": (x + y) % 2 == 0, "full": x >= 0,
        "frame": (x == 0) | (y == 0) | (x == WIDTH - 1) | (y == HEIGHT - 1), "point": (x == 5) & (y == 9),
        "empty": x < 0,
    }


def holes(mask):
    """Connected parts of what is not the mask, by sides."""
    return cv2.connectedComponents((~mask).astype(numpy.uint8), connectivity=4)[0] - 1


def read_coco(folder, name, index):
    from pycocotools.coco import COCO
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(folder / "coco.json")
    mask = numpy.zeros((HEIGHT, WIDTH), bool)
    for annotation in coco.loadAnns(coco.getAnnIds(imgIds=index + 1)):
        mask |= coco.annToMask(annotation).astype(bool)
    return mask


def read_yolo(folder, name, index):
    from ultralytics.data.utils import polygons2masks, verify_image_label
    image, label = folder / "images" / f"{name}.jpg", folder / "labels" / f"{name}.txt"
    found = verify_image_label((str(image), str(label), "", False, 1, 0, 0, False))
    assert found[7 + 1] == 0 and not found[-1], found[-1]
    polygons = [segment * (WIDTH, HEIGHT) for segment in found[3]]
    masks = polygons2masks((HEIGHT, WIDTH), [p.reshape(-1) for p in polygons], color=1, downsample_ratio=1)
    return numpy.any(masks, axis=0) if len(masks) else numpy.zeros((HEIGHT, WIDTH), bool)


def read_labelstudio(folder, name, index):
    from label_studio_converter.brush import decode_rle
    task = json.loads((folder / "labelstudio.json").read_text())[index]
    mask = numpy.zeros((HEIGHT, WIDTH), bool)
    for result in task["predictions"][0]["result"]:
        mask |= decode_rle(result["value"]["rle"]).reshape(HEIGHT, WIDTH, 4)[:, :, 3] > 0
    return mask


def read_datumaro(folder, name, index):
    from datumaro import Dataset
    item = next(item for item in Dataset.import_from(str(folder), "coco_instances") if item.id == name)
    mask = numpy.zeros((HEIGHT, WIDTH), bool)
    from pycocotools import mask as codes
    for shape in item.annotations:
        if hasattr(shape, "points"):
            points = [float(value) for value in shape.points]
            # Of four numbers pycocotools makes a box.
            code = codes.merge(codes.frPyObjects([points], HEIGHT, WIDTH)) if len(points) > 4 else None
            if code:
                mask |= codes.decode(code).astype(bool)
        else:
            mask |= shape.image.astype(bool)
    return mask


def read_supervision(folder, name, index):
    import supervision
    data = supervision.DetectionDataset.from_yolo(
        str(folder / "images"), str(folder / "labels"), str(folder / "data.yaml"), force_masks=True)
    detections = data.annotations[str(folder / "images" / f"{name}.jpg")]
    return numpy.any(detections.mask, axis=0) if len(detections) else numpy.zeros((HEIGHT, WIDTH), bool)


READERS = {
    "pycocotools": ("coco", read_coco), "ultralytics": ("yolo", read_yolo),
    "label-studio-converter": ("labelstudio", read_labelstudio), "datumaro": ("coco", read_datumaro),
    "supervision": ("yolo", read_supervision),
}


def convert(*arguments):
    subprocess.run([sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "transeg"), "convert", *map(str, arguments), "--quiet"], check=True)


def compare(title, found, failures):
    least, lost = 1.0, 0
    for name, (mask, truth) in found.items():
        union = (mask | truth).sum()
        least = min(least, (mask & truth).sum() / union if union else 1.0)
        lost += abs(holes(truth) - holes(mask))
    print(f"{title:28} least IoU {least:.4f}, holes that differ {lost}")
    if least < 0.99 or lost:
        failures.append(title)


def read_masks(folder):
    return {path.name[:-len("_mask.png")]: numpy.array(Image.open(path)) > 0 for path in folder.glob("*_mask.png")}


def main():
    failures = []
    truths = shapes()
    names = sorted(truths)
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        (work / "set" / "images").mkdir(parents=True)
        (work / "set" / "masks").mkdir()
        for name, mask in truths.items():
            Image.fromarray((mask * 255).astype(numpy.uint8)).save(work / "set" / "masks" / f"{name}_mask.png")
            Image.new("RGB", (WIDTH, HEIGHT)).save(work / "set" / "images" / f"{name}.jpg")
        for form in ["coco", "yolo", "labelstudio", "cvat"]:
            convert(work / "set", "--to", form, "--output", work / form)
            source = work / form / {"coco": "coco.json", "yolo": "", "labelstudio": "labelstudio.json", "cvat": "cvat.xml"}[form]
            convert(source, "--to", "masks", "--output", work / f"{form}-back", "--pictures", work / "set" / "images")
            back = read_masks(work / f"{form}-back")
            # Label Studio's tasks have no size but that of their masks.
            compare(f"{form} and back", {n: (back[n], truths[n]) for n in names if n in back}, failures)
        for form in ["yolo", "coco"]:
            (work / form / "images").symlink_to(work / "set" / "images")
        (work / "coco" / "annotations").mkdir()
        (work / "coco" / "annotations" / "instances_all.json").write_text((work / "coco" / "coco.json").read_text())
        for tool, (form, read) in READERS.items():
            try:
                found = {name: (read(work / form, name, index), truths[name]) for index, name in enumerate(names)}
            except ImportError as error:
                print(f"{tool:28} left out: {error}")
                continue
            compare(tool, found, failures)
        from pycocotools import mask as codes
        for title, compress in [("pycocotools' text", True), ("pycocotools' numbers", False)]:
            document = json.loads((work / "coco" / "coco.json").read_text())
            document["annotations"] = []
            for index, name in enumerate(names):
                code = codes.encode(numpy.asfortranarray(truths[name].astype(numpy.uint8)))
                segmentation = {"size": [HEIGHT, WIDTH], "counts": code["counts"].decode()}
                if not compress:
                    flat = truths[name].T.ravel()
                    edges = numpy.flatnonzero(numpy.diff(flat)) + 1
                    runs = numpy.diff(numpy.concatenate([[0], edges, [flat.size]])).tolist()
                    segmentation["counts"] = [0] * int(flat[0]) + runs
                document["annotations"].append(dict(
                    id=index + 1, image_id=index + 1, category_id=1, iscrowd=1, segmentation=segmentation,
                    area=int(codes.area(code)), bbox=codes.toBbox(code).tolist()))
            (work / "other.json").write_text(json.dumps(document))
            convert(work / "other.json", "--to", "masks", "--output", work / title)
            back = read_masks(work / title)
            compare(f"from {title}", {n: (back[n], truths[n]) for n in names}, failures)
    sys.exit(f"failed: {', '.join(failures)}" if failures else 0)


if __name__ == "__main__":
    main()
