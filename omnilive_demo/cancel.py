"""Cancellation by generation number.

Work takes a token when it starts and asks it before it emits. Nothing is ever reset, so a late worker of an old
generation can never be mistaken for a new one.
"""

from __future__ import annotations

import threading


class CancelToken:
    """One generation's token. Cheap to ask from any thread."""

    __slots__ = ("_cancelled", "_owner", "generation")

    def __init__(self, owner: Generations | None = None, generation: int = 0) -> None:
        self._owner = owner
        self.generation = generation
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        """True once this work was cancelled or a newer generation began."""
        return self._cancelled or (self._owner is not None and self._owner.current != self.generation)

    def cancel(self) -> None:
        """Cancel this work only."""
        self._cancelled = True


class Generations:
    """Counts generations: beginning a new one makes every older token stale."""

    def __init__(self) -> None:
        self.current = 0
        self._lock = threading.Lock()

    def begin(self) -> CancelToken:
        """Start a new generation, cancelling all work of the older ones."""
        with self._lock:
            self.current += 1
            return CancelToken(self, self.current)

    def cancel(self) -> None:
        """Cancel whatever runs now."""
        self.begin()
