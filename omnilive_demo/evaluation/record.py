"""A level meter of what a peer hears, kept: how loud each 10 ms of the answer was, to be asked about afterwards.

The `Ear` tells as it happens when an answer begins and ends; this keeps enough to find the gaps between sentences, a
held answer, and the last loud sample after an interruption. 100 levels a second: for scenes and not for soaks.
"""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.evaluation.speech import AUDIBLE, WINDOW_S

GAP_S = 0.05  # quiet this long parts two onsets; stops inside words are shorter


class Record:
    """A listener of a `Peer`."""

    def __init__(self) -> None:
        self._at_s = array("d")
        self._levels = array("f")

    def take(self, samples: NDArray[np.int16], rate_hz: int, arrived_s: float) -> None:
        """Note the levels of mono samples that begin to play at `arrived_s`."""
        window = round(rate_hz * WINDOW_S)
        whole = len(samples) // window * window
        levels = np.abs(samples[:whole].astype(np.float32)).reshape(-1, window).mean(axis=1) / 32768
        self._levels.extend(levels.tolist())
        self._at_s.extend((arrived_s + WINDOW_S * np.arange(len(levels))).tolist())

    def audible_s(self, from_s: float, to_s: float = float("inf")) -> NDArray[np.float64]:
        """When the audible 10 ms within a span began."""
        at_s, levels = np.array(self._at_s), np.array(self._levels)
        found: NDArray[np.float64] = at_s[(levels >= AUDIBLE) & (at_s >= from_s) & (at_s < to_s)]
        return found

    def last_audible_s(self, from_s: float, to_s: float = float("inf")) -> float | None:
        """When the last audible 10 ms within a span ended."""
        audible = self.audible_s(from_s, to_s)
        return float(audible[-1]) + WINDOW_S if audible.size else None

    def onsets_s(self, from_s: float, to_s: float = float("inf")) -> list[float]:
        """When sound began again within a span, each time after a gap of 50 ms or more."""
        audible = self.audible_s(from_s - GAP_S, to_s)
        before = np.concatenate([[-np.inf], audible[:-1]])
        return [float(t) for t in audible[audible - before >= GAP_S + WINDOW_S / 2] if t >= from_s]

    def falls_silent_s(self, from_s: float, at_least_s: float) -> float:
        """When the first silence of some length begins, from a moment on (that moment itself, if it is silent then)."""
        audible = self.audible_s(from_s)
        ends_s = np.concatenate([[from_s], audible + WINDOW_S])
        begins_s = np.concatenate([audible, [np.inf]])
        return float(ends_s[np.flatnonzero(begins_s - ends_s >= at_least_s)[0]])

    def longest_silence_s(self, from_s: float, to_s: float) -> float:
        """The longest time within a span for which nothing was audible."""
        audible = self.audible_s(from_s, to_s)
        if not audible.size:
            return to_s - from_s
        begins = np.concatenate([[from_s], audible + WINDOW_S])
        ends = np.concatenate([audible, [to_s]])
        return float(max(0.0, (ends - begins).max()))
