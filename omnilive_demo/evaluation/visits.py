"""Visits of the conversation's measurement: a peer whose camera is switched, that keeps levels, and that may echo.

Each visit is a session of its own; what the server counted of it is taken before it leaves.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from omnilive_demo.evaluation.echo import EchoPath
from omnilive_demo.evaluation.peer import Peer
from omnilive_demo.evaluation.pictures import SwitchedCamera
from omnilive_demo.evaluation.record import Record
from omnilive_demo.evaluation.server import Server

CONNECT_S, SETTLE_S = 30.0, 0.5
COUNTS = ("speculated", "speculation_hits", "speculation_revoked")


@dataclass(frozen=True, slots=True)
class Visit:
    """A connected visitor."""

    peer: Peer
    camera: SwitchedCamera
    record: Record
    echo: EchoPath


class Visits:
    """Opens visits to a server, one at a time, and adds up what it counted in them."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.counts: Counter[str] = Counter()
        self.told: set[str] = set()  # which of the counts the server knows
        self.latest_s = 0.0  # by how much the harness was late with a packet, at worst

    @contextlib.asynccontextmanager
    async def visit(self, picture: str) -> AsyncIterator[Visit]:
        """A visitor who shows a picture.

        Raises:
            PeerError: the server refused.
            TimeoutError: no connection in time.
        """
        camera, record, echo = SwitchedCamera(picture), Record(), EchoPath()
        peer = Peer(self.server.url, camera)
        peer.listeners += [record.take, echo.take]
        peer.stand_in(echo)
        try:
            await peer.connect(timeout_s=CONNECT_S)
            await asyncio.sleep(SETTLE_S)
            peer.forget_lateness()
            yield Visit(peer, camera, record, echo)
            self._count(await self.server.health())
        finally:
            self.latest_s = max(self.latest_s, peer.latest_s())
            await peer.close()

    def _count(self, health: Mapping[str, Any]) -> None:
        for session in health.get("queues", {}).get("sessions", {}).values():
            for name in COUNTS:
                if name in session:
                    self.told.add(name)
                    self.counts[name] += int(session[name])
