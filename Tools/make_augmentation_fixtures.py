#!/usr/bin/env python3
"""Makes Tests/TransparencyDataTests/Fixtures/augmentation: pictures that albumentations and OpenCV changed with stated parameters, and
counts of what albumentations draws.

    pip install albumentations==2.0.8 "opencv-python-headless==4.14.0.94" numpy==2.4.6
    python Tools/make_augmentation_fixtures.py

albumentations 2.0.8 brings albucore 0.0.24. Everything is seeded; the draws take some minutes.
"""

import itertools
import json
import random
from pathlib import Path

import albumentations as A
import cv2
import numpy as np
from albumentations.augmentations.blur import functional as blur
from albumentations.augmentations.pixel import functional as pixel

FOLDER = Path(__file__).resolve().parent.parent / "Tests" / "TransparencyDataTests" / "Fixtures" / "augmentation"
OPERATIONS = ["brightness", "contrast", "saturation", "hue"]
DRAWS = 100_000


def pictures():
    """Noise, gradients with saturated corners, and shapes with hard edges.

    The width of `odd` is no multiple of 64: OpenCV's HSV conversion cuts off fractions in its vector code and rounds them in the columns
    that remain. These fixtures are made with AVX-512, whose vectors are 64 columns.
    """
    generator = np.random.default_rng(7)
    noise = generator.integers(0, 256, (43, 64, 3), dtype=np.uint8)
    y, x = np.mgrid[0:57, 0:64]
    gradient = np.stack([x * 255 // 63, y * 255 // 56, (x + y) * 255 // 119], axis=-1).astype(np.uint8)
    y, x = np.mgrid[0:47, 0:128]
    shapes = np.full((47, 128, 3), (200, 190, 170), np.uint8)
    shapes[(x - 40) ** 2 + (y - 25) ** 2 < 300] = (30, 90, 160)
    shapes[10:35, 80:110] = (250, 240, 20)
    shapes = np.clip(shapes + generator.normal(0, 6, shapes.shape), 0, 255).astype(np.uint8)
    return {"noise": noise, "gradient": gradient, "shapes": shapes, "odd": shapes[:46, :121].copy()}


def save(name, picture):
    cv2.imwrite(str(FOLDER / f"{name}.png"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 9])


def jitter(picture, parameters):
    for operation in parameters["order"]:
        change = getattr(pixel, f"adjust_{operation}_torchvision")
        picture = change(picture, parameters[operation])
    return picture


def motion_kernel(parameters):
    """albumentations draws the shifts itself; they are handed to it through its random state."""

    class Shifts(random.Random):
        values = [parameters["shiftX"], parameters["shiftY"]]

        def uniform(self, low, high):
            return self.values.pop(0) / (parameters["size"] // 2 / 2)

    return blur.create_motion_kernel(
        parameters["size"], parameters["angle"], parameters["direction"], True, Shifts()
    )


def augmented(picture, case):
    if case.get("isFlipped"):
        picture = picture[:, ::-1].copy()
    if "jitter" in case:
        picture = jitter(picture, case["jitter"])
    if "motion" in case:
        picture = pixel.convolve(picture, motion_kernel(case["motion"]) / motion_kernel(case["motion"]).sum())
    if "gaussian" in case:
        kernel = blur.create_gaussian_kernel_1d(case["gaussian"]["sigma"], case["gaussian"]["size"])
        picture = pixel.separable_convolve(picture, kernel)
    if "width" in case:
        size = (case["width"], case["height"])
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    return picture


def cases():
    order = OPERATIONS
    neutral = dict(brightness=1.0, contrast=1.0, saturation=1.0, hue=0.0, order=order)
    for name, value in [("brightness", 0.83), ("brightness", 1.17), ("contrast", 0.81), ("contrast", 1.19),
                        ("saturation", 0.8), ("saturation", 1.2), ("hue", 0.07), ("hue", -0.093), ("hue", 0.002)]:
        yield {"jitter": neutral | {name: value}}
    orders = list(itertools.permutations(order))
    for index in (3, 10, 17, 23):
        yield {"jitter": dict(brightness=0.9 + index / 100, contrast=1.15 - index / 100, saturation=0.85 + index / 90,
                              hue=0.1 - index / 120, order=list(orders[index]))}
    for size, angle, direction, x, y in [(11, 0.0, 0.0, 0.0, 0.0), (15, 33.0, 0.4, 1.7, -2.2), (31, 211.5, -0.9, -7.0, 7.4),
                                         (21, 90.0, 1.0, 0.5, 0.5), (17, 300.0, -1.0, 3.9, -3.1)]:
        yield {"motion": dict(size=size, angle=angle, direction=direction, shiftX=x, shiftY=y)}
    for size, sigma in [(11, 0.5), (13, 1.3), (21, 3.0), (31, 2.2), (11, 2.9)]:
        yield {"gaussian": dict(size=size, sigma=sigma)}
    for width, height in [(30, 20), (61, 43), (128, 128), (17, 200), (200, 17), (64, 64)]:
        yield {"width": width, "height": height}
    yield {"isFlipped": True, "jitter": dict(brightness=1.1, contrast=0.9, saturation=1.15, hue=0.05, order=list(orders[8])),
           "motion": dict(size=13, angle=70.0, direction=0.2, shiftX=-1.0, shiftY=2.0), "width": 32, "height": 48}
    yield {"isFlipped": True, "jitter": dict(brightness=0.85, contrast=1.2, saturation=0.8, hue=-0.08, order=list(orders[14])),
           "gaussian": dict(size=15, sigma=1.8), "width": 48, "height": 32}


def masks():
    """Where OpenCV's nearest neighbor takes each pixel from: the indices of a ramp, resized."""
    sizes = [(61, 43, 30, 20), (121, 90, 128, 128), (40, 57, 17, 200), (4000, 3, 1024, 5), (3, 3000, 7, 1024), (1333, 2, 512, 3),
             (49, 49, 7, 7), (1000, 999, 999, 1000)]
    for width, height, new_width, new_height in sizes:
        columns = cv2.resize(np.arange(width, dtype=np.float64)[None], (new_width, 1), interpolation=cv2.INTER_NEAREST)[0]
        rows = cv2.resize(np.arange(height, dtype=np.float64)[:, None], (1, new_height), interpolation=cv2.INTER_NEAREST)[:, 0]
        yield {"width": width, "height": height, "columns": columns.astype(int).tolist(), "rows": rows.astype(int).tolist()}


def histogram(values, low, high, bins=20):
    return np.histogram(values, bins, (low, high))[0].tolist()


def draws():
    """What 100,000 draws of each transform of the pipeline give, in bins."""
    jitter = A.ColorJitter(0.2, 0.2, 0.2, 0.1, p=0.5)
    motion = A.MotionBlur(blur_limit=(11, 31))
    gaussian = A.GaussianBlur(blur_limit=(11, 31))
    noise = A.GaussNoise(std_range=(0.1, 0.3), p=0.3)
    for seed, transform in enumerate([jitter, motion, gaussian, noise]):
        transform.set_random_seed(seed)
    result = {}
    drawn = [jitter.get_params() for _ in range(DRAWS)]
    for name, low, high in [("brightness", 0.8, 1.2), ("contrast", 0.8, 1.2), ("saturation", 0.8, 1.2), ("hue", -0.1, 0.1)]:
        result[name] = histogram([d[name] for d in drawn], low, high)
    orders = {p: i for i, p in enumerate(itertools.permutations(range(4)))}
    result["order"] = np.bincount([orders[tuple(d["order"])] for d in drawn], minlength=24).tolist()
    kernels = [motion.get_params()["kernel"] for _ in range(DRAWS)]
    result["motion_size"] = np.bincount([(len(k) - 11) // 2 for k in kernels], minlength=11).tolist()
    result["motion_cells"] = np.bincount([np.count_nonzero(k) for k in kernels], minlength=32).tolist()
    # Where the kernel's weight is, as a share of its reach: the law of angle, direction and shifts together.
    centers = [(np.argwhere(k > 0).mean(0) - len(k) // 2) / (len(k) // 2) for k in kernels]
    # Such shares fall on round numbers, which must not be borders of bins.
    result["motion_center_y"] = histogram([c[0] for c in centers], -1.013, 1.017)
    result["motion_center_x"] = histogram([c[1] for c in centers], -1.013, 1.017)
    sizes, sigmas = [], []
    for _ in range(DRAWS):
        kernel = gaussian.get_params_dependent_on_data({}, {})["kernel"]
        sizes.append((len(kernel) - 11) // 2)
        middle = len(kernel) // 2
        sigmas.append((0.5 / np.log(kernel[middle] / kernel[middle + 1])) ** 0.5)
    result["gaussian_size"] = np.bincount(sizes, minlength=11).tolist()
    result["gaussian_sigma"] = histogram(sigmas, 0.5, 3.0)
    # The noise itself, on gray: what a sample of 128 becomes.
    flat = np.full((128, 1024, 3), 128, np.uint8)
    fixed = A.GaussNoise(std_range=(0.2, 0.2), p=1.0)
    fixed.set_random_seed(5)
    result["noisy_128"] = np.bincount(fixed(image=flat)["image"].ravel(), minlength=256).tolist()
    tiny = np.zeros((1, 1, 3), np.uint8)
    sigmas = []
    original = pixel.generate_noise
    pixel.generate_noise = lambda **k: sigmas.append(k["params"]["std_range"][0]) or np.zeros((1, 1, 3), np.float32)
    for _ in range(DRAWS):
        noise.get_params_dependent_on_data({}, {"image": tiny})
    pixel.generate_noise = original
    result["noise_sigma"] = histogram(sigmas, 0.1, 0.3)

    applied = {"flip": 0, "jitter": 0, "motion": 0, "gaussian": 0, "noise": 0}

    def counting(name, transform):
        original = transform.get_params

        def get_params():
            applied[name] += 1
            return original()

        transform.get_params = get_params
        return transform

    pipeline = A.Compose(
        [counting("flip", A.HorizontalFlip(p=0.5)), counting("jitter", jitter),
         A.OneOf([counting("motion", motion), counting("gaussian", gaussian)], p=0.3), counting("noise", noise)],
        seed=11)
    for _ in range(DRAWS):
        pipeline(image=tiny)
    return result | {"applied": applied}


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    sources = pictures()
    for name, picture in sources.items():
        save(name, picture)
    listed = []
    for case in cases():
        for source, picture in sources.items():
            if source == "gradient" and "jitter" not in case or source == "noise" and "order" not in str(case):
                continue
            name = f"{len(listed):03d}"
            save(name, augmented(picture, case))
            listed.append({"name": name, "source": source} | case)
    (FOLDER / "cases.json").write_text(json.dumps(listed, indent=1) + "\n")
    (FOLDER / "nearest.json").write_text(json.dumps(list(masks())) + "\n")
    (FOLDER / "draws.json").write_text(json.dumps(draws()) + "\n")


if __name__ == "__main__":
    main()
