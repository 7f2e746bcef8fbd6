"""Makes Tests/Goldens/tiny-decoder: a small AutoencoderTiny with random weights, and what diffusers' decoder makes of latents.

    VENV/bin/python Tools/tiny_decoder_goldens.py Tests/Goldens

make_goldens.py calls this too.
"""
import pathlib
import sys

import torch
from diffusers import AutoencoderTiny
from safetensors.torch import save_file

from head_goldens import write_sums


def make_tiny_decoder(goldens):
    out = pathlib.Path(goldens) / "tiny-decoder"
    torch.manual_seed(4200)
    vae = AutoencoderTiny(
        encoder_block_out_channels=(8, 8, 8, 8), decoder_block_out_channels=(12, 12, 12, 12), num_encoder_blocks=(1, 1, 1, 1),
        num_decoder_blocks=(2, 1, 1, 1), latent_channels=16, scaling_factor=1.25, shift_factor=0.125).eval()
    with torch.no_grad():
        for weight in vae.decoder.parameters():
            weight.mul_(1.5)
    vae.save_pretrained(out)
    latent = 3 * torch.randn(2, 16, 5, 7)
    # As StableDiffusion3Pipeline calls it.
    with torch.no_grad():
        decoded = vae.decode(latent / vae.config.scaling_factor + vae.config.shift_factor).sample
    save_file(dict(latent=latent, decoded=decoded), out / "golden.safetensors")


if __name__ == "__main__":
    torch.set_num_threads(1)
    make_tiny_decoder(sys.argv[1])
    write_sums(pathlib.Path(sys.argv[1]))
