from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from omnilive_demo.perception.pocketsphinx_recognizer import PocketSphinxRecognizer

pytestmark = pytest.mark.asyncio

MEETING = "the meeting is at three on friday"


@pytest_asyncio.fixture
async def recognizer() -> AsyncIterator[PocketSphinxRecognizer]:
    recognizer = PocketSphinxRecognizer(workers=1)
    await recognizer.start()
    yield recognizer
    await recognizer.close()


def padded(speech: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 0.0003, len(speech) + 11_200)
    return (np.concatenate([np.zeros(4800), speech, np.zeros(6400)]) + noise).astype(np.float32)


def stream(recognizer, samples, session="s", utterance=1):
    stream = recognizer.open(session, utterance)
    for at in range(0, len(samples), 512):
        stream.feed(samples[at : at + 512])
    return stream


async def test_words_come_while_they_are_spoken_and_when_they_end(recognizer, speak):
    samples = padded(speak(MEETING))
    words = stream(recognizer, samples[: len(samples) // 2])
    assert "meeting" in (await words.partial()).lower()
    words.feed(samples[len(samples) // 2 :])
    result = await words.finish()
    assert result.text == "The meeting is at three on friday"
    assert 0.3 < result.confidence <= 1.0
    assert await words.finish() == result
    assert await words.partial() == result.text


async def test_words_that_are_waited_for_come_no_worse(recognizer, speak):
    first = recognizer.open("s", 1, promptly=True)
    first.feed(padded(speak(MEETING)))
    assert (await first.finish()).text == "The meeting is at three on friday"
    second = recognizer.open("s", 2, promptly=True)  # now that the session's microphone is known
    second.feed(padded(speak("where did i leave my keys")))
    assert (await second.finish()).text == "Where did I leave my keys"


async def test_silence_and_nothing_give_no_words(recognizer):
    assert (await recognizer.open("s", 1).finish()).text == ""
    quiet = stream(recognizer, np.zeros(1600, np.float32))
    assert (await quiet.finish()).text == ""


async def test_more_utterances_than_decoders_wait_and_none_is_lost(recognizer, speak):
    texts = [MEETING, "where did i leave my keys", "what do you see"]
    streams = [stream(recognizer, padded(speak(text)), f"s{i}", i) for i, text in enumerate(texts)]
    assert recognizer.depth == 2
    assert await streams[2].partial() == ""
    results = await asyncio.gather(*(words.finish() for words in streams))
    assert [result.text.lower() for result in results] == texts


async def test_killed_decoder_is_replaced_and_the_utterance_played_again(recognizer, speak):
    samples = padded(speak(MEETING))
    words = stream(recognizer, samples[:20_000])
    await words.partial()
    (first,) = recognizer.pids
    os.kill(first, signal.SIGKILL)
    words.feed(samples[20_000:])
    assert (await words.finish()).text == "The meeting is at three on friday"
    assert recognizer.pids != (first,)


async def test_decoder_killed_while_it_finishes_still_gives_the_words(recognizer, speak):
    words = stream(recognizer, padded(speak(MEETING)))
    finishing = asyncio.create_task(words.finish())
    await asyncio.sleep(0)
    os.kill(recognizer.pids[0], signal.SIGKILL)
    assert (await finishing).text == "The meeting is at three on friday"


async def test_utterance_that_kills_every_decoder_is_given_up(recognizer):
    words = stream(recognizer, np.zeros(16_000, np.float32))
    for _ in range(3):
        worker = recognizer._workers[0]
        while not worker.ready:
            await asyncio.sleep(0.01)
        pid = recognizer.pids[0]
        os.kill(pid, signal.SIGKILL)
        while recognizer.pids == (pid,) or worker.ready:
            await asyncio.sleep(0.01)
    with pytest.raises(RuntimeError, match="say it again"):
        await words.finish()
    assert (await recognizer.open("s", 2).finish()).text == ""


async def test_cancelled_utterance_frees_its_decoder(recognizer, speak):
    unwanted = stream(recognizer, padded(speak(MEETING)))
    waiting = stream(recognizer, padded(speak("what do you see")), utterance=2)
    never = recognizer.open("s", 3)
    never.cancel()
    assert recognizer.depth == 1
    unwanted.cancel()
    assert (await waiting.finish()).text == "What do you see"
    assert (await unwanted.finish()).text == ""


async def test_session_remembers_how_its_microphone_sounds(recognizer, speak):
    assert recognizer.means_of("s") is None
    await stream(recognizer, padded(speak(MEETING))).finish()
    first = recognizer.means_of("s")
    assert len(first) == 13
    quiet = padded(speak("what did you see in the room") * np.float32(0.1))
    await stream(recognizer, quiet).finish()
    assert recognizer.means_of("s")[0] < first[0]
    assert recognizer.means_of("other") is None


async def test_quiet_voice_is_understood_as_well(recognizer, speak):
    result = await stream(recognizer, padded(speak(MEETING) * np.float32(0.2))).finish()
    assert result.text == "The meeting is at three on friday"


async def test_closed_recogniser_fails_clearly(speak):
    recognizer = PocketSphinxRecognizer(workers=1)
    await recognizer.start()
    waiting = stream(recognizer, padded(speak(MEETING)))
    finishing = asyncio.create_task(waiting.finish())
    await asyncio.sleep(0)
    await recognizer.close()
    with pytest.raises(RuntimeError, match="closing"):
        await finishing
    with pytest.raises(RuntimeError, match="Type your question"):
        await recognizer.open("s", 9).finish()


async def test_parent_does_not_load_the_model():
    code = "import sys, omnilive_demo.perception.pocketsphinx_recognizer; sys.exit('pocketsphinx' in sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await process.wait() == 0
