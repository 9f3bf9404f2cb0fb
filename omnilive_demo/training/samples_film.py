"""The pictures of a sample stream: things of the drawn world on drawn backdrops, with hands, shadows and light."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from omnilive_demo.training.samples_art import (
    FINE,
    HEIGHT,
    MARGIN,
    WIDTH,
    Canvas,
    Lens,
    Picture,
    hand,
    lit,
    scaled,
    sway,
)
from omnilive_demo.training.samples_story import FPS, Player, Story
from omnilive_demo.training.world.painter import position
from omnilive_demo.training.world.sprites import SpriteSource
from omnilive_demo.training.world.things import Thing

_ENLARGED = 4
_SLEEVE = "#46627f"
_REACH_S, _WITHDRAW_S = 0.8, 0.8  # a hand comes before it takes hold, and goes after it has let go
_AWAY = (120.0, 260.0)  # where it comes from, pixels
_SHADOW = 0.42
_NEAR = 0.10  # so far above its place (share of the picture) a thing casts no shadow on it any more


class Film:
    """Draws the moments of a story. The same seed gives the same grain.

    Raises what `sprites` raises.
    """

    def __init__(self, story: Story, sprites: SpriteSource, seed: int) -> None:
        self._story, self._sprites, self._seed = story, sprites, seed
        self._rooms = story.make_rooms()
        self._drawings: dict[str, Levels] = {}

    def frames(self, duration_s: float | None = None) -> Iterator[Picture]:
        """RGB uint8 `[360, 640, 3]`, at `FPS`."""
        lens = Lens(self._seed, grain=0.6)
        for index in range(round((duration_s or self._story.duration_s) * FPS)):
            yield lens(self.moment(index / FPS))

    def poster(self) -> Picture:
        """The picture that stands for the story, without grain."""
        return Lens(self._seed, grain=0)(self.moment(self._story.poster_s))

    def moment(self, t_s: float) -> Picture:
        """The picture at a time, before the lens."""
        take = self._story.take_at(t_s)
        room = self._rooms[take.room]
        canvas = room.backdrop.copy()
        room.behind(canvas, t_s)
        for player in sorted(take.players, key=lambda one: one.actor.depth):
            self._draw(canvas, player, t_s)
        room.before(canvas, t_s)
        lamps = room.lamps(t_s)
        lights = [(mask, scaled(strength, lamps)) for mask, strength in room.lights]
        return lit(canvas.frame(*sway(t_s, 1.2)), room.ambient(t_s), *lights)

    def _draw(self, canvas: Canvas, player: Player, t_s: float) -> None:
        actor = player.actor
        at = position(actor, t_s)
        if at is not None:
            drawing = self._drawing(actor.thing)
            across = drawing[0].width / max(drawing[0].size) * at.size * HEIGHT
            if player.foot is not None:
                above = player.foot - at.y - 0.5 * at.size * drawing[0].height / max(drawing[0].size)
                strength = _SHADOW * (1 - abs(above) / _NEAR)
                if strength > 0.02:
                    x, y = at.x * WIDTH, player.foot * HEIGHT - 2
                    paste(canvas, _shadow(round(strength * 20) / 20), x, y, 1.35 * across, 0.0, stretch=0.26)
            long_px = at.size * HEIGHT
            paste(canvas, drawing, at.x * WIDTH, at.y * HEIGHT, long_px, actor.turn_deg, actor.flip)
        for start_s, end_s in actor.held:
            self._hand(canvas, player, start_s, end_s, t_s)

    def _drawing(self, thing: Thing) -> Levels:
        if thing.name not in self._drawings:
            self._drawings[thing.name] = enlarged(self._sprites.sprite(thing))
        return self._drawings[thing.name]

    def _hand(self, canvas: Canvas, player: Player, start_s: float, end_s: float, t_s: float) -> None:
        """The hand that holds it, comes for it, or has just left it there."""
        first, last = player.actor.path[0].t_s, player.actor.path[-1].t_s
        comes = max(0.0, min(1.0, (start_s - t_s) / _REACH_S))
        goes = max(0.0, min(1.0, (t_s - end_s) / _WITHDRAW_S))
        if comes >= 1 or goes >= 1 or (comes > 0 and start_s <= first) or (goes > 0 and end_s >= last):
            return
        at = position(player.actor, min(max(t_s, start_s), end_s))
        if at is None:
            return
        away = max(comes, goes)
        away = away * away * (3 - 2 * away)
        x = (at.x * WIDTH) + player.grip[0] * at.size * HEIGHT + away * _AWAY[0]
        y = (at.y + player.grip[1] * at.size) * HEIGHT + away * _AWAY[1]
        hand(canvas, x, y, _SLEEVE, open_=min(1.0, 2 * away))


Levels = tuple[Image.Image, ...]


def enlarged(small: Image.Image) -> Levels:
    """A drawing with smooth edges at four times its size, and smaller ones each half as large; premultiplied."""
    page = Image.new("RGBA", (small.width + 4, small.height + 4))
    page.paste(small, (2, 2))
    solid = page.getchannel("A").point(lambda level: 255 if level > 235 else 0)
    inside = Image.new("RGBA", page.size)
    inside.paste(page, mask=solid)
    spread = inside.convert("RGBa").filter(ImageFilter.BoxBlur(2)).convert("RGBA")  # the colours next to the edge
    rim = Image.composite(page.convert("RGB"), spread.convert("RGB"), solid)
    size = (page.width * _ENLARGED, page.height * _ENLARGED)
    large = rim.resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.UnsharpMask(3, 60, 2))
    edge = page.getchannel("A").resize(size, Image.Resampling.BICUBIC)
    large.putalpha(edge.point(lambda level: min(255, max(0, round((level - 128) * 2.2 + 128)))))
    return _levels(large.crop((2 * _ENLARGED, 2 * _ENLARGED, size[0] - 2 * _ENLARGED, size[1] - 2 * _ENLARGED)))


@lru_cache(maxsize=64)
def _shadow(strength: float) -> Levels:
    """A soft round patch of darkness."""
    mask = Image.new("L", (256, 256))
    ImageDraw.Draw(mask).ellipse((52, 52, 204, 204), fill=round(255 * strength))
    patch = Image.new("RGBA", mask.size, (24, 14, 8, 0))
    patch.putalpha(mask.filter(ImageFilter.GaussianBlur(22)))
    return _levels(patch)


def _levels(drawing: Image.Image) -> Levels:
    levels = [drawing.convert("RGBa")]
    while min(levels[-1].size) > 24:
        levels.append(levels[-1].reduce(2))
    return tuple(levels)


def paste(
    canvas: Canvas, levels: Levels, x: float, y: float, long_px: float, turn_deg: float, flip: bool = False,
    stretch: float = 1.0,
) -> None:  # fmt: skip
    """Lays a drawing over the canvas: its middle at (x, y), its longer side `long_px` long, tilted clockwise.

    stretch: factor on its height.
    """
    wanted = long_px * FINE
    source = next((one for one in reversed(levels) if max(one.size) >= wanted), levels[0])
    scale = wanted / max(source.size)
    turn = np.deg2rad(turn_deg)
    shape = np.array([[-scale if flip else scale, 0], [0, scale * stretch]])
    forward = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ shape
    middle = np.array([(x + MARGIN) * FINE, (y + MARGIN) * FINE])
    half = np.array(source.size) / 2
    reach = np.abs(forward) @ half + 2
    left, top = np.maximum(np.floor(middle - reach).astype(int), 0)
    right, bottom = np.minimum(np.ceil(middle + reach).astype(int), canvas.image.size)
    if right <= left or bottom <= top:
        return
    back = np.linalg.inv(forward)
    offset = half - back @ (middle - (left, top))
    data = (*back[0], offset[0], *back[1], offset[1])
    part = source.transform(
        (int(right - left), int(bottom - top)), Image.Transform.AFFINE, tuple(float(value) for value in data),
        Image.Resampling.BILINEAR,
    )  # fmt: skip
    front = np.asarray(part, np.uint16)
    box = (int(left), int(top), int(right), int(bottom))
    below = np.asarray(canvas.image.crop(box), np.uint16)
    over = front[..., :3] + (below * (255 - front[..., 3:]) + 127) // 255
    canvas.image.paste(Image.fromarray(np.minimum(over, 255).astype(np.uint8)), box)
