"""The session's one clock: seconds of stream time, monotonic, never stalling.

Stream time starts at 0 when the session starts. It normally follows the machine's monotonic clock; while a file is
played faster than life, the file drives it (`drive`) and it runs at the file's time stamps. Tests inject `ManualTime`
as the source, so that a scripted hour takes milliseconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """What rooms may ask of time."""

    def now_s(self) -> float:
        """Seconds since the stream began. Never goes back."""
        ...


class SessionClock:
    """Stream time of one session.

    Args:
        monotonic: seconds of a clock that never goes back; only differences matter.
        start_s: stream time to continue from (a session that is resumed from its store).
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, start_s: float = 0.0) -> None:
        self._monotonic = monotonic
        self._origin_s = monotonic() - start_s
        self._floor_s = start_s
        self._driven = False

    def now_s(self) -> float:
        """Seconds since the stream began. Never goes back."""
        if not self._driven:
            self._floor_s = max(self._floor_s, self._monotonic() - self._origin_s)
        return self._floor_s

    def life_s(self) -> float:
        """Seconds of the machine's monotonic clock, for what keeps the pace of life while a file drives stream time."""
        return self._monotonic()

    def skip_to(self, t_s: float) -> None:
        """Go on from a later stream time (a memory that continues after a restart); an earlier one is ignored."""
        if t_s > self.now_s():
            self._floor_s = t_s
            self._origin_s = self._monotonic() - t_s

    def drive(self) -> None:
        """Hand the clock to a file source: from now on only `advance_to` moves it."""
        self.now_s()
        self._driven = True

    def advance_to(self, t_s: float) -> None:
        """Move a driven clock forward; an earlier time is ignored.

        Raises:
            RuntimeError: the clock is not driven.
        """
        if not self._driven:
            raise RuntimeError("only a driven clock is advanced; call drive() first")
        self._floor_s = max(self._floor_s, t_s)

    def release(self) -> None:
        """Follow the machine's clock again, from where the file left off."""
        if self._driven:
            self._driven = False
            self._origin_s = self._monotonic() - self._floor_s

    @property
    def driven(self) -> bool:
        """Whether a file source moves the clock now."""
        return self._driven

    async def sleep_until(self, t_s: float) -> None:
        """Wait until stream time reaches `t_s` (real time only: a driven clock never waits)."""
        while not self._driven and (left_s := t_s - self.now_s()) > 0:
            await asyncio.sleep(min(left_s, 0.25))


class MediaTimeline:
    """Maps a medium's own time stamps onto stream time.

    A live medium is anchored at the arrival of its first packet and then trusted (its time stamps jitter less than its
    arrivals), until it drifts away from the arrivals by more than `max_drift_s`: a gap, a muted track, a clock that
    runs wrong. Then it is anchored again, forwards only.
    """

    def __init__(self, max_drift_s: float = 0.25) -> None:
        self._max_drift_s = max_drift_s
        self._offset_s: float | None = None
        self._last_s = 0.0

    def to_stream(self, media_s: float, arrival_s: float) -> float:
        """Stream time of a packet stamped `media_s` that arrived at stream time `arrival_s`."""
        if self._offset_s is None or abs(media_s + self._offset_s - arrival_s) > self._max_drift_s:
            self._offset_s = arrival_s - media_s
        self._last_s = max(self._last_s, media_s + self._offset_s)
        return self._last_s


class ManualTime:
    """A monotonic time source that only moves when told: `SessionClock(ManualTime())` for tests and for files."""

    def __init__(self, start_s: float = 0.0) -> None:
        self.seconds = start_s

    def __call__(self) -> float:
        """The current reading, in seconds."""
        return self.seconds

    def advance(self, step_s: float) -> None:
        """Move forward by `step_s` seconds (never back)."""
        if step_s < 0:
            raise ValueError(f"time does not go back: {step_s}")
        self.seconds += step_s
