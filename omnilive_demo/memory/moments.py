"""What ranking reads: a prefix of the log, the open clip beside the closed ones; and how a moment becomes evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.question_intent import plain_words
from omnilive_demo.memory.records_log import ClipEntry, LogView
from omnilive_demo.records import Evidence, EvidenceKind, Heard, Spoken

AROUND_S = 1.0  # words and sounds this near to a clip belong to it
STILL_NOW_S = 10.0  # a closed clip is the present for this long when no new one is open


@dataclass(frozen=True, slots=True)
class Memories:
    """The memory that a question may see. `clips`, `globals` and `lengths` end with the open clip, if there is one."""

    view: LogView
    clips: Sequence[ClipEntry]
    clip_times: NDArray[np.float64]
    globals: NDArray[np.float32]
    lengths: NDArray[np.float32]
    has_open: bool
    now_caption: str
    now_s: float
    start_s: float
    question: str

    @property
    def now_clip(self) -> int | None:
        """The clip that shows the present."""
        if not self.clips:
            return None
        fresh = self.has_open or self.now_s - self.clips[-1].end_s <= STILL_NOW_S
        return len(self.clips) - 1 if fresh else None

    def cosines(self, question: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cosine of q (unit norm) with each g_k, `[n]`."""
        return ((self.globals @ question) / self._divisors).astype(np.float32, copy=False)

    def directions(self, among: Sequence[int]) -> NDArray[np.float32]:
        """g_k of these clips at unit norm, `[len(among), C]`."""
        rows = list(among)
        return (self.globals[rows] / self._divisors[rows, None]).astype(np.float32, copy=False)

    @property
    def _divisors(self) -> NDArray[np.float32]:
        return np.maximum(self.lengths, 1e-8).astype(np.float32, copy=False)

    def named(self, words: Sequence[str]) -> dict[int, float]:
        """Indices of the clips that have a label with one of the words, with its score."""
        found = self.view.named(words)
        if self.has_open:
            scores = [label.score for label in self.clips[-1].labels if set(words) & set(label.text.lower().split())]
            if scores:
                found[len(self.clips) - 1] = max(scores)
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
        """A moment with the words and sounds around it. `clip` is an index; without one the interval counts."""
        entry = self.clips[clip] if clip is not None else None
        start_s, end_s = (entry.start_s, entry.end_s) if entry else interval
        spoken = self._spoken_around(start_s, end_s)
        if not text and kind in ("time", "now"):
            text = " ".join(words.text for words in spoken)
        return Evidence(
            clip_id=entry.id if entry else None,
            start_s=start_s,
            end_s=end_s,
            score=round(float(np.clip(score, 0.0, 1.0)), 4),
            kind=kind,
            text=text,
            labels=entry.labels if entry else (),
            spoken=spoken,
            sounds=self._sounds_around(start_s, end_s),
        )

    def _spoken_around(self, start_s: float, end_s: float) -> tuple[Spoken, ...]:
        words = (self.view.words[i].spoken for i in _overlapping(self.view.word_times, start_s, end_s))
        return tuple(spoken for spoken in words if self.admits(spoken))

    def _sounds_around(self, start_s: float, end_s: float) -> tuple[Heard, ...]:
        return tuple(self.view.sounds[i].heard for i in _overlapping(self.view.sound_times, start_s, end_s))


def memories_of(
    view: LogView,
    open_clip: tuple[ClipEntry, NDArray[np.float32]] | None,
    now_caption: str,
    now_s: float,
    start_s: float,
    question: str,
) -> Memories:
    """A view and its open clip (with its g) side by side."""
    clips, times, globals_, lengths = list(view.clips), view.clip_times, view.globals, view.lengths
    if open_clip is not None:
        entry, global_ = open_clip
        clips.append(entry)
        times = np.concatenate([times, [[entry.start_s, entry.end_s]]])
        globals_ = np.concatenate([globals_, global_[None]]) if len(globals_) else global_[None]
        lengths = np.append(lengths, np.linalg.norm(global_)).astype(np.float32)
    elif clips and not now_caption:
        now_caption = clips[-1].caption
    has_open = open_clip is not None
    return Memories(view, clips, times, globals_, lengths, has_open, now_caption, now_s, start_s, question)


def _overlapping(times: NDArray[np.float64], start_s: float, end_s: float) -> list[int]:
    near = (times[:, 1] >= start_s - AROUND_S) & (times[:, 0] <= end_s + AROUND_S)
    return [int(i) for i in np.flatnonzero(near)]
