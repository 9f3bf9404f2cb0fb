"""A space of planted vectors: pictures whose first pixel is a number show that thing, and captions say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.models.clip_model import EncodedPictures


def unit(rows: NDArray) -> NDArray[np.float32]:
    return (rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-8)).astype(np.float32)


class PlantedSpace:
    """Implements `ClipSpace`. As in CLIP, all captions have much in common, and so have all pictures.

    A picture's cosine with its own caption is about 0.3, with any other about 0.15. Thing 0 is "nothing".
    """

    name = "planted"
    scale = 100.0

    def __init__(self, things: Sequence[str], width: int = 64, side: int = 4, fingerprint: str = "planted") -> None:
        self.width = width
        self.side = side
        self.fingerprint = fingerprint
        self.things = ("", *things)
        self.texts_read: list[str] = []
        self.batches: list[int] = []
        basis = np.linalg.qr(np.random.default_rng(7).normal(size=(width, width)))[0]
        self._own = basis[2 : 2 + len(self.things)]  # of each thing
        self._caption, self._picture = basis[0], unit(0.17 * basis[0] + basis[1])

    def picture(self, thing: str, where: tuple[int, ...] = ()) -> NDArray[np.uint8]:
        """A picture of a thing, as a whole or in some of its patches only."""
        image = np.zeros((self.side * 8, self.side * 8, 3), np.uint8)
        image[0, 0] = self.things.index(thing)
        for row in where:
            y, x = divmod(row, self.side)
            image[y * 8 + 1, x * 8 + 1] = self.things.index(thing)
        image[0, 1, 0] = bool(where)
        return image

    def encode_images(self, images: Sequence[NDArray[np.uint8]]) -> EncodedPictures:
        self.batches.append(len(images))
        vectors = np.stack([self._seen(int(image[0, 0, 0])) for image in images])
        patches = []
        for image in images:
            shown = image[1::8, 1::8, 0].ravel() if image[0, 1, 0] else np.full(self.side**2, image[0, 0, 0])
            patches.append(np.stack([self._seen(int(thing)) for thing in shown]))
        return EncodedPictures(unit(vectors), unit(np.stack(patches)))

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts_read += texts
        rows = []
        for text in texts:
            said = [i for i, thing in enumerate(self.things) if thing and thing in text]
            rows.append(self._caption + 0.55 * sum((self._own[i] for i in said), np.zeros(self.width)))
        return unit(np.stack(rows)) if rows else np.zeros((0, self.width), np.float32)

    def _seen(self, thing: int) -> NDArray:
        return self._picture + 0.35 * self._own[thing]


def plurals(things: Sequence[str]) -> Mapping[str, str]:
    return {thing: f"{thing}s" for thing in things}
