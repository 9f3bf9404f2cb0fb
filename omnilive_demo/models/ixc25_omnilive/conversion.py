"""The release's `.bin` files as safetensors, once and for all: smaller shards, nothing to run inside, quick to open.

A tree is converted folder by folder into another tree. Each shard is written beside its place, read back and compared,
and then put there; `conversion.json` notes its hash and what it was made of. So whatever stops it, the same command
goes on: what is noted and still has its hash is not written again. At most one shard is held in memory; of a `.bin`
file of PyTorch before 1.6, which can only be read whole, that file. Files that need no conversion are linked, or copied
where that cannot be. The configurations of all folders come last, and those of an earlier conversion go first: no
loader takes an unfinished folder for a finished one.
"""

from __future__ import annotations

import errno
import filecmp
import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from omnilive_demo.models.hub_cache import pieces
from omnilive_demo.models.ixc25_omnilive.conversion_plan import STEMS, ConversionError, Plan, Shard, plan
from omnilive_demo.models.memory_module.weight_files import WeightsError, read_file, read_json, read_pickle

SHARD_BYTES = 2_000_000_000
NOTES = "conversion.json"
_CONFIGS = ("config.json", "adapter_config.json")
_LINKED = ".safetensors"
_INDEX = ".safetensors.index.json"
_SPARE_BYTES = 50_000_000  # for what is small

Progress = Callable[[str, int, int], None]
"""Hears the file that was finished, and bytes so far, of all."""


def convert(
    folder: Path, out: Path, progress: Progress = lambda *_: None, shard_bytes: int = SHARD_BYTES
) -> tuple[Path, ...]:
    """Convert a folder and all folders in it; returns the files that were left out, pickles that hold no weights.

    Args:
        folder: the release, or one of its models. It is only read.
        out: where it goes; it may hold what an earlier call has finished.
        shard_bytes: the size of a shard, about; a larger tensor gets one of its own.

    Raises:
        ConversionError: see the message.
        WeightsError: a file of the release is missing or damaged, or holds something else than tensors.
    """
    folder, out = folder.resolve(), out.resolve()
    if not folder.is_dir():
        raise ConversionError(f"There is no folder {folder}.")
    if out == folder or folder in out.parents or out in folder.parents:
        raise ConversionError(f"{out} and {folder} lie in each other: choose another folder to write to.")
    planned = plan(folder, out, shard_bytes)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with FileLock(out / ".conversion.lock", timeout=0):
            _Conversion(planned, out, progress).run()
    except Timeout:
        raise ConversionError(f"Another conversion into {out} is running.") from None
    except (OSError, SafetensorError) as error:
        full = getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error)
        why = "the disk is full" if full else str(error)
        raise ConversionError(f"{out} cannot be written: {why}. What is finished is kept.") from error
    return planned.left_out


class _Conversion:
    """One run."""

    def __init__(self, planned: Plan, out: Path, progress: Progress) -> None:
        self._plan = planned
        self._out = out
        self._progress = progress
        self._notes: dict[str, Any] = {}
        if (out / NOTES).is_file():
            try:
                self._notes = read_json(out / NOTES)
            except WeightsError:  # then nothing is known to be finished
                self._notes = {}
        self._fingerprints: dict[Path, str] = {}

    def run(self) -> None:
        """All of it, as far as it is not finished."""
        finished = {shard.file for shard in self._plan.shards if self._finished(shard)}
        self._check_space(shard for shard in self._plan.shards if shard.file not in finished)
        self._check_stray()
        others = [pair for pair in self._plan.others if not _is_there(*pair)]
        weights_change = len(finished) < len(self._plan.shards) or self._stale()
        if weights_change or any(target.name not in _CONFIGS for _, target in others):
            others = self._unfinished(others)
        self._remove_stale()
        done, total = 0, sum(shard.nbytes for shard in self._plan.shards)
        for shard in self._plan.shards:
            if shard.file not in finished:
                self._write(shard)
            done += shard.nbytes
            self._progress(str(shard.file.relative_to(self._out)), done, total)
        for index, shards in self._plan.indexes.items():
            where = {name: shard.file.name for shard in shards for name in shard.names}
            about = {"metadata": {"total_size": sum(shard.nbytes for shard in shards)}, "weight_map": where}
            _write_text(index, json.dumps(about, indent=1))
        for source, target in sorted(others, key=lambda pair: pair[1].name in _CONFIGS):
            _bring(source, target)

    def _unfinished(self, others: list[tuple[Path, Path]]) -> list[tuple[Path, Path]]:
        """Take the configurations away until all else is there; returns what is to be brought, they among it."""
        configs = [pair for pair in self._plan.others if pair[1].name in _CONFIGS]
        for _, target in configs:
            target.unlink(missing_ok=True)
        return list(dict.fromkeys((*others, *configs)))

    def _stale(self) -> list[Path]:
        """Shards and indexes of an earlier conversion, of another release or in other pieces."""
        now = {shard.file for shard in self._plan.shards} | {target for _, target in self._plan.others}
        noted = [self._out / name for name in self._notes]
        old = [file for file in noted if file not in now]
        for place in {file.parent for file in noted}:
            indexes = (place / f"{stem}{_INDEX}" for stem in STEMS.values())
            old += [index for index in indexes if index not in self._plan.indexes and index not in now]
        return [file for file in old if file.is_file()]

    def _remove_stale(self) -> None:
        for file in self._stale():
            self._notes.pop(str(file.relative_to(self._out)), None)
            file.unlink()
            _write_text(self._out / NOTES, json.dumps(self._notes, indent=1, sort_keys=True))

    def _check_stray(self) -> None:
        """An index that no conversion made would be taken by a loader for that of the weights beside it."""
        stale, now = set(self._stale()), {target for _, target in self._plan.others}
        for place in {shard.file.parent for shard in self._plan.shards}:
            for index in (place / f"{stem}{_INDEX}" for stem in STEMS.values()):
                if index.is_file() and index not in self._plan.indexes and index not in stale and index not in now:
                    raise ConversionError(f"{index} belongs to other weights. Choose another folder to write to.")

    def _finished(self, shard: Shard) -> bool:
        """Whether it is there, made of this source, and whole."""
        note = self._notes.get(str(shard.file.relative_to(self._out)))
        if not isinstance(note, dict) or not shard.file.is_file():
            return False
        return bool(note.get("made_of") == self._made_of(shard) and note.get("sha256") == _sha256(shard.file))

    def _made_of(self, shard: Shard) -> str:
        if shard.source not in self._fingerprints:
            self._fingerprints[shard.source] = _fingerprint(shard.source)
        return _digest((self._fingerprints[shard.source], *shard.names))

    def _check_space(self, shards: Iterable[Shard]) -> None:
        needed = sum(shard.nbytes for shard in shards) + _SPARE_BYTES
        device = self._out.stat().st_dev
        needed += sum(
            source.stat().st_size
            for source, target in self._plan.others
            if not (source.suffix == _LINKED and source.stat().st_dev == device) and not target.is_file()
        )
        free = shutil.disk_usage(self._out).free
        if needed > free:
            sizes = f"{needed / 1e9:.1f} GB more, and {free / 1e9:.1f} GB are free"
            raise ConversionError(f"The disk of {self._out} is too small: it takes {sizes}.")

    def _write(self, shard: Shard) -> None:
        shard.file.parent.mkdir(parents=True, exist_ok=True)
        part = shard.file.with_name(shard.file.name + ".part")
        wanted = frozenset(shard.names)
        held = read_pickle(shard.source, wanted.__contains__)[0]
        # Clones, since tensors that share their memory cannot be written.
        save_file({name: held[name].contiguous().clone() for name in shard.names}, part, metadata={"format": "pt"})
        _flush(part)
        written = read_file(part)[0]
        wrong = [name for name in shard.names if not _same(held[name], written.get(name))]
        if wrong or written.keys() != wanted:
            raise ConversionError(f"{shard.file} did not reach the disk as it was written. Is the disk in order?")
        note = {"made_of": self._made_of(shard), "sha256": _sha256(part)}
        part.replace(shard.file)
        self._notes[str(shard.file.relative_to(self._out))] = note
        _write_text(self._out / NOTES, json.dumps(self._notes, indent=1, sort_keys=True))


def _is_there(source: Path, target: Path) -> bool:
    """Whether a file was brought already."""
    return target.is_file() and (os.path.samefile(source, target) or filecmp.cmp(source, target, shallow=False))


def _bring(source: Path, target: Path) -> None:
    """A file as it is: weights by another name where that can be, all else, which somebody may edit, as a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    linked = False
    if source.suffix == _LINKED:
        with suppress(OSError):
            os.link(source, part)
            linked = True
    if not linked:
        shutil.copyfile(source, part)
        _flush(part)
    part.replace(target)


def _write_text(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(text, "utf-8")
    _flush(part)
    part.replace(path)


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _same(one: Tensor, other: Tensor | None) -> bool:
    """Bit for bit: what is not a number is the same as itself."""
    if other is None or one.shape != other.shape or one.dtype != other.dtype:
        return False
    return torch.equal(*(tensor.contiguous().reshape(-1).view(torch.uint8) for tensor in (one, other)))


def _fingerprint(source: Path) -> str:
    """What a `.bin` file holds: by the checksums that it keeps, where it is an archive; else by all its bytes."""
    if not zipfile.is_zipfile(source):
        return _sha256(source)
    with zipfile.ZipFile(source) as archive:
        return _digest(f"{entry.filename} {entry.file_size} {entry.CRC}" for entry in archive.infolist())


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    for piece in pieces(path):
        digest.update(piece)
    return digest.hexdigest()


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
