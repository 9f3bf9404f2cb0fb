"""Things that only grow while others read them: rows of an array, and prefixes of a list that are no copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar, overload

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")


class GrowingRows:
    """Rows `[n, width]` that only grow; a prefix once read stays as it was."""

    def __init__(self, dtype: type[np.generic] = np.float32) -> None:
        self._dtype = dtype
        self._rows: NDArray = np.zeros((0, 0), dtype)
        self._n = 0

    def __len__(self) -> int:
        return self._n

    def append(self, row: NDArray) -> None:
        """Add a row; the first one sets the width."""
        self.extend(np.asarray(row)[None])

    def extend(self, rows: NDArray) -> None:
        """Add rows `[m, width]`."""
        n = self._n + len(rows)
        if n > len(self._rows) and len(rows):
            grown = np.zeros((max(64, 2 * self._n, n), rows.shape[1]), self._dtype)
            if self._n:
                grown[: self._n] = self._rows[: self._n]
            self._rows = grown
        if len(rows):
            self._rows[self._n : n] = rows
        self._n = n

    def replace(self, position: int, row: NDArray) -> None:
        """Write a row anew: readers that hold a prefix with it see that."""
        self._rows[position] = row

    def first(self, n: int) -> NDArray:
        """The first n rows, not a copy; do not write to them."""
        return self._rows[:n]

    def all(self) -> NDArray:
        """All rows, not a copy."""
        return self._rows[: self._n]


class Prefix(Sequence[T]):
    """The first n of a list that grows, and perhaps one more behind them; no copy.

    instead: by position, what stands there in place of what the list holds.
    """

    def __init__(
        self, items: Sequence[T], n: int, instead: Mapping[int, T] = MappingProxyType({}), more: tuple[T, ...] = ()
    ) -> None:
        self._items = items
        self._n = n
        self._instead = instead
        self._more = more

    def __len__(self) -> int:
        return self._n + len(self._more)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            at = range(*index.indices(len(self)))
            if at.step != 1:
                return [self[i] for i in at]
            end = min(at.stop, self._n)
            found = list(self._items[at.start : end])
            for position, item in self._instead.items():
                if at.start <= position < end:
                    found[position - at.start] = item
            return [*found, *self._more[max(0, at.start - self._n) : max(0, at.stop - self._n)]]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(index)
        if place >= self._n:
            return self._more[place - self._n]
        known = self._instead.get(place)
        return self._items[place] if known is None else known

    def with_last(self, item: T) -> Prefix[T]:
        """The same with one more behind it."""
        return Prefix(self._items, self._n, self._instead, (*self._more, item))
