from __future__ import annotations

import numpy as np
import pytest

from omnilive_demo.perception.sound_names import GOES_ON_S, SoundNames
from omnilive_demo.perception.sound_tagger import Tag
from omnilive_demo.records import Heard


class Scripted:
    name = "scripted"
    names = ()

    def __init__(self, *tags: Tag) -> None:
        self.tags = list(tags)
        self.sounds: list[np.ndarray] = []

    def tag(self, sound: np.ndarray) -> Tag:
        self.sounds.append(sound)
        return self.tags.pop(0) if len(self.tags) > 1 else self.tags[0]


def names(*tags: Tag) -> tuple[SoundNames, Scripted]:
    tagger = Scripted(*tags)
    return SoundNames("visitor", tagger), tagger


def bang(start_s: float, length_s: float = 0.1) -> Heard:
    return Heard(start_s, start_s + length_s, "sound", 0.5)


def listen(to: SoundNames, seconds: float) -> None:
    """Every sample holds its own time."""
    for i in range(round(seconds / 0.032)):
        to.hear(((i * 512 + np.arange(512)) / 16_000).astype(np.float32), i * 0.032)


def test_a_sound_gets_the_name_and_the_confidence_of_its_tag() -> None:
    to, _ = names(Tag("knocking", 0.93))
    assert to.name(bang(3.0)) == Heard(3.0, 3.1, "knocking", 0.93)


def test_what_the_tagger_does_not_know_stays_a_sound_with_its_loudness() -> None:
    for tag in (Tag("sound", 0.4), Tag("silence", 0.99)):
        assert names(tag)[0].name(bang(3.0)) == bang(3.0)
    assert SoundNames("visitor", None).name(bang(3.0)) == bang(3.0)


def test_speech_is_called_speech() -> None:
    assert names(Tag("speech", 0.95))[0].name(bang(3.0)) == Heard(3.0, 3.1, "speech", 0.95)


def test_the_tagger_hears_the_stretch_itself_and_at_least_a_second() -> None:
    to, tagger = names(Tag("bell", 0.9))
    listen(to, 8.0)
    to.name(bang(5.0))
    to.name(Heard(3.0, 6.0, "sound", 0.5))
    short, long = tagger.sounds
    assert short[0] == pytest.approx(5.25 - 1.0, abs=0.04)
    assert short[-1] == pytest.approx(5.25, abs=0.04)
    assert long[0] == pytest.approx(2.85, abs=0.04)
    assert long[-1] == pytest.approx(6.15, abs=0.04)


def test_rain_that_goes_on_is_told_once_and_new_rain_again() -> None:
    to, _ = names(Tag("rain", 0.95))
    assert to.name(bang(10.0, 4.0)) is not None
    assert to.name(bang(20.0, 4.0)) is None
    assert to.name(bang(32.0, 4.0)) is None  # it was last heard at 24 s
    assert to.name(bang(36.5 + GOES_ON_S, 4.0)) is not None


def test_every_knock_is_told() -> None:
    to, _ = names(Tag("knocking", 0.95))
    assert all(to.name(bang(t_s)) is not None for t_s in (1.0, 3.0, 5.0))


def test_laughter_that_passed_for_speech_is_told_only_when_it_is_sure() -> None:
    to, _ = names(Tag("laughing", 0.97))
    heard = to.in_speech(2.0, 3.5)
    assert heard == Heard(2.0, 3.5, "laughing", 0.97)
    for tag in (Tag("laughing", 0.8), Tag("speech", 0.99), Tag("sound", 0.99)):
        assert names(tag)[0].in_speech(2.0, 3.5) is None


def test_a_new_beginning_forgets() -> None:
    to, tagger = names(Tag("rain", 0.95))
    listen(to, 2.0)
    to.name(bang(1.0))
    to.forget()
    assert to.name(bang(1.5)) is not None
    assert len(tagger.sounds[-1]) == 0
