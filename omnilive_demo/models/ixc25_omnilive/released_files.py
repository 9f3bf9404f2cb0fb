"""The tensors of a released folder, one after the other: safetensors or pickles, in one file or in shards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from omnilive_demo.models.memory_module.weight_files import WeightsError, read_json, read_pickle

_ENDINGS = (".safetensors", ".bin")


def weight_files(folder: Path, *stems: str) -> list[Path]:
    """The files that hold the weights of a folder; safetensors are preferred.

    Args:
        folder: where.
        stems: how the files may be called without their ending, such as `pytorch_model`.

    Raises:
        WeightsError: there is none, or a shard is missing.
    """
    for ending in _ENDINGS:
        for stem in stems:
            index = folder / f"{stem}{ending}.index.json"
            if index.is_file():
                shards: dict[str, str] = read_json(index).get("weight_map", {})
                files = [folder / Path(name).name for name in sorted(set(shards.values()))]
            else:
                files = [folder / f"{stem}{ending}"]
                if not files[0].is_file():
                    continue
            missing = next((file for file in files if not file.is_file()), None)
            if missing or not files:
                raise WeightsError(f"The weight file {missing or index} is missing or names no file. Fetch it again.")
            return files
    named = " or ".join(stem + ending for ending in _ENDINGS for stem in stems)
    raise WeightsError(f"There are no weights in {folder}: {named} is missing.")


def each_tensor(file: Path) -> Iterator[tuple[str, Tensor]]:
    """Its names and tensors. None is held here; they are read from the disk when they are used.

    Raises:
        WeightsError: the file is damaged, or holds something else than tensors.
    """
    try:
        if file.suffix == ".safetensors":
            with safe_open(file, "pt") as opened:
                for name in opened.keys():  # noqa: SIM118
                    yield name, opened.get_tensor(name)
        else:
            held = read_pickle(file)[0]  # hazard 8: only tensors are let through, no code of a stranger's runs
            while held:
                yield held.popitem()
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"The weight file {file} is damaged or incomplete ({error}). Fetch it again.") from error
