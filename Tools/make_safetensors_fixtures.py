"""Writes the committed files under Tests/SafetensorsTests/Fixtures.

Run from the package root with torch 2.13 and safetensors 0.8 installed:

    python Tools/make_safetensors_fixtures.py

The tests compare our writer with `mixed.safetensors` and `plain.safetensors` byte for byte, and each `.pt` file with
the tensor of the same name in `torch_expected.safetensors`.
"""

import collections
import json
import pathlib
import shutil
import zipfile

import torch
from safetensors.torch import save_file

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "SafetensorsTests" / "Fixtures"

DTYPES = {
    "bool": torch.bool, "u8": torch.uint8, "i8": torch.int8,
    "f8_e5m2": torch.float8_e5m2, "f8_e4m3": torch.float8_e4m3fn, "u16": torch.uint16, "i16": torch.int16,
    "f16": torch.float16, "bf16": torch.bfloat16, "u32": torch.uint32, "i32": torch.int32, "f32": torch.float32,
    "f64": torch.float64, "u64": torch.uint64, "i64": torch.int64,
}


def counted(dtype, shape):
    """0, 1, 2, ... in the given dtype, so that a swapped axis or a shifted offset changes the bytes."""
    count = 1
    for size in shape:
        count *= size
    values = torch.arange(count)
    return (values % 3 == 1 if dtype == torch.bool else values).to(dtype).reshape(shape)


def write_safetensors():
    mixed = {f"block.{name}": counted(dtype, (2, 3)) for name, dtype in DTYPES.items()}
    mixed["a scalar"] = torch.tensor(1.5)
    mixed["empty"] = torch.zeros(0, 4)
    mixed["quote\"back\\slash\ttab\x01"] = torch.tensor([1, 2], dtype=torch.uint8)
    mixed["größe/日本/😀"] = torch.tensor([3.0], dtype=torch.float64)
    save_file(mixed, FIXTURES / "mixed.safetensors", metadata={"format": "pt"})
    save_file({"weight": counted(torch.float32, (3, 4))}, FIXTURES / "plain.safetensors")

    folder = FIXTURES / "sharded"
    folder.mkdir(parents=True)
    shards = {
        "model-00001-of-00002.safetensors": {"a.weight": counted(torch.float16, (2, 2)), "a.bias": counted(torch.float16, (2,))},
        "model-00002-of-00002.safetensors": {"b.weight": counted(torch.float32, (4,))},
    }
    weight_map = {}
    for file, tensors in shards.items():
        save_file(tensors, folder / file, metadata={"format": "pt"})
        weight_map |= {name: file for name in tensors}
    index = {"metadata": {"total_size": 28}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")


def write_torch():
    folder = FIXTURES / "torch"
    folder.mkdir(parents=True)
    # torch saves these with `_rebuild_tensor_v3`, which we refuse
    unsigned = {"u16", "u32", "u64", "f8_e5m2", "f8_e4m3"}
    tensors = {name: counted(dtype, (2, 3)) for name, dtype in DTYPES.items() if name not in unsigned}
    base = counted(torch.float32, (4, 5))
    tensors["transposed"] = base.t()
    tensors["sliced"] = base[1:3, 1:4]
    tensors["permuted"] = counted(torch.int16, (2, 3, 4)).permute(2, 0, 1)
    tensors["scalar"] = torch.tensor(2.5)
    tensors["empty"] = torch.zeros(0, 3)
    tensors["parameter"] = torch.nn.Parameter(counted(torch.float32, (3,)))
    for name, tensor in tensors.items():
        torch.save(tensor, folder / f"{name}.pt")
    expected = {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}
    save_file(expected, FIXTURES / "torch_expected.safetensors")

    vector = counted(torch.float32, (3,))
    refused = {
        "dict": {"weight": vector},
        "state_dict": collections.OrderedDict(weight=vector),
        "list": [vector, vector],
        "expanded": vector[:1].expand(1000),
        "unsigned16": counted(torch.uint16, (2,)),
    }
    for name, value in refused.items():
        torch.save(value, folder / f"refused_{name}.pt")
    # The one file that differs in every run: the old format names a storage by its memory address.
    torch.save(vector, folder / "refused_legacy.pt", _use_new_zipfile_serialization=False)
    with zipfile.ZipFile(folder / "f32.pt") as source:
        with zipfile.ZipFile(folder / "refused_compressed.pt", "w", zipfile.ZIP_DEFLATED) as target:
            for item in source.namelist():
                target.writestr(zipfile.ZipInfo(item), source.read(item), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    shutil.rmtree(FIXTURES, ignore_errors=True)
    FIXTURES.mkdir(parents=True)
    write_safetensors()
    write_torch()
    files = [path for path in FIXTURES.rglob("*") if path.is_file()]
    print(f"{len(files)} files, {sum(path.stat().st_size for path in files)} bytes")
