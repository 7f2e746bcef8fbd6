"""Makes Tests/Goldens: small models with seeded random weights, and what diffusers and transformers compute with them.

    python3 -m venv VENV && VENV/bin/pip install -r Tools/requirements.txt
    VENV/bin/python Tools/make_goldens.py Tests/Goldens

Weights are stored in float16 and all computing is done in float32 with the stored values, so that nothing is lost on the
way.
"""
import copy
import json
import math
import pathlib
import shutil
import sys

import torch
from diffusers import SD3Transformer2DModel, StableDiffusion3Pipeline
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from head_goldens import make_heads, write_sums
from tiny_decoder_goldens import make_tiny_decoder
from random_models import make_transformer, make_vae, randomise, save_prompt

TIMESTEP = 1000.0
SIZES = [(64, 64), (32, 80)]
PROMPT_TOKENS = 6

# Two blocks with and one without a second attention; the last model is like Stable Diffusion 3.0.
TRANSFORMERS = {
    "tiny-0": dict(dual_attention_layers=(0, 1), qk_norm="rms_norm"),
    "tiny-1": dict(dual_attention_layers=(0,), qk_norm="rms_norm"),
    "tiny-2": dict(dual_attention_layers=(), qk_norm=None),
}


def round_to_half(model):
    """Rounds parameters and buffers (the position table) to what float16 holds."""
    with torch.no_grad():
        for tensor in [*model.parameters(), *model.buffers()]:
            if tensor.is_floating_point():
                tensor.copy_(tensor.half())
    return model


def save_half(model, folder):
    model.half().save_pretrained(folder)
    model.float()


def make_model(folder, seed, overrides):
    """A model folder, and its parts in float32."""
    transformer = round_to_half(randomise(make_transformer(
        sample_size=8, num_layers=3, attention_head_dim=8, num_attention_heads=2, joint_attention_dim=24,
        pooled_projection_dim=20, pos_embed_max_size=6, **overrides), seed))
    vae = round_to_half(randomise(make_vae(
        layers_per_block=1, norm_num_groups=4, block_out_channels=(8, 8, 16, 16), sample_size=64), seed + 100))
    save_half(transformer, folder / "transformer")
    save_half(vae, folder / "vae")
    tokens, pooled = save_prompt(folder, PROMPT_TOKENS, transformer, seed + 200)
    return transformer, vae, tokens.float(), pooled.float()


@torch.no_grad()
def predict(transformer, vae, tokens, pooled, height, width, seed):
    """The one pass on a picture of noise."""
    image = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))
    scale, shift = vae.config.scaling_factor, vae.config.shift_factor
    posterior = vae.encode(image * 2 - 1).latent_dist
    latent = (posterior.mode() - shift) * scale
    prediction = transformer(
        hidden_states=latent, timestep=torch.tensor([TIMESTEP]), encoder_hidden_states=tokens,
        pooled_projections=pooled, return_dict=False)[0]
    decoded = vae.decode(prediction / scale + shift).sample
    sample = posterior.sample(torch.Generator().manual_seed(7))
    return dict(image=image, image_latent=latent, prediction_latent=prediction, decoded=decoded,
                posterior_sample_seed_7=sample)


def rate(step, peak, warmup, total, cycles, floor):
    """The original's schedule: linear warm-up from 0, then a cosine above a floor."""
    if step < warmup:
        return peak * step / warmup
    progress = (step - warmup) / max(1, total - warmup)
    return peak * max(floor, floor + (1 - floor) * 0.5 * (1 + math.cos(2 * math.pi * cycles * progress)))


def make_training(folder, transformer, vae, tokens, pooled):
    """Twenty updates of the transformer on four pictures of noise, with one and with three batches an update."""
    generator = torch.Generator().manual_seed(900)
    pictures = torch.randint(0, 256, (4, 3, 64, 64), generator=generator, dtype=torch.uint8)
    masks = (torch.nn.functional.interpolate(
        torch.rand(4, 1, 4, 4, generator=generator), size=(64, 64), mode="nearest")[:, 0] > 0.5).to(torch.uint8)
    tensors, logs = dict(pictures=pictures, masks=masks), {}
    settings = dict(lr=3e-3, warmup=3, steps=20, cycles=1.5, min_lr_ratio=0.1, batch=2, max_grad_norm=1.0)
    start = copy.deepcopy(transformer.state_dict())

    @torch.no_grad()
    def latents(values):
        mode = vae.encode(values * 2 - 1).latent_dist.mode()
        return (mode - vae.config.shift_factor) * vae.config.scaling_factor

    for accumulation in (1, 3):
        transformer.load_state_dict(start)
        optimizer = torch.optim.AdamW(transformer.parameters(), lr=settings["lr"], eps=1e-15, weight_decay=0.0)
        log, cursor = [], 0
        for step in range(settings["steps"]):
            now = rate(step, settings["lr"], settings["warmup"], settings["steps"], settings["cycles"],
                       settings["min_lr_ratio"])
            optimizer.param_groups[0]["lr"] = now
            total = 0.0
            for _ in range(accumulation):
                chosen = [(cursor + i) % 4 for i in range(settings["batch"])]
                cursor += settings["batch"]
                picture = latents(pictures[chosen].float() / 255)
                mask = latents(masks[chosen].float()[:, None].repeat(1, 3, 1, 1))
                prediction = transformer(
                    hidden_states=picture, timestep=torch.full((len(chosen),), TIMESTEP),
                    encoder_hidden_states=tokens.repeat(len(chosen), 1, 1),
                    pooled_projections=pooled.repeat(len(chosen), 1), return_dict=False)[0]
                loss = torch.nn.functional.mse_loss(prediction, mask)
                (loss / accumulation).backward()
                total += loss.item() / accumulation
            norm = torch.nn.utils.clip_grad_norm_(transformer.parameters(), settings["max_grad_norm"])
            optimizer.step()
            optimizer.zero_grad()
            log.append(dict(loss=total, lr=now, grad_norm=norm.item()))
        logs[f"accumulation_{accumulation}"] = log
        for name, value in transformer.named_parameters():
            tensors[f"accumulation_{accumulation}.{name}"] = value.detach().clone()
    transformer.load_state_dict(start)
    save_file(tensors, folder / "training.safetensors")
    (folder / "training.json").write_text(json.dumps(dict(settings=settings, logs=logs), indent=1) + "\n")


def make_clip(folder, seed, hidden_act, eos_token_id, vocabulary=64):
    """A text encoder with a small vocabulary, and what it gives for some tokens."""
    configuration = CLIPTextConfig(
        vocab_size=vocabulary, hidden_size=16, intermediate_size=40, projection_dim=12, num_hidden_layers=3,
        num_attention_heads=2, max_position_embeddings=10, hidden_act=hidden_act, bos_token_id=vocabulary - 2,
        eos_token_id=eos_token_id, pad_token_id=0)
    encoder = round_to_half(randomise(CLIPTextModelWithProjection(configuration), seed))
    save_half(encoder, folder)
    tokens = torch.tensor([[vocabulary - 2, 5, 17, vocabulary - 1, 0, 0]])
    with torch.no_grad():
        output = encoder(tokens, output_hidden_states=True)
    save_file(dict(tokens=tokens, penultimate=output.hidden_states[-2], text_embeds=output.text_embeds),
              folder / "expected.safetensors")


class FixedTokenizer:
    """Gives the tokens of the empty prompt as CLIP's tokenizers do, without their vocabulary files."""

    model_max_length = 77

    def __init__(self, padding):
        self.padding = padding

    def __call__(self, prompt, padding, **_):
        assert prompt == [""]
        count = 75 if padding == "max_length" else 0
        self.input_ids = torch.tensor([[49406, 49407] + [self.padding] * count])
        return self


def make_empty_prompt(folder):
    """Two encoders with CLIP's real vocabulary and what diffusers makes of "" with them.

    Of the token embeddings only the rows of the tokens that occur are kept; a reader puts them into zeros.
    """
    encoders = []
    for index, (act, hidden, projection) in enumerate([("quick_gelu", 8, 12), ("gelu", 12, 8)]):
        encoder = round_to_half(randomise(CLIPTextModelWithProjection(CLIPTextConfig(
            hidden_size=hidden, intermediate_size=24, projection_dim=projection, num_hidden_layers=2,
            num_attention_heads=2, hidden_act=act, eos_token_id=2)), 300 + index))
        part = folder / ("text_encoder", "text_encoder_2")[index]
        encoder.config.save_pretrained(part)
        state = {name: value.half() for name, value in encoder.state_dict().items()}
        rows = state.pop("text_model.embeddings.token_embedding.weight")
        state["rows_0_49406_49407"] = rows[[0, 49406, 49407]].clone()
        save_file(state, part / "reduced.safetensors", metadata={"format": "pt"})
        encoders.append(encoder)
    # Only the transformer's configuration is asked for.
    transformer = SD3Transformer2DModel(
        num_layers=1, attention_head_dim=8, num_attention_heads=2, joint_attention_dim=24, caption_projection_dim=16,
        pooled_projection_dim=20, pos_embed_max_size=6, sample_size=8)
    pipeline = StableDiffusion3Pipeline(
        transformer=transformer, scheduler=None, vae=None, text_encoder=encoders[0], tokenizer=FixedTokenizer(49407),
        text_encoder_2=encoders[1], tokenizer_2=FixedTokenizer(0), text_encoder_3=None, tokenizer_3=None)
    with torch.no_grad():
        tokens, _, pooled, _ = pipeline.encode_prompt("", "", "", do_classifier_free_guidance=False)
    save_file(dict(prompt_embeds=tokens, pooled_prompt_embeds=pooled), folder / "expected.safetensors")


def main():
    out = pathlib.Path(sys.argv[1])
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    torch.set_num_threads(1)
    for seed, (name, overrides) in enumerate(TRANSFORMERS.items()):
        parts = make_model(out / name, seed, overrides)
        for height, width in SIZES:
            tensors = predict(*parts, height, width, seed + 400)
            save_file({key: value.contiguous() for key, value in tensors.items()},
                      out / name / f"expected_{height}x{width}.safetensors")
        if name != "tiny-1":
            make_training(out / name, *parts)
    # eos_token_id 2 is how Stable Diffusion 3's own configurations have it.
    make_clip(out / "clip-l", 500, "quick_gelu", 2)
    make_clip(out / "clip-g", 501, "gelu", 63)
    make_empty_prompt(out / "empty-prompt")
    make_heads(out)
    make_tiny_decoder(out)
    versions = {name: __import__(name).__version__ for name in ["torch", "diffusers", "transformers", "safetensors"]}
    (out / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")
    write_sums(out)


if __name__ == "__main__":
    main()
