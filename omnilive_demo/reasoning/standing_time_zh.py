"""Reminders in Chinese: "十秒后提醒我喝水", "定个五分钟的闹钟", "提醒我两分钟以后关火" -> how long, and what of."""

from __future__ import annotations

import re

from omnilive_demo.models.chinese import run_on
from omnilive_demo.models.chinese_numbers import AMOUNT, seconds_of
from omnilive_demo.reasoning.standing_wanted import Wait, Wanted

_SO = r"(?:好了?|好的|嗯|那|请|麻烦|你|帮我|给我|帮忙|可以|能不能|能|再|记得|别忘了|到时候)*"
_END = r"(?:吧|啊|好吗|行吗|可以吗|谢谢|谢谢你|一下|一声)*"
_ABOUT = r"(?:大概|大约|差不多|约)*"
DELAY = (
    rf"(?:(?:再?过|再等|等|再|在)?{_ABOUT}(?P<amount>{AMOUNT})钟?(?:左右)?(?:之后|以后|过后|后)的?(?:时候)?"
    rf"|(?:再?过|再等|等|再){_ABOUT}(?P<past>{AMOUNT})钟?)"
)
"""A length of time from now on: "五分钟后", "再过一刻钟"."""
_TELL = r"(?:提醒|叫|喊|告诉|通知|叫醒|催|跟)(?:一下)?(?:我们?|大家)(?:说)?(?:一声|一下)?"
_SET = r"(?:定|设|设定|设置|订|开|弄|上|来)(?:一?个)?"
_CLOCK = r"(?:闹钟|计时器?|定时器?|倒计时|提醒|闹铃)"
_REQUESTS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_SO}{DELAY}(?:就|再|请|你|记得|要|麻烦你?)*{_TELL}(?P<note>.*?){_END}",
        rf"{_SO}{_TELL}{DELAY}(?:要|去|得)?(?P<note>.*?){_END}",
        rf"{_SO}{_SET}(?P<amount>{AMOUNT})钟?的?{_CLOCK}(?P<note>){_END}",
        rf"{_SO}{_SET}{_CLOCK}{_ABOUT}(?P<amount>{AMOUNT})钟?(?P<note>){_END}",
        rf"{_SO}(?:倒计时|计时)(?P<amount>{AMOUNT})钟?(?P<note>){_END}",
    )
)
_ASKS = re.compile(r"什么|啥|谁|哪|几点|怎么|吗$|多少")
_DELAY = re.compile(DELAY)
_MOST_CHARS = 60


def read_chinese_delay(text: str) -> float | None:
    """The seconds from now on that a text names ("十秒后", "再过一刻钟"), or None."""
    match = _DELAY.search(run_on(text)[:_MOST_CHARS])
    return (seconds_of(match["amount"] or match["past"]) or None) if match else None


def read_chinese_reminder(text: str) -> Wanted | None:
    """The reminder that a whole Chinese sentence asks for, its note as it was said without a "to"; None for anything
    else, a question about later among it ("五分钟后告诉我谁来了").
    """
    words = run_on(text)
    if len(words) > _MOST_CHARS:
        return None
    for pattern in _REQUESTS:
        match = pattern.fullmatch(words)
        if match is None or _ASKS.search(match["note"]):
            continue
        delay_s = seconds_of(match["amount"] or match.groupdict().get("past") or "")
        if delay_s > 0:
            return Wanted(Wait.TIME, delay_s=delay_s, note=match["note"])
    return None
