"""A bad network between a peer and the server: lost and late datagrams, both ways, without any privilege.

It sits below ICE, at the peer's UDP sockets, so everything suffers alike: media, retransmissions, the data channel
and the checks that keep the connection alive. The delay is one way: a round trip takes twice as long.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any


class BadNetwork:
    """One peer's link.

    Args:
        loss: share of datagrams that vanish (0..1), each way.
        delay_s: how much later the others arrive, each way.
        seed: which datagrams vanish.
    """

    def __init__(self, loss: float = 0.0, delay_s: float = 0.0, seed: int = 0) -> None:
        if not 0 <= loss <= 1 or delay_s < 0:
            raise ValueError("loss is a share from 0 to 1 and a delay is not negative")
        self._loss = loss
        self._delay_s = delay_s
        self._random = random.Random(seed)
        self._severed = False
        self.carried = 0
        self.lost = 0

    def sever(self) -> None:
        """Cut the cable: from now on nothing arrives, in either direction."""
        self._severed = True

    def mend(self) -> None:
        """Plug it in again."""
        self._severed = False

    def install(self, protocol: Any) -> None:
        """Stand between an aioice datagram protocol and its socket."""
        protocol.transport = _Socket(protocol.transport, self)
        receive = protocol.datagram_received
        protocol.datagram_received = lambda data, address: self.carry(lambda: receive(data, address))

    def carry(self, deliver: Callable[[], None]) -> None:
        """Deliver a datagram, later, or never."""
        if self._severed or (self._loss and self._random.random() < self._loss):
            self.lost += 1
            return
        self.carried += 1
        if self._delay_s:
            asyncio.get_running_loop().call_later(self._delay_s, deliver)
        else:
            deliver()


class _Socket:
    """A datagram transport whose sending goes over the bad network."""

    def __init__(self, transport: Any, network: BadNetwork) -> None:
        self._transport = transport
        self._network = network

    def sendto(self, data: bytes, address: Any = None) -> None:
        self._network.carry(lambda: self._send(data, address))

    def _send(self, data: bytes, address: Any) -> None:
        if not self._transport.is_closing():  # a late datagram may outlive its socket
            self._transport.sendto(data, address)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
