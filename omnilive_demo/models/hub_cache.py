"""The hub's cache on disk, in the layout that all of its clients share: what one has fetched, the others find.

`models--OWNER--NAME/blobs/HASH` holds contents, `snapshots/COMMIT/PATH` links to them, `refs/BRANCH` names a commit.
Source: https://huggingface.co/docs/huggingface_hub/guides/manage-cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from omnilive_demo.models.hub import RemoteFile
from omnilive_demo.models.spec import ModelSpec

_PIECE = 1 << 20


class Digest(Protocol):
    """What hashlib gives."""

    def update(self, data: bytes, /) -> None:
        """Take more bytes in."""

    def hexdigest(self) -> str:
        """The hash of what was taken in so far."""


class RepositoryCache:
    """One repository's place in the cache."""

    def __init__(self, cache: Path, repository: str) -> None:
        self.folder = cache / ("models--" + repository.replace("/", "--"))
        self.locks = cache / ".locks" / self.folder.name

    def blob(self, file: RemoteFile) -> Path:
        """Where a file's content belongs."""
        return self.folder / "blobs" / file.etag

    def part(self, file: RemoteFile) -> Path:
        """Where a file's content grows; the name is the one that the hub's tools know as unfinished."""
        return self.folder / "blobs" / f"{file.etag}.incomplete"

    def lock(self, file: RemoteFile) -> Path:
        """The lock that all clients take while they write a content."""
        return self.locks / f"{file.etag}.lock"

    def snapshot(self, revision: str) -> Path | None:
        """The folder of a commit, or of the commit that a branch was at when it was last fetched."""
        ref = self.folder / "refs" / revision
        with suppress(OSError):
            revision = ref.read_text("utf-8").strip()
        folder = self.folder / "snapshots" / revision
        return folder if folder.is_dir() else None

    def link(self, commit: str, file: RemoteFile) -> Path:
        """Make a content appear under its name at a commit; a copy where links cannot be made."""
        name, blob = self.folder / "snapshots" / commit / file.path, self.blob(file)
        if name.exists() and name.resolve() == blob.resolve():
            return name
        name.parent.mkdir(parents=True, exist_ok=True)
        name.unlink(missing_ok=True)
        try:
            name.symlink_to(os.path.relpath(blob, name.parent))
        except OSError:
            shutil.copyfile(blob, name)
        return name

    def name_commit(self, revision: str, commit: str) -> None:
        """Remember at which commit a branch is."""
        if revision != commit:
            ref = self.folder / "refs" / revision
            ref.parent.mkdir(parents=True, exist_ok=True)
            written = ref.with_name(ref.name + ".new")
            written.write_text(commit, "utf-8")
            written.replace(ref)


def cached(cache: Path, spec: ModelSpec) -> Path | None:
    """The folder of a model of which all files are in the cache and look whole; without network."""
    folder = RepositoryCache(cache, spec.repository).snapshot(spec.revision)
    return folder if folder is not None and not lacking(folder, spec) else None


def lacking(folder: Path, spec: ModelSpec, own: bool = False) -> str:
    """What a model's folder lacks, as the end of a sentence; empty when nothing.

    own: it is the operator's, with a model of the same kind and perhaps another size.

    Cheap enough for every start: names, the shards that an index names, known sizes, and the size that the header of
    a safetensors file promises. `damaged` reads every byte instead.
    """
    files = dict(wanted_files(folder, spec))
    for file in spec.files:
        fitting = [path for name, path in files.items() if file.fits(name)]
        if own and not fitting and file.instead:
            fitting = sorted(folder.glob(file.instead))
            files |= {path.relative_to(folder).as_posix(): path for path in fitting}
        if file.required and not fitting:
            return f"has no file {file.name}"
        for path in fitting:
            size = path.stat().st_size
            told = 0 if own else file.size
            expected = told or (_promised_size(path) if path.suffix == ".safetensors" else size)
            if size != expected:
                return f"has a damaged {path.name} ({size:,} bytes" + (f" of {expected:,})" if expected else ")")
    for name, path in files.items():
        if name.endswith(".index.json"):
            for shard in _shards(path):
                if not (path.parent / shard).is_file():
                    return f"has no file {shard}"
    return ""


def wanted_files(folder: Path, spec: ModelSpec) -> Iterator[tuple[str, Path]]:
    """(path in the repository, file) of all files in a folder that the spec wants."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if spec.wants(name) and path.is_file():
            yield name, path


def damaged(folder: Path, spec: ModelSpec, cancelled: Callable[[], bool] = lambda: False) -> str:
    """The first file whose bytes are not those that its hash names; empty when all are right. Reads everything.

    In the cache a content's name is its hash; in any other folder only the hashes that the spec gives are known.
    """
    for name, path in wanted_files(folder, spec):
        known = next((file.sha256 for file in spec.files if file.fits(name) and file.sha256), "")
        etag = known or (path.resolve().name if path.is_symlink() else "")
        if _is_hash(etag):
            digest = new_digest(etag, path.stat().st_size)
            for piece in pieces(path):
                if cancelled():
                    return ""
                digest.update(piece)
            if digest.hexdigest() != etag:
                return name
    return ""


def new_digest(etag: str, size: int) -> Digest:
    """What computes an etag: SHA-256 of a large file, git's blob id (SHA-1 with a header) of a small one."""
    if len(etag) == 64:
        return hashlib.sha256()
    return hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)


def pieces(path: Path) -> Iterator[bytes]:
    """A file's bytes, a mebibyte at a time."""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _is_hash(name: str) -> bool:
    return len(name) in (40, 64) and all(letter in "0123456789abcdef" for letter in name)


def _promised_size(path: Path) -> int:
    """The size that a safetensors file's own header gives it; 0, which no file has, where there is no header."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 0 < length < 100_000_000:
                return 0
            header = json.loads(file.read(length))
        return 8 + length + max((t["data_offsets"][1] for k, t in header.items() if k != "__metadata__"), default=0)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return 0


def _shards(index: Path) -> set[str]:
    try:
        return set(json.loads(index.read_text("utf-8"))["weight_map"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return set()
