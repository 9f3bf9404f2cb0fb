from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from session_fakes import InlineLane, ScriptedRecognizer

from omnilive_demo.cancel import CancelToken
from omnilive_demo.lending import Lending, imitates, offer
from omnilive_demo.speech.espeak import ESpeakSynthesizer
from omnilive_demo.speech.playout import RATE_HZ
from omnilive_demo.speech.synthesizer import Voice, VoiceInfo
from omnilive_demo.speech.visitor_voice import SENTENCES_TO_READ, OwnVoice, RecordingError
from omnilive_demo.speech.voicing import Voicing


def engine(heard: str | Exception, imitator: bool = True) -> Any:
    recognizer = ScriptedRecognizer({0: heard})
    open_stream = recognizer.open

    def open_and_feed(session: str, utterance: int, promptly: bool = False) -> Any:
        stream = open_stream(session, utterance, promptly)
        fed.append(utterance)
        return stream

    fed: list[int] = []
    followers: list[Callable[[], None]] = []

    def listen(listener: Any, changed: Callable[[], None]) -> Callable[[], None]:
        followers.append(changed)
        return lambda: followers.remove(changed)

    recognizer.open = open_and_feed  # type: ignore[method-assign]
    return SimpleNamespace(
        voice=InlineLane(), recognizer=recognizer, fed=fed,
        synthesizer=SimpleNamespace(imitates=imitator), reasoner=SimpleNamespace(languages=("en",)),
        voices=lambda: (VoiceInfo("en-us", "en", "American"),), listen=listen, followers=followers,
    )  # fmt: skip


@pytest.fixture(scope="module")
def recording() -> np.ndarray:
    spoken = ESpeakSynthesizer().synthesize(SENTENCES_TO_READ["en"], Voice(), CancelToken())
    assert spoken is not None
    return spoken.samples + np.random.default_rng(1).normal(0, 0.0005, spoken.samples.size).astype(np.float32)


async def test_a_recording_becomes_the_voice_of_this_session(recording: np.ndarray) -> None:
    house, voicing = engine(SENTENCES_TO_READ["en"]), Voicing()
    lending = Lending("s1", house, voicing)
    assert await lending.lend(recording, RATE_HZ, "en", True) == pytest.approx(recording.size / RATE_HZ, abs=0.3)
    assert isinstance(voicing.voice, OwnVoice)
    assert lending.in_use
    assert lending.seconds == pytest.approx(recording.size / RATE_HZ, abs=0.3)
    assert house.fed == [0], "somebody listened to what was read"
    lending.take_back()
    assert voicing.voice == Voice()
    assert (lending.in_use, lending.seconds) == (False, 0.0)
    assert house.followers == []


async def test_it_is_dropped_where_voices_that_cannot_imitate_take_over(recording: np.ndarray) -> None:
    house, voicing = engine(SENTENCES_TO_READ["en"]), Voicing()
    lending = Lending("s1", house, voicing)
    await lending.lend(recording, RATE_HZ, "en", True)
    await lending.lend(recording, RATE_HZ, "en", True)
    (changed,) = house.followers
    changed()
    assert lending.in_use, "another model changed"
    house.synthesizer = SimpleNamespace(imitates=False)
    changed()
    assert (lending.in_use, lending.seconds) == (False, 0.0)
    assert voicing.voice == Voice("en-us")
    assert house.followers == []


async def test_the_engine_does_not_hold_the_recording_of_a_session_that_ended(recording: np.ndarray) -> None:
    house = engine(SENTENCES_TO_READ["en"])
    lending = Lending("s1", house, Voicing())
    await lending.lend(recording, RATE_HZ, "en", True)
    assert house.followers
    lending.close()
    assert house.followers == []
    assert (lending.in_use, lending.seconds) == (False, 0.0)
    with pytest.raises(RecordingError) as caught:
        await lending.lend(recording, RATE_HZ, "en", True)
    assert caught.value.code == "session_over"
    assert house.followers == []


async def test_what_cannot_be_used_changes_nothing(recording: np.ndarray) -> None:
    cases = (
        (engine("pass me the salt"), "en", True, "other_text"),
        (engine(""), "en", False, "no_consent"),
        (engine(""), "tlh", True, "no_text"),
        (engine("", imitator=False), "en", True, "no_imitation"),
    )
    for house, language, consent, code in cases:
        voicing = Voicing()
        with pytest.raises(RecordingError) as caught:
            await Lending("s1", house, voicing).lend(recording, RATE_HZ, language, consent)
        assert caught.value.code == code
        assert voicing.voice == Voice()


async def test_a_recogniser_that_fails_is_not_in_the_way(recording: np.ndarray) -> None:
    house, voicing = engine(RuntimeError("It is gone.")), Voicing()
    await Lending("s1", house, voicing).lend(recording, RATE_HZ, "en", True)
    assert isinstance(voicing.voice, OwnVoice)


async def test_it_is_offered_where_a_voice_imitates() -> None:
    offered = offer(engine(""))
    assert offered is not None
    assert set(offered["sentences"]) == {"en"}, "in the languages of the answers"
    assert offer(engine("", imitator=False)) is None
    loading = engine("")
    del loading.synthesizer
    assert not imitates(loading)
