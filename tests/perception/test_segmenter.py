from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnilive_demo.ear_events import (
    EarEvent,
    HintDismissed,
    SpeechConfirmed,
    SpeechDismissed,
    SpeechEnded,
    SpeechHinted,
    SpeechLikely,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
)
from omnilive_demo.perception.segmenter import Pace, Phase, Segmenter
from omnilive_demo.perception.voice_activity import WINDOW_S


def make(pace: Pace | None = None) -> Segmenter:
    return Segmenter("visitor", itertools.count(1).__next__, pace)


def play(segmenter: Segmenter, *stretches: tuple[float, int], start_s: float = 0.0) -> list[EarEvent]:
    """Stretches of (probability, windows), one after the other; without the hints and the likely ones."""
    early = (SpeechHinted, HintDismissed, SpeechLikely)
    return [event for event in play_all(segmenter, *stretches, start_s=start_s) if not isinstance(event, early)]


def play_all(segmenter: Segmenter, *stretches: tuple[float, int], start_s: float = 0.0) -> list[EarEvent]:
    events, window = [], 0
    for probability, count in stretches:
        for _ in range(count):
            events += segmenter.step(probability, start_s + window * WINDOW_S)
            window += 1
    return events


def kinds(events: list[EarEvent]) -> list[type]:
    return [type(event) for event in events]


def test_utterance_goes_through_its_life():
    events = play(make(), (0.1, 10), (0.9, 30), (0.1, 20))
    assert kinds(events) == [SpeechStarted, SpeechConfirmed, SpeechPaused, SpeechEnded]
    started, confirmed, paused, ended = events
    assert started.t_s == pytest.approx(12 * WINDOW_S)
    assert confirmed.t_s == pytest.approx(16 * WINDOW_S)
    assert paused.end_s == ended.end_s == pytest.approx(40 * WINDOW_S)
    assert paused.t_s - paused.end_s == pytest.approx(0.16)
    assert 0.4 <= ended.t_s - ended.end_s < 0.4 + WINDOW_S + 1e-6
    assert ended.start_s == pytest.approx(10 * WINDOW_S)
    assert {event.utterance for event in events} == {1}
    assert not ended.truncated


def test_one_loud_window_is_nothing():
    assert play(make(), (0.1, 5), (0.9, 1), (0.1, 20)) == []


def test_the_first_trace_of_a_voice_is_told_at_once():
    events = play_all(make(), (0.1, 10), (0.4, 1), (0.9, 30), (0.1, 20))
    assert kinds(events) == [
        SpeechHinted, SpeechStarted, SpeechLikely, SpeechConfirmed, SpeechPaused, SpeechEnded,
    ]  # fmt: skip
    assert [round(event.t_s / WINDOW_S) for event in events[:4]] == [11, 13, 15, 17]


def test_a_trace_that_nothing_follows_is_taken_back():
    events = play_all(make(), (0.1, 5), (0.9, 1), (0.1, 20), (0.4, 3))
    assert kinds(events) == [SpeechHinted, HintDismissed, SpeechHinted]
    assert events[1].t_s - events[0].t_s == pytest.approx(4 * WINDOW_S)


def test_a_trace_is_taken_back_when_the_sound_stops():
    segmenter = make()
    play_all(segmenter, (0.9, 1))
    assert kinds(segmenter.flush(1.0)) == [HintDismissed]


def test_cough_is_dismissed():
    events = play(make(), (0.1, 5), (0.9, 4), (0.0, 10))
    assert kinds(events) == [SpeechStarted, SpeechDismissed]


def test_numbers_are_not_used_twice_after_a_dismissal():
    events = play(make(), (0.9, 3), (0.0, 10), (0.9, 10), (0.0, 20))
    assert [event.utterance for event in events if isinstance(event, SpeechStarted)] == [1, 2]


def test_short_gap_inside_a_word_does_not_dismiss_it():
    events = play(make(), (0.9, 3), (0.1, 3), (0.9, 4), (0.0, 20))
    assert kinds(events) == [SpeechStarted, SpeechConfirmed, SpeechPaused, SpeechEnded]


def test_speech_goes_on_above_the_lower_threshold():
    assert SpeechPaused not in kinds(play(make(), (0.9, 10), (0.4, 50)))
    assert SpeechPaused in kinds(play(make(), (0.9, 10), (0.3, 50)))


def test_speaker_who_goes_on_resumes():
    events = play(make(), (0.9, 10), (0.0, 8), (0.9, 10), (0.0, 20))
    assert kinds(events) == [SpeechStarted, SpeechConfirmed, SpeechPaused, SpeechResumed, SpeechPaused, SpeechEnded]
    assert events[-1].end_s == pytest.approx(28 * WINDOW_S)


def test_click_in_a_pause_does_not_resume():
    events = play(make(), (0.9, 10), (0.0, 8), (0.9, 1), (0.0, 20))
    assert kinds(events) == [SpeechStarted, SpeechConfirmed, SpeechPaused, SpeechEnded]


def test_end_pause_can_be_set_for_the_utterance_under_way_only():
    segmenter = make()
    play(segmenter, (0.9, 10), (0.0, 6))
    segmenter.set_end_pause(1.0)
    events = play(segmenter, (0.0, 60), start_s=16 * WINDOW_S)
    ended = next(event for event in events if isinstance(event, SpeechEnded))
    assert 1.0 <= ended.t_s - ended.end_s < 1.0 + WINDOW_S + 1e-6
    (again,) = [e for e in play(segmenter, (0.9, 10), (0.0, 60), start_s=10.0) if isinstance(e, SpeechEnded)]
    assert again.t_s - again.end_s < 0.45


def test_brief_pauses_of_the_utterance_under_way_are_told_when_somebody_waits_for_them():
    segmenter = make()
    play(segmenter, (0.9, 10))
    segmenter.tell_pauses_early()
    events = play(segmenter, (0.0, 3), (0.9, 4), (0.0, 20), start_s=10 * WINDOW_S)
    assert kinds(events) == [SpeechPaused, SpeechResumed, SpeechPaused, SpeechEnded]
    assert events[0].t_s - events[0].end_s == pytest.approx(3 * WINDOW_S)
    again = play(segmenter, (0.9, 10), (0.0, 4), (0.9, 4), (0.0, 20), start_s=10.0)
    assert kinds(again) == [SpeechStarted, SpeechConfirmed, SpeechPaused, SpeechEnded], "of that one only"


def test_shorter_end_pause_than_the_quiet_so_far_ends_at_once():
    segmenter = make()
    play(segmenter, (0.9, 10), (0.0, 10))
    segmenter.set_end_pause(0.25)
    assert kinds(play(segmenter, (0.0, 1), start_s=20 * WINDOW_S)) == [SpeechEnded]


def test_endless_speech_is_cut_and_the_next_utterance_begins_at_once():
    events = play(make(Pace(longest_s=3.2)), (0.9, 150), (0.0, 20))
    assert kinds(events) == [
        SpeechStarted, SpeechConfirmed, SpeechEnded, SpeechStarted, SpeechConfirmed, SpeechPaused, SpeechEnded,
    ]  # fmt: skip
    first, second = (event for event in events if isinstance(event, SpeechEnded))
    assert first.truncated
    assert first.end_s == pytest.approx(3.2)
    assert not second.truncated
    assert (second.utterance, second.start_s) == (2, pytest.approx(3.2))


def test_speech_that_stops_right_after_the_cut_leaves_no_empty_utterance():
    events = play(make(Pace(longest_s=3.2)), (0.9, 101), (0.0, 20))
    assert kinds(events) == [SpeechStarted, SpeechConfirmed, SpeechEnded, SpeechStarted, SpeechDismissed]


def test_flush_ends_an_utterance_and_dismisses_a_candidate():
    segmenter = make()
    play(segmenter, (0.9, 20))
    assert kinds(segmenter.flush(1.0)) == [SpeechEnded]
    play(segmenter, (0.9, 3))
    assert kinds(segmenter.flush(2.0)) == [SpeechDismissed]
    assert segmenter.flush(3.0) == []


def test_missing_time_counts_as_quiet():
    segmenter = make()
    play(segmenter, (0.9, 20))
    assert kinds(segmenter.step(0.0, 20 * WINDOW_S + 0.5)) == [SpeechPaused, SpeechEnded]


FOLLOWS = {
    None: {SpeechStarted},
    SpeechStarted: {SpeechConfirmed, SpeechDismissed},
    SpeechConfirmed: {SpeechPaused, SpeechEnded},
    SpeechPaused: {SpeechResumed, SpeechEnded},
    SpeechResumed: {SpeechPaused, SpeechEnded},
    SpeechEnded: {SpeechStarted},
    SpeechDismissed: {SpeechStarted},
}


def test_a_long_utterance_ends_in_its_pause() -> None:
    segmenter = make(Pace(longest_s=0.6))
    ended = [one for one in play(segmenter, (1.0, 12), (0.0, 12), (1.0, 2)) if isinstance(one, SpeechEnded)]
    assert [(round(one.end_s, 3), one.truncated) for one in ended] == [(0.384, False)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 30)), max_size=30), st.sampled_from([0.6, 3.0, 15.0]))
def test_any_sound_gives_well_ordered_events(stretches, longest_s):
    segmenter = make(Pace(longest_s=longest_s))
    whole = play_all(segmenter, *stretches) + segmenter.flush(1e4)
    hinted = False
    for event in whole:
        assert not isinstance(event, HintDismissed) or hinted
        hinted = isinstance(event, SpeechHinted)
    assert not hinted  # every hint is followed by something
    events = [event for event in whole if not isinstance(event, (SpeechHinted, HintDismissed, SpeechLikely))]
    last, last_s = None, 0.0
    for event in events:
        assert type(event) in FOLLOWS[last]
        assert event.t_s >= last_s
        if isinstance(event, SpeechEnded):
            assert event.start_s < event.end_s <= event.t_s
            assert event.end_s - event.start_s <= longest_s + 0.2
        last, last_s = type(event), event.t_s
    assert last in (None, SpeechEnded, SpeechDismissed)
    assert segmenter.phase is Phase.SILENT
