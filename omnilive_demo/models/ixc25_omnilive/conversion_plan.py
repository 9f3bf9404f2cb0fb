"""What a conversion is to make of a folder: which shards of which `.bin` files, and what stays as it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from omnilive_demo.models.memory_module.weight_files import read_pickle, weight_map

STEMS = {"pytorch_model": "model", "adapter_model": "adapter_model"}
"""What weight files are called before and after."""
_WEIGHTS = re.compile(r"(pytorch_model|adapter_model)(?:-(\d{5})-of-(\d{5}))?\.bin")
_PICKLES = (".bin", ".pt", ".pth")


class ConversionError(Exception):
    """It cannot be done, or not to the end; the message is one clear sentence."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A file to be made: some tensors of one `.bin` file."""

    file: Path
    source: Path
    names: tuple[str, ...]
    nbytes: int


@dataclass(frozen=True, slots=True)
class Plan:
    """All that there is to do."""

    shards: tuple[Shard, ...]
    indexes: dict[Path, tuple[Shard, ...]]  # an index file, and the shards that it names
    others: tuple[tuple[Path, Path], ...]  # files that stay as they are: from, to
    left_out: tuple[Path, ...]  # pickles that are no weights


def plan(folder: Path, out: Path, shard_bytes: int) -> Plan:
    """Read the names in all `.bin` files of a folder and of the folders in it, hidden ones left aside.

    Raises:
        ConversionError: there is nothing to convert, or the files do not belong together.
        WeightsError: one of them is damaged, or holds something else than tensors.
    """
    shards: list[Shard] = []
    indexes: dict[Path, tuple[Shard, ...]] = {}
    others: list[tuple[Path, Path]] = []
    left_out: list[Path] = []
    for place in sorted(path for path in (folder, *folder.rglob("*")) if path.is_dir()):
        if any(part.startswith(".") for part in place.relative_to(folder).parts):
            continue
        files = sorted(path for path in place.iterdir() if path.is_file() and not path.name.startswith("."))
        here = out / place.relative_to(folder)
        for stem, new in STEMS.items():
            sources = [path for path in files if (found := _WEIGHTS.fullmatch(path.name)) and found[1] == stem]
            have = any((place / f"{new}.safetensors{end}").is_file() for end in ("", ".index.json"))
            if sources and not have:  # otherwise it holds safetensors beside them, which are taken
                made = _shards(sources, here, new, shard_bytes, place / f"{stem}.bin.index.json")
                shards += made
                if len(made) > 1:
                    indexes[here / f"{new}.safetensors.index.json"] = made
        for path in files:
            if path.name.endswith(".bin.index.json"):
                continue
            if path.suffix not in _PICKLES:
                others.append((path.resolve(), here / path.name))
            elif not _WEIGHTS.fullmatch(path.name):
                left_out.append(path)
    if not shards:
        raise ConversionError(f"{folder} holds no weights to convert: no pytorch_model.bin and no adapter_model.bin.")
    return Plan(tuple(shards), indexes, tuple(others), tuple(left_out))


def _shards(sources: list[Path], here: Path, stem: str, shard_bytes: int, index: Path) -> tuple[Shard, ...]:
    _check_complete(sources, index)
    made: list[Shard] = []
    known: dict[str, Path] = {}
    for source in sources:
        names: list[str] = []
        size = 0
        tensors = read_pickle(source)[0]
        if not tensors:
            raise ConversionError(f"{source} holds no tensors.")
        for name, tensor in tensors.items():
            if name in known:
                raise ConversionError(f"{name} is in {known[name].name} and once more in {source}.")
            known[name] = source
            if names and size + tensor.nbytes > shard_bytes:
                made.append(Shard(here, source, tuple(names), size))
                names, size = [], 0
            names.append(name)
            size += tensor.nbytes
        made.append(Shard(here, source, tuple(names), size))
    if index.is_file() and (lost := weight_map(index).keys() ^ known.keys()):
        raise ConversionError(f"{index} and the files that it names do not fit each other: {min(lost)} is in one only.")
    if len(made) == 1:
        return (replace(made[0], file=here / f"{stem}.safetensors"),)
    return tuple(
        replace(shard, file=here / f"{stem}-{i:05}-of-{len(made):05}.safetensors") for i, shard in enumerate(made, 1)
    )


def _check_complete(sources: list[Path], index: Path) -> None:
    """All that the index, or the numbers in the names, promise."""
    names = {path.name for path in sources}
    promised = set(weight_map(index).values()) if index.is_file() else set()
    if not promised:
        for found in map(_WEIGHTS.fullmatch, names):
            if found and found[3]:
                promised |= {f"{found[1]}-{i:05}-of-{found[3]}.bin" for i in range(1, int(found[3]) + 1)}
    if missing := sorted(promised - names):
        raise ConversionError(f"The weight file {sources[0].parent / missing[0]} is missing. Fetch it again.")
    if spare := sorted(names - promised) if promised else sorted(names)[1:]:
        raise ConversionError(f"{sources[0].parent / spare[0]} belongs to other weights than the files beside it.")
