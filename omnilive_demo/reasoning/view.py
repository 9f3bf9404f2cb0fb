"""The present as the reasoner sees it: a ring of the newest perceived frames, and the session's time."""

from __future__ import annotations

from collections import deque

from omnilive_demo.clock import Clock
from omnilive_demo.reasoning.reasoner import LiveView
from omnilive_demo.records import SeenFrame

CAPACITY = 16


class StillView:
    """Implements `LiveView` by the moment at which it was made: what an answer without the refresh would see."""

    def __init__(self, view: LiveView) -> None:
        self._view = view
        self._frames = view.recent(CAPACITY)
        self._latest = view.latest()

    def latest(self, since_s: float | None = None) -> SeenFrame | None:
        """The newest frame of then, or None if it is not newer than `since_s`."""
        frame = self._latest
        return None if frame is None or (since_s is not None and frame.t_s <= since_s) else frame

    def recent(self, seconds: float) -> tuple[SeenFrame, ...]:
        """The frames of the last `seconds` before the newest one of then."""
        return tuple(f for f in self._frames if self._latest is not None and f.t_s >= self._latest.t_s - seconds)

    def now_s(self) -> float:
        """Stream time, which does not stand still."""
        return self._view.now_s()


class RecentFrames:
    """Implements `LiveView`. One thread adds; any thread reads (an immutable tuple replaces the ring at each add)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ring: deque[SeenFrame] = deque(maxlen=CAPACITY)
        self._frames: tuple[SeenFrame, ...] = ()

    def add(self, frame: SeenFrame) -> None:
        """Take the next frame; one that is older than the newest (a late worker) is ignored."""
        if self._ring and frame.t_s < self._ring[-1].t_s:
            return
        self._ring.append(frame)
        self._frames = tuple(self._ring)

    def clear(self) -> None:
        """Forget all frames (the visitor asked to be forgotten, or the source changed)."""
        self._ring.clear()
        self._frames = ()

    def latest(self, since_s: float | None = None) -> SeenFrame | None:
        """The newest frame, or None if none is newer than `since_s`."""
        frames = self._frames
        if not frames or (since_s is not None and frames[-1].t_s <= since_s):
            return None
        return frames[-1]

    def recent(self, seconds: float) -> tuple[SeenFrame, ...]:
        """The frames of the last `seconds` before now, oldest first."""
        from_s = self._clock.now_s() - seconds
        return tuple(frame for frame in self._frames if frame.t_s >= from_s)

    def now_s(self) -> float:
        """Stream time."""
        return self._clock.now_s()
