"""The kernels of LibTorch/ against torch's own, one call at a time: milliseconds, and how far the results are apart.

    ./transeg --help                                          # builds libctorch.so
    python3 -m venv VENV && VENV/bin/pip install -r Tools/requirements.txt
    VENV/bin/python Benchmarks/kernels.py

torch must be the version that libctorch.so was built for. The thresholds in LibTorch/Winograd.cpp (winograd_wins) and in AutoencoderKL
come from these tables.
"""
import argparse
import ctypes
import pathlib
import statistics
import time

import torch

CONVOLUTIONS = [(128, 128, 512), (256, 256, 512), (512, 256, 512), (512, 512, 256), (512, 512, 128), (512, 512, 64),
                (512, 512, 32), (128, 128, 128), (64, 64, 256), (32, 32, 256), (3, 128, 512)]
"""Channels in and out, side."""
ATTENTIONS = [(24, 1102, 64), (24, 4174, 64), (1, 4096, 512), (6, 334, 64)]
"""Heads, tokens, width of a head."""
PRODUCTS = [(1024, 1536, 6144), (1024, 6144, 1536), (1024, 1536, 4608), (256, 384, 1536)]
"""Rows, in, out."""


class Tensor(ctypes.Structure):
    _fields_ = [("impl", ctypes.c_void_p)]


class Library:
    """Calls of libctorch on torch's tensors."""

    def __init__(self, path):
        self.library = ctypes.CDLL(path)
        self.library.ct_last_error.restype = ctypes.c_char_p
        self.library.ct_tensor_free.argtypes = [Tensor]
        self.library.ct_set_fast_kernels(True)

    def borrow(self, tensor):
        result, sizes = Tensor(), (ctypes.c_int64 * tensor.dim())(*tensor.shape)
        self.check(self.library.ct_tensor_from_memory(
            ctypes.c_void_p(tensor.data_ptr()), sizes, tensor.dim(), 0, None, None, ctypes.byref(result)))
        return result

    def check(self, status):
        if status:
            raise RuntimeError(self.library.ct_last_error().decode())

    def operation(self, name, tensors, *options):
        """A function that does it once, and one that gives the result."""
        borrowed = [self.borrow(tensor) if tensor is not None else Tensor() for tensor in tensors]
        function = getattr(self.library, name)

        def run():
            out = Tensor()
            self.check(function(*borrowed, *options, ctypes.byref(out)))
            return out

        def result(shape):
            out, values = run(), torch.empty(shape)
            self.check(self.library.ct_tensor_copy_to_host(
                out, ctypes.c_void_p(values.data_ptr()), ctypes.c_size_t(values.numel() * 4)))
            self.library.ct_tensor_free(out)
            return values

        return (lambda: self.library.ct_tensor_free(run())), result


def milliseconds(run):
    run()
    times = []
    while len(times) < 3 or (sum(times) < 500 and len(times) < 50):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def row(name, candidates, reference, result):
    times = [milliseconds(run) for run in candidates]
    expected = reference()
    error = (result(expected.shape) - expected).norm() / expected.norm()
    print(f"{name:22}" + "".join(f"{value:14.2f}" for value in times) + f"{times[-1] / times[0]:8.2f}{error:10.1e}")


def head(name, *columns):
    print(f"\n{name:22}" + "".join(f"{column:>14}" for column in columns) + f"{'ratio':>8}{'error':>10}")


def attention_of(library, q, k, v, in_bfloat16):
    return library.operation(
        "ct_scaled_dot_product_attention", [q, k, v, None], ctypes.c_bool(False), ctypes.c_bool(in_bfloat16))


@torch.no_grad()
def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", default=str(root / ".libtorch/lib/libctorch.so"))
    library = Library(parser.parse_args().library)
    nnpack = torch._nnpack_available()

    head("convolution 3 x 3, ms", "torch", "channels last", "NNPACK", "transeg")
    for inputs, outputs, side in CONVOLUTIONS:
        x, bias = torch.randn(1, inputs, side, side), torch.randn(outputs)
        weight = torch.randn(outputs, inputs, 3, 3) / (9 * inputs) ** 0.5
        last = x.contiguous(memory_format=torch.channels_last)
        direct = lambda: torch.conv2d(x, weight, bias, padding=1)
        run, result = library.operation("ct_conv2d", [x, weight, bias], ctypes.c_int64(1), ctypes.c_int64(1))
        row(f"{inputs} to {outputs}, {side} x {side}", [
            direct, lambda: torch.conv2d(last, weight, bias, padding=1),
            (lambda: torch._nnpack_spatial_convolution(x, weight, bias, padding=1)) if nnpack else direct, run,
        ], direct, result)

    head("attention, ms", "torch", "transeg")
    for heads, tokens, width in ATTENTIONS:
        q, k, v = (torch.randn(1, heads, tokens, width) for _ in range(3))
        attention = lambda: torch.nn.functional.scaled_dot_product_attention(q, k, v)
        exact, result = attention_of(library, q, k, v, in_bfloat16=False)
        row(f"{heads} heads, {tokens} x {width}", [attention, exact], attention, result)
        rounded, result = attention_of(library, q, k, v, in_bfloat16=True)
        halves = [x.bfloat16() for x in (q, k, v)]
        row("  in bfloat16", [lambda: torch.nn.functional.scaled_dot_product_attention(*halves), rounded], attention, result)

    head("linear, ms", "torch", "transeg")
    for rows, inputs, outputs in PRODUCTS:
        x, weight, bias = torch.randn(rows, inputs), torch.randn(outputs, inputs) / inputs**0.5, torch.randn(outputs)
        linear = lambda: torch.nn.functional.linear(x, weight, bias)
        run, result = library.operation("ct_linear", [x, weight, bias])
        row(f"{rows} x {inputs} to {outputs}", [linear, run], linear, result)


if __name__ == "__main__":
    main()
