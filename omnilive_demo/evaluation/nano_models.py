"""The nano models under measurement: the shipped ones, those of another folder, or untrained ones.

Untrained ones know nothing: they show what is chance, and let the measurements themselves be tested.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from omnilive_demo.config import ASSETS
from omnilive_demo.memory.clip_builder import ClipRule
from omnilive_demo.memory.compressor import TOKENS_PER_FRAME
from omnilive_demo.memory.learned_compressor import LearnedCompressor
from omnilive_demo.models.memory_module import weight_files
from omnilive_demo.models.memory_module.config import NANO
from omnilive_demo.models.memory_module.module import MemoryModule
from omnilive_demo.models.memory_module.text_rows import MiniLMTextRows, TextRows
from omnilive_demo.models.nano.frame_network import GRID, SIDE, TEXT_WIDTH, FrameNetwork, load_frame_network
from omnilive_demo.models.nano.reader import Reader, ReaderConfig, load_reader
from omnilive_demo.models.nano.words import Vocabulary
from omnilive_demo.models.text_encoder import MiniLM
from omnilive_demo.perception.descriptor import DescriptorEncoder
from omnilive_demo.perception.eyes import SCENE_THRESHOLD
from omnilive_demo.perception.frame_encoder import FrameEncoder
from omnilive_demo.perception.learned_encoder import LearnedFrameEncoder
from omnilive_demo.perception.naming import FEATURES, NameReader, NamingRule
from omnilive_demo.records import FrameFeatures, Label
from omnilive_demo.training.world.things import things_of

SHIPPED = ASSETS / "nano"
FRAME_ENCODER, MEMORY, READER = "frame_encoder.safetensors", "memory.safetensors", "reader.safetensors"
BATCH = 16


@dataclass(frozen=True, slots=True)
class Weights:
    """Where weights come from: a folder, or the seed of untrained ones (then the folder is not read)."""

    folder: Path = SHIPPED
    untrained: int | None = None

    def described(self) -> dict[str, str]:
        """For the report: where they come from, and the first digits of each file's SHA-256."""
        if self.untrained is not None:
            return {"from": f"untrained, seed {self.untrained}"}
        files = [self.folder / name for name in (FRAME_ENCODER, MEMORY, READER)]
        sums = {file.name: sha256(file.read_bytes()).hexdigest()[:16] for file in files if file.is_file()}
        return {"from": "assets/nano" if self.folder == SHIPPED else self.folder.name, **sums}


def add_weight_options(parser: argparse.ArgumentParser) -> None:
    """`--weights DIR` and `--untrained SEED`."""
    parser.add_argument("--weights", type=Path, default=SHIPPED, metavar="DIR", help="folder (default assets/nano)")
    parser.add_argument("--untrained", type=int, metavar="SEED", help="random weights instead: what knows nothing")


@lru_cache(maxsize=1)
def models_of(weights: Weights) -> NanoModels:
    """The models of some weights, loaded once in a process."""
    return NanoModels(weights)


def told_missing(weights: Weights, *files: str) -> bool:
    """Whether one of the files is missing; then it says so on stderr."""
    missing = [file for file in files if weights.untrained is None and not (weights.folder / file).is_file()]
    if missing:
        print(f"{', '.join(missing)} not in {weights.folder}: train it, or measure --untrained SEED", file=sys.stderr)
    return bool(missing)


def chosen_weights(options: argparse.Namespace) -> Weights:
    """What the options of `add_weight_options` say."""
    return Weights(options.weights, options.untrained)


class NanoModels:
    """Loads each model when it is first wanted; float32 on one torch thread, which it sets.

    Raises:
        WeightsError, OSError, ValueError: a weight file is missing or damaged (at first use).
    """

    def __init__(self, weights: Weights) -> None:
        torch.set_num_threads(1)
        self.weights = weights
        self._descriptor = DescriptorEncoder()

    @cached_property
    def text_encoder(self) -> MiniLM:
        """MiniLM."""
        return MiniLM()

    @cached_property
    def _frames(self) -> tuple[FrameNetwork, dict[str, str], dict[str, torch.Tensor]]:
        if self.weights.untrained is None:
            return load_frame_network(self.weights.folder / FRAME_ENCODER)
        with _seeded(self.weights.untrained):
            return FrameNetwork().folded(), {}, {}

    @property
    def frame_network(self) -> FrameNetwork:
        """The frame encoder's network."""
        return self._frames[0]

    @property
    def clip_rule(self) -> ClipRule:
        """The rule that the app closes clips by."""
        return ClipRule(scene_threshold=SCENE_THRESHOLD)

    @cached_property
    def memory_module(self) -> MemoryModule:
        """The memory module."""
        if self.weights.untrained is None:
            return weight_files.load(self.weights.folder / MEMORY)
        with _seeded(self.weights.untrained):
            module = MemoryModule(NANO)
        module.initialise(torch.Generator().manual_seed(self.weights.untrained))
        return module.eval()

    def compressor(self, tokens_per_frame: int = TOKENS_PER_FRAME) -> LearnedCompressor:
        """The learned compressor with so many memory tokens a frame."""
        return LearnedCompressor(self.memory_module, self._text_rows, tokens_per_frame)

    @cached_property
    def _text_rows(self) -> TextRows:
        return _RememberedRows(MiniLMTextRows(self.memory_module, self.text_encoder))

    @cached_property
    def reader(self) -> Reader:
        """The reader of S_k."""
        if self.weights.untrained is None:
            return load_reader(self.weights.folder / READER)
        with _seeded(self.weights.untrained):
            return Reader(ReaderConfig(), Vocabulary({one.name: one.plural for one in things_of("known")})).eval()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names that may be said, in the order of `name_vectors`."""
        return tuple(thing.name for thing in things_of("known"))

    @cached_property
    def name_vectors(self) -> NDArray[np.float32]:
        """What the frame encoder compares pictures with, unit vectors `[names + others, 384]`: `names` come first."""
        if self.weights.untrained is not None:
            return self.text_encoder.encode(self.names)
        more = self._frames[2]
        both = torch.cat([more["name_vectors"], more["other_vectors"]]).float()
        vectors: NDArray[np.float32] = torch.nn.functional.normalize(both, dim=-1).numpy()
        return vectors

    @cached_property
    def frame_encoder(self) -> FrameEncoder:
        """The app's frame encoder."""
        if self.weights.untrained is None:
            return LearnedFrameEncoder(self.weights.folder / FRAME_ENCODER)
        return _Untrained(self)

    def names_said(self, features: FrameFeatures) -> tuple[tuple[str, float], ...]:
        """The names of things that the app says of a picture, with its confidence in them."""
        labels = self.frame_encoder.describe(features)
        return tuple((label.text, label.score) for label in labels if label.text in self.names)

    def name_scores(self, features: FrameFeatures) -> NDArray[np.float32]:
        """How well each taught name fits the cell that it fits best, `[names]`, 0..1."""
        network, texts = self.frame_network, torch.from_numpy(self.name_vectors)
        with torch.inference_mode():
            patches = torch.from_numpy(features.patches)
            aligned = torch.nn.functional.normalize(network.align(patches), dim=-1)
            shown = network.scores(aligned, texts).softmax(-1)[:, : len(self.names)]
            found = (shown * network.known(patches).sigmoid()).amax(0)
        scores: NDArray[np.float32] = found.numpy()
        return scores

    def encode(self, images: Sequence[NDArray[np.uint8]], previous: FrameFeatures | None = None) -> list[FrameFeatures]:
        """Features of RGB pictures that are 192 x 192 already and follow each other, as the app's encoder makes them.

        previous: the features of the picture before them.
        """
        found: list[FrameFeatures] = []
        with torch.inference_mode():
            for start in range(0, len(images), BATCH):
                pixels = torch.from_numpy(np.stack(images[start : start + BATCH])).permute(0, 3, 1, 2).float() / 255
                made = self.frame_network(pixels)
                for i, image in enumerate(images[start : start + BATCH]):
                    previous = self._features(image, made.vector[i].numpy(), made.patches[i].numpy(), previous)
                    found.append(previous)
        return found

    def _features(
        self,
        image: NDArray[np.uint8],
        vector: NDArray[np.float32],
        patches: NDArray[np.float32],
        previous: FrameFeatures | None,
    ) -> FrameFeatures:
        before = None
        if previous is not None and previous.plain is not None:
            before = FrameFeatures(previous.vector, previous.plain)
        return FrameFeatures(vector, patches, self._descriptor.encode(image, before).patches)


class _RememberedRows:
    """Rows of the texts that came last: clips that are compressed in several ways have the same sentences."""

    def __init__(self, text_rows: TextRows) -> None:
        self._one = lru_cache(maxsize=2000)(lambda text: text_rows.rows([text])[0])

    def rows(self, texts: Sequence[str]) -> list[torch.Tensor]:
        return [self._one(text) for text in texts]


class _Untrained:
    """A frame encoder of untrained weights, with a rule for naming that was never fitted."""

    name, width, patches = "untrained", TEXT_WIDTH, GRID * GRID

    def __init__(self, models: NanoModels) -> None:
        tensors = {name: tensor.numpy() for name, tensor in models.frame_network.state_dict().items()}
        rule = NamingRule((1.0, *[0.0] * (FEATURES - 1)), 0.0, 0.5)
        self._reader = NameReader(tensors, models.name_vectors, models.name_vectors[:0], rule)
        self._models = models

    def encode(self, image: NDArray[np.uint8], previous: FrameFeatures | None) -> FrameFeatures:
        small = Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BOX)
        return self._models.encode([np.asarray(small)], previous)[0]

    def describe(self, features: FrameFeatures) -> tuple[Label, ...]:
        named = self._reader.names(features.patches, features.vector)
        return tuple(Label(self._models.names[row], confidence) for row, confidence in named)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Draws of torch inside depend on the seed alone, those outside go on as if nothing had been drawn."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
