"""Makes Tests/StableDiffusion3Tests/Fixtures/import: a tiny model in diffusers' layout, and the same as others publish and train it.

    VENV/bin/pip install deepspeed==0.15.4 peft==0.17.1
    VENV/bin/python Tools/make_import_fixtures.py

What `transeg import` must make of each file is what diffusers, peft and DeepSpeed make of it; this script asserts that they agree with
what it writes down. Checkpoints of ZeRO are written by DeepSpeed itself in processes on this machine.
"""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import torch
from diffusers import AutoencoderKL, SD3Transformer2DModel
from diffusers.loaders import SD3LoraLoaderMixin
from safetensors.torch import save_file

from import_layouts import dequantized, low_rank_pairs, scaled_fp8, transformer_to_original, vae_to_original
from random_models import make_transformer, make_vae, randomise, save_prompt

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "StableDiffusion3Tests" / "Fixtures" / "import"


def tiny_transformer():
    return make_transformer(
        sample_size=8, num_layers=2, attention_head_dim=4, num_attention_heads=1, joint_attention_dim=8,
        pooled_projection_dim=8, pos_embed_max_size=6, dual_attention_layers=(0,))


def assert_same(a, b):
    assert a.keys() == b.keys(), a.keys() ^ b.keys()
    for key in a:
        assert torch.equal(a[key], b[key]), key


def write_digests(state, name):
    """Of each weight's bytes, in a third of the room."""
    digests = {key: hashlib.sha256(value.detach().float().contiguous().numpy().tobytes()).hexdigest()[:16] for key, value in state.items()}
    (FIXTURES / f"{name}_expected.json").write_text(json.dumps(digests, indent=0) + "\n")


def make_model():
    transformer = randomise(tiny_transformer(), 700).half()
    vae = randomise(make_vae(layers_per_block=1, norm_num_groups=2, block_out_channels=(2, 4), sample_size=16), 701).half()
    transformer.save_pretrained(FIXTURES / "model" / "transformer")
    vae.save_pretrained(FIXTURES / "model" / "vae")
    save_prompt(FIXTURES / "model", 4, transformer, 702)
    return transformer, vae


def make_single_files(transformer, vae):
    """One file with both parts and a text encoder, and the transformer alone in 8 bits."""
    state = transformer_to_original(transformer.state_dict(), transformer.config)
    vae_state = vae_to_original(vae.state_dict(), vae.config)
    file = FIXTURES / "single.safetensors"
    save_file({
        **{f"model.diffusion_model.{key}": value.contiguous() for key, value in state.items()},
        **{f"first_stage_model.{key}": value.contiguous() for key, value in vae_state.items()},
        "text_encoders.clip_l.logit_scale": torch.ones(1)}, file)
    read = SD3Transformer2DModel.from_single_file(
        str(file), config=str(FIXTURES / "model"), subfolder="transformer", torch_dtype=torch.float16)
    assert_same(read.state_dict(), transformer.state_dict())
    read = AutoencoderKL.from_single_file(str(file), config=str(FIXTURES / "model"), subfolder="vae", torch_dtype=torch.float16)
    assert_same(read.state_dict(), vae.state_dict())

    state = scaled_fp8(state)
    save_file({key: value.contiguous() for key, value in state.items()}, FIXTURES / "scaled_fp8.safetensors")
    with tempfile.TemporaryDirectory() as folder:
        save_file({key: value.contiguous() for key, value in dequantized(state).items()}, f"{folder}/wide.safetensors")
        read = SD3Transformer2DModel.from_single_file(
            f"{folder}/wide.safetensors", config=str(FIXTURES / "model"), subfolder="transformer", torch_dtype=torch.float32)
    write_digests(read.state_dict(), "scaled_fp8")


def make_adapters(transformer):
    """Pairs for some modules as peft, diffusers and kohya write them; what peft merges is the same for all three."""
    names = ["transformer_blocks.0.attn.to_q", "transformer_blocks.0.attn.to_k", "transformer_blocks.0.attn.to_v",
             "transformer_blocks.0.attn2.to_out.0", "transformer_blocks.1.norm1_context.linear", "pos_embed.proj"]
    pairs = low_rank_pairs({name: transformer.get_submodule(name) for name in names}, 2, 703)
    alpha = 3.0
    from peft import LoraConfig, inject_adapter_in_model, set_peft_model_state_dict
    config = dict(r=2, lora_alpha=alpha, target_modules=names, rank_pattern={}, alpha_pattern={"pos_embed.proj": 1.0})
    model = tiny_transformer()
    model.load_state_dict({key: value.float() for key, value in transformer.state_dict().items()})
    state = {f"{name}.lora_{kind}.weight": pair[index].float()
             for name, pair in pairs.items() for index, kind in enumerate("AB")}
    inject_adapter_in_model(LoraConfig(**config), model)
    result = set_peft_model_state_dict(model, state)
    assert not result.unexpected_keys
    for name in names:
        model.get_submodule(name).merge()
    merged = {f"{name}.weight": model.get_submodule(name).get_base_layer().weight.detach().clone() for name in names}

    folder = FIXTURES / "peft"
    folder.mkdir()
    halves = [(f"{name}.lora_{kind}.weight", pair[index]) for name, pair in pairs.items() for index, kind in enumerate("AB")]
    save_file({f"base_model.model.{key}": value for key, value in halves}, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(dict(config, peft_type="LORA"), indent=2) + "\n")

    metadata = {f"transformer.{key}": value for key, value in config.items()}
    save_file({f"transformer.{key}": value for key, value in halves}, FIXTURES / "diffusers_lora.safetensors",
              metadata={"format": "pt", "lora_adapter_metadata": json.dumps(metadata)})
    model = tiny_transformer()
    model.load_state_dict({key: value.float() for key, value in transformer.state_dict().items()})
    # As StableDiffusion3Pipeline.load_lora_weights does.
    state, metadata = SD3LoraLoaderMixin.lora_state_dict(
        str(FIXTURES / "diffusers_lora.safetensors"), return_lora_metadata=True)
    model.load_lora_adapter(state, adapter_name="a", metadata=metadata)
    model.fuse_lora()
    for name in names:
        assert torch.allclose(model.get_submodule(name).base_layer.weight, merged[f"{name}.weight"], atol=1e-6), name
    save_file(merged, FIXTURES / "lora_expected.safetensors")

    # kohya's scripts train Stability's modules: queries, keys and values together, whose pair is made of the three.
    state = {}

    def add(name, down, up, alpha=alpha):
        state[f"lora_unet_{name.replace('.', '_')}.lora_down.weight"] = down.contiguous()
        state[f"lora_unet_{name.replace('.', '_')}.lora_up.weight"] = up.contiguous()
        state[f"lora_unet_{name.replace('.', '_')}.alpha"] = torch.tensor(alpha * down.shape[0] / 2)

    qkv = [pairs[name] for name in names[:3]]
    add("joint_blocks.0.x_block.attn.qkv", torch.cat([down for down, _ in qkv]), torch.block_diag(*(up for _, up in qkv)))
    add("joint_blocks.0.x_block.attn2.proj", *pairs[names[3]])
    down, up = pairs[names[4]]
    add("joint_blocks.1.context_block.adaLN_modulation.1", down, torch.cat(up.chunk(2)[::-1]))
    add("x_embedder.proj", *pairs[names[5]], alpha=1.0)
    state["lora_te1_text_model_encoder_layers_0_mlp_fc1.alpha"] = torch.tensor(1.0)
    save_file(state, FIXTURES / "kohya.safetensors")


TRAIN = """
import sys, torch, deepspeed, deepspeed.comm.torch
deepspeed.get_accelerator().device_count = lambda: 1  # it would ask numactl
# It would be compiled.
sys.modules["deepspeed.comm.torch"].build_shm_op = lambda: None
sys.path.insert(0, sys.argv[1])
from make_import_fixtures import FIXTURES, tiny_transformer
from safetensors.torch import load_file
stage, out = int(sys.argv[2]), sys.argv[3]
model = tiny_transformer()
model.load_state_dict({k: v.float() for k, v in load_file(FIXTURES / "model/transformer/diffusion_pytorch_model.safetensors").items()})
model.proj_out.requires_grad_(False)
parameters = [p for p in model.parameters() if p.requires_grad]
groups = [{"params": [p for p in parameters if p.ndim > 1]}, {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0.1}]
optimizer = torch.optim.SGD(groups, lr=1e-4)
engine, *_ = deepspeed.initialize(model=model, optimizer=optimizer, config={
    "train_micro_batch_size_per_gpu": 1, "bf16": {"enabled": True}, "zero_allow_untested_optimizer": True,
    "zero_optimization": {"stage": stage, "stage3_param_persistence_threshold": 0}})
latent = torch.ones(1, 16, 8, 8, dtype=torch.bfloat16)
out_ = engine(latent, encoder_hidden_states=torch.ones(1, 4, 8, dtype=torch.bfloat16), pooled_projections=torch.ones(1, 8, dtype=torch.bfloat16),
              timestep=torch.tensor([1000.0]), return_dict=False)[0]
engine.backward((out_ ** 2).mean())
engine.step()
engine.save_checkpoint(out, "global_step1")
"""


def make_zero():
    for stage, processes in ((2, 2), (3, 3)):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "train.py").write_text(TRAIN)
            environment = dict(os.environ, DS_ACCELERATOR="cpu", OMP_NUM_THREADS="1")
            subprocess.run(
                [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes),
                 f"{folder}/train.py", str(pathlib.Path(__file__).resolve().parent), str(stage), f"{folder}/out"],
                check=True, env=environment)
            target = FIXTURES / f"zero{stage}"
            shutil.copytree(f"{folder}/out/global_step1", target / "global_step1")
            shutil.copy(f"{folder}/out/latest", target)
            # The script is from before torch.load asked.
            os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"
            from deepspeed.utils.zero_to_fp32 import get_fp32_state_dict_from_zero_checkpoint
            state = get_fp32_state_dict_from_zero_checkpoint(f"{folder}/out")
            write_digests(state, f"zero{stage}")
            if stage == 3:
                # Of the module only buffers are read, and the rest would take most of the room.
                for file in target.rglob("*_model_states.pt"):
                    saved = torch.load(file, weights_only=False)
                    saved["module"] = {key: value for key, value in saved["module"].items() if key in saved["buffer_names"]}
                    if "rank_0_" not in file.name:
                        # They are the first process's.
                        saved["param_shapes"], saved["module"] = [], {}
                    torch.save(saved, file)


def main():
    shutil.rmtree(FIXTURES, ignore_errors=True)
    FIXTURES.mkdir(parents=True)
    torch.set_num_threads(1)
    transformer, vae = make_model()
    make_single_files(transformer, vae)
    make_adapters(transformer)
    make_zero()
    files = [path for path in FIXTURES.rglob("*") if path.is_file()]
    print(f"{len(files)} files, {sum(path.stat().st_size for path in files)} bytes")


if __name__ == "__main__":
    main()
