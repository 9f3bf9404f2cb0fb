"""A damaged store is never written to again: what can be read of it is copied into a fresh file, where new memories go
too, and the damaged file is set aside as it is. Copied rows keep their checksums, so that what is damaged in itself is
found like anywhere else. The copy takes the place of the store only when it is complete, so being killed meanwhile
costs nothing.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from omnilive_demo.memory.store_connection import DATABASE_ERRORS, Connection, connect
from omnilive_demo.memory.store_faults import READING_ERRORS
from omnilive_demo.memory.store_key import FileKey
from omnilive_demo.memory.store_schema import NUMBERED, TABLES, VERSION, create, migrate

COPY = "memory.salvage.db"
_PATCHED = "memory.patched.db"
_BESIDE = ("", "-wal", "-shm", "-journal")
_MAGIC = b"SQLite format 3\x00"
_MOST_PROBES = 20_000  # single numbers looked up where a table cannot be walked
_NAMES = {"clip": "clips", "spoken": "utterances", "heard": "sounds"}


def finish(database: Path) -> None:
    """Tidy up after a salvage that was killed: its copy is either complete and takes over, or goes."""
    copy = database.with_name(COPY)
    if copy.exists() and not database.exists():
        copy.rename(database)
    for name in (COPY, _PATCHED):
        _remove(database.with_name(name))


def salvage(database: Path, key: FileKey | None) -> str:
    """Copy what can be read of a damaged store into a fresh one, and set the damaged one aside.

    Returns a sentence about it. Raises one of `DATABASE_ERRORS`, or OSError, where there is no room for a copy; then
    nothing has changed.
    """
    copy = database.with_name(COPY)
    _remove(copy)
    try:
        target = connect(copy, key)
        target.execute("PRAGMA auto_vacuum = INCREMENTAL")
        target.execute("PRAGMA journal_mode = DELETE")
        create(target)
        try:
            kept, holes = _copy_all(database, key, target)
        finally:
            target.close()
    except BaseException:
        _remove(copy)
        _remove(database.with_name(_PATCHED))
        raise
    _remove(database.with_name(_PATCHED))
    aside = _set_aside(database)
    copy.rename(database)
    return _told(kept, holes, aside)


def set_aside_files(database: Path) -> list[Path]:
    """Damaged stores that lie beside this one."""
    return sorted(database.parent.glob("memory.damaged-*"))


def shred(files: Iterable[Path]) -> None:
    """Overwrite and delete files."""
    for file in files:
        with contextlib.suppress(OSError):
            file.chmod(0o600)
            with file.open("r+b") as opened:
                left = file.stat().st_size
                while left > 0:
                    left -= opened.write(bytes(min(left, 1 << 20)))
                opened.flush()
                os.fsync(opened.fileno())
        file.unlink(missing_ok=True)


# ---- copying -------------------------------------------------------------------------------------------------------

Holes = dict[str, list[str]]


def _copy_all(database: Path, key: FileKey | None, target: Connection) -> tuple[dict[str, int], Holes]:
    """Copy every table that can be read. Returns rows by table, and what is missing."""
    source = _Source(database, key)
    try:
        version = source.version()
        if version != VERSION:
            _older(target, version)
        kept: dict[str, int] = {}
        holes: Holes = {}
        for table, column in TABLES.items():
            kept[table], holes[table] = _copy_table(source, target, table, column)
        used = dict(source.rows("SELECT name, seq FROM sqlite_sequence")[0])
    finally:
        source.close()
    for table in NUMBERED:
        (last,) = target.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()
        known = used.get(table)
        number = max(last, known) if isinstance(known, int) else last + 64  # never the number of one that is lost
        target.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        target.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, number))
    if version != VERSION:
        migrate(target)
    target.execute("INSERT INTO said (said) VALUES ('rebuild')")
    return kept, holes


def _older(target: Connection, version: int) -> None:
    """Make the fresh file one of an older version, so that the rows fit; it is migrated when they are in."""
    target.execute("ALTER TABLE sitting DROP COLUMN digest")
    if version == 1:
        target.execute("ALTER TABLE sitting DROP COLUMN space")
    target.execute("ALTER TABLE heard DROP COLUMN digest")
    for column in ("frames", "parts", "global"):
        target.execute(f"ALTER TABLE clip DROP COLUMN {column}")
    target.execute(f"PRAGMA user_version = {version}")
    target.execute("PRAGMA application_id = 0")


class _Source:
    """Reads a damaged file; connects anew after each error, for SQLCipher refuses everything after the first."""

    def __init__(self, database: Path, key: FileKey | None) -> None:
        self._path, self._key = database, key
        self._db: Connection | None = None
        if key is None and not self.rows("SELECT name FROM sqlite_master")[0]:
            self.close()
            self._path = _patched(database)

    def version(self) -> int:
        """The version whose columns the file has."""
        columns = {row[1] for row in self.rows("PRAGMA table_info(sitting)")[0]}
        return VERSION if "digest" in columns or not columns else 2 if "space" in columns else 1

    def rows(self, query: str, values: Sequence[Any] = ()) -> tuple[list[Any], bool]:
        """What could be read, and whether that was all."""
        found: list[Any] = []
        try:
            if self._db is None:
                self._db = connect(self._path, self._key, read_only=True)
            for row in self._db.execute(query, values):
                found.append(row)
        except READING_ERRORS:
            self.close()
            return found, False
        return found, True

    def close(self) -> None:
        """Let go of the file."""
        if self._db is not None:
            with contextlib.suppress(*DATABASE_ERRORS):
                self._db.close()
            self._db = None


def _copy_table(source: _Source, target: Connection, table: str, column: str) -> tuple[int, list[str]]:
    columns = [row[1] for row in target.execute(f"PRAGMA table_info({table})")]
    listed = ", ".join(columns)
    marks = ", ".join("?" * len(columns))
    seen: set[int] = set()

    def take(found: Sequence[Any]) -> None:
        fresh = [row for row in found if isinstance(row[0], int) and row[0] not in seen]
        seen.update(row[0] for row in fresh)
        target.execute("BEGIN")
        target.executemany(f"INSERT OR IGNORE INTO {table} ({listed}) VALUES ({marks})", [row[1:] for row in fresh])
        target.execute("COMMIT")

    select = f"SELECT {column}, {listed} FROM {table}"
    if _walk(source, select, column, take, 1):
        return len(seen), []
    low = max(seen, default=0)
    _walk(source, select, column, take, -1)
    high = min((number for number in seen if number > low), default=low)
    known = source.rows("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,))[0]
    end = max([high, *(row[0] + 1 for row in known if isinstance(row[0], int))])
    end = end if end > low else low + 1
    for number in range(low + 1, min(end, low + 1 + _MOST_PROBES)):
        if number not in seen:
            found, _ = source.rows(f"{select} WHERE {column} = ?", (number,))
            if found:
                take(found)
    missing = [number for number in range(low + 1, min(end, low + 1 + _MOST_PROBES)) if number not in seen]
    return len(seen), [_range(missing)] if missing else ["some"]


def _walk(source: _Source, select: str, column: str, take: Callable[[Sequence[Any]], None], step: int) -> bool:
    """Take rows in order, or backwards, a few at a time. Whether the end was reached."""
    order, sign = ("", ">") if step > 0 else (" DESC", "<")
    last: int | None = None
    while True:
        where = "" if last is None else f" WHERE {column} {sign} {last}"
        found, whole = source.rows(f"{select}{where} ORDER BY {column}{order} LIMIT 64")
        found = [row for row in found if isinstance(row[0], int) and (last is None or (row[0] - last) * step > 0)]
        take(found)
        if not whole or not found:
            return whole
        last = found[-1][0]


def _range(numbers: Sequence[int]) -> str:
    first, last = numbers[0], numbers[-1]
    return str(first) if first == last else f"{first} to {last}"


def _patched(database: Path) -> Path:
    """A copy of a plain file with the header that it must have had, for where only that is damaged."""
    patched = database.with_name(_PATCHED)
    _remove(patched)
    for suffix in ("", "-wal"):
        part = database.with_name(database.name + suffix)
        if part.exists():
            shutil.copyfile(part, patched.with_name(patched.name + suffix))
    pages = patched.stat().st_size // 4096
    head = bytearray(100)
    head[:24] = _MAGIC + bytes([0x10, 0, 2, 2, 0, 64, 32, 32])
    # change counter, pages, no free pages, schema cookie and format, text as UTF-8, largest root page: it is vacuumed
    struct.pack_into(">11I", head, 24, 1, pages, 0, 0, 1, 4, 0, 8, 1, VERSION, 1)
    struct.pack_into(">2I", head, 92, 1, 3_040_000)
    with patched.open("r+b") as file:
        file.write(head)
    return patched


def _set_aside(database: Path) -> Path:
    number = 1
    while (aside := database.with_name(f"memory.damaged-{number}.db")).exists():
        number += 1
    for suffix in ("-shm", "-journal", "-wal", ""):
        part = database.with_name(database.name + suffix)
        if part.exists():
            there = aside.with_name(aside.name + suffix)
            part.rename(there)
            there.chmod(0o400)
    return aside


def _remove(database: Path) -> None:
    for suffix in _BESIDE:
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def _told(kept: dict[str, int], holes: Holes, aside: Path) -> str:
    if not any(kept[table] for table in ("clip", "spoken", "heard")):
        what = "Nothing in it could be read any more"
    else:
        what = "What can be read is here: " + ", ".join(f"{kept[table]:,} {name}" for table, name in _NAMES.items())
        gone = [f"{table} {' and '.join(holes[table])}" for table in ("clip", "spoken", "heard") if holes[table]]
        what += f" (not {', '.join(gone)})" if gone else ""
    return f"The memory of this session was damaged. {what}. The damaged file was set aside as {aside.name}."
