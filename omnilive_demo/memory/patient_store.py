"""A store that begins although its disk is full, or its folder cannot be written to.

What is stored already is read; what is new waits in RAM (in the journal, which tries again with every write) until the
store can be opened to write. A store that exists but cannot even be read is refused, for nobody would know which clip
numbers are taken.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.entries import ClipEntry, SoundEntry, WordsEntry
from omnilive_demo.memory.sqlite_store import SqliteStore
from omnilive_demo.memory.store import MemoryStore, Sitting, StoredMemory, StoreError
from omnilive_demo.memory.store_faults import LEAST_ROOM
from omnilive_demo.memory.store_key import FILE_NAME
from omnilive_demo.records import Clip

_log = logging.getLogger(__name__)

RETRY_S = 5.0
_PATIENT = ("disk_full", "store_read_only", "store_failed")
_NOTHING = StoredMemory((), (), (), (), 1, 1, 1, ())


def open_store(folder: Path, key: str = "", now: Callable[[], float] = time.monotonic) -> MemoryStore:
    """The store of a session's folder.

    Raises:
        StoreError: it cannot be opened at all; the message is fit for the page.
    """
    try:
        return SqliteStore(folder, key=key)
    except StoreError as error:
        if error.code not in _PATIENT:
            raise
        return PatientStore(folder, key, error, now)


class PatientStore:
    """Implements `MemoryStore` over one that could not be opened to write, because of `fault`."""

    def __init__(self, folder: Path, key: str, fault: StoreError, now: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._key, self._fault, self._now = folder, key, fault, now
        self._tried_s = now()
        self._lock = Lock()  # while the file changes hands nobody reads
        self._writable: SqliteStore | None = None
        file = folder / FILE_NAME
        there = file.exists() and file.stat().st_size > 0
        self._past = SqliteStore(folder, key=key, read_only=True) if there else None
        _log.warning("the memory store waits (%s)", fault.code)

    def _writing(self) -> SqliteStore:
        if self._writable is None:
            if self._now() - self._tried_s < RETRY_S:
                raise self._fault
            self._tried_s = self._now()
            if self._fault.code == "disk_full" and not _has_room(self._folder):
                raise self._fault  # to find that out by opening it, all of it would be read
            with self._lock:
                self._writable = self._opened()
            _log.info("the memory store can be written to again")
        return self._writable

    def _opened(self) -> SqliteStore:
        """The store to write to, in place of the one that only reads. What both read at first is in RAM long since."""
        past, self._past = self._past, None
        if past is not None:
            past.close()  # it has the file for itself
        try:
            opened = SqliteStore(self._folder, key=self._key)
        except StoreError as error:
            self._fault = error
            if past is not None:
                self._past = SqliteStore(self._folder, key=self._key, read_only=True)
                self._past.load()
            raise
        opened.load()
        return opened

    @contextmanager
    def _reading(self) -> Iterator[SqliteStore | None]:
        with self._lock:
            yield self._writable or self._past

    def load(self) -> StoredMemory:
        """What can be read."""
        with self._reading() as store:
            return _NOTHING if store is None else store.load()

    def check(self, clips: Sequence[int]) -> tuple[str, ...]:
        """Read the blobs of clips."""
        with self._reading() as store:
            return () if store is None else store.check(clips)

    def begin(self, sitting: Sitting) -> None:
        """A process starts to write."""
        self._writing().begin(sitting)

    def add_clip(self, entry: ClipEntry, clip: Clip) -> None:
        """Keep a closed clip."""
        self._writing().add_clip(entry, clip)

    def amend_clip(self, entry: ClipEntry, frame_times_s: Sequence[float] | None = None) -> None:
        """Keep the caption that a clip got later, or that it went on."""
        self._writing().amend_clip(entry, frame_times_s)

    def add_words(self, entry: WordsEntry, vector: NDArray[np.float32]) -> None:
        """Keep words."""
        self._writing().add_words(entry, vector)

    def amend_words(self, row: int, answered: bool | None) -> None:
        """Keep whether words were answered."""
        self._writing().amend_words(row, answered)

    def add_sound(self, entry: SoundEntry) -> None:
        """Keep a sound."""
        self._writing().add_sound(entry)

    def amend_sound(self, entry: SoundEntry) -> None:
        """Keep the name that a sound got later."""
        self._writing().amend_sound(entry)

    def add_long_term(self, segment: int, clips: Sequence[int], rows: NDArray[np.float32]) -> None:
        """Keep H̄ of a full segment."""
        self._writing().add_long_term(segment, clips, rows)

    def read_clip(self, clip: int) -> Clip | None:
        """A whole clip."""
        with self._reading() as store:
            return None if store is None else store.read_clip(clip)

    def read_short_term(self, clip: int) -> NDArray[np.float16] | None:
        """S_k alone."""
        with self._reading() as store:
            return None if store is None else store.read_short_term(clip)

    def read_long_term(self, segment: int) -> tuple[tuple[int, ...], NDArray[np.float32]] | None:
        """H̄ of a segment."""
        with self._reading() as store:
            return None if store is None else store.read_long_term(segment)

    def match_words(
        self, words: Sequence[str], last_row: int, limit: int
    ) -> tuple[dict[str, tuple[int, ...]], dict[int, float]]:
        """Full-text search."""
        with self._reading() as store:
            return (dict.fromkeys(words, ()), {}) if store is None else store.match_words(words, last_row, limit)

    def forget(
        self, clips: Sequence[int], words: Sequence[int], sounds: Sequence[int], segments: Sequence[int]
    ) -> None:
        """Delete for good."""
        self._writing().forget(clips, words, sounds, segments)

    def let_go(self, clips: Sequence[ClipEntry]) -> None:
        """Delete pictures and S_k of clips."""
        self._writing().let_go(clips)

    def whole_clips(self, most: int) -> tuple[int, ...]:
        """The oldest clips that still have their pictures and S_k."""
        with self._reading() as store:
            return () if store is None else store.whole_clips(most)

    def used_bytes(self) -> int:
        """What the store takes on disk, less what is free in it."""
        with self._reading() as store:
            return 0 if store is None else store.used_bytes()

    def close(self) -> None:
        """Let go. What could not be written until now is lost."""
        with self._reading() as store:
            if store is not None:
                store.close()


def _has_room(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free >= LEAST_ROOM
    except OSError:
        return True  # nobody knows
