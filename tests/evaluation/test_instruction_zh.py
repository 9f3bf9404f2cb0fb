"""The measurement of instruction prediction in Chinese, and the figures in the repository that it made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from omnilive_demo.evaluation import stats
from omnilive_demo.evaluation.__main__ import main

MEASURED = Path(__file__).parents[2] / "docs" / "measurements" / "instruction_zh.json"


def test_it_measures_the_shipped_classifier_and_the_file_in_the_repository_says_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["instruction", "--chinese", "--json", str(tmp_path / "out.json")]) == 0
    printed = capsys.readouterr().out
    found, kept = (json.loads(path.read_text("utf-8")) for path in (tmp_path / "out.json", MEASURED))
    for way in ("text", "no_punctuation"):
        assert found[way] == kept[way]
        assert found[way]["n"] >= 100
        low, high = found[way]["right"]["ci95"]
        assert low <= found[way]["accuracy"] <= high
        assert f"{way.replace('_', ' ')}: right {found[way]['accuracy']:.1%}" in printed
    wrong = found["text"]["false_answers"], found["text"]["misses"]
    assert sum(round(one["share"] * one["n"]) for one in wrong) == len(found["text"]["wrong"])


def test_shares_have_an_interval() -> None:
    assert stats.share([True] * 50) == {"share": 1.0, "n": 50, "ci95": [1.0, 1.0]}
    low, high = stats.share([True, False] * 50)["ci95"]
    assert 0.38 < low < 0.45
    assert 0.55 < high < 0.62


def test_no_chinese_is_spoken(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["instruction", "--chinese", "--spoken"])
    assert "flite speaks no Chinese" in capsys.readouterr().err
