"""Long-term memory H̄: clips integrated in segments, so that a question's cost does not grow with the stream.

A segment is 64 consecutive clip numbers, so forgetting a clip never moves another one into a different segment. When
the first clip of the next segment arrives, the full one is integrated once, cached in float16 and kept in the store.
A question reads cached segments, except those that reach beyond its snapshot (and the growing one): these are
integrated anew from the S and g that it may see. It reads at most 512 rows: of the full 64s of clips the newest 224 and
an even selection of 224 older ones, and all that came after them. So what it reads begins the same until another 64
clips have come, and a compressor that knows the beginning reads only the rest.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.compressor import Array, Compressor
from omnilive_demo.memory.store import MemoryStore, StoreError
from omnilive_demo.models.memory_module.segments import MOST_ROWS, SEGMENT_CLIPS, rows_read

_log = logging.getLogger(__name__)

MOST_CLOSED_BYTES = 32_000_000
"""Of closed segments in RAM: with nano a thousand of them, eleven days. Older ones are read from the store again."""

_Segment = tuple[NDArray[np.int64], NDArray[np.float16]]  # the numbers of its clips, and a row for each


def segment_of(clip: int) -> int:
    """The segment that a clip number belongs to."""
    return clip // SEGMENT_CLIPS


class LongTerm:
    """H̄ by segment. `add`, `close_segment` and `rebuild` run on the writer thread; `read` on any."""

    def __init__(self, compressor: Compressor, store: MemoryStore) -> None:
        self._compressor = compressor
        self._store = store
        self._slots: OrderedDict[int, NDArray[np.float16]] = OrderedDict()  # S_k of the newest clips
        self._closed: OrderedDict[int, _Segment] = OrderedDict()  # the latest; all of them are in the store
        self._ready: tuple[tuple[tuple[int, bytes], Array], ...] = ()
        self._lock = Lock()

    def add(self, clip: int, short_term: Array) -> None:
        """Take S_k of a new clip; those of the last two segments stay in RAM. The compressor reads ahead."""
        self._slots[clip] = short_term.astype(np.float16)
        while len(self._slots) > 2 * SEGMENT_CLIPS:
            self._slots.popitem(last=False)
        growing = [slots for known, slots in self._slots.items() if segment_of(known) == segment_of(clip)]
        self._compressor.expect([slots.astype(np.float32) for slots in growing])

    def close_segment(self, clips: Sequence[int], globals_: Array) -> tuple[int, tuple[int, ...], Array]:
        """Integrate a full segment and cache it. Returns what is to be kept in the store."""
        memory = self._integrate(clips, globals_, None)
        segment = segment_of(clips[0])
        self._keep(segment, np.array(clips, np.int64), memory)
        return segment, tuple(clips), memory

    def forget(self, clips: Sequence[int]) -> set[int]:
        """Let go of clips. Returns the segments that must be integrated anew."""
        for clip in clips:
            self._slots.pop(clip, None)
        touched = {segment_of(clip) for clip in clips}
        with self._lock:
            self._ready = ()
            for segment in touched:
                self._closed.pop(segment, None)
        return touched

    def read(self, clips: NDArray[np.int64], globals_: NDArray, open_clip: tuple[Array, Array] | None) -> Array:
        """H̄ for a question.

        Args:
            clips: numbers of the closed clips that it may see, in order.
            globals_: their g_k, `[K, C]`.
            open_clip: S and g of the open clip, if there is one.

        Returns:
            `[rows, C]`, oldest first, at most 512 rows.
        """
        if not len(clips) and open_clip is None:
            return np.zeros((0, self._compressor.width), np.float32)
        n = len(clips)
        wanted = rows_read(n + (open_clip is not None))
        joins = n > 0 and int(clips[-1]) % SEGMENT_CLIPS != SEGMENT_CLIPS - 1  # the open clip, the last segment
        last = segment_of(int(clips[-1])) if joins else None
        closed = wanted[wanted < n]
        segments = clips[closed] // SEGMENT_CLIPS
        early = int(np.searchsorted(segments, segment_of(int(clips[-1])))) if n else 0
        rows = [self._early_rows(clips, globals_, closed[:early], segments[:early])] if early else []
        for segment in np.unique(segments[early:]).tolist():
            opened = open_clip if segment == last else None
            memory, first = self._segment_at(segment, clips, globals_, opened)
            at = wanted[(wanted >= first) & (wanted < first + len(memory))] - first
            rows.append(memory[at])
        if not joins and open_clip is not None:
            rows.append(self._compressor.integrate([open_clip[0]], [open_clip[1]]))
        return np.concatenate(rows)

    def _early_rows(
        self, clips: NDArray[np.int64], globals_: NDArray, wanted: NDArray[np.int64], segments: NDArray[np.int64]
    ) -> Array:
        """The rows of all segments but the newest. They stay the same for 64 clips, so the last are kept ready."""
        key = int(wanted[-1]), clips[wanted].tobytes()
        with self._lock:
            ready = next((rows for known, rows in self._ready if known == key), None)
        if ready is None:
            parts = []
            for segment in np.unique(segments).tolist():
                memory, first = self._segment_at(segment, clips, globals_, None)
                parts.append(memory[wanted[segments == segment] - first])
            ready = np.concatenate(parts)
            with self._lock:
                self._ready = ((key, ready), *self._ready[:1])
        return ready

    def _segment_at(
        self, segment: int, clips: NDArray[np.int64], globals_: NDArray, open_clip: tuple[Array, Array] | None
    ) -> tuple[Array, int]:
        """H̄ of a segment's visible clips (and the open one), and the position of its first clip."""
        first, end = np.searchsorted(clips, (segment * SEGMENT_CLIPS, (segment + 1) * SEGMENT_CLIPS))
        visible, globals_ = clips[first:end], globals_[first:end].astype(np.float32)
        if open_clip is None:
            with self._lock:
                kept = self._closed.get(segment)
            kept = kept or self._kept(segment)
            if kept is not None and np.array_equal(kept[0], visible):
                return kept[1].astype(np.float32), int(first)
        memory = self._integrate(visible.tolist(), globals_, open_clip)
        if open_clip is None and len(visible) and visible[-1] % SEGMENT_CLIPS == SEGMENT_CLIPS - 1:
            self._keep(segment, visible, memory)
        return memory, int(first)

    def _keep(self, segment: int, clips: NDArray[np.int64], memory: NDArray) -> _Segment:
        kept = clips, memory.astype(np.float16)
        with self._lock:
            self._closed[segment] = kept
            self._closed.move_to_end(segment)
            most = max(MOST_ROWS // SEGMENT_CLIPS, MOST_CLOSED_BYTES // max(1, kept[1].nbytes))
            while len(self._closed) > most:
                self._closed.popitem(last=False)
        return kept

    def _kept(self, segment: int) -> _Segment | None:
        try:
            kept = self._store.read_long_term(segment)
        except StoreError as error:
            _log.warning("long-term memory of segment %s is integrated anew: %s", segment, error)
            return None
        if kept is None or kept[1].shape[-1] != self._compressor.width:
            return None  # or another compressor made it
        return self._keep(segment, np.array(kept[0], np.int64), kept[1])

    def _integrate(self, clips: Sequence[int], globals_: Array, open_clip: tuple[Array, Array] | None) -> Array:
        slots = [self._slot_rows(clip, globals_[i]) for i, clip in enumerate(clips)]
        parts = list(globals_)
        if open_clip is not None:
            slots.append(open_clip[0])
            parts.append(open_clip[1])
        return self._compressor.integrate(slots, parts)

    def _slot_rows(self, clip: int, global_: Array) -> Array:
        """S_k; g_k stands in for it where it is lost, or where another compressor made it."""
        slots = self.short_term(clip)
        return global_[None] if slots is None else slots.astype(np.float32)

    def short_term(self, clip: int) -> NDArray[np.float16] | None:
        """S_k `[rows, C]` of a closed clip; None where it is lost, or where another compressor made it."""
        slots = self._slots.get(clip)
        if slots is None:
            try:
                slots = self._store.read_short_term(clip)
            except StoreError as error:
                _log.warning("short-term memory of clip %s cannot be read: %s", clip, error)
        if slots is None or not len(slots) or slots.shape[-1] != self._compressor.width:
            return None
        return slots
