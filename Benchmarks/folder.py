"""A folder of pictures to masks in transeg and in a loop over diffusers, in turn: seconds from start to end.

    ./transeg synthesize pictures --train 200 --validation 0 --test 0 --size 512
    python3 -m venv VENV && VENV/bin/pip install -r Tools/requirements.txt
    VENV/bin/python Tools/random_models.py MODEL --shape small
    VENV/bin/python Benchmarks/folder.py MODEL pictures/train --size 256

Each round starts both programs afresh, first diffusers, then transeg, and times the whole of each: start, loading, reading pictures, the pass
one by one, masks of the pictures' own size as PNG files. What is printed are medians over the rounds and their ratio, and the
seconds of each round. --options are for transeg alone, such as --options="--precision int8".
"""
import argparse
import pathlib
import statistics
import sys
import tempfile
import time

from segment import run, sides

SUFFIXES = {".jpg", ".jpeg", ".png"}


def run_diffusers(arguments):
    """The child process."""
    import numpy
    import torch
    from diffusers import AutoencoderKL, SD3Transformer2DModel
    from PIL import Image

    interpolate = torch.nn.functional.interpolate
    vae, transformer = (cls.from_pretrained(arguments.model, subfolder=name, torch_dtype=torch.float32).eval()
                        for name, cls in [("vae", AutoencoderKL), ("transformer", SD3Transformer2DModel)])
    prompts = pathlib.Path(arguments.model) / "precomputed_prompt_embeddings"
    tokens, pooled = (torch.load(prompts / name, weights_only=True).float()
                      for name in ["empty_prompt_embeds.pt", "empty_pooled_prompt_embeds.pt"])
    scale, shift = vae.config.scaling_factor, vae.config.shift_factor
    with torch.no_grad():
        for path in pictures(arguments.folder):
            pixels = torch.from_numpy(numpy.array(Image.open(path).convert("RGB"))).permute(2, 0, 1)[None].float() / 255
            image = interpolate(pixels, size=sides(arguments.size), mode="bilinear")
            latent = (vae.encode(image * 2 - 1).latent_dist.mode() - shift) * scale
            prediction = transformer(
                hidden_states=latent, timestep=torch.full((1,), 1000.0), encoder_hidden_states=tokens,
                pooled_projections=pooled, return_dict=False)[0]
            soft = (vae.decode(prediction / scale + shift).sample / 2 + 0.5).clamp(0, 1).mean(1, keepdim=True)
            soft = interpolate(soft, size=pixels.shape[2:], mode="bilinear", antialias=True)[0, 0]
            Image.fromarray(((soft > 0.5) * 255).to(torch.uint8).numpy()).save(f"{arguments.masks}/{path.stem}_mask.png")


def pictures(folder):
    """Without masks, which may lie beside them."""
    found = sorted(path for path in pathlib.Path(folder).rglob("*")
                   if path.suffix.lower() in SUFFIXES and "mask" not in path.stem and "mask" not in path.parent.name)
    return found or sys.exit(f"there are no pictures in {folder}")


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("folder")
    parser.add_argument("--size", default="256")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--options", default="", help="more options of transeg")
    parser.add_argument("--transeg", default=str(root / "transeg"))
    parser.add_argument("--masks", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.masks:
        return run_diffusers(arguments)

    seconds, memory = dict(diffusers=[], transeg=[]), dict(diffusers=[], transeg=[])
    paths = [str(path) for path in pictures(arguments.folder)]
    for _ in range(arguments.rounds):
        for name in seconds:
            with tempfile.TemporaryDirectory() as masks:
                command = ([sys.executable, *sys.argv, "--masks", masks] if name == "diffusers" else
                           [arguments.transeg, "segment", *paths, "--quiet", "--model", arguments.model, "--size",
                            arguments.size, "--write", "mask", "--output", masks, *arguments.options.split()])
                start = time.perf_counter()
                _, peak = run(command)
                seconds[name].append(time.perf_counter() - start)
                memory[name].append(peak)
                count = len(list(pathlib.Path(masks).glob("*.png")))
                if count != len(paths):
                    sys.exit(f"{name} wrote {count} masks of {len(paths)} pictures")
    print(f"{len(paths)} pictures{'':10}{'diffusers':>12}{'transeg':>12}{'ratio':>8}")
    for title, values in [("seconds", seconds), ("peak memory, GiB", memory)]:
        a, b = (statistics.median(values[name]) for name in ("diffusers", "transeg"))
        print(f"{title:22}{a:12.2f}{b:12.2f}{b / a:8.2f}")
    for name, values in seconds.items():
        print(f"{name}: " + ", ".join(f"{value:.1f}" for value in values) + " s")


if __name__ == "__main__":
    main()
