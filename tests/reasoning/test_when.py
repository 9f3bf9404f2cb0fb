from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnilive_demo.reasoning.when import ago, between, lasting, position


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1, "just now"),
        (7, "a moment ago"),
        (42, "40 seconds ago"),
        (52, "50 seconds ago"),
        (58, "about a minute ago"),
        (95, "about a minute and a half ago"),
        (118, "about two minutes ago"),
        (14 * 60, "about 14 minutes ago"),
        (3600, "about an hour ago"),
        (5400, "about an hour and a half ago"),
        (3 * 3600, "about three hours ago"),
        (26 * 3600, "about a day ago"),
        (3 * 86400, "about three days ago"),
    ],
)
def test_distances_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert ago(seconds) == said


@pytest.mark.parametrize(
    ("start_s", "end_s", "said"),
    [
        (20, 36, "from 20 to 36 seconds in"),
        (70, 86, "from 1 minute 10 seconds to 1 minute 26 seconds in"),
        (20, 90, "from 20 seconds to 1 minute 30 seconds in"),
        (3600, 3725, "from 1 hour to 1 hour 2 minutes in"),
        (5, 5.2, "5 seconds in"),
    ],
)
def test_stretches_are_said_to_the_second(start_s: float, end_s: float, said: str) -> None:
    assert between(start_s, end_s) == said


def test_lengths_and_positions() -> None:
    assert lasting(16.2) == "16 seconds"
    assert lasting(0.4) == lasting(1.0) == "1 second"
    assert lasting(185) == "about three minutes"
    assert position(42) == "42 seconds in"


@given(st.floats(0, 7 * 86400))
def test_no_time_is_a_clock_position_or_a_fraction(seconds: float) -> None:
    for said in (ago(seconds), lasting(seconds), position(seconds), between(seconds / 2, seconds)):
        assert ":" not in said
        assert "." not in said
        assert said == said.strip() != ""
        assert "  " not in said
