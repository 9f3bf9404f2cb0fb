"""The running app, met from outside by a real WebRTC peer: it hears, remembers, answers aloud, and can be stopped."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from omnilive_demo.evaluation.media import OpusClip, VideoLoop
from omnilive_demo.evaluation.peer import Peer
from omnilive_demo.evaluation.server import Server

pytestmark = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed: no test speech")

SOON_S = 5.0  # generous: the machine may be busy
LONG_QUESTION = "What happened since the beginning?"

Say = Callable[[str], OpusClip]


async def tell(peer: Peer, clip: OpusClip) -> str:
    """Say something that wants no answer; what was understood."""
    saying = peer.begin(clip)
    await asyncio.sleep(0.5)  # what a session remembers of earlier visits has been told by now
    since = peer.inbox.mark()
    await saying.done
    caption = await peer.inbox.wait_for("caption", SOON_S, since, final=True, speaker="visitor")
    return str(caption["text"])


async def ask_and_hear(peer: Peer, question: str = LONG_QUESTION) -> tuple[int, int]:
    """Ask by text and wait until the answer is audible; its turn, and the place before it in the inbox."""
    since, asked_s = peer.inbox.mark(), time.monotonic()
    peer.send({"type": "text", "text": question})
    turn = (await peer.inbox.wait_for("answer", SOON_S, since))["turn"]
    await peer.ear.sound_after(asked_s, SOON_S)
    return turn, since


async def silence(peer: Peer, for_s: float = 1.0, within_s: float = 10.0) -> None:
    """Wait until nothing was audible for a while."""
    async with asyncio.timeout(within_s):
        while (last_s := peer.ear.last_sound_s()) is not None and time.monotonic() - last_s < for_s:
            await asyncio.sleep(0.05)


async def test_a_spoken_question_is_answered_in_text_and_aloud_with_its_evidence(admit, say: Say) -> None:
    peer = await admit()
    heard = await tell(peer, say("The meeting with Anna is on Thursday morning."))
    assert "meeting" in heard.lower()
    await asyncio.sleep(1.0)
    since = peer.inbox.mark()
    said = await peer.say(say("What did I say about the meeting?"))
    caption = await peer.inbox.wait_for("caption", SOON_S, since, final=True, answered=True)
    turn = caption["turn"]
    retrieval = await peer.inbox.wait_for("retrieval", SOON_S, since, turn=turn)
    answer = await peer.inbox.wait_for("answer", SOON_S, since, turn=turn, final=True)
    sound_s = await peer.ear.sound_after(said.end_s, SOON_S)
    latency = await peer.inbox.wait_for("latency", SOON_S, since, turn=turn)
    assert "meeting" in caption["text"].lower()
    assert any(evidence["kind"] == "speech" for evidence in retrieval["evidence"])
    assert "thursday" in answer["text"].lower()
    assert sound_s - said.end_s < SOON_S
    assert latency["total_ms"] > 0
    assert {name for name, _ in latency["stages_ms"]} >= {"recognise", "retrieve", "voice"}


async def test_what_is_seen_appears_as_clips_while_nobody_speaks(admit) -> None:
    peer = await admit()
    first = await peer.inbox.wait_for("clip", SOON_S, open=True)
    assert first["thumbnail"].startswith("data:image/jpeg;base64,")
    closed = await peer.inbox.wait_for("clip", 25.0, where=lambda clip: clip["start_s"] == first["start_s"], open=False)
    assert closed["frames"] >= 3
    assert closed["tokens_kept"] > 0
    figures = await peer.inbox.wait_for("memory", SOON_S)
    assert figures["clips"] >= 1


async def test_a_typed_question_is_answered_in_text_and_aloud(admit) -> None:
    peer = await admit()
    await peer.inbox.wait_for("clip", SOON_S, open=True)
    since, asked_s = peer.inbox.mark(), time.monotonic()
    peer.send({"type": "text", "text": "What is this?"})
    caption = await peer.inbox.wait_for("caption", SOON_S, since, final=True, typed=True)
    answer = await peer.inbox.wait_for("answer", SOON_S, since, final=True)
    assert caption["text"] == "What is this?"
    assert len(answer["text"]) > 10
    await peer.ear.sound_after(asked_s, SOON_S)


async def test_stop_silences_the_answer(admit) -> None:
    peer = await admit()
    await peer.inbox.wait_for("clip", SOON_S, open=True)
    turn, since = await ask_and_hear(peer)
    await asyncio.sleep(0.3)
    stopped_s = time.monotonic()
    peer.send({"type": "stop"})
    interrupt = await peer.inbox.wait_for("interrupt", SOON_S, since, turn=turn)
    assert interrupt["reason"] == "stop"
    await asyncio.sleep(1.5)
    last_s = peer.ear.last_sound_s()
    assert last_s is not None
    assert last_s - stopped_s < 0.6
    assert peer.inbox.of("state", since)[-1]["state"] == "idle"


async def test_talking_over_the_answer_stops_it(admit, say: Say) -> None:
    peer = await admit()
    await peer.inbox.wait_for("clip", SOON_S, open=True)
    turn, since = await ask_and_hear(peer)
    await asyncio.sleep(0.3)
    said = peer.begin(say("Wait a moment please, I want to tell you something else first."))
    interrupt = await peer.inbox.wait_for("interrupt", SOON_S, since, turn=turn)
    assert interrupt["reason"] == "speech"
    await said.done
    last_s = peer.ear.last_sound_s()
    assert last_s is not None
    assert last_s - said.onset_s < 1.2
    ducked = peer.inbox.of("state", since, state="ducked")
    assert ducked
    assert ducked[0].at_s - said.onset_s < 0.6


async def test_two_visitors_do_not_see_or_hear_each_other(admit, say: Say) -> None:
    anna, ben = await asyncio.gather(admit(), admit())
    assert anna.token != ben.token
    since = ben.inbox.mark()
    assert "yellow" in (await tell(anna, say("My sister bought a yellow bicycle."))).lower()
    before_s = time.monotonic()
    ben.send({"type": "text", "text": "What did I say about my sister?"})
    answer = await ben.inbox.wait_for("answer", SOON_S, since, final=True)
    await ben.ear.sound_after(before_s, SOON_S)
    assert "yellow" not in answer["text"].lower()
    assert not [c for c in ben.inbox.of("caption", since) if "yellow" in c["text"].lower()]
    assert anna.ear.first_after(before_s) is None


async def test_a_cut_connection_resumes_and_what_was_missed_is_replayed(admit) -> None:
    peer = await admit()
    await peer.inbox.wait_for("clip", SOON_S, open=True)
    since = peer.inbox.mark()
    peer.send({"type": "text", "text": "What is this?"})
    await peer.inbox.wait_for("caption", SOON_S, since, final=True, typed=True)
    before = peer.inbox.last_seq
    await peer.cut()
    await asyncio.sleep(2.0)  # the answer is made meanwhile
    cut_at = peer.inbox.mark()
    hello = await peer.resume()
    assert hello["resumed"] is True
    await peer.inbox.wait_for("clip", SOON_S, cut_at, open=True)
    later = [arrived["seq"] for arrived in peer.inbox.arrived[cut_at:] if arrived["seq"] > 0]
    numbered = [seq for seq in later if seq > before]
    assert numbered == sorted(set(numbered))
    final = await peer.inbox.wait_for("answer", SOON_S, since, final=True)
    assert final["text"]


async def test_sigterm_during_an_answer_says_bye_and_ends_cleanly(camera: VideoLoop) -> None:
    server = Server()
    await server.start()
    peer = Peer(server.url, camera)
    try:
        await peer.connect()
        await peer.inbox.wait_for("clip", SOON_S, open=True)
        _, since = await ask_and_hear(peer)
        server.terminate()
        bye = await peer.inbox.wait_for("bye", SOON_S, since)
        assert bye["reason"]
        assert await server.wait_ended(10.0) == 0, server.last_words()
    finally:
        await peer.close()
        await server.stop()


async def test_a_killed_app_remembers_after_a_restart(tmp_path: Path, camera: VideoLoop, say: Say) -> None:
    first = Server(data_dir=tmp_path)
    await first.start()
    peer = Peer(first.url, camera)
    await peer.connect()
    assert "keys" in (await tell(peer, say("My keys are on the kitchen table."))).lower()
    closed = await peer.inbox.wait_for("clip", 25.0, open=False)
    first.kill()
    await peer.close()

    second = Server(data_dir=tmp_path)
    await second.start()
    again = Peer(second.url, camera)
    try:
        await again.connect()
        remembered = await again.inbox.wait_for("clip", SOON_S, id=closed["id"], open=False)
        assert remembered["start_s"] == closed["start_s"]
        since = again.inbox.mark()
        again.send({"type": "text", "text": "What did I say about my keys?"})
        answer = await again.inbox.wait_for("answer", SOON_S, since, final=True)
        assert "kitchen" in answer["text"].lower()
    finally:
        await again.close()
        assert await second.stop() == 0
