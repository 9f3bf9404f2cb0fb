from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from omnilive_demo.perception.speaker_pace import LONGEST_S, NATURAL_S, TURNS, SpeakerPace


def pace_of(*turns: tuple[float, ...]) -> SpeakerPace:
    pace = SpeakerPace()
    for pauses in turns:
        for pause_s in pauses:
            pace.went_on(pause_s)
        pace.turn_over()
    return pace


def test_nothing_is_known_at_first():
    assert SpeakerPace().pause_s == 0.0


def test_one_long_thought_makes_nobody_slow():
    assert pace_of((), (1.4, 0.5), ()).pause_s == 0.0


def test_who_pauses_in_two_turns_is_given_the_time():
    assert pace_of((0.7,), (), (0.3, 0.9)).pause_s == 0.7


def test_gaps_between_words_and_between_turns_do_not_count():
    assert pace_of((0.1, 0.2), (0.15,), (2.5,), (3.0,)).pause_s == 0.0


def test_the_turn_under_way_counts_at_once():
    pace = pace_of((0.8,))
    pace.went_on(0.6)
    assert pace.pause_s == 0.6


def test_who_is_quick_again_is_known_as_quick_a_few_turns_later():
    assert pace_of((0.9,), (0.9,), *[()] * TURNS).pause_s == 0.0


@given(st.lists(st.lists(st.floats(0, 10), max_size=4).map(tuple), max_size=20))
def test_it_is_nothing_or_a_pause_that_was_made(turns):
    pause_s = pace_of(*turns).pause_s
    assert pause_s == 0.0 or (NATURAL_S <= pause_s <= LONGEST_S and pause_s in {p for turn in turns for p in turn})
