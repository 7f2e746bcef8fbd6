"""Makes Tests/Goldens/heads: what heads, losses of pixels and their gradients are, by PyTorch's autograd on diffusers' models.

    VENV/bin/python Tools/head_goldens.py Tests/Goldens

Formulas are written out here once more, pixel by pixel where that is short, and share nothing with the Swift code. make_goldens.py calls this too.
"""
import hashlib
import pathlib
import sys

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, SD3Transformer2DModel
from safetensors.torch import load_file, save_file

TIMESTEP = 1000.0
HEIGHT, WIDTH, PATCH = 32, 48, 16
WEIGHTS = dict(cross_entropy=1.0, dice=0.5, boundary=0.2)
COLORS = torch.tensor([[-1.0, -1, -1], [1, -1, -1], [1, 1, 1]])
GRADIENTS = ["norm_out.linear.weight", "transformer_blocks.0.attn.to_q.weight", "transformer_blocks.2.ff.net.2.weight",
             "pos_embed.proj.weight"]


def targets(classes, count):
    """One plane for each class that is transparent."""
    return torch.stack([classes > 0] if count == 1 else [classes == 1, classes == 2], 1).float()


def shares(logits):
    return torch.sigmoid(logits) if logits.shape[1] == 1 else torch.softmax(logits, 1)[:, 1:]


def cross_entropy(logits, classes):
    if logits.shape[1] == 1:
        return F.binary_cross_entropy(torch.sigmoid(logits[:, 0]), (classes > 0).float())
    return -torch.log_softmax(logits, 1).gather(1, classes[:, None]).mean()


def dice(logits, classes):
    p, t = shares(logits), targets(classes, logits.shape[1])
    values = []
    for i in range(p.shape[0]):
        for k in range(p.shape[1]):
            values.append(1 - (2 * (p[i, k] * t[i, k]).sum() + 1) / (p[i, k].sum() + t[i, k].sum() + 1))
    return torch.stack(values).mean()


def dilated(x, side):
    """The greatest value of each pixel's surroundings, by shifting."""
    r = side // 2
    padded = F.pad(x, (r, r, r, r), value=-1)
    height, width = x.shape
    return torch.stack([padded[y:y + height, c:c + width] for y in range(side) for c in range(side)]).amax(0)


def boundary(logits, classes):
    p, t = shares(logits), targets(classes, logits.shape[1])
    values = []
    for i in range(p.shape[0]):
        for k in range(p.shape[1]):
            found = dilated(1 - p[i, k], 3) - (1 - p[i, k])
            true = dilated(1 - t[i, k], 3) - (1 - t[i, k])
            if true.sum() == 0:
                values.append(0 * p.sum())
                continue
            precision = (found * dilated(true, 5)).sum() / found.sum()
            recall = (true * dilated(found, 5)).sum() / true.sum()
            values.append(1 - 2 * precision * recall / (precision + recall))
    return torch.stack(values).mean()


TERMS = dict(cross_entropy=cross_entropy, dice=dice, boundary=boundary)


def pixels(tokens, weight, bias, count):
    """Each token's own square of a picture."""
    columns = WIDTH // PATCH
    picture = []
    for n in range(tokens.shape[0]):
        planes = [[None] * columns for _ in range(HEIGHT // PATCH)]
        for index, token in enumerate(tokens[n]):
            values = (weight @ token + bias).reshape(PATCH, PATCH, count)
            planes[index // columns][index % columns] = values.permute(2, 0, 1)
        picture.append(torch.cat([torch.cat(row, 2) for row in planes], 1))
    return torch.stack(picture)


def make_heads(goldens):
    goldens = pathlib.Path(goldens)
    folder, out = goldens / "tiny-0", goldens / "heads"
    out.mkdir(exist_ok=True)
    transformer = SD3Transformer2DModel.from_pretrained(folder / "transformer", torch_dtype=torch.float32)
    vae = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float32)
    prompt = load_prompt(folder)
    g = torch.Generator().manual_seed(4100)
    width, scale = transformer.inner_dim, vae.config.scaling_factor
    latent = torch.randn(2, 16, HEIGHT // 8, WIDTH // 8, generator=g)
    classes = F.interpolate(torch.randint(0, 3, (2, 1, 4, 6), generator=g).float(), size=(HEIGHT, WIDTH))[:, 0].long()
    # A picture with nothing transparent, of which there is no boundary.
    classes[1] = 0
    tensors = dict(latent=latent, classes=classes.to(torch.uint8)[:, None])

    def run():
        kept = {}
        hook = transformer.proj_out.register_forward_pre_hook(lambda _, inputs: kept.update(tokens=inputs[0]))
        output = transformer(
            hidden_states=latent, timestep=torch.full((2,), TIMESTEP), encoder_hidden_states=prompt[0].repeat(2, 1, 1),
            pooled_projections=prompt[1].repeat(2, 1), return_dict=False)[0]
        hook.remove()
        return kept["tokens"], output

    for count in (1, 3):
        weight = (torch.randn(PATCH * PATCH * count, width, generator=g) * 0.5).requires_grad_()
        bias = torch.randn(PATCH * PATCH * count, generator=g).requires_grad_()
        transformer.zero_grad()
        logits = pixels(run()[0], weight, bias, count)
        tensors.update({f"readout_{count}.proj.weight": weight.detach(), f"readout_{count}.proj.bias": bias.detach(),
                        f"logits_{count}": logits.detach()})
        for name, term in TERMS.items():
            leaf = logits.detach().clone().requires_grad_()
            value = term(leaf, classes)
            value.backward()
            tensors[f"{name}_{count}"] = value.detach()
            tensors[f"{name}_{count}.gradient"] = leaf.grad
        total = sum(WEIGHTS[name] * term(logits, classes) for name, term in TERMS.items())
        total.backward()
        tensors[f"total_{count}"] = total.detach()
        tensors[f"gradient_{count}.mask_head.proj.weight"] = weight.grad
        tensors[f"gradient_{count}.mask_head.proj.bias"] = bias.grad
        for name in GRADIENTS:
            tensors[f"gradient_{count}.{name}"] = transformer.get_parameter(name).grad.clone()

    with torch.no_grad():
        convolutions = {}
        for name, shape in [("conv_in", (32, 16, 3, 3)), ("conv_out", (16, 32, 3, 3))]:
            convolutions[f"continuity.{name}.weight"] = torch.randn(shape, generator=g) * 0.1
            convolutions[f"continuity.{name}.bias"] = torch.randn(shape[0], generator=g) * 0.1
        output = run()[1]
        inner = F.silu(F.conv2d(output, convolutions["continuity.conv_in.weight"],
                                convolutions["continuity.conv_in.bias"], padding=1))
        tensors.update(convolutions)
        tensors["continuous"] = output + F.conv2d(inner, convolutions["continuity.conv_out.weight"],
                                                  convolutions["continuity.conv_out.bias"], padding=1)

    for count in (1, 3):
        leaf = latent.clone().requires_grad_()
        decoded = vae.decode(leaf / scale + vae.config.shift_factor).sample
        if count == 1:
            logits = 4 * decoded.mean(1, keepdim=True)
        else:
            logits = torch.einsum("nchw,kc->nkhw", decoded, COLORS) * 2 / 3
        value = sum(WEIGHTS[name] * term(logits, classes) for name, term in TERMS.items())
        value.backward()
        tensors[f"decoded_{count}"], tensors[f"decoded_{count}.gradient"] = value.detach(), leaf.grad
    save_file({name: value.contiguous() for name, value in tensors.items()}, out / "heads.safetensors")


def load_prompt(folder):
    part = folder / "precomputed_prompt_embeddings"
    files = {path.name: path for path in part.iterdir()}
    if "empty_prompt.safetensors" in files:
        stored = load_file(files["empty_prompt.safetensors"])
        return stored["prompt_embeds"].float(), stored["pooled_prompt_embeds"].float()
    return tuple(torch.load(part / name, weights_only=True).float()
                 for name in ("empty_prompt_embeds.pt", "empty_pooled_prompt_embeds.pt"))


def write_sums(out):
    files = sorted(path for path in out.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    (out / "SHA256SUMS").write_text("".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(out)}\n" for path in files))


if __name__ == "__main__":
    torch.set_num_threads(1)
    make_heads(sys.argv[1])
    write_sums(pathlib.Path(sys.argv[1]))
