"""A scripted scene, a switched camera and a live echo against a server whose behaviour is known."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest
from tiny_server import ANSWER_AFTER_S, TONE_S, TinyServer

from omnilive_demo.evaluation.conversation_scenes import judge, play
from omnilive_demo.evaluation.echo import EchoPath
from omnilive_demo.evaluation.media import speech_clip
from omnilive_demo.evaluation.peer import Peer
from omnilive_demo.evaluation.pictures import SwitchedCamera
from omnilive_demo.evaluation.record import Record
from omnilive_demo.evaluation.scene_files import Scene
from omnilive_demo.evaluation.speech import RATE_HZ, Speech, speech_limits
from omnilive_demo.evaluation.stimuli import Echo, tripped_s

SCENE = {
    "title": "A cough is answered with a tone",
    "camera": "dark",
    "steps": [
        {"picture": "table", "name": "table"},
        {"play": "cough", "name": "cough"},
        {"wait_for": "voice", "name": "tone"},
    ],
    "expect": [
        {"event": "voice", "after": "cough", "within_ms": round(1000 * ANSWER_AFTER_S + 500)},
        {"event": "voice", "after": "cough", "within_ms": round(1000 * ANSWER_AFTER_S - 200), "never": True},
        {"event": "hush", "after": "tone", "within_ms": round(1000 * TONE_S + 300)},
        {"event": "answer", "after": "cough", "within_ms": 1000},
    ],
}


async def test_a_scene_is_played_and_judged() -> None:
    scene = Scene.model_validate(SCENE)
    async with TinyServer() as server:
        camera, record = SwitchedCamera(scene.camera), Record()
        peer = Peer(server.url, camera)
        peer.listeners.append(record.take)
        await peer.connect()
        happened = await play(scene, peer, camera, record)
        await peer.close()
        verdicts = judge(scene, happened)
        assert [verdict.failure == "" for verdict in verdicts] == [True, True, True, False]
        assert "none of its type came" in verdicts[3].failure
        assert [name for _, name in camera.shown] == ["dark", "table"]
        assert server.pictures > 20  # and all of them could be decoded
        assert any(message["type"] == "forget" for message in server.received)


async def test_what_the_peer_hears_comes_back_through_its_microphone() -> None:
    tone = (0.3 * np.sin(2 * np.pi * 300 * np.arange(RATE_HZ // 4) / RATE_HZ)).astype(np.float32)
    clip = speech_clip(Speech("", "tone", tone, *speech_limits(tone)))
    async with TinyServer() as server:
        path, record = EchoPath(), Record()
        peer = Peer(server.url)
        peer.listeners += [path.take, record.take]
        peer.stand_in(path)
        await peer.connect()
        await asyncio.sleep(0.5)
        path.on(Echo(-8.0, 0.1))
        said = await peer.say(clip)
        first_s = await peer.ear.sound_after(said.end_s, 5.0)
        # The server takes its own tone, that comes back, for the next question.
        second_s = await peer.ear.sound_after(first_s + TONE_S + 0.1, 5.0)
        assert second_s - first_s > TONE_S + ANSWER_AFTER_S
        sent = path.off()
        heard_s = time.monotonic()
        await asyncio.sleep(1.5)
        assert record.last_audible_s(heard_s + 1.0) is None  # without the echo it falls silent
        await peer.close()
    assert np.abs(sent).max() == pytest.approx(8000 / 32768 * 10 ** (-8 / 20), rel=0.25)
    assert tripped_s(sent) >= 0.0
