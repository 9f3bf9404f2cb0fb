"""What a sample stream consists of: shots, lines that are said, sounds, and what a visitor may ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from omnilive_demo.training.samples_art import Shot

FPS = 15


@dataclass(frozen=True)
class Scene:
    """A stretch with one camera position and one light; `shot` names the picture maker that draws it."""

    start_s: float
    end_s: float
    shot: str
    label: str
    light: Literal["bright", "dim", "dark"]


@dataclass(frozen=True)
class Line:
    """A sentence that is said from `start_s` on."""

    start_s: float
    text: str
    voice: str = "rms"


@dataclass(frozen=True)
class Noise:
    """A sound: `kind` names its maker in `samples_sound`; `level_db` is its RMS in dBFS."""

    start_s: float
    end_s: float
    kind: str
    label: str
    level_db: float = -24.0


@dataclass(frozen=True)
class Story:
    """A sample stream. Scenes follow each other without a gap; `make_shots` builds the drawings (slow, once)."""

    name: str
    title: str
    description: str
    questions: tuple[str, str, str]
    poster_s: float
    scenes: tuple[Scene, ...]
    lines: tuple[Line, ...]
    noises: tuple[Noise, ...]
    make_shots: Callable[[], dict[str, Shot]]

    @property
    def duration_s(self) -> float:
        """The length of the stream."""
        return self.scenes[-1].end_s

    def scene_at(self, t_s: float) -> Scene:
        """The scene at a time (the last one from its end on)."""
        return next((scene for scene in self.scenes if t_s < scene.end_s), self.scenes[-1])
