"""The store's tables, and how a store of an older version becomes one of this version.

A migration is one transaction: it is there entirely or not at all. Rows that were damaged before stay recognisable as
damaged. A store of a newer version is refused and left untouched.
"""

from __future__ import annotations

import sqlite3

from omnilive_demo.memory import store_rows as rows
from omnilive_demo.memory.store import StoreError
from omnilive_demo.memory.store_connection import Connection
from omnilive_demo.memory.store_faults import Damage

VERSION = 3
_STAMP = 0x4F4D << 16  # application_id holds the version once more, so that a flipped bit is not taken for a newer app
_BATCH = 256

_INDEX = """
CREATE VIRTUAL TABLE said USING fts5 (
    text, content='spoken', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2');
"""
_SCHEMA = f"""
CREATE TABLE sitting (
    id INTEGER PRIMARY KEY, epoch_s REAL NOT NULL, start_s REAL NOT NULL, space TEXT NOT NULL, digest BLOB NOT NULL);
CREATE TABLE clip (
    id INTEGER PRIMARY KEY AUTOINCREMENT, start_s REAL NOT NULL, end_s REAL NOT NULL, labels TEXT NOT NULL,
    caption TEXT NOT NULL, tokens_seen INTEGER NOT NULL, tokens_kept INTEGER NOT NULL, bytes INTEGER NOT NULL,
    frames INTEGER NOT NULL, parts INTEGER NOT NULL, global BLOB NOT NULL, digest BLOB NOT NULL);
CREATE TABLE part (
    clip INTEGER NOT NULL REFERENCES clip (id), kind TEXT NOT NULL, position INTEGER NOT NULL, t_s REAL,
    data BLOB NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (clip, kind, position));
CREATE TABLE spoken (
    id INTEGER PRIMARY KEY AUTOINCREMENT, utterance INTEGER NOT NULL, start_s REAL NOT NULL, end_s REAL NOT NULL,
    text TEXT NOT NULL, origin TEXT NOT NULL, answered INTEGER, sound_label TEXT NOT NULL,
    vector BLOB NOT NULL, digest BLOB NOT NULL);
CREATE TABLE heard (
    id INTEGER PRIMARY KEY AUTOINCREMENT, start_s REAL NOT NULL, end_s REAL NOT NULL, label TEXT NOT NULL,
    score REAL NOT NULL, origin TEXT NOT NULL, digest BLOB NOT NULL);
CREATE TABLE long_term (
    segment INTEGER PRIMARY KEY, clips BLOB NOT NULL, data BLOB NOT NULL, digest BLOB NOT NULL);
{_INDEX}
"""
TABLES = {  # table -> its key column; in the order in which a damaged store is read
    "sitting": "id", "clip": "id", "spoken": "id", "heard": "id", "part": "rowid", "long_term": "segment",
}  # fmt: skip
NUMBERED = ("clip", "spoken", "heard")  # whose numbers are never used twice


def version_of(db: Connection) -> int:
    """The version of an open store, 0 for an empty file. Raises `StoreError` for one that is newer than this app."""
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    stamp = int(db.execute("PRAGMA application_id").fetchone()[0])
    if stamp & ~0xFFFF == _STAMP and stamp & 0xFFFF != version:
        raise Damage("the version is damaged")
    if version > VERSION:
        raise StoreError(
            "store_newer",
            "This memory was written by a newer version of the app, so it cannot be opened here.",
            "Update the app, or start a new session.",
        )
    return version


def create(db: Connection) -> None:
    """Make the tables in an empty file."""
    db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} {_set_version(VERSION)} COMMIT;")


def _set_version(version: int) -> str:
    return f"PRAGMA user_version = {version}; PRAGMA application_id = {_STAMP | version};"


def migrate(db: Connection) -> None:
    """Bring a store to this version."""
    version = version_of(db)
    if version == 0:
        create(db)
        return
    if version == VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        if version == 1:
            # There was no other space then.
            db.execute("ALTER TABLE sitting ADD COLUMN space TEXT NOT NULL DEFAULT 'pooling'")
        _from_2_to_3(db)
        for pragma in _set_version(VERSION).split(";")[:2]:
            db.execute(pragma)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _from_2_to_3(db: Connection) -> None:
    """Checksums for every row, g_k in the clip's row. Blobs are not rewritten: a week of them takes gigabytes."""
    db.execute("ALTER TABLE sitting ADD COLUMN digest BLOB NOT NULL DEFAULT x''")
    for row in db.execute("SELECT id, epoch_s, start_s, space FROM sitting").fetchall():
        db.execute("UPDATE sitting SET digest = ? WHERE id = ?", (rows.row_digest(row[1:]), row[0]))
    db.execute("ALTER TABLE heard ADD COLUMN digest BLOB NOT NULL DEFAULT x''")
    for row in db.execute("SELECT id, start_s, end_s, label, score, origin FROM heard").fetchall():
        db.execute("UPDATE heard SET digest = ? WHERE id = ?", (rows.row_digest(row), row[0]))
    _words_to_3(db)
    for column in ("frames INTEGER NOT NULL DEFAULT 0", "parts INTEGER NOT NULL DEFAULT 0"):
        db.execute(f"ALTER TABLE clip ADD COLUMN {column}")
    db.execute("ALTER TABLE clip ADD COLUMN global BLOB NOT NULL DEFAULT x''")
    numbers = [row[0] for row in db.execute("SELECT id FROM clip ORDER BY id")]
    for number in numbers:
        _clip_to_3(db, number)
    db.execute("DELETE FROM part WHERE kind = 'g'")
    for segment, clips, data, digest in db.execute("SELECT segment, clips, data, digest FROM long_term").fetchall():
        if rows.digest(data) == digest:
            checksum = rows.row_digest((segment, clips, data))
            db.execute("UPDATE long_term SET digest = ? WHERE segment = ?", (checksum, segment))


def _words_to_3(db: Connection) -> None:
    columns = "id, utterance, start_s, end_s, text, origin, answered, sound_label, vector"
    last = 0
    while found := db.execute(
        f"SELECT {columns}, digest FROM spoken WHERE id > ? ORDER BY id LIMIT {_BATCH}", (last,)
    ).fetchall():
        for row in found:
            if rows.digest(row[4].encode() + row[8]) == row[9]:
                db.execute("UPDATE spoken SET digest = ? WHERE id = ?", (rows.row_digest(row[:9]), row[0]))
            last = row[0]


def _clip_to_3(db: Connection, number: int) -> None:
    row = db.execute(
        "SELECT id, start_s, end_s, labels, caption, tokens_seen, tokens_kept, bytes, digest FROM clip WHERE id = ?",
        (number,),
    ).fetchone()
    small = {
        kind: data
        for kind, data, digest in db.execute(
            "SELECT kind, data, digest FROM part WHERE clip = ? AND kind IN ('g', 'times')", (number,)
        )
        if rows.digest(data) == digest
    }
    if rows.digest(repr(tuple(row[:8])).encode()) != row[8] or small.keys() != {"g", "times"}:
        return  # it was damaged, and its checksum stays wrong
    (parts,) = db.execute("SELECT count(*) FROM part WHERE clip = ? AND kind <> 'g'", (number,)).fetchone()
    whole = (*row[:8], len(small["times"]) // 8, parts, small["g"])
    db.execute(
        "UPDATE clip SET frames = ?, parts = ?, global = ?, digest = ? WHERE id = ?",
        (*whole[8:], rows.row_digest(whole), number),
    )


def look_through(db: Connection) -> None:
    """Look at every page, and change nothing. Raises `Damage` where one is broken (the index is another matter)."""
    found = [row[0] for row in db.execute("PRAGMA quick_check(20)") if "fts5" not in str(row[0]).lower()]
    if found not in ([], ["ok"]):
        raise Damage(found[0])


def index_is_whole(db: Connection) -> bool:
    """Whether the full-text index says what the words say. Reads all of both."""
    try:
        db.execute("INSERT INTO said (said, rank) VALUES ('integrity-check', 1)")
    except Exception as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CORRUPT:
            return False
        raise
    return True


def rebuild_index(db: Connection) -> None:
    """Write the full-text index anew."""
    db.execute("INSERT INTO said (said) VALUES ('rebuild')")
