"""Directing the players of a sample stream: a thing is held up, put down, taken away; it comes, goes, or stands there.

Positions are shares of the picture (the middle of the thing), sizes shares of its height (the thing's longer side), as
in the drawn world; all times are seconds of the stream. Movements begin and end gently.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from omnilive_demo.training.samples_story import Light, Player, Take
from omnilive_demo.training.world.staging import Actor, Waypoint
from omnilive_demo.training.world.things import Thing, by_name
from omnilive_demo.training.world.truth import Event, EventKind

Spot = tuple[float, float, float]
"""x, y, size."""

_STEPS = 12  # straight pieces that a gentle movement is made of
_RISE_S, _SET_S, _LET_GO_S = 1.0, 1.3, 0.35


@dataclass(slots=True)
class Stage:
    """A take being filled."""

    start_s: float
    end_s: float
    players: list[Player] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def take(self, room: str, place: str, label: str, light: Light) -> Take:
        """The finished take."""
        return Take(
            self.start_s, self.end_s, room, place, label, light, tuple(self.players), tuple(self.events)
        )  # fmt: skip

    def stands(self, name: str, spot: Spot, foot: float, *, turn_deg: float = 0.0, flip: bool = False) -> None:
        """It is there all the time."""
        self._add(name, _at(self.start_s, spot) + _at(self.end_s, spot), foot, turn_deg=turn_deg, flip=flip)

    def held_up(
        self, name: str, start_s: float, end_s: float, spot: Spot, then: Spot | None = None, foot: float | None = None,
        *, turn_deg: float = 0.0, grip: tuple[float, float] = (0.1, 0.3),
    ) -> None:  # fmt: skip
        """A hand holds it up to the camera, and then puts it down somewhere (or takes it away again)."""
        x, y, size = spot
        below = (x + 0.06, 1.1 + 0.6 * size, size)
        path = [*_glide(start_s, below, start_s + _RISE_S, spot)]
        path += _glide(start_s + _RISE_S, spot, end_s, (x - 0.012, y + 0.012, size * 1.03))
        shown = path[-1]
        last = (shown.x, shown.y, shown.size)
        self._happens("shown", name, start_s, end_s)
        if then is None:
            path += _glide(end_s, last, end_s + _RISE_S, below)
            self._add(name, path, foot, ((start_s, end_s + _RISE_S),), depth=10, turn_deg=turn_deg, grip=grip)
            return
        released = end_s + _SET_S + _LET_GO_S
        path += _glide(end_s, last, end_s + _SET_S, then) + _at(self.end_s, then)
        self._happens("put_down", name, end_s, released)
        self._add(name, path, foot, ((start_s, released),), depth=10, turn_deg=turn_deg, grip=grip)

    def put_down(
        self, name: str, start_s: float, spot: Spot, foot: float, *, turn_deg: float = 0.0,
        grip: tuple[float, float] = (0.1, 0.24),
    ) -> None:  # fmt: skip
        """A hand brings it from below and leaves it there."""
        x, _, size = spot
        there = start_s + _SET_S
        path = _glide(start_s, (x + 0.1, 1.1 + 0.6 * size, size * 1.25), there, spot) + _at(self.end_s, spot)
        self._happens("put_down", name, start_s, there + _LET_GO_S)
        self._add(name, path, foot, ((start_s, there + _LET_GO_S),), depth=6, turn_deg=turn_deg, grip=grip)

    def picked_up(
        self, name: str, taken_s: float, spot: Spot, foot: float, *, turn_deg: float = 0.0,
        grip: tuple[float, float] = (0.1, 0.24),
    ) -> None:  # fmt: skip
        """It stands there until a hand takes hold of it and takes it away."""
        x, _, size = spot
        lifted, gone = taken_s + 0.5, taken_s + 2.0
        away = (x + 0.12, 1.12 + 0.6 * size, size * 1.2)
        path = _at(self.start_s, spot) + _glide(lifted, spot, gone, away)
        self._happens("picked_up", name, taken_s, gone)
        self._add(name, path, foot, ((taken_s, gone),), depth=6, turn_deg=turn_deg, grip=grip)

    def moves(
        self, name: str, stops: Sequence[tuple[float, Spot]], foot: float | None, *,
        enters: bool = False, leaves: bool = False, flip: bool = False, depth: float = 0.0,
    ) -> None:  # fmt: skip
        """It goes from stop to stop (time, spot) by itself. enters, leaves: the first, the last stretch is that."""
        path: list[Waypoint] = []
        for (t_s, spot), (next_s, next_spot) in pairwise(stops):
            path += _glide(t_s, spot, next_s, next_spot)
        if enters:
            self._happens("enters", name, stops[0][0], stops[1][0])
        if leaves:
            self._happens("leaves", name, stops[-2][0], stops[-1][0])
        self._add(name, path, foot, flip=flip, depth=depth)

    def _happens(self, kind: EventKind, name: str, start_s: float, end_s: float) -> None:
        self.events.append(Event(kind, _thing(name), round(start_s, 2), round(end_s, 2)))

    def _add(
        self, name: str, path: list[Waypoint], foot: float | None, held: tuple[tuple[float, float], ...] = (), *,
        depth: float = 0.0, turn_deg: float = 0.0, flip: bool = False, grip: tuple[float, float] = (0.1, 0.24),
    ) -> None:  # fmt: skip
        actor = Actor(_thing(name), tuple(path), None, depth or path[-1].y, held, turn_deg, flip)
        self.players.append(Player(actor, foot, grip))


def _thing(name: str) -> Thing:
    return by_name()[name]


def _at(t_s: float, spot: Spot) -> list[Waypoint]:
    return [Waypoint(t_s, *spot)]


def _glide(start_s: float, first: Spot, end_s: float, last: Spot) -> list[Waypoint]:
    """From one spot to another: slowly off, slowly in."""
    path = []
    for step in range(_STEPS + 1):
        share = step / _STEPS
        eased = share * share * (3 - 2 * share)
        x, y, size = (one + eased * (other - one) for one, other in zip(first, last, strict=True))
        path.append(Waypoint(start_s + share * (end_s - start_s), x, y, size))
    return path
