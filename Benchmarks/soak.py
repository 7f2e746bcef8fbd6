"""Does one job for a long time and watches the process: resident memory and open descriptors, once a second.

    python3 Benchmarks/soak.py --minutes 20 segment
    python3 Benchmarks/soak.py --minutes 20 evaluate
    python3 Benchmarks/soak.py --minutes 20 train

Draws its own scenes and uses the embedded model, so it needs nothing but ./transeg (or the program that --transeg names). One process does the
whole job: a folder or data set of as many hard links to 200 pictures as the time asks for, or as many updates. After a
tenth of the time, but a minute at most, memory should have settled; the line of least squares through what follows gives the slope. Prints one JSON object, and exits with 1 when
the job fails or the number of descriptors grew.
"""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

JOBS = ["segment", "evaluate", "train"]


def scenes(program, folder, copies):
    """A test split of 200 pairs, each linked `copies` times."""
    subprocess.run([program, "synthesize", folder, "--train", "8", "--validation", "4", "--test", "200", "--size", "128"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for images in list(folder.glob("test/*/images")):
        for image in list(images.iterdir()):
            for copy in range(1, copies):
                os.link(image, images / f"{image.stem}-{copy}{image.suffix}")
                mask = images.parent / "masks" / f"{image.stem}_mask.png"
                os.link(mask, mask.parent / f"{image.stem}-{copy}_mask.png")


def command(job, program, folder, updates):
    if job == "segment":
        return [program, "segment", *map(str, folder.glob("scenes/test/*/images")), "--write", "mask", "--output",
                str(folder / "masks"), "--quiet"]
    if job == "evaluate":
        return [program, "evaluate", "--dataset", str(folder / "scenes"), "--no-pictures", "--output", str(folder / "e"),
                "--quiet"]
    return [program, "train", "--base-model-path", str(pathlib.Path(__file__).resolve().parent.parent / "Models/glass-demo"),
            "--dataset-path", str(folder / "scenes"), "--output-dir", str(folder / "run"), "--max-train-steps", str(updates),
            "--train-batch-size", "4", "--gradient-accumulation-steps", "1", "--resolution", "128", "--lr", "1e-5",
            "--lr-warmup-steps", "0", "--save-checkpoint-steps", "200", "--val-steps", "200", "--num-vals-train", "4",
            "--trainable", "folded", "--device", "cpu", "--quiet"]


def watch(process, seconds):
    """Samples of (seconds, resident KiB, descriptors) until the process ends, or is asked to end after `seconds`."""
    samples, start, asked = [], time.monotonic(), False
    while process.poll() is None:
        now = time.monotonic() - start
        try:
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            resident = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
            samples.append((now, resident, len(os.listdir(f"/proc/{process.pid}/fd"))))
        except (OSError, StopIteration):
            pass
        if now > seconds and not asked:
            asked = True
            process.send_signal(signal.SIGINT)
        time.sleep(1)
    return samples, time.monotonic() - start


def slope(points):
    """Of the line of least squares, y per x."""
    count = len(points)
    mean_x, mean_y = sum(x for x, _ in points) / count, sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=JOBS)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--copies", type=int, default=300, help="links to each of 200 pictures")
    parser.add_argument("--updates", type=int, default=1_000_000)
    parser.add_argument("--transeg", default=str(pathlib.Path(__file__).resolve().parent.parent / "transeg"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        scenes(arguments.transeg, folder / "scenes", 1 if arguments.job == "train" else arguments.copies)
        process = subprocess.Popen(command(arguments.job, arguments.transeg, folder, arguments.updates))
        samples, seconds = watch(process, arguments.minutes * 60)
        log = folder / "run" / "log.jsonl"
        done = (sum(1 for line in log.open() if '"loss"' in line) if log.exists()
                else sum(1 for _ in (folder / "masks").glob("*")) if (folder / "masks").exists()
                else sum(1 for file in (folder / "e").glob("per_image*.csv") for _ in file.open()) if (folder / "e").exists()
                else 0)
    settled = [sample for sample in samples if sample[0] >= min(60, seconds / 10)][:-2]
    report = {
        "job": arguments.job, "seconds": round(seconds), "done": done, "exit_code": process.returncode,
        "rss_mib_settled": round(settled[0][1] / 1024, 1), "rss_mib_end": round(settled[-1][1] / 1024, 1),
        "rss_mib_peak": round(max(sample[1] for sample in samples) / 1024, 1),
        "slope_mib_per_hour": round(slope([(at, resident) for at, resident, _ in settled]) * 3600 / 1024, 2),
        "descriptors_settled": settled[0][2], "descriptors_end": settled[-1][2],
    }
    print(json.dumps(report))
    # 130: asked to end when the time was over.
    sys.exit(process.returncode not in (0, 130) or report["descriptors_end"] > report["descriptors_settled"] + 2)


if __name__ == "__main__":
    main()
