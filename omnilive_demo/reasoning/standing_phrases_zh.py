"""What is said of standing queries in Chinese, for eye and ear; the counterpart of `StandingPhrases`.

As there, an answer may be spoken some seconds after what it tells of: so it says what has just happened.
"""

from __future__ import annotations

from collections.abc import Sequence

from omnilive_demo.models.chinese_sounds import told
from omnilive_demo.models.chinese_things import said, said_together
from omnilive_demo.models.number_words import UNIT_S
from omnilive_demo.reasoning.fixed_phrases import (
    INSTEAD,
    NO_CLOCK,
    NO_NAMES,
    NO_PEOPLE,
    NOTHING,
    SAY_HOW_LONG,
    SAY_WHEN,
)
from omnilive_demo.reasoning.standing_clause_zh import SAID_COLOURS_ZH
from omnilive_demo.reasoning.standing_wanted import LEAST_EVERY_S, Unfit, Wait, Wanted
from omnilive_demo.reasoning.when_zh import count_zh, length_zh

_ARRIVES = {"dark": "光线变暗", "bright": "光线变亮", "moving": "画面里有动静", "still": "画面不动"}
_ARRIVED = {
    "dark": "光线刚刚变暗了", "bright": "光线刚刚变亮了", "moving": "刚才画面里有动静", "still": "画面里已经没有动静了",
}  # fmt: skip
_IS_SO = {
    "dark": "现在光线是暗的", "bright": "现在光线是亮的", "moving": "现在画面里有东西在动", "still": "现在画面没有动静",
}  # fmt: skip


class ChineseStandingPhrases:
    """Says them in Chinese. Implements `StandingWords`."""

    # ---- what is waited for ------------------------------------------------------------------------------------------

    def awaited(self, wanted: Wanted) -> str:
        """What is waited for, or what a reminder is of: "狗出现", "敲门声", "给安娜打电话"."""
        match wanted.kind:
            case Wait.THING:
                return f"{self._thing(wanted)}{'再次' if wanted.again else ''}出现"
            case Wait.GONE:
                return f"{self._thing(wanted)}不见"
            case Wait.LOOK:
                return _ARRIVES.get(wanted.look, f"画面变成{_colour(wanted.look)}")
            case Wait.SOUND:
                return self._sound(wanted)
            case Wait.WORD:
                return f"有人说“{wanted.words}”"
            case Wait.TIME:
                every = f"每{_per(wanted.delay_s)}" if wanted.every else ""
                return every + (wanted.note or ("一次" if wanted.every else length_zh(wanted.delay_s)))

    def _thing(self, wanted: Wanted) -> str:
        return "或".join(said_together(group) for group in wanted.groups or (wanted.names,))

    def _sound(self, wanted: Wanted) -> str:
        return "或".join(map(told, wanted.sounds)) or "任何声音"

    def _when(self, wanted: Wanted) -> str:
        match wanted.kind:
            case Wait.THING:
                return f"{'再次' if wanted.again else '一'}看到{self._thing(wanted)}"
            case Wait.GONE:
                return f"{self._thing(wanted)}一不见"
            case Wait.LOOK:
                return f"等{self.awaited(wanted)}"
            case Wait.SOUND:
                return f"一听到{self._sound(wanted)}"
            case Wait.WORD:
                return f"一听到“{wanted.words}”"
            case Wait.TIME:
                return f"{length_zh(wanted.delay_s)}后"

    # ---- taken on, or not --------------------------------------------------------------------------------------------

    def taken(self, wanted: Wanted) -> str:
        """It is taken on; what is said is what will be done."""
        what = f"提醒您{wanted.note}" if wanted.note else "告诉您"
        if wanted.kind is Wait.TIME:
            if wanted.every:
                return f"好的，我每{_per(wanted.delay_s)}提醒您{wanted.note or '一次'}，直到您说停止提醒。"
            return f"好的，{length_zh(wanted.delay_s)}后{what}。"
        if wanted.every:
            return f"好的，下次{self._when(wanted)}我就{what}，只说这一次。"
        return f"好的，{self._when(wanted)}我就{what}。"

    def already(self, wanted: Wanted) -> str:
        """What is asked for is so at this moment."""
        if wanted.kind is Wait.LOOK:
            return f"{_IS_SO.get(wanted.look, f'现在画面是{_colour(wanted.look)}的')}。"
        return f"我现在就看到{self._thing(wanted)}了。"

    def not_yet(self, wanted: Wanted) -> str:
        """It waits for the end of something that has not begun, or for the next of something that is there."""
        if wanted.kind is Wait.GONE:
            thing = self._thing(wanted)
            return f"我现在没看到{thing}。等看到{thing}又看不到的时候，我就告诉您。"
        if wanted.kind is Wait.SOUND:
            return f"我刚才听到了{self._sound(wanted)}。再听到的时候我就告诉您。"
        again = self._when(wanted) if wanted.kind is Wait.THING else f"等下一次{self.awaited(wanted)}"
        return f"{self.already(wanted)}{again}我就告诉您。"

    def full(self, most: int) -> str:
        """No more can be taken on."""
        return f"我已经在等{count_zh(most)}件事了，不能再多。请先取消一件。"

    def refused(self, unfit: Unfit) -> str:
        """It cannot be waited for, and why."""
        match unfit.why:
            case "thing":
                return f"我不认识{unfit.what}，看到了也没法告诉您。{INSTEAD.zh}"
            case "names":
                return NO_NAMES.zh
            case "person":
                return NO_PEOPLE.zh
            case "sound":
                return f"我听不出{unfit.what}的声音，所以没法告诉您。{INSTEAD.zh}"
            case "clock":
                return NO_CLOCK.zh
            case "when":
                return SAY_WHEN.zh
            case "how long":
                return SAY_HOW_LONG.zh
            case "how often":
                return f"我最多每{_per(LEAST_EVERY_S)}提醒您一次，不能更频繁了。"
            case "event":
                return f"“{unfit.what}”这样的事我察觉不到。{INSTEAD.zh}"

    def unheard(self, wanted: Wanted) -> str:
        """Its sounds have no name any more, so it is not waited for."""
        return f"我现在听不出{self._sound(wanted)}了，所以不再等了。"

    # ---- answered ----------------------------------------------------------------------------------------------------

    def answered(self, wanted: Wanted, by: str = "", origin_is_visitor: bool = True) -> str:
        """What was waited for came about. `by`: the name of the thing or sound that it was."""
        if wanted.kind is Wait.TIME and wanted.note:
            return f"您让我提醒您{wanted.note}。"
        what = self._happened(wanted, by, origin_is_visitor)
        return f"您让我提醒您{wanted.note}：{what}。" if wanted.note else f"您让我告诉您：{what}。"

    def _happened(self, wanted: Wanted, by: str, origin_is_visitor: bool) -> str:
        match wanted.kind:
            case Wait.THING:
                return self.came(by or wanted.names[0])
            case Wait.GONE:
                return f"刚才{said(by) if by else self._thing(wanted)}不见了"
            case Wait.LOOK:
                return self.turned_out(wanted.look)
            case Wait.SOUND:
                return self.sounded(by)
            case Wait.WORD:
                return f"刚才{'有人' if origin_is_visitor else '视频里'}说了“{wanted.words}”"
            case Wait.TIME:
                return f"{length_zh(wanted.delay_s)}{'又' if wanted.every else ''}到了"

    def came(self, name: str) -> str:
        """A thing came into view."""
        return f"刚才看到{said(name)}了"

    def sounded(self, label: str) -> str:
        """A sound was heard."""
        return f"刚才听到了{told(label)}"

    def turned_out(self, look: str) -> str:
        """The picture looks otherwise."""
        return _ARRIVED.get(look, f"画面刚刚变成了{_colour(look)}")

    def sentence(self, clause: str) -> str:
        """A clause on its own."""
        return f"{clause}。"

    # ---- listed, dropped ---------------------------------------------------------------------------------------------

    def listing(self, waiting: Sequence[tuple[Wanted, float | None]]) -> str:
        """All that is waited for; with each, seconds until it is due, if it has such a time."""
        if not waiting:
            return NOTHING.zh
        events = [self.awaited(wanted) for wanted, left_s in waiting if left_s is None]
        sentences = [f"我在等：{'、'.join(events)}。"] if events else []
        for wanted, left_s in waiting:
            if left_s is not None:
                what = f"我会提醒您{wanted.note}" if wanted.note else f"{length_zh(wanted.delay_s)}的计时结束"
                sentences.append(f"再过{length_zh(max(1.0, left_s))}，{what}。")
        return "".join(sentences)

    def dropped(self, wanted: Sequence[Wanted]) -> str:
        """They are not waited for any more."""
        if len(wanted) != 1:
            return f"好的，{count_zh(len(wanted))}件都取消了。"
        (one,) = wanted
        if one.kind is Wait.TIME:
            return f"好的，不再提醒您{one.note}了。" if one.note else f"好的，{length_zh(one.delay_s)}的计时取消了。"
        return f"好的，不再等{self.awaited(one)}了。"

    def which(self, wanted: Sequence[Wanted]) -> str:
        """More than one could be meant."""
        return f"您指哪一个：{'，还是'.join(self.awaited(one) for one in wanted)}？"


def _colour(look: str) -> str:
    return SAID_COLOURS_ZH.get(look, look)


def _per(delay_s: float) -> str:
    """How often: "隔十分钟", "小时" of one hour; of days without a "隔", with which one day is every other day."""
    if delay_s in _ONE:
        return _ONE[delay_s]
    return length_zh(delay_s) if delay_s >= UNIT_S["day"] else f"隔{length_zh(delay_s)}"


_ONE = {UNIT_S["minute"]: "分钟", UNIT_S["hour"]: "小时", UNIT_S["day"]: "天"}
