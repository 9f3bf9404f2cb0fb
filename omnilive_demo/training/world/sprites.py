"""Drawings of things, cut out: from a colour emoji font (training style) or from openmoji's vector files (other style).

Everything is cached: a drawing is made once for each thing and colour of a process.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from omnilive_demo.training.world.things import Thing
from omnilive_demo.training.world.truth import COLOURS

NOTO_FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
NOTO_SIZE = 109
SIDE = 136
MARGIN = 2
"""Empty pixels around a cutout, so that its edges stay smooth when it is turned."""
OPAQUE = 100
OUTLINE = 3
DOMINANT = 0.55
CACHED = 3000

Look = Literal["plain", "outlined", "flat", "inked"]

_RAMPS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "red": ((80, 4, 8), (205, 30, 35), (255, 140, 130)),
    "orange": ((140, 60, 0), (240, 130, 20), (255, 200, 130)),
    "yellow": ((150, 115, 0), (245, 205, 30), (255, 245, 160)),
    "green": ((5, 60, 20), (50, 155, 60), (160, 225, 150)),
    "blue": ((10, 25, 95), (40, 100, 215), (150, 200, 250)),
    "purple": ((45, 10, 85), (125, 55, 175), (205, 160, 235)),
    "pink": ((150, 40, 95), (240, 120, 170), (255, 205, 225)),
    "brown": ((45, 22, 8), (125, 75, 38), (190, 140, 95)),
    "black": ((4, 4, 6), (30, 30, 34), (85, 85, 92)),
    "white": ((165, 165, 170), (232, 232, 234), (255, 255, 255)),
    "gray": ((55, 56, 60), (130, 131, 135), (195, 196, 200)),
}
_STOPS = (0.0, 0.55, 1.0)


class SpriteSource(Protocol):
    """Draws things in one style."""

    def sprite(self, what: Thing | str) -> Image.Image:
        """The drawing of a thing, or of a glyph: RGBA, cut tightly, longer side at most about 136 pixels.

        Raises FileNotFoundError when what draws it is not installed, LookupError when the style lacks it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Cutout:
    """A drawing ready for painting.

    levels: premultiplied RGBa pictures, each half the size of the one before, the first with `MARGIN` empty pixels
    around. width, height: of the drawing without the margin. opaque: the share of width * height that is covered.
    colour: the word for its colour, or None.
    """

    levels: tuple[Image.Image, ...]
    width: int
    height: int
    opaque: float
    colour: str | None


class NotoSprites:
    """The colour emoji font's drawings. Raises FileNotFoundError when the font is missing."""

    def __init__(self, font_path: Path = NOTO_FONT) -> None:
        if not font_path.is_file():
            raise FileNotFoundError(f"no colour emoji font at {font_path}: install Debian's fonts-noto-color-emoji")
        self._font = ImageFont.truetype(str(font_path), NOTO_SIZE)
        self._drawn: dict[str, Image.Image] = {}

    def sprite(self, what: Thing | str) -> Image.Image:
        """See `SpriteSource.sprite`."""
        glyph = what if isinstance(what, str) else what.glyph
        if glyph not in self._drawn:
            page = Image.new("RGBA", (3 * SIDE, 2 * SIDE))
            ImageDraw.Draw(page).text((SIDE // 2, SIDE // 4), glyph, font=self._font, embedded_color=True)
            self._drawn[glyph] = _tight(page, glyph)
        return self._drawn[glyph]


class OpenmojiSprites:
    """The drawings of the npm package `openmoji`, unpacked in `folder`, made into pixels by `rsvg-convert`.

    cache: a folder for the PNG files (kept between runs). Raises FileNotFoundError when the package or the tool is
    missing.
    """

    def __init__(self, folder: Path, cache: Path | None = None) -> None:
        self._drawings = folder / "color" / "svg"
        if not self._drawings.is_dir():
            raise FileNotFoundError(
                f"no color/svg in {folder}: unpack the npm package openmoji there (npm pack openmoji)"
            )
        tool = shutil.which("rsvg-convert")
        if tool is None:
            raise FileNotFoundError("rsvg-convert is not installed: install Debian's librsvg2-bin")
        self._tool = tool
        marked = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
        self._cache = cache if cache is not None else Path(tempfile.gettempdir()) / f"openmoji-{marked}"
        self._cache.mkdir(parents=True, exist_ok=True)

    def sprite(self, what: Thing | str) -> Image.Image:
        """See `SpriteSource.sprite`."""
        name = self._file_name(what)
        cached = self._cache / f"{name}.png"
        if not cached.is_file():
            with _written_whole(cached) as part:
                command = [self._tool, "-w", "170", "-h", "170", "-o", str(part), str(self._drawings / f"{name}.svg")]
                subprocess.run(command, check=True, capture_output=True)
        with Image.open(cached) as drawing:
            return _tight(drawing.convert("RGBA"), name)

    def _file_name(self, what: Thing | str) -> str:
        if isinstance(what, Thing):
            names = [what.openmoji]
        else:
            codes = [f"{ord(letter):04X}" for letter in what]
            names = ["-".join(codes), "-".join(code for code in codes if code != "FE0F")]
        for name in names:
            if (self._drawings / f"{name}.svg").is_file():
                return name
        raise LookupError(f"openmoji has no drawing {names[0]}")


def cutout(source: SpriteSource, what: Thing | str, colour: str | None = None, look: Look = "plain") -> Cutout:
    """The drawing of a thing in its own colours or dyed, ready for painting; cached for each source."""
    cache = _CACHES.setdefault(source, OrderedDict())
    key = (what if isinstance(what, str) else what.glyph, colour, look)
    found = cache.get(key)
    if found is None:
        plain = source.sprite(what)
        drawn = dyed(plain, colour) if colour else plain
        found = _cut(redrawn(drawn, look), colour or own_colour(plain))
        cache[key] = found
        if len(cache) > CACHED:
            cache.popitem(last=False)
    else:
        cache.move_to_end(key)
    return found


_CACHES: WeakKeyDictionary[SpriteSource, OrderedDict[tuple[str, str | None, Look], Cutout]] = WeakKeyDictionary()


def dyed(sprite: Image.Image, colour: str) -> Image.Image:
    """The drawing in shades of a colour of `COLOURS`: its light and dark stay, so its shape can still be seen."""
    alpha = np.asarray(sprite.getchannel("A"))
    light = np.asarray(sprite.convert("RGB").convert("L"))
    inside = light[alpha > OPAQUE]
    low, high = np.percentile(inside, (2, 98)) if inside.size else (0.0, 255.0)
    if high - low < 60:  # a flat drawing keeps its middle shade instead of being stretched to noise
        middle = (high + low) / 2
        low, high = middle - 30, middle + 30
    level = np.clip((np.arange(256) - low) / (high - low), 0, 1)
    ramp = np.array(_RAMPS[colour], np.float32)
    table = np.stack([np.interp(level, _STOPS, ramp[:, channel]) for channel in range(3)], 1).astype(np.uint8)
    return Image.fromarray(np.dstack([table[light], alpha]), "RGBA")


def redrawn(sprite: Image.Image, look: Look) -> Image.Image:
    """The drawing in another look: with a dark outline, in a few flat colours, or both."""
    if look == "plain":
        return sprite
    drawn = sprite.convert("RGBA")
    alpha = drawn.getchannel("A")
    if look in ("flat", "inked"):
        shades = drawn.convert("RGB").quantize(5, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
        drawn = Image.merge("RGBA", (*shades.split(), alpha))
    if look in ("outlined", "inked"):
        page = Image.new("RGBA", (drawn.width + 2 * OUTLINE, drawn.height + 2 * OUTLINE))
        page.paste(drawn, (OUTLINE, OUTLINE))
        edge = page.getchannel("A").filter(ImageFilter.MaxFilter(2 * OUTLINE - 1))
        inked = Image.new("RGBA", page.size, (22, 20, 24, 0))
        inked.putalpha(edge)
        inked.alpha_composite(page)
        inside = page.getchannel("A").filter(ImageFilter.FIND_EDGES).filter(ImageFilter.MaxFilter(3))
        inked.paste((22, 20, 24, 255), mask=inside.point(lambda level: level if level > 60 else 0))
        drawn = inked
    return drawn


def own_colour(sprite: Image.Image) -> str | None:
    """The word of `COLOURS` that at least 55 % of the drawing's opaque pixels have, if any."""
    pixels = np.asarray(sprite.convert("RGBA"))
    inside = pixels[pixels[..., 3] > OPAQUE][:, :3]
    if not inside.size:
        return None
    shares = np.bincount(colour_words(inside), minlength=len(COLOURS)) / len(inside)
    best = int(shares.argmax())
    return COLOURS[best] if shares[best] >= DOMINANT else None


def colour_words(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """For RGB pixels uint8 `[n, 3]` the index of each one's colour word in `COLOURS`."""
    rgb = pixels.astype(np.float32) / 255
    high, low = rgb.max(1), rgb.min(1)
    spread = high - low
    safe = np.maximum(spread, 1e-6)
    red, green, blue = rgb[:, 0], rgb[:, 1], rgb[:, 2]
    of_red, of_green, of_blue = (green - blue) / safe % 6, (blue - red) / safe + 2, (red - green) / safe + 4
    hue = np.where(high == red, of_red, np.where(high == green, of_green, of_blue)) * 60
    saturation = spread / np.maximum(high, 1e-6)
    edges = np.array([16, 37, 68, 165, 255, 292, 345], np.float32)
    names = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "red")
    by_hue = np.array([COLOURS.index(name) for name in names], np.int64)
    words: NDArray[np.int64] = by_hue[np.searchsorted(edges, hue, side="right")]

    def say(where: NDArray[np.bool_], name: str) -> None:
        words[where] = COLOURS.index(name)

    say(((hue < 50) & (hue >= 8)) & (high < 0.78) & (saturation > 0.25), "brown")
    say(((hue < 20) | (hue >= 325)) & (high > 0.85) & (saturation < 0.5), "pink")
    steel = (hue > 165) & (hue < 245) & (saturation < 0.34)
    plain = steel | (saturation < 0.18) | ((saturation < 0.3) & (high < 0.4))
    say(plain, "gray")
    say(plain & (high > 0.82), "white")
    say((plain & (high < 0.32)) | (high < 0.16), "black")
    return words


def _tight(drawing: Image.Image, name: str) -> Image.Image:
    box = drawing.getchannel("A").point(lambda level: 255 if level > 16 else 0).getbbox()
    if box is None:
        raise LookupError(f"nothing is drawn for {name}")
    sprite = drawing.crop(box)
    if max(sprite.size) > SIDE:
        sprite.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return sprite


def _cut(sprite: Image.Image, colour: str | None) -> Cutout:
    width, height = sprite.size
    page = Image.new("RGBA", (width + 2 * MARGIN, height + 2 * MARGIN))
    page.paste(sprite, (MARGIN, MARGIN))
    levels = [page.convert("RGBa")]
    while min(levels[-1].size) >= 12:
        last = levels[-1]
        levels.append(last.resize((max(last.width // 2, 1), max(last.height // 2, 1)), Image.Resampling.BOX))
    opaque = float((np.asarray(sprite.getchannel("A")) > OPAQUE).mean())
    return Cutout(tuple(levels), width, height, max(opaque, 1e-3), colour)


@contextmanager
def _written_whole(path: Path) -> Iterator[Path]:
    """A path to write to; it takes the place of `path` once it is whole, so that two processes cannot disturb."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        part = Path(folder) / path.name
        yield part
        part.replace(path)
