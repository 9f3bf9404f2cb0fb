"""A tiny release as it is fetched, `.bin` files and all, and what a conversion of it must hold."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from models.ixc25.tiny_memory import write_tiny_memory
from safetensors.torch import load_file
from torch import Tensor

from omnilive_demo.models.memory_module.weight_files import read_folder

SHARD = 3000  # bytes


def base_tensors() -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(1)
    made = {f"model.layers.{i}.weight": torch.randn(20, 30, generator=random).bfloat16() for i in range(9)}
    made |= {"plora_sub_GN": torch.randn(1, 1, 1, 8, generator=random), "count": torch.tensor(7)}
    made["one"] = made["again"] = torch.tensor([1.5, float("nan"), float("inf")])  # the same memory, and no number
    made["turned"] = torch.arange(6.0).reshape(2, 3).T  # not contiguous
    made["large"] = torch.randn(2000, generator=random)  # larger than a shard
    made["bools"] = torch.tensor([True, False])
    return made


def write_release(folder: Path) -> Path:
    """Write `base` in two `.bin` shards with its tower apart, the adapter, and a memory that is safetensors already."""
    base, tower, adapter = folder / "base", folder / "base" / "IXC2d5_clip_l_560", folder / "adapter"
    tower.mkdir(parents=True)
    adapter.mkdir()
    held = base_tensors()
    where = {name: f"pytorch_model-0000{1 + (i > 6)}-of-00002.bin" for i, name in enumerate(held)}
    for file in set(where.values()):
        torch.save({name: held[name] for name in held if where[name] == file}, base / file)
    (base / "pytorch_model.bin.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))
    (base / "config.json").write_text('{"hidden_size": 64}')
    (base / "modeling.py").write_text("raise SystemExit\n")
    torch.save({"vision_model.a": torch.ones(4)}, tower / "pytorch_model.bin")
    torch.save({"base_model.b": torch.ones(3).bfloat16()}, adapter / "adapter_model.bin")
    torch.save({"rate": 0.1}, adapter / "training_args.bin")
    write_tiny_memory(folder / "memory")
    (folder / ".cache").mkdir()
    torch.save({"hidden": torch.ones(1)}, folder / ".cache" / "pytorch_model.bin")
    return folder


def bits(tensors: dict[str, Tensor]) -> dict[str, tuple[object, ...]]:
    return {
        n: (t.dtype, tuple(t.shape), t.contiguous().reshape(-1).view(torch.uint8).tolist()) for n, t in tensors.items()
    }


def shards(out: Path) -> dict[str, tuple[int, int]]:
    """Which file is which: whoever writes one anew makes another."""
    return {
        str(path.relative_to(out)): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in out.rglob("*.safetensors")
        if "memory" not in path.parts
    }


def check_whole(out: Path) -> None:
    assert bits(read_folder(out / "base")) == bits(base_tensors())
    assert bits(load_file(out / "base" / "IXC2d5_clip_l_560" / "model.safetensors")) == bits(
        {"vision_model.a": torch.ones(4)}
    )
    assert bits(load_file(out / "adapter" / "adapter_model.safetensors")) == bits(
        {"base_model.b": torch.ones(3).bfloat16()}
    )
    assert (out / "base" / "config.json").read_text() == '{"hidden_size": 64}'
    files = [path.name for path in out.rglob("*") if path.is_file()]
    assert not [name for name in files if name.endswith((".part", ".bin", ".bin.index.json"))]
