"""Rows that many sequences begin with, read once: their keys and values are kept, what comes behind them is run alone.

The mask is causal, so nothing that comes later changes them. Integration begins with S of all closed clips, and only
the g block behind it is new each time; questions begin with H̄, whose closed segments do not change.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers.cache_utils import DynamicCache, DynamicLayer

from omnilive_demo.models.memory_module.module import MemoryModule


@dataclass(frozen=True, slots=True)
class RowPrefix:
    """Rows that were read. Never changes; for inference. `layers` holds keys and values `[1, kv heads, rows, size]`."""

    module: MemoryModule
    rows: int = 0
    layers: tuple[tuple[Tensor, Tensor], ...] = ()

    @torch.inference_mode()
    def extended(self, rows: Tensor, keep: int | None = None) -> RowPrefix:
        """The first `keep` of its rows (all by default) with new ones `[n, H]`, of any type and device, behind them."""
        kept = self.rows if keep is None else keep
        cache = self._cache(kept)
        if len(rows):
            self.module.read(rows[None], cache)
        read = cast(list[DynamicLayer], cache.layers) if kept + len(rows) else []
        layers = tuple((cast(Tensor, layer.keys), cast(Tensor, layer.values)) for layer in read)
        return RowPrefix(self.module, kept + len(rows), layers)

    @torch.inference_mode()
    def behind(self, rows: Tensor) -> Tensor:
        """States of rows `[n, H]` that come behind it, `[n, H]`."""
        return self.module.read(rows[None], self._cache(self.rows))[0]

    def _cache(self, rows: int) -> DynamicCache:
        cache = DynamicCache(config=self.module.decoder.config)
        if rows:
            for i, (keys, values) in enumerate(self.layers):
                cache.update(keys[:, :, :rows], values[:, :, :rows], i)
        return cache


@dataclass(frozen=True, slots=True)
class _Known:
    """A prefix with what its blocks were: (hash of the content, rows) of each."""

    blocks: tuple[tuple[int, int], ...]
    prefix: RowPrefix


class PrefixPool:
    """The prefixes of late, found again by content; any thread.

    Args:
        module: who reads.
        most: how many are kept, the latest. One of 4096 rows (64 full clips) takes 8 MB in the nano module, and 117 MB
            in the released one in bfloat16.
    """

    def __init__(self, module: MemoryModule, most: int = 12) -> None:
        self._empty = _Known((), RowPrefix(module))
        self._most = most
        self._known: list[_Known] = []  # the latest last
        self._lock = threading.Lock()

    def prefix(self, blocks: Sequence[NDArray[np.float32]]) -> RowPrefix:
        """The prefix of all rows of the blocks `[n, H]`; only what no known one begins with is read."""
        wanted = tuple((hash(block.tobytes()), len(block)) for block in blocks)
        with self._lock:
            nearest = max(self._known, key=lambda known: _shared(known.blocks, wanted), default=self._empty)
        shared = _shared(nearest.blocks, wanted)
        found = nearest
        if shared < len(wanted) or shared < len(nearest.blocks):
            new = [torch.from_numpy(block) for block in blocks[shared:]]
            width = nearest.prefix.module.config.hidden
            keep = sum(rows for _, rows in wanted[:shared])
            rows = torch.cat(new) if new else torch.zeros(0, width)
            found = _Known(wanted, nearest.prefix.extended(rows, keep))
        with self._lock:
            # One that lost at most its last block (a clip that was still open) is of no more use.
            outdated = nearest if shared and shared >= len(nearest.blocks) - 1 else None
            self._known = [k for k in self._known if k is not outdated and k.blocks != wanted][-self._most + 1 :]
            self._known.append(found)
        return found.prefix


def _shared(one: Sequence[tuple[int, int]], other: Sequence[tuple[int, int]]) -> int:
    """How many blocks two sequences begin with together."""
    for i, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return i
    return min(len(one), len(other))
