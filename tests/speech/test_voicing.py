from __future__ import annotations

import numpy as np
import pytest

from omnilive_demo.speech.synthesizer import Voice, VoiceInfo
from omnilive_demo.speech.visitor_voice import OWN, OwnVoice, VisitorVoice
from omnilive_demo.speech.voicing import Voicing

VOICES = (
    VoiceInfo("en-us", "en", "American"),
    VoiceInfo("en-gb", "en", "British"),
    VoiceInfo("de", "de", "Standard"),
)


def changed(*changes: dict, voices: tuple[VoiceInfo, ...] = VOICES) -> Voice | None:
    voicing = Voicing()
    for change in changes:
        voicing.change(voices, **change)
    return voicing.voice


def test_what_is_not_given_stays_as_it_is():
    assert changed({"name": "en-gb"}, {"rate": 1.5}) == Voice("en-gb", 1.5)
    assert changed({"name": "en-gb", "rate": 1.5}, {"speak": False}) is None
    assert changed({"name": "en-gb"}, {"speak": False}, {"speak": True}) == Voice("en-gb", 1.0)


def test_a_language_chooses_its_first_voice_unless_the_voice_is_of_it():
    assert changed({"language": "de"}) == Voice("de", 1.0)
    assert changed({"name": "en-gb"}, {"language": "en"}) == Voice("en-gb", 1.0)
    assert changed({"language": "de", "rate": 1.2}, {"language": "en"}) == Voice("en-us", 1.2)
    assert changed({"language": "en", "name": "en-gb"}) == Voice("en-gb", 1.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "robot"}, "'robot'"),
        ({"language": "tlh"}, "language 'tlh'"),
        ({"language": "de", "name": "en-us"}, "'en-us'"),
    ],
)
def test_what_there_is_not_is_a_sentence_and_changes_nothing(change, words):
    voicing = Voicing()
    with pytest.raises(LookupError, match=words):
        voicing.change(VOICES, rate=2.0, speak=False, **change)
    assert voicing.voice == Voice()


def test_while_the_voices_are_not_known_a_name_is_taken_on_trust():
    assert changed({"name": "en-gb"}, voices=()) == Voice("en-gb", 1.0)


def lent() -> VisitorVoice:
    return VisitorVoice(np.ones(100, np.float32), "My voice.", "en")


def test_a_lent_voice_is_spoken_with_until_it_is_taken_back():
    voicing, mine = Voicing(), lent()
    voicing.change(VOICES, rate=1.5)
    voicing.lend(mine)
    assert voicing.voice == OwnVoice(OWN, 1.5, mine)
    voicing.change(VOICES, name="en-gb")
    assert voicing.voice == Voice("en-gb", 1.5)
    voicing.change(VOICES, name=OWN)
    assert voicing.voice == OwnVoice(OWN, 1.5, mine)
    voicing.change(VOICES, language="en")
    assert voicing.voice == OwnVoice(OWN, 1.5, mine)
    voicing.take_back(VOICES)
    assert voicing.voice == Voice("en-us", 1.5)
    with pytest.raises(LookupError, match="'own'"):
        voicing.change(VOICES, name=OWN)


def test_who_chose_nothing_gets_the_first_voice_there_is():
    natural = (VoiceInfo("f5", "en", "Reader"), *VOICES)
    voicing = Voicing()
    voicing.prefer(natural)
    assert voicing.voice == Voice("f5")
    voicing.prefer(VOICES)
    assert voicing.voice == Voice("en-us"), "it is gone"
    voicing.change(VOICES, name="en-gb")
    voicing.prefer(natural)
    assert voicing.voice == Voice("en-gb"), "a choice is kept"
    voicing.prefer(())
    assert voicing.voice == Voice("en-gb")


def test_a_page_that_connects_again_does_not_undo_what_was_said_about_the_pace():
    voicing = Voicing()
    voicing.change(VOICES, rate=1.2)
    assert voicing.pace(0.8)
    voicing.change(VOICES, name="en-us", rate=1.2)
    assert voicing.voice == Voice("en-us", pytest.approx(0.96))
    voicing.change(VOICES, rate=1.5)
    assert voicing.voice == Voice("en-us", 1.5), "the visitor moved it"
    quick = Voicing()
    quick.pace(1.5)
    quick.change(VOICES, rate=1.0)
    assert quick.voice == Voice("en-us", 1.5), "a page that was never changed says 1.0"


def test_a_page_that_follows_what_was_said_about_the_pace_can_go_back():
    told: list[float] = []
    voicing = Voicing(told.append)
    voicing.change(VOICES, rate=1.0)
    assert not told, "it was so already"
    voicing.pace(0.8)
    voicing.change(VOICES, rate=0.8)
    assert told == [0.8], "a page that connects again says what it was told"
    voicing.change(VOICES, rate=1.0)
    assert voicing.voice == Voice("en-us", 1.0), "the visitor moved it back"
    voicing.pace(0.1)
    voicing.pace(0.1)
    assert told == [0.8, 1.0, 0.5], "what is as slow as can be is not told again"
