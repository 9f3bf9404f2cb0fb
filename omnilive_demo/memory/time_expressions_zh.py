"""Time expressions in Chinese: "五分钟前", "刚才", "过去十分钟", "从一开始", "昨天早上" -> a stretch of the stream.

The same widths as in English: a counted moment is taken more exactly than "一分钟前", a stretch ends where it is said
to. A day or a part of it needs to know what time of day it is; without that, "今天" is what was seen since the stream
began, at most a day, and "昨天" is the day before: 24 to 48 hours ago.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from omnilive_demo.models.chinese import simplify
from omnilive_demo.models.chinese_numbers import AMOUNT, COUNT, UNIT, is_exact, seconds_of
from omnilive_demo.records import TimeSpan

Span = tuple[float, float]
_DAY_S, _HOUR_S = 86_400.0, 3600.0


@dataclass(frozen=True, slots=True)
class Now:
    """What a time is read against.

    now_s: stream time now. start_s: where the stream began. previous: what was spoken of last. day_s: seconds since
    local midnight, or None when nobody knows the time of day.
    """

    now_s: float
    start_s: float = 0.0
    previous: TimeSpan | None = None
    day_s: float | None = None


def parse_chinese_time(text: str, now: Now) -> TimeSpan | None:
    """The stretch of the stream that a Chinese text names, or None; its phrase is what was said, in the text's own
    characters. It may lie before the stream began: then nothing was seen yet.
    """
    words = re.sub(r"\s", "", text)
    plain = simplify(words)
    if len(plain) != len(words):  # a character that falls apart into several; its phrase cannot be cut from the text
        words = plain
    if _ASKED.search(plain):
        return None
    for pattern, read in _PATTERNS:
        match = pattern.search(plain)
        span = read(match, now) if match else None
        if match is not None and span is not None:
            begin_s, end_s = (min(one, now.now_s) for one in (min(span), max(span)))
            return TimeSpan(begin_s, end_s, words[match.start() : match.end()])
    return None


def _ago(match: re.Match[str], now: Now) -> Span:
    distance_s = seconds_of(match["amount"])
    slack_s = max(5.0, (0.25 if is_exact(match["amount"]) else 0.5) * distance_s)
    return now.now_s - distance_s - slack_s, now.now_s - distance_s + slack_s


def _last(match: re.Match[str], now: Now) -> Span:
    return now.now_s - seconds_of(match["amount"]), now.now_s


def _between(match: re.Match[str], now: Now) -> Span:
    far, near, unit = match["far"], match["near"], match["unit"]
    return now.now_s - seconds_of(far if re.search(UNIT, far) else far + unit), now.now_s - seconds_of(near + unit)


def _into(match: re.Match[str], now: Now) -> Span:
    distance_s = seconds_of(match["amount"])
    slack_s = max(5.0, (0.25 if is_exact(match["amount"]) else 0.5) * distance_s)
    return now.start_s + distance_s - slack_s, now.start_s + distance_s + slack_s


def _first(match: re.Match[str], now: Now) -> Span:
    return now.start_s, now.start_s + seconds_of(match["amount"])


def _beginning(match: re.Match[str], now: Now) -> Span:
    return now.start_s, now.start_s + min(60.0, max(20.0, 0.1 * (now.now_s - now.start_s)))


def _before_that(match: re.Match[str], now: Now) -> Span | None:
    return (now.previous.start_s - 60.0, now.previous.start_s - 0.5) if now.previous else None


def _after_that(match: re.Match[str], now: Now) -> Span | None:
    return (now.previous.end_s + 0.5, now.previous.end_s + 60.0) if now.previous else None


def _earlier(match: re.Match[str], now: Now) -> Span:
    return now.start_s, max(now.start_s, now.now_s - 10.0)


def _while_ago(match: re.Match[str], now: Now) -> Span:
    return now.start_s, now.now_s - min(30.0, 0.3 * (now.now_s - now.start_s))


def _everything(match: re.Match[str], now: Now) -> Span:
    return now.start_s, now.now_s


def _lately(seconds: float) -> Callable[[re.Match[str], Now], Span]:
    return lambda match, now: (now.now_s - seconds, now.now_s)


_DAYS_BACK = {"今": 0, "昨": 1, "前": 2, "大前": 3}
_PARTS = (
    (r"凌晨|半夜|深夜", 0.0, 5.0),
    (r"早上|早晨|清晨|清早|一早|早", 5.0, 10.0),
    (r"上午", 6.0, 12.0),
    (r"中午", 11.0, 14.0),
    (r"下午|午后", 12.0, 18.0),
    (r"傍晚", 17.0, 20.0),
    (r"晚上|晚间|夜里|夜晚|晚", 18.0, 24.0),
)


def _day(match: re.Match[str], now: Now) -> Span | None:
    """A day, or a part of one."""
    part = match["part"] or ""
    back = _DAYS_BACK.get(match["day"] or "今", 0)
    if now.day_s is None:
        return now.now_s - (back + 1) * _DAY_S, now.now_s - back * _DAY_S
    midnight_s = now.now_s - now.day_s - back * _DAY_S
    begin_h, end_h = next(((b, e) for names, b, e in _PARTS if re.fullmatch(names, part)), (0.0, 24.0))
    begin_s, end_s = midnight_s + begin_h * _HOUR_S, midnight_s + end_h * _HOUR_S
    return None if begin_s > now.now_s else (begin_s, end_s)


_AGO = r"(?:钟)?(?:之前|以前|前|之前的时候)(?!面|边|方|台|门)"
_OF = rf"(?:过去|最近|近|之前|刚过去)(?:的|这)?(?P<amount>{AMOUNT})(?:钟)?(?:里|内|之内|以内|中|里面|间)?(?![前后之以])"
_PART = r"(?P<part>" + "|".join(names for names, _, _ in _PARTS) + r")"
_ASKED = re.compile(
    rf"多(?:久|长时间|少(?:秒|分钟|个?小时|天))(?:之|以)?前"
    rf"|^(?!.*(?:什么|啥|谁|哪|吗|怎么|有没有)).+几个?{UNIT}(?:之|以)?前.*的[?!.。]*$"
)
"""Questions that ask for a time name none: "灯是几分钟前灭的"; but "几分钟前有谁来过" names one."""
_SINCE_WHOM = r"(?:^|(?<=[我你他她它们是还都也人谁曾在了的,，。?!、;:]))"
"""Where "之前" stands alone, and not behind what it comes before ("会议之前")."""
_THAT = r"(?:那|这|此)"
_WE = r"(?:我们?|你|咱们|直播|视频|通话|录像|会话|对话)?"

_TABLE: tuple[tuple[str, Callable[[re.Match[str], Now], Span | None]], ...] = (
    (
        rf"(?P<far>{COUNT}(?:个?{UNIT})?)(?:前)?(?:到|至|和|与)(?P<near>{COUNT}个?)(?P<unit>{UNIT})(?:钟)?"
        r"(?:之|以)?前(?:之?间)?",
        _between,
    ),
    (rf"(?:从|自)?(?P<amount>{AMOUNT})(?:之|以)?前(?:到|至)(?:现在|此刻|目前|今)", _last),
    (rf"(?:从|自从?)(?P<amount>{AMOUNT})(?:之|以)?前(?:开始|起)?(?:到现在)?", _last),
    (rf"(?:最开始|最初|开头|一开始|开始|头|前)的?(?:那)?(?P<amount>{AMOUNT})(?:里|内|之内|以内|中)(?!.*前$)", _first),
    (rf"(?:开始|开播|开机|开头|启动|见面)(?:了)?(?:之|以)?后的?(?:头|前)?(?P<amount>{AMOUNT})(?:的时候|时)?", _into),
    (rf"第(?P<amount>{AMOUNT})(?:的时候|时|处)", _into),
    (r"(?:好一?会儿?|有一?会儿?|好久|很久|挺久|一段时间|好半天|半天|一阵子?|一会儿?)(?:之|以)?前", _while_ago),
    (rf"(?:大概|大约|差不多|约|就在|就)*(?P<amount>{AMOUNT})(?:左右)?{_AGO}", _ago),
    (_OF, _last),
    (rf"(?P<amount>{AMOUNT})(?:之内|以内)(?!.*(?:提醒|叫|告诉|通知))", _last),
    (rf"(?:在)?{_THAT}(?:个)?(?:之前|以前)", _before_that),
    (rf"(?:在)?{_THAT}(?:个)?(?:之后|以后)|(?:后来|随后|紧接着)", _after_that),
    (
        rf"从头到尾|(?:从|打|自)(?:一|最)?(?:开始|开头|头|起初){_WE}(?:到现在|到目前|至今|起)?(?:为止)?|"
        r"自始至终|从(?:开播|开机)(?:到现在)?",
        _everything,
    ),
    (
        r"(?:到目前|到现在|迄今|至今|截至目前|目前)为止|至今|到现在|一直以来|整个过程|全程|"
        r"这(?:整)?段时间(?:里|以来)?",
        _everything,
    ),
    (rf"{_WE}(?:刚|才)(?:开始|见面|打开|开机|开播)(?:的)?(?:时候|那会儿?)?", _beginning),
    (r"(?:最(?:开始|初|早|先)|一?开始的?时候|一开始|刚开始|起初|开头|开场|起先)", _beginning),
    (rf"(?P<day>大前|前|昨|今)(?:天|日|儿)?的?{_PART}", _day),
    (rf"(?P<day>)(?:今儿|这天|当天)的?{_PART}", _day),
    (r"(?P<day>大前|前|昨|今)(?:天|日|儿)(?P<part>)(?!气)", _day),
    (r"(?P<day>)(?:刚才|刚刚)?(?P<part>上午|下午|中午|早上|傍晚)(?!好)(?=.*(?:了|过|什么|吗|谁|哪|的))", _day),
    (
        r"(?:就在)?(?:刚刚|刚才|方才|刚(?=[进走来出闪响过说看听叫发掉])|适才|就在现在|这会儿|片刻(?:之)?前)",
        _lately(20.0),
    ),
    (r"(?:不久|没多久|前不久)(?:之|以)?前?|最近|近来", _lately(300.0)),
    (rf"{_SINCE_WHOM}(?:之前|以前|从前)|先前|早些时候|早先|此前", _earlier),
)
_PATTERNS = tuple((re.compile(pattern), reader) for pattern, reader in _TABLE)
