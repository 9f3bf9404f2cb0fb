"""Answers of the reasoner, token by token (specification 2.6); and its first word alone, for instruction prediction.

Nothing is computed before it is asked for, so an answer ends within one token of being cancelled; a prompt that is
being read, within one layer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.ixc25_omnilive.decoder import Cancelled
from omnilive_demo.models.ixc25_omnilive.key_values import KeyValues
from omnilive_demo.models.ixc25_omnilive.prompt import Part, instruction_prompt
from omnilive_demo.models.ixc25_omnilive.reasoner import Reasoner
from omnilive_demo.models.ixc25_omnilive.tokenizer import Tokenizer

_BROKEN = "\ufffd"  # what stands for bytes that are no character, or not yet


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen. temperature 0: the best one, and nothing of top_k and top_p counts.

    top_k: only so many of the best, 0 for all. top_p: the fewest best that have this probability together.
    repetition_penalty: divides (or multiplies, below zero) the logits of tokens that the answer has already.
    """

    most_tokens: int = 1024
    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    seed: int = 0


GREEDY = Sampling()
CHAT = Sampling(temperature=1.0, top_k=50, top_p=0.8, repetition_penalty=1.005)
"""The release's chat; its library keeps the 50 best unless told otherwise."""


class Reader(Protocol):
    """Reads a prompt, then token by token: a `Reasoner`, or one that keeps what it has read (`beginnings.py`)."""

    def held(self) -> KeyValues:
        """An empty memory."""
        ...

    def read(self, parts: tuple[Part, ...], held: KeyValues, *, cancelled: Callable[[], bool]) -> Tensor:
        """Logits `[1, vocabulary]` behind a prompt. Raises Cancelled."""
        ...

    def step(self, token: int, held: KeyValues) -> Tensor:
        """Logits `[1, vocabulary]` behind one token more."""
        ...


class TokenStream:
    """The tokens of one answer under way.

    Args:
        reasoner: who answers.
        parts: the prompt.
        sampling: how tokens are chosen.
        ends: tokens that end it.
        never: tokens that it may not hold.

    Attributes:
        ids: its tokens so far.
        logits: `[vocabulary]`, float32, that the latest token was chosen from.
    """

    def __init__(
        self,
        reasoner: Reader,
        parts: tuple[Part, ...],
        sampling: Sampling = GREEDY,
        ends: Collection[int] = (),
        never: Collection[int] = (),
    ) -> None:
        self.ids: list[int] = []
        self.logits: Tensor | None = None
        self._reasoner = reasoner
        self._parts = parts
        self._sampling = sampling
        self._ends = frozenset(ends)
        self._never = sorted(never)
        self._held: KeyValues | None = reasoner.held()
        self._random = torch.Generator().manual_seed(sampling.seed)

    def next(self, cancel: CancelToken) -> int | None:
        """The next token. None: the end, or cancelled."""
        if self._held is None or cancel.cancelled or len(self.ids) >= self._sampling.most_tokens:
            return None
        if self.ids:
            logits = self._reasoner.step(self.ids[-1], self._held)
        else:
            try:
                logits = self._reasoner.read(self._parts, self._held, cancelled=lambda: cancel.cancelled)
            except Cancelled:
                return None
        self.logits = logits[0]
        token = chosen(self.logits, self.ids, self._sampling, self._never, self._random)
        if token in self._ends:
            self.close()
            return None
        self.ids.append(token)
        return token

    def close(self) -> None:
        """Let go of the keys and values."""
        self._held = None


class Generation:
    """One answer under way, in words.

    Args:
        reasoner: who answers.
        tokenizer: its tokenizer.
        parts: the prompt.
        sampling: how tokens are chosen.
    """

    def __init__(
        self, reasoner: Reader, tokenizer: Tokenizer, parts: tuple[Part, ...], sampling: Sampling = GREEDY
    ) -> None:
        self._tokenizer = tokenizer
        self._tokens = TokenStream(reasoner, parts, sampling, tokenizer.ends, tokenizer.never)
        self._given = 0  # characters

    def next(self, cancel: CancelToken) -> str | None:
        """What the next token adds ("" while a character is incomplete). None: the end, or cancelled."""
        if self._tokens.next(cancel) is None:
            return None
        # Hazard 14: an answer does not begin with a space, or its first letter is no letter.
        text = self._tokenizer.decode(self._tokens.ids).lstrip(" ")
        if text.endswith(_BROKEN):
            return ""
        piece, self._given = text[self._given :], len(text)
        return piece.replace(_BROKEN, "")

    def close(self) -> None:
        """Let go of the keys and values."""
        self._tokens.close()


def instruction_probability(reasoner: Reasoner, tokenizer: Tokenizer, heard: str, system: str = "") -> float:
    """How surely something heard wants an answer, 0 to 1: the first token `Yes` against `No`.

    The release searches the streamed text for `Yes`, which misses one that is split, and generates to the end.
    """
    logits = reasoner.read(instruction_prompt(tokenizer, heard, system))[0]
    yes, no = (tokenizer.encode(word)[0] for word in ("Yes", "No"))
    assert yes != no, "Yes and No begin with the same token"
    return float(torch.softmax(logits[[yes, no]], dim=0)[0])


def chosen(
    logits: Tensor, before: Collection[int], sampling: Sampling, never: Collection[int], random: torch.Generator
) -> int:
    """A token, chosen from logits `[vocabulary]` behind an answer's tokens so far."""
    logits = logits.clone()
    if never:
        logits[list(never)] = -torch.inf
    if before and sampling.repetition_penalty != 1.0:
        again = torch.tensor(sorted(set(before)), device=logits.device)
        scores, penalty = logits[again], sampling.repetition_penalty
        logits[again] = torch.where(scores < 0, scores * penalty, scores / penalty)
    if sampling.temperature <= 0:
        return int(logits.argmax())
    best, order = (logits / sampling.temperature).cpu().sort(descending=True, stable=True)
    if sampling.top_k:
        best[sampling.top_k :] = -torch.inf
    shares = best.softmax(dim=0)
    shares[shares.cumsum(dim=0) - shares >= sampling.top_p] = 0
    return int(order[torch.multinomial(shares, 1, generator=random)])
