"""Which frames are looked at: one in each period, the newest there is when the period begins."""

from __future__ import annotations

_EPSILON_S = 1e-6  # times are sums of frame durations


class FrameSampler:
    """Decides by the frames' own times, so it works live and for files that run faster than life.

    Args:
        period_s: one frame in so many seconds.
    """

    def __init__(self, period_s: float = 1.0) -> None:
        if period_s <= 0:
            raise ValueError("a period is longer than nothing")
        self._period_s = period_s
        self._taken: int | None = None  # the newest period that has its frame

    def wants(self, t_s: float) -> bool:
        """Whether a frame taken at `t_s` would be looked at."""
        return self._taken is None or self._period(t_s) > self._taken

    def take(self, t_s: float) -> bool:
        """Whether the frame taken at `t_s` is looked at; its period is then done."""
        if not self.wants(t_s):
            return False
        self._taken = self._period(t_s)
        return True

    def reset(self) -> None:
        """Another stream begins: its first frame is looked at whatever its time."""
        self._taken = None

    def _period(self, t_s: float) -> int:
        return int((t_s + _EPSILON_S) // self._period_s)
