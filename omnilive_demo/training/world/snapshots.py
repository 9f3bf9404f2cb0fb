"""Single pictures to train the frame encoder on: things of all sizes on anything, and pictures without any thing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from omnilive_demo.training.world.backdrop import PLACES, paint_backdrop
from omnilive_demo.training.world.camera import drawn_defects, shoot
from omnilive_demo.training.world.canvas import Canvas, Quad, turned, upright
from omnilive_demo.training.world.clutter import paint_clutter
from omnilive_demo.training.world.painter import LEAST_VISIBLE, extent, put_hand
from omnilive_demo.training.world.sprites import Look, SpriteSource, cutout
from omnilive_demo.training.world.textures import natural, painted, polygon, slope
from omnilive_demo.training.world.things import HANDS, SKINS, Thing, all_things
from omnilive_demo.training.world.truth import COLOURS, Picture, Sighting

Kind = Literal["single", "several", "rehearsed", "empty", "held"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SHARES = (0.40, 0.30, 0.12, 0.10, 0.08)
"""How often each kind is drawn when none is asked for."""

GRID = 8
GRID_SHARE = 0.35
MOST_PRESENT = 6
PRESENT_VISIBLE = 0.4
DYED_SHARE = 0.3
REDRAWN_SHARE = 0.15
LOOKS: tuple[Look, ...] = ("outlined", "flat", "inked")


def snapshot(
    rng: np.random.Generator,
    sprites: SpriteSource,
    things_known: Sequence[Thing],
    things_rehearsed: Sequence[Thing],
    size: int = 192,
    kind: Kind | None = None,
) -> Picture:
    """One picture with its truth; the kind is drawn after `SHARES` when it is not given.

    single: one known thing. several: 2 to 6, some of them alike, some rehearsed. rehearsed: only rehearsed things, or
    one among known ones. empty: no thing. held: a known thing in a hand. Rehearsed things have sightings as known
    ones do. Raises what `sprites` raises.
    """
    if kind is None:
        kind = KINDS[int(rng.choice(len(KINDS), p=SHARES))]
    canvas = Canvas(_behind(rng, sprites, (*things_known, *things_rehearsed), size, kind))
    squash = 1 / float(rng.choice((1.0, 4 / 3, 16 / 9, 3 / 4), p=(0.3, 0.35, 0.25, 0.1)))
    things = _cast(rng, kind, things_known, things_rehearsed)
    placed = [
        (thing, *_place(rng, canvas, sprites, thing, squash, len(things), index == 0 and kind == "held"))
        for index, thing in enumerate(things)
    ]
    if things and rng.random() < 0.15:
        _hide_some(rng, canvas)
    visible = canvas.visible()
    sightings: list[Sighting] = []
    renumbered: dict[int, int] = {}
    for thing, number, colour, held in placed:
        if visible[number - 1] >= LEAST_VISIBLE:
            seen = Sighting(thing, canvas.box(number), colour, float(visible[number - 1]), "still", held)
            sightings.append(seen)
            renumbered[number] = len(sightings)
    image = shoot(canvas.image, drawn_defects(rng), rng)
    return Picture(0.0, image, tuple(sightings), canvas.owners(renumbered))


def cells_of(picture: Picture) -> NDArray[np.int16]:
    """Whose each cell of the 8x8 grid is: int16 `[8, 8]`, the thing's index in `all_things()`, or -1.

    A cell is a thing's when the thing has more of it than any other and at least 35 % of its 6x6 owner cells.
    """
    side = picture.owners.shape[0] // GRID
    blocks = picture.owners.reshape(GRID, side, GRID, side).transpose(0, 2, 1, 3).reshape(GRID, GRID, -1)
    cells = np.full((GRID, GRID), -1, np.int16)
    best = np.full((GRID, GRID), GRID_SHARE)
    index_of = _indices()
    shares: dict[int, NDArray] = {}
    for number, sighting in enumerate(picture.sightings, start=1):
        index = index_of[sighting.thing]  # copies of a thing add up
        shares[index] = shares.get(index, 0.0) + (blocks == number).mean(-1)
    for index, share in shares.items():
        more = share >= best
        cells[more] = index
        best[more] = share[more]
    return cells


def present_of(picture: Picture) -> tuple[NDArray[np.int16], NDArray[np.float16]]:
    """The things at least 40 % visible, largest first: indices int16 `[6]` (-1: none; a thing seen twice is there
    twice) and the shares of the picture that they cover, float16 `[6]`."""
    indices = np.full(MOST_PRESENT, -1, np.int16)
    areas = np.zeros(MOST_PRESENT, np.float16)
    counts = np.bincount(picture.owners.ravel(), minlength=len(picture.sightings) + 1)[1:] / picture.owners.size
    index_of = _indices()
    rows = [
        (float(counts[number]), index_of[sighting.thing])
        for number, sighting in enumerate(picture.sightings)
        if sighting.visible >= PRESENT_VISIBLE
    ]
    for place, (area, index) in enumerate(sorted(rows, reverse=True)[:MOST_PRESENT]):
        indices[place], areas[place] = index, area
    return indices, areas


@lru_cache(maxsize=1)
def _indices() -> dict[Thing, int]:
    return {thing: index for index, thing in enumerate(all_things())}


def _behind(
    rng: np.random.Generator, sprites: SpriteSource, things: Sequence[Thing], size: int, kind: Kind
) -> NDArray[np.uint8]:
    if rng.random() < (0.65 if kind == "empty" else 0.3):
        return paint_clutter(rng, size, sprites, things)
    return paint_backdrop(PLACES[int(rng.integers(len(PLACES)))], int(rng.integers(1 << 31)), size)


def _cast(rng: np.random.Generator, kind: Kind, known: Sequence[Thing], rehearsed: Sequence[Thing]) -> list[Thing]:
    def some(things: Sequence[Thing], count: int) -> list[Thing]:
        return [things[int(index)] for index in rng.integers(0, len(things), count)]

    if kind == "empty":
        return []
    if kind == "single":
        return some(known, 1)
    if kind == "held":
        return some(known, 1 if rng.random() < 0.7 else 2)
    if kind == "rehearsed":
        count = int(rng.choice((1, 2, 3), p=(0.6, 0.25, 0.15)))
        mixed = some(rehearsed, count) + (some(known, int(rng.integers(1, 3))) if rng.random() < 0.35 else [])
        return [mixed[index] for index in rng.permutation(len(mixed))]
    count = int(rng.choice((2, 3, 4, 5, 6), p=(0.35, 0.27, 0.2, 0.1, 0.08)))
    cast = some(known, count)
    for index in range(1, count):
        chance = rng.random()
        if chance < 0.18:
            cast[index] = cast[int(rng.integers(index))]
        elif chance < 0.28:
            cast[index] = some(rehearsed, 1)[0]
    return cast


def _place(
    rng: np.random.Generator,
    canvas: Canvas,
    sprites: SpriteSource,
    thing: Thing,
    squash: float,
    crowd: int,
    held: bool,
) -> tuple[int, str | None, bool]:
    """Puts a thing somewhere; its number on the canvas, its colour, whether it is held."""
    colour = COLOURS[int(rng.integers(len(COLOURS)))] if rng.random() < DYED_SHARE else None
    cut = cutout(
        sprites, thing, colour, LOOKS[int(rng.integers(len(LOOKS)))] if rng.random() < REDRAWN_SHARE else "plain"
    )
    if crowd == 1:
        share = rng.uniform(0.18, 0.9) if rng.random() < 0.8 else rng.uniform(0.9, 1.25)
    else:
        share = rng.uniform(0.18, min(0.7, 1.15 / np.sqrt(crowd)))
    if held:
        share = rng.uniform(0.35, 0.8)
    width, height = extent(cut, share * canvas.size)
    reach = max(0.06, share * 0.42) if rng.random() < 0.85 else 0.02  # the rest is cut by the border
    low, high = min(reach, 0.5), max(1 - reach, 0.5)
    middle = rng.uniform(low, high, 2) * canvas.size
    degrees = rng.uniform(-180, 180) if rng.random() < 0.08 else np.clip(rng.normal(0, 16), -35, 35)
    flat = upright(middle[0], middle[1], width, height)
    quad = turned(flat, float(degrees), bool(rng.random() < 0.5), squash)
    number = canvas.put(cut, _bent(rng, quad, min(width, height)), light=float(np.exp(rng.normal(0, 0.12))))
    if held:
        glyph = HANDS[int(rng.integers(len(HANDS)))] + SKINS[int(rng.integers(len(SKINS)))]
        put_hand(canvas, sprites, glyph, turned(flat, float(degrees), squash=squash), squash, bool(rng.random() < 0.5))
    return number, cut.colour, held


def _bent(rng: np.random.Generator, quad: Quad, side: float) -> Quad:
    """Sheared and seen from a slant."""
    if rng.random() < 0.5:
        return quad
    return quad + rng.uniform(-0.09, 0.09, (4, 2)) * max(side, 8)


def _hide_some(rng: np.random.Generator, canvas: Canvas) -> None:
    size = canvas.size
    page = Image.new("L", (size, size), 0)
    draw = ImageDraw.Draw(page)
    middle = rng.uniform(0.1, 0.9, 2) * size
    draw.polygon(polygon(rng, middle, rng.uniform(0.05, 0.22, 2) * size), fill=255)
    canvas.cover(np.asarray(page) > 0, painted(slope(rng, size), (natural(rng), natural(rng))))
