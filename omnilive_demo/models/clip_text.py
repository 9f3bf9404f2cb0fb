"""The text tower of a CLIP model as a text encoder: sentences lie where pictures of what they say lie.

It was trained on captions of at most a few dozen words. How close two sentences are in meaning it knows less well than
a sentence model, and its cosines lie closer together (two captions have 0.6 or more in common whatever they say).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.models.clip_model import ClipSpace


class ClipTextEncoder:
    """A `TextEncoder`. Safe to call from any thread; single texts are remembered."""

    def __init__(self, space: ClipSpace) -> None:
        self.name = f"CLIP text, {space.name}"
        self.width = space.width
        self._space = space
        self._encode_one = lru_cache(maxsize=512)(self._encode_text)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors `[n, C]`."""
        if len(texts) == 1:
            one: NDArray[np.float32] = self._encode_one(texts[0])[None]
            return one
        return self._space.encode_texts(texts)

    def _encode_text(self, text: str) -> NDArray[np.float32]:
        one: NDArray[np.float32] = self._space.encode_texts([text])[0]
        return one
