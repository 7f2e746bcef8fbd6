"""Measures what `--smooth` gains and costs on two clips of one drawn scene with noise: one that stands still, and one that moves.

Usage: python Tools/measure_smoothing.py TRANSEG, with numpy and Pillow. Prints the original's IoU, the embedded model's, for each alpha.
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

FRAMES, NOISE, STEP = 12, 25, 3
transeg = os.path.abspath(sys.argv[1])


def run(*arguments):
    return subprocess.run([transeg, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    run("synthesize", "scenes", "--test", "6", "--size", "128", "--seed", "11", "--quiet")
    picture = np.asarray(Image.open("scenes/test/easy/images/2.jpg").convert("RGB")).astype(float)
    mask = np.asarray(Image.open("scenes/test/easy/masks/2_mask.png"))
    noise = np.random.default_rng(0)
    for clip, step in (("still", 0), ("moving", STEP)):
        images, masks = f"{clip}/test/easy/images", f"{clip}/test/easy/masks"
        os.makedirs(images), os.makedirs(masks)
        for frame in range(FRAMES):
            noisy = np.roll(picture, step * frame, axis=1) + noise.normal(0, NOISE, picture.shape)
            Image.fromarray(np.clip(noisy, 0, 255).astype("uint8")).save(f"{images}/{frame:03}.png")
            Image.fromarray(np.roll(mask, step * frame, axis=1)).save(f"{masks}/{frame:03}_mask.png")
        for alpha in ("1", "0.6", "0.4", "0.2"):
            metrics = json.loads(run("evaluate", "--dataset", clip, "--difficulty", "easy", "--output", f"{clip}-{alpha}",
                                     "--no-native", "--no-pictures", "--json", "--quiet", "--smooth", alpha))
            print(clip, alpha, round(metrics["protocols"]["original"]["iou"], 3), flush=True)
