from __future__ import annotations

import numpy as np
import pytest

from omnilive_demo.evaluation.changing_scenes import (
    CHANGES,
    Judged,
    claims,
    judge,
    judge_played,
    nano_names,
    stale_rate,
)
from omnilive_demo.evaluation.pictures import MOMENTS, SwitchedCamera, UnknownPicture, picture
from omnilive_demo.evaluation.record import Record
from omnilive_demo.evaluation.spoken_sentences import Played, gaps_ms, own_voice, played, sentences_of, words_after
from omnilive_demo.speech.synthesizer import SpokenSentence

NAMES = nano_names()


@pytest.mark.parametrize(
    ("sentence", "things"),
    [
        ("I see some bread and a watermelon.", ("bread", "watermelon")),
        ("I also see a blue kite, a dog on the left and two mugs.", ("kite", "dog", "mug")),
        ("That has just changed: now I see a dog.", ("dog",)),
        ("The bread is gone, now there is a dog.", ("dog",)),
        ("I no longer see the watermelon, but I see a kite.", ("kite",)),
        ("That was a cake; this is a parcel.", ("parcel",)),
        ("I saw a bus a minute ago.", ()),
        ("I don't see a dog.", ()),
        ("Right now the picture is bright and mostly orange.", ()),
    ],
)
def test_a_sentence_claims_what_it_says_is_there_now(sentence: str, things: tuple[str, ...]) -> None:
    assert claims(sentence, NAMES) == things


def test_a_sentence_is_judged_by_the_picture_that_is_shown() -> None:
    bread, dog = picture("bread and watermelon"), picture("dog")
    assert judge("I see a watermelon.", bread, [], NAMES)[0] == "true"
    assert judge("I see a watermelon.", dog, [bread], NAMES)[0] == "stale"
    assert judge("I see a teapot.", dog, [bread], NAMES)[0] == "misnamed"
    assert judge("Something is moving.", dog, [bread], NAMES)[0] == "no claim"
    assert judge("That has changed: now I see a dog.", dog, [bread], NAMES)[0] == "true"


def test_each_sentence_is_judged_at_the_moment_it_is_played() -> None:
    camera = SwitchedCamera("bread and watermelon")
    camera.shown = [(0.0, "rocket"), (10.0, "bread and watermelon"), (12.0, "dog")]
    said = {"I see bread.": 11.0, "I also see a watermelon.": 12.5, "I see a rocket.": 13.5, "I see a dog.": 14.0}
    spoken = [Played(text, at_s, at_s + 1, ()) for text, at_s in said.items()]
    judged = judge_played(spoken, camera, 10.0, 12.0, NAMES)
    assert [one.judgement for one in judged] == ["true", "stale", "misnamed", "true"]
    assert [one.since_change_s for one in judged] == [-1.0, 0.5, 1.5, 2.0]


def test_the_rate_is_of_all_sentences_and_of_claims_after_the_change() -> None:
    kinds = ("true", "stale", "misnamed", "no claim", "true")
    figures = stale_rate([Judged("", kind, (), since_s) for kind, since_s in zip(kinds, (-1, 1, 2, 2, 3), strict=True)])
    assert (figures["rate"], figures["n"], figures["no_claim"]) == (0.4, 5, 1)
    assert figures["after_the_change"] == {"rate": pytest.approx(2 / 3, abs=1e-4), "n": 3}
    assert stale_rate([])["rate"] is None


def test_there_are_enough_changes_between_pictures_that_share_nothing() -> None:
    assert len(CHANGES) >= 10
    for change in CHANGES:
        assert picture(change.before).things
        assert picture(change.before).things.isdisjoint(picture(change.after).things)


def test_a_pictures_things_are_those_of_the_truth_and_have_names() -> None:
    assert picture("dog and kite").things == {"dog", "kite"}
    assert picture("dark").things == frozenset()
    assert all(thing in NAMES for name in MOMENTS for thing in picture(name).things)
    with pytest.raises(UnknownPicture, match="there is no picture 'dragon'"):
        picture("dragon")


def test_a_camera_switches_with_the_next_frame_and_from_a_key_frame() -> None:
    camera = SwitchedCamera("dark")
    first = [camera.packet(number) for number in range(5)]
    camera.show("table")
    second = [camera.packet(number) for number in range(5, 60)]
    for packet in (first[0], second[0]):
        assert packet[0] & 1 == 0  # the first bit of a VP8 frame: 0 for a key frame
    assert first[1][0] & 1 == 1
    assert second[46] == second[0]  # round and round
    assert [name for _, name in camera.shown] == ["dark", "table"]
    assert camera.at(camera.shown[0][0] - 1).name == "dark"
    assert camera.at(camera.shown[1][0]).name == "table"
    assert camera.since_s("table") == camera.shown[1][0]


# ---- when sentences were played ------------------------------------------------------------------------------------


def say(sentence: str) -> SpokenSentence:
    """A second for each sentence, and a word every quarter of it."""
    starts = tuple((i, 0.25 * i) for i in range(4))
    return SpokenSentence(sentence, np.zeros(24_000, np.float32), 24_000, starts)


def heard(*spans: tuple[float, float]) -> Record:
    record = Record()
    for number in range(500):
        at_s = 0.02 * number
        loud = any(begin <= at_s + 1e-6 < end for begin, end in spans)
        record.take(np.full(960, 3000 if loud else 0, np.int16), 48_000, at_s)
    return record


def test_sentences_follow_each_other_as_they_were_heard() -> None:
    record = heard((1.0, 2.0), (2.12, 3.12), (4.5, 5.5))  # the third one was late
    spoken = played(["One.", "Two.", "Three."], record, 0.5, say=say)
    assert [one.start_s for one in spoken] == [pytest.approx(t, abs=0.02) for t in (1.0, 2.12, 4.5)]
    assert gaps_ms(spoken, record) == [pytest.approx(120, abs=21), pytest.approx(1380, abs=21)]


def test_a_sentence_that_was_never_played_is_not_there() -> None:
    spoken = played(["One.", "Two.", "Three."], heard((1.0, 2.0), (2.12, 2.7)), 0.5, say=say)
    assert [one.text for one in spoken] == ["One.", "Two."]
    assert played(["One."], heard(), 0.5, say=say) == []


def test_words_said_into_an_interruption_are_counted() -> None:
    spoken = played(["One two three four.", "Five."], heard((1.0, 2.0), (2.12, 2.4)), 0.5, say=say)
    assert words_after(spoken, 1.4, 2.4) == 4  # at 1.5, 1.75, 2.12 and 2.37
    assert words_after(spoken, 2.4, 2.4) == 0


def test_the_apps_own_voice_says_a_sentence_in_the_same_time_every_time() -> None:
    first, second = own_voice("I see a dog and a kite."), own_voice("I see a dog and a kite.")
    assert first.samples.size == pytest.approx(second.samples.size, abs=24)  # a millisecond
    assert len(first.word_starts_s) >= 5


def test_an_answer_is_parted_as_the_app_does() -> None:
    assert sentences_of("I see a dog. Nothing is moving.") == ["I see a dog.", "Nothing is moving."]
