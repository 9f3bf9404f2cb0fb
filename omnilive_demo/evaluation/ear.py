"""What a visitor hears: when the answer's sound becomes audible, and when it falls silent.

Sound is looked at in blocks of 10 ms; a block is audible when its mean amplitude is above -40 dBFS. Blocks closer
than a breath belong to one stretch, so an answer of several sentences is one stretch or a few.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.evaluation.speech import AUDIBLE, WINDOW_S

BREATH_S = 0.35


@dataclass(slots=True)
class Stretch:
    """A stretch of audible sound, in seconds of the machine's monotonic clock."""

    first_s: float
    last_s: float


class Ear:
    """Collects audible stretches from decoded frames as they arrive."""

    def __init__(self) -> None:
        self.stretches: list[Stretch] = []
        self.frames = 0
        self._changed = asyncio.Event()

    def take(self, samples: NDArray[np.int16], rate_hz: int, arrived_s: float) -> None:
        """Look at mono samples that begin to play at `arrived_s`."""
        self.frames += 1
        window = round(rate_hz * WINDOW_S)
        whole = len(samples) // window * window
        levels = np.abs(samples[:whole].astype(np.float32)).reshape(-1, window).mean(axis=1) / 32768
        for block in np.flatnonzero(levels >= AUDIBLE):
            self._heard(arrived_s + float(block) * WINDOW_S)

    def first_after(self, t_s: float, before_s: float = float("inf")) -> float | None:
        """When the first stretch that begins after `t_s` (and before `before_s`) begins."""
        return next((s.first_s for s in self.stretches if t_s <= s.first_s < before_s), None)

    def last_between(self, from_s: float, to_s: float = float("inf")) -> float | None:
        """When the last sound of the stretches that begin in a span was heard."""
        found = [s.last_s for s in self.stretches if from_s <= s.first_s < to_s]
        return found[-1] if found else None

    def last_sound_s(self) -> float | None:
        """When anything was last audible."""
        return self.stretches[-1].last_s if self.stretches else None

    async def sound_after(self, t_s: float, timeout_s: float) -> float:
        """Wait for audible sound that begins after `t_s`; its time.

        Raises:
            TimeoutError: there was none in time.
        """
        async with asyncio.timeout(timeout_s):
            while (heard_s := self.first_after(t_s)) is None:
                self._changed.clear()
                await self._changed.wait()
            return heard_s

    def _heard(self, t_s: float) -> None:
        last = self.stretches[-1] if self.stretches else None
        if last is not None and t_s - last.last_s <= BREATH_S:
            last.last_s = t_s + WINDOW_S
        else:
            self.stretches.append(Stretch(t_s, t_s + WINDOW_S))
            self._changed.set()
