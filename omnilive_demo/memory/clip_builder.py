"""The open clip and the rule that closes it.

A clip closes at 16 frames or, from 3 frames on, when the scene changes: the new frame's cosine with the one before lies
below a threshold; then the new frame opens the next clip. A pause in the picture (the camera was off) counts as a
change of scene, so that no clip claims to have seen what it did not. Pure: no clock, no storage.
"""

from __future__ import annotations

from dataclasses import dataclass

from omnilive_demo.records import SeenFrame


@dataclass(frozen=True, slots=True)
class ClipRule:
    """When a clip closes. `scene_threshold` belongs to the frame encoder; the rest is the paper's."""

    longest: int = 16
    shortest: int = 3
    scene_threshold: float = 0.9
    longest_gap_s: float = 30.0

    def __post_init__(self) -> None:
        if not 1 <= self.shortest < self.longest:
            raise ValueError("a clip holds from `shortest` to `longest` frames, at least one")


class ClipBuilder:
    """Gathers frames, in order, into clips."""

    def __init__(self, rule: ClipRule | None = None) -> None:
        self.rule = rule or ClipRule()
        self._frames: tuple[SeenFrame, ...] = ()

    @property
    def frames(self) -> tuple[SeenFrame, ...]:
        """The open clip. Never changed in place, so another thread may read on in what it got."""
        return self._frames

    def add(self, frame: SeenFrame) -> tuple[SeenFrame, ...] | None:
        """Take a frame. Returns the frames of the clip that it closed, if any."""
        if len(self._frames) >= self.rule.shortest and self._scene_changes(frame):
            closed, self._frames = self._frames, (frame,)
            return closed
        self._frames = (*self._frames, frame)
        return self.flush() if len(self._frames) >= self.rule.longest else None

    def flush(self) -> tuple[SeenFrame, ...] | None:
        """Close the open clip, however short (the stream ends)."""
        closed, self._frames = self._frames, ()
        return closed or None

    def drop(self, from_s: float, to_s: float) -> None:
        """Forget the frames of the open clip with `from_s <= t_s <= to_s`."""
        self._frames = tuple(frame for frame in self._frames if not from_s <= frame.t_s <= to_s)

    def _scene_changes(self, frame: SeenFrame) -> bool:
        gap_s = frame.t_s - self._frames[-1].t_s
        return frame.similarity < self.rule.scene_threshold or gap_s > self.rule.longest_gap_s
