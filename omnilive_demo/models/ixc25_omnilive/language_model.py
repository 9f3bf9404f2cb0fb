"""The released reasoner with its tokenizer as one object that answers prompts. Safe from any thread.

It keeps nothing but how late prompts began, see `beginnings.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from omnilive_demo.models.ixc25_omnilive.beginnings import BeginningReader
from omnilive_demo.models.ixc25_omnilive.generation import GREEDY, Generation, Sampling, instruction_probability
from omnilive_demo.models.ixc25_omnilive.loading import load_reasoner
from omnilive_demo.models.ixc25_omnilive.prompt import Part
from omnilive_demo.models.ixc25_omnilive.quantised import Bits
from omnilive_demo.models.ixc25_omnilive.reasoner import Reasoner
from omnilive_demo.models.ixc25_omnilive.tokenizer import Tokenizer, load_tokenizer
from omnilive_demo.models.memory_module.after_loading import default_dtype


class LanguageModel:
    """One model for all sessions; each answer has keys and values of its own."""

    def __init__(self, name: str, reasoner: Reasoner, tokenizer: Tokenizer) -> None:
        self.name = name
        self.reasoner = reasoner
        self.tokenizer = tokenizer
        self.reader = BeginningReader(reasoner)

    @property
    def memory_width(self) -> int:
        """M, of the memory rows that it reads."""
        return self.reasoner.config.memory_hidden

    def begin(self, parts: tuple[Part, ...], sampling: Sampling = GREEDY) -> Generation:
        """An answer to a prompt; nothing is computed before its first token is asked for."""
        return Generation(self.reader, self.tokenizer, parts, sampling)

    def wants_answer(self, heard: str) -> float:
        """How surely something heard wants an answer, 0 to 1."""
        return instruction_probability(self.reasoner, self.tokenizer, heard)


def load_language_model(
    folder: Path,
    name: str = "",
    dtype: torch.dtype | None = None,
    device: str | Sequence[str] = "cpu",
    bits: Bits | None = None,
) -> LanguageModel:
    """The reasoner from a folder that holds `base` and `adapter` as in the release.

    Args:
        name: shown on the page.
        dtype: of the weights; None for `default_dtype`.
        device, bits: see `load_reasoner`.

    Raises:
        WeightsError: a file is missing, damaged or of another kind; the message says which.
        RuntimeError: `bits` are asked for without bitsandbytes.
    """
    dtype = dtype or default_dtype(device)
    base, adapter = folder / "base", folder / "adapter"
    tokenizer = load_tokenizer(base)  # a moment; the weights take minutes
    return LanguageModel(name or folder.name, load_reasoner(base, adapter, dtype, device, bits), tokenizer)
