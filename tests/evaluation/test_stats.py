from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnilive_demo.evaluation import stats
from omnilive_demo.evaluation.stats import bootstrap_interval, percentile, slope, summary

numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50)


def test_percentiles_of_known_numbers() -> None:
    values = [float(n) for n in range(1, 102)]
    assert percentile(values, 50) == 51
    assert percentile(values, 95) == 96
    assert percentile([7.0], 95) == 7


def test_nothing_measured_is_none_and_never_zero() -> None:
    figures = summary([])
    assert figures["n"] == 0
    assert figures["p50"] is None
    assert figures["p95"] is None
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


@given(numbers)
def test_percentiles_rise_and_stay_inside_the_values(values: list[float]) -> None:
    p50, p95 = percentile(values, 50), percentile(values, 95)
    assert min(values) - 1e-6 <= p50 <= p95 + 1e-6
    assert p95 <= max(values) + 1e-6


@given(st.floats(-100, 100), st.floats(-100, 100), st.integers(2, 30))
def test_the_slope_of_a_line_is_its_slope(rise: float, start: float, n: int) -> None:
    times = [2.0 * i for i in range(n)]
    assert slope(times, [start + rise * t for t in times]) == pytest.approx(rise, abs=1e-6)


def test_one_moment_has_no_slope() -> None:
    assert slope([3.0], [5.0]) is None
    assert slope([3.0, 3.0], [5.0, 6.0]) is None


def test_the_bootstrap_interval_holds_the_median_and_narrows_with_more_values() -> None:
    few = [float(i % 10) for i in range(10)]
    many = few * 30
    low, high = bootstrap_interval(few, lambda v: percentile(v, 50))
    assert low <= percentile(few, 50) <= high
    low_many, high_many = bootstrap_interval(many, lambda v: percentile(v, 50))
    assert high_many - low_many < high - low


def test_a_share_of_nothing_is_none_and_one_of_groups_counts_their_values() -> None:
    assert stats.share([]) == {"share": None, "n": 0, "ci95": None}
    assert stats.bare_share([]) is None
    found = stats.share_of(np.array([2.0, 0.0]), np.array([2.0, 6.0]))
    assert (found["share"], found["n"]) == (0.25, 8)
    assert found["ci95"] == [0.0, 1.0], "whole groups are drawn"
    assert (stats.percent(None), stats.percent(0.5), stats.percents(None)) == ("-", "50.0%", "-")
    assert stats.percents([0.25, 0.5]) == "25.0% … 50.0%"
