"""Bytes from the event loop to a reading thread, and items from a reading thread to the event loop. Both bounded."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class BytePipe:
    """A pipe that the loop writes (awaiting room) and one thread reads (blocking), as a file without seeking."""

    name = "pipe"

    def __init__(self, limit_bytes: int = 4_000_000) -> None:
        self._loop = asyncio.get_running_loop()
        self._limit = limit_bytes
        self._parts: deque[bytes] = deque()
        self._held = 0
        self._closed = False
        self._changed = threading.Condition()
        self._room = asyncio.Event()

    @property
    def closed(self) -> bool:
        """Whether one of the ends was closed."""
        return self._closed

    async def write(self, data: bytes) -> bool:
        """Add bytes, waiting for room. False once the pipe is closed."""
        while not self._closed and self._held >= self._limit:
            self._room.clear()
            if self._held >= self._limit:  # the reader may have made room just before the flag went down
                await self._room.wait()
        with self._changed:
            if self._closed:
                return False
            self._parts.append(data)
            self._held += len(data)
            self._changed.notify()
        return True

    def read(self, n: int) -> bytes:
        """Up to `n` bytes, waiting for the first; none at the end. For the reading thread."""
        with self._changed:
            while not self._parts and not self._closed:
                self._changed.wait()
            if not self._parts:
                return b""
            part = self._parts.popleft()
            if len(part) > n:
                self._parts.appendleft(part[n:])
                part = part[:n]
            was_full = self._held >= self._limit
            self._held -= len(part)
            now_free = was_full and self._held < self._limit
        if now_free:
            _on_loop(self._loop, self._room.set)
        return part

    def close(self) -> None:
        """End it, from either side: what waits is still read, nothing more is taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        _on_loop(self._loop, self._room.set)


class Handover(Generic[T]):
    """A bounded queue from one thread to the loop: the thread waits when it is full, the loop when it is empty."""

    def __init__(self, size: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._size = size
        self._items: deque[T] = deque()
        self._closed = False
        self._changed = threading.Condition()
        self._ready = asyncio.Event()

    def put(self, item: T) -> bool:
        """Add an item, waiting for room; for the thread. False once it is closed."""
        with self._changed:
            while len(self._items) >= self._size and not self._closed:
                self._changed.wait()
            if self._closed:
                return False
            self._items.append(item)
            first = len(self._items) == 1
        if first:
            _on_loop(self._loop, self._ready.set)
        return True

    async def get(self) -> T:
        """The oldest item, waiting for one; for the loop."""
        while True:
            with self._changed:
                if self._items:
                    self._changed.notify()
                    return self._items.popleft()
                self._ready.clear()
            await self._ready.wait()

    def __len__(self) -> int:
        return len(self._items)

    def close(self) -> None:
        """Take no more items and let the thread go."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def _on_loop(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    try:
        loop.call_soon_threadsafe(call)
    except RuntimeError:  # the loop has ended, and with it whoever waited
        return
