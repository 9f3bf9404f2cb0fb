"""What ranking reads: a prefix of the log, the open clip beside the closed ones; and how a moment becomes evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.clip_index import units
from omnilive_demo.memory.growing import Prefix
from omnilive_demo.memory.name_index import words_of
from omnilive_demo.memory.question_intent import plain_words
from omnilive_demo.memory.records_log import ClipEntry, LogView
from omnilive_demo.records import Evidence, EvidenceKind, Heard, Spoken

AROUND_S = 1.0  # words and sounds this near to a clip belong to it
MOST_AROUND = 64  # words, or sounds, that come along with a moment: the newest
LONG_S = 60.0  # a clip longer than this went on while nothing changed
STILL_NOW_S = 10.0  # a closed clip is the present for this long when no new one is open


@dataclass(frozen=True, slots=True)
class Memories:
    """The memory that a question may see. `clips`, `clip_times` and `lengths` end with the open clip, if there is one.

    open_global: g of the open clip; those of the closed ones are in the view.
    """

    view: LogView
    clips: Prefix[ClipEntry]
    clip_times: NDArray[np.float64]
    lengths: NDArray[np.float32]
    open_global: NDArray[np.float32] | None
    now_caption: str
    now_s: float
    start_s: float
    question: str

    @property
    def now_clip(self) -> int | None:
        """The clip that shows the present."""
        if not self.clips:
            return None
        fresh = self.open_global is not None or self.now_s - self.clips[-1].end_s <= STILL_NOW_S
        return len(self.clips) - 1 if fresh else None

    def cosines(self, question: NDArray[np.float32], also: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """Cosine of q (unit norm) with each g_k, `[n]`; -1 for clips that `ClipIndex` leaves out.

        also: indices of clips that are not left out.
        """
        also = np.zeros(0, np.int64) if also is None else also
        closed = self.view.index.cosines(question, self.view.globals, also[also < len(self.view.clips)])
        if self.open_global is None:
            return closed
        return np.append(closed, units(self.open_global[None]) @ question).astype(np.float32)

    def directions(self, among: Sequence[int]) -> NDArray[np.float32]:
        """g_k of these clips at unit norm, `[len(among), C]`."""
        rows = np.asarray(among, np.int64)
        closed = units(self.view.globals[rows[rows < len(self.view.clips)]])
        if self.open_global is None or not len(rows) or rows[-1] < len(self.view.clips):
            return closed
        return np.concatenate([closed.reshape(-1, len(self.open_global)), units(self.open_global[None])])

    def named(self, words: Sequence[str]) -> NDArray[np.float32]:
        """For each clip the best score of its labels that are, or hold, one of the words; 0 without one."""
        found = self.view.named(words)
        if self.open_global is None:
            return found
        scores = [label.score for label in self.clips[-1].labels if set(words) & set(words_of(label))]
        return np.append(found, np.float32(max(scores, default=0.0)))

    def nearness(self, names: Mapping[str, float]) -> NDArray[np.float32]:
        """For each clip how near the nearest of its labels is, of names with how near they are; 0 without one."""
        found = np.zeros(len(self.clips), np.float32)
        for name, near in names.items():
            if near <= 0:
                continue
            at, _ = self.view.names.positions(name, len(self.view.clips))
            found[at] = np.maximum(found[at], np.float32(near))
            if self.open_global is not None and any(name in words_of(label) for label in self.clips[-1].labels):
                found[-1] = max(found[-1], np.float32(near))
        return found

    def clip_at(self, start_s: float, end_s: float) -> int | None:
        """The clip that overlaps an interval most."""
        if not self.clips:
            return None
        after = int(np.searchsorted(self.clip_times[:, 0], end_s + AROUND_S, side="right"))
        nearby = np.arange(max(0, after - 8), after)
        overlap = np.minimum(self.clip_times[nearby, 1], end_s) - np.maximum(self.clip_times[nearby, 0], start_s)
        if not len(nearby) or overlap.max() < -AROUND_S:
            return None
        return int(nearby[np.argmax(overlap)])

    def admits(self, spoken: Spoken) -> bool:
        """Whether words may be evidence: said before the question, and not the question itself."""
        return spoken.end_s <= self.now_s and plain_words(spoken.text) != plain_words(self.question)

    def evidence(
        self, clip: int | None, interval: tuple[float, float], score: float, kind: EvidenceKind, text: str
    ) -> Evidence:
        """A moment with the words and sounds around it. `clip` is an index; the interval says which part of it, or of
        the stream where there is no clip, was meant.
        """
        entry = self.clips[clip] if clip is not None else None
        spoken = self._spoken_around(*interval)
        if not text and kind in ("time", "now"):
            text = " ".join(words.text for words in spoken)
        return Evidence(
            clip_id=entry.id if entry else None,
            start_s=interval[0],
            end_s=interval[1],
            score=round(float(np.clip(score, 0.0, 1.0)), 4),
            kind=kind,
            text=text,
            labels=entry.labels if entry else (),
            spoken=spoken,
            sounds=self._sounds_around(*interval),
        )

    def whole(self, clip: int, score: float, kind: EvidenceKind, text: str) -> Evidence:
        """A clip, all of it, as evidence."""
        entry = self.clips[clip]
        return self.evidence(clip, (entry.start_s, entry.end_s), score, kind, text)

    def _spoken_around(self, start_s: float, end_s: float) -> tuple[Spoken, ...]:
        near = _overlapping(self.view.word_times, start_s, end_s)[-MOST_AROUND:]
        return tuple(spoken for i in near if self.admits(spoken := self.view.words[i].spoken))

    def _sounds_around(self, start_s: float, end_s: float) -> tuple[Heard, ...]:
        return tuple(
            self.view.sounds[i].heard for i in _overlapping(self.view.sound_times, start_s, end_s)[-MOST_AROUND:]
        )


def memories_of(
    view: LogView,
    open_clip: tuple[ClipEntry, NDArray[np.float32]] | None,
    now_caption: str,
    now_s: float,
    start_s: float,
    question: str,
) -> Memories:
    """A view and its open clip (with its g) side by side."""
    clips, times, lengths = view.clips, view.clip_times, view.lengths
    if open_clip is not None:
        entry, global_ = open_clip
        clips = clips.with_last(entry)
        times = np.concatenate([times, [[entry.start_s, entry.end_s]]])
        lengths = np.append(lengths, np.linalg.norm(global_)).astype(np.float32)
    elif clips and not now_caption:
        now_caption = clips[-1].caption
    opened = None if open_clip is None else open_clip[1]
    return Memories(view, clips, times, lengths, opened, now_caption, now_s, start_s, question)


def _overlapping(times: NDArray[np.float64], start_s: float, end_s: float) -> list[int]:
    near = (times[:, 1] >= start_s - AROUND_S) & (times[:, 0] <= end_s + AROUND_S)
    return [int(i) for i in np.flatnonzero(near)]
