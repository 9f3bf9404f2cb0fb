"""Whole clips (pictures and S_k included) by number: from a small cache, from what is unsaved, or from the store."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import overload

import numpy as np

from omnilive_demo.memory.journal import Journal
from omnilive_demo.memory.records_log import ClipEntry
from omnilive_demo.memory.store import MemoryStore, StoreError
from omnilive_demo.records import Clip

_log = logging.getLogger(__name__)

CACHED_BYTES = 16_000_000  # of pictures and S_k; with nano some 200 clips, with the released module 30


class ClipShelf:
    """Loads clips; safe from any thread."""

    def __init__(self, store: MemoryStore, journal: Journal, width: int) -> None:
        self._store = store
        self._journal = journal
        self._width = width
        self._cache: OrderedDict[int, Clip] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def put(self, clip: Clip) -> None:
        """Keep a clip at hand."""
        with self._lock:
            self._drop(clip.id)
            self._cache[clip.id] = clip
            self._bytes += _size(clip)
            while self._bytes > CACHED_BYTES and len(self._cache) > 1:
                self._drop(next(iter(self._cache)))

    def load(self, entry: ClipEntry) -> Clip:
        """A whole clip. Of one that cannot be read, what the log knows.

        Raises:
            StoreError: the store is closed: that says nothing about the clip, and whoever reads on would miss it.
        """
        with self._lock:
            cached = self._cache.get(entry.id)
            if cached is not None:
                self._cache.move_to_end(entry.id)
                return cached
        clip = self._journal.unsaved_clip(entry.id)
        try:
            clip = clip or self._store.read_clip(entry.id)
        except StoreError as error:
            if error.code == "store_closed":
                raise
            _log.warning("clip %s cannot be read: %s", entry.id, error)
        return bare_clip(entry, self._width) if clip is None else clip

    def forget(self, clips: Iterable[int]) -> None:
        """Let go of clips."""
        with self._lock:
            for clip in clips:
                self._drop(clip)

    def _drop(self, clip: int) -> None:
        dropped = self._cache.pop(clip, None)
        if dropped is not None:
            self._bytes -= _size(dropped)


class ShelvedClips(Sequence[Clip]):
    """Clips by position, loaded only when looked at."""

    def __init__(self, shelf: ClipShelf, entries: Sequence[ClipEntry]) -> None:
        self._shelf = shelf
        self._entries = entries

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Clip]: ...
    def __getitem__(self, index: int | slice) -> Clip | Sequence[Clip]:
        if isinstance(index, slice):
            return ShelvedClips(self._shelf, self._entries[index])
        return self._shelf.load(self._entries[index])


def entry_of(clip: Clip) -> ClipEntry:
    """What the log holds of a clip."""
    return ClipEntry(
        clip.id, clip.start_s, clip.end_s, len(clip.frame_times_s), clip.labels, clip.caption, clip.tokens_seen,
        clip.tokens_kept, _size(clip),
    )  # fmt: skip


def _size(clip: Clip) -> int:
    return sum(len(frame.jpeg) for frame in clip.key_frames) + clip.short_term.nbytes + clip.global_.nbytes


def bare_clip(entry: ClipEntry, width: int) -> Clip:
    """A clip of which only the log's entry is left."""
    nothing = np.zeros((0, width), np.float16)
    return Clip(
        entry.id, entry.start_s, entry.end_s, (), (), nothing, np.zeros(width, np.float16), entry.labels, entry.caption,
        entry.tokens_seen, entry.tokens_kept,
    )  # fmt: skip
