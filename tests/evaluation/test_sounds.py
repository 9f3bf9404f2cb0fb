from __future__ import annotations

import json
from pathlib import Path

import pytest

from omnilive_demo.evaluation import sounds
from omnilive_demo.models.sound_words import CLASSES
from omnilive_demo.training.samples_sound import MAKERS


def test_figures_of_a_few_decisions() -> None:
    trials = [
        ("bell", "bell", True), ("bell", "bell", True), ("bell", "alarm", False), ("bell", "alarm", True),
        ("speech", "speech", False), ("other", "alarm", True), ("alarm", "alarm", True), ("rain", "other", False),
    ]  # fmt: skip
    figures = sounds.summary(trials)
    assert (figures["n"], figures["accuracy"]) == (8, 0.5)
    assert figures["ci95"][0] < 0.5 < figures["ci95"][1]
    assert figures["classes"]["bell"] == {"recall": 0.5, "precision": 1.0}
    assert figures["classes"]["alarm"] == {"recall": 1.0, "precision": 0.25}
    assert figures["classes"]["siren"] == {"recall": None, "precision": None}
    assert figures["named"] == {"precision": 0.6, "recall": 0.5, "abstained": 0.3333, "falsely_named": 0.5}
    confusion = figures["confusion"]
    assert sum(map(sum, confusion)) == 8
    assert confusion[CLASSES.index("bell")][CLASSES.index("alarm")] == 2


def test_every_sound_of_the_streams_has_a_class() -> None:
    assert set(sounds.STREAMS) == set(MAKERS)
    assert set(sounds.STREAMS.values()) <= set(CLASSES)


def test_a_small_measurement_writes_its_figures_and_the_card(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sounds, "_EACH_OF_STREAMS", 1)
    card = tmp_path / "card.md"
    card.write_text(f"# Card\n{sounds.CARD_BEGIN}\nyesterday\n{sounds.CARD_END}\nend\n")
    assert sounds.main(["--each", "2", "--json", str(tmp_path / "s.json"), "--card", str(card)]) == 0
    report = json.loads((tmp_path / "s.json").read_text())
    assert report["labels"] == list(CLASSES)
    for name in ("same_ranges", "beyond"):
        assert report[name]["n"] == 2 * len(CLASSES)
        assert [sum(row) for row in report[name]["confusion"]] == [2] * len(CLASSES)
    assert all(one["n"] == 1 and sum(one["told"].values()) >= 1 for one in report["heard"].values())
    text = card.read_text()
    assert text.startswith("# Card\n")
    assert text.endswith("end\n")
    assert "yesterday" not in text
    assert "| barking |" in text
    assert "| barking |" in capsys.readouterr().out
