"""Instruction prediction on the embedded models: a small network over a sentence embedding and a dozen plain features.

The embedding (MiniLM, mean-pooled) knows what a sentence is about, but is nearly blind to word order and to who is
addressed: "where are my keys" and "mom, where are my keys" lie side by side. So it is joined by features that anybody
can read: how it opens, whether somebody else is named, how much of it is hesitation. The network is one hidden layer,
evaluated in numpy; `python -m omnilive_demo.training instruction` makes its weights, `assets/nano/instruction.md` says
how good they are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from omnilive_demo.models.text_encoder import TextEncoder
from omnilive_demo.reasoning.instruction import Instruction
from omnilive_demo.reasoning.lexical import FEATURES, lexical_features
from omnilive_demo.reasoning.words import plain

Array = NDArray[np.float32]


class MiniLMInstructionPredictor:
    """Decides from the words whether they are to be answered. Stateless after loading; any thread.

    Args:
        text_encoder: the encoder that the weights were trained over.
        weights_path: `instruction.safetensors`: `hidden.weight [H, C+F]`, `hidden.bias [H]`, `out.weight [H]`,
            `out.bias []`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is truncated, or was made for another encoder or other features.
    """

    name = "MiniLM instruction classifier"

    def __init__(self, text_encoder: TextEncoder, weights_path: Path) -> None:
        self._encoder = text_encoder
        self._weights = load_weights(weights_path, text_encoder.width + len(FEATURES))

    def predict(self, text: str) -> Instruction:
        """Whether `text` is to be answered. Nothing said is not answered."""
        words = plain(text)
        if not words:
            return Instruction(answer=False, probability=0.0)
        probability = float(probabilities(inputs(self._encoder, [words]), self._weights)[0])
        return Instruction(answer=probability >= 0.5, probability=probability)


def inputs(encoder: TextEncoder, texts: list[str]) -> Array:
    """What the network sees, `[n, C+F]`, of texts in plain form."""
    return np.concatenate([encoder.encode(texts), lexical_features(texts)], axis=1)


def probabilities(rows: Array, weights: dict[str, Array]) -> Array:
    """Probability of "answer" for each row `[n, C+F]`."""
    hidden = np.maximum(rows @ weights["hidden.weight"].T + weights["hidden.bias"], 0.0)
    logits = hidden @ weights["out.weight"] + weights["out.bias"]
    result: Array = (1.0 / (1.0 + np.exp(-logits))).astype(np.float32)
    return result


def load_weights(path: Path, width: int) -> dict[str, Array]:
    """Read and check the weight file."""
    remedy = "Restore it from the repository, or make it again with `python -m omnilive_demo.training instruction`."
    if not path.is_file():
        raise FileNotFoundError(f"The instruction classifier's weights are missing: {path}. {remedy}")
    try:
        weights: dict[str, Array] = load_file(path)
    except (SafetensorError, ValueError, OSError) as error:
        raise ValueError(f"The instruction classifier's weights cannot be read ({error}): {path}. {remedy}") from error
    hidden = weights.get("hidden.bias", np.zeros(0, np.float32)).size
    wanted = {"hidden.weight": (hidden, width), "hidden.bias": (hidden,), "out.weight": (hidden,), "out.bias": ()}
    found = {name: value.shape for name, value in weights.items()}
    if hidden == 0 or found != wanted:
        raise ValueError(
            f"The instruction classifier's weights do not fit (inputs of {width} wanted): {path}. {remedy}"
        )
    return weights
