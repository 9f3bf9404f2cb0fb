"""A small flat-illustration kit: a supersampled canvas, key-framed values, light.

Everything is drawn in the units of the finished 640x360 picture, twice as fine and a little larger than the frame, so
that edges are smooth and a hand-held sway can shift the frame by half pixels. Light is laid over the drawing as a
factor per channel: what makes a room dark is the light, not other colours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFilter, ImageFont

WIDTH, HEIGHT = 640, 360
MARGIN = 8  # drawn around the frame, for the sway
FINE = 2

Picture = NDArray[np.uint8]
Point = tuple[float, float]
Colour = tuple[int, ...]


def colour(value: str, alpha: float = 1.0) -> Colour:
    """`#rrggbb` as a drawing colour."""
    rgb = ImageColor.getrgb(value)[:3]
    return (*rgb, round(255 * alpha)) if alpha < 1 else rgb


def mix(one: str, other: str, share: float) -> str:
    """A colour between two: `share` 0 is the first, 1 the other."""
    a, b = ImageColor.getrgb(one), ImageColor.getrgb(other)
    red, green, blue = (round(x + (y - x) * min(max(share, 0.0), 1.0)) for x, y in zip(a[:3], b[:3], strict=True))
    return f"#{red:02x}{green:02x}{blue:02x}"


@dataclass(frozen=True)
class Keys:
    """A number over time: eased between key frames (seconds, value), constant outside."""

    frames: tuple[tuple[float, float], ...]

    def __call__(self, t_s: float) -> float:
        """The value at `t_s`."""
        before = self.frames[0]
        for frame in self.frames:
            if t_s < frame[0]:
                span_s = frame[0] - before[0]
                share = (t_s - before[0]) / span_s if span_s > 0 and t_s > before[0] else 0.0
                return before[1] + (frame[1] - before[1]) * share * share * (3 - 2 * share)
            before = frame
        return before[1]


def keys(*frames: tuple[float, float]) -> Keys:
    """Short for `Keys`."""
    return Keys(tuple(frames))


class Canvas:
    """Something to draw on. Coordinates are those of the finished frame; colours are `#rrggbb`."""

    def __init__(self, image: Image.Image | None = None) -> None:
        size = ((WIDTH + 2 * MARGIN) * FINE, (HEIGHT + 2 * MARGIN) * FINE)
        self.image = image or Image.new("RGB", size)
        self._draw = ImageDraw.Draw(self.image, "RGBA")

    def copy(self) -> Canvas:
        """A canvas of its own with the same picture."""
        return Canvas(self.image.copy())

    def rect(self, x: float, y: float, w: float, h: float, fill: str, radius: float = 0, alpha: float = 1.0) -> None:
        """A rectangle, with round corners if wished."""
        if min(w, h) * FINE >= 1 and alpha > 0:
            box = (*_fine((x, y)), *_last((x + w, y + h)))
            self._draw.rounded_rectangle(box, radius * FINE, fill=colour(fill, alpha))

    def oval(self, x: float, y: float, rx: float, ry: float, fill: str, alpha: float = 1.0) -> None:
        """An ellipse around its centre."""
        if min(rx, ry) * FINE >= 1 and alpha > 0:
            self._draw.ellipse((*_fine((x - rx, y - ry)), *_last((x + rx, y + ry))), fill=colour(fill, alpha))

    def poly(self, points: Sequence[Point], fill: str, alpha: float = 1.0) -> None:
        """A filled polygon."""
        self._draw.polygon([_fine(point) for point in points], fill=colour(fill, alpha))

    def blob(self, fill: str, start: Point, *steps: Point | None) -> None:
        """A filled outline from `start` through pairs of (bend, end); without a bend the step is straight."""
        outline = [start]
        for bend, end in zip(steps[::2], steps[1::2], strict=True):
            assert end is not None
            outline += [end] if bend is None else curve(outline[-1], bend, end)
        self.poly(outline, fill)

    def line(self, points: Sequence[Point], fill: str, width: float = 1, alpha: float = 1.0) -> None:
        """A line with round ends and joints."""
        fine = [_fine(point) for point in points]
        self._draw.line(fine, fill=colour(fill, alpha), width=max(1, round(width * FINE)), joint="curve")
        if width > 2 and alpha == 1:
            for x, y in fine:
                r = width * FINE / 2 - 0.5
                self._draw.ellipse((x - r, y - r, x + r, y + r), fill=colour(fill))

    def arc(self, x: float, y: float, rx: float, ry: float, from_: float, to: float, fill: str, width: float) -> None:
        """Part of an ellipse's rim; degrees clockwise from three o'clock."""
        box = (*_fine((x - rx, y - ry)), *_last((x + rx, y + ry)))
        self._draw.arc(box, from_, to, fill=colour(fill), width=round(width * FINE))

    def pie(self, x: float, y: float, rx: float, ry: float, from_: float, to: float, fill: str) -> None:
        """A slice of an ellipse."""
        self._draw.pieslice((*_fine((x - rx, y - ry)), *_last((x + rx, y + ry))), from_, to, fill=colour(fill))

    def fade(self, x: float, y: float, w: float, h: float, top: str, bottom: str) -> None:
        """A rectangle whose colour runs from `top` to `bottom`."""
        (x0, y0), (x1, y1) = _fine((x, y)), _fine((x + w, y + h))
        size = (max(1, round(x1 - x0)), max(1, round(y1 - y0)))
        a, b = (np.array(ImageColor.getrgb(c)[:3], np.float32) for c in (top, bottom))
        column = a + (b - a) * np.linspace(0, 1, size[1], dtype=np.float32)[:, None]
        strip = Image.fromarray(np.rint(column).astype(np.uint8)[:, None, :], "RGB").resize(size)
        self.image.paste(strip, (round(x0), round(y0)))

    def shadow(self, points: Sequence[Point], blur: float, alpha: float, tint: str = "#1c1208") -> None:
        """A soft dark (or tinted) patch in the shape of a polygon."""
        mask = Image.new("L", self.image.size)
        ImageDraw.Draw(mask).polygon([_fine(point) for point in points], fill=round(255 * alpha))
        mask = mask.filter(ImageFilter.GaussianBlur(blur * FINE))
        self.image.paste(Image.new("RGB", self.image.size, colour(tint)), (0, 0), mask)
        self._draw = ImageDraw.Draw(self.image, "RGBA")

    def ground(self, x: float, y: float, rx: float, ry: float, alpha: float = 0.35) -> None:
        """The soft shadow that lets a thing stand on a table."""
        self.shadow(ring(x, y, rx, ry), min(rx, ry) * 0.7, alpha)

    def words(self, x: float, y: float, text: str, fill: str, size: float) -> None:
        """Text, centred on a point, in the drawing library's own font."""
        font = ImageFont.load_default(size * FINE)
        self._draw.text(_fine((x, y)), text, fill=colour(fill), font=font, anchor="mm")

    def frame(self, dx: float = 0.0, dy: float = 0.0) -> Picture:
        """The finished picture `[360, 640, 3]`, seen through a frame that is shifted by less than the margin."""
        left, top = (MARGIN + dx) * FINE, (MARGIN + dy) * FINE  # fractions count, so a slow drift is even
        box = (left, top, left + WIDTH * FINE, top + HEIGHT * FINE)
        return np.asarray(self.image.resize((WIDTH, HEIGHT), Image.Resampling.HAMMING, box=box))


def _fine(point: Point) -> Point:
    return ((point[0] + MARGIN) * FINE, (point[1] + MARGIN) * FINE)


def _last(point: Point) -> Point:
    x, y = _fine(point)
    return (x - 1, y - 1)


def ring(x: float, y: float, rx: float, ry: float, points: int = 28) -> list[Point]:
    """The corners of an ellipse."""
    turns = [2 * math.pi * i / points for i in range(points)]
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in turns]


def curve(start: Point, bend: Point, end: Point, points: int = 16) -> list[Point]:
    """A quadratic curve as points."""
    steps = [i / (points - 1) for i in range(points)]
    return [
        (
            (1 - s) ** 2 * start[0] + 2 * s * (1 - s) * bend[0] + s * s * end[0],
            (1 - s) ** 2 * start[1] + 2 * s * (1 - s) * bend[1] + s * s * end[1],
        )
        for s in steps
    ]


# ---- light -----------------------------------------------------------------------------------------------------------

Mask = NDArray[np.float32]
Light = tuple[float, float, float]


def glow(x: float, y: float, rx: float, ry: float, sharpness: float = 1.0) -> Mask:
    """A round light `[360, 640]`: 1 in the middle, fading outwards."""
    ys, xs = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    far = np.sqrt(((xs - x) / rx) ** 2 + ((ys - y) / ry) ** 2)
    return np.asarray(np.exp(-(far ** (2 * sharpness))), np.float32)


def beam(points: Sequence[Point], blur: float) -> Mask:
    """A light in the shape of a polygon with soft edges."""
    mask = Image.new("L", (WIDTH, HEIGHT))
    ImageDraw.Draw(mask).polygon([(x, y) for x, y in points], fill=255)
    return np.asarray(mask.filter(ImageFilter.GaussianBlur(blur)), np.float32) / np.float32(255)


def lit(picture: Picture, ambient: Light, *lights: tuple[Mask, Light], lamps: bool = False) -> Picture:
    """The picture under an ambient light and further lights (mask, strength per channel).

    With `lamps`, what is painted with a full red channel is a light itself and no night darkens it.
    """
    factor = np.empty((HEIGHT, WIDTH, 3), np.float32)
    factor[:] = ambient
    for mask, strength in lights:
        if any(strength):
            factor += mask[..., None] * np.asarray(strength, np.float32)
    if lamps:
        shines = np.clip((picture[..., :1].astype(np.float32) - 247) / 7, 0, 1)
        factor += np.maximum(0.97 - factor, 0) * shines
    out = picture * factor
    over = out > 235  # highlights bend instead of clipping
    out[over] = 235 + (out[over] - 235) * 0.25
    return np.asarray(np.clip(out, 0, 255), np.uint8)


def blend(one: Light, other: Light, share: float) -> Light:
    """A light between two."""
    red, green, blue = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return (red, green, blue)


def scaled(light: Light, strength: float) -> Light:
    """A light, stronger or weaker."""
    return (light[0] * strength, light[1] * strength, light[2] * strength)


def sway(t_s: float, reach: float = 1.6) -> Point:
    """How far a hand-held camera has drifted, in pixels."""
    return (
        reach * (math.sin(0.61 * t_s) + 0.5 * math.sin(1.13 * t_s + 1)) / 1.5,
        reach * 0.6 * (math.sin(0.47 * t_s + 2) + 0.5 * math.sin(0.97 * t_s)) / 1.5,
    )


class Lens:
    """What a small camera adds: corners a little darker, and a grain that changes from frame to frame."""

    def __init__(self, seed: int, grain: float = 1.3) -> None:
        ys, xs = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
        self._corners = (1 - 0.13 * (xs**2 + ys**2) ** 1.3 / 2).astype(np.float32)[..., None]
        rng = np.random.default_rng(seed)
        self._grain = rng.normal(0, grain, (5, HEIGHT, WIDTH, 1)).astype(np.float32)
        self._rng = rng

    def __call__(self, picture: Picture) -> Picture:
        """One frame through the lens."""
        grain = np.roll(self._grain[self._rng.integers(len(self._grain))], self._rng.integers(0, 360), axis=0)
        return np.asarray(np.clip(picture * self._corners + grain + 0.5, 0, 255), np.uint8)


def hand(
    canvas: Canvas, x: float, y: float, sleeve: str, skin: str = "#d9a47c", lean: float = 0.0, open_: float = 0.0
) -> None:
    """The camera wearer's own right hand from below, fingertips at (x, y); `open_` spreads the fingers (0..1)."""
    dark = mix(skin, "#5a2f1c", 0.25)
    wrist = (x + 30 + lean * 20, y + 78)
    elbow = (x + 75 + lean * 60, y + 300)
    canvas.line([wrist, elbow], sleeve, 58)
    canvas.line([(wrist[0] + 5, wrist[1] + 6), (wrist[0] + 10, wrist[1] + 26)], mix(sleeve, "#000000", 0.18), 60)
    canvas.line([(x + 24 + lean * 12, y + 48), wrist], skin, 36)
    canvas.oval(x + 20, y + 38, 24, 22, skin)
    for index in range(4):
        root = (x + 4 + index * 10.5, y + 26 + index * 1.5)
        tip = (x - 4 + index * (7 + 4 * open_), y + 1 + abs(index - 1.2) * 3.5 - 4 * open_)
        canvas.line([root, tip], dark if index % 2 else skin, 11.5)
        canvas.line([root, tip], skin, 9.5)
    canvas.line([(x + 2, y + 44), (x - 13 - 6 * open_, y + 20)], dark, 13)
    canvas.line([(x + 2, y + 44), (x - 13 - 6 * open_, y + 20)], skin, 11)


Shot = Callable[[float], Picture]
"""A camera position: the picture at a stream time."""
