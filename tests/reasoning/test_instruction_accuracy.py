"""The shipped classifier on the held-out utterances: the figures that its model card and the README quote."""

from __future__ import annotations

import pytest

from omnilive_demo.evaluation.instruction import WEIGHTS, Trial, accuracy, as_text, by_category, read_held_out
from omnilive_demo.models.text_encoder import MiniLM
from omnilive_demo.reasoning.instruction_classifier import MiniLMInstructionPredictor


@pytest.fixture(scope="module")
def trials(minilm: MiniLM) -> list[Trial]:
    return as_text(MiniLMInstructionPredictor(minilm, WEIGHTS), read_held_out())


def test_at_least_95_percent_of_the_held_out_utterances_are_decided_rightly(trials: list[Trial]) -> None:
    assert accuracy(trials) >= 0.95


def test_both_answers_are_right_about_equally_often(trials: list[Trial]) -> None:
    assert accuracy([trial for trial in trials if trial.utterance.answer]) >= 0.92
    assert accuracy([trial for trial in trials if not trial.utterance.answer]) >= 0.95


def test_the_model_card_quotes_the_measured_figures(trials: list[Trial]) -> None:
    card = (WEIGHTS.parent / "instruction.md").read_text(encoding="utf-8")
    assert f"{len(trials)} | {accuracy(trials):.1%}" in card
    for name, figures in by_category(trials).items():
        yes = "yes" if figures["answer"] else "no"
        assert f"| {name} | {yes} | {figures['n']} | {figures['accuracy']:.1%} |" in card
