"""Tells whether the confidence of masks says anything of their IoU, from an evaluation's per_image.csv.

    python Tools/check_confidence.py EVALUATION [EVALUATION ...]

Needs numpy. Confidence is worked out from the softness in 256 steps that per_image.csv keeps, at the threshold 0.5 (Docs/segmenting.md).
"""
import csv
import pathlib
import sys

import numpy as np

csv.field_size_limit(1 << 30)
SOFTNESS = np.arange(256) / 255


def confidence(pixels):
    """The IoU to be expected of a mask whose pixels have these steps of softness."""
    inside = SOFTNESS > 0.5
    if pixels[inside].sum() == 0:
        return 1 - SOFTNESS[pixels > 0].max()
    return (pixels * SOFTNESS)[inside].sum() / (pixels[inside].sum() + (pixels * SOFTNESS)[~inside].sum())


def main():
    for folder in sys.argv[1:]:
        confidences, ious = [], []
        with open(pathlib.Path(folder) / "per_image.csv", newline="") as file:
            for row in csv.DictReader(file):
                pixels = sum(np.array(row[name].split(), float) for name in ("glass_histogram", "other_histogram"))
                confidences.append(confidence(pixels))
                ious.append(float(row["iou"]))
        confidences, ious = np.array(confidences), np.array(ious)
        ranks = [np.argsort(np.argsort(values)) for values in (confidences, ious)]
        print(f"{folder}: {len(ious)} pictures, mean confidence {confidences.mean():.3f}, mean IoU {ious.mean():.3f}, "
              f"rank correlation {np.corrcoef(*ranks)[0, 1]:.2f}")
        for least in (0.5, 0.6, 0.7, 0.8):
            kept = confidences >= least
            mean = f"{ious[kept].mean():.3f}" if kept.any() else "none"
            print(f"  --reject-below {least}: {kept.mean():.0%} kept, their mean IoU {mean}")


if __name__ == "__main__":
    main()
