"""What becomes of a clip that closed: compressed, and kept as a new one or as more of the one before."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.clip_builder import ClipRule
from omnilive_demo.memory.clip_maker import make_clip
from omnilive_demo.memory.clip_shelf import ClipShelf, entry_of
from omnilive_demo.memory.compressor import Compressor
from omnilive_demo.memory.journal import Journal
from omnilive_demo.memory.long_term import LongTerm, segment_of
from omnilive_demo.memory.merging import Newest, goes_on, looks_of, stretched
from omnilive_demo.memory.quota import Quota
from omnilive_demo.memory.records_log import RecordsLog
from omnilive_demo.memory.store import MemoryStore
from omnilive_demo.models.memory_module.segments import SEGMENT_CLIPS
from omnilive_demo.records import Clip, SeenFrame


class ClipKeeper:
    """Runs on the writer thread. The same work for each clip, however many there are.

    Args:
        names: of things, see `clip_labels`.
        same: how alike two clips are that are one, see `PictureScale.same`.
    """

    def __init__(
        self,
        store: MemoryStore,
        journal: Journal,
        log: RecordsLog,
        shelf: ClipShelf,
        long_term: LongTerm,
        compressor: Compressor,
        quota: Quota,
        rule: ClipRule,
        names: Container[str],
        same: float,
    ) -> None:
        self._store = store
        self._journal = journal
        self._log = log
        self._shelf = shelf
        self._long_term = long_term
        self._compressor = compressor
        self._quota = quota
        self._rule = rule
        self._names = names
        self._same = same
        self._newest: Newest | None = None  # of this sitting
        self.next_clip = 1

    def keep(self, frames: Sequence[SeenFrame], jpegs: Sequence[bytes]) -> Clip:
        """Remember the frames of a closed clip, with their pictures. Returns the clip that they are in now."""
        clip = make_clip(self.next_clip, frames, jpegs, self._compressor, self._names)
        newest = self._newest
        if newest is not None and goes_on(newest, clip, frames, self._log, self._same, self._rule, self._names):
            return self._stretch(newest, clip)
        self._remember(clip, clip.global_, clip.short_term)
        self._newest = Newest(clip, clip.global_, looks_of(frames))
        self._make_room()
        return clip

    def adopt(self, clip: Clip, comparable: bool) -> Clip:
        """Remember a clip of another memory under the next number. comparable: its S and g are of our space."""
        clip = replace(clip, id=self.next_clip)
        width = self._compressor.width
        global_ = clip.global_ if comparable else np.zeros(width, np.float16)
        self._remember(clip, global_, clip.short_term if comparable else np.zeros((0, width), np.float16))
        self._newest = None
        self._make_room()
        return clip

    def _remember(self, clip: Clip, global_: NDArray[np.floating], short_term: NDArray[np.floating]) -> None:
        """global_, short_term: what can be compared and integrated of it."""
        entry = entry_of(clip)
        self.next_clip += 1
        if len(short_term):
            self._long_term.add(clip.id, short_term.astype(np.float32))
        self._close_segment(clip.id)
        self._log.add_clip(entry, global_)
        self._shelf.put(clip)
        self._journal.write(lambda: self._store.add_clip(entry, clip), clip=clip)

    def _stretch(self, newest: Newest, clip: Clip) -> Clip:
        known = self._log.clip_of(newest.clip.id)
        whole = stretched(newest.clip, clip)
        whole = replace(whole, caption=known.caption if known is not None else whole.caption)
        entry = entry_of(whole)
        self._log.stretch_clip(entry)
        self._shelf.put(whole)
        self._journal.write(lambda: self._store.amend_clip(entry, whole.frame_times_s), stretch=entry.id)
        self._newest = Newest(whole, clip.global_, newest.looks)
        return whole

    def _make_room(self) -> None:
        bare_bytes = 2 * self._compressor.width
        for entry in self._quota.make_room(self.next_clip - 1, self._log.clip_of, bare_bytes):
            self._log.lighten_clip(entry)
            self._shelf.forget([entry.id])

    def _close_segment(self, new_clip: int) -> None:
        """Integrate the last segment once its first clip of the next one is there."""
        newest = self._log.newest_clip
        if newest is not None and segment_of(newest.id) != segment_of(new_clip):
            self.integrate_segment(segment_of(newest.id))

    def integrate_segment(self, segment: int) -> None:
        """Integrate a full segment anew."""
        view = self._log.view()
        numbers = view.clip_numbers
        first, end = np.searchsorted(numbers, (segment * SEGMENT_CLIPS, (segment + 1) * SEGMENT_CLIPS))
        own = first + np.flatnonzero(view.lengths[first:end] > 0)
        if len(own):
            kept = self._long_term.close_segment(numbers[own].tolist(), view.globals[own].astype(np.float32))
            self._journal.write(lambda: self._store.add_long_term(*kept), segment=kept[0])

    def forget(self, clips: Sequence[int]) -> None:
        """A clip that was forgotten does not go on."""
        if self._newest is not None and self._newest.clip.id in clips:
            self._newest = None

    def rebuild(self, segments: set[int]) -> None:
        """Integrate full segments anew."""
        for segment in sorted(segments - {segment_of(self.next_clip)}):
            self.integrate_segment(segment)
