"""Where no peer connection can be: the same conversation over the WebSocket."""

from __future__ import annotations

import asyncio
import shutil
import time

import pytest
from websockets.exceptions import InvalidStatus

from omnilive_demo.evaluation.media import VideoLoop
from omnilive_demo.evaluation.server import Server
from omnilive_demo.evaluation.ws_peer import WebSocketPeer, jpegs

pytestmark = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed: no test speech")
SOON_S = 5.0


@pytest.fixture(scope="module")
def pictures(camera: VideoLoop) -> tuple[bytes, ...]:
    return jpegs(VideoLoop(camera.packets[:75]))


async def test_a_spoken_question_is_answered_over_the_websocket(app: Server, pictures, speech) -> None:
    peer = WebSocketPeer(app.url, pictures)
    try:
        hello = await peer.connect()
        assert hello["transport"] == "websocket"
        await peer.inbox.wait_for("clip", SOON_S, open=True)
        await asyncio.sleep(1.0)
        since = peer.inbox.mark()
        said_s = await peer.say(speech("What is this?"))
        caption = await peer.inbox.wait_for("caption", SOON_S, since, final=True, answered=True)
        answer = await peer.inbox.wait_for("answer", SOON_S, since, turn=caption["turn"], final=True)
        await peer.ear.sound_after(said_s, SOON_S)
        assert answer["text"]
        assert peer.turns_heard == {caption["turn"]}
    finally:
        await peer.close()


async def test_a_closed_socket_comes_back_to_the_same_session(app: Server, pictures) -> None:
    peer = WebSocketPeer(app.url, pictures)
    try:
        await peer.connect()
        await peer.inbox.wait_for("clip", SOON_S, open=True)
        await peer.disconnect()
        since, asked_s = peer.inbox.mark(), time.monotonic()
        hello = await peer.connect()
        assert hello["resumed"] is True
        await peer.send({"type": "text", "text": "What is this?"})
        await peer.inbox.wait_for("answer", SOON_S, since, final=True)
        await peer.ear.sound_after(asked_s, SOON_S)
    finally:
        await peer.close()


async def test_a_foreign_page_is_refused(app: Server) -> None:
    peer = WebSocketPeer(app.url)
    try:
        with pytest.raises(InvalidStatus):
            await peer.connect(origin="https://evil.example")
    finally:
        await peer.close()


async def test_a_wrong_token_is_refused(app: Server) -> None:
    peer = WebSocketPeer(app.url)
    peer.token = "wrong-token"
    try:
        with pytest.raises(TimeoutError):
            await peer.connect(timeout_s=2.0)
    finally:
        await peer.close()
