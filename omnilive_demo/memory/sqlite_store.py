"""The store in one SQLite file in WAL mode.

Pictures and S_k are blobs in the database and not files beside it: a clip is then one transaction (never half there),
deleting is one place (secure_delete overwrites freed pages, the WAL is truncated), one file is encrypted or copied, and
blobs of a few to 200 KB read as fast from SQLite as from files. Blobs lie in a table of their own, so that rows stay
small, and each has a checksum, since SQLite does not notice a flipped bit in a page.

synchronous=FULL: every entry is on the disk when its call returns. A killed process would lose nothing with NORMAL
either, but a power cut would; and there is one small transaction every few seconds, on the writer thread, so a sync is
affordable. What is lost at any moment is the open clip, which is only in RAM.

One connection writes; another reads, behind a lock of its own, so that a question never waits for a writer's sync.

A key encrypts all of it, the full-text index and the log included (SQLCipher). A damaged file is never written to
again: see `store_salvage`. Damage that shows only later marks the store, so that the next opening looks at every page.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory import store_room as room
from omnilive_demo.memory import store_rows as rows
from omnilive_demo.memory import store_salvage, store_schema
from omnilive_demo.memory.entries import ClipEntry, SoundEntry, WordsEntry
from omnilive_demo.memory.folder_hold import FolderHold
from omnilive_demo.memory.store import Sitting, StoredMemory, StoreError
from omnilive_demo.memory.store_connection import DATABASE_ERRORS, Connection, connect
from omnilive_demo.memory.store_faults import READING_ERRORS, WRITING_ERRORS, in_words, is_damage, no_room
from omnilive_demo.memory.store_key import FILE_NAME, unlock
from omnilive_demo.memory.store_log import LOST, log_lost
from omnilive_demo.memory.store_reading import LeftOut, check_blobs, read_all
from omnilive_demo.records import Clip

_log = logging.getLogger(__name__)

SCHEMA_VERSION = store_schema.VERSION
LOOKED_THROUGH = 64 * 2**20  # bytes up to which every page is looked at when the store is opened
_SUSPECT = "memory.suspect"  # there while damage was found that the next opening must look into


class SqliteStore:
    """Implements `MemoryStore`.

    Args:
        folder: the session's folder; made if missing, readable by its owner only.
        max_bytes: most that the file may take; reaching it is a full disk. None: as much as the disk has.
        key: the passphrase that encrypts it; empty: it is not encrypted.
        read_only: write nothing, not even beside the file: for a full disk or a folder that belongs to somebody else.

    Raises:
        StoreError: it cannot be opened: see `store_faults`, `store_key`, and `store_schema` for a newer version.
    """

    def __init__(self, folder: Path, max_bytes: int | None = None, key: str = "", read_only: bool = False) -> None:
        self.path = folder / FILE_NAME
        self._hold: FolderHold | None = None
        self._max_bytes = max_bytes
        self._read_lock = threading.Lock()
        self._closed = False
        self._stored: StoredMemory | None = None
        self._left_out = LeftOut()
        with self._errors():
            if read_only:
                self._key = unlock(folder, key)
                self._open_to_read()
                return
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._hold = FolderHold(folder)
            try:
                store_salvage.finish(self.path)
                self._key = unlock(folder, key)
                self._open_or_salvage()
            except BaseException:
                self._closed = True
                self._disconnect()
                raise

    # ---- opening ---------------------------------------------------------------------------------------------------

    def _open_or_salvage(self) -> None:
        before = [LOST] if log_lost(self.path) else []
        try:
            self._open()
            self._stored, self._left_out = read_all(self._writer, before)
        except READING_ERRORS as error:
            self._disconnect()
            if not is_damage(error):
                raise
            _log.warning("memory store %s is damaged: %s", self.path.parent.name, error)
            said = store_salvage.salvage(self.path, self._key)
            self._open()
            self._stored, self._left_out = read_all(self._writer, [*before, said])
        self.path.with_name(_SUSPECT).unlink(missing_ok=True)

    def _open_to_read(self) -> None:
        """The log's index needs a file, unless one connection has the store for itself."""
        try:
            self._writer = self._reader = connect(self.path, self._key)
            self._writer.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._writer.execute("PRAGMA query_only = ON")
            self._stored, self._left_out = read_all(self._writer, ())
        except DATABASE_ERRORS:
            self._disconnect()
            log = self.path.with_name(self.path.name + "-wal")
            self._writer = self._reader = connect(self.path, self._key, still=True)
            self._stored, self._left_out = read_all(self._writer, [LOST] if log.exists() and log.stat().st_size else ())

    def _open(self) -> None:
        suspect = self._suspect
        if self.path.exists() and self.path.stat().st_size:
            peek = connect(self.path, self._key, read_only=True)  # leaves a newer version, or a damaged file, as it is
            try:
                store_schema.version_of(peek)
                if suspect:
                    store_schema.look_through(peek)
            finally:
                peek.close()
        self._writer = self._reader = connect(self.path, self._key)
        self._writer.execute("PRAGMA auto_vacuum = INCREMENTAL")  # takes effect in an empty file only
        self._writer.execute("PRAGMA journal_mode = WAL")
        self._writer.execute("PRAGMA synchronous = FULL")
        self._writer.execute("PRAGMA secure_delete = ON")
        self._writer.execute("PRAGMA journal_size_limit = 4194304")
        store_schema.migrate(self._writer)
        if suspect and not store_schema.index_is_whole(self._writer):
            _log.warning("the full-text index of %s is written anew", self.path.parent.name)
            store_schema.rebuild_index(self._writer)
        if self._max_bytes is not None:
            page = self._writer.execute("PRAGMA page_size").fetchone()[0]
            self._writer.execute(f"PRAGMA max_page_count = {max(1, self._max_bytes // page)}")
        self._reader = connect(self.path, self._key)
        self._reader.execute("PRAGMA query_only = ON")

    @property
    def _suspect(self) -> bool:
        size = self.path.stat().st_size if self.path.exists() else 0
        return self.path.with_name(_SUSPECT).exists() or size <= LOOKED_THROUGH

    def _disconnect(self) -> None:
        for connection in (getattr(self, "_reader", None), getattr(self, "_writer", None)):
            if connection is not None:
                connection.close()
        if self._hold is not None and self._closed:
            self._hold.release()

    # ---- reading ---------------------------------------------------------------------------------------------------

    def load(self) -> StoredMemory:
        """What was found when the store was opened."""
        stored, self._stored = self._stored, None
        if stored is None:
            with self._errors(), self._reading() as db:
                stored, self._left_out = read_all(db, ())
        return stored

    def check(self, clips: Sequence[int]) -> tuple[str, ...]:
        """Read the blobs of clips, which opening did not; sentences about what is lost."""
        with self._errors(), self._reading() as db:
            return tuple(check_blobs(db, clips)[0])

    def read_clip(self, clip: int) -> Clip | None:
        """A whole clip; None when there is none of that number. Parts that are damaged are left out."""
        with self._errors(), self._reading() as db:
            row = db.execute(f"SELECT {rows.CLIP} FROM clip WHERE id = ?", (clip,)).fetchone()
            if row is None:
                return None
            parts = db.execute(
                f"SELECT {rows.PART} FROM part WHERE clip = ? ORDER BY kind, position", (clip,)
            ).fetchall()
        return rows.whole_clip(row, parts)

    def read_short_term(self, clip: int) -> NDArray[np.float16] | None:
        """S_k alone."""
        with self._errors(), self._reading() as db:
            row = db.execute(f"SELECT {rows.PART} FROM part WHERE clip = ? AND kind = 'S'", (clip,)).fetchone()
        return rows.unpack_rows(row[4]) if row is not None and rows.part_is_whole(row) else None

    def read_long_term(self, segment: int) -> tuple[tuple[int, ...], NDArray[np.float32]] | None:
        """H̄ of a segment, as it was kept."""
        with self._errors(), self._reading() as db:
            row = db.execute(
                "SELECT segment, clips, data, digest FROM long_term WHERE segment = ?", (segment,)
            ).fetchone()
        if row is None or not rows.row_is_whole(row):
            return None
        return tuple(int(clip) for clip in np.frombuffer(row[1], "<i8")), rows.unpack_rows(row[2]).astype(np.float32)

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
            db.execute(f"INSERT INTO sitting ({rows.SITTING}) VALUES (?, ?, ?, ?)", rows.sitting_row(sitting))

    def add_clip(self, entry: ClipEntry, clip: Clip) -> None:
        """Keep a closed clip."""
        with self._writing() as db:
            parts = rows.part_rows(clip)
            row = rows.clip_row(entry, clip.global_, len(parts))
            db.execute(f"INSERT INTO clip ({rows.CLIP}) VALUES ({', '.join('?' * 12)})", row)
            db.executemany(f"INSERT INTO part ({rows.PART}) VALUES (?, ?, ?, ?, ?, ?)", parts)

    def amend_clip(self, entry: ClipEntry, frame_times_s: Sequence[float] | None = None) -> None:
        """Keep the caption that a clip got later or, with the times of all its frames, that it went on."""
        with self._writing() as db:
            room.amend(db, [entry], frame_times_s)

    def add_words(self, entry: WordsEntry, vector: NDArray[np.float32]) -> None:
        """Keep words, with their sentence vector, and index them."""
        with self._writing() as db:
            row = rows.words_row(entry, vector)
            db.execute(f"INSERT INTO spoken ({rows.WORDS}) VALUES ({', '.join('?' * 10)})", row)
            db.execute("INSERT INTO said (rowid, text) VALUES (?, ?)", (entry.row, entry.spoken.text))

    def amend_words(self, row: int, answered: bool | None) -> None:
        """Keep whether words were answered."""
        with self._writing() as db:
            room.amend_words(db, row, answered)

    def add_sound(self, entry: SoundEntry) -> None:
        """Keep a sound."""
        with self._writing() as db:
            db.execute(f"INSERT INTO heard ({rows.SOUND}) VALUES (?, ?, ?, ?, ?, ?, ?)", rows.sound_row(entry))

    def amend_sound(self, entry: SoundEntry) -> None:
        """Keep the name that a sound got later."""
        row = rows.sound_row(entry)
        with self._writing() as db:
            db.execute(
                "UPDATE heard SET label = ?, score = ?, digest = ? WHERE id = ?", (row[3], row[4], row[6], row[0])
            )

    def add_long_term(self, segment: int, clips: Sequence[int], memory: NDArray[np.float32]) -> None:
        """Keep H̄ of a full segment: the clips that it was integrated from and a row for each."""
        row = (segment, np.array(clips, "<i8").tobytes(), rows.pack_rows(memory))
        with self._writing() as db:
            db.execute("INSERT OR REPLACE INTO long_term VALUES (?, ?, ?, ?)", (*row, rows.row_digest(row)))

    def forget(
        self, clips: Sequence[int], words: Sequence[int], sounds: Sequence[int], segments: Sequence[int]
    ) -> None:
        """Delete for good, index entries and free pages included. Damaged rows go too: nobody knows their time."""
        left = self._left_out
        gone = ([*clips, *left.clips], [*words, *left.words], [*sounds, *left.sounds], segments)
        with self._writing() as db:
            room.forget(db, *gone)
        self._left_out = LeftOut()
        with self._errors(), self._read_lock:
            store_salvage.shred(store_salvage.set_aside_files(self.path))
            room.vacuum(self._writer)

    def let_go(self, clips: Sequence[ClipEntry]) -> None:
        """Delete pictures and S_k of clips, whose entries are these now; their rows, words and g_k stay."""
        with self._writing() as db:
            room.let_go(db, clips)

    def whole_clips(self, most: int) -> tuple[int, ...]:
        """The oldest clips that still have their pictures and S_k, in order."""
        with self._errors(), self._reading() as db:
            return room.whole_clips(db, most)

    def used_bytes(self) -> int:
        """What the store takes on disk, less the room that was freed in it and will be used again."""
        with self._errors():
            return room.used_bytes(self._writer)

    def close(self) -> None:
        """Write out and let go. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        with self._errors(), self._read_lock:
            self._disconnect()

    # ---- transactions ----------------------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
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
    def _reading(self) -> Iterator[Connection]:
        with self._read_lock:
            if self._closed:
                raise StoreError("store_closed", "This memory is closed.", "Open the session again.")
            yield self._reader

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except WRITING_ERRORS as error:
            if no_room(error, self.path.parent):
                raise in_words(OSError(errno.ENOSPC, "No space left on device")) from error
            if is_damage(error):
                with contextlib.suppress(OSError):
                    self.path.with_name(_SUSPECT).touch()
            raise in_words(error) from error
