from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnilive_demo.memory.time_expressions import normalise, parse_time
from omnilive_demo.records import TimeSpan

NOW_S = 4000.0

# question, and seconds before now that must lie inside the span, and some that must not
CASES = [
    ("what happened a minute ago", (60, 45, 75), (5, 130)),
    ("What happened one minute ago?", (60,), (5, 130)),
    ("what did i say two minutes ago", (120, 110), (60, 200)),
    ("what did i say to minutes ago", (120,), (60, 200)),
    ("what did i do for minutes ago", (240,), (60, 400)),
    ("what happened a minute a go", (60,), (5, 130)),
    ("ten seconds ago", (10,), (0, 30)),
    ("10 seconds ago", (10,), (0, 30)),
    ("tan seconds ago", (10,), (0, 30)),
    ("about twenty five seconds ago", (25,), (5, 50)),
    ("twenty-five seconds ago", (25,), (5, 50)),
    ("what was it half a minute ago", (30,), (0, 90)),
    ("where was i half an hour ago", (1800, 1600), (60, 3600)),
    ("half hour ago", (1800,), (60, 3600)),
    ("a quarter of an hour ago", (900,), (60, 1800)),
    ("three quarters of an hour ago", (2700,), (60, 3999)),
    ("an hour ago", (3600,), (60,)),
    ("a couple of minutes ago", (120, 100), (10, 400)),
    ("a few minutes ago", (180, 240), (10, 600)),
    ("two and a half minutes ago", (150,), (60, 300)),
    ("a hundred seconds ago", (100,), (20, 200)),
    ("one hundred and twenty seconds ago", (120,), (20, 200)),
    ("five minutes back", (300,), (60, 600)),
    ("three minutes earlier", (180,), (10, 600)),
    ("minutes ago", (120, 300), (5,)),
    ("a moment ago", (5, 15), (60,)),
    ("a second ago", (2,), (60,)),
    ("a few seconds ago", (3,), (60,)),
    ("just now", (1, 10), (60,)),
    ("what happened in the last five minutes", (0, 150, 300), (301,)),
    ("over the past hour", (0, 3600), (3601,)),
    ("in the last minute", (0, 60), (61,)),
    ("the last few minutes", (0, 180), (600,)),
    ("since five minutes ago", (0, 300), (301,)),
    ("between two and three minutes ago", (120, 150, 180), (119, 181)),
    ("between five minutes ago and two minutes ago", (121, 299), (60, 301)),
    ("between ten minutes ago and now", (0, 600), (601,)),
    ("at the beginning", (4000, 3970), (3000, 0)),
    ("at the start", (4000,), (3000,)),
    ("in the beginning", (4000,), (3000,)),
    ("when we started", (4000,), (3000,)),
    ("when i turned it on", (4000,), (3000,)),
    ("what did you see at first", (4000,), (3000,)),
    ("in the first two minutes", (4000, 3880), (3879,)),
    ("five minutes in", (3700,), (4000, 3000)),
    ("ten minutes after we started", (3400,), (4000, 1000)),
    ("since the beginning", (4000, 0), ()),
    ("did you see red earlier", (4000, 100), (1,)),
    ("did i say that before", (4000, 100), (1,)),
    ("a while ago", (4000, 100), (5,)),
    ("a little while back", (4000, 100), (5,)),
    ("what have i done recently", (10, 299), (301,)),
]

NO_TIME = [
    "what is this",
    "how long ago did it get dark",
    "how many minutes ago was it dark",
    "when did the meeting start",
    "what did i say about the meeting",
    "what was the last thing i said",
    "where is my second phone",
    "did you see it before the meeting",
    "what did i say before that",
    "what time is it now",
    "",
]


@pytest.mark.parametrize(("question", "inside", "outside"), CASES, ids=[case[0] for case in CASES])
def test_a_time_is_understood(question: str, inside: tuple[float, ...], outside: tuple[float, ...]) -> None:
    span = parse_time(question, NOW_S)
    assert span is not None
    assert all(span.start_s <= NOW_S - ago_s <= span.end_s for ago_s in inside), span
    assert not any(span.start_s <= NOW_S - ago_s <= span.end_s for ago_s in outside), span
    assert span.phrase
    assert normalise(span.phrase) in normalise(question)


@pytest.mark.parametrize("question", NO_TIME)
def test_a_question_without_a_time_names_none(question: str) -> None:
    assert parse_time(question, NOW_S) is None


def test_the_phrase_is_what_was_said() -> None:
    span = parse_time("Tell me, what happened two minutes ago?", NOW_S)
    assert span is not None
    assert span.phrase == "two minutes ago"


def test_before_that_and_after_that_follow_what_was_spoken_of() -> None:
    last = TimeSpan(100.0, 120.0, "then")
    before = parse_time("what happened before that", NOW_S, previous=last)
    after = parse_time("and after that", NOW_S, previous=last)
    assert before is not None
    assert before.end_s < 100.0 < 120.0
    assert after is not None
    assert after.start_s > 120.0


def test_a_time_before_the_stream_began_lies_before_it() -> None:
    span = parse_time("an hour ago", 60.0)
    assert span is not None
    assert span.end_s < 0


def test_the_beginning_is_where_the_stream_began() -> None:
    span = parse_time("at the beginning", 1100.0, start_s=1000.0)
    assert span is not None
    assert (span.start_s, span.end_s) == (1000.0, 1020.0)


@given(st.text(max_size=80), st.floats(0, 1e6))
def test_any_text_is_taken(text: str, now_s: float) -> None:
    span = parse_time(text, now_s)
    assert span is None or span.start_s <= span.end_s <= now_s


@given(st.integers(2, 59), st.sampled_from(["second", "minute"]))
def test_a_counted_distance_lies_within_its_span(n: int, unit: str) -> None:
    span = parse_time(f"what was there {n} {unit}s ago", 10_000.0)
    assert span is not None
    t_s = 10_000.0 - n * (60 if unit == "minute" else 1)
    assert span.start_s <= t_s <= span.end_s
