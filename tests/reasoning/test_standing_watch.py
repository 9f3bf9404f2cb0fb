"""When standing queries fire, on frames one second apart."""

from __future__ import annotations

import pytest
from reasoning_fakes import frame
from standing_fakes import NAMES

from omnilive_demo.reasoning.sightings import CERTAIN, Sightings
from omnilive_demo.reasoning.standing_wanted import Wait, Wanted
from omnilive_demo.reasoning.standing_watch import Watch, already
from omnilive_demo.records import Heard, SeenFrame

DOG = Wanted(Wait.THING, names=("dog",))
GONE = Wanted(Wait.GONE, names=("dog",))


def shown(*seconds: str) -> list[SeenFrame]:
    """A frame for each second, with the labels in it: "dog", "dark", "dog dark", or nothing."""
    return [frame(float(t), *labels.split(), score=0.9) for t, labels in enumerate(seconds)]


def fired(watch: Watch, frames: list[SeenFrame], sightings: Sightings | None = None) -> list[float]:
    """The times at which a watch would fire (it is asked on, as if nobody had noticed)."""
    sightings = sightings or Sightings(NAMES)
    found = []
    for one in frames:
        if sightings.add(one) is not None and watch.sees(sightings, one.t_s) is not None:
            found.append(one.t_s)
    return found


def test_a_thing_is_seen_when_two_of_three_frames_name_it() -> None:
    assert fired(Watch(DOG, 0.0), shown("", "dog", "", "", "dog", "", "", "dog", "", "dog"))[0] == 9.0


def test_one_frame_is_enough_when_it_is_all_but_certain() -> None:
    assert fired(Watch(DOG, 0.0), [frame(0.0), frame(1.0, "dog", score=CERTAIN)]) == [1.0]


def test_a_doubtful_name_is_not_believed() -> None:
    assert fired(Watch(DOG, 0.0), [frame(float(t), "dog", score=0.7) for t in range(20)]) == []


def test_another_thing_is_not_the_thing() -> None:
    assert fired(Watch(DOG, 0.0), shown(*["cat"] * 10)) == []


def test_frames_from_long_ago_do_not_count() -> None:
    assert fired(Watch(DOG, 0.0), [frame(0.0, "dog"), frame(60.0, "dog")]) == []


def test_a_frame_that_comes_late_changes_nothing() -> None:
    assert fired(Watch(DOG, 0.0), [frame(5.0, "dog"), frame(4.0, "dog"), frame(5.0, "dog")]) == []


def test_what_is_there_and_is_to_come_again_has_to_go_first() -> None:
    seconds = ["dog"] * 5 + [""] * 7 + ["dog"] * 3
    assert fired(Watch(Wanted(Wait.THING, names=("dog",), again=True), 0.0, armed=False), shown(*seconds))[0] == 13.0


def test_a_thing_is_gone_when_no_frame_of_five_seconds_names_it() -> None:
    assert fired(Watch(GONE, 0.0), shown("dog", "dog", "", "", "dog", "", "", "", "", "", "", ""))[0] == 9.0


def test_what_was_never_there_is_not_gone() -> None:
    assert fired(Watch(GONE, 0.0, armed=False), shown(*[""] * 30)) == []


def test_no_pictures_are_no_sign_that_it_is_gone() -> None:
    assert fired(Watch(GONE, 0.0), [frame(0.0, "dog"), frame(1.0, "dog"), frame(60.0), frame(61.0)]) == []


@pytest.mark.parametrize("word", ["dark", "bright", "moving", "still"])
def test_a_look_has_to_hold_for_two_frames(word: str) -> None:
    assert fired(Watch(Wanted(Wait.LOOK, look=word), 0.0), shown("", word, "", word, word))[0] == 4.0


def test_the_light_goes_on_when_it_is_no_longer_dark() -> None:
    assert fired(Watch(Wanted(Wait.LOOK, look="bright"), 0.0), shown("", "", "dark", "dark", "", ""))[0] == 5.0


def test_a_look_that_is_to_come_again_has_to_end_first() -> None:
    watch = Watch(Wanted(Wait.LOOK, look="dark", again=True), 0.0, armed=False)
    assert fired(watch, shown("dark", "dark", "dark", "", "", "dark", "dark"))[0] == 6.0


def test_what_is_so_already_is_known() -> None:
    sightings = Sightings(NAMES)
    for one in shown("dog dark", "dog dark"):
        sightings.add(one)
    assert already(DOG, sightings)
    assert already(Wanted(Wait.LOOK, look="dark"), sightings)
    assert not already(Wanted(Wait.LOOK, look="bright"), sightings)
    assert not already(GONE, sightings)


def test_a_sound_counts_when_it_ends_after_the_request() -> None:
    watch = Watch(Wanted(Wait.SOUND, sounds=("knocking", "bell")), 10.0)
    assert watch.hears(Heard(8.0, 9.5, "knocking", 0.9)) is None
    assert watch.hears(Heard(11.0, 12.0, "barking", 0.9)) is None
    assert watch.hears(Heard(11.0, 12.0, "knocking", 0.3)) is None
    assert watch.hears(Heard(9.5, 10.5, "bell", 0.9)) == "bell"
    assert Watch(Wanted(Wait.SOUND), 10.0).hears(Heard(11.0, 12.0, "sound", 0.2)) == "sound"


def test_a_word_is_a_whole_word_that_was_said_after_the_request() -> None:
    watch = Watch(Wanted(Wait.WORD, words="ice cream"), 10.0)
    assert not watch.is_said("ice cream please", 9.0)
    assert not watch.is_said("nice creams", 11.0)
    assert watch.is_said("Who wants an Ice-Cream?", 11.0)
