from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence

import numpy as np
import pytest
import pytest_asyncio
from models.ixc25 import tiny_audio
from models.ixc25.tiny_audio import HIGH_HZ, LOW_HZ, MIDDLE_HZ, tone

from omnilive_demo.models.ixc25_omnilive.audio_model import AudioModel, Told, load_audio_model
from omnilive_demo.perception.ixc25_recognizer import Ixc25Recognizer, heard_as
from omnilive_demo.perception.ixc25_tagger import Ixc25Tagger
from omnilive_demo.perception.recognizer import Recognition

QUIET = np.random.default_rng(0).normal(0, 0.0005, 16_000).astype(np.float32)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> AudioModel:
    return load_audio_model(tiny_audio.built(tmp_path_factory))


@pytest_asyncio.fixture
async def recognizer(model: AudioModel) -> AsyncIterator[Ixc25Recognizer]:
    recognizer = Ixc25Recognizer(model)
    await recognizer.start()
    yield recognizer
    await recognizer.close()


def spoken(recognizer, samples, session="s", promptly=False):
    stream = recognizer.open(session, 1, promptly)
    for at in range(0, len(samples), 512):
        stream.feed(samples[at : at + 512])
    return stream


class Slow:
    """A model whose batches take a step each time they are let go; tells what was asked of it, in order."""

    name, most_samples = "slow", 30 * 16_000

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.kept_on: list[list[bool]] = []  # what was wanted when a batch began
        self.began = threading.Event()
        self.go = threading.Event()
        self.fails = False

    def transcribe(self, sound: np.ndarray) -> str:
        return ""

    def recognise(self, sounds: Sequence[np.ndarray], wanted: Callable[[int], bool]) -> list[Told]:
        self.batches.append([len(sound) for sound in sounds])
        self.kept_on.append([wanted(index) for index in range(len(sounds))])
        self.began.set()
        if self.fails:
            raise ValueError("broken")
        while not self.go.wait(0.005):
            asked = [wanted(index) for index in range(len(sounds))]  # of each, as the model does
            if not any(asked):
                break
        return [Told(f"{len(sound)} heard.", "en", -0.1, 0.9) for sound in sounds]

    async def begins(self) -> None:
        assert await asyncio.to_thread(self.began.wait, 5)
        self.began.clear()


@pytest_asyncio.fixture
async def slow() -> AsyncIterator[tuple[Slow, Ixc25Recognizer]]:
    model = Slow()
    recognizer = Ixc25Recognizer(model)  # type: ignore[arg-type]
    await recognizer.start()
    yield model, recognizer
    model.go.set()
    await recognizer.close()


# ---- the model itself ----------------------------------------------------------------------------------------------


async def test_sound_in_words_out(recognizer, model):
    assert recognizer.name == model.name
    low = spoken(recognizer, tone(LOW_HZ, 2.0))
    result = await low.finish()
    assert (result.text, result.language, result.words) == ("Where are my keys?", "en", ())
    assert 0.9 < result.confidence <= 1.0
    assert await low.finish() is result
    assert await low.partial() == result.text
    high = await spoken(recognizer, tone(HIGH_HZ, 1.0)).finish()
    assert (high.text, high.language) == ("你好", "zh")


async def test_words_come_while_they_are_spoken(recognizer):
    stream = spoken(recognizer, tone(LOW_HZ, 1.0))
    assert await stream.partial() == "Where are my keys"  # whether it is a question is open still
    stream.feed(QUIET)
    assert await stream.partial() == "Where are my keys?"


async def test_what_is_longer_than_the_model_hears_at_a_time_is_cut(recognizer):
    sound = np.concatenate([tone(LOW_HZ, 3.2), np.zeros(9_600, np.float32), tone(HIGH_HZ, 3.0)])
    assert (await spoken(recognizer, sound).finish()).text == "Where are my keys? 你好"


async def test_what_the_model_says_and_nobody_said_is_left_out(recognizer):
    assert await spoken(recognizer, tone(MIDDLE_HZ, 2.0)).finish() == Recognition("", 0.0)


async def test_silence_and_too_little_sound_are_not_asked_about(recognizer):
    for samples in (np.zeros(0, np.float32), np.zeros(16_000, np.float32), tone(LOW_HZ, 0.05)):
        assert (await spoken(recognizer, samples).finish()).text == ""


async def test_one_model_hears_words_and_names_sounds_at_the_same_time(recognizer, model):
    tagger = Ixc25Tagger(model)
    tags = [asyncio.to_thread(tagger.tag, tone(hz, 1.5)) for hz in (HIGH_HZ, LOW_HZ, HIGH_HZ)]
    words = [spoken(recognizer, tone(hz, 1.5), f"s{hz}").finish() for hz in (LOW_HZ, HIGH_HZ)]
    found = await asyncio.gather(*tags, *words)
    assert [tag.label for tag in found[:3]] == ["ringing phone", "speech", "ringing phone"]
    assert [result.text for result in found[3:]] == ["Where are my keys?", "你好"]


# ---- batches, turns and ends ---------------------------------------------------------------------------------------


async def test_utterances_that_end_together_are_one_batch(slow):
    model, recognizer = slow
    first = asyncio.create_task(spoken(recognizer, tone(LOW_HZ, 1.0), "a").finish())
    await model.begins()
    streams = [spoken(recognizer, tone(LOW_HZ, 1.0 + i / 4), f"s{i}") for i in range(4)]
    others = [asyncio.create_task(stream.finish()) for stream in streams]
    while recognizer.depth < 4:
        await asyncio.sleep(0)
    model.go.set()
    assert (await first).text == "16000 heard."
    assert [(await other).text for other in others] == [f"{16_000 + 4_000 * i} heard." for i in range(4)]
    assert [len(batch) for batch in model.batches] == [1, 4]


async def test_words_so_far_give_way_to_the_final_words_of_another(slow):
    model, recognizer = slow
    look = asyncio.create_task(spoken(recognizer, tone(LOW_HZ, 1.0), "a").partial())
    await model.begins()
    final = asyncio.create_task(spoken(recognizer, tone(LOW_HZ, 2.0), "b").finish())
    assert await look == ""  # ended without an answer, though nobody let the model go
    await model.begins()
    model.go.set()
    assert (await final).text == "32000 heard."


async def test_words_so_far_that_are_in_a_batch_with_final_words_give_way_to_them(slow):
    model, recognizer = slow
    first = asyncio.create_task(spoken(recognizer, tone(LOW_HZ, 1.0), "a").finish())
    await model.begins()
    look = asyncio.create_task(spoken(recognizer, tone(LOW_HZ, 1.5), "b").partial())
    final = asyncio.create_task(spoken(recognizer, tone(LOW_HZ, 2.0), "c").finish())
    while recognizer.depth < 2:
        await asyncio.sleep(0)
    model.go.set()
    assert (await first).text == "16000 heard."
    assert (await final).text == "32000 heard."
    assert await look == ""
    assert model.kept_on == [[True], [False, True]] or model.kept_on == [[True], [True, False]]


async def test_an_utterance_that_is_cancelled_frees_the_model(slow):
    model, recognizer = slow
    stream = spoken(recognizer, tone(LOW_HZ, 1.0), "a")
    final = asyncio.create_task(stream.finish())
    await model.begins()
    stream.cancel()
    assert await final == Recognition("", 0.0)
    other = asyncio.create_task(spoken(recognizer, tone(LOW_HZ, 1.5), "b").finish())
    await model.begins()  # the first batch has ended by itself
    model.go.set()
    assert (await other).text == "24000 heard."


async def test_a_failure_is_told_and_the_next_utterance_is_heard(slow):
    model, recognizer = slow
    model.fails = True
    with pytest.raises(RuntimeError, match="could not be understood"):
        await spoken(recognizer, tone(LOW_HZ, 1.0)).finish()
    model.fails = False
    model.go.set()
    assert (await spoken(recognizer, tone(LOW_HZ, 1.0)).finish()).text == "16000 heard."


async def test_closing_ends_what_is_under_way(slow):
    model, recognizer = slow
    final = asyncio.create_task(spoken(recognizer, tone(LOW_HZ, 1.0)).finish())
    await model.begins()
    await recognizer.close()
    with pytest.raises(RuntimeError, match="closing"):
        await final
    with pytest.raises(RuntimeError, match="closing"):
        await spoken(recognizer, tone(LOW_HZ, 1.0)).finish()


async def test_not_started_and_not_able_to_run(model):
    with pytest.raises(RuntimeError, match="not loaded"):
        await spoken(Ixc25Recognizer(model), tone(LOW_HZ, 1.0)).finish()

    class Broken(Slow):
        def transcribe(self, sound: np.ndarray) -> str:
            raise RuntimeError("no kernel image")

    with pytest.raises(RuntimeError, match="slow does not run on this machine: no kernel image"):
        await Ixc25Recognizer(Broken()).start()  # type: ignore[arg-type]


# ---- what is believed ----------------------------------------------------------------------------------------------


def test_what_is_believed():
    assert heard_as(Told("Open the door.", "", -0.2, 0.5), 2.0).text == "Open the door."
    assert heard_as(Told("Open [noise] the door.", "", -0.2, 0.5), 2.0).text == "Open the door."
    for nonsense, log_prob, seconds in (
        ("Open the door.", -2.0, 2.0),
        ("Open the door.", -0.2, 0.05),
        ("hm " * 60, -0.2, 20.0),
        ("Please subscribe!", -0.1, 2.0),
        ("This is far more than anybody says in a moment.", -0.1, 0.3),
        ("...", -0.1, 1.0),
    ):
        assert heard_as(Told(nonsense, "", log_prob, 0.5), seconds).text == ""


def test_the_language_that_is_named_goes_before_the_letters():
    assert heard_as(Told("Bonjour.", "fr", -0.1, 0.9), 1.0).language == "fr"
    for text, language in (("你好。", "zh"), ("打开 television", "zh"), ("Open the 门.", "en"), ("12", "en")):
        assert heard_as(Told(text, "", -0.1, 0.9), 2.0).language == language  # as answers are: by signs against words
