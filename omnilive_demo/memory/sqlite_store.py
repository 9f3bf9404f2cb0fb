"""The store in one SQLite file in WAL mode.

Pictures and S_k are blobs in the database and not files beside it: a clip is then one transaction (never half there),
deleting is one place (secure_delete overwrites freed pages, the WAL is truncated), one file is encrypted or copied, and
blobs of a few to 200 KB read as fast from SQLite as from files. Blobs lie in a table of their own, so that rows stay
small, and each has a checksum, since SQLite does not notice a flipped bit in a page.

synchronous=FULL: every entry is on the disk when its call returns. A killed process would lose nothing with NORMAL
either, but a power cut would; and there is one small transaction every few seconds, on the writer thread, so a sync is
affordable. What is lost at any moment is the open clip, which is only in RAM.

One connection writes; another reads, behind a lock of its own, so that a question never waits for a writer's sync.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory import store_room as room
from omnilive_demo.memory import store_rows as rows
from omnilive_demo.memory.records_log import ClipEntry, SoundEntry, WordsEntry
from omnilive_demo.memory.store import Sitting, StoredMemory, StoreError
from omnilive_demo.memory.store_faults import in_words, is_damage
from omnilive_demo.records import Clip

_log = logging.getLogger(__name__)

SCHEMA_VERSION = 2
FILE_NAME = "memory.db"

_SCHEMA = """
CREATE TABLE sitting (
    id INTEGER PRIMARY KEY, epoch_s REAL NOT NULL, start_s REAL NOT NULL, space TEXT NOT NULL);
CREATE TABLE clip (
    id INTEGER PRIMARY KEY AUTOINCREMENT, start_s REAL NOT NULL, end_s REAL NOT NULL, labels TEXT NOT NULL,
    caption TEXT NOT NULL, tokens_seen INTEGER NOT NULL, tokens_kept INTEGER NOT NULL, bytes INTEGER NOT NULL,
    digest BLOB NOT NULL);
CREATE TABLE part (
    clip INTEGER NOT NULL REFERENCES clip (id), kind TEXT NOT NULL, position INTEGER NOT NULL, t_s REAL,
    data BLOB NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (clip, kind, position));
CREATE TABLE spoken (
    id INTEGER PRIMARY KEY AUTOINCREMENT, utterance INTEGER NOT NULL, start_s REAL NOT NULL, end_s REAL NOT NULL,
    text TEXT NOT NULL, origin TEXT NOT NULL, answered INTEGER, sound_label TEXT NOT NULL,
    vector BLOB NOT NULL, digest BLOB NOT NULL);
CREATE TABLE heard (
    id INTEGER PRIMARY KEY AUTOINCREMENT, start_s REAL NOT NULL, end_s REAL NOT NULL, label TEXT NOT NULL,
    score REAL NOT NULL, origin TEXT NOT NULL);
CREATE TABLE long_term (
    segment INTEGER PRIMARY KEY, clips BLOB NOT NULL, data BLOB NOT NULL, digest BLOB NOT NULL);
CREATE VIRTUAL TABLE said USING fts5 (
    text, content='spoken', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2');
"""
_FROM_1_TO_2 = "ALTER TABLE sitting ADD COLUMN space TEXT NOT NULL DEFAULT 'pooling';"  # there was no other then


class SqliteStore:
    """Implements `MemoryStore`.

    Args:
        folder: the session's folder; made if missing, readable by its owner only.
        max_bytes: most that the file may take; reaching it is a full disk. None: as much as the disk has.
    """

    def __init__(self, folder: Path, max_bytes: int | None = None) -> None:
        self.path = folder / FILE_NAME
        self.set_aside: tuple[str, ...] = ()
        self._max_bytes = max_bytes
        self._read_lock = threading.Lock()
        self._closed = False
        self._stored: StoredMemory | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._open_or_set_aside()
        except OSError as error:
            raise in_words(error) from error

    # ---- opening ---------------------------------------------------------------------------------------------------

    def _open_or_set_aside(self) -> None:
        try:
            self._open()
            self._stored = self._read_all()
        except sqlite3.DatabaseError as error:
            self._disconnect()
            if not is_damage(error):
                raise in_words(error) from error
            _log.warning("memory store %s is damaged: %s", self.path.parent.name, error)
            self.set_aside = (self._move_aside(),)
            self._open()
            self._stored = self._read_all()

    def _open(self) -> None:
        self._writer = self._connect()
        self._reader = self._writer
        version = self._writer.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            self._disconnect()
            raise StoreError(
                "store_newer",
                "This memory was written by a newer version of the app, so it cannot be opened here.",
                "Update the app, or start a new session.",
            )
        self._writer.execute("PRAGMA auto_vacuum = INCREMENTAL")  # takes effect in an empty file only
        self._writer.execute("PRAGMA journal_mode = WAL")
        self._writer.execute("PRAGMA synchronous = FULL")
        self._writer.execute("PRAGMA secure_delete = ON")
        self._writer.execute("PRAGMA journal_size_limit = 4194304")
        if version == 0:
            self._writer.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
        elif version == 1:
            self._writer.executescript(f"BEGIN; {_FROM_1_TO_2} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
        if self._max_bytes is not None:
            page = self._writer.execute("PRAGMA page_size").fetchone()[0]
            self._writer.execute(f"PRAGMA max_page_count = {max(1, self._max_bytes // page)}")
        self._reader = self._connect()
        self._reader.execute("PRAGMA query_only = ON")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=5.0, isolation_level=None, check_same_thread=False)
        # Damaged text is to fail its checksum, and not the query.
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        return connection

    def _disconnect(self) -> None:
        for connection in (getattr(self, "_reader", None), getattr(self, "_writer", None)):
            if connection is not None:
                connection.close()

    def _move_aside(self) -> str:
        number = 1
        while (aside := self.path.with_name(f"memory.damaged-{number}.db")).exists():
            number += 1
        for suffix in ("", "-wal", "-shm"):
            part = self.path.with_name(self.path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
        return f"The memory of this session was damaged. It was set aside as {aside.name}, and a new one was begun."

    # ---- reading ---------------------------------------------------------------------------------------------------

    def load(self) -> StoredMemory:
        """What was found when the store was opened."""
        stored, self._stored = self._stored, None
        return stored if stored is not None else self._read_all()

    def _read_all(self) -> StoredMemory:
        with self._reading() as db:
            sittings = tuple(
                Sitting(*row) for row in db.execute("SELECT epoch_s, start_s, space FROM sitting ORDER BY id")
            )
            damaged, parts = rows.check_parts(
                db.execute("SELECT clip, kind, position, data, digest FROM part ORDER BY clip")
            )
            clips, lost_clips = rows.clip_entries(
                db.execute(
                    "SELECT id, start_s, end_s, labels, caption, tokens_seen, tokens_kept, bytes, digest "
                    "FROM clip ORDER BY id"
                ),
                parts,
                damaged,
            )
            words, lost_words = rows.words_entries(
                db.execute(
                    "SELECT id, utterance, start_s, end_s, text, origin, answered, sound_label, vector, digest "
                    "FROM spoken ORDER BY id"
                )
            )
            sounds = tuple(
                rows.sound_entry(row)
                for row in db.execute("SELECT id, start_s, end_s, label, score, origin FROM heard ORDER BY id")
            )
            used = dict(db.execute("SELECT name, seq FROM sqlite_sequence"))
        return StoredMemory(
            clips=clips,
            words=words,
            sounds=sounds,
            sittings=sittings,
            next_clip=used.get("clip", 0) + 1,
            next_words=used.get("spoken", 0) + 1,
            next_sound=used.get("heard", 0) + 1,
            damage=(*self.set_aside, *lost_clips, *lost_words),
        )

    def read_clip(self, clip: int) -> Clip | None:
        """A whole clip; None when there is none of that number. Parts that are damaged are left out."""
        with self._errors(), self._reading() as db:
            row = db.execute(
                "SELECT id, start_s, end_s, labels, caption, tokens_seen, tokens_kept, bytes FROM clip WHERE id = ?",
                (clip,),
            ).fetchone()
            if row is None:
                return None
            parts = db.execute(
                "SELECT kind, t_s, data, digest FROM part WHERE clip = ? ORDER BY kind, position", (clip,)
            ).fetchall()
        return rows.whole_clip(row, parts)

    def read_short_term(self, clip: int) -> NDArray[np.float16] | None:
        """S_k alone."""
        with self._errors(), self._reading() as db:
            row = db.execute("SELECT data, digest FROM part WHERE clip = ? AND kind = 'S'", (clip,)).fetchone()
        return rows.unpack_rows(*row) if row is not None else None

    def read_long_term(self, segment: int) -> tuple[tuple[int, ...], NDArray[np.float32]] | None:
        """H̄ of a segment, as it was kept."""
        with self._errors(), self._reading() as db:
            row = db.execute("SELECT clips, data, digest FROM long_term WHERE segment = ?", (segment,)).fetchone()
        if row is None or (data := rows.unpack_rows(row[1], row[2])) is None:
            return None
        return tuple(int(clip) for clip in np.frombuffer(row[0], "<i8")), data.astype(np.float32)

    def match_words(
        self, words: Sequence[str], last_row: int, limit: int
    ) -> tuple[dict[str, tuple[int, ...]], dict[int, float]]:
        """Full-text search up to a row: the rows that hold each word (newest first), and bm25 of the best rows."""
        quoted = {word: '"' + word.replace('"', "") + '"' for word in words}
        with self._errors(), self._reading() as db:
            holding = {
                word: tuple(
                    row[0]
                    for row in db.execute(
                        "SELECT rowid FROM said WHERE said MATCH ? AND rowid <= ? ORDER BY rowid DESC LIMIT ?",
                        (term, last_row, limit),
                    )
                )
                for word, term in quoted.items()
            }
            ranked = db.execute(
                "SELECT rowid, bm25(said) AS rank FROM said WHERE said MATCH ? AND rowid <= ? ORDER BY rank LIMIT 64",
                (" OR ".join(quoted.values()), last_row),
            ).fetchall()
        return holding, {row: -float(rank) for row, rank in ranked}

    # ---- writing ---------------------------------------------------------------------------------------------------

    def begin(self, sitting: Sitting) -> None:
        """A process starts to write."""
        with self._writing() as db:
            row = (sitting.epoch_s, sitting.start_s, sitting.space)
            db.execute("INSERT INTO sitting (epoch_s, start_s, space) VALUES (?, ?, ?)", row)

    def add_clip(self, entry: ClipEntry, clip: Clip) -> None:
        """Keep a closed clip."""
        with self._writing() as db:
            db.execute("INSERT INTO clip VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows.clip_row(entry))
            db.executemany("INSERT INTO part VALUES (?, ?, ?, ?, ?, ?)", rows.part_rows(clip))

    def amend_clip(self, entry: ClipEntry, frame_times_s: Sequence[float] | None = None) -> None:
        """Keep the caption that a clip got later or, with the times of all its frames, that it went on."""
        with self._writing() as db:
            room.amend(db, [entry], frame_times_s)

    def add_words(self, entry: WordsEntry, vector: NDArray[np.float32]) -> None:
        """Keep words, with their sentence vector, and index them."""
        with self._writing() as db:
            db.execute("INSERT INTO spoken VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows.words_row(entry, vector))
            db.execute("INSERT INTO said (rowid, text) VALUES (?, ?)", (entry.row, entry.spoken.text))

    def amend_words(self, row: int, answered: bool | None) -> None:
        """Keep whether words were answered."""
        with self._writing() as db:
            db.execute("UPDATE spoken SET answered = ? WHERE id = ?", (answered, row))

    def add_sound(self, entry: SoundEntry) -> None:
        """Keep a sound."""
        with self._writing() as db:
            db.execute("INSERT INTO heard VALUES (?, ?, ?, ?, ?, ?)", rows.sound_row(entry))

    def amend_sound(self, entry: SoundEntry) -> None:
        """Keep the name that a sound got later."""
        named = (entry.heard.label, entry.heard.score, entry.row)
        with self._writing() as db:
            db.execute("UPDATE heard SET label = ?, score = ? WHERE id = ?", named)

    def add_long_term(self, segment: int, clips: Sequence[int], memory: NDArray[np.float32]) -> None:
        """Keep H̄ of a full segment: the clips that it was integrated from and a row for each."""
        data = rows.pack_rows(memory)
        with self._writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO long_term VALUES (?, ?, ?, ?)",
                (segment, np.array(clips, "<i8").tobytes(), data, rows.digest(data)),
            )

    def forget(
        self, clips: Sequence[int], words: Sequence[int], sounds: Sequence[int], segments: Sequence[int]
    ) -> None:
        """Delete for good, index entries and free pages included."""
        with self._writing() as db:
            db.executemany("DELETE FROM part WHERE clip = ?", [(clip,) for clip in clips])
            db.executemany("DELETE FROM clip WHERE id = ?", [(clip,) for clip in clips])
            db.executemany("DELETE FROM spoken WHERE id = ?", [(row,) for row in words])
            db.executemany("DELETE FROM heard WHERE id = ?", [(row,) for row in sounds])
            db.executemany("DELETE FROM long_term WHERE segment = ?", [(segment,) for segment in segments])
            if words:  # a deleted entry would stay in the index's old pages until they merge: write it anew
                db.execute("INSERT INTO said (said) VALUES ('rebuild')")
        with self._errors(), self._read_lock:
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._writer.execute("PRAGMA incremental_vacuum").fetchall()
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def size_bytes(self) -> int:
        """What the store takes on disk."""
        files = [self.path.with_name(self.path.name + suffix) for suffix in ("", "-wal")]
        return sum(file.stat().st_size for file in files if file.exists())

    def used_bytes(self) -> int:
        """What the store takes on disk, less the room that was freed in it and will be used again."""
        with self._errors():
            return room.used_bytes(self._writer)

    def whole_clips(self, most: int) -> tuple[int, ...]:
        """The oldest clips that still have their pictures and S_k, in order."""
        with self._errors(), self._reading() as db:
            return room.whole_clips(db, most)

    def let_go(self, clips: Sequence[ClipEntry]) -> None:
        """Delete pictures and S_k of clips, whose entries are these now; their rows, words and g_k stay."""
        with self._writing() as db:
            room.let_go(db, clips)

    def close(self) -> None:
        """Write out and let go. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        with self._errors(), self._read_lock:
            self._disconnect()

    # ---- transactions ----------------------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._errors():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:  # a full disk may have rolled back by itself
                    self._writer.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._read_lock:
            yield self._reader

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise in_words(error) from error
