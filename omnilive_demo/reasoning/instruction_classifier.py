"""Instruction prediction on the embedded models: a small network over a sentence embedding and plain features.

The embedding (MiniLM, mean-pooled) knows what a sentence is about, but is nearly blind to word order and to who is
addressed: "where are my keys" and "mom, where are my keys" lie side by side. So it is joined by features that anybody
can read: how it opens, whether somebody else is named, how much of it is hesitation, which common words it has. The
network is one hidden layer, evaluated in numpy; `python -m omnilive_demo.training instruction` makes its weights,
`assets/nano/instruction.md` says how good they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from omnilive_demo.models.text_encoder import TextEncoder
from omnilive_demo.reasoning.instruction import Instruction
from omnilive_demo.reasoning.lexical import FEATURES, common_words, lexical_features
from omnilive_demo.reasoning.words import plain

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Network:
    """One hidden layer of H units over C + F + V inputs: embedding, plain features, common words (the vocabulary)."""

    hidden_weight: Array  # [H, C+F+V]
    hidden_bias: Array  # [H]
    out_weight: Array  # [H]
    out_bias: Array  # []
    vocabulary: tuple[str, ...]

    def probabilities(self, rows: Array) -> Array:
        """Probability of "answer" for each row `[n, C+F+V]`."""
        hidden = np.maximum(rows @ self.hidden_weight.T + self.hidden_bias, 0.0)
        logits = hidden @ self.out_weight + self.out_bias
        result: Array = (1.0 / (1.0 + np.exp(-logits))).astype(np.float32)
        return result


class MiniLMInstructionPredictor:
    """Decides from the words whether they are to be answered. Stateless after loading; any thread.

    Args:
        text_encoder: the encoder that the weights were trained over.
        weights_path: `instruction.safetensors`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is truncated, or was made for another encoder or other features.
    """

    name = "MiniLM instruction classifier"

    def __init__(self, text_encoder: TextEncoder, weights_path: Path) -> None:
        self._encoder = text_encoder
        self._network = load_network(weights_path, text_encoder.width)

    def predict(self, text: str) -> Instruction:
        """Whether `text` is to be answered. Nothing said is not answered."""
        words = plain(text)
        if not words:
            return Instruction(answer=False, probability=0.0)
        row = inputs(self._encoder.encode([words]), [words], self._network.vocabulary)
        probability = float(self._network.probabilities(row)[0])
        return Instruction(answer=probability >= 0.5, probability=probability)


def inputs(embeddings: Array, texts: list[str], vocabulary: tuple[str, ...]) -> Array:
    """What the network sees, `[n, C+F+V]`, of texts in plain form and their embeddings `[n, C]`."""
    return np.concatenate([embeddings, lexical_features(texts), common_words(texts, vocabulary)], axis=1)


def save_network(network: Network, path: Path) -> None:
    """Write a network; the vocabulary becomes UTF-8 bytes, one entry a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(
        {
            "hidden.weight": network.hidden_weight,
            "hidden.bias": network.hidden_bias,
            "out.weight": network.out_weight,
            "out.bias": network.out_bias,
            "vocabulary": np.frombuffer("\n".join(network.vocabulary).encode(), np.uint8),
        },
        path,
    )
    path.chmod(0o644)  # safetensors writes for the owner only; the app may run as somebody else


def load_network(path: Path, encoder_width: int) -> Network:
    """Read and check a network.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it cannot be read, or does not fit the encoder.
    """
    remedy = "Restore it from the repository, or make it again with `python -m omnilive_demo.training instruction`."
    if not path.is_file():
        raise FileNotFoundError(f"The instruction classifier's weights are missing: {path}. {remedy}")
    try:
        found = load_file(path)
        vocabulary = tuple(found.pop("vocabulary").tobytes().decode().split("\n"))
    except (SafetensorError, ValueError, OSError, KeyError) as error:
        raise ValueError(f"The instruction classifier's weights cannot be read ({error}): {path}. {remedy}") from error
    hidden = found.get("hidden.bias", np.zeros(0, np.float32)).size
    width = encoder_width + len(FEATURES) + len(vocabulary)
    wanted = {"hidden.weight": (hidden, width), "hidden.bias": (hidden,), "out.weight": (hidden,), "out.bias": ()}
    if hidden == 0 or {name: value.shape for name, value in found.items()} != wanted:
        raise ValueError(f"The instruction classifier's weights do not fit ({width} inputs wanted): {path}. {remedy}")
    return Network(found["hidden.weight"], found["hidden.bias"], found["out.weight"], found["out.bias"], vocabulary)
