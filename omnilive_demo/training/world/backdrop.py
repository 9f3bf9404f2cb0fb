"""Backgrounds: what is behind the things, by a word for the place. Nothing in them is a thing that has a name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from omnilive_demo.training.world.surfaces import (
    before_something,
    boxes,
    buildings,
    cloth,
    ground,
    horizon,
    out_of_focus,
    planks,
    surface,
    tiles,
    wall,
    wood,
)
from omnilive_demo.training.world.textures import (
    Pixels,
    all_near,
    axes,
    blurred,
    cells,
    colour,
    lit,
    mixed,
    natural,
    near,
    noise,
    painted,
    palette,
    relief,
    slope,
    warped,
)

Painter = Callable[[np.random.Generator, int], Pixels]


def paint_backdrop(place: str, seed: int, size: int) -> NDArray[np.uint8]:
    """A background of a place, uint8 `[size, size, 3]`; all details follow from the seed. KeyError: no such place."""
    if place not in _PAINTERS:
        raise KeyError(f"no place {place!r}: one of {', '.join(PLACES)}")
    rng = np.random.default_rng([PLACES.index(place), seed])
    pixels = _PAINTERS[place](rng, size)
    if rng.random() < 0.7:
        pixels = lit(pixels, slope(rng, size), rng.uniform(0.05, 0.3))
    if rng.random() < 0.4:
        pixels = blurred(pixels, rng.uniform(0.4, 2.2) * size / 192)
    return pixels


def _grass(rng: np.random.Generator, size: int) -> Pixels:
    pixels = ground(rng, size, colour(rng, (0.19, 0.38), (0.35, 0.8), (0.25, 0.7)), int(rng.integers(4, 20)), 4)
    blades = Image.fromarray(pixels)
    draw = ImageDraw.Draw(blades)
    base = near(rng, (90, 140, 60), 25)
    for x, y, lean in rng.uniform(0, 1, (int(rng.integers(0, 160)), 3)):
        high = rng.uniform(0.02, 0.09) * size
        foot = (x * size, y * size)
        draw.line((*foot, foot[0] + (lean - 0.5) * high, foot[1] - high), fill=near(rng, base, 25))
    return np.asarray(blades).copy()


def _sky(rng: np.random.Generator, size: int) -> Pixels:
    _, y = axes(size)
    kind = rng.random()
    if kind < 0.65:
        top, bottom = colour(rng, (0.53, 0.63), (0.3, 0.8), (0.5, 1)), colour(rng, (0.5, 0.6), (0.05, 0.4), (0.8, 1))
    elif kind < 0.85:
        top, bottom = colour(rng, (0.6, 0.8), (0.2, 0.6), (0.3, 0.7)), colour(rng, (0.98, 1.12), (0.3, 0.8), (0.8, 1))
    else:
        top, bottom = colour(rng, (0.5, 0.7), (0, 0.3), (0.1, 0.6)), colour(rng, (0.5, 0.7), (0, 0.2), (0.4, 0.8))
    pixels = painted(y, (top, bottom))
    clouds = np.clip((noise(rng, size, int(rng.integers(2, 5)), 6, 0.55, 0.6) - rng.uniform(0.3, 0.9)) * 3, 0, 1)
    return mixed(pixels, np.full_like(pixels, near(rng, (235, 235, 238), 15)), clouds)


def _water(rng: np.random.Generator, size: int) -> Pixels:
    values = noise(rng, size, int(rng.integers(4, 16)), 5, 0.6, 1 / rng.uniform(1, 3) if rng.random() < 0.5 else 0.3)
    base = colour(rng, (0.45, 0.62), (0.3, 0.8), (0.25, 0.85))
    pixels = painted(np.abs(np.sin(values * rng.uniform(4, 14))), palette(rng, base, 25, 4))
    return lit(pixels, relief(rng, values, 5), rng.uniform(0.1, 0.6))


def _table(rng: np.random.Generator, size: int) -> Pixels:
    return before_something(rng, size, surface(rng, size))


def _desk(rng: np.random.Generator, size: int) -> Pixels:
    pixels = before_something(rng, size, surface(rng, size), 0.5)
    page = Image.fromarray(pixels)
    draw = ImageDraw.Draw(page)
    for _ in range(int(rng.integers(0, 4))):  # sheets of paper
        sheet = near(rng, (225, 222, 215), 18)
        middle, half = rng.uniform(0, 1, 2) * size, rng.uniform(0.08, 0.3, 2) * size
        tilt = rng.uniform(-0.5, 0.5)
        corners = [
            (float(middle[0] + half[0] * a - half[1] * b * tilt), float(middle[1] + half[1] * b + half[0] * a * tilt))
            for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        ]
        draw.polygon(corners, fill=sheet)
    return np.asarray(page).copy()


def _kitchen(rng: np.random.Generator, size: int) -> Pixels:
    behind = warped(tiles(rng, size), rng, 0.1)
    if rng.random() < 0.5:
        behind = boxes(rng, behind, int(rng.integers(1, 4)))
    return horizon(rng, surface(rng, size), behind, rng.uniform(0.35, 0.8))


def _room(rng: np.random.Generator, size: int) -> Pixels:
    floor = warped(planks(rng, size), rng, 0.3) if rng.random() < 0.5 else cloth(rng, size)
    behind = boxes(rng, wall(rng, size), int(rng.integers(0, 5)))
    pixels = horizon(rng, floor, behind, rng.uniform(0.45, 0.85))
    return blurred(pixels, rng.uniform(0.3, 3) * size / 192)


def _street(rng: np.random.Generator, size: int) -> Pixels:
    asphalt = ground(rng, size, near(rng, (105, 105, 108), 25), 30, 3)
    page = Image.fromarray(asphalt)
    draw = ImageDraw.Draw(page)
    x = rng.uniform(0.2, 0.8) * size
    for step in range(int(rng.integers(0, 7))):
        top = size * (0.45 + 0.09 * step)
        half = size * 0.006 * (step + 1)
        draw.rectangle((x - half, top, x + half, top + size * 0.05), fill=near(rng, (220, 215, 200), 20))
    houses = buildings(rng, size, _sky(rng, size))
    return horizon(rng, np.asarray(page), houses, rng.uniform(0.35, 0.7))


def _garden(rng: np.random.Generator, size: int) -> Pixels:
    leaves = cells(rng, size, int(rng.integers(60, 250)))
    greens = [colour(rng, (0.2, 0.4), (0.3, 0.8), (0.12, 0.75)) for _ in range(5)]
    table = all_near(rng, greens, 256, 18).astype(np.uint8)
    hedge = lit(table[leaves], noise(rng, size, 10, 5, 0.8), 0.6)
    if rng.random() < 0.5:  # spots of blossom
        petals = np.full_like(hedge, colour(rng, saturation=(0.3, 0.9), light=(0.7, 1.0)))
        hedge = mixed(hedge, petals, (noise(rng, size, 28, 2) > rng.uniform(0.75, 0.95)).astype(np.float32))
    hedge = blurred(hedge, rng.uniform(0.5, 4) * size / 192)
    return horizon(rng, _grass(rng, size), hedge, rng.uniform(0.3, 0.8)) if rng.random() < 0.7 else hedge


def _shelf(rng: np.random.Generator, size: int) -> Pixels:
    back = planks(rng, size) if rng.random() < 0.5 else wall(rng, size)
    back = lit(back, np.full((size, size), 0.2, np.float32), 0.7)
    page = Image.fromarray(back)
    draw = ImageDraw.Draw(page)
    board = wood(rng)
    count = int(rng.integers(1, 4))
    for index in range(count):
        y = (index + rng.uniform(0.7, 0.95)) / count * size
        thick = rng.uniform(0.02, 0.06) * size
        x, spines = 0.0, near(rng, natural(rng), 20)
        while x < size and rng.random() < 0.93:  # upright boxes and gaps in the row
            wide, high = rng.uniform(0.02, 0.1) * size, rng.uniform(0.1, 0.6) * size / count
            if rng.random() < 0.6:
                draw.rectangle((x, y - high, x + wide, y), fill=near(rng, spines, 45))
            x += wide
        draw.rectangle((0, y, size, y + thick), fill=board)
        draw.rectangle((0, y + thick, size, y + thick * 1.4), fill=near(rng, (40, 30, 25), 10))
    return np.asarray(page).copy()


def _sand(rng: np.random.Generator, size: int) -> Pixels:
    base = colour(rng, (0.08, 0.13), (0.15, 0.5), (0.55, 0.95))
    pixels = ground(rng, size, base, int(rng.integers(3, 40)), rng.uniform(2, 7))
    return horizon(rng, pixels, _water(rng, size), rng.uniform(0.1, 0.4)) if rng.random() < 0.3 else pixels


def _snow(rng: np.random.Generator, size: int) -> Pixels:
    pixels = ground(rng, size, colour(rng, (0.5, 0.65), (0, 0.1), (0.85, 1.0)), int(rng.integers(2, 12)), 3)
    return horizon(rng, pixels, _sky(rng, size), rng.uniform(0.1, 0.5)) if rng.random() < 0.4 else pixels


def _window(rng: np.random.Generator, size: int) -> Pixels:
    outside = (_sky, _garden, out_of_focus)[int(rng.integers(3))](rng, size)
    outside = blurred(outside, rng.uniform(1, 5) * size / 192)
    page = Image.fromarray(outside)
    draw = ImageDraw.Draw(page)
    frame = near(rng, (200, 195, 188), 40)
    thick = max(2, round(rng.uniform(0.015, 0.05) * size))
    for axis in range(2):
        for at in rng.uniform(0.05, 0.95, int(rng.integers(1, 3))) * size:
            line = (at, 0, at, size) if axis == 0 else (0, at, size, at)
            draw.line(line, fill=near(rng, frame, 6), width=thick)
    if rng.random() < 0.6:
        draw.rectangle((0, rng.uniform(0.75, 0.95) * size, size, size), fill=near(rng, frame, 15))
    return np.asarray(page).copy()


def _carpet(rng: np.random.Generator, size: int) -> Pixels:
    return warped(cloth(rng, size), rng, 0.35)


def _curtain(rng: np.random.Generator, size: int) -> Pixels:
    return cloth(rng, size, folds=True)


def _stone(rng: np.random.Generator, size: int) -> Pixels:
    ids = cells(rng, size, int(rng.integers(12, 90)))
    base = colour(rng, saturation=(0, 0.3), light=(0.3, 0.8))
    table = all_near(rng, [base], 256, 18).astype(np.uint8)
    pixels = lit(table[ids], noise(rng, size, 10, 5, 0.8), 0.4)
    edge = np.zeros((size, size), np.float32)
    edge[:-1, :-1] = (ids[1:, :-1] != ids[:-1, :-1]) | (ids[:-1, 1:] != ids[:-1, :-1])
    return warped(mixed(pixels, pixels // 3, edge), rng, 0.3)


def _floor(rng: np.random.Generator, size: int) -> Pixels:
    return warped(planks(rng, size) if rng.random() < 0.5 else tiles(rng, size), rng, 0.35)


_PAINTERS: dict[str, Painter] = {
    "table": _table,
    "kitchen": _kitchen,
    "desk": _desk,
    "grass": _grass,
    "street": _street,
    "wall": wall,
    "sky": _sky,
    "water": _water,
    "carpet": _carpet,
    "shelf": _shelf,
    "garden": _garden,
    "snow": _snow,
    "sand": _sand,
    "room": _room,
    "curtain": _curtain,
    "window": _window,
    "floor": _floor,
    "pavement": _stone,
}

PLACES: tuple[str, ...] = tuple(_PAINTERS)
"""Words for the places that can be painted."""
