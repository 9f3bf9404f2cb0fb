from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnilive_demo.perception.end_of_turn import PauseAndCompleteness, Said

PATIENCE = PauseAndCompleteness()


def pause_s(text: str, speech_s: float = 2.0, **more) -> float:
    return PATIENCE.pause_s(Said(text, speech_s, **more))


COMPLETE = """
我把钥匙放在哪里了 | 刚才发生了什么 | 这是红的 | 你看见我的手机了吗 | 会议是星期五下午三点 | 那个人是谁
现在几点 | 我什么都没有看到
外面下雨了 | 我们走吧 | 你在干什么呢 | 他叫什么名字来着 | 桌子上有几本书 | 我要去开会 | 这件事很重要
门关了没有 | 我不知道 | 我想买这个
我不认识他 | 五分钟后提醒我 | 他不在 | 今天星期几 | 這是什麼東西 | 我的雨伞在哪 | 这个怎么用 | 你还记得
有人来了就告诉我 | 帮我看看这个 | 好看吗 | 要是有人敲门就告诉我 | 如果下雨怎么办
"""
OPEN = """
我想把 | 桌子上的 | 我昨天去了超市和 | 我本来想去但是 | 因为 | 如果明天下雨 | 我把钥匙放在 | 你知道他是
我觉得那个 | 他从 | 我要去买一个 | 这件事是因为
我们可以 | 为了 | 除了 | 嗯 | 呃 | 然后 | 我昨天看到一只 | 是不是 | 他有没有 | 你能帮我把 | 那个红色的
關於 | 我今天特别 | 比如
"""
ANNOUNCING = """
我想问一下 | 你能不能 | 我想问你一个问题 | 请问 | 我有个问题 | 我想知道 | 你知道 | 告诉我 | 对了
我有件事想问你 | 可不可以 | 麻烦你帮我 | 你记得 | 不好意思 | 我觉得
請問一下 | 我想 | 嗯那个我想问一下
"""
COMMANDS = (
    "停 | 停一下 | 别说了 | 继续 | 接着说 | 再说一遍 | 说短一点 | 算了 | 是的 | 不是 | 好的 "
    "| 谢谢 | 这是什么 | 安静 | 別說了 | 停！"
)


def parts(text: str) -> list[str]:
    return [one.strip() for line in text.strip().splitlines() for one in line.split("|")]


@pytest.mark.parametrize("text", parts(COMPLETE))
def test_a_whole_sentence_waits_a_short_pause(text: str) -> None:
    assert pause_s(text) == PATIENCE.complete_s


@pytest.mark.parametrize("text", parts(OPEN) + parts(ANNOUNCING))
def test_half_a_sentence_waits_longer(text: str) -> None:
    assert pause_s(text) == PATIENCE.left_open_s == PATIENCE.announcing_s


@pytest.mark.parametrize("text", parts(COMMANDS))
def test_a_short_command_waits_least(text: str) -> None:
    assert pause_s(text, 0.5) == PATIENCE.command_s


@given(
    st.sampled_from(parts(COMPLETE) + parts(OPEN) + parts(ANNOUNCING) + parts(COMMANDS)), st.sampled_from("。？！…， ")
)
def test_punctuation_does_not_matter(text: str, mark: str) -> None:
    assert pause_s(text + mark) == pause_s(text)


@given(
    st.text(alphabet="我想问一下你能不能把的和因为了吗这个那在停，。 ab", max_size=60),
    st.floats(0, 60), st.booleans(), st.floats(0, 5),
)  # fmt: skip
def test_no_pause_is_out_of_bounds(text: str, speech_s: float, drawn_out: bool, speaker_pause_s: float) -> None:
    assert 0.25 <= pause_s(text, speech_s, drawn_out=drawn_out, speaker_pause_s=speaker_pause_s) <= 1.6


def test_voice_and_pace_count_as_in_english() -> None:
    assert pause_s("外面下雨了", drawn_out=True) == PATIENCE.drawn_out_s
    assert pause_s("外面下雨了", speaker_pause_s=0.6) == pause_s("The door is open", speaker_pause_s=0.6)
    assert pause_s("停", 0.5, drawn_out=True) == PATIENCE.command_s


def test_long_text_is_judged_quickly() -> None:
    begun_s = time.process_time()
    for _ in range(10):
        pause_s("我想问一下你能不能" * 60, 14.0)
        pause_s("停停停停吧吧" * 60, 14.0)
    assert time.process_time() - begun_s < 0.2
