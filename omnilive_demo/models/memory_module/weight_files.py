"""Reading and writing weights, with a clear sentence for each way it can fail.

Safetensors or PyTorch's own files (`.bin`), in one file or in shards. Of the latter only tensors are read: what else a
pickle may hold is refused, never run.
"""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from omnilive_demo.models.memory_module.config import MemoryModuleConfig
from omnilive_demo.models.memory_module.module import MemoryModule

Layouts = Sequence[tuple[str, str, Callable[[Path, Callable[[str], bool]], tuple[dict[str, Tensor], dict[str, str]]]]]

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


def read_pickle(
    path: Path, wanted: Callable[[str], bool] = lambda name: True
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The wanted tensors of a `.bin` file, left on the disk until they are used; it has no metadata.

    Raises:
        WeightsError: the file is missing or damaged, or holds something else than named tensors.
    """
    if not path.is_file():
        raise WeightsError(f"The weight file {path} is missing.")
    whole = zipfile.is_zipfile(path)  # the end of the archive is there; only files of PyTorch before 1.6 are none
    try:
        held: Any = torch.load(path, map_location="cpu", weights_only=True, mmap=whole)
    except pickle.UnpicklingError as error:
        if whole:
            sentence = f"The weight file {path} holds more than tensors, which could run code, so it is not opened."
            raise WeightsError(sentence) from error
        raise WeightsError(f"The weight file {path} is damaged or incomplete. Fetch it again.") from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        why = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise WeightsError(f"The weight file {path} is damaged or incomplete ({why}). Fetch it again.") from error
    if not isinstance(held, dict) or not all(isinstance(value, Tensor) for value in held.values()):
        raise WeightsError(f"The weight file {path} does not hold tensors by name.")
    return {name: tensor.detach() for name, tensor in held.items() if wanted(name)}, {}


LAYOUTS = (("model", ".safetensors", read_file), ("pytorch_model", ".bin", read_pickle))
"""How weights lie in a folder: STEM + ENDING, or the shards that its ".index.json" names. The first found counts."""
ADAPTER_LAYOUTS = (("adapter_model", ".safetensors", read_file), ("adapter_model", ".bin", read_pickle))
"""And how those of an adapter do, as PEFT writes them."""


def read_folder(
    folder: Path, wanted: Callable[[str], bool] = lambda name: True, layouts: Layouts = LAYOUTS
) -> dict[str, Tensor]:
    """The wanted tensors of a model folder in one of the layouts.

    Of safetensors and new `.bin` files only the names are read here; the tensors come from the disk as they are used.

    Raises:
        WeightsError: a file is missing or damaged, or two of them hold a tensor of the same name.
    """
    for stem, ending, read in layouts:
        index = folder / f"{stem}{ending}.index.json"
        if index.is_file():
            tensors: dict[str, Tensor] = {}
            for file in sorted(set(weight_map(index).values())):
                more = read(folder / file, wanted)[0]
                if twice := tensors.keys() & more.keys():
                    raise WeightsError(f"{folder / file} holds once more what another file holds: {_some(twice)}.")
                tensors |= more
            return tensors
        if (folder / f"{stem}{ending}").is_file():
            return read(folder / f"{stem}{ending}", wanted)[0]
    first, *others = (stem + ending for stem, ending, _ in layouts)
    raise WeightsError(f"The weight file {folder / first} is missing, and so is {' and '.join(others)}.")


def weight_map(index: Path) -> dict[str, str]:
    """From an index file: the name of each tensor and the file, in the same folder, that holds it.

    Raises:
        WeightsError: it is missing or damaged, or it names files elsewhere.
    """
    names = read_json(index).get("weight_map")
    if not isinstance(names, dict) or not names or not all(isinstance(file, str) for file in names.values()):
        raise WeightsError(f"The model file {index} is damaged (it names no weights). Fetch it again.")
    if outside := [file for file in names.values() if Path(file).name != file]:
        raise WeightsError(f"The model file {index} names a file of another folder: {outside[0]}.")
    return names


def read_json(path: Path) -> dict[str, Any]:
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
    check({name: tensor.shape for name, tensor in module.state_dict().items()}, tensors, source)
    module.load_state_dict(dict(tensors), assign=True)
    module.requires_grad_(True)


def check(shapes: Mapping[str, torch.Size], tensors: Mapping[str, Tensor], source: Path) -> None:
    """Compare what there is with the names and shapes that there should be.

    Raises:
        WeightsError: one is missing, left over, or of another shape; the message has the names.
    """
    wrong = [name for name in shapes.keys() & tensors.keys() if shapes[name] != tensors[name].shape]
    faults = [
        f"{what} {_some(names)}"
        for names, what in ((shapes.keys() - tensors.keys(), "lacks"), (tensors.keys() - shapes.keys(), "has unknown"))
        if names
    ]
    if wrong:
        first = min(wrong)
        shown = f"{first} is {list(tensors[first].shape)} instead of {list(shapes[first])}"
        faults.append(f"has another shape of {_some(wrong)} ({shown})")
    if faults:
        raise WeightsError(f"{source} {', '.join(faults)}.")


def _some(names: Iterable[str], most: int = 5) -> str:
    known = sorted(names)
    more = len(known) - most
    return ", ".join(known[:most]) + (f" and {more} others" if more > 0 else "")
