"""Reading and writing weights: safetensors in one file or in shards, with a clear sentence for each way it can fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from omnilive_demo.models.memory_module.config import MemoryModuleConfig
from omnilive_demo.models.memory_module.module import MemoryModule

_CONFIG = "memory_module"


class WeightsError(Exception):
    """Weights are missing, damaged or of another kind; the message says which file and what to do."""


def save(module: MemoryModule, path: Path) -> None:
    """Write a module to one safetensors file, in float16, with its sizes in the metadata.

    It is written beside the file and then put in its place, so a broken write leaves what was there.
    """
    tensors = {name: tensor.detach().to("cpu", torch.float16) for name, tensor in module.state_dict().items()}
    written = path.with_name(path.name + ".new")
    save_file(tensors, written, metadata={_CONFIG: json.dumps(asdict(module.config))})
    written.replace(path)


def load(path: Path) -> MemoryModule:
    """Read a module that `save` wrote; float32, ready for inference.

    Raises:
        WeightsError: see there.
    """
    tensors, metadata = read_file(path)
    try:
        config = MemoryModuleConfig(**json.loads(metadata[_CONFIG]))
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path} does not hold a memory module that this version knows.") from error
    module = MemoryModule(config)
    fill(module, {name: tensor.float() for name, tensor in tensors.items()}, path)
    return module.eval()


def read_file(
    path: Path, wanted: Callable[[str], bool] = lambda name: True
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The wanted tensors of a safetensors file, and its metadata.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    if not path.is_file():
        raise WeightsError(f"The weight file {path} is missing.")
    try:
        with safe_open(path, "pt") as file:
            return {name: file.get_tensor(name) for name in file.keys() if wanted(name)}, file.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"The weight file {path} is damaged or incomplete ({error}). Fetch it again.") from error


def read_folder(folder: Path, wanted: Callable[[str], bool]) -> dict[str, Tensor]:
    """The wanted tensors of a model folder: `model.safetensors`, or the shards that its index file names.

    Raises:
        WeightsError: a file is missing or damaged.
    """
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return read_file(folder / "model.safetensors", wanted)[0]
    names: Mapping[str, str] = read_json(index).get("weight_map", {})
    tensors: dict[str, Tensor] = {}
    for shard in sorted({file for name, file in names.items() if wanted(name)}):
        tensors |= read_file(folder / Path(shard).name, wanted)[0]
    return tensors


def read_json(path: Path) -> dict:
    """A JSON object.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    try:
        values = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise WeightsError(f"The model file {path} is missing.") from None
    except (OSError, ValueError) as error:
        raise WeightsError(f"The model file {path} is damaged ({error}). Fetch it again.") from error
    if not isinstance(values, dict):
        raise WeightsError(f"The model file {path} is damaged (not an object). Fetch it again.")
    return values


def fill(module: nn.Module, tensors: Mapping[str, Tensor], source: Path) -> None:
    """Give a module its weights, all of them and no other.

    Raises:
        WeightsError: one is missing, left over, or of another shape.
    """
    own = module.state_dict()
    wrong = sorted(name for name in own.keys() & tensors.keys() if own[name].shape != tensors[name].shape)
    for names, what in ((own.keys() - tensors.keys(), "lacks"), (tensors.keys() - own.keys(), "has unknown")):
        if names:
            raise WeightsError(f"{source} {what} {_some(names)}.")
    if wrong:
        shapes = f"{list(tensors[wrong[0]].shape)} instead of {list(own[wrong[0]].shape)}"
        raise WeightsError(f"{source}: {_some(wrong)} has another shape ({shapes}).")
    module.load_state_dict(dict(tensors), assign=True)
    module.requires_grad_(True)


def _some(names: Iterable[str]) -> str:
    first, *others = sorted(names)
    return f"{first} and {len(others)} others" if others else first
