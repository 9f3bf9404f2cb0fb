"""The sound of one utterance while it comes in: kept whole, and where in it the last loud moment was."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
LONGEST_S = 30.0
"""An utterance is cut at 15 s; what comes behind this is not kept."""
_HOP = 480  # 30 ms
_QUIETER = 10.0 ** (-24.0 / 10.0)  # in power, than the loudest moment: what a pause is, in a quiet room
_FAINTEST = 10.0 ** (-58.0 / 10.0)
_PAUSE = round(0.09 * RATE_HZ)


class UtteranceSound:
    """Mono float32 at 16 kHz. Added to on the event loop, read from any thread."""

    def __init__(self) -> None:
        self._pieces: list[NDArray[np.float32]] = []
        self._loudest = 0.0
        self.samples = 0
        self.loud_until = 0  # samples up to the end of the last loud moment

    def add(self, samples: NDArray[np.float32]) -> None:
        """More sound, `[n]`."""
        samples = samples[: round(LONGEST_S * RATE_HZ) - self.samples]
        if not len(samples):
            return
        self._pieces.append(np.array(samples, np.float32))  # a copy: the caller may use its own again
        power = _powers(samples)
        self._loudest = max(self._loudest, float(power.max()))
        loud = np.flatnonzero(power > max(self._loudest * _QUIETER, _FAINTEST))
        if len(loud):
            self.loud_until = self.samples + min((int(loud[-1]) + 1) * _HOP, len(samples))
        self.samples += len(samples)

    def all(self) -> NDArray[np.float32]:
        """Everything so far, `[n]`."""
        pieces = list(self._pieces)
        return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)

    def clear(self) -> None:
        """It is not needed any more."""
        self._pieces.clear()

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.samples / RATE_HZ

    @property
    def audible(self) -> bool:
        """Whether there is anything in it at all."""
        return self._loudest > _FAINTEST

    @property
    def pauses(self) -> bool:
        """Whether its newest moment is quiet; over a noise that is as loud as the voice it never is."""
        return self.audible and self.samples - self.loud_until >= _PAUSE


def _powers(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean power of every 30 ms, the last ones shorter, `[ceil(n / 480)]`."""
    starts = np.arange(0, len(samples), _HOP)
    lengths = np.minimum(len(samples) - starts, _HOP)
    return np.asarray(np.add.reduceat(np.square(samples, dtype=np.float32), starts) / lengths, np.float32)
