from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnilive_demo.memory.time_expressions import parse_time
from omnilive_demo.records import TimeSpan

NOW_S = 4000.0
DAY_S = 86_400.0

# question, the phrase in it, seconds before now that must lie inside the span, and some that must not
CASES = [
    ("五分钟前发生了什么", "五分钟前", (300,), (60, 600)),
    ("5分钟前发生了什么", "5分钟前", (300,), (60, 600)),
    ("5 分钟前发生了什么？", "5分钟前", (300,), (60, 600)),
    ("一分钟前我说了什么", "一分钟前", (60, 45, 75), (5, 130)),
    ("1分钟之前", "1分钟之前", (60, 45, 75), (5, 130)),
    ("兩分鐘前誰來過", "兩分鐘前", (120, 110), (60, 200)),
    ("十秒钟以前", "十秒钟以前", (10,), (0, 30)),
    ("大概二十五秒前", "大概二十五秒前", (25,), (5, 50)),
    ("半分钟前是什么", "半分钟前", (30,), (0, 90)),
    ("半个小时前我在哪", "半个小时前", (1800, 1600), (60, 3600)),
    ("半小时之前", "半小时之前", (1800,), (60, 3600)),
    ("一刻钟前", "一刻钟前", (900,), (60, 1800)),
    ("三刻钟前", "三刻钟前", (2700,), (60, 3999)),
    ("一个小时前", "一个小时前", (3600,), (60,)),
    ("几分钟前有谁来过", "几分钟前", (180, 240), (10, 600)),
    ("两分半钟前", None, (150,), (60, 300)),
    ("两分钟半以前", "两分钟半以前", (150,), (60, 300)),
    ("一百二十秒前", "一百二十秒前", (120,), (20, 200)),
    ("十几分钟前", "十几分钟前", (900,), (60, 1800)),
    ("刚才那个人是谁", "刚才", (1, 10), (60,)),
    ("刚刚是什么声音", "刚刚", (1, 10), (60,)),
    ("过去十分钟里发生了什么", "过去十分钟里", (0, 300, 600), (601,)),
    ("最近五分钟有人来吗", "最近五分钟", (0, 150, 300), (301,)),
    ("过去的一个小时", "过去的一个小时", (0, 3600), (3601,)),
    ("過去幾分鐘", "過去幾分鐘", (0, 180), (600,)),
    ("从五分钟前到现在", "从五分钟前到现在", (0, 300), (301,)),
    ("从五分钟前开始都有谁", "从五分钟前开始", (0, 300), (301,)),
    ("两到三分钟前是什么", "两到三分钟前", (120, 150, 180), (119, 181)),
    ("五分钟前到两分钟前之间", "五分钟前到两分钟前之间", (121, 299), (60, 301)),
    ("一开始你看到了什么", "一开始", (4000, 3970), (3000, 0)),
    ("最开始是什么样子", "最开始", (4000,), (3000,)),
    ("我们刚开始的时候", "我们刚开始的时候", (4000,), (3000,)),
    ("头两分钟里有什么", None, (4000, 3880), (3800,)),
    ("开始后十分钟的时候", "开始后十分钟的时候", (3400,), (4000, 1000)),
    ("从一开始到现在来过几个人", "从一开始到现在", (4000, 0), ()),
    ("从头到尾说一遍", "从头到尾", (4000, 0), ()),
    ("到目前为止有几个人", "到目前为止", (4000, 0), ()),
    ("之前你看到红色的东西了吗", "之前", (4000, 100), (1,)),
    ("我以前说过这个吗", "以前", (4000, 100), (1,)),
    ("好一会儿前", "好一会儿前", (4000, 100), (5,)),
    ("很久以前", "很久以前", (4000, 100), (5,)),
    ("最近我都做了什么", "最近", (10, 299), (301,)),
    ("昨天我说了什么", "昨天", (DAY_S + 60, 2 * DAY_S - 60), (DAY_S - 60,)),
    ("前天来的人是谁", "前天", (2 * DAY_S + 60,), (DAY_S + 60,)),
    ("今天都发生了什么", "今天", (0, 4000), (DAY_S + 60,)),
]

NO_TIME = [
    "这是什么", "灯是多久以前关的", "多少分钟前灭的", "灯是几分钟前灭的？", "会议什么时候开始",
    "会议之前我说了什么", "我在那之前说了什么",
    "最后一件事是什么", "现在几点", "门前面有什么", "前台在哪", "我的二手手机呢", "一下", "以后再说",
    "五分钟后提醒我", "你好",
]  # fmt: skip


@pytest.mark.parametrize(("question", "phrase", "inside", "outside"), CASES, ids=[case[0] for case in CASES])
def test_a_time_is_understood(
    question: str, phrase: str | None, inside: tuple[float, ...], outside: tuple[float, ...]
) -> None:
    span = parse_time(question, NOW_S)
    assert span is not None
    assert all(span.start_s <= NOW_S - ago_s <= span.end_s for ago_s in inside), span
    assert not any(span.start_s <= NOW_S - ago_s <= span.end_s for ago_s in outside), span
    assert span.phrase == phrase or (phrase is None and span.phrase in question)


@pytest.mark.parametrize("question", NO_TIME)
def test_a_question_without_a_time_names_none(question: str) -> None:
    assert parse_time(question, NOW_S) is None


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("五分钟前", "five minutes ago"), ("一分钟前", "a minute ago"), ("两个小时以前", "two hours ago"),
        ("刚才", "just now"), ("过去十分钟", "in the last ten minutes"), ("从一开始", "since the beginning"),
        ("一开始", "at the beginning"), ("二十五秒前", "twenty five seconds ago"), ("两个半小时前",
        "two and a half hours ago"),
        ("几分钟前", "a few minutes ago"), ("最近", "recently"), ("三天前", "three days ago"), ("之前", "earlier"),
        ("很久以前", "a while ago"), ("半小时前", "half an hour ago"), ("到目前为止", "so far"),
    ],
)  # fmt: skip
def test_it_is_the_same_stretch_as_in_english(chinese: str, english: str) -> None:
    ours, theirs = parse_time(chinese, NOW_S, 100.0), parse_time(english, NOW_S, 100.0)
    assert ours is not None
    assert theirs is not None
    if (
        english != "half an hour ago"
    ):  # there the English count is 0.5, an exact number; "半" is said as loosely as "一"
        assert (ours.start_s, ours.end_s) == pytest.approx((theirs.start_s, theirs.end_s))


def test_a_part_of_a_day_is_placed_where_the_time_of_day_is_known() -> None:
    now_s, noon_s = 500_000.0, 12 * 3600.0
    morning = parse_time("今天早上我吃了什么", now_s, day_s=noon_s)
    assert morning is not None
    assert (morning.start_s, morning.end_s) == (now_s - 7 * 3600, now_s - 2 * 3600)
    assert morning.phrase == "今天早上"
    evening = parse_time("昨天晚上谁来过", now_s, day_s=noon_s)
    assert evening is not None
    assert (evening.start_s, evening.end_s) == (now_s - 18 * 3600, now_s - noon_s)
    yesterday = parse_time("昨天谁来过", now_s, day_s=noon_s)
    assert yesterday is not None
    assert (yesterday.start_s, yesterday.end_s) == (now_s - noon_s - DAY_S, now_s - noon_s)
    assert parse_time("今天晚上吃什么", now_s, day_s=noon_s) in (None, parse_time("今天吃什么", now_s, day_s=noon_s))


def test_before_that_and_after_that_follow_what_was_spoken_of() -> None:
    last = TimeSpan(100.0, 120.0, "then")
    before = parse_time("在那之前发生了什么", NOW_S, previous=last)
    after = parse_time("那之后呢", NOW_S, previous=last)
    assert before is not None
    assert before.end_s < 100.0
    assert after is not None
    assert after.start_s > 120.0


@given(
    st.text(
        alphabet="一二两三十百半几个分钟秒小时天前后之以刚才过去最近从开始到现在昨今早上晚那多久的，。？ 5.零万a",
        max_size=40,
    ),
    st.floats(0, 1e6),
)
def test_any_text_is_taken(text: str, now_s: float) -> None:
    span = parse_time(text, now_s)
    assert span is None or span.start_s <= span.end_s <= now_s


def in_characters(n: int) -> str:
    digits = "零一二三四五六七八九"
    tens = ("" if n < 10 else "十" if n < 20 else digits[n // 10] + "十") + (digits[n % 10] if n % 10 else "")
    return {"二": "两"}.get(tens, tens)


@given(
    st.integers(1, 99),
    st.sampled_from(["秒", "秒钟", "分钟", "个小时", "小时", "天"]),
    st.sampled_from(["前", "以前", "之前"]),
)
def test_a_counted_distance_lies_within_its_span_in_digits_and_characters(n: int, unit: str, ago: str) -> None:
    unit_s = {"秒": 1, "秒钟": 1, "分钟": 60, "个小时": 3600, "小时": 3600, "天": DAY_S}[unit]
    now_s = 1e7
    chars, digits = (parse_time(f"{count}{unit}{ago}那里有什么", now_s) for count in (in_characters(n), str(n)))
    assert chars is not None
    assert digits is not None
    assert (chars.start_s, chars.end_s) == (digits.start_s, digits.end_s)
    assert chars.start_s <= now_s - n * unit_s <= chars.end_s
