"""Starts the real app once for all live tests; visitors are headless WebRTC and WebSocket peers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from omnilive_demo.evaluation.media import OpusClip, VideoLoop, speech_clip, video_loop
from omnilive_demo.evaluation.peer import Peer
from omnilive_demo.evaluation.server import Server
from omnilive_demo.evaluation.speech import Speech, synthesize

Admit = Callable[..., Awaitable[Peer]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/live/" in str(item.path):
            item.add_marker(pytest.mark.live)
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture(scope="session")
def app() -> Iterator[Server]:
    """The app with a memory of its own. Sessions end soon after their connection, so that seats are free again."""
    server = Server(seats=8, environment={"OMNILIVE_SESSION_LINGER_S": "20"})
    try:
        asyncio.run(server.start())
        yield server
    finally:
        status = asyncio.run(server.stop())
    assert status == 0, f"the app ended with status {status}:\n{server.last_words()}"


@pytest.fixture(scope="session")
def camera() -> VideoLoop:
    """The measuring scene."""
    return video_loop(None)


@pytest.fixture
async def admit(app: Server, camera: VideoLoop) -> AsyncIterator[Admit]:
    """Let visitors in; they leave at the end of the test."""
    peers: list[Peer] = []

    async def enter(url: str = "", **options: object) -> Peer:
        peer = Peer(url or app.url, camera, **options)  # type: ignore[arg-type]
        peers.append(peer)
        await peer.connect(timeout_s=30.0)
        return peer

    yield enter
    await asyncio.gather(*(peer.close() for peer in peers))


@pytest.fixture(scope="session")
def say() -> Callable[[str], OpusClip]:
    """A sentence in a voice that is well understood."""
    return lambda text, voice="rms": speech_clip(synthesize(text, voice))  # type: ignore[misc]


@pytest.fixture(scope="session")
def speech() -> Callable[[str], Speech]:
    """The same as sound."""
    return lambda text: synthesize(text, "rms")
