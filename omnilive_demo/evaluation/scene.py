"""What the measuring camera shows: a minute with a red ball in a bright room, a blue room, the dark, and a garden.

Drawn with arrays alone, and the same at every run; faint noise makes the pictures as costly as a real camera's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

FPS = 15
WIDTH, HEIGHT = 640, 480
DARK_S = (30.0, 40.0)  # when the light is off, in seconds of the round
ROUND_S = 60.0

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]
_ROOMS: tuple[tuple[float, Colour, Colour], ...] = (  # from when, wall, floor
    (0.0, (225, 215, 195), (150, 110, 70)),
    (15.0, (90, 130, 210), (60, 70, 110)),
    (DARK_S[0], (9, 9, 12), (6, 6, 8)),
    (DARK_S[1], (150, 200, 235), (60, 140, 55)),
)
_NOISES = 4


def frames() -> Iterator[Picture]:
    """One round: RGB uint8 `[480, 640, 3]`, 15 a second."""
    rooms = [_noisy(_room(wall, floor)) for _, wall, floor in _ROOMS]
    for number in range(round(ROUND_S * FPS)):
        t_s = number / FPS
        room = sum(t_s >= begin_s for begin_s, _, _ in _ROOMS) - 1
        picture = rooms[room][number % _NOISES].copy()
        _furnish(picture, room, t_s)
        yield picture


def _furnish(picture: Picture, room: int, t_s: float) -> None:
    if room == 0:
        _disc(picture, round(320 + 120 * math.sin(t_s)), 300, 60, (205, 35, 30))
    elif room == 1:
        picture[260:370, 220:400] = (235, 205, 40)
    elif room == 3:
        for column in (120, 330, 520):
            _disc(picture, round(column + 6 * math.sin(2 * t_s + column)), 250, 70, (30, 110, 40))


def _room(wall: Colour, floor: Colour) -> NDArray[np.float32]:
    rows = np.arange(HEIGHT)[:, None, None]
    picture = np.where(rows < 340, np.array(wall, np.float32), np.array(floor, np.float32)) * (
        0.85 + 0.15 * rows / HEIGHT
    )
    return np.broadcast_to(picture, (HEIGHT, WIDTH, 3)).astype(np.float32)


def _noisy(picture: NDArray[np.float32]) -> list[Picture]:
    generator = np.random.default_rng(7)
    noises = [generator.normal(0, 3, (HEIGHT, WIDTH, 1)) for _ in range(_NOISES)]
    return [np.clip(picture + noise, 0, 255).astype(np.uint8) for noise in noises]


def _disc(picture: Picture, x: int, y: int, radius: int, colour: Colour) -> None:
    window = picture[y - radius : y + radius, x - radius : x + radius]
    offsets = np.arange(-radius, radius)
    window[offsets[:, None] ** 2 + offsets**2 < radius**2] = colour
