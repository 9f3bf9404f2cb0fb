"""The held-out utterances are held out: no template, no near copy, no long common run of words with the training."""

from __future__ import annotations

import random

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from omnilive_demo.config import ASSETS
from omnilive_demo.evaluation.instruction import HeldOut, read_held_out
from omnilive_demo.reasoning.instruction_classifier import load_network
from omnilive_demo.reasoning.words import plain
from omnilive_demo.training.instruction import PER_TEMPLATE, SEED, corpus, fit, vocabulary_of
from omnilive_demo.training.instruction_data import (
    Utterance,
    fill,
    noisy,
    pattern,
    read_heard,
    read_slot_words,
    read_templates,
    utterances,
)

NEAREST_LETTERS = 0.9  # cosine of 4-letter counts
MOST_SHARED_RUNS = 0.6  # share of the three-word runs found in one training utterance


@pytest.fixture(scope="module")
def held_out() -> list[HeldOut]:
    return read_held_out()


@pytest.fixture(scope="module")
def trained_on() -> list[Utterance]:
    return corpus()


def test_there_are_enough_held_out_utterances_and_half_are_not_to_be_answered(held_out: list[HeldOut]) -> None:
    assert len(held_out) >= 240
    assert 0.48 <= sum(one.answer for one in held_out) / len(held_out) <= 0.52
    assert len({plain(one.text) for one in held_out}) == len(held_out)
    assert len({one.id for one in held_out}) == len(held_out)


def test_no_template_could_say_a_held_out_utterance(held_out: list[HeldOut]) -> None:
    words = read_slot_words()
    patterns = [(template.text, pattern(template, words)) for template in read_templates()]
    for one in held_out:
        assert [text for text, regex in patterns if regex.fullmatch(plain(one.text))] == [], one.text


def test_every_template_is_matched_by_what_it_says() -> None:
    words, draw = read_slot_words(), random.Random(1)
    for template in read_templates():
        assert pattern(template, words).fullmatch(fill(template, words, draw)), template.text


def test_no_held_out_utterance_is_in_the_training(held_out: list[HeldOut], trained_on: list[Utterance]) -> None:
    assert not {plain(one.text) for one in held_out} & {one.text for one in trained_on}


def test_no_held_out_utterance_is_nearly_in_the_training(held_out: list[HeldOut]) -> None:
    texts = [one.text for one in utterances(PER_TEMPLATE, SEED)] + [one.text for one in read_heard()]
    counter = CountVectorizer(analyzer="char_wb", ngram_range=(4, 4), binary=True)
    known = counter.fit_transform(texts)
    asked = counter.transform([plain(one.text) for one in held_out])
    letters = np.array([len(set(counter.build_analyzer()(plain(one.text)))) for one in held_out])
    lengths = np.maximum(np.sqrt(np.asarray(known.sum(1)).ravel()), 1)
    nearest = ((asked @ known.T).toarray() / lengths).max(1) / np.sqrt(np.maximum(letters, 1))
    assert [(one.text, n) for one, n in zip(held_out, nearest, strict=True) if n > NEAREST_LETTERS] == []


def test_no_training_utterance_shares_long_runs_with_a_held_out_one(held_out: list[HeldOut]) -> None:
    holders: dict[tuple[str, ...], set[int]] = {}
    for number, one in enumerate([*utterances(PER_TEMPLATE, SEED), *read_heard()]):
        for run in runs(one.text):
            holders.setdefault(run, set()).add(number)
    for one in held_out:
        own = runs(plain(one.text))
        if len(own) >= 3:
            shared: dict[int, int] = {}
            for run in own:
                for number in holders.get(run, ()):
                    shared[number] = shared.get(number, 0) + 1
            assert max(shared.values(), default=0) / len(own) <= MOST_SHARED_RUNS, one.text


def runs(text: str) -> set[tuple[str, ...]]:
    words = text.split()
    return {tuple(words[i : i + 3]) for i in range(len(words) - 2)}


def test_the_same_seed_draws_the_same_corpus(trained_on: list[Utterance]) -> None:
    assert corpus() == trained_on
    assert len(trained_on) > 5000
    assert all(one.text == plain(one.text) != "" for one in trained_on)


def test_what_was_heard_comes_from_templates_of_the_training() -> None:
    known = {template.id: template for template in read_templates()}
    for one in read_heard():
        assert known[one.template].answer == one.answer


def test_noise_changes_a_word_or_two_and_never_empties_a_text() -> None:
    draw = random.Random(0)
    for text in ("stop", "what is this", "where did i put my keys"):
        for _ in range(50):
            heard = noisy(text, draw)
            assert heard
            assert abs(len(heard.split()) - len(text.split())) <= 2


def test_training_is_seeded_and_learns() -> None:
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(400, 12)).astype(np.float32)
    answers = (rows[:, 0] + rows[:, 1] > 0).astype(np.float32)
    one, two = (fit(rows, answers, np.ones(400, np.float32), seed=3) for _ in range(2))
    assert np.array_equal(one.hidden_weight, two.hidden_weight)
    assert np.array_equal(one.out_weight, two.out_weight)
    assert ((one.probabilities(rows) > 0.5) == (answers > 0.5)).mean() > 0.95


def test_common_words_are_those_of_many_templates_and_the_shipped_network_has_them(trained_on: list[Utterance]) -> None:
    shipped = load_network(ASSETS / "nano" / "instruction.safetensors", encoder_width=384)
    assert shipped.vocabulary == vocabulary_of(trained_on)
