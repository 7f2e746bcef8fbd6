#!/usr/bin/env python3
"""What an update of training would take on 8 to 512 devices: a projection, not a measurement.

Arithmetic is that of the plan (transeg train --dry-run --json) at a speed that was measured on one device; traffic is the plan's, over a network
of the given speed. Efficiency is given as a range: from nothing of the traffic hidden under arithmetic to all of it. What it leaves out: stragglers,
latency of collectives, reading pictures, validation and checkpoints.

    Benchmarks/projection.py PROGRAM MODEL DATASET --tflops 135 --network 50
"""

import argparse
import json
import subprocess


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("dataset")
    parser.add_argument("--tflops", type=float, required=True, help="of a device, measured")
    parser.add_argument("--network", type=float, required=True, help="GB/s that a host sends to another")
    parser.add_argument("--device-memory", default="80GiB")
    parser.add_argument("--host-memory", default="1024GiB")
    parser.add_argument("--batch", type=int, default=4, help="pictures of a pass")
    parser.add_argument("--passes", type=int, default=1, help="passes of an update")
    parser.add_argument("--trainable", default="all")
    parser.add_argument("--processes", type=int, nargs="+", default=[8, 16, 32, 64, 128, 256, 512])
    return parser.parse_args()


def candidates(given, processes):
    """What fits without offload, with this batch and recomputation, by sharding."""
    words = [
        given.program, "train", "--dry-run", "--json", "--base-model-path", given.model, "--dataset-path", given.dataset,
        "--output-dir", "unused", "--trainable", given.trainable, "--processes", str(processes),
        "--device-memory", given.device_memory, "--host-memory", given.host_memory,
        "--train-batch-size", str(given.batch), "--gradient-accumulation-steps", str(given.passes),
    ]
    plan = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)
    found = {}
    for candidate in plan["candidates"]:
        settings = candidate["settings"]
        same = settings["offload"] == "none" and settings["train_batch_size"] == str(given.batch)
        if same and settings["gradient_checkpointing"] == "true":
            found[settings["sharding"]] = candidate
    return plan, found


def main():
    given = options()
    print("| processes | pictures an update | sharding | device, GiB | sent, GB | arithmetic, s | wire, s | efficiency |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for processes in given.processes:
        plan, found = candidates(given, processes)
        # Of one process; the plan's own has recomputation as well.
        arithmetic = plan["update_tflop"] / processes / given.tflops
        for sharding in ("none", "optimizer", "gradients", "full"):
            candidate = found[sharding]
            wire = candidate["traffic"]["wire_bytes"] / given.network / 1e9
            least, most = arithmetic / (arithmetic + wire), arithmetic / max(arithmetic, wire)
            fits = "" if candidate["fits"] else " (does not fit)"
            print(
                f"| {processes} | {plan['pictures_per_update']} | {sharding} | {candidate['device_bytes'] / 2**30:.1f}{fits} "
                f"| {candidate['traffic']['wire_bytes'] / 1e9:.1f} | {arithmetic:.2f} | {wire:.2f} | {least:.0%} to {most:.0%} |")


main()
