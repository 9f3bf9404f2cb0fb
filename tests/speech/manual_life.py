"""Virtual life for playout tests: sleepers wait on a ManualTime that only the test moves."""

from __future__ import annotations

import asyncio
import heapq
import itertools

from omnilive_demo.clock import ManualTime


class ManualLife:
    """`sleep` for the code under test; `run` moves time, waking every sleeper at its own moment."""

    def __init__(self) -> None:
        self.time = ManualTime(100.0)
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.time.seconds + seconds, next(self._order), future))
        await future

    async def run(self, seconds: float) -> None:
        until_s = self.time.seconds + seconds
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= until_s + 1e-9:
            at_s, _, future = heapq.heappop(self._sleepers)
            self.time.seconds = max(self.time.seconds, at_s)
            if not future.done():
                future.set_result(None)
            await self._settle()
        self.time.seconds = max(self.time.seconds, until_s)
        await self._settle()

    async def _settle(self) -> None:
        for _ in range(30):
            await asyncio.sleep(0)
