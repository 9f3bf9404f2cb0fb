"""A clip reader whose S_k names a script: row 0 of S is the number of what is to be read from it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.models.clip_reader import Caption, ShortTerm
from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.records import Label

PLURALS = {
    "umbrella": "umbrellas", "mug": "mugs", "key": "keys", "dog": "dogs", "bucket": "buckets", "bread": "bread",
    "sunglasses": "sunglasses", "alarm clock": "alarm clocks", "orange": "oranges", "bicycle": "bicycles",
    "saw": "saws", "kettle": "kettles", "giraffe": "giraffes", "egg": "eggs", "pan": "pans",
}  # fmt: skip
NAMES = ThingNames(PLURALS)


@dataclass(frozen=True)
class Scene:
    """What one S says: names with probability; (what, thing) -> (word, p) for count, colour, ...; what happens."""

    names: dict[str, float]
    about: dict[tuple[str, str], tuple[str, float]] = field(default_factory=dict)
    happens: dict[str, tuple[str, float]] = field(default_factory=dict)


class FakeReader:
    """Implements `ClipReader` by looking its scene up."""

    name = "fake reader"

    def __init__(self) -> None:
        self.scenes: list[Scene] = []

    def remember(self, scene: Scene, frames: int = 3) -> NDArray[np.float16]:
        """S of a scene."""
        self.scenes.append(scene)
        return np.full((4 * frames, 2), len(self.scenes), np.float16)

    def caption(self, short_term: ShortTerm) -> Caption:
        return Caption(" and ".join(self._scene(short_term).names), 0.9)

    def names(self, short_term: ShortTerm) -> tuple[Label, ...]:
        return tuple(Label(name, p) for name, p in self._scene(short_term).names.items())

    def ask(self, short_term: ShortTerm, kind: str, name: str | None = None) -> Label | None:
        scene = self._scene(short_term)
        found = scene.happens.get(kind) if name is None else scene.about.get((kind, name))
        return Label(*found) if found else None

    def _scene(self, short_term: ShortTerm) -> Scene:
        number = int(short_term[0, 0])
        return self.scenes[number - 1] if number else Scene({})
