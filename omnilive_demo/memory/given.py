"""What was told already, so that "the other one?" finds something else; and where in the stream it lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.question_intent import plain_words
from omnilive_demo.records import Evidence

Interval = tuple[float, float]
BETWEEN_S = 0.5  # pictures come once a second: what a whole clip less than this overlaps is another clip


@dataclass(frozen=True, slots=True)
class Given:
    """Stretches of the stream that are left out of a ranking, by what was told of them."""

    clips: tuple[Interval, ...] = ()
    words: tuple[Interval, ...] = field(default=())
    sounds: tuple[Interval, ...] = field(default=())


def left(times: NDArray[np.float64], given: Sequence[Interval]) -> NDArray[np.float64]:
    """Which of some intervals `[n, 2+]` lie outside of all that was given: 1, or 0 for the others."""
    outside = np.ones(len(times))
    for start_s, end_s in given:
        outside[(times[:, 1] >= start_s) & (times[:, 0] <= end_s)] = 0.0
    return outside


def place_of(evidence: Evidence) -> Interval:
    """Where the told part of a moment lies: the words or the sound that it was recalled for, else all of it."""
    if evidence.kind == "speech":
        wanted = plain_words(evidence.text)
        spoken = [one for one in evidence.spoken if plain_words(one.text) == wanted]
        if spoken:
            return spoken[-1].start_s, spoken[-1].end_s
    if evidence.kind == "sound":
        heard = [one for one in evidence.sounds if one.label == evidence.text]
        if heard:
            return heard[0].start_s, heard[-1].end_s
    return evidence.start_s, evidence.end_s
