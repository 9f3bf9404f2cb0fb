"""The held-out Chinese utterances are held out: no template says them, and none is nearly a training utterance."""

from __future__ import annotations

import random

import pytest

from omnilive_demo.evaluation.instruction import HeldOut, read_held_out
from omnilive_demo.models.chinese import run_on
from omnilive_demo.reasoning.instruction_chinese import features
from omnilive_demo.training.instruction_data import Utterance, read_slot_words, read_templates
from omnilive_demo.training.instruction_zh import HELD_OUT, corpus, fit, vocabulary_of
from omnilive_demo.training.instruction_zh_data import SLOT_WORDS, TEMPLATES, fill, noisy, pattern, utterances

MOST_SHARED_PAIRS = 0.5  # of the pairs of neighbouring characters of both


@pytest.fixture(scope="module")
def held_out() -> list[HeldOut]:
    return read_held_out(HELD_OUT)


@pytest.fixture(scope="module")
def trained_on() -> list[Utterance]:
    return corpus()


def pairs_of(text: str) -> set[str]:
    chars = f"^{run_on(text)}$"
    return {chars[i : i + 2] for i in range(len(chars) - 1)}


def test_there_are_enough_held_out_utterances_and_half_are_not_to_be_answered(held_out: list[HeldOut]) -> None:
    assert len(held_out) >= 120
    assert 0.47 <= sum(one.answer for one in held_out) / len(held_out) <= 0.53
    assert len({run_on(one.text) for one in held_out}) == len(held_out) == len({one.id for one in held_out})


def test_no_template_could_say_a_held_out_utterance(held_out: list[HeldOut]) -> None:
    words = read_slot_words(SLOT_WORDS)
    patterns = [(template.text, pattern(template, words)) for template in read_templates(TEMPLATES)]
    for one in held_out:
        assert [text for text, regex in patterns if regex.fullmatch(run_on(one.text))] == [], one.text


def test_no_held_out_utterance_is_nearly_a_training_utterance(
    held_out: list[HeldOut], trained_on: list[Utterance]
) -> None:
    trained = [pairs_of(one.text) for one in trained_on]
    for one in held_out:
        pairs = pairs_of(one.text)
        assert max(len(pairs & other) / len(pairs | other) for other in trained) <= MOST_SHARED_PAIRS, one.text


def test_every_template_is_matched_by_what_it_says() -> None:
    words, draw = read_slot_words(SLOT_WORDS), random.Random(1)
    for template in read_templates(TEMPLATES):
        assert pattern(template, words).fullmatch(run_on(fill(template, words, draw))), template.text


def test_the_corpus_is_the_same_each_time_and_has_both_answers(trained_on: list[Utterance]) -> None:
    assert corpus() == trained_on
    assert len(trained_on) > 5000
    assert 0.4 < sum(one.answer for one in trained_on) / len(trained_on) < 0.7
    assert utterances(2, 1) == utterances(2, 1) != utterances(2, 2)


def test_noise_leaves_something_to_read() -> None:
    draw = random.Random(3)
    for one in utterances(1, 5):
        assert run_on(noisy(one, draw))


def test_training_on_a_few_utterances_learns_them_and_is_the_same_each_time() -> None:
    asked = [Utterance(f"{thing}在哪里", True, "now", f"a{i}") for i, thing in enumerate(("书", "笔", "杯子", "手机"))]
    told = [
        Utterance(f"{thing}放在桌上了", False, "statement", f"b{i}")
        for i, thing in enumerate(("书", "笔", "杯子", "手机"))
    ]
    weights, again = fit(asked + told), fit(asked + told)
    assert weights.vocabulary == again.vocabulary == vocabulary_of(asked + told)
    assert (weights.weight == again.weight).all()
    weight_of = dict(zip(weights.vocabulary, weights.weight, strict=True))
    score = {text: sum(weight_of.get(run, 0.0) for run in features(text)) for text in ("钥匙在哪里", "钥匙放在桌上了")}
    assert score["钥匙在哪里"] > score["钥匙放在桌上了"]
