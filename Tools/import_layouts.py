"""What people have instead of a model folder: a diffusers model in the layouts of others, for fixtures and checks of `transeg import`."""
import torch


def swapped(tensor):
    first, second = tensor.chunk(2, 0)
    return torch.cat([second, first], 0)


def transformer_to_original(state, config):
    """The key layout of Stability's code: the way back of diffusers' `convert_sd3_transformer_checkpoint_to_diffusers`."""
    state = dict(state)
    out = {"pos_embed": state.pop("pos_embed.pos_embed")}

    def move(original, *targets, change=None):
        for suffix in ("weight", "bias"):
            if f"{targets[0]}.{suffix}" in state:
                value = torch.cat([state.pop(f"{target}.{suffix}") for target in targets], 0)
                out[f"{original}.{suffix}"] = change(value) if change else value

    move("x_embedder.proj", "pos_embed.proj")
    move("context_embedder", "context_embedder")
    for original, name in (("t", "timestep"), ("y", "text")):
        move(f"{original}_embedder.mlp.0", f"time_text_embed.{name}_embedder.linear_1")
        move(f"{original}_embedder.mlp.2", f"time_text_embed.{name}_embedder.linear_2")
    move("final_layer.linear", "proj_out")
    move("final_layer.adaLN_modulation.1", "norm_out.linear", change=swapped)
    for i in range(config.num_layers):
        block, last = f"transformer_blocks.{i}", i == config.num_layers - 1
        x, context = f"joint_blocks.{i}.x_block", f"joint_blocks.{i}.context_block"
        for own, there in ((f"{x}.attn", f"{block}.attn"), (f"{x}.attn2", f"{block}.attn2")):
            move(f"{own}.qkv", f"{there}.to_q", f"{there}.to_k", f"{there}.to_v")
            move(f"{own}.ln_q", f"{there}.norm_q")
            move(f"{own}.ln_k", f"{there}.norm_k")
            move(f"{own}.proj", f"{there}.to_out.0")
        move(f"{context}.attn.qkv", *(f"{block}.attn.add_{name}_proj" for name in "qkv"))
        move(f"{context}.attn.ln_q", f"{block}.attn.norm_added_q")
        move(f"{context}.attn.ln_k", f"{block}.attn.norm_added_k")
        move(f"{context}.attn.proj", f"{block}.attn.to_add_out")
        move(f"{x}.adaLN_modulation.1", f"{block}.norm1.linear")
        move(f"{context}.adaLN_modulation.1", f"{block}.norm1_context.linear", change=swapped if last else None)
        for own, there in ((x, f"{block}.ff"), (context, f"{block}.ff_context")):
            move(f"{own}.mlp.fc1", f"{there}.net.0.proj")
            move(f"{own}.mlp.fc2", f"{there}.net.2")
    assert not state, state.keys()
    return out


def vae_to_original(state, config):
    """The key layout of the latent diffusion code: the way back of diffusers' `convert_ldm_vae_checkpoint`."""
    levels = len(config.block_out_channels)
    out = {}
    for key, value in state.items():
        name = key.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
        name = name.replace("mid_block.resnets.0", "mid.block_1").replace("mid_block.resnets.1", "mid.block_2")
        if "attentions.0" in name:
            name = name.replace("mid_block.attentions.0", "mid.attn_1").replace("group_norm", "norm")
            name = name.replace("to_out.0", "proj_out").replace("to_", "")
            value = value[:, :, None, None] if value.ndim == 2 else value
        for i in range(levels):
            name = name.replace(f"down_blocks.{i}.resnets", f"down.{i}.block")
            name = name.replace(f"down_blocks.{i}.downsamplers.0", f"down.{i}.downsample")
            name = name.replace(f"up_blocks.{i}.resnets", f"up.{levels - 1 - i}.block")
            name = name.replace(f"up_blocks.{i}.upsamplers.0", f"up.{levels - 1 - i}.upsample")
        out[name] = value
    return out


def scaled_fp8(state):
    """As ComfyUI has it: matrices in 8 bits with a scale, and a tensor that says so."""
    out = {"scaled_fp8": torch.zeros(2, dtype=torch.float8_e4m3fn)}
    for key, value in state.items():
        if key.endswith(".weight") and value.ndim == 2:
            scale = value.abs().max().float() / 448
            out[key] = (value.float() / scale).to(torch.float8_e4m3fn)
            out[key.removesuffix("weight") + "scale_weight"] = scale
        else:
            out[key] = value
    return out


def dequantized(state):
    """What ComfyUI computes with."""
    scales = {key.replace("scale_weight", "weight"): value for key, value in state.items() if key.endswith("scale_weight")}
    return {
        key: value.float() * scales.get(key, 1)
        for key, value in state.items()
        if key != "scaled_fp8" and not key.endswith("scale_weight")
    }


def low_rank_pairs(modules, rank, seed):
    """Random pairs for a diffusers model's linear layers and convolutions, by names."""
    generator = torch.Generator().manual_seed(seed)
    pairs = {}
    for name, module in modules.items():
        weight = module.weight
        down = torch.randn([rank, *weight.shape[1:]], generator=generator)
        up = torch.randn([weight.shape[0], rank, *([1, 1] if weight.ndim == 4 else [])], generator=generator)
        pairs[name] = (down.half(), up.half())
    return pairs
