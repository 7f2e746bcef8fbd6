#!/usr/bin/env python3
"""Times reading and augmenting 12-megapixel pairs against albumentations, in turn, on one thread each.

    pip install albumentations==2.0.8 "opencv-python-headless==4.14.0.94" numpy==2.4.6
    python Benchmarks/augmentation.py [--rounds 3]

Pictures of 4000 x 3000 are drawn here: smooth shapes with noise, JPEG of quality 92. Both sides decode picture and mask, augment by
the same laws with parameters of their own, and resize to 1024 x 1024.
"""

import argparse
import re
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import albumentations as A
import cv2
import numpy as np

PROGRAM = Path(__file__).resolve().parent.parent / ".build" / "release" / "transeg"
PICTURES, EPOCHS = 4, 15


def draw(folder):
    generator = np.random.default_rng(3)
    for kind in ("images", "masks"):
        (folder / "train" / kind).mkdir(parents=True)
    for index in range(PICTURES):
        rough = generator.integers(0, 256, (24, 32, 3), dtype=np.uint8)
        picture = cv2.resize(rough, (4000, 3000), interpolation=cv2.INTER_CUBIC)
        picture = np.clip(picture + generator.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)
        mask = np.zeros((3000, 4000, 3), np.uint8)
        cv2.circle(mask, (1500 + 300 * index, 1400), 700, (0, 0, 255), -1)
        cv2.imwrite(str(folder / f"train/images/{index}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 92])
        cv2.imwrite(str(folder / f"train/masks/{index}_mask.png"), mask)


def ours(folder):
    command = [PROGRAM, "dataset", "preview", folder, "--count", str(PICTURES), "--epochs", str(EPOCHS), "--output",
               folder / "preview.jpg", "--seed", str(time.time_ns() % 100_000)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(re.search(r"([\d.]+) s to read", output)[1])


def theirs(folder, pipeline):
    start = time.perf_counter()
    for _ in range(EPOCHS):
        for index in range(PICTURES):
            picture = cv2.cvtColor(cv2.imread(str(folder / f"train/images/{index}.jpg")), cv2.COLOR_BGR2RGB)
            mask = cv2.imread(str(folder / f"train/masks/{index}_mask.png"))
            mask = (mask[..., :3].mean(axis=-1) > 0).astype(np.float64)
            pipeline(image=picture, mask=mask)
    return (time.perf_counter() - start) / EPOCHS / PICTURES


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    cv2.setNumThreads(1)
    pipeline = A.Compose([
        A.HorizontalFlip(p=0.5), A.ColorJitter(0.2, 0.2, 0.2, 0.1, p=0.5),
        A.OneOf([A.MotionBlur(blur_limit=(11, 31)), A.GaussianBlur(blur_limit=(11, 31))], p=0.3),
        A.GaussNoise(std_range=(0.1, 0.3), p=0.3),
        A.Resize(1024, 1024, interpolation=cv2.INTER_LINEAR, mask_interpolation=cv2.INTER_NEAREST)])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw(folder)
        times = [(ours(folder), theirs(folder, pipeline)) for _ in range(rounds)]
    ours_median, theirs_median = (statistics.median(column) for column in zip(*times))
    print(f"{rounds} rounds of {PICTURES * EPOCHS} pairs each, medians, one thread")
    print(f"transeg         {ours_median:.3f} s a pair, {1 / ours_median:.2f} a second")
    print(f"albumentations  {theirs_median:.3f} s a pair, {1 / theirs_median:.2f} a second")
    print(f"ratio of times  {ours_median / theirs_median:.2f}")


if __name__ == "__main__":
    main()
