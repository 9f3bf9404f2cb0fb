"""Keys and values of what a decoder has read."""

from __future__ import annotations

from torch import Tensor

_ROOM = 256  # rows that are reserved ahead: an answer mostly fits


class KeyValues:
    """Of one text; grows as it is read. Each layer's lie on the device of that layer."""

    def __init__(self, layers: int) -> None:
        self.length = 0
        self._held: list[Tensor | None] = [None] * layers

    def extended(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Those of all rows so far with new ones `[kv heads, n, head size]` behind them."""
        end = self.length + keys.shape[1]
        held = self._held[layer]
        if held is None or held.shape[2] < end:
            larger = keys.new_empty(2, keys.shape[0], end + _ROOM, keys.shape[2])
            if held is not None:
                larger[:, :, : self.length] = held[:, :, : self.length]
            self._held[layer] = held = larger
        held[0, :, self.length : end] = keys
        held[1, :, self.length : end] = values
        return held[0, :, :end], held[1, :, :end]

    def advance(self, rows: int) -> None:
        """All layers have read this many rows more."""
        self.length += rows

    def begin_with(self, other: KeyValues, length: int) -> None:
        """Hold a copy of another one's first rows, and nothing else; the other one is left as it is."""
        assert length <= other.length
        self.length = length
        self._held = [None if one is None else one[:, :, :length].clone() for one in other._held]

    def cut(self, length: int) -> None:
        """Forget all rows but the first ones."""
        self.length = min(self.length, length)
