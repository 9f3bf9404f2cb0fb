"""How entries become rows of the store, and back: arrays as checksummed blobs, labels as JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.records_log import ClipEntry, SoundEntry, WordsEntry
from omnilive_demo.records import Clip, Heard, KeyFrame, Label, Spoken

Row = Sequence[Any]


def digest(data: bytes) -> bytes:
    """Checksum of a blob, 16 bytes."""
    return hashlib.blake2b(data, digest_size=16).digest()


def pack_rows(rows: NDArray) -> bytes:
    """Rows `[n, C]` -> n and C as two little-endian int32, then float16 values."""
    return np.array(rows.shape, "<i4").tobytes() + np.ascontiguousarray(rows, "<f2").tobytes()


def unpack_rows(data: bytes, checksum: bytes) -> NDArray[np.float16] | None:
    """What `pack_rows` packed; None when it is damaged."""
    if digest(data) != checksum:
        return None
    n, width = np.frombuffer(data[:8], "<i4")
    return np.frombuffer(data[8:], "<f2").reshape(n, width).astype(np.float16)


# ---- clips ---------------------------------------------------------------------------------------------------------


def clip_row(entry: ClipEntry) -> Row:
    """The row of table `clip`."""
    labels = json.dumps([[label.text, label.score] for label in entry.labels])
    row = (
        entry.id, float(entry.start_s), float(entry.end_s), labels, entry.caption, entry.tokens_seen, entry.tokens_kept,
        entry.bytes,
    )  # fmt: skip
    return (*row, digest(repr(row).encode()))


def part_rows(clip: Clip) -> list[Row]:
    """The rows of table `part`: S_k, g_k, the frames' times and the key frames."""
    times = np.array(clip.frame_times_s, "<f8").tobytes()
    parts: list[tuple[str, int, float | None, bytes]] = [
        ("S", 0, None, pack_rows(clip.short_term)),
        ("g", 0, None, pack_rows(clip.global_[None])),
        ("times", 0, None, times),
    ]
    parts += [("jpeg", i, frame.t_s, frame.jpeg) for i, frame in enumerate(clip.key_frames)]
    return [(clip.id, kind, i, t_s, data, digest(data)) for kind, i, t_s, data in parts]


def check_parts(rows: Iterable[Row]) -> tuple[set[int], dict[int, tuple[int, NDArray[np.float32]]]]:
    """Check every blob. Returns the clips with a damaged one, and the number of frames and g_k of each."""
    damaged: set[int] = set()
    frames: dict[int, int] = {}
    globals_: dict[int, NDArray[np.float32]] = {}
    for clip, kind, _, data, checksum in rows:
        if digest(data) != checksum:
            damaged.add(clip)
        elif kind == "g":
            rows16 = unpack_rows(data, checksum)
            assert rows16 is not None
            globals_[clip] = rows16[0].astype(np.float32)
        elif kind == "times":
            frames[clip] = len(data) // 8
    return damaged, {clip: (frames[clip], globals_[clip]) for clip in globals_.keys() & frames.keys()}


def clip_entries(
    rows: Iterable[Row], parts: dict[int, tuple[int, NDArray[np.float32]]], damaged: set[int]
) -> tuple[tuple[tuple[ClipEntry, NDArray[np.float32]], ...], tuple[str, ...]]:
    """The readable clips with their g_k, and sentences about the others."""
    entries: list[tuple[ClipEntry, NDArray[np.float32]]] = []
    lost: list[str] = []
    for row in rows:
        whole = digest(repr(tuple(row[:8])).encode()) == row[8]
        if not whole or row[0] in damaged or row[0] not in parts:
            lost.append(f"Clip {row[0]} ({row[1]:.0f} to {row[2]:.0f} s) is damaged and was left out.")
            continue
        frames, global_ = parts[row[0]]
        entries.append((_clip_entry(row, frames), global_))
    return tuple(entries), tuple(lost)


def _clip_entry(row: Row, frames: int) -> ClipEntry:
    labels = tuple(Label(text, score) for text, score in json.loads(row[3]))
    return ClipEntry(row[0], row[1], row[2], frames, labels, row[4], row[5], row[6], row[7])


def whole_clip(row: Row, parts: Sequence[Row]) -> Clip:
    """A clip from its row and its parts (kind, t_s, data, digest); damaged parts are left out."""
    sound = [(kind, t_s, data, checksum) for kind, t_s, data, checksum in parts if digest(data) == checksum]
    arrays = {kind: unpack_rows(data, checksum) for kind, _, data, checksum in sound if kind in ("S", "g")}
    times = next((np.frombuffer(data, "<f8") for kind, _, data, _ in sound if kind == "times"), np.zeros(0))
    short_term, global_ = arrays.get("S"), arrays.get("g")
    width = next((array.shape[1] for array in (short_term, global_) if array is not None), 0)
    entry = _clip_entry(row, len(times))
    return Clip(
        id=entry.id,
        start_s=entry.start_s,
        end_s=entry.end_s,
        frame_times_s=tuple(float(t_s) for t_s in times),
        key_frames=tuple(KeyFrame(t_s, data) for kind, t_s, data, _ in sound if kind == "jpeg"),
        short_term=short_term if short_term is not None else np.zeros((0, width), np.float16),
        global_=global_[0] if global_ is not None else np.zeros(width, np.float16),
        labels=entry.labels,
        caption=entry.caption,
        tokens_seen=entry.tokens_seen,
        tokens_kept=entry.tokens_kept,
    )


# ---- words and sounds ----------------------------------------------------------------------------------------------


def words_row(entry: WordsEntry, vector: NDArray[np.float32]) -> Row:
    """The row of table `spoken`."""
    spoken, data = entry.spoken, pack_rows(vector[None])
    return (
        entry.row, spoken.utterance, spoken.start_s, spoken.end_s, spoken.text, spoken.origin, spoken.answered,
        spoken.sound_label, data, digest(spoken.text.encode() + data),
    )  # fmt: skip


def words_entries(
    rows: Iterable[Row],
) -> tuple[tuple[tuple[WordsEntry, NDArray[np.float32]], ...], tuple[str, ...]]:
    """The readable words with their vectors, and sentences about the others."""
    entries: list[tuple[WordsEntry, NDArray[np.float32]]] = []
    lost: list[str] = []
    for row_id, utterance, start_s, end_s, text, origin, answered, sound_label, data, checksum in rows:
        if not isinstance(text, str) or digest(text.encode() + data) != checksum:
            lost.append(f"Words at {start_s:.0f} s are damaged and were left out.")
            continue
        known = None if answered is None else bool(answered)
        spoken = Spoken(utterance, start_s, end_s, text, origin, known, sound_label)
        vector = unpack_rows(data, digest(data))
        assert vector is not None
        entries.append((WordsEntry(row_id, spoken), vector[0].astype(np.float32)))
    return tuple(entries), tuple(lost)


def sound_row(entry: SoundEntry) -> Row:
    """The row of table `heard`."""
    heard = entry.heard
    return entry.row, heard.start_s, heard.end_s, heard.label, heard.score, heard.origin


def sound_entry(row: Row) -> SoundEntry:
    """A row of table `heard`."""
    return SoundEntry(row[0], Heard(row[1], row[2], row[3], row[4], row[5]))
