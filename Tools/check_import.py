"""Compares `transeg import` with diffusers on a random model in many forms.

    VENV/bin/python Tools/random_models.py MODEL --shape small
    VENV/bin/python Tools/check_import.py ./transeg MODEL
"""
import collections
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from diffusers import AutoencoderKL, SD3Transformer2DModel
from safetensors.torch import load_file, save_file

from import_layouts import transformer_to_original, vae_to_original

DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16,
          "e4m3": torch.float8_e4m3fn, "e5m2": torch.float8_e5m2}


def run(program, *arguments):
    subprocess.run([program, "import", *map(str, arguments), "--quiet"], check=True, stdout=subprocess.DEVNULL)


def same(folder, part, expected, what):
    found = load_file(folder / part / "diffusion_pytorch_model.safetensors")
    assert found.keys() == expected.keys(), (what, found.keys() ^ expected.keys())
    for key, value in expected.items():
        assert found[key].shape == value.shape and torch.equal(found[key].float(), value.float()), (what, key)
    print(f"same: {what}, {part}", flush=True)


def main():
    program, model = sys.argv[1], pathlib.Path(sys.argv[2])
    transformer = SD3Transformer2DModel.from_pretrained(model, subfolder="transformer")
    vae = AutoencoderKL.from_pretrained(model, subfolder="vae")
    original = transformer_to_original(transformer.state_dict(), transformer.config)
    vae_original = vae_to_original(vae.state_dict(), vae.config)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for number, (dtype, prefix) in enumerate(itertools.product(DTYPES, ["model.diffusion_model.", ""])):
            file, out, wide = folder / f"{number}.safetensors", folder / f"{number}", folder / "wide.safetensors"
            state = {prefix + key: value.to(DTYPES[dtype]).contiguous() for key, value in original.items()}
            if prefix:
                half = torch.float16 if dtype.startswith("e") else DTYPES[dtype]
                state |= {f"first_stage_model.{key}": value.to(half).contiguous() for key, value in vae_original.items()}
            save_file(state, file)
            run(program, file, out, "--base-model-path", model)
            # diffusers reads 8 bits when they are made wider.
            save_file({key: value.float() for key, value in state.items()}, wide)
            read = SD3Transformer2DModel.from_single_file(str(wide), config=str(model), subfolder="transformer")
            same(out, "transformer", read.state_dict(), f"{dtype}, prefix {prefix!r}")
            if prefix:
                read = AutoencoderKL.from_single_file(str(wide), config=str(model), subfolder="vae")
                same(out, "vae", read.state_dict(), dtype)
            file.unlink()
            subprocess.run(["rm", "-r", out], check=True)

        # torch.save of a module's state dict, which has attributes, and of shards.
        torch.save(transformer.state_dict(), folder / "state.pt")
        run(program, folder / "state.pt", folder / "pt", "--base-model-path", model)
        same(folder / "pt", "transformer", transformer.state_dict(), "state.pt")
        shards = folder / "shards"
        shards.mkdir()
        keys = list(transformer.state_dict())
        index = {}
        for place in range(3):
            shard = f"pytorch_model-{place + 1:05}-of-00003.bin"
            part = collections.OrderedDict((f"module.{key}", transformer.state_dict()[key].clone()) for key in keys[place::3])
            torch.save(part, shards / shard)
            index |= {key: shard for key in part}
        (shards / "pytorch_model.bin.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))
        run(program, shards, folder / "sharded", "--base-model-path", model)
        same(folder / "sharded", "transformer", transformer.state_dict(), "shards")
        transformer.save_pretrained(folder / "bins" / "transformer", safe_serialization=False)
        vae.save_pretrained(folder / "bins" / "vae", safe_serialization=False)
        run(program, folder / "bins" / "transformer", folder / "binned", "--vae", folder / "bins" / "vae", "--base-model-path", model)
        same(folder / "binned", "transformer", transformer.state_dict(), "bins")
        same(folder / "binned", "vae", vae.state_dict(), "bins")


if __name__ == "__main__":
    main()
