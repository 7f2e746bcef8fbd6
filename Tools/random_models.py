"""Models of Stable Diffusion 3.5's architecture with seeded random weights, in the original project's folder layout.

    VENV/bin/python Tools/random_models.py OUT --shape small|medium [--seed K] [--dtype float32]

`medium` is the published shape of Stable Diffusion 3.5 medium (9.4 GB in float32), `small` is its like with 4 blocks.
Every tensor is random, also those that diffusers initializes to zero or one: a dropped or swapped weight shows.
"""
import argparse
import pathlib

import torch
from diffusers import AutoencoderKL, SD3Transformer2DModel

SHAPES = {
    "small": dict(
        transformer=dict(sample_size=32, num_layers=4, attention_head_dim=64, num_attention_heads=6,
                         joint_attention_dim=512, pooled_projection_dim=256, pos_embed_max_size=96,
                         dual_attention_layers=(0, 1)),
        vae=dict(block_out_channels=(32, 64, 128, 128), sample_size=256)),
    "medium": dict(
        transformer=dict(sample_size=128, num_layers=24, attention_head_dim=64, num_attention_heads=24,
                         joint_attention_dim=4096, pooled_projection_dim=2048, pos_embed_max_size=384,
                         dual_attention_layers=tuple(range(13))),
        vae=dict(block_out_channels=(128, 256, 512, 512), sample_size=1024)),
}


def make_transformer(qk_norm="rms_norm", **shape):
    width = shape["num_attention_heads"] * shape["attention_head_dim"]
    return SD3Transformer2DModel(patch_size=2, in_channels=16, out_channels=16, caption_projection_dim=width,
                                 qk_norm=qk_norm, **shape)


def make_vae(layers_per_block=2, norm_num_groups=32, **shape):
    levels = len(shape["block_out_channels"])
    return AutoencoderKL(
        in_channels=3, out_channels=3, latent_channels=16, layers_per_block=layers_per_block,
        norm_num_groups=norm_num_groups, down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels, scaling_factor=1.5305, shift_factor=0.0609,
        use_quant_conv=False, use_post_quant_conv=False, **shape)


def randomise(model, seed):
    """Fills every parameter so that activations keep their size."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            values = torch.randn(parameter.shape, generator=generator)
            if parameter.ndim > 1:
                values *= 0.8 / parameter[0].numel() ** 0.5
            elif name.endswith("weight"):
                values = 1 + 0.1 * values
            else:
                values *= 0.1
            parameter.copy_(values)
    return model.eval()


def save_prompt(folder, token_count, transformer, seed):
    """Random embeddings in the place of the empty prompt's, as the original project stores them; gives them back."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randn(1, token_count, transformer.config.joint_attention_dim, generator=generator).bfloat16()
    pooled = torch.randn(1, transformer.config.pooled_projection_dim, generator=generator).bfloat16()
    folder = pathlib.Path(folder) / "precomputed_prompt_embeddings"
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(tokens, folder / "empty_prompt_embeds.pt")
    torch.save(pooled, folder / "empty_pooled_prompt_embeds.pt")
    return tokens, pooled


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--shape", choices=SHAPES, default="small")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dtype", choices=["float32", "bfloat16", "float16"], default="float32")
    arguments = parser.parse_args()
    dtype = getattr(torch, arguments.dtype)
    shape = SHAPES[arguments.shape]
    transformer = randomise(make_transformer(**shape["transformer"]), arguments.seed)
    save_prompt(arguments.out, 154, transformer, arguments.seed + 200)
    transformer.to(dtype).save_pretrained(arguments.out / "transformer")
    randomise(make_vae(**shape["vae"]), arguments.seed + 100).to(dtype).save_pretrained(arguments.out / "vae")


if __name__ == "__main__":
    main()
