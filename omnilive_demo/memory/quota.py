"""How much disk one session's memory may take, and what makes room when that is reached.

Pictures and S_k are nearly all of it. Of the 256 oldest clips that still have theirs, those that were recalled least
often (since the process began) let go of them first, the oldest first among equals, until all is within the limit
again. Words, captions, labels, times and g_k stay, so that such a clip is still found, and says what it knows. The
clips of the two newest segments are never touched.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from threading import Lock

from omnilive_demo.memory.journal import Journal
from omnilive_demo.memory.records_log import ClipEntry
from omnilive_demo.memory.store import MemoryStore, StoreError

_log = logging.getLogger(__name__)

OLDEST = 256
AT_ONCE = 32
UNTOUCHED = 128
MOST_COUNTED = 4096


class Quota:
    """`make_room` runs on the writer thread, `recalled` on any.

    Args:
        limit_bytes: None: as much as the disk has.
    """

    def __init__(self, store: MemoryStore, journal: Journal, limit_bytes: int | None) -> None:
        self.limit_bytes = limit_bytes
        self._store = store
        self._journal = journal
        self._counts: Counter[int] = Counter()
        self._lock = Lock()

    def recalled(self, clips: Iterable[int]) -> None:
        """These clips were evidence."""
        with self._lock:
            self._counts.update(clips)
            if len(self._counts) > MOST_COUNTED:
                self._counts = Counter(dict(self._counts.most_common(MOST_COUNTED // 2)))

    def make_room(self, newest: int, entry: Callable[[int], ClipEntry | None], bare_bytes: int) -> list[ClipEntry]:
        """Let clips go where the limit is passed; at most 32 at once, since more clips come one by one.

        Args:
            newest: number of the newest clip.
            entry: of a clip's number.
            bare_bytes: what a clip takes without pictures and S.

        Returns:
            The entries of those that were let go, as they are now.
        """
        if self.limit_bytes is None or self._journal.fault is not None:
            return []
        try:
            if self._store.used_bytes() <= self.limit_bytes:
                return []
            gone = [_bare(one, bare_bytes) for clip in self._choose(newest) if (one := entry(clip)) is not None]
        except StoreError as error:
            _log.warning("no room could be made: %s", error)
            return []
        if gone:
            self._journal.write(lambda: self._store.let_go(gone))
        return gone

    def _choose(self, newest: int) -> Sequence[int]:
        oldest = [clip for clip in self._store.whole_clips(OLDEST) if clip <= newest - UNTOUCHED]
        with self._lock:
            return sorted(oldest, key=lambda clip: (self._counts[clip], clip))[:AT_ONCE]


def _bare(entry: ClipEntry, bare_bytes: int) -> ClipEntry:
    return ClipEntry(
        entry.id, entry.start_s, entry.end_s, entry.frames, entry.labels, entry.caption, entry.tokens_seen, 1,
        bare_bytes,
    )  # fmt: skip
