"""What may happen in a shot: a thing is held up, put down, taken away, comes, goes, moves or just stands there.

A plot puts one lead on the stage; other things stand about. All times are seconds of the stream, positions and sizes
shares of the picture (`staging.Waypoint`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from omnilive_demo.training.world.staging import Actor, Waypoint
from omnilive_demo.training.world.things import HANDS, Thing
from omnilive_demo.training.world.truth import Event, EventKind

Plot = Literal["shown", "put_down", "picked_up", "enters", "leaves", "crosses", "closer", "away", "moves", "stands"]
MOST_ACTORS = 5
_OUTSIDE = 0.12  # so far beyond the border nothing of a thing is left in the picture


@dataclass(frozen=True, slots=True)
class Part:
    """Who plays: a thing, what it is dyed in (None: its own colours), and how many of it."""

    thing: Thing
    colour: str | None = None
    count: int = 1


@dataclass(slots=True)
class Stage:
    """A shot being filled. `aspect` is the camera's: things are that much narrower in the squashed picture."""

    rng: np.random.Generator
    start_s: float
    end_s: float
    aspect: float
    actors: list[Actor] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    _taken: list[tuple[float, float, float]] = field(default_factory=list)  # x, y, size

    def between(self, low: float, high: float) -> float:
        """A number between two others."""
        return float(self.rng.uniform(low, high))

    def spot(self, size: float, tries: int = 40) -> tuple[float, float] | None:
        """A free place for a thing of a size, taken from now on; None when the stage is full."""
        x_edge, y_edge = min(0.5 * size / self.aspect + 0.02, 0.45), min(0.5 * size + 0.02, 0.45)
        for _ in range(tries):
            x, y = self.between(x_edge, 1 - x_edge), self.between(max(y_edge, 0.25), 1 - y_edge)
            if all(
                abs(x - other_x) > 0.45 * (size + other) / self.aspect or abs(y - other_y) > 0.45 * (size + other)
                for other_x, other_y, other in self._taken
            ):
                self.take(x, y, size)
                return x, y
        return None

    def take(self, x: float, y: float, size: float) -> None:
        """Keeps others away from a place."""
        self._taken.append((x, y, size))

    def outside(self, size: float, sides: str = "lrtb") -> tuple[float, float]:
        """A point beyond one of the sides (l, r, t, b), where a thing of a size cannot be seen."""
        side = sides[int(self.rng.integers(len(sides)))]
        across, along = 0.5 * size / self.aspect + _OUTSIDE, 0.5 * size + _OUTSIDE
        if side in "lr":
            return (-across if side == "l" else 1 + across), self.between(0.35, 0.75)
        return self.between(0.25, 0.75), (-along if side == "t" else 1 + along)

    def put(
        self, part: Part, path: list[Waypoint], held: tuple[tuple[float, float], ...] = (), depth: float | None = None
    ) -> None:
        """An actor; unless told otherwise, who is lower in the picture is in front."""
        rng = self.rng
        tilt = float(np.clip(rng.normal(0, 8), -25, 25))
        path = [Waypoint(point.t_s, round(point.x, 4), round(point.y, 4), round(point.size, 4)) for point in path]
        self.actors.append(
            Actor(
                part.thing,
                tuple(path),
                part.colour,
                path[-1].y if depth is None else depth,
                held,
                round(tilt, 2),
                bool(rng.random() < 0.4),
                HANDS[int(rng.integers(len(HANDS)))],
            )
        )

    def happens(self, kind: EventKind, part: Part, start_s: float, end_s: float) -> None:
        """An event."""
        self.events.append(Event(kind, part.thing, start_s, end_s))

    def stay(self, x: float, y: float, size: float, until_s: float | None = None) -> list[Waypoint]:
        """Standing still from the begin of the shot."""
        return [
            Waypoint(self.start_s, x, y, size),
            Waypoint(self.end_s if until_s is None else until_s, x, y, size),
        ]


def _shown(stage: Stage, part: Part) -> None:
    """A hand holds it up to the camera for 3 to 6 s; at times the shot ends while it does."""
    length = min(stage.between(3, 6), stage.end_s - stage.start_s)
    begin = stage.start_s + stage.between(0, min(1.5, stage.end_s - stage.start_s - length))
    end, size = begin + length, stage.between(0.5, 0.82)
    x, y, rise = stage.between(0.42, 0.58), stage.between(0.44, 0.55), stage.between(0.35, 0.7)
    below = 1 + 0.5 * size + _OUTSIDE
    path = [Waypoint(begin, x, below, size)] if begin > stage.start_s + 0.2 else []
    steps = int(stage.rng.integers(2, 5))
    for t_s in np.linspace(begin + rise if path else begin, end - rise, steps):
        x_now, y_now = x + stage.between(-0.02, 0.02), y + stage.between(-0.02, 0.02)
        path.append(Waypoint(float(t_s), x_now, y_now, size * stage.between(0.95, 1.05)))
    over = end < stage.end_s - 0.3
    path.append(Waypoint(end, x, below if over else y, size))
    if not over:
        path[-1] = Waypoint(stage.end_s, x, y, size)
    stage.put(part, path, ((path[0].t_s, path[-1].t_s),), depth=10)
    stage.happens("shown", part, path[0].t_s, path[-1].t_s)


def _put_down(stage: Stage, part: Part) -> None:
    """A hand brings it, waits, lets go; it stays."""
    size = stage.between(0.24, 0.46)
    x, y = stage.spot(size) or (0.5, 0.6)
    begin = stage.start_s + stage.between(0.1, 0.8)
    there = begin + stage.between(0.8, 1.5)
    let_go = there + stage.between(0.9, 1.5)
    path = [Waypoint(begin, *stage.outside(size, "lrt"), size), Waypoint(there, x, y, size)]
    stage.put(part, [*path, Waypoint(stage.end_s, x, y, size)], ((begin, let_go),), depth=5)
    stage.happens("put_down", part, begin, let_go)


def _picked_up(stage: Stage, part: Part) -> None:
    """It stands there; a hand takes hold of it and takes it away."""
    size = stage.between(0.24, 0.46)
    x, y = stage.spot(size) or (0.5, 0.6)
    gone = stage.end_s - stage.between(0.2, 1.5)
    lifted = gone - stage.between(0.8, 1.3)
    taken = lifted - stage.between(0.9, 1.4)
    path = [*stage.stay(x, y, size, lifted), Waypoint(gone, *stage.outside(size, "lrt"), size)]
    stage.put(part, path, ((taken, gone),), depth=5)
    stage.happens("picked_up", part, taken, gone)


def _enters(stage: Stage, part: Part) -> None:
    size = stage.between(0.24, 0.5)
    x, y = stage.spot(size) or (0.5, 0.6)
    begin = stage.start_s + stage.between(0.1, 1.0)
    there = begin + stage.between(1.5, 3)
    path = [Waypoint(begin, *stage.outside(size, "lr"), size), Waypoint(there, x, y, size)]
    stage.put(part, [*path, Waypoint(stage.end_s, x, y, size)])
    stage.happens("enters", part, begin, there)


def _leaves(stage: Stage, part: Part) -> None:
    size = stage.between(0.24, 0.5)
    x, y = stage.spot(size) or (0.5, 0.6)
    gone = stage.end_s - stage.between(0.2, 1.2)
    off = gone - stage.between(1.5, 2.5)
    stage.put(part, [*stage.stay(x, y, size, off), Waypoint(gone, *stage.outside(size, "lr"), size)])
    stage.happens("leaves", part, off, gone)


def _crosses(stage: Stage, part: Part) -> None:
    size = stage.between(0.24, 0.5)
    sides = ["l", "r"] if stage.rng.random() < 0.5 else ["r", "l"]
    length = min(stage.between(3, 7), stage.end_s - stage.start_s - 0.6)
    begin = stage.start_s + stage.between(0.1, max(0.2, stage.end_s - stage.start_s - length - 0.3))
    end, (x0, y0), (x1, _) = begin + length, stage.outside(size, sides[0]), stage.outside(size, sides[1])
    y1 = float(np.clip(y0 + stage.between(-0.1, 0.1), 0.3, 0.75))
    stage.put(part, [Waypoint(begin, x0, y0, size), Waypoint(end, x1, y1, size)])
    stage.happens("enters", part, begin, begin + 0.35 * length)
    stage.happens("leaves", part, end - 0.35 * length, end)


def _grows(stage: Stage, part: Part, away: bool) -> None:
    far, near = stage.between(0.18, 0.28), stage.between(0.5, 0.8)
    x, y = stage.spot(far) or (0.5, 0.6)
    wait = stage.between(0, 0.2) * (stage.end_s - stage.start_s)
    at = [
        Waypoint(stage.start_s + (0 if away else wait), x, y, far),
        Waypoint(stage.end_s, stage.between(0.4, 0.6), 0.55, near),
    ]
    if away:
        at = [Waypoint(stage.start_s, at[1].x, at[1].y, near), Waypoint(stage.end_s - wait, x, y, far)]
        at.append(Waypoint(stage.end_s, x, y, far))
    elif wait:
        at.insert(0, Waypoint(stage.start_s, x, y, far))
    stage.put(part, at, depth=4)


def _moves(stage: Stage, part: Part) -> None:
    """From one place to another inside the picture, at times with a rest between."""
    size = stage.between(0.22, 0.45)
    first, second = stage.spot(size) or (0.3, 0.6), stage.spot(size) or (0.7, 0.5)
    begin = stage.start_s + stage.between(0, 0.3) * (stage.end_s - stage.start_s)
    there = min(begin + stage.between(1.5, 5), stage.end_s)
    path = [Waypoint(stage.start_s, *first, size), Waypoint(begin, *first, size), Waypoint(there, *second, size)]
    stage.put(part, [*path, Waypoint(stage.end_s, *second, size)])


def stand(stage: Stage, part: Part, low: float = 0.2, high: float = 0.48) -> None:
    """As many of it as fit stand about."""
    shrink = 1.0 if part.count == 1 else 0.72
    size = stage.between(low, high) * shrink
    for _ in range(part.count):
        one = size * stage.between(0.88, 1.12)
        place = stage.spot(one) if len(stage.actors) < MOST_ACTORS else None
        if place:
            stage.put(part, stage.stay(*place, one))


@dataclass(frozen=True, slots=True)
class PlotKind:
    """How often a plot is played, how long its shot is at least, and who plays it."""

    weight: float
    least_s: float
    play: Callable[[Stage, Part], None]


PLOTS: dict[Plot, PlotKind] = {
    "shown": PlotKind(0.28, 3.4, _shown),
    "put_down": PlotKind(0.13, 4.8, _put_down),
    "picked_up": PlotKind(0.11, 5.6, _picked_up),
    "enters": PlotKind(0.06, 4.5, _enters),
    "leaves": PlotKind(0.08, 4.8, _leaves),
    "crosses": PlotKind(0.08, 4.2, _crosses),
    "closer": PlotKind(0.04, 3.5, lambda stage, part: _grows(stage, part, away=False)),
    "away": PlotKind(0.04, 3.5, lambda stage, part: _grows(stage, part, away=True)),
    "moves": PlotKind(0.05, 4.0, _moves),
    "stands": PlotKind(0.13, 3.2, lambda stage, part: stand(stage, part, 0.3, 0.6)),
}


def play(stage: Stage, plot: Plot, lead: Part, others: list[Part]) -> None:
    """Fill a stage: the lead acts, the others stand about where there is room. Only one that stands is several."""
    PLOTS[plot].play(stage, lead if plot == "stands" else Part(lead.thing, lead.colour))
    for other in others:
        stand(stage, other)
