"""Scores predictions by the published formulas, independently of the Swift code, with numpy and Pillow only.

    python Tools/check_metrics.py score FOLDER              # ID_pred.png with ID_maskgt.png, at their own size
    python Tools/check_metrics.py sklearn                   # holds Trans10K-Stuff's numbers against scikit-learn's
    python Tools/check_metrics.py fixture Tests/SegmentationMetricsTests/Fixtures/drawn.json

The formulas and their sources are in Docs/metrics.md. Everything is computed from the pixels, naively: no counts or
histograms are shared between numbers, and distances are compared pair by pair through shifted masks.
"""
import argparse
import base64
import json
import math
import pathlib

import numpy as np
from PIL import Image


# --- one picture: soft [3, H, W] in 0..1, truth [H, W] in 0..2, classes [H, W] in 0..2 or None, threshold

def iou(q, g):
    union = np.sum(q | g)
    return 1.0 if union == 0 else np.sum(q & g) / union


def original(soft, truth, threshold):
    g = truth > 0
    q = soft.mean(axis=0) > threshold
    recall = np.sum(q & g) / np.sum(g) if g.any() else None
    return {"iou": iou(q, g), "recall": recall, "mse": np.mean((soft - g[None].astype(float)) ** 2)}


def glass(soft, truth):
    g = truth > 0
    s = soft.mean(axis=0)
    q = s >= 0.5
    errors = [np.mean(q[part] != value) for part, value in ((g, True), (~g, False)) if part.any()]
    quantized = np.floor(255 * s + 0.5)
    eps = 1e-4
    precision, recall = [], []
    for t in range(256):
        hit = quantized > t
        true_positives = np.sum(hit & g)
        precision.append((true_positives + eps) / (np.sum(hit) + eps))
        recall.append((true_positives + eps) / (np.sum(g) + eps))
    return {"iou": iou(q, g), "mae": np.mean(np.abs(s - g)), "ber": 100 * np.mean(errors),
            "precision": np.array(precision), "recall": np.array(recall)}


def counts(q, g):
    """TP, FP, FN and TN."""
    return [int(np.sum(part)) for part in (q & g, q & ~g, ~q & g, ~q & ~g)]


def f_beta(tp, fp, fn):
    """The F measure with beta squared 0.3; 1 without glass in truth and mask."""
    return 1.0 if tp + fp + fn == 0 else 1.3 * tp / (1.3 * tp + 0.3 * fn + fp)


def balanced_error(tp, fp, fn, tn):
    return 100 * (1 - np.mean([right / whole for right, whole in ((tp, tp + fn), (tn, tn + fp)) if whole]))


def trans10k_stuff(soft, truth):
    """What papers of 2025 and 2026 report on Trans10K-Stuff, of one picture."""
    g, s = truth > 0, soft.mean(axis=0)
    q = s >= 0.5
    tp, fp, fn, tn = counts(q, g)
    return {"iou": iou(q, g), "fbeta": f_beta(tp, fp, fn), "mae": np.mean(np.abs(s - g)),
            "ber": balanced_error(tp, fp, fn, tn), "acc": np.mean(q == g)}


def pooled(pictures):
    """The same of all pixels together."""
    soft = np.concatenate([x["soft"].mean(axis=0).ravel() for x in pictures])
    truth = np.concatenate([x["truth"].ravel() for x in pictures])
    scores = trans10k_stuff(soft[None, None], truth[None])
    return {"pooled_" + name: value for name, value in scores.items()}


def calibration_error(pictures):
    """The expected calibration error over 15 bins of equal width, of softness in 256 steps."""
    soft = np.concatenate([np.floor(255 * x["soft"].mean(axis=0).ravel() + 0.5) for x in pictures])
    glass = np.concatenate([x["truth"].ravel() > 0 for x in pictures])
    bins = np.minimum(soft * 15 // 255, 14)
    gaps = [abs(np.mean(soft[bins == b] / 255) - np.mean(glass[bins == b])) * np.mean(bins == b)
            for b in np.unique(bins)]
    return float(np.sum(gaps))


def class_ber(p, g, c):
    """The published form, with the negative rate left out where class c fills the picture; None where c is absent."""
    positives, negatives = np.sum(g == c), np.sum(g != c)
    if positives == 0:
        return None
    tp = np.sum((p == g) & (g == c)) / positives
    if negatives == 0:
        return 100 * (1 - tp)
    return 100 * (1 - (tp + np.sum((p == g) & (g != c)) / negatives) / 2)


def boundary(mask):
    """Pixels of the mask beside a pixel, up, down, left or right in the picture, that is not of the mask."""
    padded = np.pad(mask, 1, mode="edge")
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inner


def dilate(mask, radius):
    height, width = mask.shape
    reach = int(radius)
    padded = np.pad(mask, reach)
    result = np.zeros_like(mask)
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            if dx * dx + dy * dy <= radius * radius:
                result |= padded[reach + dy:reach + dy + height, reach + dx:reach + dx + width]
    return result


def native(predicted, truth):
    g = truth > 0
    height, width = g.shape
    radius = 0.0075 * math.hypot(width, height)
    b, c = boundary(predicted), boundary(g)
    precision = np.sum(b & dilate(c, radius)) / np.sum(b) if b.any() else 1.0
    recall = np.sum(c & dilate(b, radius)) / np.sum(c) if c.any() else 1.0
    f = 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0
    return {"iou": iou(predicted, g), "boundary_f": f, "boundary_precision": precision, "boundary_recall": recall}


# --- many pictures

def mean(values):
    values = [value for value in values if value is not None]
    return float(np.mean(values)) if values else None


def translab(pictures, with_classes, threshold):
    pairs = []
    for picture in pictures:
        if with_classes:
            pairs.append((picture["classes"].astype(int), picture["truth"].astype(int)))
        else:
            pairs.append(((picture["soft"].mean(axis=0) > threshold).astype(int), (picture["truth"] > 0).astype(int)))
    labels = (1, 2) if with_classes else (1,)
    ious, bers = [], []
    for c in labels:
        union = sum(int(np.sum((p == c) | (g == c))) for p, g in pairs)
        ious.append(sum(int(np.sum((p == c) & (g == c))) for p, g in pairs) / union if union else None)
        bers.append(mean([class_ber(p, g, c) for p, g in pairs]))
    foreground = sum(int(np.sum(g > 0)) for _, g in pairs)
    right = sum(int(np.sum((p == g) & (g > 0))) for p, g in pairs)
    scores = {"acc": right / foreground if foreground else None, "mber": mean(bers),
              "mae": mean([np.mean(np.abs(p - g)) for p, g in pairs]),
              "miou" if with_classes else "pooled_iou": mean(ious)}
    if with_classes:
        scores |= {"iou_things": ious[0], "iou_stuff": ious[1], "ber_things": bers[0], "ber_stuff": bers[1]}
    return scores


def score(pictures, with_classes, threshold=0.5):
    by_protocol = {"original": [original(x["soft"], x["truth"], threshold) for x in pictures],
                   "glass": [glass(x["soft"], x["truth"]) for x in pictures],
                   "trans10k_stuff": [trans10k_stuff(x["soft"], x["truth"]) for x in pictures],
                   "native": [native(x["native_predicted"], x["native_truth"]) for x in pictures]}
    scores = {name: {key: mean([row[key] for row in rows]) for key in rows[0] if np.ndim(rows[0][key]) == 0}
              for name, rows in by_protocol.items()}
    precision = np.mean([row["precision"] for row in by_protocol["glass"]], axis=0)
    recall = np.mean([row["recall"] for row in by_protocol["glass"]], axis=0)
    scores["glass"]["fbeta"] = float(np.max(1.3 * precision * recall / (0.3 * precision + recall)))
    scores["trans10k_stuff"] |= pooled(pictures)
    masks = [(x["native_predicted"], x["native_truth"] > 0) for x in pictures]
    union = sum(int(np.sum(q | g)) for q, g in masks)
    scores["native"]["pooled_iou"] = sum(int(np.sum(q & g)) for q, g in masks) / union if union else 1.0
    scores["calibration"] = {"ece": calibration_error(pictures)}
    scores["translab"] = translab(pictures, with_classes, threshold)
    return {name: {key: round(float(value), 12) for key, value in row.items() if value is not None}
            for name, row in scores.items()}


def check_with_sklearn():
    """Holds the numbers of trans10k_stuff against scikit-learn's, picture by picture and pooled."""
    from sklearn import metrics
    pictures = [{"soft": soft.astype(np.float64), "truth": truth} for _, _, soft, _, truth, *_ in drawn_cases()]
    rows = [(trans10k_stuff(x["soft"], x["truth"]), x["soft"].mean(axis=0).ravel(), x["truth"].ravel() > 0)
            for x in pictures]
    together = {name.removeprefix("pooled_"): value for name, value in pooled(pictures).items()}
    rows.append((together, np.concatenate([row[1] for row in rows]), np.concatenate([row[2] for row in rows])))
    worst = 0.0
    for own, s, g in rows:
        q = s >= 0.5
        classes = [c for c in (False, True) if np.any(g == c)]
        recalls = metrics.recall_score(g, q, labels=classes, average=None)
        theirs = {"iou": metrics.jaccard_score(g, q, zero_division=1.0),
                  "fbeta": metrics.fbeta_score(g, q, beta=math.sqrt(0.3), zero_division=1.0),
                  "mae": metrics.mean_absolute_error(g.astype(float), s),
                  "ber": 100 * (1 - np.mean(recalls)), "acc": metrics.accuracy_score(g, q)}
        worst = max([worst] + [abs(own[name] - theirs[name]) for name in theirs])
    print(f"{len(rows) - 1} pictures and all pixels together, largest difference from scikit-learn: {worst:.2e}")
    if worst > 1e-9:
        raise SystemExit("the numbers are not scikit-learn's")


# --- pictures from files

def read_classes(path):
    """Black background, red things, white stuff; gray or one-bit masks are things where they are not zero."""
    image = Image.open(path)
    if image.mode in ("1", "L"):
        return (np.array(image) > 0).astype(np.uint8)
    red, green, _ = np.moveaxis(np.array(image.convert("RGB")), 2, 0)
    return np.where(green > 127, 2, np.where(red > 127, 1, 0)).astype(np.uint8)


def read_folder(folder):
    pictures = []
    for path in sorted(folder.glob("*_pred.png")):
        soft = np.array(Image.open(path).convert("RGB")).astype(np.float32) / np.float32(255)
        soft = np.moveaxis(soft, 2, 0).astype(np.float64)
        truth = read_classes(path.with_name(path.name.replace("_pred", "_maskgt")))
        pictures.append({"id": path.name.removesuffix("_pred.png"), "soft": soft, "truth": truth,
                         "native_predicted": soft.mean(axis=0) > 0.5, "native_truth": truth})
    return pictures


# --- drawn cases

def disc(height, width, y, x, radius):
    rows, columns = np.mgrid[:height, :width]
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius ** 2


def drawn_cases():
    """Yields (id, difficulty, soft, classes, truth) at 16 x 12 and the masks (predicted, truth) at 160 x 120."""
    random = np.random.default_rng(3)
    height, width = 12, 16
    empty = np.zeros((height, width), np.uint8)
    things = disc(height, width, 5, 5, 4).astype(np.uint8)
    stuff = np.where(np.arange(width) >= 10, 2, 0).astype(np.uint8) * np.ones((height, 1), np.uint8)
    both = np.maximum(things, stuff)
    point = empty.copy()
    point[7, 3] = 1
    scattered = random.integers(0, 3, (height, width)).astype(np.uint8)

    def flat(mask):
        return np.repeat((mask > 0)[None], 3, axis=0).astype(np.float32)

    def noise(mask, amount):
        return np.clip(flat(mask) * (1 - amount) + amount * random.random((3, height, width)), 0, 1).astype(np.float32)

    half = np.full((3, height, width), 0.5, np.float32)
    levels = np.repeat(random.integers(0, 256, (1, height, width)), 3, axis=0).astype(np.float32) / np.float32(255)
    large = [disc(120, 160, 60, 70 + shift, 40) for shift in (0, 1, 3)]
    none, full = np.zeros((120, 160), bool), np.ones((120, 160), bool)
    ragged = large[0] ^ (random.random((120, 160)) < 0.02)
    return [
        ("perfect", "easy", flat(both), both, both, large[0], large[0]),
        ("nothing there, nothing found", "easy", flat(empty), empty, empty, none, none),
        ("nothing there, noise", "hard", noise(empty, 0.8), scattered, empty, large[0], none),
        ("all glass, all found", "easy", flat(empty + 1), empty + 1, empty + 1, full, full),
        ("all things, partly found", "hard", noise(both, 0.9), both, empty + 1, large[0], full),
        ("all stuff, things found", "hard", noise(both, 0.6), things, empty + 2, large[0], large[1]),
        ("all glass of both classes", "easy", noise(things, 0.7), scattered, np.where(stuff > 0, 2, 1), full, full),
        ("one pixel", "easy", noise(point, 0.4), point, point, large[0], large[1]),
        ("one pixel missed", "hard", flat(empty), empty, point, large[0], large[2]),
        ("things for stuff", "hard", flat(both), (3 - both) * (both > 0), both, large[1], large[2]),
        ("noise", "easy", noise(both, 0.9), scattered, both, ragged, large[0]),
        ("noise of noise", "hard", random.random((3, height, width)).astype(np.float32), scattered,
         random.integers(0, 3, (height, width)), large[0], ragged),
        ("exactly one half", "easy", half, things, both, large[1], large[0]),
        ("values of an 8-bit file", "hard", levels, stuff, both, large[2], large[0]),
    ]


def encode(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def make_fixture(path):
    pictures, cases, masks = [], [], []

    def kept(mask):
        """The mask's place in the list of different masks, each as bits."""
        bits = encode(np.packbits(mask))
        if bits not in masks:
            masks.append(bits)
        return masks.index(bits)

    for name, difficulty, soft, classes, truth, predicted_mask, true_mask in drawn_cases():
        classes, truth = classes.astype(np.uint8), truth.astype(np.uint8)
        pictures.append({"id": name, "difficulty": difficulty, "soft": soft.astype(np.float64), "classes": classes,
                         "truth": truth, "native_predicted": predicted_mask, "native_truth": true_mask.astype(int)})
        cases.append({"id": name, "difficulty": difficulty, "soft": encode(soft), "classes": encode(classes),
                      "truth": encode(truth), "native_predicted": kept(predicted_mask), "native_truth": kept(true_mask)})
    expected = {}
    for kind, with_classes, threshold in (("three_class", True, 0.5), ("binary", False, 0.5), ("strict", False, 0.7)):
        subsets = {"all": pictures} | {name: [x for x in pictures if x["difficulty"] == name] for name in ("easy", "hard")}
        if kind != "strict":
            subsets |= {x["id"]: [x] for x in pictures}
        expected[kind] = {name: score(subset, with_classes, threshold) for name, subset in subsets.items()}
    fixture = {"width": 16, "height": 12, "native_width": 160, "native_height": 120, "masks": masks, "cases": cases,
               "thresholds": {"three_class": 0.5, "binary": 0.5, "strict": 0.7}, "expected": expected}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(fixture, separators=(",", ":"), sort_keys=True) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("score").add_argument("folder", type=pathlib.Path)
    commands.add_parser("sklearn")
    commands.add_parser("fixture").add_argument("path", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.command == "fixture":
        make_fixture(arguments.path)
        return
    if arguments.command == "sklearn":
        check_with_sklearn()
        return
    pictures = read_folder(arguments.folder)
    if not pictures:
        parser.error(f"{arguments.folder} has no files *_pred.png")
    for picture in pictures:
        print(json.dumps({picture["id"]: score([picture], False)}))
    print(json.dumps(score(pictures, False), indent=2))


if __name__ == "__main__":
    main()
