"""Texts as the memory module reads them while it is trained: frozen token states, remembered, behind one protocol.

The nano module reads MiniLM's token states through its own (trained) projection, so the states of a text never change:
they are made once and kept in float16. A module with a token table (the released layout) embeds ids instead.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from omnilive_demo.models.memory_module.module import MemoryModule
from omnilive_demo.models.memory_module.text_rows import question_rows

LARGEST_BATCH = 64


class TokenStates(Protocol):
    """The part of `models.text_encoder.MiniLM` that is used here."""

    def token_states(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """The last hidden state of every token of each text, `[n, C]`."""
        ...


class TrainedText(Protocol):
    """Rows of texts, with gradients into whatever of the module makes them."""

    def rows(self, texts: Sequence[str]) -> list[Tensor]:
        """Rows `[n, H]` of each text."""
        ...


class StateText:
    """Token states of a frozen encoder through `module.project_text`, as `text_rows.MiniLMTextRows` has them.

    Args:
        module: has a text projector.
        encoder: makes the states; slow, so at most `kept` texts are remembered (float16, about 12 kB each).
        device: where the rows are wanted.
        loss: in training mode, the share of tokens that are left out (the first and last never): a question is
            understood by what it means, not by one word of it.
    """

    def __init__(
        self,
        module: MemoryModule,
        encoder: TokenStates,
        device: torch.device | str = "cpu",
        kept: int = 40_000,
        loss: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> None:
        self._module, self._encoder, self._device, self._kept = module, encoder, torch.device(device), kept
        self._loss, self._generator = loss, generator
        self._states: OrderedDict[str, Tensor] = OrderedDict()
        self._lock = threading.Lock()

    def rows(self, texts: Sequence[str]) -> list[Tensor]:
        """Rows `[n, H]` of each text."""
        if not texts:
            return []
        states = self.states(texts)
        if self._module.training and self._loss:
            states = [self._thinned(one) for one in states]
        return self._module.project_text([question_rows(one.to(self._device, torch.float32)) for one in states])

    def states(self, texts: Sequence[str]) -> list[Tensor]:
        """Token states `[n, C]` float16 of each text."""
        with self._lock:
            new = sorted({text for text in texts if text not in self._states}, key=len)
            for start in range(0, len(new), LARGEST_BATCH):
                batch = new[start : start + LARGEST_BATCH]
                for text, found in zip(batch, self._encoder.token_states(batch), strict=True):
                    self._states[text] = torch.from_numpy(found).half()
            wanted = []
            for text in texts:
                self._states.move_to_end(text)
                wanted.append(self._states[text])
            while len(self._states) > self._kept:
                self._states.popitem(last=False)
        return wanted

    def _thinned(self, states: Tensor) -> Tensor:
        keep = torch.rand(len(states), generator=self._generator) >= self._loss
        keep[0] = keep[-1] = True
        return states[keep]


class TableText:
    """Token ids through the module's own table: the text rows of the released layout, trainable."""

    def __init__(self, module: MemoryModule, tokenizer: Any, device: torch.device | str = "cpu") -> None:
        self._module, self._tokenizer, self._device = module, tokenizer, torch.device(device)

    def rows(self, texts: Sequence[str]) -> list[Tensor]:
        """Rows `[n, H]` of each text."""
        ids = [self._tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
        return [self._module.embed_tokens(torch.tensor(of_text, device=self._device)) for of_text in ids]
