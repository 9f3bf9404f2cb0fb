"""What is true of a drawn stream: which things are where in each picture, what happens, what is said and heard.

Boxes are (left, top, right, bottom) as shares of the picture (0..1). Times are seconds from the begin of the stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.training.world.things import Thing

Motion = Literal["still", "left", "right", "up", "down", "closer", "away"]
Place = Literal["left", "middle", "right"]
EventKind = Literal["shown", "put_down", "picked_up", "enters", "leaves"]
"""shown: held up to the camera, large, in the middle. put_down: a hand brings it and leaves it there. picked_up: a hand
takes it away. enters, leaves: it moves into or out of the picture by itself."""

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "gray")


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing in one picture.

    colour: a word of COLOURS, or None when no one colour dominates. visible: the share of the thing that can be seen
    (neither outside nor covered), 0..1. motion: how it moves around this moment. held: a hand holds it.
    """

    thing: Thing
    box: tuple[float, float, float, float]
    colour: str | None
    visible: float
    motion: Motion
    held: bool = False

    @property
    def place(self) -> Place:
        """The third of the picture that its middle lies in."""
        middle = (self.box[0] + self.box[2]) / 2
        return "left" if middle < 0.38 else "right" if middle > 0.62 else "middle"


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn picture and its truth.

    image: RGB uint8 `[H, W, 3]`. owners: uint8 `[48, 48]`, for each cell the index + 1 of the sighting in front of all
    others there, 0 where there is none.
    """

    t_s: float
    image: NDArray[np.uint8]
    sightings: tuple[Sighting, ...]
    owners: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens to one thing."""

    kind: EventKind
    thing: Thing
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Shot:
    """A stretch with one background and one light. `place` is a word for the background ("table", "grass", ...)."""

    start_s: float
    end_s: float
    place: str
