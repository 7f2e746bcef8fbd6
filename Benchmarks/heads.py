#!/usr/bin/env python3
"""Heads and losses on drawn scenes: trains a small model from nothing for each row of a ladder and several seeds, evaluates it, and prints the table
of Docs/heads.md.

    Benchmarks/heads.py .build/release/transeg FOLDER
    Benchmarks/heads.py .build/release/transeg FOLDER --scenes 60000 --steps 13000 --layers 6 --heads 6 --resolution 128 --seeds 5

FOLDER keeps what is made; an interrupted run goes on there. Each row differs from the first in its options alone: same scenes, order, updates and rate.
"""

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess

PIXELS = ["--losses", "latent_mse,cross_entropy"]
BOUNDARY = ["--losses", "latent_mse,cross_entropy,boundary=0.2"]
CONTINUITY = ["--local-continuity", "true"]
READOUT = ["--head", "readout"]
ROWS = {
    "latent": [],
    "latent, continuity": CONTINUITY,
    "latent, continuity, pixels": CONTINUITY + PIXELS,
    "latent, continuity, pixels, boundary": CONTINUITY + BOUNDARY,
    "readout": READOUT,
    "readout, boundary": READOUT + ["--losses", "cross_entropy,boundary=0.2"],
    "latent, negated": ["--prediction-type", "negated"],
    "latent, residual": ["--prediction-type", "residual"],
    "latent, all weights": ["--trainable", "all"],
    "latent, all weights, timestep 0": ["--trainable", "all", "--timestep", "0"],
}
# Of Student's distribution for two-sided 95 %, by degrees of freedom.
T95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--scenes", type=int, default=1000, help="to train on")
    parser.add_argument("--test", type=int, default=200, help="scenes to evaluate on")
    parser.add_argument("--side", type=int, default=128, help="of scenes, pixels")
    parser.add_argument("--resolution", type=int, default=64, help="of the model's input, pixels")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--lr", default="1.5e-3")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rows", nargs="*", help="some of the rows, by their names", default=list(ROWS))
    parser.add_argument("--vae", default=os.path.join(os.path.dirname(__file__), "../Models/glass-demo/vae"))
    parser.add_argument("--table", action="store_true", help="print the table of what is there, and train nothing")
    return parser.parse_args()


def whole(path, make):
    """Makes a folder that takes its name when it is whole."""
    if not os.path.isdir(path):
        part = path + ".part"
        shutil.rmtree(part, ignore_errors=True)
        make(part)
        os.rename(part, path)


class Ladder:
    def __init__(self, given):
        self.given = given
        self.scenes = os.path.join(given.folder, "scenes")
        self.fresh = os.path.join(given.folder, "fresh")

    def transeg(self, *words):
        return subprocess.run([self.given.program, *map(str, words)], check=True, stdout=subprocess.PIPE).stdout

    def prepare(self):
        given = self.given
        os.makedirs(given.folder, exist_ok=True)
        whole(self.scenes, lambda part: self.transeg(
            "synthesize", part, "--train", given.scenes, "--validation", 1, "--test", given.test, "--size", given.side,
            "--seed", 11, "-q"))
        whole(self.fresh, lambda part: self.transeg(
            "init", part, "--vae", given.vae, "--resolution", given.resolution, "--layers", given.layers, "--heads",
            given.heads, "--head-dim", 32, "--dual-layers", 0))

    def result_path(self, row, seed):
        return os.path.join(self.given.folder, f"{row.replace(', ', '-').replace(' ', '_')}-{seed}.json")

    def run(self, row, seed):
        given, path = self.given, self.result_path(row, seed)
        if os.path.exists(path):
            return
        run = path.removesuffix(".json")
        extra = ROWS[row] if "--trainable" in ROWS[row] else ["--trainable", "folded"] + ROWS[row]
        self.transeg(
            "train", "-q", "--base-model-path", self.fresh, "--dataset-path", self.scenes, "--output-dir", run,
            "--data-type", "fp32", "--resolution", given.resolution, "--train-batch-size", given.batch,
            "--gradient-accumulation-steps", 1, "--max-train-steps", given.steps, "--gradient-checkpointing", "false",
            "--lr", given.lr, "--scale-lr", "false", "--lr-warmup-steps", min(100, given.steps // 10), "--lr-cycles", 0.5,
            "--min-lr-ratio", 0.02, "--adam-beta2", 0.98, "--augment", "false", "--vae-posterior", "mode", "--seed", seed,
            "--save-checkpoint-steps", given.steps, "--latent-cache", os.path.join(given.folder, "latents"),
            "--dataloader-num-workers", 1, "--threads", given.threads, "--device", "cpu",
            "--resume-from-checkpoint", "latest", *extra)
        shutil.rmtree(run + "-evaluation", ignore_errors=True)
        self.transeg(
            "evaluate", "--dataset", self.scenes, "--split", "test", "--model", f"{run}/model", "--size",
            given.resolution, "--batch", 16, "--output", run + "-evaluation", "--threads", given.threads, "--device",
            "cpu", "-q")
        with open(run + "-evaluation/metrics.json") as file:
            protocols = json.load(file)["protocols"]
        bench = json.loads(self.transeg(
            "bench", "segment", "--model", f"{run}/model", "--size", given.resolution, "--runs", 30, "--threads",
            given.threads, "--device", "cpu", "--json"))
        with open(f"{run}/log.jsonl") as file:
            seconds = [json.loads(line)["seconds"] for line in file]
        value = lambda protocol, name: protocols[protocol][name]
        result = dict(
            row=row, seed=seed, iou=value("original", "iou"), mse=value("original", "mse"),
            boundary_f=value("native", "boundary_f"), pass_ms=1000 * bench["total_min_s"],
            update_ms=1000 * statistics.median(seconds), given={k: v for k, v in vars(given).items() if k != "rows"})
        with open(path + ".part", "w") as file:
            json.dump(result, file, indent=1)
        os.rename(path + ".part", path)
        for folder in (run, run + "-evaluation"):
            shutil.rmtree(folder)

    def results(self, row):
        paths = [self.result_path(row, seed) for seed in range(self.given.seeds)]
        return [json.load(open(path)) for path in paths if os.path.exists(path)]


def interval(values):
    """Mean and half the 95 % interval over seeds."""
    mean = statistics.mean(values)
    if len(values) < 2:
        return mean, math.nan
    return mean, T95[min(9, len(values) - 1)] * statistics.stdev(values) / math.sqrt(len(values))


def table(ladder):
    base = {result["seed"]: result for result in ladder.results("latent")}
    print("| | seeds | IoU | IoU − latent's | boundary F | MSE | pass, ms | update, ms |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for row in ladder.given.rows:
        results = ladder.results(row)
        if not results:
            continue
        text = lambda values, digits=3: "{0:.{2}f} ± {1:.{2}f}".format(*interval(values), digits)
        column = lambda name: [result[name] for result in results]
        paired = [result["iou"] - base[result["seed"]]["iou"] for result in results if result["seed"] in base]
        print(
            f"| {row} | {len(results)} | {text(column('iou'))} | {'' if row == 'latent' or not paired else text(paired)} | "
            f"{text(column('boundary_f'))} | {text(column('mse'), 4)} | {min(column('pass_ms')):.1f} | "
            f"{statistics.median(column('update_ms')):.0f} |")


def main():
    ladder = Ladder(options())
    if not ladder.given.table:
        ladder.prepare()
        # Seed by seed, so that an unfinished ladder compares all rows.
        for seed in range(ladder.given.seeds):
            for row in ladder.given.rows:
                ladder.run(row, seed)
    table(ladder)


if __name__ == "__main__":
    main()
