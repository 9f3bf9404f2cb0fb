"""Health: how late the event loop is, and the figures of `/healthz`."""

from __future__ import annotations

import asyncio
import time
from collections import deque

PROBE_S = 0.01
WINDOW = 6000  # probes: the last minute


class LoopLag:
    """Measures by how much the loop oversleeps a 10 ms nap: the lag that a media packet would have met."""

    def __init__(self) -> None:
        self._lags_ms: deque[float] = deque(maxlen=WINDOW)

    async def run(self) -> None:
        """Probe until cancelled."""
        while True:
            began = time.perf_counter()
            await asyncio.sleep(PROBE_S)
            self._lags_ms.append((time.perf_counter() - began - PROBE_S) * 1000)

    def percentiles(self) -> dict[str, float]:
        """`p50`, `p99`, `max` in milliseconds over the last minute, and `n`."""
        lags = sorted(self._lags_ms)
        if not lags:
            return {"p50": 0.0, "p99": 0.0, "max": 0.0, "n": 0}
        return {
            "p50": round(lags[len(lags) // 2], 2),
            "p99": round(lags[min(len(lags) - 1, int(len(lags) * 0.99))], 2),
            "max": round(lags[-1], 2),
            "n": len(lags),
        }
