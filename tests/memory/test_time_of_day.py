"""Days and their parts in English, reckoned back from a time of day."""

from __future__ import annotations

import pytest

from omnilive_demo.memory.time_expressions import parse_time

NOW_S, NOON_S, HOUR_S = 1_000_000.0, 43_200.0, 3600.0


@pytest.mark.parametrize(
    ("text", "begin_h", "end_h"),
    [
        ("what happened today", -12.0, 0.0),
        ("What happened this morning?", -7.0, 0.0),
        ("what did i say yesterday", -36.0, -12.0),
        ("what happened yesterday afternoon", -24.0, -18.0),
        ("what happened the day before yesterday", -60.0, -36.0),
        ("did you see the dog last night", -16.0, -7.0),
        ("what happened since yesterday", -36.0, 0.0),
    ],
)
def test_a_day_is_of_the_clock_on_the_wall(text: str, begin_h: float, end_h: float) -> None:
    span = parse_time(text, NOW_S, 0.0, day_s=NOON_S)
    assert span is not None
    assert (span.start_s - NOW_S, span.end_s - NOW_S) == pytest.approx((begin_h * HOUR_S, end_h * HOUR_S))
    assert span.phrase in text.lower()


def test_without_the_time_of_day_a_day_is_24_hours() -> None:
    span = parse_time("what happened yesterday", NOW_S, 0.0)
    assert span is not None
    assert (span.start_s, span.end_s) == (NOW_S - 48 * HOUR_S, NOW_S - 24 * HOUR_S)


@pytest.mark.parametrize(
    "text", ["what will happen this evening", "good morning", "what day is it", "where is the sun"]
)
def test_what_has_not_begun_names_no_time(text: str) -> None:
    assert parse_time(text, NOW_S, 0.0, day_s=NOON_S) is None
