"""Writes to the store that never lose anything: what it cannot take is held in RAM and tried again with the next write.

Writes go out in order, so the first that fails holds back the rest. What is held is bounded: of more than 512 unsaved
clips the oldest lose their pictures and S_k (their times, words and g_k stay in the log until the process ends).
"""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from omnilive_demo.memory.question_intent import plain_words
from omnilive_demo.memory.records_log import WordsEntry
from omnilive_demo.memory.store import MemoryStore, StoreError
from omnilive_demo.records import Clip

_log = logging.getLogger(__name__)

MOST_UNSAVED_CLIPS = 512


@dataclass(frozen=True, slots=True)
class _Write:
    run: Callable[[], None]
    clip: Clip | None = None
    words: WordsEntry | None = None
    segment: int | None = None
    sound: int | None = None
    stretch: int | None = None  # the number of a clip that goes on


class Journal:
    """The writer thread's way to the store. Reading what is unsaved is safe from any thread."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._waiting: deque[_Write] = deque()
        self._clips: OrderedDict[int, Clip] = OrderedDict()
        self._words: tuple[WordsEntry, ...] = ()
        self.fault: StoreError | None = None

    def write(
        self,
        run: Callable[[], None],
        clip: Clip | None = None,
        words: WordsEntry | None = None,
        segment: int | None = None,
        sound: int | None = None,
        stretch: int | None = None,
    ) -> None:
        """Run a write of the store, after those that wait. Never raises `StoreError`: see `fault`.

        What it is about (`clip`, `words`, the numbers of a segment, a sound, a clip) lets `forget` drop it while it
        waits.
        """
        self._waiting.append(_Write(run, clip, words, segment, sound, stretch))
        if clip is not None:
            self._clips[clip.id] = clip
        if words is not None:
            self._words = (*self._words, words)
        self.flush()
        while len(self._clips) > MOST_UNSAVED_CLIPS:
            dropped, _ = self._clips.popitem(last=False)
            self._waiting = deque(w for w in self._waiting if w.clip is None or w.clip.id != dropped)

    def flush(self) -> None:
        """Try what waits."""
        while self._waiting:
            write = self._waiting[0]
            try:
                write.run()
            except StoreError as error:
                if self.fault is None:
                    _log.warning("memory is not being saved (%s)", error.code)
                self.fault = error
                return
            self._waiting.popleft()
            if write.clip is not None:
                self._clips.pop(write.clip.id, None)
            if write.words is not None:
                saved = write.words.row
                self._words = tuple(words for words in self._words if words.row != saved)
        self.fault = None

    def unsaved_clip(self, clip: int) -> Clip | None:
        """A clip that is only in RAM."""
        return self._clips.get(clip)

    def forget(
        self, clips: set[int], words: set[int], sounds: set[int], segments: set[int], delete: Callable[[], None]
    ) -> None:
        """Let go of what is unsaved, and delete from the store: at once, since that may make room for what waits.

        A deletion that fails waits like a write: see `fault`.
        """
        self._waiting = deque(
            w
            for w in self._waiting
            if (w.clip is None or w.clip.id not in clips)
            and (w.words is None or w.words.row not in words)
            and w.sound not in sounds
            and w.stretch not in clips
            and w.segment not in segments
        )
        for clip in clips:
            self._clips.pop(clip, None)
        self._words = tuple(entry for entry in self._words if entry.row not in words)
        try:
            delete()
        except StoreError as error:
            _log.warning("forgetting waits for the store (%s)", error.code)
            self._waiting.appendleft(_Write(delete))
        self.flush()

    def match_words(
        self, words: Sequence[str], last_row: int, limit: int
    ) -> tuple[dict[str, tuple[int, ...]], dict[int, float]]:
        """The store's full-text search, and unsaved words looked through one by one."""
        unsaved = tuple(entry for entry in self._words if entry.row <= last_row)
        try:
            holding, ranks = self._store.match_words(words, last_row, limit)
        except StoreError as error:
            _log.warning("full-text search failed: %s", error)
            holding, ranks = dict.fromkeys(words, ()), {}
        for word in words if unsaved else ():
            stem = word[: max(4, len(word) - 3)]
            rows = [e.row for e in unsaved if any(w.startswith(stem) for w in plain_words(e.spoken.text).split())]
            holding[word] = (*reversed(rows), *holding[word])
        return holding, ranks
