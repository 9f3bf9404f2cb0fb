from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnilive_demo.evaluation.instruction import Trial, accuracy, as_text, by_category, decide, read_held_out
from omnilive_demo.models.chinese import run_on
from omnilive_demo.reasoning.instruction import Instruction
from omnilive_demo.reasoning.instruction_chinese import (
    BilingualInstructionPredictor,
    ChineseInstructionPredictor,
    Weights,
    features,
    load_weights,
    reduced,
    save_weights,
)
from omnilive_demo.training.instruction_zh import HELD_OUT, WEIGHTS

PREDICTOR = ChineseInstructionPredictor(WEIGHTS)


@pytest.fixture(scope="module")
def trials() -> list[Trial]:
    return as_text(PREDICTOR, read_held_out(HELD_OUT))


def test_nine_in_ten_of_the_held_out_utterances_are_decided_rightly_either_way(trials: list[Trial]) -> None:
    assert accuracy(trials) >= 0.92
    assert accuracy([trial for trial in trials if trial.utterance.answer]) >= 0.9
    assert accuracy([trial for trial in trials if not trial.utterance.answer]) >= 0.9


def test_the_model_card_quotes_the_measured_figures(trials: list[Trial]) -> None:
    card = (WEIGHTS.parent / "instruction.md").read_text(encoding="utf-8")
    bare = [decide(PREDICTOR, one.utterance, run_on(one.utterance.text)) for one in trials]
    assert f"| all |  | {len(trials)} | {accuracy(trials):.1%} | {accuracy(bare):.1%} |" in card
    stripped = by_category(bare)
    for name, figures in by_category(trials).items():
        yes = "yes" if figures["answer"] else "no"
        row = f"| {name} | {yes} | {figures['n']} | {figures['accuracy']:.1%} | {stripped[name]['accuracy']:.1%} |"
        assert row in card
    assert f"{len(load_weights(WEIGHTS).vocabulary):,} runs" in card


@pytest.mark.parametrize(
    "text",
    [
        "这是什么？", "我把钥匙放在哪里了", "五分钟前发生了什么", "停", "别说了", "再说一遍", "水开了告诉我",
        "十秒后提醒我喝水",
        "我饿了，哪里可以热饭", "你好", "今天天气怎么样", "這是什麼東西", "請再說一遍",
    ],
)  # fmt: skip
def test_what_the_page_promises_to_answer_is_answered(text: str) -> None:
    assert PREDICTOR.predict(text).answer


@pytest.mark.parametrize(
    "text",
    ["嗯", "嗯嗯", "那个", "让我想想", "妈妈，我的鞋在哪儿", "小王，会议几点开始", "好的", "对对对",
    "我把钥匙放在抽屉里了", "喂，你好，哪位", "媽媽，我的鞋在哪兒"],
)  # fmt: skip
def test_what_is_not_for_the_assistant_is_left_alone(text: str) -> None:
    assert not PREDICTOR.predict(text).answer


@pytest.mark.parametrize("text", ["", "  ", "。。。", "？！"])
def test_nothing_said_is_not_answered(text: str) -> None:
    assert PREDICTOR.predict(text) == Instruction(False, 0.0)


@given(st.text(max_size=200))
def test_any_text_gets_a_probability_and_its_verdict(text: str) -> None:
    instruction = PREDICTOR.predict(text)
    assert 0.0 <= instruction.probability <= 1.0
    assert instruction.answer == (instruction.probability >= 0.5)


def test_end_marks_do_not_matter_and_traditional_characters_are_read_as_simplified() -> None:
    assert PREDICTOR.predict("这是什么？") == PREDICTOR.predict("这是什么")
    assert PREDICTOR.predict("鑰匙在哪裡") == PREDICTOR.predict("钥匙在哪里")


def test_names_and_numbers_are_each_one_sign() -> None:
    assert reduced("小王，几点开会") == reduced("妈，几点开会") == "@ 几点开会"
    assert reduced("五分钟前") == reduced("十分钟前") == "#分钟前"
    assert reduced("等一下") == "等一下"
    assert {"^@", "!called", "!asks"} <= set(features("妈妈，我的鞋呢，在哪里"))


def test_each_language_has_its_own_predictor() -> None:
    class Always:
        def __init__(self, name: str) -> None:
            self.name = name
            self.asked: list[str] = []

        def predict(self, text: str) -> Instruction:
            self.asked.append(text)
            return Instruction(True, 1.0)

    english, chinese = Always("e"), Always("c")
    both = BilingualInstructionPredictor(english, chinese)
    for text in ("what is this", "这是什么", "帮我查一下 iPhone", "what does 你好 mean", ""):
        both.predict(text)
    assert english.asked == ["what is this", "what does 你好 mean", ""]
    assert chinese.asked == ["这是什么", "帮我查一下 iPhone"]
    assert both.name == "e, c"


def some_weights(path: Path) -> Path:
    save_weights(Weights(("什么", "!asks"), np.array([1.5, 0.5], np.float32), -0.25), path)
    return path


def test_weights_are_read_as_they_were_written(tmp_path: Path) -> None:
    weights = load_weights(some_weights(tmp_path / "deep" / "w.safetensors"))
    assert weights.vocabulary == ("什么", "!asks")
    assert weights.weight.tolist() == [1.5, 0.5]
    assert weights.bias == -0.25


def test_a_missing_weight_file_is_a_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"weights are missing.*omnilive_demo\.training instruction_zh"):
        ChineseInstructionPredictor(tmp_path / "none.safetensors")


@pytest.mark.parametrize("kept", [0, 4, 40, 200])
def test_a_truncated_weight_file_is_a_clear_sentence(tmp_path: Path, kept: int) -> None:
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(some_weights(tmp_path / "w.safetensors").read_bytes()[:kept])
    with pytest.raises(ValueError, match="cannot be read"):
        ChineseInstructionPredictor(cut)


def test_a_file_with_other_shapes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_weights(Weights(("一", "二", "三"), np.zeros(2, np.float32), 0.0), path)
    with pytest.raises(ValueError, match="do not fit"):
        ChineseInstructionPredictor(path)
