from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnilive_demo.evaluation import recall
from omnilive_demo.evaluation.recall import Trial, chance, difference, figures, first_right
from omnilive_demo.evaluation.stats import ratio_interval


def trial(
    stream: int, learned: int, mean_pool: int = 1, clips: int = 40, right: int = 1, kind: str = "explicit"
) -> Trial:
    places = {"learned": learned, "mean_pool": mean_pool, "newest": 3}
    return Trial(stream, kind, "plain", "Where is it?", clips, right, places, False)


@given(st.integers(1, 9), st.data())
def test_chance_is_the_share_of_all_draws_that_hit(clips: int, data: st.DataObject) -> None:
    right, drawn = data.draw(st.integers(0, clips)), data.draw(st.integers(0, clips))
    draws = list(combinations(range(clips), drawn))
    hits = sum(any(clip < right for clip in draw) for draw in draws)
    assert chance(clips, right, drawn) == pytest.approx(hits / len(draws))


def test_chance_agrees_with_a_simulation() -> None:
    rng = np.random.default_rng(3)
    places = [first_right(rng.random(45), np.arange(45) % 15 == 0) for _ in range(20_000)]
    for depth in (1, 4):
        assert np.mean(np.array(places) <= depth) == pytest.approx(chance(45, 3, depth), abs=0.01)


def test_more_draws_than_clips_hit_and_nonsense_is_refused() -> None:
    assert chance(3, 1, 4) == 1.0
    with pytest.raises(ValueError, match="right ones"):
        chance(3, 4, 1)


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=30), st.data())
def test_the_first_right_place_counts_the_better_clips_and_equal_newer_ones(
    scores: list[int], data: st.DataObject
) -> None:
    right = data.draw(st.lists(st.booleans(), min_size=len(scores), max_size=len(scores)).filter(any))
    before = [
        sum(other > score or (other == score and j > i) for j, other in enumerate(scores))
        for i, score in enumerate(scores)
        if right[i]
    ]
    assert first_right(np.array(scores, np.float32), np.array(right)) == min(before) + 1


def test_a_question_without_a_right_clip_cannot_be_ranked() -> None:
    with pytest.raises(ValueError, match="no clip"):
        first_right(np.ones(3), np.zeros(3, bool))


groups = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(lambda pair: sum(pair) > 0), min_size=1, max_size=30
)


@given(groups)
@settings(max_examples=40)
def test_the_interval_lies_within_the_groups_and_depends_on_the_seed_alone(
    hits_and_misses: list[tuple[int, int]],
) -> None:
    sums = np.array([float(hits) for hits, _ in hits_and_misses])
    counts = np.array([float(hits + misses) for hits, misses in hits_and_misses])
    low, high = ratio_interval(sums, counts, rounds=200)
    ratios = sums / counts
    assert ratios.min() - 1e-9 <= low <= high <= ratios.max() + 1e-9
    assert (low, high) == ratio_interval(sums, counts, rounds=200)


@given(st.integers(2, 30), st.floats(-2, 2))
@settings(max_examples=30)
def test_what_is_the_same_in_every_stream_has_no_width(streams: int, value: float) -> None:
    low, high = ratio_interval(np.full(streams, 3 * value), np.full(streams, 3.0), rounds=100)
    assert low == pytest.approx(value)
    assert high == pytest.approx(value)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for seed in range(200):
        rates = rng.beta(4, 2, 60)  # streams differ: questions of one stream are alike
        sums = rng.binomial(4, rates).astype(float)
        low, high = ratio_interval(sums, np.full(60, 4.0), rounds=300, seed=seed)
        covered += low <= 4 / 6 <= high
    assert 0.89 <= covered / 200 <= 0.99


def test_resampling_questions_instead_of_streams_would_be_too_sure() -> None:
    """Streams in which everything or nothing is found: the interval is as wide as that of single questions of each."""
    alike = [trial(stream, 1 if stream % 2 else 9) for stream in range(40) for _ in range(10)]
    single = [trial(stream, 1 if stream % 2 else 9) for stream in range(40)]
    assert figures(alike, "learned")["ci95"] == figures(single, "learned")["ci95"]


def test_figures_of_known_places() -> None:
    trials = [trial(0, 1), trial(0, 4), trial(1, 5), trial(1, 1)]
    found = figures(trials, "learned")
    assert (found["recall_at_1"], found["recall_at_4"], found["n"]) == (0.5, 0.75, 4)
    assert figures(trials, "newest")["recall_at_1"] == 0.0
    assert figures(trials, "newest")["recall_at_4"] == 1.0
    assert figures(trials, "chance")["recall_at_1"] == pytest.approx(1 / 40, abs=1e-4)


def test_the_difference_is_paired() -> None:
    """Both find the same half of the streams: the difference is 0 for sure, whatever each interval is."""
    trials = [trial(stream, place, place) for stream, place in enumerate((1, 9) * 20)]
    assert difference(trials, "learned", "mean_pool")["ci95"] == [0.0, 0.0]
    assert figures(trials, "learned")["ci95"][0] < 0.5
    better = [trial(stream, 1, place) for stream, place in enumerate((1, 9) * 20)]
    gain = difference(better, "learned", "mean_pool")
    assert gain["recall_at_1"] == 0.5
    assert gain["ci95"][0] > 0


def test_nothing_asked_is_none_and_never_zero() -> None:
    assert figures([], "learned") == {
        "n": 0, "recall_at_1": None, "ci95": None, "recall_at_4": None, "ci95_at_4": None,
    }  # fmt: skip
    assert recall.of_kind([trial(0, 1)], "semantic") == []
