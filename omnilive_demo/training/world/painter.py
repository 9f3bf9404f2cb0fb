"""Paints a setting with its actors at a moment, and says what can be seen in the picture.

The picture is a square as a squashed camera frame is: things are drawn `1 / aspect` times as wide as they are.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from math import log

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.training.world.backdrop import paint_backdrop
from omnilive_demo.training.world.camera import Defects, shake, shoot
from omnilive_demo.training.world.canvas import Canvas, Quad, turned, upright
from omnilive_demo.training.world.sprites import Cutout, SpriteSource, cutout
from omnilive_demo.training.world.staging import Actor, Setting, Waypoint
from omnilive_demo.training.world.things import SKINS
from omnilive_demo.training.world.truth import Motion, Picture, Sighting

LEAST_VISIBLE = 0.15
STILL_PER_S = 0.03
"""Slower than this share of the picture a second is still."""
GROWTH_PER_S = 0.08
"""A size that changes by less than this factor (natural logarithm) a second does not come closer."""
SPAN_S = 1.0
OVERSIZE = 1.14


@dataclass(frozen=True, slots=True)
class _Grip:
    """How a kind of hand holds: where its middle is from the thing's middle (in the thing's widths and heights), how
    large it is (as a share of the thing's longer side), how it is turned when it comes from the right."""

    x: float
    y: float
    size: float
    turn_deg: float


_GRIPS = {
    "🫳": _Grip(0.42, -0.42, 0.60, -20),
    "🫴": _Grip(0.30, 0.50, 0.66, 0),
    "🤏": _Grip(0.46, 0.24, 0.42, 0),
    "✋": _Grip(0.34, 0.44, 0.46, -15),
    "🤚": _Grip(0.34, 0.44, 0.46, -15),
}
_POINTS_LEFT = {"🫳": False, "🫴": False, "🤏": True, "✋": True, "🤚": True}


def paint(setting: Setting, actors: tuple[Actor, ...], t_s: float, sprites: SpriteSource, size: int = 192) -> Picture:
    """The picture of a moment, `size` pixels square, with its truth; sightings less visible than 0.15 are left out.

    Things stand in the order of `actors`. Raises what `sprites` raises.
    """
    big = round(size * OVERSIZE)
    reach = (big - size) // 2
    sway = np.clip(np.array(shake(setting.seed, t_s, setting.shake)) * size, -reach, reach)
    left, top = (round(reach + value) for value in sway)
    canvas = Canvas(_backdrop(setting.place, setting.seed, big)[top : top + size, left : left + size])
    shift = np.array([reach - left, reach - top])
    numbers: dict[int, int] = {}
    for index in sorted(range(len(actors)), key=lambda which: actors[which].depth):
        point = position(actors[index], t_s)
        if point is None:
            continue
        numbers[index] = _put(canvas, setting, actors[index], point, t_s, sprites, shift)
    sightings: list[Sighting] = []
    renumbered: dict[int, int] = {}
    visible = canvas.visible()
    for index, number in sorted(numbers.items()):
        share = float(visible[number - 1])
        if share < LEAST_VISIBLE:
            continue
        actor = actors[index]
        found = cutout(sprites, actor.thing, actor.colour)
        sighting = Sighting(
            actor.thing, canvas.box(number), found.colour, share, motion(actor, t_s), is_held(actor, t_s)
        )
        sightings.append(sighting)
        renumbered[number] = len(sightings)
    moment = np.random.default_rng([setting.seed, round(t_s * 1000) + 1])
    image = shoot(canvas.image, _defects(setting, size), moment)
    return Picture(t_s, image, tuple(sightings), canvas.owners(renumbered))


def position(actor: Actor, t_s: float) -> Waypoint | None:
    """Where an actor is at a time; None before its first and after its last waypoint."""
    path = actor.path
    if not path or not path[0].t_s <= t_s <= path[-1].t_s:
        return None
    after = bisect_right([point.t_s for point in path], t_s)
    if after == len(path):
        last = path[-1]
        return Waypoint(t_s, last.x, last.y, last.size)
    first, second = path[after - 1], path[after]
    share = (t_s - first.t_s) / max(second.t_s - first.t_s, 1e-9)
    x, y, size = (
        one + share * (other - one)
        for one, other in ((first.x, second.x), (first.y, second.y), (first.size, second.size))
    )
    return Waypoint(t_s, x, y, size)


def motion(actor: Actor, t_s: float) -> Motion:
    """How an actor moves around a time, over a second in which it is there."""
    start, end = max(t_s - SPAN_S / 2, actor.path[0].t_s), min(t_s + SPAN_S / 2, actor.path[-1].t_s)
    first, last = position(actor, start), position(actor, end)
    if first is None or last is None or end - start < 1e-3:
        return "still"
    across, along = (last.x - first.x) / (end - start), (last.y - first.y) / (end - start)
    growth = log(max(last.size, 1e-6) / max(first.size, 1e-6)) / (end - start)
    speed = max(abs(across), abs(along))
    if speed < STILL_PER_S and abs(growth) < GROWTH_PER_S:
        return "still"
    if abs(growth) / GROWTH_PER_S >= speed / STILL_PER_S:
        return "closer" if growth > 0 else "away"
    if abs(across) >= abs(along):
        return "right" if across > 0 else "left"
    return "down" if along > 0 else "up"


def is_held(actor: Actor, t_s: float) -> bool:
    """Whether a hand holds it at a time."""
    return any(start <= t_s <= end for start, end in actor.held)


def extent(cut: Cutout, size: float) -> tuple[float, float]:
    """Width and height of a drawing whose longer side is `size`."""
    longest = max(cut.width, cut.height)
    return size * cut.width / longest, size * cut.height / longest


def put_hand(canvas: Canvas, sprites: SpriteSource, glyph: str, held: Quad, squash: float, right: bool) -> None:
    """A hand that holds what lies in an unmirrored quad, from the right or from the left; `glyph` may have a skin."""
    kind = glyph[0]
    grip = _GRIPS[kind]
    side = 1 if right else -1
    cut = cutout(sprites, glyph)
    across, along = held[1] - held[0], held[3] - held[0]
    long_px = max(float(np.hypot(across[0] / squash, across[1])), float(np.hypot(along[0] / squash, along[1])))
    width, height = extent(cut, max(grip.size * long_px, 0.14 * canvas.size))
    x, y = held.mean(0) + side * grip.x * across + grip.y * along
    quad = turned(upright(float(x), float(y), width, height), side * grip.turn_deg, right != _POINTS_LEFT[kind], squash)
    canvas.put(cut, quad, owned=False)


def _put(
    canvas: Canvas,
    setting: Setting,
    actor: Actor,
    point: Waypoint,
    t_s: float,
    sprites: SpriteSource,
    shift: NDArray,
) -> int:
    cut = cutout(sprites, actor.thing, actor.colour)
    middle = np.array([point.x, point.y]) * canvas.size + shift
    width, height = extent(cut, point.size * canvas.size)
    squash = 1 / setting.aspect
    flat = upright(middle[0], middle[1], width, height)
    number = canvas.put(cut, turned(flat, actor.turn_deg, actor.flip, squash))
    if is_held(actor, t_s):
        skin = SKINS[setting.seed % len(SKINS)]
        quad = turned(flat, actor.turn_deg, squash=squash)
        put_hand(canvas, sprites, actor.hand[0] + skin, quad, squash, setting.seed % 7 < 4)
    return number


@lru_cache(maxsize=64)
def _backdrop(place: str, seed: int, size: int) -> NDArray[np.uint8]:
    backdrop = paint_backdrop(place, seed, size)
    backdrop.setflags(write=False)
    return backdrop


@lru_cache(maxsize=64)
def _defects(setting: Setting, size: int) -> Defects:
    """The camera of a setting: the same in all its pictures."""
    rng = np.random.default_rng([setting.seed, 5])
    scale = size / 192
    return Defects(
        light=setting.light,
        gamma=float(np.exp(rng.normal(0, 0.08))),
        contrast=float(np.exp(rng.normal(-0.03, 0.08))),
        balance=tuple(float(value) for value in np.exp(rng.normal(0, 0.04, 3))),  # type: ignore[arg-type]
        blur_px=2.5 * setting.blur * scale,
        noise=18 * setting.noise * setting.noise**0.5,
        corners=float(rng.uniform(0, 0.35)),
        jpeg=int(rng.integers(45, 92)),
    )
