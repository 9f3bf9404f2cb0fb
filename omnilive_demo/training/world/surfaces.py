"""Surfaces that backdrops are made of: boards, tiles, cloth, ground, walls, fronts of houses, and how they meet.

All take a generator and a size and give uint8 `[size, size, 3]`.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from omnilive_demo.training.world.textures import (
    Colour,
    Pixels,
    Values,
    axes,
    blurred,
    colour,
    lit,
    mixed,
    natural,
    near,
    noise,
    painted,
    palette,
    relief,
    shapes,
    warped,
)


def wood(rng: np.random.Generator) -> Colour:
    """A colour that wood has."""
    return colour(rng, (0.04, 0.11), (0.2, 0.7), (0.25, 0.9))


def planks(rng: np.random.Generator, size: int, base: Colour | None = None) -> Pixels:
    """Boards side by side, each a bit different, with grain and gaps."""
    base = base or wood(rng)
    count = int(rng.integers(1, 10))
    grain = noise(rng, size, 24, 4, 0.7, rng.uniform(6, 20))
    pixels = painted(grain, palette(rng, base, rng.uniform(6, 20), 3))
    y = np.arange(size) * count // size
    pixels = np.clip(pixels * rng.normal(1, 0.07, count)[y][:, None, None], 0, 255).astype(np.uint8)
    if count > 1:
        gap = max(1, round(size * rng.uniform(0.002, 0.01)))
        for index in range(1, count):
            at = index * size // count
            pixels[at : at + gap] = pixels[at : at + gap] // 2
        for index in range(count):
            if rng.random() < 0.6:
                x = int(rng.integers(size - gap))
                top, bottom = index * size // count, (index + 1) * size // count
                pixels[top:bottom, x : x + gap] = pixels[top:bottom, x : x + gap] // 2
    if rng.random() < 0.3:
        pixels = np.ascontiguousarray(pixels.transpose(1, 0, 2))
    return pixels


def tiles(rng: np.random.Generator, size: int, bricks: bool = False) -> Pixels:
    """Tiles or bricks with joints; chequered at times."""
    rows = int(rng.integers(3, 14))
    high = size / rows
    wide = high * (rng.uniform(1.6, 3.2) if bricks else rng.choice((1.0, 1.0, 1.5, 2.0)))
    base = colour(rng, (0.0, 0.08), (0.2, 0.7), (0.3, 0.8)) if bricks else natural(rng)
    other = near(rng, base, 60) if rng.random() < 0.3 else base
    y = (np.arange(size) / high).astype(int)
    offset = (y % 2) * (wide / 2 if bricks or rng.random() < 0.2 else 0)
    across = (np.arange(size)[None, :] + offset[:, None]) / wide
    x = across.astype(int)
    spread = rng.uniform(0, 0.12)
    tints = rng.normal(1, spread, (rows + 1, int(x.max()) + 1, 1))
    even = ((x + y[:, None]) % 2)[..., None]
    pixels = (np.array(base) * (1 - even) + np.array(other) * even) * tints[y[:, None], x]
    pixels *= 1 + rng.uniform(0, 0.35) * (noise(rng, size, 10, 4, 0.8) - 0.5)[..., None]
    joint = rng.uniform(0.02, 0.09)
    between = (np.arange(size) / high % 1 < joint)[:, None] | (across % 1 < joint * high / wide)
    pixels[between] = np.array(near(rng, (150, 145, 140), 50))
    tiled: Pixels = np.clip(pixels, 0, 255).astype(np.uint8)
    return tiled


def cloth(rng: np.random.Generator, size: int, folds: bool = False) -> Pixels:
    """Fabric: plain, striped, checked, dotted or patterned; in folds at times."""
    x, y = axes(size)
    base = natural(rng) if rng.random() < 0.7 else colour(rng, saturation=(0.3, 0.9))
    other = near(rng, natural(rng), 30)
    angle = rng.choice((0.0, np.pi / 2, rng.uniform(0, np.pi)))
    along = x * np.cos(angle) + y * np.sin(angle)
    kind = rng.random()
    frequency = rng.uniform(3, 30)
    mask: Values = np.zeros((size, size), np.float32)
    if kind < 0.3:
        mask = (along * frequency % 1 < rng.uniform(0.1, 0.6)).astype(np.float32)
    elif kind < 0.45:
        mask = 0.5 * (x * frequency % 1 < 0.4).astype(np.float32) + 0.5 * (y * frequency % 1 < 0.4)
    elif kind < 0.6:
        mask = ((x * frequency % 1 - 0.5) ** 2 + (y * frequency % 1 - 0.5) ** 2 < rng.uniform(0.02, 0.12)).astype(
            np.float32
        )
    elif kind < 0.75:
        mask = (np.sin(noise(rng, size, int(rng.integers(3, 8)), 2) * rng.uniform(10, 50)) > 0).astype(np.float32)
    plain = painted(noise(rng, size, 40, 3, 0.9), palette(rng, base, rng.uniform(3, 14), 3))
    pixels = mixed(plain, np.full_like(plain, other), mask * np.float32(rng.uniform(0.3, 1)))
    weave = noise(rng, size, 60, 2, 0.9)
    pixels = lit(pixels, weave, rng.uniform(0, 0.3))
    if folds or rng.random() < 0.2:
        wavy = along + 0.04 * noise(rng, size, 3, 2)
        pixels = lit(pixels, (0.5 + 0.5 * np.sin(wavy * rng.uniform(20, 70))).astype(np.float32), rng.uniform(0.2, 0.5))
    return pixels


def ground(rng: np.random.Generator, size: int, base: Colour, coarse: int, bump: float) -> Pixels:
    """Loose ground: grass, sand, snow, gravel, by its colour and how bumpy it is."""
    values = noise(rng, size, coarse, 6, rng.uniform(0.6, 0.95))
    pixels = painted(values, palette(rng, base, rng.uniform(12, 30), 4))
    return lit(pixels, relief(rng, values, bump), rng.uniform(0.3, 0.7))


def out_of_focus(rng: np.random.Generator, size: int) -> Pixels:
    """Some shapes too blurred to tell what they are."""
    return blurred(shapes(rng, size, int(rng.integers(6, 40)), 0.5, 0.04), rng.uniform(2, 9) * size / 192)


def horizon(rng: np.random.Generator, below: Pixels, above: Pixels, at: float) -> Pixels:
    """One surface in front of another, with a soft or hard edge that may tilt."""
    size = below.shape[0]
    x, y = axes(size)
    edge = y - np.float32(at) + (x - 0.5) * np.float32(rng.normal(0, 0.06))
    return mixed(above, below, np.clip(edge * rng.uniform(20, 190) + 0.5, 0, 1))


def surface(rng: np.random.Generator, size: int) -> Pixels:
    """A table's or worktop's top: wood, cloth, stone or plain."""
    kind = rng.random()
    if kind < 0.5:
        return warped(planks(rng, size), rng, 0.3)
    if kind < 0.7:
        return warped(cloth(rng, size), rng, 0.25)
    if kind < 0.85:
        values = noise(rng, size, int(rng.integers(4, 30)), 6, rng.uniform(0.5, 1.0))
        return painted(values, (near(rng, natural(rng), 20), near(rng, natural(rng), 20), natural(rng)))
    base = natural(rng)
    return painted(noise(rng, size, 3, 4), palette(rng, base, 10, 3))


def before_something(rng: np.random.Generator, size: int, top: Pixels, share: float = 0.6) -> Pixels:
    """A surface alone or, in a share of cases, with something blurred or a wall behind it."""
    if rng.random() > share:
        return top
    behind = out_of_focus(rng, size) if rng.random() < 0.6 else wall(rng, size)
    return horizon(rng, top, behind, rng.uniform(0.1, 0.6))


def boxes(rng: np.random.Generator, pixels: Pixels, count: int, size_range: tuple[float, float] = (0.2, 0.6)) -> Pixels:
    """Plain furniture: rectangles with a frame and a shadow side."""
    size = pixels.shape[0]
    page = Image.fromarray(pixels)
    draw = ImageDraw.Draw(page)
    base = natural(rng)
    for _ in range(count):
        wide, high = rng.uniform(*size_range, 2) * size
        left, top = rng.uniform(-0.1, 0.9, 2) * size
        fill = near(rng, base, 18)
        draw.rectangle((left, top, left + wide, top + high), fill=fill, outline=near(rng, (50, 45, 40), 20))
        inset = rng.uniform(0.05, 0.2) * min(wide, high)
        if rng.random() < 0.6:
            inner = (left + inset, top + inset, left + wide - inset, top + high - inset)
            draw.rectangle(inner, fill=near(rng, fill, 14), outline=near(rng, fill, 40))
    return np.asarray(page).copy()


def buildings(rng: np.random.Generator, size: int, sky: Pixels) -> Pixels:
    """Fronts with rows of openings before a sky; slanted a little."""
    page = Image.fromarray(sky)
    draw = ImageDraw.Draw(page)
    left = -rng.uniform(0, 0.2) * size
    while left < size:
        wide, top = rng.uniform(0.12, 0.5) * size, rng.uniform(0.0, 0.5) * size
        front = near(rng, natural(rng), 15)
        draw.rectangle((left, top, left + wide, size), fill=front)
        pane = near(rng, (70, 80, 95), 40)
        panes = [near(rng, pane, 12) for _ in range(7)]
        across, along = rng.uniform(0.035, 0.12) * size, rng.uniform(0.04, 0.14) * size
        share = rng.uniform(0.4, 0.8)
        for x in np.arange(left + across * 0.3, left + wide - across * 0.6, across):
            for y in np.arange(top + along * 0.3, size, along):
                draw.rectangle((x, y, x + across * share, y + along * share), fill=panes[int(x + 3 * y) % 7])
        left += wide + (rng.uniform(0, 0.1) * size if rng.random() < 0.4 else 0)
    return warped(np.asarray(page), rng, 0.15)


def wall(rng: np.random.Generator, size: int) -> Pixels:
    """Bricks, wallpaper or plaster."""
    kind = rng.random()
    if kind < 0.35:
        return warped(tiles(rng, size, bricks=True), rng, 0.15)
    if kind < 0.55:
        return cloth(rng, size)  # wallpaper
    values = noise(rng, size, int(rng.integers(2, 20)), 6, rng.uniform(0.4, 0.9))
    base = colour(rng, saturation=(0, 0.45), light=(0.3, 1.0))
    pixels = painted(values, palette(rng, base, rng.uniform(3, 14), 3))
    return lit(pixels, relief(rng, values, 3), rng.uniform(0, 0.4))
