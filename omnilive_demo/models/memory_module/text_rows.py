"""How text becomes rows for the memory module: the seam between the released module and ours.

The released module embeds the tokens of its own vocabulary. Ours reads MiniLM's token states through a learned layer,
so words that it was never trained on still mean something.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool1d

from omnilive_demo.models.memory_module.module import MemoryModule
from omnilive_demo.models.text_encoder import MiniLM

ROWS = 8
"""Rows of a text of ours, whatever its length."""


class TextRows(Protocol):
    """Turns text into rows of the width H of a memory module."""

    def rows(self, texts: Sequence[str]) -> list[Tensor]:
        """Rows `[n, H]` of each text, n >= 1 tokens."""
        ...


def clip_sentence(start_s: float, end_s: float) -> str:
    """What the module is told about a clip (specification 1.5)."""
    return f"This contains a clip sampled in {round(start_s)} to {round(end_s)} seconds"


def question_rows(states: Tensor) -> Tensor:
    """Token states `[n, C]` as `ROWS` rows `[ROWS, C]`: the tokens, averaged in stretches, and last their mean, as long
    as a token is on average.

    However long a question is, the newest clip lies `ROWS` rows before its last row: "what was that?" is answered by a
    place in the history. MiniLM's sentence vector is the direction of the mean, so a question is read where its meaning
    is.
    """
    mean = states.mean(0, keepdim=True)
    stretches = adaptive_avg_pool1d(states.T[None], ROWS - 1)[0].T
    return torch.cat([stretches, mean * (states.norm(dim=1).mean() / mean.norm().clamp(min=1e-6))])


class MiniLMTextRows:
    """MiniLM's token states, special tokens included, as `question_rows`, through the module's text projector."""

    def __init__(self, module: MemoryModule, minilm: MiniLM) -> None:
        self._module = module
        self._minilm = minilm

    @torch.inference_mode()
    def rows(self, texts: Sequence[str]) -> list[Tensor]:
        """Rows `[n, H]` of each text."""
        if not texts:
            return []
        states = self._minilm.token_states(texts)
        return self._module.project_text([question_rows(torch.from_numpy(one)) for one in states])


class TokenTableRows:
    """The module's own token embeddings; plain tokens, no template and none added (specification 1.2).

    Args:
        module: a module with a token table.
        folder: holds the tokenizer files of the release (`vocab.json`, `merges.txt`, ...).

    Raises:
        FileNotFoundError: a tokenizer file is missing.
        ValueError: the tokenizer knows more tokens than the module's table has.
    """

    def __init__(self, module: MemoryModule, folder: Path) -> None:
        from transformers import Qwen2Tokenizer

        for name in ("vocab.json", "merges.txt"):
            if not (folder / name).is_file():
                raise FileNotFoundError(f"The memory module's tokenizer is incomplete: {folder / name} is missing.")
        self._module = module
        self._tokenizing = threading.Lock()  # fast tokenizers may not be used by two threads at once
        self._tokenizer = Qwen2Tokenizer.from_pretrained(folder, local_files_only=True)
        known, rows = len(self._tokenizer), module.config.vocabulary
        if known > rows:
            raise ValueError(f"The tokenizer in {folder} is another model's: {known} tokens for {rows} rows.")

    @torch.inference_mode()
    def rows(self, texts: Sequence[str]) -> list[Tensor]:
        """Rows `[n, H]` of each text, in the module's type and on its device."""
        with self._tokenizing:
            ids = [self._tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
        device = self._module.decoder.embed_tokens.weight.device
        return [self._module.embed_tokens(torch.tensor(of_text, dtype=torch.long, device=device)) for of_text in ids]
