"""The rows of a store whose clips go on, get their caption, or let go of what takes most of the room."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np

from omnilive_demo.memory import store_rows as rows
from omnilive_demo.memory.entries import ClipEntry


def amend(db: sqlite3.Connection, entries: Sequence[ClipEntry], frame_times_s: Sequence[float] | None = None) -> None:
    """Write the rows of clips anew and, if they are given, the times of the frames of the first of them."""
    for entry in entries:
        clip, start_s, end_s, labels, caption, seen, kept, size, checksum = rows.clip_row(entry)
        db.execute(
            "UPDATE clip SET start_s = ?, end_s = ?, labels = ?, caption = ?, tokens_seen = ?, tokens_kept = ?, "
            "bytes = ?, digest = ? WHERE id = ?",
            (start_s, end_s, labels, caption, seen, kept, size, checksum, clip),
        )
    if frame_times_s is not None:
        data = np.array(frame_times_s, "<f8").tobytes()
        changed = (data, rows.digest(data), entries[0].id)
        db.execute("UPDATE part SET data = ?, digest = ? WHERE clip = ? AND kind = 'times'", changed)


def used_bytes(db: sqlite3.Connection) -> int:
    """Pages that hold something, in bytes."""
    pages, free, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def whole_clips(db: sqlite3.Connection, most: int) -> tuple[int, ...]:
    """The oldest clips that still have their S_k, in order; the index alone is read."""
    found = db.execute("SELECT clip FROM part WHERE kind = 'S' AND position = 0 ORDER BY clip LIMIT ?", (most,))
    return tuple(clip for (clip,) in found)


def let_go(db: sqlite3.Connection, clips: Sequence[ClipEntry]) -> None:
    """Delete the pictures and S_k of clips, and write their rows anew."""
    db.executemany("DELETE FROM part WHERE clip = ? AND kind IN ('S', 'jpeg')", [(clip.id,) for clip in clips])
    amend(db, clips)
