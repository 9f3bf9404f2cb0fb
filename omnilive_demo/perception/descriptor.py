"""A plain picture descriptor: light, colour, edges, texture, motion and layout on a grid of 8 x 8 patches.

Training-free and honest: every dimension has a name (`models/descriptor_space.py`), every label says what can be
counted in the picture, and things are never named. Patches are in the same space as the whole, which is their mean:
what is asked of a picture can be asked of a part of it. Values are centred on an ordinary picture and weighted, so
that scene, light and colour decide how similar two pictures are, and motion only tips the scales.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.models.descriptor_space import CHROMA, COLOURS, DIMENSIONS, LAYOUT, LIGHT, MOTION, SURFACE, WIDTH
from omnilive_demo.perception.colours import colour_shares, to_lab
from omnilive_demo.perception.gate import GRID
from omnilive_demo.perception.thumbnail import SIDE, thumbnail
from omnilive_demo.records import FrameFeatures, Label

_INDEX = {name: index for index, name in enumerate(DIMENSIONS)}
_TYPICAL_VALUES = {
    "dark": 0.2, "bright": 0.2, "gray": 0.35, "black": 0.15, "white": 0.12, "brown": 0.12, "blue": 0.06, "green": 0.05,
    "red": 0.03, "orange": 0.03, "yellow": 0.03, "purple": 0.03, "pink": 0.03, "colourful": 0.25, "dull": 0.75,
    "plain": 0.6, "detailed": 0.4, "horizontal": 0.15, "vertical": 0.15, "diagonal": 0.1, "fine": 0.1,
    "still": 0.85, "moving": 0.15,
}  # fmt: skip
_WEIGHTS = {
    **dict.fromkeys(LIGHT, 1.2), **dict.fromkeys(COLOURS, 1.0), **dict.fromkeys(CHROMA, 0.4),
    **dict.fromkeys(SURFACE, 0.5), **dict.fromkeys(MOTION, 0.25), **dict.fromkeys(LAYOUT, 1.5),
}  # fmt: skip
_TYPICAL = np.array([_TYPICAL_VALUES.get(name, 0.0) for name in DIMENSIONS], np.float32)
_WEIGHT = np.array([_WEIGHTS.get(name, 0.6) for name in DIMENSIONS], np.float32)
_COLOUR_COLUMNS = slice(_INDEX[COLOURS[0]], _INDEX[COLOURS[-1]] + 1)
_MOTION_COLUMNS = slice(_INDEX["still"], _INDEX["moving"] + 1)
_APPEARANCE = [_INDEX[name] for name in (*LIGHT, *COLOURS, *CHROMA, *SURFACE)]

_PLACE = (np.arange(GRID, dtype=np.float32) + 0.5) / GRID * 2 - 1  # -1 left or top, 1 right or bottom
_RIGHT = np.tile(_PLACE, GRID)
_LOW = np.repeat(_PLACE, GRID)
_CENTRE = 0.7 - np.hypot(_RIGHT, _LOW)


class DescriptorEncoder:
    """A `FrameEncoder` without any training. Stateless."""

    name = "colour, light and motion descriptor"
    width = WIDTH
    patches = GRID * GRID

    def encode(self, image: NDArray[np.uint8], previous: FrameFeatures | None) -> FrameFeatures:
        """Features of an RGB picture `[H, W, 3]`; `previous` makes motion visible.

        Raises:
            ValueError: not an RGB picture.
        """
        lab = to_lab(thumbnail(image))
        values = np.zeros((self.patches, WIDTH), np.float32)
        _put_light_and_colour(values, lab)
        _put_edges(values, lab[..., 0] / 100)
        _put_layout(values, lab)
        patches = (values - _TYPICAL) * _WEIGHT
        patches[:, _MOTION_COLUMNS] = 0.0
        if previous is not None and previous.patches.shape == patches.shape:
            moving = _motion(patches, previous.patches)
            motion = np.stack([1 - moving, moving], axis=1)
            patches[:, _MOTION_COLUMNS] = (motion - _TYPICAL[_MOTION_COLUMNS]) * _WEIGHT[_MOTION_COLUMNS]
        whole = patches.mean(0)
        return FrameFeatures(whole / max(float(np.linalg.norm(whole)), 1e-6), patches)

    def describe(self, features: FrameFeatures) -> tuple[Label, ...]:
        """Words that hold for the picture, surest first."""
        values = features.patches.astype(np.float32) / _WEIGHT + _TYPICAL
        labels = [*_light_labels(values), *_colour_labels(values), *_surface_labels(values)]
        if np.any(features.patches[:, _MOTION_COLUMNS]):
            labels += _motion_labels(values)
        return tuple(sorted(labels, key=lambda label: -label.score))


# ---- values `[P, C]` -----------------------------------------------------------------------------------------------


def _put_light_and_colour(values: NDArray[np.float32], lab: NDArray[np.float32]) -> None:
    lightness = _by_patch(lab[..., 0] / 100)
    values[:, _INDEX["dark"]] = np.clip((0.5 - lightness) / 0.4, 0, 1)
    values[:, _INDEX["bright"]] = np.clip((lightness - 0.5) / 0.4, 0, 1)
    half = lab.reshape(SIDE // 2, 2, SIDE // 2, 2, 3).mean((1, 3))  # naming is the dear part, and 16 pixels a patch do
    shares = colour_shares(half.reshape(-1, 3)).reshape(SIDE // 2, SIDE // 2, len(COLOURS))
    values[:, _COLOUR_COLUMNS] = _by_patch(shares)
    colourful = np.clip(_by_patch(np.hypot(lab[..., 1], lab[..., 2])) / 50, 0, 1)
    values[:, _INDEX["colourful"]] = colourful
    values[:, _INDEX["dull"]] = 1 - colourful


def _put_edges(values: NDArray[np.float32], lightness: NDArray[np.floating]) -> None:
    down, right = np.gradient(lightness)
    strength = _by_patch(np.hypot(down, right))
    detailed = np.clip(strength / 0.06, 0, 1)
    values[:, _INDEX["detailed"]] = detailed
    values[:, _INDEX["plain"]] = 1 - detailed
    energy = _by_patch(down**2 + right**2) + 1e-5
    values[:, _INDEX["horizontal"]] = detailed * _by_patch(down**2) / energy
    values[:, _INDEX["vertical"]] = detailed * _by_patch(right**2) / energy
    values[:, _INDEX["diagonal"]] = detailed * 2 * np.abs(_by_patch(down * right)) / energy
    rough = np.abs(np.diff(lightness, 2, axis=0, prepend=lightness[:1], append=lightness[-1:]))
    values[:, _INDEX["fine"]] = np.clip(_by_patch(rough) / 0.08, 0, 1)


def _put_layout(values: NDArray[np.float32], lab: NDArray[np.float32]) -> None:
    shown = {
        "light": _by_patch(lab[..., 0]) / 50 - 1,
        "red_green": _by_patch(lab[..., 1]) / 60,
        "yellow_blue": _by_patch(lab[..., 2]) / 60,
    }
    for what, amount in shown.items():
        around = amount - amount.mean()
        for where, place in (("right", _RIGHT), ("low", _LOW), ("centre", _CENTRE)):
            values[:, _INDEX[f"{what}_{where}"]] = around * place


def _motion(patches: NDArray[np.float32], before: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much each patch changed its looks (0..1)."""
    difference = np.abs(patches[:, _APPEARANCE] - before[:, _APPEARANCE].astype(np.float32)).sum(1)
    moved: NDArray[np.float32] = np.clip((difference - 0.25) / 0.6, 0, 1)
    return moved


def _by_patch(pixels: NDArray[np.floating]) -> NDArray[np.float32]:
    """Means over the patches: `[S, S]` to `[P]`, `[S, S, n]` to `[P, n]`, for any S that GRID divides."""
    step = len(pixels) // GRID
    cells = pixels.reshape(GRID, step, GRID, step, *pixels.shape[2:]).mean((1, 3))
    means: NDArray[np.float32] = cells.reshape(GRID * GRID, *pixels.shape[2:])
    return means


# ---- labels --------------------------------------------------------------------------------------------------------


def _column(values: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    return values[:, _INDEX[name]]


def _certain(value: float, doubtful: float, sure: float) -> float:
    """0.5 where the word begins to hold, near 1 where it surely does, below 0.5 where it does not."""
    return float(np.clip(0.5 + 0.45 * (value - doubtful) / (sure - doubtful), 0.0, 0.95))


def _kept(text: str, score: float) -> list[Label]:
    return [Label(text, round(score, 2))] if score >= 0.5 else []


def _light_labels(values: NDArray[np.float32]) -> list[Label]:
    light = float((_column(values, "bright") - _column(values, "dark")).mean())
    return [*_kept("dark", _certain(-light, 0.4, 0.8)), *_kept("bright", _certain(light, 0.4, 0.8))]


def _colour_labels(values: NDArray[np.float32]) -> list[Label]:
    shares = values[:, _COLOUR_COLUMNS]
    labels: list[Label] = []
    for index, colour in enumerate(COLOURS):
        share = float(shares[:, index].mean())
        if share >= 0.5:
            labels += _kept(f"mostly {colour}", _certain(share, 0.5, 0.85))
        elif colour not in ("gray", "black", "white"):
            labels += _area_label(colour, shares[:, index])
    return labels


def _area_label(colour: str, share: NDArray[np.float32]) -> list[Label]:
    """A part of the picture that clearly has a colour of its own, and where it is."""
    mask = share > 0.6
    size = float(mask.mean())
    if size < 3 / (GRID * GRID):
        return []
    x, y = float(_RIGHT[mask].mean()), float(_LOW[mask].mean())
    spread = float(np.hypot(_RIGHT[mask].std(), _LOW[mask].std()))
    score = _certain(float(share[mask].mean()), 0.55, 0.9)
    if spread > 0.65:
        return _kept(f"some {colour}", score)
    if max(abs(x), abs(y)) < 0.3:
        return _kept(f"{colour} area in the middle", score)
    where = ("on the right" if x > 0 else "on the left") if abs(x) >= abs(y) else ("below" if y > 0 else "above")
    return _kept(f"{colour} area {where}", score)


def _surface_labels(values: NDArray[np.float32]) -> list[Label]:
    detail = float(_column(values, "detailed").mean())
    return [*_kept("plain", _certain(-detail, -0.12, -0.02)), *_kept("detailed", _certain(detail, 0.5, 0.8))]


def _motion_labels(values: NDArray[np.float32]) -> list[Label]:
    moving = float((_column(values, "moving") > 0.2).mean())
    return [*_kept("moving", _certain(moving, 0.06, 0.3)), *_kept("still", _certain(-moving, -0.02, 0.0))]
