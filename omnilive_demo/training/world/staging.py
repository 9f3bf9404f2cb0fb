"""What is put in front of the painted camera: a setting, and actors that move along paths.

A story plans with these values; the painter turns them into pictures and works out the truth of each. Positions are
shares of the picture (0..1, the middle of the thing); `size` is the thing's longer side (its height, if it is not wider
than high) as a share of the picture's height, before the picture is squashed to a square.
"""

from __future__ import annotations

from dataclasses import dataclass

from omnilive_demo.training.world.things import Thing


@dataclass(frozen=True, slots=True)
class Waypoint:
    """Where an actor is at a time; between waypoints it moves evenly."""

    t_s: float
    x: float
    y: float
    size: float


@dataclass(frozen=True, slots=True)
class Actor:
    """One thing on stage from its first waypoint to its last (outside these times it is not there).

    colour: a word of `truth.COLOURS` that it is dyed in, or None for its own colours. depth: higher is in front.
    held: stretches (start_s, end_s) in which a hand holds it. turn_deg: how it is tilted. flip: mirrored.
    """

    thing: Thing
    path: tuple[Waypoint, ...]
    colour: str | None = None
    depth: float = 0.0
    held: tuple[tuple[float, float], ...] = ()
    turn_deg: float = 0.0
    flip: bool = False
    hand: str = "🫳"


@dataclass(frozen=True, slots=True)
class Setting:
    """A background, its light and the camera before it; all details follow from `seed`.

    place: a word of `backdrop.PLACES`. light: factor on brightness (1.0 is normal). shake: how much a hand-held camera
    moves (share of the picture). aspect: width / height of the camera's picture before it is squashed to a square.
    blur, noise: 0..1.
    """

    place: str
    seed: int
    light: float = 1.0
    shake: float = 0.01
    aspect: float = 4 / 3
    blur: float = 0.0
    noise: float = 0.1
