"""When there are sounds that are not speech, by loudness alone: what stands clearly above the room's noise floor.

The floor falls fast and rises slowly, and is held while somebody speaks. A sound that does not end is told of once and
then becomes the floor, so a fan or music does not fire for ever. What turns out to be speech is never told.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.models.sound_words import UNNAMED
from omnilive_demo.records import Heard, Origin

HOP_SAMPLES = 256  # 16 ms: a knock fills a few of them
SILENCE_DB = -90.0


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """When a level is a sound.

    start_margin_db, stay_margin_db: above the floor, to begin and to go on. faintest_db: never below this (dBFS).
    quiet_s: quiet that ends a sound, long enough that three knocks or a walk are one. apart_s: quiet after which speech
    that follows is not taken for its end. shortest_s, longest_s: of a sound. rise_db_per_s, fall_db_per_s: of the
    floor.
    """

    start_margin_db: float = 15.0
    stay_margin_db: float = 7.0
    faintest_db: float = -48.0
    quiet_s: float = 0.7
    apart_s: float = 0.2
    shortest_s: float = 0.03
    longest_s: float = 4.0
    rise_db_per_s: float = 3.0
    fall_db_per_s: float = 60.0
    lowest_floor_db: float = -65.0


def level_db(samples: NDArray[np.float32]) -> float:
    """Loudness of float samples in dB below full scale, at least SILENCE_DB."""
    if len(samples) == 0:
        return SILENCE_DB
    power = float(np.dot(samples, samples)) / len(samples)
    return max(SILENCE_DB, 10.0 * float(np.log10(power + 1e-12)))


class LoudnessEvents:
    """Finds the sounds of one stream."""

    def __init__(self, origin: Origin, sensitivity: Sensitivity | None = None) -> None:
        self.floor_db: float | None = None  # None until something was heard
        self._origin = origin
        self._to = sensitivity or Sensitivity()
        self._start_s: float | None = None
        self._end_s = 0.0
        self._now_s = 0.0
        self._peak_db = SILENCE_DB
        self._loud_s = 0.0
        self._levels: deque[float] = deque(maxlen=128)  # of the sound under way

    def step(self, level: float, start_s: float, length_s: float, maybe_speech: bool = False) -> Heard | None:
        """Take the level (dBFS) of the next stretch; returns a sound that is over.

        Args:
            maybe_speech: it is not yet known whether this is speech: nothing is told until it is.
        """
        end_s = start_s + length_s
        if self.floor_db is None:
            self.floor_db = max(level, self._to.lowest_floor_db)
        if self._start_s is None:
            if level < max(self.floor_db + self._to.start_margin_db, self._to.faintest_db):
                self._follow(level, length_s)
                return None
            self._start_s, self._peak_db, self._loud_s = start_s, level, 0.0
            self._levels.clear()
        heard = None
        if level >= self.floor_db + self._to.stay_margin_db:
            if maybe_speech and self._loud_s and start_s - self._end_s >= self._to.apart_s:
                heard = self._over()
                self._start_s, self._peak_db, self._loud_s = start_s, level, 0.0
                self._levels.clear()
            self._end_s = end_s
            self._loud_s += length_s
            self._peak_db = max(self._peak_db, level)
            self._levels.append(level)
        self._now_s = end_s
        if maybe_speech:
            return heard
        if end_s - self._end_s >= self._to.quiet_s:
            return self._over()
        return self._too_long() if end_s - self._start_s >= self._to.longest_s else None

    def speech(self) -> Heard | None:
        """Somebody speaks: a sound was the beginning of it, unless there was quiet between: then it is told."""
        if self._start_s is not None and self._now_s - self._end_s >= self._to.apart_s:
            return self._over()
        self._start_s = None
        return None

    def _follow(self, level: float, length_s: float) -> None:
        assert self.floor_db is not None
        if level < self.floor_db:
            self.floor_db = max(level, self.floor_db - self._to.fall_db_per_s * length_s, self._to.lowest_floor_db)
        else:
            self.floor_db = min(level, self.floor_db + self._to.rise_db_per_s * length_s)

    def _too_long(self) -> Heard | None:
        heard = self._over()
        self.floor_db = float(np.median(self._levels))
        return heard

    def _over(self) -> Heard | None:
        start_s, self._start_s = self._start_s, None
        if start_s is None or self._loud_s < self._to.shortest_s - 1e-6:
            return None
        assert self.floor_db is not None
        margin_db = self._peak_db - self.floor_db
        score = min(1.0, max(0.1, (margin_db - self._to.stay_margin_db) / 30.0))
        return Heard(start_s, self._end_s, UNNAMED, score, self._origin)
