"""The measuring peer is itself measured: against a server whose answer comes a known time after the question."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from tiny_server import ANSWER_AFTER_S, TOKEN, TinyServer

from omnilive_demo.evaluation.bad_network import BadNetwork
from omnilive_demo.evaluation.media import OpusClip, VideoLoop, encode_video, speech_clip
from omnilive_demo.evaluation.peer import Peer, PeerError
from omnilive_demo.evaluation.speech import RATE_HZ, Speech, speech_limits

# Two jitter buffers of 4 frames, the pacing of 20 ms, and what a busy machine adds.
LEAST_TRANSPORT_S, MOST_TRANSPORT_S = 0.10, 0.45


@pytest.fixture(scope="module")
def question() -> OpusClip:
    t = np.arange(round(0.5 * RATE_HZ)) / RATE_HZ
    samples = np.concatenate([np.zeros(4800), 0.3 * np.sin(2 * np.pi * 300 * t), np.zeros(14_400)]).astype(np.float32)
    return speech_clip(Speech("a tone", "test", samples, *speech_limits(samples)))


@pytest.fixture(scope="module")
def camera() -> VideoLoop:
    pictures = [np.full((480, 640, 3), shade, dtype=np.uint8) for shade in range(0, 150, 10)]
    return VideoLoop(tuple(encode_video(pictures)))


async def test_voice_to_voice_is_the_servers_delay_and_the_transport(question: OpusClip, camera: VideoLoop) -> None:
    async with TinyServer() as server:
        peer = Peer(server.url, camera)
        hello = await peer.connect()
        assert hello["profile"] == "tiny"
        await asyncio.sleep(0.5)
        said = await peer.say(question)
        heard_s = await peer.ear.sound_after(said.end_s, 5.0)
        assert said.end_s - said.onset_s == pytest.approx(0.5, abs=0.1)
        waited_s = heard_s - said.end_s - ANSWER_AFTER_S
        assert LEAST_TRANSPORT_S < waited_s < MOST_TRANSPORT_S
        assert server.pictures > 5
        await peer.close()


async def test_the_token_goes_with_every_request_after_the_first(question: OpusClip) -> None:
    async with TinyServer() as server:
        peer = Peer(server.url)
        await peer.connect()
        await peer.cut()
        await peer.resume()
        assert server.authorizations == [None, *[f"Bearer {TOKEN}"] * 3]
        attaches = [message for message in server.received if message["type"] == "attach"]
        assert [message["last_seq"] for message in attaches] == [0, 1]
        said = await peer.say(question)
        await peer.ear.sound_after(said.end_s, 5.0)
        await peer.close()


async def test_delay_both_ways_shows_in_what_is_measured(question: OpusClip) -> None:
    async with TinyServer() as server:
        peer = Peer(server.url, network=BadNetwork(loss=0.02, delay_s=0.15, seed=5))
        await peer.connect()
        await asyncio.sleep(0.5)
        said = await peer.say(question)
        heard_s = await peer.ear.sound_after(said.end_s, 5.0)
        assert heard_s - said.end_s - ANSWER_AFTER_S > 2 * 0.15 + LEAST_TRANSPORT_S / 2
        assert peer.network.lost > 0
        await peer.close()


async def test_one_mouth_says_one_sentence_at_a_time(question: OpusClip) -> None:
    async with TinyServer() as server:
        peer = Peer(server.url)
        await peer.connect()
        peer.begin(question)
        with pytest.raises(RuntimeError, match="one sentence"):
            peer.begin(question)
        await peer.close()


async def test_a_connection_that_ends_by_itself_keeps_nobody_waiting(question: OpusClip) -> None:
    async with TinyServer() as server:
        peer = Peer(server.url)
        await peer.connect()
        saying = asyncio.create_task(peer.say(question))
        await asyncio.sleep(0)
        assert peer._pc is not None
        await peer._pc.close()
        with pytest.raises(PeerError, match="ended by itself"):
            await asyncio.wait_for(saying, 10.0)
        await peer.close()
