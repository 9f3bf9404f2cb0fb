"""What an opened store holds: everything but the blobs is read and checked at once, blobs newest first as far as time
allows; the rest is checked when it is read, and in the background (`check_blobs`). So opening a week takes a second.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from omnilive_demo.memory import store_rows as rows
from omnilive_demo.memory.store import Sitting, StoredMemory
from omnilive_demo.memory.store_connection import Connection

CHECKED_AT_ONCE = 8 * 2**20  # bytes of blobs
MOST_TOLD = 8  # sentences about single losses; more are summed up
_PARTS = {"S": "its short-term memory", "times": "its times", "jpeg": "a picture"}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Numbers of rows that are there, but damaged: forgetting anything deletes them as well."""

    clips: tuple[int, ...] = ()
    words: tuple[int, ...] = ()
    sounds: tuple[int, ...] = ()


@contextmanager
def _not_collecting() -> Iterator[None]:
    """Nothing of what is read here is garbage, and looking through hundreds of thousands of new objects again and again
    takes a third of the time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_not_collecting()
def read_all(db: Connection, before: Sequence[str]) -> tuple[StoredMemory, LeftOut]:
    """Everything that is whole. `before`: sentences about what was found to be lost already."""
    lost: list[str] = []
    sittings = list(db.execute(f"SELECT {rows.SITTING} FROM sitting ORDER BY id"))
    whole_sittings = [Sitting(*row[:3]) for row in sittings if rows.row_is_whole(row)]
    if len(whole_sittings) < len(sittings):
        lost.append("When a part of it was remembered is no longer known.")
    clips, bad_clips = _split(db.execute(f"SELECT {rows.CLIP} FROM clip ORDER BY id").fetchall())
    lost += [f"Clip {row[0]}{_when(row[1], row[2])} is damaged and was left out." for row in bad_clips]
    words, bad_words = _split(db.execute(f"SELECT {rows.WORDS} FROM spoken ORDER BY id").fetchall())
    lost += [f"Words{_at(row[2])} are damaged and were left out." for row in bad_words]
    sounds, bad_sounds = _split(db.execute(f"SELECT {rows.SOUND} FROM heard ORDER BY id").fetchall())
    lost += [f"A sound{_at(row[1])} is damaged and was left out." for row in bad_sounds]
    lost += _lost_parts(db, clips)
    used = dict(db.execute("SELECT name, seq FROM sqlite_sequence"))
    stored = StoredMemory(
        clips=tuple(rows.clip_of(row) for row in clips),
        words=tuple(rows.words_of(row) for row in words),
        sounds=tuple(rows.sound_of(row) for row in sounds),
        sittings=tuple(whole_sittings),
        next_clip=_next(used.get("clip"), clips),
        next_words=_next(used.get("spoken"), words),
        next_sound=_next(used.get("heard"), sounds),
        damage=(*before, *_summed_up(lost)),
    )
    left_out = LeftOut(*(tuple(row[0] for row in bad) for bad in (bad_clips, bad_words, bad_sounds)))
    return stored, left_out


def check_blobs(db: Connection, clips: Sequence[int], most_bytes: int | None = None) -> tuple[list[str], int]:
    """Read the blobs of clips, in the given order, up to so many bytes; sentences about the damaged ones, and how many
    clips were looked at.
    """
    lost: list[str] = []
    seen_bytes = 0
    for n, clip in enumerate(clips):
        if most_bytes is not None and seen_bytes >= most_bytes:
            return lost, n
        for part in db.execute(f"SELECT {rows.PART} FROM part WHERE clip = ? ORDER BY kind, position", (clip,)):
            seen_bytes += len(part[4]) if isinstance(part[4], bytes) else 0
            if not rows.part_is_whole(part):
                lost.append(f"Clip {clip} has lost {_PARTS.get(part[1], 'a part')}.")
    return lost, len(clips)


def _lost_parts(db: Connection, clips: Sequence[Any]) -> list[str]:
    there: dict[int, int] = defaultdict(int)
    there.update(db.execute("SELECT clip, count(*) FROM part GROUP BY clip"))
    lost = [f"Clip {row[0]} has lost a part." for row in clips if there[row[0]] < row[9]]
    newest = [row[0] for row in reversed(clips)]
    return [*lost, *check_blobs(db, newest, CHECKED_AT_ONCE)[0]]


def _split(found: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    whole = [rows.row_is_whole(row) for row in found]
    return (
        [row for row, sound in zip(found, whole, strict=True) if sound],
        [row for row, sound in zip(found, whole, strict=True) if not sound],
    )


def _next(used: object, found: Sequence[Any]) -> int:
    last = found[-1][0] if found else 0
    return max(used if isinstance(used, int) else 0, last) + 1


def _summed_up(lost: Sequence[str]) -> list[str]:
    unique = list(dict.fromkeys(lost))
    rest = len(unique) - MOST_TOLD
    return unique if rest <= 0 else [*unique[:MOST_TOLD], f"{rest} more parts of the memory are damaged as well."]


def _when(start_s: object, end_s: object) -> str:
    numbers = isinstance(start_s, float) and isinstance(end_s, float)
    return f" ({start_s:.0f} to {end_s:.0f} s)" if numbers else ""


def _at(start_s: object) -> str:
    return f" at {start_s:.0f} s" if isinstance(start_s, float) else ""
