"""What time of day it is in a stream, and where in it a time of some day lies: "昨晚" is of the clock on the wall.

A stream stands still while no process runs, so that hours before this sitting are found through the sittings: each
knows at what wall-clock time its part of the stream began.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.store import Sitting
from omnilive_demo.memory.time_of_day import IN_ENGLISH
from omnilive_demo.records import TimeSpan

DAY_S = 86_400.0
INSTANT_S = 0.001
LAST_S = 253_370_764_800.0  # of the year 9998: an imported memory may say anything
_DAYS = re.compile(r"(?:大前|前|昨|今)(?:天|日|儿|晚|早|夜)|^(?:刚才|刚刚)?(?:上午|下午|中午|早上|傍晚)")


def away_s(sittings: Sequence[Sitting]) -> float:
    """Wall-clock seconds between the end of the sitting before and the beginning of this one; 0 where there was none.

    The sitting before ended where this one begins in the stream (a file that ran faster than life makes it seem later).
    """
    if len(sittings) < 2:
        return 0.0
    before, this = sittings[-2], sittings[-1]
    return max(0.0, this.epoch_s - before.epoch_s - (this.start_s - before.start_s))


class Calendar:
    """Stream seconds and wall-clock time of one session.

    Args:
        sittings: all of them, in order; the last one is this one.
        offset_s: seconds by which the visitor's local time is ahead of UTC; None where nobody knows.
    """

    def __init__(self, sittings: Sequence[Sitting], offset_s: float | None) -> None:
        self._sittings = tuple(sittings)
        self._offset_s = offset_s

    def day_s(self, now_s: float) -> float | None:
        """Seconds since local midnight at a moment of this sitting; None where the local time is not known."""
        return None if self._offset_s is None else (self._wall(now_s) + self._offset_s) % DAY_S

    def placed(self, span: TimeSpan, now_s: float) -> TimeSpan:
        """A stretch that was reckoned back from `now_s`, where it lies in the stream. Only days are looked up: what was
        minutes ago is minutes of the stream ago.
        """
        if not (_DAYS.search(span.phrase) or IN_ENGLISH.search(span.phrase)):
            return span
        begin_s, end_s = (self._stream(self._wall(now_s) - (now_s - t_s)) for t_s in (span.start_s, span.end_s))
        if any(sitting.start_s == end_s for sitting in self._sittings[1:]):
            end_s -= INSTANT_S  # it ended while nobody was here, and the first moment of the next sitting is none of it
        return TimeSpan(min(begin_s, now_s), min(end_s, now_s), span.phrase)

    def gaps(self) -> tuple[tuple[float, float], ...]:
        """(stream time, seconds of the wall clock that passed there) between the sittings, for `Recall.ago_s`.

        Before an imported memory they are negative: it is older than what it stands behind.
        """
        pairs = zip(self._sittings, self._sittings[1:], strict=False)
        return tuple((b.start_s, b.epoch_s - a.epoch_s - (b.start_s - a.start_s)) for a, b in pairs)

    @property
    def knows_local(self) -> bool:
        """Whether the visitor's local time is known here."""
        return self._offset_s is not None

    def sittings_of(self, times_s: NDArray[np.float64]) -> NDArray[np.int64]:
        """Which sitting each of some moments lies in `[n]`; of the years before the first one, the first."""
        starts_s = np.array([sitting.start_s for sitting in self._sittings])
        return np.maximum(0, np.searchsorted(starts_s, times_s, side="right") - 1)

    def local(self, times_s: NDArray[np.float64], offset_s: float = 0.0) -> NDArray[np.float64]:
        """The local time of moments of the stream `[n]`, as seconds since 1970 began there.

        offset_s: seconds ahead of UTC, where the memory itself does not know.
        """
        starts_s = np.array([sitting.start_s for sitting in self._sittings])
        epochs_s = np.array([sitting.epoch_s for sitting in self._sittings])
        at = self.sittings_of(times_s)
        ahead_s = offset_s if self._offset_s is None else self._offset_s
        local: NDArray[np.float64] = np.clip(times_s - starts_s[at] + epochs_s[at] + ahead_s, 0.0, LAST_S)
        return local

    def _wall(self, t_s: float) -> float:
        return self._sittings[-1].epoch_s + t_s - self._sittings[-1].start_s

    def _stream(self, wall_s: float) -> float:
        """The moment of the stream at a wall-clock time; between two sittings it is the end of the earlier one's part
        at most, and before the first one so much before its beginning. An imported memory lies behind what was there,
        but its sittings may be older.
        """
        begun = [sitting for sitting in self._sittings if sitting.epoch_s <= wall_s]
        if not begun:
            first = min(self._sittings, key=lambda sitting: sitting.epoch_s)
            return first.start_s - (first.epoch_s - wall_s)
        newest = max(begun, key=lambda sitting: (sitting.epoch_s, sitting.start_s))
        behind = [sitting.start_s for sitting in self._sittings if sitting.start_s > newest.start_s]
        return min([newest.start_s + wall_s - newest.epoch_s, *sorted(behind)[:1]])
