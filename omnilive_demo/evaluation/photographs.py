"""Real photographs to recognise on: those inside the wheels of scikit-image and scikit-learn, and what is on them.

They serve measurement and tests only. For each the names are listed that would be right, among the names that the
models know; any other name is a false naming. The list was made by looking at the pictures, generously where a thing
is there but small, and strictly where it is only like one: a dahlia is neither a rose nor a sunflower, a printed page
is no newspaper, and a blurred disc is no clock. Drawings, silhouettes and test patterns of the wheels are left out.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FACE_SIDE = 200
"""Pixels to which the faces (25 x 25) are enlarged."""


@dataclass(frozen=True, slots=True)
class Photograph:
    """A photograph: RGB uint8 `[H, W, 3]`, and the names that are right."""

    name: str
    image: NDArray[np.uint8]
    right: frozenset[str]
    face: bool = False


_SCENES: dict[str, tuple[str, ...]] = {
    "astronaut.png": ("helmet", "rocket"),  # a space helmet in her arms, the model of a shuttle behind her
    "brick.png": (),
    "camera.png": ("camera", "coat", "gloves"),
    "cell.png": (),
    "chelsea.png": ("cat",),
    "clock_motion.png": (),
    "coffee.png": ("mug", "spoon"),
    "coins.png": ("coin",),
    "grass.png": (),
    "gravel.png": (),
    "hubble_deep_field.jpg": (),
    "ihc.png": (),
    "microaneurysms.png": (),
    "moon.png": (),
    "motorcycle_left.png": ("motorcycle", "parcel", "bicycle", "door"),  # boxes on the shelf, a wheel at the edge
    "motorcycle_right.png": ("motorcycle", "parcel", "bicycle", "door"),
    "page.png": (),
    "retina.jpg": (),
    "rocket.jpg": ("rocket",),
    "text.png": (),
}
_MORE_SCENES: dict[str, tuple[str, ...]] = {
    "china.jpg": ("pine tree",),  # conifers beside the pagoda
    "flower.jpg": (),
}
_FACES: dict[int, tuple[str, ...]] = {
    **dict.fromkeys((0, 1, 2, 3, 7, 8, 11, 14, 15, 16, 18, 19, 20, 22, 23, 24, 28, 29, 31, 36, 37, 38), ()),
    **dict.fromkeys((5, 10, 25, 32, 33, 34, 35, 39), ("glasses",)),
    17: ("cap",),
}


def photographs() -> Iterator[Photograph]:
    """All of them, one after another.

    Raises:
        FileNotFoundError: a package or one of its pictures is missing; the message says which.
    """
    folder = _folder("skimage", "scikit-image") / "data"
    yield from (_scene(folder / name, right) for name, right in _SCENES.items())
    more = _folder("sklearn", "scikit-learn") / "datasets" / "images"
    yield from (_scene(more / name, right) for name, right in _MORE_SCENES.items())
    faces = np.load(_there(folder / "lfw_subset.npy"))
    for number, right in sorted(_FACES.items()):
        small = Image.fromarray(np.round(faces[number] * 255).astype(np.uint8)).convert("RGB")
        large = small.resize((FACE_SIDE, FACE_SIDE), Image.Resampling.BICUBIC)
        yield Photograph(f"face {number}", np.asarray(large), frozenset(right), face=True)


def listed_names() -> frozenset[str]:
    """Every name that is right for some photograph."""
    return frozenset(name for part in (_SCENES, _MORE_SCENES, _FACES) for names in part.values() for name in names)


def _scene(path: Path, right: tuple[str, ...]) -> Photograph:
    with Image.open(_there(path)) as picture:
        return Photograph(path.name, np.asarray(picture.convert("RGB")), frozenset(right))


def _folder(module: str, package: str) -> Path:
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        raise FileNotFoundError(f"the package {package}, whose wheel holds photographs, is not installed")
    return Path(found.origin).parent


def _there(path: Path) -> Path:
    if not path.is_file():
        raise FileNotFoundError(f"the photograph {path.name} is missing from {path.parent}")
    return path
