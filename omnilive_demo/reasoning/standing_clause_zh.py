"""What a Chinese request waits for, or cannot: "门铃响", "看到一只狗", "钥匙不见了", "有人说午饭", "天黑".

Plain characters without anything between them. A table of patterns, tried in order; the whole clause has to fit. What
tells of the past ("看到过") or asks ("谁来") is a question, and no business of this module.
"""

from __future__ import annotations

import re
from dataclasses import replace

from omnilive_demo.models.chinese_sounds import labels_in
from omnilive_demo.reasoning.standing_things_zh import bare_zh, grouped_zh, named_zh, people_zh
from omnilive_demo.reasoning.standing_wanted import Found, Known, Read, Unfit, Wait, Wanted, gone

COLOURS_ZH = {
    "红": "red", "橙": "orange", "橘": "orange", "黄": "yellow", "绿": "green", "蓝": "blue", "紫": "purple",
    "粉": "pink", "棕": "brown", "褐": "brown", "咖啡": "brown", "白": "white", "灰": "gray", "黑": "black",
}  # fmt: skip
SAID_COLOURS_ZH = {look: f"{char}色" for char, look in reversed(COLOURS_ZH.items())}
"""Colours as they are said: by the first character of each."""
_COLOUR = rf"(?P<colour>{'|'.join(COLOURS_ZH)})"
_QUESTION = re.compile(
    r"什么(?!声|动静|响|东西来|人)|啥|谁(?!说|来|敲|按|进|在)|哪|怎么|为什么|多少|几[点个次]|[吗么]$|有没有.*过|(?<![经路])过了?的?$|是不是|了没有?$|没有$"
)
_AGAIN = re.compile(r"再次|又|再(?!过)|回来|下次|下一|另一|另外|别的")
# Both take all they can and give nothing back, so that no text can make a pattern look for long.
_NOW = r"(?:刚|一|正在?|突然|忽然|已经|开始|终于|真的|又|再次?|要|快|变得?|好像|可能|万一|下一?次)*+"
_DONE = r"(?:了|啦|起来|的话|过来|来了|一声|一下|以后|之后|后)*+"
_ROOM = r"(?:外面|屋里|屋子里?|房间里?|这里|这儿|画面里?|屏幕|里面|周围|天|天色|光线|四周|客厅|厨房|窗外|它|全都?|都)?"
_LIGHT = r"(?:电|台|路|房间的?|屋里的?|客厅的?)?灯"
_SEE = r"(?:看到|看见|见到|瞧见|瞅见|发现|注意到|识别到|检测到|认出|望见|拍到|察觉到?)"
_HEAR = r"(?:听到|听见|听得到|听得见)"
_SAYS = r"(?:说到|说起|说了|说|提到|提起|提及|提了|讲到|谈到|喊|念到|聊到)"
_WHO = r"(?:有人|谁|某人|任何人|我们?|你们?|他们?|她们?|大家|孩子|老师|视频里?|片子里?|电视里?|主持人)"
_GONE = (
    r"(?:不见|消失|没有?|走[开掉]?|离开(?:画面)?|跑[掉走]?|飞走|开走|不在(?:[那这](?:里|儿)?)?|被拿走|被偷走?|丢"
    r"|走?出去|移走|拿走)"
)
_COME = (
    r"(?:出现|来|到|[进过回]来|走[过进]来|[跑飞开]过来|经过|路过|进[门屋]|进入?画面|出来|露面|在(?:这里?)?|到家|到门口"
    r"|送到|到达|回家|靠近)"
)

_LOOKS: tuple[tuple[str, str], ...] = (
    ("dark", rf"{_ROOM}{_NOW}(?:黑|暗|黑暗|昏暗|变黑|变暗|黑下来|暗下来){_DONE}"),
    ("bright", rf"{_ROOM}{_NOW}(?:亮|明亮|变亮|亮起来|天亮){_DONE}"),
    ("dark", rf"(?:有人|谁|我)?(?:把)?(?:关[掉上]?|熄){_LIGHT}{_DONE}"),
    ("dark", rf"(?:有人|谁|我)?(?:把)?{_LIGHT}{_NOW}(?:灭|熄灭?|关[掉上]?|黑){_DONE}"),
    ("bright", rf"(?:有人|谁|我)?(?:打开|开){_LIGHT}{_DONE}"),
    ("bright", rf"(?:有人|谁|我)?(?:把)?{_LIGHT}{_NOW}(?:亮|打?开|点亮){_DONE}"),
    ("still", rf"(?:画面|东西|一切|全都?)?{_NOW}(?:不动|静止|停下来|停止(?:移动|运动)|没有?动静|没东西动){_DONE}"),
    (
        "moving",
        rf"(?:你?{_SEE}|{_ROOM}有|{_ROOM})(?:任何|什么|东西|人|有)*?(?:动静|在动|移动|活动|动起来|动|变化){_DONE}",
    ),
    ("colour", rf"(?:{_ROOM}|.{{1,6}}){_NOW}(?:变成|变|是|成)?{_COLOUR}(?:色)?的?{_DONE}"),
)  # fmt: skip


def read_clause_zh(clause: str, known: Known) -> Found:
    """What a clause in plain Chinese waits for; None when it is a question."""
    clause = re.sub(r"^(?:你|您|在|我想|当|如果)+(?=.)", "", clause)
    again = _AGAIN.search(clause) is not None
    if not clause or _QUESTION.search(clause):
        return None
    for pattern, read in _TABLE:
        match = pattern.fullmatch(clause)
        found = read(match, known) if match is not None else None
        if isinstance(found, Wanted):
            return replace(found, again=again)
        if found is not None:
            return found
    return Unfit("event", re.sub(r"(?:的时候|的话|了)+$", "", clause))


def thing_seen_zh(said: str, known: Known) -> Wanted | Unfit:
    """A thing that is to come into view."""
    found = named_zh(said, known.things)
    if found:
        return Wanted(Wait.THING, found)
    if people_zh(said):
        return Unfit("person")
    return Unfit("names") if known.things is None else Unfit("thing", bare_zh(said))


def sound_heard_zh(said: str, known: Known) -> Wanted | Unfit:
    """A sound that is to be heard, as it was said: "敲门声", "狗", "什么动静"."""
    labels = labels_in(said, known.sounds, heard=True)
    if labels:
        return Wanted(Wait.SOUND, sounds=labels)
    if re.fullmatch(r"(?:任何|有|一点|什么|奇怪的?|很?大的?|大的?)*(?:声音|动静|响声|响动|声响|东西)", said):
        return Wanted(Wait.SOUND)
    return Unfit("sound", bare_zh(re.sub(r"的?(?:叫声|声音|声|叫)$", "", said) or said))


def _sees(match: re.Match[str], known: Known) -> Found:
    return thing_seen_zh(match["x"], known)


def _gone(match: re.Match[str], known: Known) -> Found:
    found = thing_seen_zh(match["x"], known)
    return gone(grouped_zh(match["x"], known.things)) if isinstance(found, Wanted) else found


def _comes(match: re.Match[str], known: Known) -> Found:
    """Only what is known comes into view: of anything else nobody can tell ("时间到", "账单来了")."""
    found = thing_seen_zh(match["x"], known)
    return None if isinstance(found, Unfit) and found.why == "thing" and "现" not in match[0] else found


def _hears(match: re.Match[str], known: Known) -> Found:
    return sound_heard_zh(match["x"], known)


def _makes(match: re.Match[str], known: Known) -> Found:
    labels = labels_in(match["x"], known.sounds)
    return Wanted(Wait.SOUND, sounds=labels) if labels else None


def _rings(match: re.Match[str], known: Known) -> Found:
    """Things that ring, bark or roar: "狗叫", "电话响"."""
    labels = labels_in(match[0], known.sounds, heard=True)
    return Wanted(Wait.SOUND, sounds=labels) if labels else Unfit("sound", bare_zh(match["x"]))


def _says(match: re.Match[str], known: Known) -> Found:
    said = match["x"]
    if re.fullmatch(r"话|什么|点什么|这个|那个|些什么|一句话|话的?声音", said):
        return Unfit("sound", "说话")
    return Wanted(Wait.WORD, words=said)


def _ends(match: re.Match[str], known: Known) -> Found:
    """Sounds are heard when they are over, and not how they end."""
    return Unfit("event", match[0].rstrip("了")) if labels_in(match["x"], known.sounds, heard=True) else None


def _look(word: str) -> Read:
    def read(match: re.Match[str], known: Known) -> Found:
        return Wanted(Wait.LOOK, look=COLOURS_ZH[match["colour"]] if word == "colour" else word)

    return read


_TABLE: tuple[tuple[re.Pattern[str], Read], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (
            rf"{_NOW}(?:{_HEAR})?{_WHO}?{_NOW}{_SAYS}(?P<x>.+?)(?:这(?:个|[两几]个)(?:词|字|名字))?{_DONE}",
            _says,
        ),
        (rf"{_NOW}{_HEAR}(?P<x>.+?)(?:这(?:个|句)|[两三四]个)(?:词|字|话|名字){_DONE}", _says),
        *((pattern, _look(word)) for word, pattern in _LOOKS),
        (rf"(?P<x>.+?)(?:声)?(?:停|停止|停下来?|结束|没有?声音?|不响|不叫){_DONE}", _ends),
        (rf"{_NOW}{_HEAR}(?:有人|有|谁)?(?:在)?(?P<x>.+?){_DONE}", _hears),
        (rf"(?:有|有什么|传来|出现)(?P<x>.*(?:声音|声|动静|响动)){_DONE}", _hears),
        (rf"{_NOW}(?:看不到|看不见|见不到|不再看到|找不到)(?P<x>.+?){_DONE}", _gone),
        (rf"(?:有人|谁|某人)(?:把|(?:拿|偷|带|搬|移)走|偷)(?P<x>.+?)(?:(?:拿|偷|带|搬|移)走)?{_DONE}", _gone),
        (rf"(?P<x>.+?){_NOW}{_GONE}{_DONE}", _gone),
        (rf"{_NOW}{_SEE}(?:有)?(?P<x>.+?)(?:出现|来|过来|进来|经过)?{_DONE}", _sees),
        (rf"(?P<x>.+?){_NOW}(?:响|叫|吠|鸣|吼|轰鸣|响铃|打鸣){_DONE}", _rings),
        (rf"(?P<x>.+){_DONE}", _makes),
        (rf"(?:有|出现|来|进来|过来|经过)了?(?P<x>.+?){_NOW}{_COME}?{_DONE}", _sees),
        (rf"(?P<x>.+?){_NOW}{_COME}{_DONE}", _comes),
        (rf"(?:我|有人)(?:拿着?|举着?|举起|拿出|给你看|展示|带着?)(?P<x>.+?){_DONE}", _sees),
    )
)  # fmt: skip
