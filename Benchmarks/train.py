"""Updates of training in transeg and in diffusers in turn, on the same model: seconds and memory.

    ./transeg --help                                          # builds the program
    python3 -m venv VENV && VENV/bin/pip install -r Tools/requirements.txt
    VENV/bin/python Tools/random_models.py MODEL --shape small
    VENV/bin/python Benchmarks/train.py MODEL --size 256 --batch 4

Each round runs both programs afresh, first diffusers, then transeg; each does one update to warm up and then the counted
ones. An update is the same work in both: the VAE's encoder on pictures and masks, the transformer forward and backward, clipping, AdamW.
transeg reads, augments and resizes drawn pictures besides; diffusers is given tensors that are there already.
"""
import argparse
import json
import pathlib
import statistics
import sys
import time

from segment import run


def run_diffusers(arguments):
    """The child process. Prints one JSON line."""
    import torch
    from diffusers import AutoencoderKL, SD3Transformer2DModel

    device, dtype = torch.device(arguments.device), getattr(torch, arguments.dtype)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)

    def clock():
        if device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    vae = AutoencoderKL.from_pretrained(arguments.model, subfolder="vae", torch_dtype=dtype).to(device, dtype).eval()
    transformer = SD3Transformer2DModel.from_pretrained(
        arguments.model, subfolder="transformer", torch_dtype=torch.float32).to(device)
    if arguments.gradient_checkpointing:
        transformer.enable_gradient_checkpointing()
    transformer.train()
    prompts = pathlib.Path(arguments.model) / "precomputed_prompt_embeddings"
    tokens, pooled = (torch.load(prompts / name, weights_only=True).to(device, torch.float32)
                      for name in ["empty_prompt_embeds.pt", "empty_pooled_prompt_embeds.pt"])
    optimizer = torch.optim.AdamW(transformer.parameters(), lr=1e-6, eps=1e-15, weight_decay=0, fused=True)
    count, scale, shift = arguments.batch, vae.config.scaling_factor, vae.config.shift_factor
    shape = (count, 3, arguments.size, arguments.size)
    pictures, masks = torch.rand(shape, device=device), (torch.rand(shape, device=device) > 0.5).float()
    seconds = []
    for _ in range(arguments.updates + 1):
        start = clock()
        with torch.no_grad():
            latent, target = ((vae.encode((x * 2 - 1).to(dtype)).latent_dist.sample() - shift) * scale
                              for x in (pictures, masks))
        with torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32):
            prediction = transformer(
                hidden_states=latent, timestep=torch.full((count,), 1000.0, device=device),
                encoder_hidden_states=tokens.repeat(count, 1, 1), pooled_projections=pooled.repeat(count, 1),
                return_dict=False)[0]
        loss = torch.nn.functional.mse_loss(prediction.float(), target.float())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(transformer.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        loss.item()
        seconds.append(clock() - start)
    print(json.dumps(seconds[1:]))


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--gradient-checkpointing", action="store_true", help="run blocks again for their gradients, in both")
    parser.add_argument("--rounds", type=int, default=2, help="how often each program is started")
    parser.add_argument("--updates", type=int, default=4, help="counted updates of each start")
    parser.add_argument("--transeg", default=str(root / "transeg"))
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        return run_diffusers(arguments)

    ours = [arguments.transeg, "bench", "train", "--json", "--model", arguments.model, "--size", str(arguments.size),
            "--batch", str(arguments.batch), "--dtype", arguments.dtype, "--device", arguments.device, "--runs",
            str(arguments.updates), "--gradient-checkpointing", str(arguments.gradient_checkpointing).lower()]
    if arguments.threads:
        ours += ["--threads", str(arguments.threads)]
    seconds, memory = dict(diffusers=[], transeg=[]), dict(diffusers=[], transeg=[])
    for _ in range(arguments.rounds):
        output, peak = run([sys.executable, *sys.argv, "--child"])
        seconds["diffusers"].append(statistics.median(json.loads(output)))
        memory["diffusers"].append(peak)
        output, peak = run(ours)
        seconds["transeg"].append(json.loads(output)["update_s"])
        memory["transeg"].append(peak)
    print(f"{'':24}{'diffusers':>12}{'transeg':>12}{'ratio':>8}")
    for name, rows in [("seconds an update", seconds), ("peak host memory, GiB", memory)]:
        a, b = (statistics.median(rows[program]) for program in ("diffusers", "transeg"))
        print(f"{name:24}{a:12.3f}{b:12.3f}{b / a:8.2f}")


if __name__ == "__main__":
    main()
