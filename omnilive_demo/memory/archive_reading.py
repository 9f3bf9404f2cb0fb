"""Reads an archive that somebody brings, and believes nothing of it.

Nothing is ever unpacked to the disk. Members are read one at a time, each with a limit of its own, by the names that
the lists give and that have one form only. Before anything is taken in, all of it is read once: sizes, checksums,
values, pictures. What does not hold is one sentence for the page.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image
from pydantic import ValidationError

from omnilive_demo.memory import archive as form
from omnilive_demo.memory.archive_lines import ClipLine, Line, Manifest, SoundLine, SpokenLine
from omnilive_demo.memory.store import Sitting
from omnilive_demo.memory.store_rows import unpack_rows
from omnilive_demo.records import Clip, Heard, KeyFrame, Label, Spoken

MOST_DIRECTORY_BYTES = 24 * 2**20
MOST_SWELLING = 30  # times the size of the file; lists compress well, pictures do not
MOST_PICTURE_BYTES, MOST_PIXELS = 4 * 2**20, 4096 * 4096
MOST_ROWS_BYTES, MOST_LINE_BYTES, MOST_MANIFEST_BYTES = 16 * 2**20, 2**20, 4 * 2**20
_NAME = re.compile(r"frames/\d{6,9}-\d{1,3}\.jpg|features/\d{6,9}\.rows")
_LISTS = (form.CLIPS, form.SPOKEN, form.SOUNDS)
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    struct.error,
    RuntimeError,
    ValueError,
)


class ArchiveError(ValueError):
    """The file cannot be taken in; the message and `hint` are for the page."""

    def __init__(self, code: str, message: str, hint: str = "Choose a file that this app exported.") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


L = TypeVar("L", bound=Line)


@dataclass(frozen=True, slots=True)
class Extent:
    """What a checked archive holds: how many entries, and from when to when."""

    clips: int
    spoken: int
    sounds: int
    start_s: float
    end_s: float

    @property
    def entries(self) -> int:
        """All of them."""
        return self.clips + self.spoken + self.sounds


class Archive:
    """An opened archive. Close it after use.

    Raises:
        ArchiveError: it is no archive of ours, or of a newer app, or larger than it may be.
    """

    def __init__(self, path: Path) -> None:
        _check_directory(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except _BROKEN as error:
            raise _unreadable() from error
        try:
            self._members = self._checked_members(path.stat().st_size)
            self.manifest = self._read_manifest()
        except BaseException:
            self._zip.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    @property
    def sittings(self) -> tuple[Sitting, ...]:
        """When it was remembered, in order of the stream."""
        found = (Sitting(one.epoch_s, one.start_s, one.space) for one in self.manifest.sittings)
        return tuple(sorted(found, key=lambda sitting: sitting.start_s))

    def check(self) -> Extent:
        """Read everything once. Slow."""
        start_s, end_s, counts = np.inf, 0.0, []
        lists: tuple[tuple[str, Iterator[Clip] | Iterator[Spoken] | Iterator[Heard]], ...] = (
            (form.CLIPS, self.clips(look=True)), (form.SPOKEN, self.spoken()), (form.SOUNDS, self.sounds()),
        )  # fmt: skip
        for name, entries in lists:
            count, last_s = 0, -1.0
            for entry in entries:
                if entry.end_s < entry.start_s or (name == form.CLIPS and entry.start_s < last_s):
                    raise _damaged()
                count, last_s = count + 1, entry.start_s
                start_s, end_s = min(start_s, entry.start_s), max(end_s, entry.end_s)
            counts.append(count)
        if counts != [self.manifest.clips, self.manifest.spoken, self.manifest.sounds]:
            raise _damaged()
        return Extent(counts[0], counts[1], counts[2], min(start_s, end_s), end_s)

    def clips(self, look: bool = False) -> Iterator[Clip]:
        """The clips, with the numbers and times that they had. look: whether their pictures can be decoded, too."""
        return (self._clip(line, look) for line in self._lines(form.CLIPS, ClipLine))

    def spoken(self) -> Iterator[Spoken]:
        """The utterances, numbered from -1 down; the memory that takes them in numbers them anew."""
        return (
            Spoken(-n, one.start_s, one.end_s, one.text, one.origin, one.answered, one.sound_label)
            for n, one in enumerate(self._lines(form.SPOKEN, SpokenLine), 1)
        )

    def sounds(self) -> Iterator[Heard]:
        """The sounds."""
        lines = self._lines(form.SOUNDS, SoundLine)
        return (Heard(one.start_s, one.end_s, one.label, one.score, one.origin) for one in lines)

    # ---- inside ----------------------------------------------------------------------------------------------------

    def _checked_members(self, file_bytes: int) -> dict[str, zipfile.ZipInfo]:
        members: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            known = info.filename in (*_LISTS, form.MANIFEST, form.TRANSCRIPT) or _NAME.fullmatch(info.filename)
            plain = info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) and not info.flag_bits & 1
            if not known or not plain or info.filename in members:
                raise ArchiveError(
                    "archive_foreign", "The file holds something that is not part of an exported memory."
                )
            members[info.filename] = info
        if sum(info.file_size for info in members.values()) > MOST_SWELLING * file_bytes:
            raise ArchiveError("archive_too_large", "Unpacked, the file would be far larger than a memory can be.")
        if form.MANIFEST not in members:
            raise ArchiveError("archive_foreign", "The file is not an exported memory.")
        return members

    def _read_manifest(self) -> Manifest:
        try:
            told = json.loads(self._read(form.MANIFEST, MOST_MANIFEST_BYTES))
        except (UnicodeError, ValueError, RecursionError) as error:
            if isinstance(error, ArchiveError):
                raise
            raise _damaged() from error
        if not isinstance(told, dict) or told.get("format") != form.FORMAT:
            raise ArchiveError("archive_foreign", "The file is not an exported memory.")
        if not isinstance(told.get("version"), int) or told["version"] > form.VERSION:
            raise ArchiveError(
                "archive_newer", "The file was exported by a newer version of the app.", "Update the app to import it."
            )
        try:
            return Manifest.model_validate(told)
        except ValidationError as error:
            raise _damaged() from error

    def _read(self, name: str, most: int, sha256: str = "") -> bytes:
        info = self._members.get(name)
        if info is None:
            raise _damaged()
        try:
            with self._zip.open(info) as member:
                data = member.read(most + 1)
        except _BROKEN as error:
            raise _damaged() from error
        if len(data) > most or (sha256 and hashlib.sha256(data).hexdigest() != sha256):
            raise _damaged()
        return data

    def _lines(self, name: str, kind: type[L]) -> Iterator[L]:
        info, wanted = self._members.get(name), self.manifest.sha256.get(name)
        if info is None or wanted is None:
            raise _damaged()
        digest = hashlib.sha256()
        try:
            with self._zip.open(info) as member:
                while line := member.readline(MOST_LINE_BYTES + 1):
                    digest.update(line)
                    if len(line) > MOST_LINE_BYTES:
                        raise _damaged()
                    yield kind.model_validate_json(line)
        except (ValidationError, *_BROKEN) as error:
            raise error if isinstance(error, ArchiveError) else _damaged() from error
        if digest.hexdigest() != wanted:
            raise _damaged()

    def _clip(self, line: ClipLine, look: bool) -> Clip:
        rows = _rows(self._read(_own(line.features.file), MOST_ROWS_BYTES, line.features.sha256))
        frames = [KeyFrame(one.t_s, self._read(_own(one.file), MOST_PICTURE_BYTES, one.sha256)) for one in line.frames]
        for frame in frames if look else ():
            _look_at(frame.jpeg)
        return Clip(
            id=line.id,
            start_s=line.start_s,
            end_s=line.end_s,
            frame_times_s=tuple(line.frame_times_s),
            key_frames=tuple(frames),
            short_term=rows[:-1],
            global_=rows[-1],
            labels=tuple(Label(text, score) for text, score in line.labels),
            caption=line.caption,
            tokens_seen=line.tokens_seen,
            tokens_kept=line.tokens_kept,
        )


def _own(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise _damaged()
    return name


def _rows(data: bytes) -> Any:
    if len(data) < 8:
        raise _damaged()
    n, width = np.frombuffer(data[:8], "<i4").astype(np.int64)
    if n < 1 or width < 1 or len(data) != 8 + 2 * n * width:
        raise _damaged()
    rows = unpack_rows(data)
    if not np.isfinite(rows.astype(np.float32)).all():
        raise _damaged()
    return rows


def _look_at(jpeg: bytes) -> None:
    """Whether it is a JPEG that can be decoded, small enough to be."""
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise _damaged()
            image.draft("L", (32, 32))
            image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise error if isinstance(error, ArchiveError) else _damaged() from error


def _check_directory(path: Path) -> None:
    """How large the zip's directory is, before it is read: it alone could fill the memory (zip's APPNOTE 4.3.14-16)."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 66_000))
        tail = file.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) < at + 22:
            raise _unreadable()
        directory_bytes: int = struct.unpack("<I", tail[at + 12 : at + 16])[0]
        if directory_bytes == 0xFFFFFFFF or tail[at + 10 : at + 12] == b"\xff\xff":
            locator = tail[max(0, at - 20) : at]
            if locator[:4] != b"PK\x06\x07":
                raise _unreadable()
            file.seek(min(size, struct.unpack("<Q", locator[8:16])[0]))
            record = file.read(56)
            if record[:4] != b"PK\x06\x06" or len(record) < 56:
                raise _unreadable()
            directory_bytes = struct.unpack("<Q", record[40:48])[0]
    if directory_bytes > min(MOST_DIRECTORY_BYTES, size):
        raise ArchiveError("archive_too_large", "The file has far more parts than a memory can have.")


def _unreadable() -> ArchiveError:
    return ArchiveError("archive_unreadable", "The file is not a zip file, or it was cut off.", "Export it once more.")


def _damaged() -> ArchiveError:
    return ArchiveError(
        "archive_damaged", "The file is damaged or was changed, so nothing of it was taken in.", "Export it once more."
    )
