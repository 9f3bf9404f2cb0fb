from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnilive_demo.models.chinese import is_chinese, plain_chinese, run_on, simplify
from omnilive_demo.models.chinese_numbers import number_of, seconds_of


@pytest.mark.parametrize("text", ["你好", "帮我查一下 iPhone", "OK，停", "這是什麼？"])
def test_text_with_mostly_han_characters_is_chinese(text: str) -> None:
    assert is_chinese(text)


@pytest.mark.parametrize("text", ["", "hello", "what does 你好 mean", "123", "…", "こんにちは"])
def test_anything_else_is_not(text: str) -> None:
    assert not is_chinese(text)


def test_punctuation_goes_and_clauses_stay_apart() -> None:
    assert plain_chinese("媽，我的鞋呢？") == "妈 我的鞋呢"
    assert plain_chinese("Ｐｉ是3.14吗。") == "pi是3.14吗"
    assert run_on("请問， 您好！") == "请问你好"
    assert run_on("这是 iPhone Pro 吗") == "这是iphone pro吗"


@given(st.text(max_size=60))
def test_the_plain_form_stays_as_it_is(text: str) -> None:
    assert plain_chinese(plain_chinese(text)) == plain_chinese(text)
    assert simplify(simplify(text)) == simplify(text)


def in_characters(n: int) -> str:
    """A number below ten thousand as it is written in full."""
    digits, out, gap = "零一二三四五六七八九", "", False
    for place, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = n // place % 10
        if digit == 0:
            gap = bool(out)
            continue
        out += ("零" if gap else "") + digits[digit] + name
        gap = False
    return out


@given(st.integers(1, 9999))
def test_every_number_is_read_in_characters_and_in_digits(n: int) -> None:
    assert number_of(in_characters(n)) == n
    assert number_of(str(n)) == n
    if 10 <= n < 20:
        assert number_of(in_characters(n)[1:]) == n


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("两百五", 250),
        ("一万二", 12_000),
        ("三点五", 3.5),
        ("一二三", 123),
        ("十", 10),
        ("两", 2),
        ("零", 0),
        ("3.5", 3.5),
    ],
)
def test_numbers_are_read_as_they_are_said(numeral: str, value: float) -> None:
    assert number_of(numeral) == value


@pytest.mark.parametrize("text", ["", "点五", "三点", "abc", "一下"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert number_of(text) is None


@pytest.mark.parametrize(
    ("amount", "seconds"),
    [("五分钟", 300), ("两个半小时", 9000), ("一分钟半", 90), ("一小时二十分钟", 4800), ("半个钟头", 1800),
    ("三刻钟", 2700), ("几秒", 3), ("很久", 0)],
)  # fmt: skip
def test_a_length_of_time_has_its_seconds(amount: str, seconds: float) -> None:
    assert seconds_of(amount) == seconds


@given(st.text(alphabet="零一二两三四五六七八九十百千万点几半分秒个小时天5.", max_size=20))
def test_any_text_is_taken(text: str) -> None:
    value = number_of(text)
    assert value is None or value >= 0
    assert seconds_of(text) >= 0
