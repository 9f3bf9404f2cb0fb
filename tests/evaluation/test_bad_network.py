from __future__ import annotations

import asyncio

import pytest

from omnilive_demo.evaluation.bad_network import BadNetwork


class Socket:
    """Keeps what was sent and when (loop time)."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, bytes]] = []
        self.closing = False

    def sendto(self, data: bytes, address: object = None) -> None:
        self.sent.append((asyncio.get_running_loop().time(), data))

    def is_closing(self) -> bool:
        return self.closing

    def get_extra_info(self, name: str) -> str:
        return f"extra {name}"


class Protocol:
    """What aioice has at a socket."""

    def __init__(self) -> None:
        self.transport = Socket()
        self.received: list[bytes] = []

    def datagram_received(self, data: bytes, address: object) -> None:
        self.received.append(data)


async def test_a_perfect_network_carries_everything_at_once() -> None:
    network, protocol = BadNetwork(), Protocol()
    socket = protocol.transport
    network.install(protocol)
    protocol.transport.sendto(b"out", ("host", 1))
    protocol.datagram_received(b"in", ("host", 1))
    assert [data for _, data in socket.sent] == [b"out"]
    assert protocol.received == [b"in"]
    assert protocol.transport.get_extra_info("peername") == "extra peername"


async def test_the_share_that_is_lost_is_the_share_that_was_asked_for_both_ways() -> None:
    network, protocol = BadNetwork(loss=0.05, seed=3), Protocol()
    socket = protocol.transport
    network.install(protocol)
    for number in range(4000):
        protocol.transport.sendto(number.to_bytes(2, "big"))
        protocol.datagram_received(number.to_bytes(2, "big"), None)
    for got in (len(socket.sent), len(protocol.received)):
        assert 0.03 < 1 - got / 4000 < 0.07
    assert network.lost + network.carried == 8000


async def test_the_same_seed_loses_the_same_datagrams() -> None:
    def survivors(seed: int) -> list[bytes]:
        protocol = Protocol()
        BadNetwork(loss=0.3, seed=seed).install(protocol)
        for number in range(200):
            protocol.datagram_received(bytes([number]), None)
        return protocol.received

    assert survivors(1) == survivors(1)
    assert survivors(1) != survivors(2)


async def test_delayed_datagrams_arrive_late_and_in_order() -> None:
    network, protocol = BadNetwork(delay_s=0.05), Protocol()
    socket = protocol.transport
    network.install(protocol)
    begun_s = asyncio.get_running_loop().time()
    for number in range(5):
        protocol.transport.sendto(bytes([number]))
    assert socket.sent == []
    while len(socket.sent) < 5:
        await asyncio.sleep(0.005)
    assert [data for _, data in socket.sent] == [bytes([n]) for n in range(5)]
    assert socket.sent[0][0] - begun_s >= 0.049


async def test_a_severed_network_carries_nothing_until_it_is_mended() -> None:
    network, protocol = BadNetwork(), Protocol()
    socket = protocol.transport
    network.install(protocol)
    network.sever()
    protocol.transport.sendto(b"lost")
    protocol.datagram_received(b"lost", None)
    network.mend()
    protocol.transport.sendto(b"there")
    assert [data for _, data in socket.sent] == [b"there"]
    assert protocol.received == []


async def test_a_late_datagram_does_not_go_to_a_closed_socket() -> None:
    network, protocol = BadNetwork(delay_s=0.01), Protocol()
    socket = protocol.transport
    network.install(protocol)
    protocol.transport.sendto(b"late")
    socket.closing = True
    await asyncio.sleep(0.03)
    assert socket.sent == []


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="share"):
        BadNetwork(loss=5)
