"""How entries become rows of the store, and back: arrays as blobs, labels as JSON, and a checksum over each row.

A row whose checksum does not fit is never shown. That of a part covers where it belongs, so that none is ever taken for
another's.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.entries import ClipEntry, SoundEntry, WordsEntry
from omnilive_demo.memory.store import Sitting
from omnilive_demo.records import Clip, Heard, KeyFrame, Label, Spoken

Row = Sequence[Any]


def digest(data: bytes) -> bytes:
    """Checksum of a blob, 16 bytes."""
    return hashlib.blake2b(data, digest_size=16).digest()


def row_digest(row: Row) -> bytes:
    """Checksum of a row's values, 16 bytes: of numbers, texts and blobs as SQLite gives them back."""
    return digest(repr(tuple(row)).encode())


def pack_rows(rows: NDArray) -> bytes:
    """Rows `[n, C]` -> n and C as two little-endian int32, then float16 values."""
    return np.array(rows.shape, "<i4").tobytes() + np.ascontiguousarray(rows, "<f2").tobytes()


def unpack_rows(data: bytes) -> NDArray[np.float16]:
    """What `pack_rows` packed."""
    n, width = np.frombuffer(data[:8], "<i4")
    return np.frombuffer(data[8:], "<f2").reshape(n, width).astype(np.float16)


# ---- clips ---------------------------------------------------------------------------------------------------------

CLIP = "id, start_s, end_s, labels, caption, tokens_seen, tokens_kept, bytes, frames, parts, global, digest"
PART = "clip, kind, position, t_s, data, digest"
WORDS = "id, utterance, start_s, end_s, text, origin, answered, sound_label, vector, digest"
SOUND = "id, start_s, end_s, label, score, origin, digest"
SITTING = "epoch_s, start_s, space, digest"


def clip_row(entry: ClipEntry, global_: NDArray, parts: int) -> Row:
    """The row of table `clip`; `parts` is the number of its blobs."""
    labels = json.dumps([[label.text, label.score] for label in entry.labels])
    row = (
        entry.id, float(entry.start_s), float(entry.end_s), labels, entry.caption, int(entry.tokens_seen),
        int(entry.tokens_kept), int(entry.bytes), int(entry.frames), parts, pack_rows(global_[None]),
    )  # fmt: skip
    return (*row, row_digest(row))


def part_rows(clip: Clip) -> list[Row]:
    """The rows of table `part`: S_k (but of a clip that has none any more), the key frames and the frames' times."""
    parts: list[tuple[int, str, int, float | None, bytes]] = []
    if len(clip.short_term):
        parts.append((clip.id, "S", 0, None, pack_rows(clip.short_term)))
    parts += [(clip.id, "jpeg", i, float(frame.t_s), frame.jpeg) for i, frame in enumerate(clip.key_frames)]
    return [*((*part, _part_digest(part)) for part in parts), times_row(clip.id, clip.frame_times_s)]


def times_row(clip: int, frame_times_s: Sequence[float]) -> Row:
    """The row of table `part` that holds the times of a clip's frames."""
    part = (clip, "times", 0, None, np.array(frame_times_s, "<f8").tobytes())
    return (*part, _part_digest(part))


def _part_digest(part: Row) -> bytes:
    return digest(repr(tuple(part[:4])).encode() + part[4])


def part_is_whole(part: Row) -> bool:
    """Whether a row of table `part` is as it was written; before version 3 the blob alone was checked."""
    return isinstance(part[4], bytes) and part[5] in (_part_digest(part), digest(part[4]))


def row_is_whole(row: Row) -> bool:
    """Whether the last column is the checksum of the others."""
    return bool(row_digest(row[:-1]) == row[-1])


def clip_of(row: Row) -> tuple[ClipEntry, NDArray[np.float32]]:
    """A clip's entry and its g_k, of a whole row."""
    labels = tuple(Label(sys.intern(text), score) for text, score in json.loads(row[3]))  # the same few words again
    entry = ClipEntry(row[0], row[1], row[2], row[8], labels, row[4], row[5], row[6], row[7])
    return entry, unpack_rows(row[10])[0].astype(np.float32)


def whole_clip(row: Row, parts: Sequence[Row]) -> Clip | None:
    """A clip from its row and its parts; damaged parts are left out. None where the row itself is damaged."""
    if not row_is_whole(row):
        return None
    entry, global_ = clip_of(row)
    sound = [part for part in parts if part_is_whole(part)]
    times = next((np.frombuffer(part[4], "<f8") for part in sound if part[1] == "times"), np.zeros(0))
    short_term = next((unpack_rows(part[4]) for part in sound if part[1] == "S"), None)
    return Clip(
        id=entry.id,
        start_s=entry.start_s,
        end_s=entry.end_s,
        frame_times_s=tuple(float(t_s) for t_s in times),
        key_frames=tuple(KeyFrame(part[3], part[4]) for part in sound if part[1] == "jpeg"),
        short_term=short_term if short_term is not None else np.zeros((0, len(global_)), np.float16),
        global_=global_.astype(np.float16),
        labels=entry.labels,
        caption=entry.caption,
        tokens_seen=entry.tokens_seen,
        tokens_kept=entry.tokens_kept,
    )


# ---- words, sounds, sittings ---------------------------------------------------------------------------------------


def words_row(entry: WordsEntry, vector: NDArray[np.float32]) -> Row:
    """The row of table `spoken`."""
    spoken = entry.spoken
    row = (
        entry.row, int(spoken.utterance), float(spoken.start_s), float(spoken.end_s), spoken.text, spoken.origin,
        None if spoken.answered is None else int(spoken.answered), spoken.sound_label, pack_rows(vector[None]),
    )  # fmt: skip
    return (*row, row_digest(row))


def words_of(row: Row) -> tuple[WordsEntry, NDArray[np.float32]]:
    """Words and their vector, of a whole row."""
    row_id, utterance, start_s, end_s, text, origin, answered, sound_label, data, _ = row
    known = None if answered is None else bool(answered)
    spoken = Spoken(utterance, start_s, end_s, text, origin, known, sound_label)
    return WordsEntry(row_id, spoken), unpack_rows(data)[0].astype(np.float32)


def sound_row(entry: SoundEntry) -> Row:
    """The row of table `heard`."""
    heard = entry.heard
    row = (entry.row, float(heard.start_s), float(heard.end_s), heard.label, float(heard.score), heard.origin)
    return (*row, row_digest(row))


def sound_of(row: Row) -> SoundEntry:
    """A sound, of a whole row."""
    return SoundEntry(row[0], Heard(row[1], row[2], row[3], row[4], row[5]))


def sitting_row(sitting: Sitting) -> Row:
    """The row of table `sitting`, without its number."""
    row = (float(sitting.epoch_s), float(sitting.start_s), sitting.space)
    return (*row, row_digest(row))
