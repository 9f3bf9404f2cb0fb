"""Building blocks of backdrops: noise, palettes, shaded regions, patterns. Values are float32 `[size, size]` in 0..1,
pictures uint8 `[size, size, 3]`; all of it follows from the generator that is passed in.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Values = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]

BICUBIC = Image.Resampling.BICUBIC
BILINEAR = Image.Resampling.BILINEAR


def noise(
    rng: np.random.Generator, size: int, coarse: int = 3, octaves: int = 5, rough: float = 0.5, stretch: float = 1.0
) -> Values:
    """Cloudy noise: `octaves` grids, each twice as fine and `rough` times as strong; stretch > 1 makes it streaky."""
    side = (size + 1) // 2  # what is coarse is summed at half the size, which is faster
    total = np.zeros((side, side), np.float32)
    weight, high = 1.0, max(2, coarse)
    for _ in range(octaves):
        if high > size:
            break
        if high > side // 2 and side < size:
            side = size
            total = np.array(Image.fromarray(total).resize((size, size), BILINEAR))
        wide = max(2, round(high / stretch))
        grid = rng.integers(0, 256, (high, min(wide, size)), dtype=np.uint8)
        total += np.multiply(np.asarray(Image.fromarray(grid).resize((side, side), BICUBIC)), np.float32(weight))
        weight *= rough
        high *= 2
    if side < size:
        total = np.array(Image.fromarray(total).resize((size, size), BILINEAR))
    total -= total.min()
    total /= max(float(total.max()), 1e-6)
    return total


@lru_cache(maxsize=8)
def _axes(size: int) -> tuple[Values, Values]:
    line = np.linspace(0, 1, size, dtype=np.float32)
    return np.broadcast_to(line[None, :], (size, size)), np.broadcast_to(line[:, None], (size, size))


def axes(size: int) -> tuple[Values, Values]:
    """x and y of every pixel, 0..1 (read-only)."""
    return _axes(size)


def slope(rng: np.random.Generator, size: int) -> Values:
    """An even gradient in a random direction, 0..1."""
    x, y = axes(size)
    angle = rng.uniform(0, 2 * np.pi)
    values = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
    values = values - values.min()
    even: Values = values / values.max()
    return even


def colour(
    rng: np.random.Generator,
    hue: tuple[float, float] = (0.0, 1.0),
    saturation: tuple[float, float] = (0.0, 0.6),
    light: tuple[float, float] = (0.15, 0.95),
) -> Colour:
    """A random colour within ranges of hue, saturation and value (0..1 each)."""
    red, green, blue = colorsys.hsv_to_rgb(rng.uniform(*hue) % 1.0, rng.uniform(*saturation), rng.uniform(*light))
    return round(red * 255), round(green * 255), round(blue * 255)


def natural(rng: np.random.Generator) -> Colour:
    """A colour as photographs have them: mostly dull, browns, greens and blues more often than others."""
    kind = rng.random()
    if kind < 0.35:
        return colour(rng, (0.03, 0.13), (0.1, 0.7), (0.08, 0.95))
    if kind < 0.5:
        return colour(rng, (0.18, 0.4), (0.1, 0.7), (0.08, 0.8))
    if kind < 0.65:
        return colour(rng, (0.52, 0.65), (0.05, 0.7), (0.15, 1.0))
    if kind < 0.9:
        return colour(rng, saturation=(0.0, 0.15), light=(0.02, 1.0))
    return colour(rng, saturation=(0.4, 1.0), light=(0.3, 1.0))


def near(rng: np.random.Generator, base: Colour, spread: float = 25) -> Colour:
    """A colour close to another: mostly lighter or darker, a little shifted."""
    lighter, *shift = (rng.standard_normal(4) * spread).tolist()
    red, green, blue = (min(max(int(old + lighter + new / 4), 0), 255) for old, new in zip(base, shift, strict=True))
    return red, green, blue


def all_near(rng: np.random.Generator, bases: Sequence[Colour], count: int, spread: float = 25) -> NDArray[np.float32]:
    """Many colours at once, each close to a random one of the bases: `[count, 3]`, 0..255."""
    picked = np.array(bases, np.float32)[rng.integers(0, len(bases), count)]
    shift = rng.standard_normal((count, 4), np.float32) * np.float32(spread)
    return np.clip(picked + shift[:, :1] + shift[:, 1:] / 4, 0, 255)


def palette(rng: np.random.Generator, base: Colour, spread: float = 30, stops: int = 4) -> tuple[Colour, ...]:
    """Colours around a base one, dark to light."""
    return tuple(sorted((near(rng, base, spread) for _ in range(stops)), key=sum))


def painted(values: Values, colours: tuple[Colour, ...]) -> Pixels:
    """Values 0..1 through a ramp of colours."""
    at = np.linspace(0, 255, len(colours))
    ramp = np.array(colours, np.float32)
    table = np.stack([np.interp(np.arange(256), at, ramp[:, channel]) for channel in range(3)], 1).astype(np.uint8)
    pixels: Pixels = table[np.clip(values * 255, 0, 255).astype(np.uint8)]
    return pixels


def lit(pixels: Pixels, values: Values, strength: float = 0.5) -> Pixels:
    """Brightened where values are above a half, darkened where below."""
    factor = 1 + (values - 0.5) * np.float32(2 * strength)
    return np.clip(pixels * factor[..., None], 0, 255).astype(np.uint8)


def blurred(pixels: Pixels, radius: float) -> Pixels:
    """Out of focus by `radius` pixels; far out of focus by way of a smaller picture, which is faster."""
    if radius > 1.8:
        size = pixels.shape[0]
        small = max(4, round(size / radius))
        picture = Image.fromarray(pixels).resize((small, small), Image.Resampling.BOX)
        return np.asarray(picture.filter(ImageFilter.BoxBlur(0.7)).resize((size, size), BICUBIC)).copy()
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.BoxBlur(1.5 * radius))).copy()


def mixed(first: Pixels, second: Pixels, mask: Values) -> Pixels:
    """`second` where the mask is 1, `first` where it is 0."""
    weight = Image.fromarray(np.clip(mask * 255, 0, 255).astype(np.uint8), "L")
    return np.asarray(Image.composite(Image.fromarray(second), Image.fromarray(first), weight)).copy()


def relief(rng: np.random.Generator, values: Values, strength: float = 6.0) -> Values:
    """The light that a bumpy surface with these heights throws back, 0..1."""
    angle = rng.uniform(0, 2 * np.pi)
    down = np.empty_like(values)
    right = np.empty_like(values)
    down[1:], down[0] = values[1:] - values[:-1], 0
    right[:, 1:], right[:, 0] = values[:, 1:] - values[:, :-1], 0
    scale = strength * values.shape[0] / 192
    light = 0.5 + scale * (np.float32(np.cos(angle)) * right + np.float32(np.sin(angle)) * down)
    clipped: Values = np.clip(light, 0, 1)
    return clipped


def regions(rng: np.random.Generator, ids: NDArray[np.uint8], colours: NDArray[np.float32], shade: float) -> Pixels:
    """Every region in its colour (`[regions, 3]`), shaded by its own gradient and grained by a common noise."""
    size = ids.shape[0]
    x, y = axes(size)
    count = len(colours)
    across = rng.normal(0, shade, count).astype(np.float32)[ids]
    along = rng.normal(0, shade, count).astype(np.float32)[ids]
    grain = rng.uniform(0, 0.35, count).astype(np.float32)[ids]
    factor = 1 + across * (x - 0.5) + along * (y - 0.5) + grain * (noise(rng, size, 12, 5, 0.8) - 0.5)
    pixels: Pixels = np.clip(colours[ids] * factor[..., None], 0, 255).astype(np.uint8)
    return pixels


def shapes(rng: np.random.Generator, size: int, count: int, largest: float = 0.4, smallest: float = 0.02) -> Pixels:
    """Opaque shapes over each other with sizes as in nature (many small, few large), each shaded: "dead leaves"."""
    count = min(count, 250)
    page = Image.new("L", (size, size), 0)
    draw = ImageDraw.Draw(page)
    sides = largest * (rng.random(count) ** 2.2) + smallest
    round_share = rng.random()
    for index in range(count):
        side = sides[index] * size
        middle = rng.uniform(-0.1, 1.1, 2) * size
        half = side * rng.uniform(0.3, 1.0, 2)
        if rng.random() < round_share:
            draw.ellipse((*(middle - half), *(middle + half)), fill=index + 1)
        else:
            draw.polygon(polygon(rng, middle, half), fill=index + 1)
    base = [natural(rng) for _ in range(int(rng.integers(2, 9)))]
    return regions(rng, np.asarray(page), all_near(rng, base, count + 1, 22), rng.uniform(0.1, 1.2))


def polygon(rng: np.random.Generator, middle: NDArray, half: NDArray, corners: int = 0) -> list[tuple[float, float]]:
    """The corners of a random shape around a middle, `half` wide and high each way."""
    corners = corners or int(rng.integers(3, 8))
    angles = (
        np.sort(rng.uniform(0, 2 * np.pi, corners))
        if rng.random() < 0.5
        else (np.arange(corners) * 2 * np.pi / corners + rng.uniform(0, 2 * np.pi))
    )
    radii = rng.uniform(0.6, 1.2, corners)
    return [
        (float(middle[0] + half[0] * radius * np.cos(angle)), float(middle[1] + half[1] * radius * np.sin(angle)))
        for angle, radius in zip(angles, radii, strict=True)
    ]


def cells(rng: np.random.Generator, size: int, count: int) -> NDArray[np.uint8]:
    """Voronoi cells: for each pixel the index of the nearest of `count` (at most 255) random points."""
    small = 64
    at = np.arange(small, dtype=np.float32)
    points = rng.uniform(0, small, (count, 2)).astype(np.float32)
    rows = (at[:, None] - points[:, 0]) ** 2
    columns = (at[:, None] - points[:, 1]) ** 2
    nearest = (rows[:, None, :] + columns[None, :, :]).argmin(-1).astype(np.uint8)
    return np.asarray(Image.fromarray(nearest, "L").resize((size, size), Image.Resampling.NEAREST))


def warped(pixels: Pixels, rng: np.random.Generator, amount: float) -> Pixels:
    """Seen from a slant: the corners are moved outwards by up to `amount` of the size, so nothing empty shows."""
    size = pixels.shape[0]
    away = rng.uniform(0, amount, (4, 2)) * size
    corners = (
        (away[0, 0], away[0, 1]),
        (away[1, 0], size - away[1, 1]),
        (size - away[2, 0], size - away[2, 1]),
        (size - away[3, 0], away[3, 1]),
    )
    data = tuple(float(value) for corner in corners for value in corner)
    picture = Image.fromarray(pixels).transform((size, size), Image.Transform.QUAD, data, BILINEAR)
    return np.asarray(picture).copy()


@lru_cache(maxsize=16)
def letters_font(height: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A plain font that Pillow brings along."""
    return ImageFont.load_default(size=height)
