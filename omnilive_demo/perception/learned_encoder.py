"""The nano profile's learned eyes: names of things, and still the plain words for light, colour and motion.

The network is `models/nano/frame_network.py`; the picture is squashed to 192 x 192 as the training's are. What it shows
is named by `naming.py`, only above the calibrated confidence; light, colour and motion come from the descriptor.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from omnilive_demo.models.nano.frame_network import GRID, SIDE, TEXT_WIDTH, WIDTH, load_frame_network
from omnilive_demo.perception.descriptor import DescriptorEncoder
from omnilive_demo.perception.naming import NameReader, NamingRule
from omnilive_demo.records import FrameFeatures, Label

NAMES = "names.json"


class LearnedFrameEncoder:
    """A `FrameEncoder` that names things. Stateless, so sessions may share it; runs in float32 where it is called.

    `width` is the patches'; the vector has 384 values, in the space of MiniLM's sentences.
    """

    name = "nano frame encoder"
    width = WIDTH
    patches = GRID * GRID

    def __init__(self, weights: Path, names: Path | None = None) -> None:
        """From `frame_encoder.safetensors` and the names that belong to it (`names.json` beside it, unless given).

        Raises:
            OSError: a file cannot be read.
            ValueError: a file is damaged, is another kind of file, or the two do not belong together.
        """
        names = names or weights.parent / NAMES
        network, metadata, vectors = load_frame_network(weights)
        try:
            rule = NamingRule.of(json.loads(metadata["naming"]))
            said = tuple(str(entry["name"]) for entry in json.loads(names.read_text("utf-8")))
            known, others = (vectors[f"{which}_vectors"].float().numpy() for which in ("name", "other"))
        except (KeyError, TypeError) as error:
            raise ValueError(f"{weights} or {names} lacks {error}") from error
        if len(said) != len(known):
            raise ValueError(f"{names} has {len(said)} names, {weights} has {len(known)}")
        tensors = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._reader = NameReader(tensors, known, others, rule)
        self._plain = DescriptorEncoder()
        self.names = said
        self.threshold = rule.threshold

    @torch.inference_mode()
    def encode(self, image: NDArray[np.uint8], previous: FrameFeatures | None) -> FrameFeatures:
        """Features of an RGB picture `[H, W, 3]`: vector `[384]`, patches `[64, 128]`, and the descriptor's patches.

        Raises:
            ValueError: not an RGB picture.
        """
        plain = self._plain.encode(image, _plain_features(previous) if previous is not None else None)
        pixels = torch.from_numpy(np.array(squashed(image)))  # a copy, since pictures may be read-only
        made = self._network(pixels.permute(2, 0, 1)[None].float() / 255)
        return FrameFeatures(made.vector[0].numpy(), made.patches[0].numpy(), plain.patches)

    def describe(self, features: FrameFeatures) -> tuple[Label, ...]:
        """Names of things, surest first, then words for light, colour and motion."""
        if features.patches.shape != (self.patches, WIDTH) or features.vector.shape != (TEXT_WIDTH,):
            return ()  # another encoder's
        found = self._reader.names(features.patches, features.vector)
        named = tuple(Label(self.names[row], round(confidence, 3)) for row, confidence in found)
        plain = _plain_features(features)
        words = () if plain is None else self._plain.describe(plain)
        return (*named, *words)

    def aligned(self, features: FrameFeatures) -> NDArray[np.float32]:
        """The patches in text space, unit vectors `[64, 384]`."""
        return self._reader.aligned(features.patches)


def _plain_features(features: FrameFeatures) -> FrameFeatures | None:
    """What the descriptor itself made of the picture; it never looks at the vector of what it is given."""
    return None if features.plain is None else FrameFeatures(features.vector, features.plain)


def squashed(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An RGB picture `[H, W, 3]` as `[192, 192, 3]`, its proportions given up; large ones are averaged, not sampled.

    Raises:
        ValueError: not an RGB picture.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
        raise ValueError(f"expected an RGB picture [H, W, 3] of bytes, not {image.shape} of {image.dtype}")
    if image.shape[:2] == (SIDE, SIDE):
        return image
    picture = Image.fromarray(image)
    factor = min(image.shape[:2]) // (2 * SIDE)
    if factor > 1:
        picture = picture.reduce(factor)  # a box average, many times cheaper than resampling
    # for shrinking, Pillow's bilinear filter is as wide as the pixels that fall together: no aliasing
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
