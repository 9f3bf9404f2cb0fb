"""Rows of a store that change after they were written: a clip's caption, a clip that goes on, words that were answered,
pictures that make room, and everything that is forgotten. The checksums change with them; damaged rows stay damaged.
"""

from __future__ import annotations

from collections.abc import Sequence

from omnilive_demo.memory import store_rows as rows
from omnilive_demo.memory import store_schema
from omnilive_demo.memory.entries import ClipEntry
from omnilive_demo.memory.store_connection import Connection


def amend(db: Connection, entries: Sequence[ClipEntry], frame_times_s: Sequence[float] | None = None) -> None:
    """Write the rows of clips anew and, if they are given, the times of the frames of the first of them."""
    for entry in entries:
        known = db.execute(f"SELECT {rows.CLIP} FROM clip WHERE id = ?", (entry.id,)).fetchone()
        if known is None or not rows.row_is_whole(known):
            continue
        (parts,) = db.execute("SELECT count(*) FROM part WHERE clip = ?", (entry.id,)).fetchone()
        columns = ", ".join(f"{name.strip()} = ?" for name in rows.CLIP.split(",")[1:])
        row = rows.clip_row(entry, rows.clip_of(known)[1], parts)
        db.execute(f"UPDATE clip SET {columns} WHERE id = ?", (*row[1:], entry.id))
    if frame_times_s is not None:
        part = rows.times_row(entries[0].id, frame_times_s)
        changed = (part[4], part[5], part[0])
        db.execute("UPDATE part SET data = ?, digest = ? WHERE clip = ? AND kind = 'times'", changed)


def amend_words(db: Connection, row: int, answered: bool | None) -> None:
    """Write down whether words were answered."""
    known = db.execute(f"SELECT {rows.WORDS} FROM spoken WHERE id = ?", (row,)).fetchone()
    if known is not None and rows.row_is_whole(known):
        changed = (*known[:6], None if answered is None else int(answered), *known[7:9])
        values = (changed[6], rows.row_digest(changed), row)
        db.execute("UPDATE spoken SET answered = ?, digest = ? WHERE id = ?", values)


def used_bytes(db: Connection) -> int:
    """Pages that hold something, in bytes."""
    pages, free, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def whole_clips(db: Connection, most: int) -> tuple[int, ...]:
    """The oldest clips that still have their S_k, in order; the index alone is read."""
    found = db.execute("SELECT clip FROM part WHERE kind = 'S' AND position = 0 ORDER BY clip LIMIT ?", (most,))
    return tuple(clip for (clip,) in found)


def let_go(db: Connection, clips: Sequence[ClipEntry]) -> None:
    """Delete the pictures and S_k of clips, and write their rows anew."""
    db.executemany("DELETE FROM part WHERE clip = ? AND kind IN ('S', 'jpeg')", [(clip.id,) for clip in clips])
    amend(db, clips)


def forget(
    db: Connection, clips: Sequence[int], words: Sequence[int], sounds: Sequence[int], segments: Sequence[int]
) -> None:
    """Delete rows, and what the index knows of them."""
    db.executemany("DELETE FROM part WHERE clip = ?", [(clip,) for clip in clips])
    db.executemany("DELETE FROM clip WHERE id = ?", [(clip,) for clip in clips])
    db.executemany("DELETE FROM spoken WHERE id = ?", [(row,) for row in words])
    db.executemany("DELETE FROM heard WHERE id = ?", [(row,) for row in sounds])
    db.executemany("DELETE FROM long_term WHERE segment = ?", [(segment,) for segment in segments])
    db.execute("DELETE FROM part WHERE clip NOT IN (SELECT id FROM clip)")  # of clips whose row was lost
    if words:  # a deleted entry would stay in the index's old pages until they merge: write it anew
        store_schema.rebuild_index(db)


def vacuum(db: Connection) -> None:
    """Take what was deleted out of the file and out of the log, which is emptied."""
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    db.execute("PRAGMA incremental_vacuum").fetchall()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
