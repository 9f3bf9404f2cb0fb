"""What a stretch of the stream comes to: "what happened today?", summed up from labels, sounds and words.

Only what is remembered is counted. A thing that adjoining clips show counts once; a clip counts when it touches the
stretch, which reaches as far as it was named. The evidence is the newest moment of each of the things, words and sounds
that are likeliest to be told.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.following import ADJOINS_S
from omnilive_demo.memory.moments import Memories
from omnilive_demo.memory.question_intent import is_question
from omnilive_demo.records import Digest, Evidence, Heard, Met, Spoken, TimeSpan

SHORTEST_S = 600.0  # of a shorter stretch the moments themselves are told
SURE = 0.5  # score from which on a label is counted
MOST_MET, MOST_WORDS = 8, 3
SHOWN_THINGS, SHOWN_WORDS, SHOWN_SOUNDS = 3, 2, 1
SCORE = 0.9


def digest(memories: Memories, span: TimeSpan, names: Container[str] | None) -> tuple[Digest, tuple[Evidence, ...]]:
    """The sum of a stretch, and the moments that show it.

    Args:
        names: of things; of pictures whose labels are none of these, only how long there were any is told.
    """
    m, view = memories, memories.view
    known = _Known(names)
    clips = [m.clips[i] for i in _inside(m.clip_times, span)]
    heard = [view.sounds[i].heard for i in _inside(view.sound_times, span)]
    words = [one for i in _inside(view.word_times, span) if _is_statement(m, one := view.words[i].spoken)]
    shown = (
        (label.text, clip.start_s, clip.end_s)
        for clip in clips
        for label in clip.labels
        if label.score >= SURE and known[label.text]
    )
    things, sounds = _met(shown), _met((one.label, one.start_s, one.end_s) for one in heard)
    extents = [(one.start_s, one.end_s) for one in clips]
    extents += [(one.start_s, one.end_s) for one in heard] + [(one.start_s, one.end_s) for one in words]
    found = Digest(
        things[:MOST_MET],
        sounds[:MOST_MET],
        tuple(words[-MOST_WORDS:]),
        len(words),
        max(span.start_s, min((start for start, _ in extents), default=span.start_s)),
        min(span.end_s, max((end for _, end in extents), default=span.start_s)),
        sum(min(clip.end_s, span.end_s) - max(clip.start_s, span.start_s) for clip in clips),
    )
    return found, _evidence(m, found, heard)


def _evidence(m: Memories, found: Digest, heard: list[Heard]) -> tuple[Evidence, ...]:
    evidence: list[Evidence] = []
    for thing in found.things[:SHOWN_THINGS]:
        at = m.clip_at(thing.last_s, thing.last_s)
        if at is not None and all(one.clip_id != m.clips[at].id for one in evidence):
            evidence.append(m.whole(at, SCORE, "time", m.clips[at].caption))
    for spoken in found.words[-SHOWN_WORDS:]:
        interval = (spoken.start_s, spoken.end_s)
        evidence.append(m.evidence(m.clip_at(*interval), interval, SCORE, "speech", spoken.text))
    for sound in found.sounds[:SHOWN_SOUNDS]:
        one = next(one for one in reversed(heard) if one.label == sound.name)
        interval = (one.start_s, one.end_s)
        evidence.append(m.evidence(m.clip_at(*interval), interval, SCORE, "sound", one.label))
    return tuple(evidence)


def _met(named: Iterable[tuple[str, float, float]]) -> tuple[Met, ...]:
    """Names with their intervals, in order of time: how often each was met, the most frequent first."""
    found: dict[str, list[float]] = {}  # times, first_s, last_s: a day has tens of thousands of labels
    for name, start_s, end_s in named:
        known = found.get(name)
        if known is None:
            found[name] = [1, start_s, end_s]
            continue
        if start_s - known[2] > ADJOINS_S:
            known[0] += 1
        if end_s > known[2]:
            known[2] = end_s
    met = (Met(name, int(times), first_s, last_s) for name, (times, first_s, last_s) in found.items())
    return tuple(sorted(met, key=lambda one: (-one.times, -one.last_s)))


class _Known(dict[str, bool]):
    """Whether a label is the name of a thing; each is looked up once."""

    def __init__(self, names: Container[str] | None) -> None:
        super().__init__()
        self._names = names

    def __missing__(self, text: str) -> bool:
        self[text] = found = self._names is not None and text in self._names
        return found


def _is_statement(m: Memories, spoken: Spoken) -> bool:
    return m.admits(spoken) and spoken.answered is not True and not is_question(spoken.text)


def _inside(times: NDArray[np.float64], span: TimeSpan) -> list[int]:
    return [int(i) for i in np.flatnonzero((times[:, 1] >= span.start_s) & (times[:, 0] <= span.end_s))]
