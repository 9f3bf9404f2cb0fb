from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnilive_demo.reasoning.back_channel import LONG_S, takes_the_word

LISTENING_TEXT = """嗯 嗯嗯 嗯哼 对 对对对 好的 好 哦 哦哦 是吗 是吗？ 哈哈 哈哈哈哈 是啊 没错 原来如此 这样啊
真的吗 真的假的 有意思 我知道了 明白了 好吧 行 哇 嗯，对 哦，好的
確實 噢 對啊 啊 天哪 厉害"""
LISTENING = LISTENING_TEXT.split()
TAKING_TEXT = """停 停！ 等一下 等等 不对 别说了 算了 错了 不是 什么 谁 为什么 闭嘴 安静 我想问 你等等 換一个 听我说"""
TAKING = TAKING_TEXT.split()
HUMS = ["啊这", "呵欠", "他", "不", "呜呜", "那"]


@pytest.mark.parametrize("text", LISTENING)
@pytest.mark.parametrize("speech_s", [0.3, 0.6, 0.9, 1.5])
def test_who_listens_aloud_does_not_take_the_word(text: str, speech_s: float) -> None:
    assert takes_the_word(text, speech_s) is False


@pytest.mark.parametrize("text", TAKING)
@pytest.mark.parametrize("speech_s", [0.3, 0.6, 0.9, 1.5])
def test_a_word_that_takes_the_floor_does(text: str, speech_s: float) -> None:
    assert takes_the_word(text, speech_s) is True


@pytest.mark.parametrize("text", HUMS)
def test_a_short_sound_that_was_taken_for_a_character_is_nothing(text: str) -> None:
    assert takes_the_word(text, 0.4) is False


@pytest.mark.parametrize("text", ["我把钥匙放在哪里了", "刚才那个人是谁", "今天下午我要出门"])
def test_a_sentence_takes_the_word(text: str) -> None:
    assert takes_the_word(text, 1.2) is True


def test_who_goes_on_for_long_is_heard_but_our_echo_and_laughter_are_not() -> None:
    assert takes_the_word("嗯嗯", LONG_S) is True
    assert takes_the_word("哈哈哈", LONG_S, noise="laughter") is False
    own = "你的钥匙在厨房的桌子上。"
    assert takes_the_word("钥匙在厨房", LONG_S, "", own) is False
    assert takes_the_word("鑰匙在廚房", 1.0, "", own) is False
    assert takes_the_word("停", 0.5, "", own) is True
    assert takes_the_word("我的手机呢", 1.0, "", own) is True


@given(st.text(alphabet="嗯对好的哦是吗停等不我你，。哈 a", max_size=40), st.floats(0, 5))
def test_any_text_is_judged(text: str, speech_s: float) -> None:
    assert takes_the_word(text, speech_s) in (True, False)
