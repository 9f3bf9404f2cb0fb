"""Bounded queues between rooms. Each says in its name what it does when it is full.

All of them live on one event loop: `put` never blocks and is called on the loop, `get` is awaited there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class DropOldest(Generic[T]):
    """A FIFO that forgets its oldest item when full, and counts what it forgot."""

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError("a queue holds at least one item")
        self._items: deque[T] = deque()
        self._size = size
        self._ready = asyncio.Event()
        self.dropped = 0

    def put(self, item: T) -> None:
        """Add an item; never blocks."""
        if len(self._items) >= self._size:
            self._items.popleft()
            self.dropped += 1
        self._items.append(item)
        self._ready.set()

    async def get(self) -> T:
        """The oldest item, waiting for one."""
        while not self._items:
            self._ready.clear()
            await self._ready.wait()
        return self._items.popleft()

    async def get_all(self) -> list[T]:
        """Everything that waits (at least one item), oldest first."""
        items = [await self.get(), *self._items]
        self._items.clear()
        return items

    def clear(self) -> int:
        """Drop everything on purpose (not counted as lost). Returns how many items went."""
        n = len(self._items)
        self._items.clear()
        return n

    def __len__(self) -> int:
        return len(self._items)


class LatestOnly(DropOldest[T]):
    """Holds only the newest item: what it replaces is counted as dropped."""

    def __init__(self) -> None:
        super().__init__(1)


class WaitWhenFull(Generic[T]):
    """A FIFO whose producer waits: nothing is lost (files, utterances)."""

    def __init__(self, size: int) -> None:
        self._queue: asyncio.Queue[T] = asyncio.Queue(size)

    async def put(self, item: T) -> None:
        """Add an item, waiting for room."""
        await self._queue.put(item)

    async def get(self) -> T:
        """The oldest item, waiting for one."""
        return await self._queue.get()

    def done(self) -> None:
        """What was got last has been dealt with."""
        self._queue.task_done()

    async def settled(self) -> None:
        """Wait until everything that was put in has been dealt with."""
        await self._queue.join()

    def __len__(self) -> int:
        return self._queue.qsize()
