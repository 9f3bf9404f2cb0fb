"""Pictures without any thing: what a camera may see that has no name here. They teach a network to stay silent.

Smooth shading, edges and textures at many scales in the colours of photographs; arrangements that look a little like
faces, buildings or print; and pieces of drawings too small to tell what they were cut from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from omnilive_demo.training.world.backdrop import PLACES, paint_backdrop
from omnilive_demo.training.world.camera import jpeg
from omnilive_demo.training.world.canvas import Canvas, turned, upright
from omnilive_demo.training.world.sprites import Cutout, SpriteSource, cutout
from omnilive_demo.training.world.surfaces import buildings
from omnilive_demo.training.world.textures import (
    Pixels,
    all_near,
    axes,
    blurred,
    cells,
    colour,
    letters_font,
    lit,
    mixed,
    natural,
    near,
    noise,
    painted,
    polygon,
    regions,
    relief,
    shapes,
    slope,
)
from omnilive_demo.training.world.things import Thing

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:!?&%+-="


def paint_clutter(
    rng: np.random.Generator, size: int, sprites: SpriteSource | None = None, things: Sequence[Thing] = ()
) -> NDArray[np.uint8]:
    """A picture without any thing, uint8 `[size, size, 3]`; with `sprites`, pieces of their drawings at times."""
    chance = rng.random()
    if chance < 0.16 and sprites is not None and things:
        pixels = _pieces(rng, size, sprites, things)
    else:
        pixels = _PAINTERS[int(rng.choice(len(_PAINTERS), p=_SHARES))](rng, size)
        if rng.random() < 0.25:
            other = _PAINTERS[int(rng.choice(len(_PAINTERS), p=_SHARES))](rng, size)
            edge = np.clip((noise(rng, size, 2, 4) - 0.5) * rng.uniform(3, 60) + 0.5, 0, 1)
            pixels = mixed(pixels, other, edge)
    if rng.random() < 0.18:  # a gray photograph, tinted at times
        gray = np.asarray(Image.fromarray(pixels).convert("L"))
        tint = np.array(near(rng, (225, 225, 225), 8), np.float32) / 225 if rng.random() < 0.4 else np.ones(3)
        pixels = np.clip(gray[..., None] * tint, 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        pixels = jpeg(pixels, int(rng.integers(5, 30)))
    if rng.random() < 0.25:
        pixels = blurred(pixels, rng.uniform(0.5, 5) * size / 192)
    return pixels


def _natural_noise(rng: np.random.Generator, size: int) -> Pixels:
    values = noise(rng, size, int(rng.integers(2, 12)), 7, rng.uniform(0.45, 0.95), float(np.exp(rng.normal(0, 0.5))))
    if rng.random() < 0.4:
        values = np.abs(np.sin(values * rng.uniform(3, 25)))
    pixels = painted(values, tuple(natural(rng) for _ in range(int(rng.integers(2, 5)))))
    return lit(pixels, relief(rng, values, rng.uniform(2, 12)), rng.uniform(0, 0.7))


def _leaves(rng: np.random.Generator, size: int) -> Pixels:
    pixels = shapes(rng, size, int(rng.integers(15, 250)), rng.uniform(0.15, 0.7), rng.uniform(0.01, 0.06))
    return blurred(pixels, rng.uniform(0.3, 3) * size / 192) if rng.random() < 0.6 else pixels


def _mosaic(rng: np.random.Generator, size: int) -> Pixels:
    ids = cells(rng, size, int(rng.integers(4, 200)))
    base = [natural(rng) for _ in range(4)]
    return blurred(
        regions(rng, ids, all_near(rng, base, 256, 25), rng.uniform(0.1, 1.5)), rng.uniform(0.3, 2) * size / 192
    )


def _landscape(rng: np.random.Generator, size: int) -> Pixels:
    _, y = axes(size)
    pixels = painted(y, (natural(rng), natural(rng)))
    at = rng.uniform(0.1, 0.5)
    for _ in range(int(rng.integers(2, 6))):
        outline = at + rng.uniform(0.05, 0.3) * (noise(rng, size, int(rng.integers(2, 8)), 5)[size // 2] - 0.5)
        near_by = painted(noise(rng, size, 6, 6, 0.8), (natural(rng), natural(rng)))
        pixels = mixed(pixels, near_by, np.clip((y - outline[None, :]) * rng.uniform(30, 190), 0, 1).astype(np.float32))
        at += rng.uniform(0.08, 0.3)
    return lit(pixels, noise(rng, size, 3, 3), rng.uniform(0, 0.6))


def _solids(rng: np.random.Generator, size: int) -> Pixels:
    """Smoothly shaded round bodies: like skin, fruit, pots and pillows, but none of them."""
    x, y = axes(size)
    pixels = painted(slope(rng, size), (natural(rng), natural(rng)))
    if rng.random() < 0.5:
        pixels = lit(pixels, noise(rng, size, 4, 6, 0.8), 0.4)
    side = rng.uniform(-0.7, 0.7, 2)
    for _ in range(int(rng.integers(1, 8))):
        middle, half = rng.uniform(0, 1, 2), rng.uniform(0.06, 0.45, 2)
        angle = rng.uniform(0, np.pi)
        across = ((x - middle[0]) * np.cos(angle) + (y - middle[1]) * np.sin(angle)) / half[0]
        along = ((y - middle[1]) * np.cos(angle) - (x - middle[0]) * np.sin(angle)) / half[1]
        power = rng.choice((2, 2, 3, 6))
        depth = 1 - np.abs(across) ** power - np.abs(along) ** power
        height = np.sqrt(np.clip(depth, 0, 1))
        light = 0.35 + 0.65 * height + 0.35 * (side[0] * across + side[1] * along)
        base = np.array(natural(rng), np.float32)
        body = np.clip(base * light[..., None] + rng.uniform(0, 80) * (light[..., None] > 1.15), 0, 255)
        pixels = mixed(pixels, body.astype(np.uint8), np.clip(depth * size / 12, 0, 1).astype(np.float32))
    return lit(pixels, noise(rng, size, 12, 5, 0.8), rng.uniform(0, 0.35))


def _figure(rng: np.random.Generator, size: int) -> Pixels:
    """Somewhat like a person's head and shoulders: plain shaded shapes in skin, hair and cloth colours."""
    page = Image.fromarray(blurred(shapes(rng, size, 30, 0.5), rng.uniform(1, 6) * size / 192))
    draw = ImageDraw.Draw(page)
    for _ in range(int(rng.choice((1, 1, 2, 4)))):
        x, y = rng.uniform(0.2, 0.8) * size, rng.uniform(0.2, 0.6) * size
        high = rng.uniform(0.08, 0.3) * size
        wide = high * rng.uniform(0.65, 0.9)
        skin = colour(rng, (0.02, 0.1), (0.2, 0.65), (0.25, 0.98))
        hair = colour(rng, (0.02, 0.12), (0.1, 0.7), (0.03, 0.6))
        shirt = natural(rng)
        draw.rounded_rectangle(
            (x - wide * rng.uniform(1.6, 2.4), y + high * 1.15, x + wide * 2, size + 9), high / 2, fill=shirt
        )
        draw.rectangle((x - wide * 0.4, y, x + wide * 0.4, y + high * 1.4), fill=near(rng, skin, 12))
        lift = rng.uniform(0.05, 0.35) * high
        draw.ellipse((x - wide * 1.15, y - high - lift, x + wide * 1.15, y + high * rng.uniform(0.1, 1.2)), fill=hair)
        draw.ellipse((x - wide, y - high * 0.8, x + wide, y + high), fill=skin)
        eye, dark = wide * rng.uniform(0.08, 0.2), near(rng, (45, 35, 35), 12)
        for side in (-1, 1):
            ex, ey = x + side * wide * 0.4, y - high * 0.05
            draw.ellipse((ex - eye, ey - eye * 0.6, ex + eye, ey + eye * 0.6), fill=dark)
            draw.line((ex - eye * 1.6, ey - eye * 1.8, ex + eye * 1.6, ey - eye * 1.9), fill=hair, width=2)
        draw.line((x, y, x - wide * 0.1, y + high * 0.3, x + wide * 0.1, y + high * 0.32), fill=near(rng, skin, 30))
        lips = near(rng, (150, 70, 70), 20)
        draw.ellipse((x - wide * 0.35, y + high * 0.5, x + wide * 0.35, y + high * rng.uniform(0.56, 0.7)), fill=lips)
    pixels = lit(np.asarray(page), slope(rng, size), rng.uniform(0.1, 0.8))
    pixels = lit(pixels, noise(rng, size, 6, 6, 0.8), rng.uniform(0.1, 0.5))
    return blurred(pixels, rng.uniform(0.6, 3) * size / 192)


def _houses(rng: np.random.Generator, size: int) -> Pixels:
    pixels = buildings(rng, size, paint_backdrop("sky", int(rng.integers(1 << 31)), size))
    return lit(pixels, noise(rng, size, 10, 6, 0.9), rng.uniform(0, 0.6))


def _print(rng: np.random.Generator, size: int) -> Pixels:
    """Lines of letters, scribbles and rules on a plain ground."""
    ground, ink = natural(rng), natural(rng)
    if abs(sum(ground) - sum(ink)) < 150:
        ground, ink = near(rng, (230, 228, 222), 15), near(rng, (35, 35, 40), 20)
    pixels = painted(noise(rng, size, 4, 6, 0.8), (near(rng, ground, 8), ground))
    page = Image.fromarray(pixels)
    draw = ImageDraw.Draw(page)
    if rng.random() < 0.7:
        high = int(rng.integers(7, 34)) * size // 192
        font = letters_font(max(high, 4))
        for y in range(int(rng.integers(0, 30)), size, int(high * rng.uniform(1.1, 1.8)) + 1):
            if rng.random() < 0.85:
                picked = rng.integers(0, len(LETTERS) + 14, int(rng.integers(3, 40)))
                words = "".join(LETTERS[index] if index < len(LETTERS) else " " for index in picked)
                draw.text((float(rng.uniform(-20, 40)), y), words, fill=ink, font=font)
    for _ in range(int(rng.integers(0, 9))):
        walk = np.cumsum(rng.normal(0, size / 14, (int(rng.integers(2, 24)), 2)), 0) + rng.uniform(0, size, 2)
        stroke = near(rng, ink, 40)
        draw.line([(float(x), float(y)) for x, y in walk], fill=stroke, width=int(rng.integers(1, 5)))
    turn = rng.normal(0, 12)
    return np.asarray(page.rotate(turn, Image.Resampling.BILINEAR, fillcolor=ground)).copy()


def _pieces(rng: np.random.Generator, size: int, sprites: SpriteSource, things: Sequence[Thing]) -> Pixels:
    """Pieces of drawings, each too small to tell what it was cut from, thrown on a backdrop."""
    behind = paint_backdrop(PLACES[int(rng.integers(len(PLACES)))], int(rng.integers(1 << 31)), size)
    canvas = Canvas(behind)
    for _ in range(int(rng.integers(3, 22))):
        whole = cutout(sprites, things[int(rng.integers(len(things)))]).levels[0]
        side = int(rng.integers(14, 34))
        left = int(rng.integers(0, max(whole.width - side, 1)))
        top = int(rng.integers(0, max(whole.height - side, 1)))
        piece = whole.crop((left, top, left + side, top + side))
        if rng.random() < 0.7:  # not always square: cut along a random outline
            outline = Image.new("L", piece.size, 0)
            half = np.array([side / 2, side / 2])
            ImageDraw.Draw(outline).polygon(polygon(rng, half, half), fill=255)
            piece = Image.composite(piece, Image.new("RGBa", piece.size), outline)
        middle = rng.uniform(0, size, 2)
        length = side * rng.uniform(0.6, 2.6) * size / 192
        quad = turned(upright(middle[0], middle[1], length, length), rng.uniform(0, 360), squash=rng.uniform(0.6, 1.2))
        canvas.put(Cutout((piece,), side - 4, side - 4, 1.0, None), quad, owned=False)
    return canvas.image


def _place_like(rng: np.random.Generator, size: int) -> Pixels:
    return paint_backdrop(PLACES[int(rng.integers(len(PLACES)))], int(rng.integers(1 << 31)), size)


_PAINTERS: tuple[Callable[[np.random.Generator, int], Pixels], ...] = (
    _natural_noise,
    _leaves,
    _mosaic,
    _landscape,
    _solids,
    _figure,
    _houses,
    _print,
    _place_like,
)
_SHARES = (0.15, 0.19, 0.08, 0.1, 0.14, 0.12, 0.08, 0.1, 0.04)
