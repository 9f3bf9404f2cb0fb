"""Watches the server and the harness itself from outside while a scenario runs."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import psutil

from omnilive_demo.evaluation.server import HEALTH_EVERY_S, SAMPLE_EVERY_S, Sample, Server

NAP_S = 0.01


class Watcher:
    """Samples of the process tree and of `/healthz`, and the harness's own CPU time and loop lag."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._tasks: list[asyncio.Task[None]] = []
        self._own = psutil.Process()
        self.samples: list[Sample] = []
        self.health: list[tuple[float, dict[str, Any]]] = []
        self.own: list[tuple[float, float]] = []  # (time, CPU time of the harness)
        self.own_lag_ms: list[float] = []

    def start(self) -> None:
        """Begin to sample."""
        self._tasks = [asyncio.create_task(work) for work in (self._sample(), self._ask_health(), self._nap())]

    async def stop(self) -> None:
        """End with a last sample of everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._take()
        await self._take_health()

    async def _sample(self) -> None:
        while True:
            self._take()
            await asyncio.sleep(SAMPLE_EVERY_S)

    async def _ask_health(self) -> None:
        while True:
            await self._take_health()
            await asyncio.sleep(HEALTH_EVERY_S)

    async def _nap(self) -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(NAP_S)
            self.own_lag_ms.append((time.perf_counter() - begun - NAP_S) * 1000)

    def _take(self) -> None:
        sample = self._server.sample()
        if sample is not None:
            self.samples.append(sample)
        times = self._own.cpu_times()
        self.own.append((time.monotonic(), times.user + times.system))

    async def _take_health(self) -> None:
        health = await self._server.health()
        if health:
            self.health.append((time.monotonic(), health))
