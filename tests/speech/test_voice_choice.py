from __future__ import annotations

import numpy as np
import pytest

from omnilive_demo.cancel import CancelToken
from omnilive_demo.clock import ManualTime
from omnilive_demo.speech.espeak import VOICES, ESpeakSynthesizer
from omnilive_demo.speech.synthesizer import SpokenSentence, Voice, VoiceInfo
from omnilive_demo.speech.visitor_voice import OWN, OwnVoice, VisitorVoice
from omnilive_demo.speech.voice_choice import FIRST_REST_S, LONGEST_REST_S, VoiceChoice


class Recorded:
    """A synthesizer that notes what it was asked, and fails when it is told to."""

    def __init__(self, name: str, *voices: VoiceInfo) -> None:
        self.name = name
        self._voices = voices
        self.asked: list[tuple[str, Voice]] = []
        self.fails = ""

    def voices(self) -> tuple[VoiceInfo, ...]:
        return self._voices

    def synthesize(self, sentence: str, voice: Voice, cancel: CancelToken) -> SpokenSentence | None:
        self.asked.append((sentence, voice))
        if self.fails:
            raise RuntimeError(self.fails)
        return None if cancel.cancelled else SpokenSentence(sentence, np.ones(100, np.float32), 24_000)


def engines() -> tuple[Recorded, Recorded, Recorded]:
    return (
        Recorded("F5", VoiceInfo("f5", "en", "Reader"), VoiceInfo("f5", "zh", "Reader")),
        Recorded("VITS", VoiceInfo("vits", "en", "Woman")),
        Recorded("eSpeak", VoiceInfo("en-us", "en", "American"), VoiceInfo("de", "de", "German")),
    )


def say(choice: VoiceChoice, text: str, voice: Voice) -> None:
    assert choice.synthesize(text, voice, CancelToken()) is not None


def test_all_voices_are_offered_and_each_engine_speaks_its_own() -> None:
    f5, vits, espeak = engines()
    choice = VoiceChoice([f5, vits], espeak)
    assert [one.name for one in choice.voices()] == ["f5", "f5", "vits", "en-us", "de"]
    for engine, name in ((f5, "f5"), (vits, "vits"), (espeak, "en-us"), (espeak, "de")):
        say(choice, "Hello.", Voice(name, 1.5))
        assert engine.asked[-1] == ("Hello.", Voice(name, 1.5))
    assert [len(engine.asked) for engine in (f5, vits, espeak)] == [1, 1, 2]
    with pytest.raises(RuntimeError, match="There is no voice 'robot'"):
        choice.synthesize("Hello.", Voice("robot"), CancelToken())
    with pytest.raises(ValueError, match="Two voices"):
        VoiceChoice([f5, f5], espeak)


def test_a_failing_voice_is_replaced_and_told_once() -> None:
    f5, vits, _ = engines()
    told: list[str] = []
    time = ManualTime()
    choice = VoiceChoice([f5, vits], ESpeakSynthesizer(), on_fault=told.append, monotonic=time)
    f5.fails, vits.fails = "F5-TTS could not speak this sentence (no memory).", "VITS is broken"
    for _ in range(3):
        spoken = choice.synthesize("The cup is red.", Voice("f5", 2.0), CancelToken())
        assert spoken is not None
        assert 0.3 < spoken.samples.size / spoken.rate_hz < 1.0, "by eSpeak, at the asked rate"
    say(choice, "The cup is red.", Voice("vits"))
    assert told == [
        "F5-TTS could not speak this sentence (no memory). Such sentences are spoken by eSpeak NG instead.",
        "VITS is broken. Such sentences are spoken by eSpeak NG instead.",
    ]
    f5.fails = ""
    time.advance(FIRST_REST_S)
    say(choice, "The cup is blue.", Voice("f5"))
    assert f5.asked[-1][0] == "The cup is blue.", "it is tried again"


def test_a_failing_voice_is_left_alone_for_longer_and_longer_until_it_speaks_again() -> None:
    f5, vits, espeak = engines()
    time = ManualTime()
    choice = VoiceChoice([f5, vits], espeak, monotonic=time)
    f5.fails = "It failed."
    asked: list[float] = []
    begin_s = time()
    for _ in range(900):  # a sentence a second, for a quarter of an hour
        before = len(f5.asked)
        say(choice, "Hello.", Voice("f5"))
        if len(f5.asked) > before:
            asked.append(time() - begin_s)
        time.advance(1.0)
    assert asked == [0.0, 5.0, 15.0, 35.0, 75.0, 155.0, 315.0, 615.0]
    assert len(espeak.asked) == 900, "every sentence is spoken"
    say(choice, "Hello.", Voice("vits"))
    assert len(vits.asked) == 1, "another one is none the worse for it"

    f5.fails = ""
    time.advance(LONGEST_REST_S)
    say(choice, "Hello.", Voice("f5"))
    say(choice, "Hello.", Voice("f5"))
    assert len(f5.asked) == len(asked) + 2, "it speaks again"
    f5.fails = "It failed."
    say(choice, "Hello.", Voice("f5"))
    time.advance(FIRST_REST_S)
    say(choice, "Hello.", Voice("f5"))
    assert len(f5.asked) == len(asked) + 4, "and its rests begin anew"


def test_the_embedded_voice_has_nobody_behind_it() -> None:
    f5, vits, espeak = engines()
    choice = VoiceChoice([f5, vits], espeak)
    espeak.fails = "eSpeak NG could not speak this sentence."
    with pytest.raises(RuntimeError, match="eSpeak NG could not"):
        choice.synthesize("Hello.", Voice("en-us"), CancelToken())


def test_a_sentence_in_another_language_finds_a_voice_for_it() -> None:
    f5, vits, espeak = engines()
    choice = VoiceChoice([f5, vits], espeak)
    say(choice, "杯子是红色的。", Voice("vits", 1.2))
    assert f5.asked == [("杯子是红色的。", Voice("f5", 1.2))]
    say(choice, "The word is 杯子, I think.", Voice("vits"))
    assert vits.asked[-1][0].startswith("The word")
    say(choice, "Hallo.", Voice("de"))
    assert espeak.asked[-1][1].name == "de"
    f5.fails = "It failed."
    with pytest.raises(RuntimeError, match="It failed"):
        choice.synthesize("杯子是红色的。", Voice("f5"), CancelToken())
    assert espeak.asked == [("Hallo.", Voice("de"))], "no English voice reads Chinese"


def test_a_lent_voice_goes_to_the_imitator_alone() -> None:
    f5, vits, espeak = engines()
    lent = OwnVoice(OWN, 1.0, VisitorVoice(np.ones(100, np.float32), "My voice.", "en"))
    choice = VoiceChoice([vits, f5], espeak, imitator=f5)
    assert choice.imitates
    for text in ("Hello.", "你好。"):
        say(choice, text, lent)
        assert f5.asked[-1] == (text, lent)
    f5.fails = "It failed."
    say(choice, "Hello.", lent)
    assert espeak.asked == [("Hello.", Voice("en-us"))]
    f5.fails = ""
    say(choice, "Hello.", Voice("f5"))
    assert f5.asked[-1] == ("Hello.", Voice("f5")), "what fails in a lent voice is still asked for its own"
    without = VoiceChoice([vits], espeak)
    assert not without.imitates
    with pytest.raises(RuntimeError, match="There is no voice 'own'"):
        without.synthesize("Hello.", lent, CancelToken())


def test_a_cancelled_sentence_is_not_spoken_by_another() -> None:
    f5, vits, espeak = engines()
    choice = VoiceChoice([f5, vits], espeak)
    token = CancelToken()
    token.cancel()
    f5.fails = "It failed."
    assert choice.synthesize("Hello.", Voice("f5"), token) is None
    assert espeak.asked == []


def test_it_works_with_the_embedded_voices_alone() -> None:
    choice = VoiceChoice([], ESpeakSynthesizer())
    assert [one.name for one in choice.voices()] == list(VOICES)
    say(choice, "Hello.", Voice())
