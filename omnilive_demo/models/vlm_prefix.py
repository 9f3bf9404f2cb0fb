"""What a language model has read already: keys and values of prompts, so that the next one need not be read whole.

A prompt shares its beginning with another as far as the tokens and the pictures behind them are the same. The kept part
ends before the first difference, never within a picture.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

KEPT = 4
"""Prompts that are kept; each holds its keys and values, some hundred kilobytes a token on a 7B model."""


@dataclass(frozen=True, slots=True, eq=False)
class VlmInput:
    """A prompt in tokens.

    ids: its tokens. pictures: RGB uint8 `[H, W, 3]`. digests: of each picture. spans: where each one's tokens begin and
    end in `ids`. positions: `[3, 1, n]` where the model counts pictures in rows and columns, else None. shift: what
    such a model's positions are off the count of tokens behind the prompt. types: kinds of tokens `[1, n]`, by name.
    """

    ids: tuple[int, ...]
    pictures: tuple[NDArray[Any], ...]
    digests: tuple[bytes, ...]
    spans: tuple[tuple[int, int], ...]
    positions: Any = None
    shift: int = 0
    types: tuple[tuple[str, Any], ...] = ()


@dataclass(slots=True, eq=False)
class Read:
    """What was read: `cache` holds the keys and values of `ids`."""

    cache: Any
    ids: list[int]
    digests: tuple[bytes, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()

    def shared(self, asked: VlmInput) -> int:
        """How many of the first tokens of `asked` need not be read again; less than all of them."""
        most = min(len(self.ids), len(asked.ids) - 1)
        count = next((i for i in range(most) if self.ids[i] != asked.ids[i]), most)
        for number, (start, end) in enumerate(asked.spans):
            if start >= count:
                break
            same = number < len(self.digests) and self.digests[number] == asked.digests[number]
            if not same or self.spans[number] != (start, end) or end > count:
                return start
        return count

    def cut(self, count: int) -> None:
        """Forget all but the first `count` tokens."""
        if count < len(self.ids):
            self.cache.crop(count - len(self.ids))  # less than zero: so many are removed
            del self.ids[count:]
        kept = sum(end <= count for _, end in self.spans)
        self.digests, self.spans = self.digests[:kept], self.spans[:kept]

    @property
    def can_be_cut(self) -> bool:
        """Whether the keys and values of an earlier state can be had: not where layers slide or sum up."""
        return bool(getattr(self.cache, "is_croppable", False)) and not any(self.cache.is_sliding)


class PrefixShelf:
    """The prompts that were read last, by all sessions: a match needs the same tokens, so nothing leaks."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._shelf: list[Read] = []
        self._lock = threading.Lock()

    def take(self, asked: VlmInput) -> Read | None:
        """What was read of `asked` already, cut to what is shared; None when nothing is worth it."""
        with self._lock:
            best = max(self._shelf, key=lambda one: one.shared(asked), default=None)
            count = best.shared(asked) if best is not None else 0
            # A long prompt of somebody else is not given up for the system text alone.
            if best is None or count == 0 or (2 * count < len(best.ids) and len(self._shelf) < self._kept):
                return None
            self._shelf.remove(best)
        best.cut(count)
        return best

    def put(self, read: Read) -> None:
        """Keep what was read; the oldest goes."""
        if not read.ids or not read.can_be_cut:
            return
        with self._lock:
            self._shelf.append(read)
            del self._shelf[: -self._kept or None]

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._shelf.clear()

    def sizes(self) -> Sequence[int]:
        """Tokens of each prompt that is kept, oldest first."""
        with self._lock:
            return tuple(len(read.ids) for read in self._shelf)
