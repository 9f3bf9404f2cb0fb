"""The measurement of a memory of days, on nine minutes and untrained networks: that it measures, not how good it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from omnilive_demo.evaluation import memory, memory_naive
from omnilive_demo.evaluation.memory_pool import RecordedPool
from omnilive_demo.evaluation.memory_week import Week
from omnilive_demo.records import Heard, Spoken


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("memory")


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    argv = ["--days", "0.006", "--kills", "2", "--times", "1", "--scenes", "8", "--untrained", "1"]
    paths = ["--pool", str(folder / "pool"), "--plot", str(folder / "plot.png"), "--json", str(folder / "m.json")]
    assert memory.main([*argv, *paths, "--disk", str(folder), "--naive-rows", "512"]) == 0
    return dict(json.loads((folder / "m.json").read_text("utf-8")))


def test_every_figure_of_the_proof_is_there(found: dict[str, Any], folder: Path) -> None:
    for name in ("ranking_ms", "question_ms"):
        assert 0 < found[name]["p50"] <= found[name]["p99"]
    assert found["ranking_ms"]["p50"] <= found["question_ms"]["p50"]
    assert found["clip_ms"]["first_hour"] > 0
    assert found["clip_ms"]["last_hour"] > 0
    assert found["disk_mb"] > 0
    assert found["reopen_s"] > 0
    assert isinstance(found["rss_growth_mb"], float)
    assert (found["kills"], found["lost"]) == (2, 0)
    assert found["frames"] == round(0.006 * 86_400)
    assert found["reopened_clips"] >= found["clips"] > 10
    assert found["still_clips_merged"] > 5
    still, others = found["cosines"]["still"], found["cosines"]["other_scenes"]
    assert -1 <= others["p50"] <= others["p95"] <= others["max"] <= 1.001
    assert others["p95"] < still["p5"]
    assert still["min"] <= still["p5"] <= still["p50"] <= 1.001
    assert others["n"] == still["n"] * (still["n"] - 1) / 2
    assert (folder / "plot.png").stat().st_size > 10_000
    assert not [path for path in folder.iterdir() if path.name.startswith("omnilive-memory-")]


def test_planted_words_and_sounds_are_found(found: dict[str, Any]) -> None:
    for kind in ("speech", "sound"):
        assert found["recall_at_4"][kind]["all"] == {"recall": 1.0, "n": 1}
    assert found["recall_at_4"]["explicit"]["all"]["n"] >= 1


def test_the_targets_are_judged(found: dict[str, Any]) -> None:
    rows = found["targets"]
    assert rows["lost"] == {"value": 0, "target": 0.0, "met": True}
    assert rows["reopen_s"]["met"] == (found["reopen_s"] <= 2.0)
    assert memory.targets(found | {"lost": 1})["lost"]["met"] is False


def test_a_week_is_the_same_each_time_and_in_order(found: dict[str, Any], folder: Path) -> None:
    pool = RecordedPool(folder / "pool")
    week, again = Week(pool, 0.01), Week(pool, 0.01)
    all_of_it = list(week.clips())
    assert [[f.t_s for f in frames] for frames, _ in all_of_it] == [
        [f.t_s for f in frames] for frames, _ in again.clips()
    ]
    times = [frame.t_s for frames, _ in all_of_it for frame in frames]
    assert times == [float(t_s) for t_s in range(len(times))]
    heard = [one for _, more in all_of_it for one in more]
    assert {type(one) for one in heard} == {Heard, Spoken}
    for one in week.planted:
        begin_s, end_s = week.span_of(one)
        assert 0 <= begin_s <= end_s <= week.end_s
        assert not week.sleeps(begin_s)


def test_both_simple_ways_cost_more_with_every_hour() -> None:
    costs = {"a_ms": 0.05, "b_ms": 1e-5}
    hour, day = 3600.0, 86_400.0
    assert memory_naive.frames_in_context_ms(costs, day) > 24 * memory_naive.frames_in_context_ms(costs, hour)
    assert memory_naive.integrated_anew_ms(costs, day) > 24 * memory_naive.integrated_anew_ms(costs, hour)
