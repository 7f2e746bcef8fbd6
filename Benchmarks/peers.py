"""transeg against the engines that a user would choose instead, in turn on the same model and picture.

    ./transeg --help                                          # builds the program
    python3 -m venv VENV && VENV/bin/pip install -r Tools/requirements.txt openvino nncf
    VENV/bin/python Tools/random_models.py MODEL --shape medium
    VENV/bin/python Benchmarks/peers.py MODEL PICTURE --size 512

Each round starts each program afresh, which does one pass to warm up and then the counted ones. What is printed is a
table for Docs/performance.md: medians of all counted passes, peak memory, and the relative error of the decoded picture
against diffusers in float32. A peer that is not installed is left out with its name. `--vectors avx2` keeps all of them
from AVX-512. OpenVINO's models are converted beforehand, by a process of its own.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from segment import STEPS, copies, run, sides

PEERS = ["diffusers", "compile", "zentorch", "openvino", "openvino-bf16", "openvino-int8"]
OURS = {"transeg": [], "transeg-fast": ["--precision", "fast"], "transeg-int8": ["--precision", "int8"]}
PARTS = ["encode", "transformer", "decode"]


class Reference:
    """diffusers' three parts as functions of tensors, each a module that can be compiled or converted."""

    def __init__(self, model, dtype="float32"):
        import torch
        from diffusers import AutoencoderKL, SD3Transformer2DModel

        torch_dtype = getattr(torch, dtype)
        vae = AutoencoderKL.from_pretrained(model, subfolder="vae", torch_dtype=torch_dtype).eval()
        transformer = SD3Transformer2DModel.from_pretrained(
            model, subfolder="transformer", torch_dtype=torch_dtype).eval()
        prompts = pathlib.Path(model) / "precomputed_prompt_embeddings"
        tokens, pooled = (torch.load(prompts / name, weights_only=True).to(torch_dtype)
                          for name in ["empty_prompt_embeds.pt", "empty_pooled_prompt_embeds.pt"])
        self.vae, self.scale, self.shift = vae, vae.config.scaling_factor, vae.config.shift_factor

        class Encode(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.vae = vae

            def forward(self, picture):
                return self.vae.encode(picture).latent_dist.mean

        class Transform(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.transformer = transformer
                self.register_buffer("tokens", tokens)
                self.register_buffer("pooled", pooled)
                self.register_buffer("timestep", torch.full((1,), 1000.0))

            def forward(self, latent):
                return self.transformer(hidden_states=latent, timestep=self.timestep, encoder_hidden_states=self.tokens,
                                        pooled_projections=self.pooled, return_dict=False)[0]

        class Decode(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.vae = vae

            def forward(self, latent):
                return self.vae.decode(latent, return_dict=False)[0]

        self.modules = [Encode(), Transform(), Decode()]


def picture_tensor(arguments):
    """[1, 3, H, W] in -1…1."""
    import numpy
    import torch
    from PIL import Image

    pixels = torch.from_numpy(numpy.array(Image.open(arguments.picture).convert("RGB")))
    picture = pixels.permute(2, 0, 1)[None].float() / 255
    return torch.nn.functional.interpolate(picture, size=sides(arguments.size), mode="bilinear") * 2 - 1


def convert(arguments):
    """The child that makes OpenVINO's files of a model: float32, and int8 of the transformer's weights and activations."""
    import nncf
    import openvino
    import torch

    folder = pathlib.Path(arguments.convert)
    reference, picture = Reference(arguments.model), picture_tensor(arguments)
    with torch.no_grad():
        latent = (reference.modules[0](picture) - reference.shift) * reference.scale
        for name, module, example in zip(PARTS, reference.modules, [picture, latent, latent]):
            converted = openvino.convert_model(module, example_input=example, input=list(example.shape))
            openvino.save_model(converted, folder / f"{name}.xml", compress_to_fp16=False)
            if "openvino-int8" in arguments.programs:
                # Latents as the model meets them, of the picture and of noise on it.
                samples = [example + 0.1 * i * torch.randn(example.shape) for i in range(4)]
                data = nncf.Dataset(samples, lambda sample: sample.numpy())
                kind = nncf.ModelType.TRANSFORMER if name == "transformer" else None
                quantized = nncf.quantize(converted, data, model_type=kind, subset_size=len(samples))
                openvino.save_model(quantized, folder / f"{name}-int8.xml", compress_to_fp16=False)
    print(json.dumps(dict(scale=reference.scale, shift=reference.shift)))


def peer_functions(arguments):
    """Three functions of tensors, and the VAE's scale and shift."""
    import torch

    name = arguments.peer
    if name.startswith("openvino"):
        import openvino

        hint = "bf16" if name == "openvino-bf16" else "f32"
        properties = {"INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY",
                      "INFERENCE_NUM_THREADS": arguments.threads}
        if hint == "f32":
            properties["EXECUTION_MODE_HINT"] = "ACCURACY"
        core, folder = openvino.Core(), pathlib.Path(arguments.openvino)
        infix = "-int8" if name == "openvino-int8" else ""
        compiled = [core.compile_model(folder / f"{part}{infix}.xml", "CPU", properties) for part in PARTS]
        constants = json.loads((folder / "constants.json").read_text())
        functions = [lambda x, each=each: torch.from_numpy(each(x.numpy())[0].copy()) for each in compiled]
        return functions, constants["scale"], constants["shift"]
    reference = Reference(arguments.model)
    modules = reference.modules
    if name == "compile":
        reference.vae.to(memory_format=torch.channels_last)
        modules = [torch.compile(module, mode="max-autotune") for module in modules]
    elif name == "zentorch":
        import zentorch  # noqa: F401  registers the backend

        modules = [torch.compile(module, backend="zentorch", dynamic=False) for module in modules]
    return modules, reference.scale, reference.shift


def measure_peer(arguments):
    """The child that is timed. Prints one JSON line."""
    import torch

    torch.set_num_threads(arguments.threads)
    (encode, transform, decode), scale, shift = peer_functions(arguments)
    picture, passes = picture_tensor(arguments), []
    with torch.no_grad():
        for _ in range(arguments.passes + 1):
            times = [time.perf_counter()]
            latent = (encode(picture) - shift) * scale
            times.append(time.perf_counter())
            prediction = transform(latent)
            times.append(time.perf_counter())
            decoded = decode(prediction / scale + shift)
            times.append(time.perf_counter())
            steps = [after - before for before, after in zip(times, times[1:])]
            passes.append([*steps, sum(steps)])
    torch.save(decoded.float(), arguments.result)
    print(json.dumps(passes[1:]))


def measure_ours(arguments, options, result):
    command = [arguments.transeg, "segment", "--model", arguments.model, "--size", arguments.size, "--threads",
               str(arguments.threads), *options]
    with tempfile.TemporaryDirectory() as folder:
        pictures = copies(arguments.picture, arguments.passes + 1, folder)
        output, peak = run([*command, *pictures, "--json", "--batch", "1", "--output", f"{folder}/masks"])
        rows = [json.loads(line)["seconds"] for line in output.splitlines()][1:]
        assert len(rows) == arguments.passes, f"{arguments.passes} passes were asked for and {len(rows)} counted"
        run([*command, arguments.picture, "--quiet", "--output", f"{folder}/masks", "--dump", result])
    return [[row[step] for step in STEPS] for row in rows], peak


def decoded(path):
    import torch
    from safetensors.torch import load_file

    return load_file(path)["decoded"] if path.endswith(".safetensors") else torch.load(path, weights_only=True)


def child(arguments, *options):
    return run([sys.executable, __file__, arguments.model, arguments.picture, "--size", arguments.size, "--passes",
                str(arguments.passes), "--threads", str(arguments.threads), "--programs", *arguments.programs, *options])


def is_installed(name):
    module = {"openvino": "openvino", "zentorch": "zentorch"}.get(name.split("-")[0])
    return module is None or subprocess.run(
        [sys.executable, "-c", f"import {module}" + (", nncf" if name == "openvino-int8" else "")],
        stderr=subprocess.DEVNULL).returncode == 0


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("picture")
    parser.add_argument("--size", default="512", help="a side, or HEIGHTxWIDTH")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=2, help="how often each program is started")
    parser.add_argument("--passes", type=int, default=2, help="counted passes of each start")
    parser.add_argument("--programs", nargs="+", default=[*PEERS, *OURS], choices=[*PEERS, *OURS])
    parser.add_argument("--vectors", choices=["avx2", "avx512"], default="avx512",
                        help="the widest vectors that torch and oneDNN may use")
    parser.add_argument("--transeg", default=str(root / "transeg"))
    for hidden in ["--peer", "--convert", "--openvino", "--result"]:
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.convert:
        return convert(arguments)
    if arguments.peer:
        return measure_peer(arguments)
    if arguments.vectors == "avx2":
        os.environ.update(ATEN_CPU_CAPABILITY="avx2", ONEDNN_MAX_CPU_ISA="AVX2")

    missing = [name for name in arguments.programs if not is_installed(name)]
    programs = [name for name in arguments.programs if name not in missing]
    passes, memory = {name: [] for name in programs}, {name: [] for name in programs}
    with tempfile.TemporaryDirectory() as folder:
        results = {name: f"{folder}/{name}.{'safetensors' if name in OURS else 'pt'}" for name in programs}
        if any(name.startswith("openvino") for name in programs):
            constants = child(arguments, "--convert", folder)[0].splitlines()[-1]
            pathlib.Path(folder, "constants.json").write_text(constants)
        for _ in range(arguments.rounds):
            for name in programs:
                if name in OURS:
                    rows, peak = measure_ours(arguments, OURS[name], results[name])
                else:
                    output, peak = child(arguments, "--peer", name, "--openvino", folder, "--result", results[name])
                    rows = json.loads(output.splitlines()[-1])
                passes[name] += rows
                memory[name].append(peak)
        reference = decoded(results["diffusers"]) if "diffusers" in programs else None
        errors = {name: float((decoded(path) - reference).norm() / reference.norm()) if reference is not None else None
                  for name, path in results.items()}

    print(f"| {arguments.size}, {arguments.vectors}, {arguments.threads} threads | encode, s | transformer, s | decode, s "
          "| total, s | peak, GiB | error |\n| --- | --- | --- | --- | --- | --- | --- |")
    for name in programs:
        medians = [statistics.median(row[index] for row in passes[name]) for index in range(len(STEPS))]
        error = "–" if errors[name] is None else f"{errors[name]:.1e}"
        print(f"| {name} | " + " | ".join(f"{value:.2f}" for value in medians)
              + f" | {statistics.median(memory[name]):.2f} | {error} |")
    for name in missing:
        print(f"left out, for it is not installed: {name}")


if __name__ == "__main__":
    main()
