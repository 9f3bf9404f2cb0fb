"""Which of the things that are waited for somebody means in Chinese: "狗", "五分钟的闹钟", "关火的提醒"."""

from __future__ import annotations

import re
from collections.abc import Mapping

from omnilive_demo.models.chinese import run_on
from omnilive_demo.models.chinese_numbers import AMOUNT, seconds_of
from omnilive_demo.models.chinese_sounds import labels_in
from omnilive_demo.reasoning.standing_clause_zh import COLOURS_ZH, read_clause_zh
from omnilive_demo.reasoning.standing_things_zh import named_zh, turned_zh
from omnilive_demo.reasoning.standing_wanted import Known, Wait, Wanted

_TIMERS = re.compile(r"闹钟|计时|定时|倒计时|闹铃|提醒")
_AROUND = re.compile(
    r"^(?:关于|那个|这个|那|这|有关|等|看|听|当|如果)+|(?:的|那个|这个|时候|的话|这件?事|了|声音)*(?:提醒|请求|通知|提示)?$"
)
_LOOKS = {"黑": "dark", "暗": "dark", "亮": "bright", "开灯": "bright", "关灯": "dark", "不动": "still", "动": "moving"}


def meant_zh(about: str, waiting: Mapping[int, Wanted], known: Known) -> tuple[int, ...]:
    """The numbers of those that fit the words; where only "the reminder" is said, all timers, or else all there are."""
    words = run_on(about)
    found = [number for number, wanted in waiting.items() if _fits(words, wanted, known)]
    if not found and _TIMERS.search(words):
        found = [number for number, wanted in waiting.items() if wanted.kind is Wait.TIME]
        if not found and re.fullmatch(r"(?:这个|那个|我的)?提醒", words):
            found = list(waiting)
    return tuple(found)


def _fits(about: str, wanted: Wanted, known: Known) -> bool:
    bare = _AROUND.sub("", about)
    note, said_of = run_on(wanted.note), run_on(turned_zh(bare))  # a note is kept as it is said to the visitor
    if note and len(bare) > 1 and (said_of in note or note in said_of):
        return True
    match wanted.kind:
        case Wait.TIME:
            amount = re.search(AMOUNT, about)
            return amount is not None and seconds_of(amount[0]) == wanted.delay_s
        case Wait.THING | Wait.GONE:
            return bool(set(named_zh(bare, known.things)) & set(wanted.names)) or _same(about, wanted, known)
        case Wait.SOUND:
            return bool(set(labels_in(about, known.sounds, heard=True)) & set(wanted.sounds)) or "声" in about
        case Wait.WORD:
            return run_on(wanted.words) in about
        case Wait.LOOK:
            said = {COLOURS_ZH.get(char) for char in about} | {_LOOKS[word] for word in _LOOKS if word in about}
            return wanted.look in said or _same(about, wanted, known)


def _same(about: str, wanted: Wanted, known: Known) -> bool:
    """Whether it is said as it was when it was asked for: "看到狗"."""
    found = read_clause_zh(about, known)
    same = (wanted.kind, wanted.names, wanted.look)
    return isinstance(found, Wanted) and (found.kind, found.names, found.look) == same
