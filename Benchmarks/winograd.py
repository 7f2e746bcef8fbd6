"""Direct against Winograd 3 x 3 convolution on this machine: where each is quicker, and how far they are apart.

    VENV/bin/python Benchmarks/winograd.py

The thresholds in LibTorch/NN.cpp (winograd_wins) come from this table.
"""
import statistics
import time

import torch

SHAPES = [(3, 128, 512), (128, 3, 512), (128, 128, 512), (256, 256, 512), (512, 256, 512), (128, 128, 256),
          (256, 256, 256), (512, 512, 256), (512, 512, 128), (512, 512, 64), (512, 512, 32), (16, 512, 64),
          (512, 32, 64), (128, 128, 64), (128, 128, 32), (64, 64, 128), (64, 64, 64), (32, 64, 128), (32, 32, 256)]


def seconds(run, repeats):
    run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


@torch.no_grad()
def main():
    assert torch._nnpack_available()
    print(f"{'in':>4} {'out':>4} {'side':>5} {'direct, ms':>11} {'Winograd, ms':>13} {'ratio':>6} {'relative error':>15}")
    for inputs, outputs, side in SHAPES:
        x, bias = torch.randn(1, inputs, side, side), torch.randn(outputs)
        weight = torch.randn(outputs, inputs, 3, 3) / (9 * inputs) ** 0.5
        repeats = 2 if inputs * outputs * side**2 > 1e10 else 7
        direct = lambda: torch.conv2d(x, weight, bias, padding=1)
        winograd = lambda: torch._nnpack_spatial_convolution(x, weight, bias, padding=1)
        a, b = seconds(direct, repeats), seconds(winograd, repeats)
        error = (winograd() - direct()).norm() / direct().norm()
        print(f"{inputs:4} {outputs:4} {side:5} {a * 1e3:11.2f} {b * 1e3:13.2f} {b / a:6.2f} {error:15.1e}")


if __name__ == "__main__":
    main()
