"""transeg and diffusers in turn on the same model and picture: seconds, memory, and how far the results are apart.

    ./transeg --help                                          # builds the program
    python3 -m venv VENV && VENV/bin/pip install -r Tools/requirements.txt
    VENV/bin/python Tools/random_models.py MODEL --shape medium
    VENV/bin/python Benchmarks/segment.py MODEL PICTURE --size 512

Each round runs both programs afresh, first diffusers, then transeg; each does one pass to warm up and then the counted
ones. What is printed are medians over all counted passes, the ratio of medians, and the relative errors of the tensors
of the last pass.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

STEPS = ["encode", "transformer", "decode", "total"]
TENSORS = ["image", "image_latent", "prediction_latent", "decoded"]


def run_diffusers(arguments):
    """The child process: the same pass in diffusers. Prints one JSON line."""
    import numpy
    import torch
    from diffusers import AutoencoderKL, SD3Transformer2DModel
    from PIL import Image
    from safetensors.torch import save_file

    device, dtype = torch.device(arguments.device), getattr(torch, arguments.dtype)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)

    def clock():
        if device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    start = clock()
    parts = {name: cls.from_pretrained(arguments.model, subfolder=name, torch_dtype=dtype).to(device, dtype).eval()
             for name, cls in [("vae", AutoencoderKL), ("transformer", SD3Transformer2DModel)]}
    prompts = pathlib.Path(arguments.model) / "precomputed_prompt_embeddings"
    tokens, pooled = (torch.load(prompts / name, weights_only=True).to(device, dtype)
                      for name in ["empty_prompt_embeds.pt", "empty_pooled_prompt_embeds.pt"])
    load = clock() - start

    height, width = sides(arguments.size)
    pixels = torch.from_numpy(numpy.array(Image.open(arguments.picture).convert("RGB"))).to(device)
    vae, count = parts["vae"], arguments.batch
    scale, shift = vae.config.scaling_factor, vae.config.shift_factor
    passes = []
    with torch.no_grad():
        for _ in range(arguments.passes + 1):
            times = [clock()]
            image = torch.nn.functional.interpolate(
                pixels.permute(2, 0, 1)[None].float() / 255, size=(height, width), mode="bilinear").repeat(count, 1, 1, 1)
            latent = (vae.encode((image * 2 - 1).to(dtype)).latent_dist.mode() - shift) * scale
            times.append(clock())
            prediction = parts["transformer"](
                hidden_states=latent, timestep=torch.full((count,), 1000.0, device=device),
                encoder_hidden_states=tokens.repeat(count, 1, 1), pooled_projections=pooled.repeat(count, 1),
                return_dict=False)[0]
            times.append(clock())
            decoded = vae.decode(prediction / scale + shift).sample
            times.append(clock())
            steps = [after - before for before, after in zip(times, times[1:])]
            passes.append([step / count for step in [*steps, sum(steps)]])
    save_file({name: tensor[:1].float().cpu().contiguous() for name, tensor in
               zip(TENSORS, [image, latent, prediction, decoded])}, arguments.tensors)
    print(json.dumps(dict(passes=passes[1:], load=load)))


def run_transeg(arguments, folder):
    """The program on the picture as often as there are passes."""
    count = arguments.batch
    pictures = copies(arguments.picture, count * (arguments.passes + 1), folder)
    command = [arguments.transeg, "segment", *pictures, "--json",
               "--model", arguments.model, "--size", arguments.size, "--dtype", arguments.dtype, "--device",
               arguments.device, "--batch", str(count), "--output", f"{folder}/masks"]
    if arguments.threads:
        command += ["--threads", str(arguments.threads)]
    if arguments.plain:
        command += ["--plain"]
    output, peak = run(command)
    rows = [json.loads(line)["seconds"] for line in output.splitlines()][count::count]
    assert len(rows) == arguments.passes, f"{arguments.passes} passes were asked for and {len(rows)} counted"
    return [[row[step] for step in STEPS] for row in rows], peak


def run(command):
    """Output and peak memory in GiB of a command; ends the benchmark when it fails."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"failed: {' '.join(command)}")
        output.seek(0)
        return output.read().decode(), usage.ru_maxrss / 2**20


def copies(picture, count, folder):
    """The picture under so many names: one that is named twice is segmented once."""
    paths = [pathlib.Path(folder, f"{index}{pathlib.Path(picture).suffix}") for index in range(count)]
    for path in paths:
        shutil.copy(picture, path)
    return [str(path) for path in paths]


def sides(size):
    return [int(side) for side in (size.split("x") * 2)[:2]]


def errors(ours, theirs):
    import numpy
    from safetensors.numpy import load_file

    a, b = load_file(ours), load_file(theirs)
    return {name: float(numpy.linalg.norm(a[name] - b[name]) / numpy.linalg.norm(b[name])) for name in TENSORS}


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("picture")
    parser.add_argument("--size", default="1024", help="a side, or HEIGHTxWIDTH")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--rounds", type=int, default=2, help="how often each program is started")
    parser.add_argument("--passes", type=int, default=2, help="counted passes of each start")
    parser.add_argument("--plain", action="store_true", help="the transformer as published")
    parser.add_argument("--transeg", default=str(root / "transeg"))
    parser.add_argument("--tensors", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.tensors:
        return run_diffusers(arguments)

    theirs, ours, memory = [], [], dict(diffusers=[], transeg=[])
    with tempfile.TemporaryDirectory() as folder:
        tensors = f"{folder}/diffusers.safetensors"
        for _ in range(arguments.rounds):
            output, peak = run([sys.executable, *sys.argv, "--tensors", tensors])
            theirs += json.loads(output)["passes"]
            memory["diffusers"].append(peak)
            passes, peak = run_transeg(arguments, folder)
            ours += passes
            memory["transeg"].append(peak)
        dump = [arguments.transeg, "segment", arguments.picture, "--quiet", "--model", arguments.model, "--size",
                arguments.size, "--dtype", arguments.dtype, "--device", arguments.device, "--output", f"{folder}/masks",
                "--dump", f"{folder}/transeg.safetensors"] + ["--plain"] * arguments.plain
        run(dump)
        distance = errors(f"{folder}/transeg.safetensors", tensors)

    print(f"{'seconds a picture':24}{'diffusers':>12}{'transeg':>12}{'ratio':>8}")
    for index, step in enumerate(STEPS):
        a, b = (statistics.median(row[index] for row in rows) for rows in (theirs, ours))
        print(f"{step:24}{a:12.3f}{b:12.3f}{b / a:8.2f}")
    a, b = (statistics.median(memory[name]) for name in ("diffusers", "transeg"))
    print(f"{'peak host memory, GiB':24}{a:12.2f}{b:12.2f}{b / a:8.2f}")
    for name, error in distance.items():
        print(f"relative error of {name}: {error:.1e}")


if __name__ == "__main__":
    main()
