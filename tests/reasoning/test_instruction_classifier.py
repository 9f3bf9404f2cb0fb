from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reasoning_fakes import ScatteredEncoder

from omnilive_demo.config import ASSETS
from omnilive_demo.models.text_encoder import MiniLM
from omnilive_demo.reasoning.instruction_classifier import (
    MiniLMInstructionPredictor,
    Network,
    load_network,
    save_network,
)
from omnilive_demo.reasoning.lexical import FEATURES, common_words, lexical_features
from omnilive_demo.reasoning.words import plain

WEIGHTS = ASSETS / "nano" / "instruction.safetensors"


def feature(text: str, name: str) -> float:
    return float(lexical_features([plain(text)])[0, FEATURES.index(name)])


def some_weights(path: Path, encoder_width: int = ScatteredEncoder.width) -> Path:
    draw = np.random.default_rng(0)
    words = ("tell me", "^ the", "naïve")
    weight = draw.normal(size=(8, encoder_width + len(FEATURES) + len(words))).astype(np.float32)
    out = draw.normal(size=8).astype(np.float32)
    save_network(Network(weight, np.zeros(8, np.float32), out, np.zeros((), np.float32), words), path)
    return path


def test_a_missing_weight_file_is_a_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"weights are missing.*omnilive_demo\.training instruction"):
        MiniLMInstructionPredictor(ScatteredEncoder(), tmp_path / "none.safetensors")


@pytest.mark.parametrize("kept", [0, 4, 40, 300])
def test_a_truncated_weight_file_is_a_clear_sentence(tmp_path: Path, kept: int) -> None:
    whole = some_weights(tmp_path / "whole.safetensors").read_bytes()
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(whole[:kept])
    with pytest.raises(ValueError, match="cannot be read"):
        MiniLMInstructionPredictor(ScatteredEncoder(), cut)


def test_weights_for_another_encoder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        MiniLMInstructionPredictor(ScatteredEncoder(), some_weights(tmp_path / "w.safetensors", 384))


@given(st.text(max_size=60))
def test_any_text_gets_a_probability_and_its_verdict(text: str) -> None:
    predictor = MiniLMInstructionPredictor(ScatteredEncoder(), ANY_WEIGHTS)
    instruction = predictor.predict(text)
    assert 0.0 <= instruction.probability <= 1.0
    assert instruction.answer == (instruction.probability >= 0.5)
    assert plain(text) or not instruction.answer


@pytest.fixture(autouse=True, scope="module")
def any_weights(tmp_path_factory: pytest.TempPathFactory) -> None:
    global ANY_WEIGHTS
    ANY_WEIGHTS = some_weights(tmp_path_factory.mktemp("w") / "w.safetensors")


ANY_WEIGHTS = Path()


@pytest.mark.parametrize("text", ["", "   ", "...", "?!", "“”"])
def test_nothing_said_is_not_answered(text: str) -> None:
    assert MiniLMInstructionPredictor(ScatteredEncoder(), ANY_WEIGHTS).predict(text).answer is False


def test_case_and_punctuation_do_not_matter(minilm: MiniLM) -> None:
    predictor = MiniLMInstructionPredictor(minilm, WEIGHTS)
    assert predictor.predict("What is this?") == predictor.predict("what is this")


@pytest.mark.parametrize(
    "text",
    [
        "What is this?", "what did i say about the meeting", "When was it dark?", "What happened a minute ago?",
        "Stop!", "I'm hungry, where can I heat my sandwich?", "tell me when the kettle boils", "hello",
    ],
)  # fmt: skip
def test_what_the_page_promises_to_answer_is_answered(minilm: MiniLM, text: str) -> None:
    assert MiniLMInstructionPredictor(minilm, WEIGHTS).predict(text).answer


@pytest.mark.parametrize(
    "text",
    [
        "enn", "uh okay", "hmm", "let me see where did i put that", "honey can you pass me the salt",
        "mom where are my shoes", "hey john what time do you leave", "mm hmm", "the meeting is at three on friday",
        "I'm putting my keys in the drawer", "where did I put it, honey?",
    ],
)  # fmt: skip
def test_what_is_not_for_the_assistant_is_left_alone(minilm: MiniLM, text: str) -> None:
    assert not MiniLMInstructionPredictor(minilm, WEIGHTS).predict(text).answer


def test_features_see_who_is_addressed_and_how_it_opens() -> None:
    assert feature("Mom, where are my shoes?", "opens by addressing somebody") == 1
    assert feature("uh, where did I put it, honey?", "ends by addressing somebody") == 1
    assert feature("where is my phone", "opens by addressing somebody") == 0
    assert feature("um so what is this", "opens with a question word") == 1
    assert feature("did you see my keys", "opens with an auxiliary") == 1
    assert feature("tell me a story", "opens with a command") == 1
    assert feature("I'm hungry, where can I eat?", "asks further on") == 1
    assert feature("uh hmm er", "hesitation") == 1
    assert feature("the meeting is at three", "hesitation") == 0


def test_features_of_no_texts_have_their_shape() -> None:
    assert lexical_features([]).shape == (0, len(FEATURES))
    assert lexical_features([""]).shape == (1, len(FEATURES))


def test_a_network_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = some_weights(tmp_path / "w.safetensors")
    network = load_network(path, ScatteredEncoder.width)
    assert network.vocabulary == ("tell me", "^ the", "naïve")
    rows = np.random.default_rng(1).normal(size=(3, network.hidden_weight.shape[1])).astype(np.float32)
    assert network.probabilities(rows).shape == (3,)


def test_common_words_know_the_beginning_and_the_order() -> None:
    vocabulary = ("^ tell", "tell me", "me tell", "now $")
    assert (common_words(["tell me now"], vocabulary)[0] > 0).tolist() == [True, True, False, True]


def test_a_question_that_the_speaker_answers_is_not_asked() -> None:
    assert feature("should I wear the scarf? Hmm, maybe", "answers itself") == 1
    assert feature("it's cold in here, what can I do?", "answers itself") == 0
    assert feature("it's cold in here, what can I do?", "asks last") == 1
    assert feature("hand me that box", "opens with a bodily request") == 1
