"""How late prompts began, kept as keys and values: what stands before the pictures is not read again at each refresh.

A prompt begins with the dialogue, long-term memory and the memory of the recalled clips; the film strip follows, and
its first rows, the small view of all of it, change with every new picture. So what is kept ends where the pictures
begin. A match needs the same tokens and the same memory rows: nobody gets what another one has not given as well.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from omnilive_demo.models.ixc25_omnilive.decoder import Cancelled
from omnilive_demo.models.ixc25_omnilive.key_values import KeyValues
from omnilive_demo.models.ixc25_omnilive.prompt import MemoryPart, Part, PicturePart, WordsPart
from omnilive_demo.models.ixc25_omnilive.reasoner import Reasoner

KEPT = 4
"""Beginnings that are kept, the latest. At the released size in bfloat16 a row takes 131,072 bytes: one of 1,000 rows
(all of H̄, S of four clips, a short dialogue) takes 131 MB."""
LEAST_ROWS = 32
"""Shorter ones, such as those of captions, are read as soon as found."""

_Beginning = tuple[WordsPart | MemoryPart, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """A beginning, and what was read of it; never changes."""

    parts: _Beginning
    held: KeyValues


class BeginningReader:
    """Reads prompts as the reasoner does, but not what it has read before. Safe from any thread.

    Attributes:
        read_rows: of all prompts so far, those that went through the decoder.
    """

    def __init__(self, reasoner: Reasoner, kept: int = KEPT) -> None:
        self.read_rows = 0
        self._reasoner = reasoner
        self._most = kept
        self._kept: list[_Kept] = []  # the latest last
        self._lock = threading.Lock()

    def held(self) -> KeyValues:
        """An empty memory for `read` and `step`."""
        return self._reasoner.held()

    def step(self, token: int, held: KeyValues) -> Tensor:
        """See `Reasoner.step`."""
        return self._reasoner.step(token, held)

    @torch.inference_mode()
    def read(self, parts: tuple[Part, ...], held: KeyValues, cancelled: Callable[[], bool] = lambda: False) -> Tensor:
        """Read a whole prompt into an empty memory: logits `[1, vocabulary]` of its last row.

        Raises:
            Cancelled: `cancelled` said so. `held` is empty.
        """
        assert not held.length, "a prompt is the beginning of a text"
        nearest, shared = self._nearest(parts)
        rows, visual = self._reasoner.embed(_behind(parts, shared), cancelled)
        fits = shared + len(rows) <= self._reasoner.config.positions
        if shared and not fits:
            # Hazard 12: the whole of a text that is read in one go has the base of its full length.
            shared = 0
            rows, visual = self._reasoner.embed(parts, cancelled)
        if nearest is not None and shared:
            held.begin_with(nearest.held, shared)
        try:
            logits: Tensor = self._reasoner.decoder(rows, visual, held, False, cancelled)
        except Cancelled:
            held.cut(0)
            raise
        self.read_rows += len(rows)
        beginning = beginning_of(parts)
        if fits and (count := _rows(beginning)) >= LEAST_ROWS:
            self._keep(beginning, count, held, nearest if shared else None)
        return logits

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._kept.clear()

    def sizes(self) -> tuple[int, ...]:
        """Rows of each beginning that is kept, the latest last."""
        with self._lock:
            return tuple(kept.held.length for kept in self._kept)

    def _nearest(self, parts: tuple[Part, ...]) -> tuple[_Kept | None, int]:
        with self._lock:
            many = tuple(self._kept)
        nearest = max(many, key=lambda kept: shared_rows(kept.parts, parts), default=None)
        if nearest is None:
            return None, 0
        # The last row is always read: it is the one that answers.
        return nearest, min(shared_rows(nearest.parts, parts), _rows(parts) - 1)

    def _keep(self, beginning: _Beginning, count: int, held: KeyValues, nearest: _Kept | None) -> None:
        extended = nearest is not None and shared_rows(nearest.parts, beginning) == nearest.held.length
        if nearest is not None and extended and nearest.held.length == count:
            new = nearest  # the same one, which only becomes the latest
        else:
            new = _Kept(beginning, self._reasoner.held())
            new.held.begin_with(held, count)
        with self._lock:
            self._kept = [kept for kept in self._kept if not (extended and kept is nearest)]
            self._kept.append(new)
            del self._kept[: -self._most]


def beginning_of(parts: Sequence[Part]) -> _Beginning:
    """What stands before the first picture; without one, before the last words, which are the question."""
    before: list[WordsPart | MemoryPart] = []
    for part in parts[:-1]:
        if isinstance(part, PicturePart):
            break
        before.append(part)
    return tuple(before)


def shared_rows(one: Sequence[Part], other: Sequence[Part]) -> int:
    """How many rows two prompts begin with together; pictures are never the same."""
    shared = 0
    for a, b in zip(one, other, strict=False):
        count, whole = _alike(a, b)
        shared += count
        if not whole:
            break
    return shared


def _alike(a: Part, b: Part) -> tuple[int, bool]:
    """How many rows they begin with together, and whether that is all of both."""
    if isinstance(a, WordsPart) and isinstance(b, WordsPart) and a.visual == b.visual:
        pairs = enumerate(zip(a.ids, b.ids, strict=False))
        count = next((i for i, (x, y) in pairs if x != y), min(len(a.ids), len(b.ids)))
    elif isinstance(a, MemoryPart) and isinstance(b, MemoryPart):
        count = min(len(a.rows), len(b.rows))
        different = (a.rows[:count] != b.rows[:count]).any(1).nonzero()
        count = int(different[0]) if len(different) else count
    else:
        return 0, False
    return count, count == _rows((a,)) == _rows((b,))


def _behind(parts: tuple[Part, ...], rows: int) -> tuple[Part, ...]:
    """A prompt without its first rows, which are words and memory."""
    rest = list(parts)
    while rows:
        first = rest.pop(0)
        count = _rows((first,))
        if count > rows:
            assert not isinstance(first, PicturePart), "nothing of a picture is kept"
            cut = (
                replace(first, ids=first.ids[rows:]) if isinstance(first, WordsPart) else MemoryPart(first.rows[rows:])
            )
            return (cut, *rest)
        rows -= count
    return tuple(rest)


def _rows(parts: Sequence[Part]) -> int:
    """Rows of words and memory; a picture counts as one, because its rows are never compared."""
    return sum(
        len(part.ids) if isinstance(part, WordsPart) else len(part.rows) if isinstance(part, MemoryPart) else 1
        for part in parts
    )
