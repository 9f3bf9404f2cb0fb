from __future__ import annotations

import asyncio
import json
import shutil
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from perception import tiny_whisper
from perception.tiny_whisper import HIGH_HZ, LOW_HZ, MIDDLE_HZ, tone

from omnilive_demo.perception.recognizer import Recognition
from omnilive_demo.perception.whisper_decoder import WhisperDecoder
from omnilive_demo.perception.whisper_recognizer import FasterWhisperRecognizer
from omnilive_demo.serving.lane import WorkCancelled

QUIET = np.random.default_rng(0).normal(0, 0.0005, 16_000).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tiny_whisper.build(tmp_path_factory.mktemp("whisper"))


@pytest.fixture(scope="module")
def decoder(folder: Path) -> WhisperDecoder:
    return WhisperDecoder(folder, "cpu", threads=1)


@pytest_asyncio.fixture
async def recognizer(decoder: WhisperDecoder) -> AsyncIterator[FasterWhisperRecognizer]:
    recognizer = FasterWhisperRecognizer(Path("tones"), load=lambda: decoder)
    await recognizer.start()
    yield recognizer
    await recognizer.close()


def spoken(recognizer, samples, session="s", promptly=False):
    stream = recognizer.open(session, 1, promptly)
    for at in range(0, len(samples), 512):
        stream.feed(samples[at : at + 512])
    return stream


class Slow:
    """A decoder whose calls wait until they are let go; tells what was asked of it, in order."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, bool]] = []
        self.go = threading.Event()
        self.began = threading.Event()

    def decode(self, sound, careful, likely="", cancelled=lambda: False) -> Recognition:
        self.asked.append((len(sound), careful))
        self.began.set()
        assert self.go.wait(5)
        if cancelled():
            raise WorkCancelled("not wanted")
        return Recognition(f"{len(sound)} {'careful' if careful else 'quick'}.", 0.9, "en")


@pytest_asyncio.fixture
async def slow() -> AsyncIterator[tuple[Slow, FasterWhisperRecognizer]]:
    decoder = Slow()
    recognizer = FasterWhisperRecognizer(Path("slow"), load=lambda: decoder)  # type: ignore[arg-type, return-value]
    await recognizer.start()
    yield decoder, recognizer
    decoder.go.set()
    await recognizer.close()


# ---- the model itself ----------------------------------------------------------------------------------------------


async def test_sound_in_words_out_with_language_and_times(folder):
    recognizer = FasterWhisperRecognizer(folder, "cpu", threads=1)
    await recognizer.start()
    assert recognizer.name == "faster-whisper-tones"
    low = spoken(recognizer, tone(LOW_HZ, 2.0))
    result = await low.finish()
    assert (result.text, result.language) == ("Where are my keys?", "en")
    assert [word.text for word in result.words] == ["Where", "are", "my", "keys?"]
    assert all(0.0 <= word.start_s <= word.end_s <= 2.1 for word in result.words)
    assert 0.9 < result.confidence <= 1.0
    assert await low.finish() is result
    assert await low.partial() == result.text
    high = await spoken(recognizer, tone(HIGH_HZ, 1.0)).finish()
    assert (high.text, high.language) == ("你好", "zh")
    await recognizer.close()


async def test_many_utterances_at_once(recognizer):
    tones = [LOW_HZ, HIGH_HZ] * 4
    streams = [spoken(recognizer, tone(hz, 1.0 + i / 4), f"s{i}") for i, hz in enumerate(tones)]
    results = await asyncio.gather(*(stream.finish() for stream in streams))
    assert [result.text for result in results] == ["Where are my keys?", "你好"] * 4


async def test_words_come_while_they_are_spoken(recognizer):
    stream = spoken(recognizer, tone(LOW_HZ, 1.0))
    assert await stream.partial() == "Where are my keys"  # whether it is a question is open still
    stream.feed(QUIET)
    assert await stream.partial() == "Where are my keys?"


def test_what_is_short_is_encoded_in_a_shorter_window(folder, decoder, monkeypatch):
    brief = WhisperDecoder(folder, "cpu", threads=1, brief=True)
    frames: list[int] = []
    for one in (decoder, brief):
        encode = one._model.encode
        monkeypatch.setattr(
            one._model, "encode", lambda features, encode=encode: frames.append(features.shape[1]) or encode(features)
        )
        for seconds, careful in ((2.0, False), (2.0, True), (14.9, False), (14.9, True)):
            assert one.decode(tone(LOW_HZ, seconds), careful).text.startswith("Where are my keys")
    assert frames[:4] == [1536, 3000, 3000, 3000]
    assert frames[-4:] == [1536, 1536, 3000, 3000]


def test_a_set_language_and_the_one_spoken_before(folder, decoder):
    german = WhisperDecoder(folder, "cpu", language="de", threads=1)
    assert german.decode(tone(LOW_HZ, 1.0), careful=False).language == "de"
    assert decoder.decode(tone(LOW_HZ, 1.0), careful=False, likely="zh").language == "en"  # the sound is clear
    neither = WhisperDecoder(folder, "cpu", languages=("fr", "de"), threads=1)
    assert {neither.decode(tone(LOW_HZ, 1.0), True, likely=code).language for code in ("fr", "de")} <= {"fr", "de"}
    with pytest.raises(ValueError, match="'xx'"):
        WhisperDecoder(folder, "cpu", language="xx", threads=1)


def test_a_call_that_is_cancelled_stops_between_its_steps(decoder):
    with pytest.raises(WorkCancelled):
        decoder.decode(tone(LOW_HZ, 1.0), careful=True, cancelled=lambda: True)


def test_what_the_model_says_and_nobody_said_is_left_out(decoder):
    for careful in (False, True):
        assert decoder.decode(tone(MIDDLE_HZ, 2.0), careful) == Recognition("", 0.0, "en")


def test_too_little_sound_gives_no_words(decoder):
    assert decoder.decode(np.zeros(0, np.float32), careful=True).text == ""
    assert decoder.decode(tone(LOW_HZ, 0.05), careful=True).text == ""


def test_missing_broken_and_foreign_files_are_told_plainly(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="folder is missing"):
        WhisperDecoder(tmp_path / "none", "cpu")
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / "preprocessor_config.json").write_text(json.dumps({"feature_size": 128}))
    with pytest.raises(ValueError, match="80 bands"):
        WhisperDecoder(copy, "cpu")
    (copy / "model.bin").write_bytes((folder / "model.bin").read_bytes()[:5000])
    with pytest.raises(RuntimeError, match="could not be loaded"):
        WhisperDecoder(copy, "cpu")
    (copy / "tokenizer.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"lacks tokenizer\.json"):
        WhisperDecoder(copy, "cpu")


async def test_a_model_that_is_missing_ends_the_start(tmp_path):
    recognizer = FasterWhisperRecognizer(tmp_path / "none", "cpu")
    with pytest.raises(FileNotFoundError):
        await recognizer.start()
    with pytest.raises(RuntimeError, match="closing"):
        await recognizer.open("s", 1).finish()


# ---- who waits for whom --------------------------------------------------------------------------------------------


async def until(condition) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_silence_is_not_even_decoded(slow):
    decoder, recognizer = slow
    assert (await recognizer.open("s", 1).finish()).text == ""
    assert await spoken(recognizer, QUIET).partial() == ""
    assert await spoken(recognizer, np.zeros(32_000, np.float32)).finish() == Recognition("", 0.0)
    assert decoder.asked == []


async def test_final_words_go_before_words_so_far(slow):
    decoder, recognizer = slow
    first = asyncio.create_task(spoken(recognizer, tone(LOW_HZ, 1.0)).finish())
    await until(decoder.began.is_set)
    caption = asyncio.create_task(spoken(recognizer, tone(LOW_HZ, 2.0)).partial())
    await until(lambda: recognizer.depth == 1)
    final = asyncio.create_task(spoken(recognizer, tone(LOW_HZ, 3.0)).finish())
    await until(lambda: recognizer.depth == 2)
    decoder.go.set()
    assert (await first).text == "16000 careful."
    assert (await final).text == "48000 careful."
    assert await caption == "32000 quick"
    assert decoder.asked == [(16_000, True), (48_000, True), (32_000, False)]


async def test_without_news_nothing_is_decoded_again(slow):
    decoder, recognizer = slow
    decoder.go.set()
    stream = spoken(recognizer, tone(LOW_HZ, 1.0))
    assert await asyncio.gather(stream.partial(), stream.partial()) == ["16000 quick"] * 2
    stream.feed(tone(LOW_HZ, 0.3))
    assert await stream.partial() == "16000 quick"
    stream.feed(tone(LOW_HZ, 0.3))
    assert await stream.partial() == "25600 quick"
    assert len(decoder.asked) == 2


async def test_who_may_interrupt_is_looked_at_sooner(slow):
    decoder, recognizer = slow
    decoder.go.set()
    stream = spoken(recognizer, tone(LOW_HZ, 0.4), promptly=True)
    assert await stream.partial() == "6400 quick"
    patient = spoken(recognizer, tone(LOW_HZ, 0.4))
    assert await patient.partial() == ""
    assert len(decoder.asked) == 1


async def test_words_at_a_pause_are_final_if_nothing_follows(slow):
    decoder, recognizer = slow
    decoder.go.set()
    stream = spoken(recognizer, np.concatenate([tone(LOW_HZ, 1.0), QUIET[:3000]]))
    assert await stream.partial() == "19000 careful."
    stream.feed(QUIET)
    assert await stream.partial() == "19000 careful."
    assert (await stream.finish()).text == "19000 careful."
    assert decoder.asked == [(19_000, True)]


async def test_the_look_at_a_pause_is_waited_for_and_not_done_twice(slow):
    decoder, recognizer = slow
    stream = spoken(recognizer, np.concatenate([tone(LOW_HZ, 1.0), QUIET[:3000]]))
    look = asyncio.create_task(stream.partial())
    await until(decoder.began.is_set)
    final = asyncio.create_task(stream.finish())
    await asyncio.sleep(0.01)
    decoder.go.set()
    assert (await final).text == await look == "19000 careful."
    assert len(decoder.asked) == 1


async def test_who_goes_on_after_a_pause_is_decoded_again(slow):
    decoder, recognizer = slow
    decoder.go.set()
    stream = spoken(recognizer, np.concatenate([tone(LOW_HZ, 1.0), QUIET[:3000]]))
    await stream.partial()
    stream.feed(tone(LOW_HZ, 0.2))
    assert (await stream.finish()).text == "22200 careful."


async def test_words_so_far_are_stale_once_the_final_ones_are_wanted(slow):
    decoder, recognizer = slow
    stream = spoken(recognizer, tone(LOW_HZ, 1.0))
    look = asyncio.create_task(stream.partial())
    await until(decoder.began.is_set)
    waiting = spoken(recognizer, tone(LOW_HZ, 2.0))
    skipped = asyncio.create_task(waiting.partial())
    await until(lambda: recognizer.depth == 1)
    finals = [asyncio.create_task(one.finish()) for one in (stream, waiting)]
    await until(lambda: recognizer.depth == 3)
    decoder.go.set()
    assert [(await final).text for final in finals] == ["16000 careful.", "32000 careful."]
    assert await look in ("", "16000 careful.")
    await skipped
    assert decoder.asked == [(16_000, False), (16_000, True), (32_000, True)]


async def test_cancel_frees_its_place(slow):
    decoder, recognizer = slow
    first, second, third = (spoken(recognizer, tone(LOW_HZ, 1.0 + i)) for i in range(3))
    finals = [asyncio.create_task(one.finish()) for one in (first, second, third)]
    await until(lambda: recognizer.depth == 2)
    second.cancel()
    first.cancel()
    assert (await asyncio.wait_for(finals[0], 1)).text == ""
    assert (await asyncio.wait_for(finals[1], 1)).text == ""
    decoder.go.set()
    assert (await finals[2]).text == "48000 careful."
    assert decoder.asked == [(16_000, True), (48_000, True)]
    first.feed(tone(LOW_HZ, 1.0))
    assert first.sound.all().size == 0


async def test_close_with_work_under_way_ends_all_utterances(slow):
    decoder, recognizer = slow
    streams = [spoken(recognizer, tone(LOW_HZ, 1.0)) for _ in range(3)]
    finals = [asyncio.create_task(stream.finish()) for stream in streams]
    look = asyncio.create_task(spoken(recognizer, tone(LOW_HZ, 1.0)).partial())
    await until(lambda: recognizer.depth == 3)
    closing = asyncio.create_task(recognizer.close())
    for final in finals:
        with pytest.raises(RuntimeError, match="closing"):
            await asyncio.wait_for(final, 1)
    assert await asyncio.wait_for(look, 1) == ""
    decoder.go.set()
    await closing
    with pytest.raises(RuntimeError, match="closing"):
        await recognizer.open("s", 1).finish()


async def test_a_decoder_that_fails_is_told_and_the_next_utterance_works(slow, monkeypatch):
    decoder, recognizer = slow
    decoder.go.set()

    def broken(*_: object) -> Recognition:
        raise RuntimeError("CUDA failed with error out of memory")

    stream = spoken(recognizer, tone(LOW_HZ, 1.0))
    with monkeypatch.context() as patch:
        patch.setattr(decoder, "decode", broken)
        assert await stream.partial() == ""
        with pytest.raises(RuntimeError, match="say it again"):
            await stream.finish()
    assert (await spoken(recognizer, tone(LOW_HZ, 1.0)).finish()).text == "16000 careful."


async def test_an_awaiter_that_gives_up_does_not_end_the_utterance(slow):
    decoder, recognizer = slow
    stream = spoken(recognizer, tone(LOW_HZ, 1.0))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(stream.finish(), 0.05)
    decoder.go.set()
    assert (await stream.finish()).text == "16000 careful."


async def test_sound_without_end_is_bounded(slow):
    decoder, recognizer = slow
    decoder.go.set()
    stream = spoken(recognizer, tone(LOW_HZ, 40.0))
    await stream.finish()
    assert decoder.asked == [(480_000, True)]
