from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnilive_demo.reasoning.standing_time_zh import read_chinese_delay, read_chinese_reminder
from omnilive_demo.reasoning.standing_wanted import Wait


@pytest.mark.parametrize(
    ("text", "delay_s", "note"),
    [
        ("十秒后提醒我喝水", 10, "喝水"),
        ("10秒后提醒我喝水。", 10, "喝水"),
        ("请在两分钟以后提醒我关火", 120, "关火"),
        ("再过一刻钟叫我一声", 900, ""),
        ("过五分钟喊我", 300, ""),
        ("提醒我半小时后给妈妈打电话", 1800, "给妈妈打电话"),
        ("帮我定个五分钟的闹钟", 300, ""),
        ("设一个倒计时三十秒", 30, ""),
        ("倒计时一分钟", 60, ""),
        ("一个半小时之后提醒我吃药，谢谢", 5400, "吃药"),
        ("兩分鐘後提醒我關火", 120, "关火"),
        ("麻烦你一小时二十分钟后叫醒我", 4800, ""),
    ],
)
def test_a_reminder_is_read(text: str, delay_s: float, note: str) -> None:
    wanted = read_chinese_reminder(text)
    assert wanted is not None
    assert (wanted.kind, wanted.delay_s, wanted.note) == (Wait.TIME, delay_s, note)
    if "后" in text or "後" in text:
        assert read_chinese_delay(text) == delay_s


@pytest.mark.parametrize(
    "text", ["五分钟前发生了什么", "提醒我喝水", "五分钟后告诉我谁来了", "我五分钟后出门", "这是什么", "",
    "你好", "后面有什么", "零秒后提醒我"]
)  # fmt: skip
def test_anything_else_is_none(text: str) -> None:
    assert read_chinese_reminder(text) is None


@given(
    st.integers(1, 999), st.sampled_from([("秒", 1), ("分钟", 60), ("小时", 3600), ("个小时", 3600), ("天", 86_400)])
)
def test_any_number_of_a_unit_is_read(n: int, unit: tuple[str, int]) -> None:
    assert read_chinese_delay(f"{n}{unit[0]}后提醒我") == n * unit[1]


@given(st.text(alphabet="一二十半个分钟秒小时后之以过再提醒我叫定闹的喝水，。 5a", max_size=70))
def test_any_text_is_taken(text: str) -> None:
    wanted = read_chinese_reminder(text)
    assert wanted is None or wanted.delay_s > 0
