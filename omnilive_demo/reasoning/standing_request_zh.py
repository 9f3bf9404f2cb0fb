"""Requests in Chinese to be told later: "门铃响的时候告诉我", "看到一只狗就提醒我", "五分钟后提醒我关火", "别提醒我了".

Patterns over plain characters; the whole text has to fit. What asks about the past, or for an answer to go with it
("五分钟后告诉我谁来了"), is none of it. What cannot be waited for is read all the same, so that it is refused in words.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from omnilive_demo.models.chinese import run_on
from omnilive_demo.models.chinese_numbers import AMOUNT, seconds_of
from omnilive_demo.models.number_words import UNIT_S
from omnilive_demo.reasoning.standing_clause_zh import read_clause_zh, sound_heard_zh, thing_seen_zh
from omnilive_demo.reasoning.standing_things_zh import turned_zh
from omnilive_demo.reasoning.standing_time_zh import read_chinese_reminder
from omnilive_demo.reasoning.standing_wanted import Dropped, Known, Listed, Request, Unfit, Wanted, repeated

MOST_CHARS = 48  # the work grows with their cube, and this runs where nothing slow may

# Both take all they can and give nothing back, so that no text can make a pattern look for long.
_LEADING = re.compile(
    r"(?:好了?的?|行|嗯|那么?|请|麻烦|劳驾|你|帮我|帮忙|替我|给我(?!.{0,3}(?:提醒|闹钟))|可不可以|可以|能不能|能否|能|记得|别忘了"
    r"|我想让|我要|我希望|希望|到时候|对了|还有|另外|顺便|喂|嘿|助手|小助手)*+"
)
_TRAILING = re.compile(r"(?:吧|啊|呀|哦|哈|呗|好吗|好不好|行吗|行不行|可以吗|谢谢你?|谢了|拜托了?|麻烦你?了)+$")
_SOON = r"(?:就|便|再|请|你|要|马上|立刻|立即|赶紧|赶快|及时|麻烦|记得|务必|一定|都|也|能|可以|能不能|可不可以|帮我)*+"
_A_BIT = r"(?:一声|一下|一句|下)?"
_REMIND = r"(?:提醒|叫|喊|催|提示|警告|叮嘱)"
_TELL = rf"(?:告诉|通知|告知|{_REMIND}){_A_BIT}(?:我们?|大家|咱们?){_A_BIT}"
_SAY = (
    rf"(?:(?:跟|和|给|对|向)我(?:说|讲|报告|汇报|提示|提醒|发个?(?:提醒|通知|信号)){_A_BIT}|让我知道{_A_BIT}|给我提个?醒"
    rf"|给我一?个?(?:提醒|通知|信号|提示)|(?:说|喊|出|吱|吭)(?:一)?声|报告{_A_BIT}|提醒{_A_BIT}|出声)"
)
_WHEN = (
    r"(?P<every>每次|每当|每一次|每回|只要每次)?"
    r"(?:当|等到?|如果|要是|假如|假使|若是?|一旦|只要|万一|下一?次|倘若|在|你|一)*+"
)
_AT = r"(?:的?那?时候?|的话|的?那一刻|的?瞬间|以后|之后|后)*"
_TOLD = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_WHEN}(?P<clause>.+?){_AT}{_SOON}{_REMIND}{_A_BIT}(?:我们?|大家){_A_BIT}(?:要|去|得|该)?(?P<note>.*)",
        rf"{_WHEN}(?P<clause>.+?){_AT}{_SOON}(?:{_TELL}|{_SAY})",
        rf"(?:{_TELL}|{_SAY})(?:当|如果|要是|假如|一旦|只要|万一|等到?)(?P<every>每次)?(?P<clause>.+?){_AT}",
        rf"(?:如果|要是|当|一旦)(?P<every>每次)?(?P<clause>.+?){_AT}{_SOON}(?:{_TELL}|{_SAY})(?P<note>)",
    )
)
_NOTE_ASKS = re.compile(
    r"什么|啥|谁|哪|怎么|为什么|多少|[几多][点个次久长高大]|[吗么呢]$|有没有|是不是|会不会|了$|过$|的$|如果|要是|当|的时候"
)
_OFTEN = rf"每(?:(?P<gap>隔)|过)?(?P<amount>(?:一?个?半?(?:小时|钟头|分钟|秒钟?|刻钟|天))|{AMOUNT})钟?"
_ONCE = r"(?:一次|一遍|一回)"
_EVERY_TIME = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_OFTEN}{_SOON}(?:{_TELL}|{_SAY}){_ONCE}?(?:要|去|得|该)?(?P<note>.*?){_ONCE}?",
        rf"{_REMIND}{_A_BIT}(?:我们?|大家){_A_BIT}{_OFTEN}(?:都|就|要|去|得|该)*(?P<note>(?!的).*?){_ONCE}?",
    )
)
_FOLLOWED = rf"(?:{_SOON}(?:{_TELL}|{_SAY}))?"
_WATCHED = (
    (re.compile(rf"(?:留意|留心|注意看?|盯着|盯|看着|观察|关注){_A_BIT}(?:有没有|有无)?(?P<x>.+?){_FOLLOWED}"), True),
    (re.compile(rf"(?:注意听|听着|仔细听|留意听|帮我听){_A_BIT}(?:有没有)?(?P<x>.+?){_FOLLOWED}"), False),
)  # fmt: skip

_ONE = r"(?:提醒|闹钟|计时器?|定时器?|倒计时|闹铃|提示|通知|请求)"
_LISTED = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:现在|目前|还)*(?:在)?(?:等|等着|等待|留意|盯着?|注意)(?:着)?(?:什么|哪些(?:东西|事情?)?)(?:呢|东西|事情?)?",
        rf"(?:我|现在|目前|还|都|一共|设|设置|定)*(?:有|有着|设了|定了|设置了)(?:什么|哪些|几个|多少个?){_ONE}(?:呢)?",
        rf"(?:列出|列一下|告诉我|说说|说一下|念一下|查看|看看)(?:我的|所有的?|全部的?)*{_ONE}(?:列表)?(?:有哪些)?",
        r"(?:我)?(?:都|刚才|之前)*(?:让|叫|要)你(?:都)?(?:提醒|告诉|通知|留意|等)(?:我)?(?:什么|哪些(?:事情?)?)(?:了|来着)?",
        r"(?:离)?(?:闹钟|计时器?|倒计时|定时器?)?还(?:有|剩|要)?(?:多久|多长时间|几分钟|多少(?:时间|分钟|秒))(?:响|结束|到|到时间)?",
    )
)
_STOP = r"(?:别|不要|不用|不必|不需要|甭|停止|停|取消|结束|删除|删掉|关掉|关了|清除|去掉|撤销)"
_ALL = re.compile(rf"(?:所有的?|全部的?|一切|每个|全都?|这些|那些|都)+{_ONE}?|{_ONE}?(?:全部|所有|都)")
_LAST = re.compile(rf"(?:这个|那个|刚才的?那?个?|上一个|最后一个|它|这|那)?(?:{_ONE})?(?:我)?")
_DROPPED = tuple(
    (re.compile(pattern), sure)
    for pattern, sure in (
        (rf"{_STOP}(?:再|继续)?(?:每.{{1,8}}?)?(?:提醒|提示)(?:我)?(?P<x>.*?)(?:了|啦)?", True),
        (rf"{_STOP}(?:再|继续)?(?:告诉|通知|叫|喊)(?:我)?(?P<x>.*?)(?:了|啦)?", False),
        (rf"(?P<x>.+?){_AT}就?(?:别|不要|不用|不必)再?(?:提醒|告诉|通知|叫|喊|跟我说)我?(?:了|啦)?", False),
        (rf"{_STOP}(?:再|继续)?(?:等|等着|留意|盯着?|看着|听着?|注意)(?P<x>.*?)(?:了|啦)?", False),
        (rf"(?:取消|删除|删掉|关掉|关了|关闭|停掉|停止|清除|去掉|撤销|结束|不要)(?P<x>.*?{_ONE}.*?)(?:了|啦)?", True),
        (rf"把?(?P<x>.*?{_ONE})(?:都|全部)?(?:取消|删除|删掉|删|关掉|关|停掉|停|清除|撤销)(?:了|掉|吧)?", True),
        (r"(?:取消|撤销|删掉)(?P<x>这个|那个|它|刚才的?那?个?|全部|所有的?|一切)", False),
        (rf"(?:我)?不(?:要|用|需要)(?P<x>.*?{_ONE})(?:了|啦)", True),
    )
)
_CLOCK = re.compile(
    r"(?:[零一二两三四五六七八九十\d]+(?:点钟?|点半|点[零一二三四五六七八九十\d]+分?|时)|中午|半夜|午夜)(?:整|的时候)?"
)
_SET = r"(?:定|设|设定|设置|订|开|弄|上|来|加|建)(?:一?个)?"
_UNTIMED = re.compile(
    rf"(?:{_REMIND}{_A_BIT}我.*|叫醒我|{_SET}?(?:.*的)?(?P<timer>闹钟|计时器?|定时器?|倒计时|闹铃|提醒))"
)


def read_request_zh(text: str, known: Known) -> Request | None:
    """What a Chinese sentence asks to be told later, or to be told no more; None when it asks for neither.

    Args:
        text: as typed or recognised.
        known: what can be waited for by its name; without names of things, no thing can.
    """
    words = run_on(text)
    if not words or len(words) > MOST_CHARS:
        return None
    words = _TRAILING.sub("", words)
    if (managed := _managed(words)) is not None:
        return managed
    words = _LEADING.sub("", words, count=1)
    asked = _managed(words) or _timed(words) or _clock(words)
    asked = asked or _told(words, known) or _watched(words, known) or _untimed(words)
    return replace(asked, note=_spelled(asked.note, text)) if isinstance(asked, Wanted) else asked


def _managed(words: str) -> Dropped | Listed | None:
    if any(pattern.fullmatch(words) for pattern in _LISTED):
        return Listed()
    for pattern, sure in _DROPPED:
        match = pattern.fullmatch(words)
        if match is None:
            continue
        about = match["x"] or ""
        if _ALL.fullmatch(about):
            return Dropped(all=True, sure=sure)
        if _LAST.fullmatch(about) and not re.search(_ONE, about):
            return Dropped("提醒" if re.search(_ONE, words) else "", sure=sure)
        return Dropped(about, sure=sure)
    return None


def _timed(words: str) -> Wanted | Unfit | None:
    match = next(filter(None, (pattern.fullmatch(words) for pattern in _EVERY_TIME)), None)
    if match is not None and not _NOTE_ASKS.search(match["note"]):
        amount = match["amount"]
        delay_s = seconds_of(amount if re.fullmatch(AMOUNT, amount) else f"一{amount}")
        if match["gap"] and delay_s == UNIT_S["day"]:
            delay_s *= 2  # "每隔一天" leaves a day out
        return repeated(delay_s, turned_zh(re.sub(_ONCE, "", match["note"])))  # "喝一次水"
    wanted = read_chinese_reminder(words)
    return replace(wanted, note=turned_zh(wanted.note)) if wanted is not None else None


def _clock(words: str) -> Unfit | None:
    """Times of day, which nobody here knows: "七点叫我起床", "明天早上提醒我"."""
    told = re.search(rf"{_REMIND}{_A_BIT}我|(?:告诉|通知)我$|叫醒我|闹钟|闹铃", words)
    if told is None:
        return None
    before = words[: told.start()]
    if _CLOCK.search(before) or (_SET_CLOCK.search(words) is not None):
        return Unfit("clock")
    return Unfit("when") if _SOME_DAY.fullmatch(before) else None


_SET_CLOCK = re.compile(rf"{_SET}.*?{_CLOCK.pattern}.*?(?:闹钟|闹铃|提醒)")
_SOME_DAY = re.compile(
    r"(?:在)?(?:明天|后天|今晚|今天|明早|明晚|下周.?|周.|星期.|待会儿?|等会儿?|一会儿?|过会儿?|晚点|晚些时候|以后|回头|稍后|早上|上午|中午"
    r"|下午|傍晚|晚上|的)+(?:再|请|记得|你)*"
)


def _told(words: str, known: Known) -> Wanted | Unfit | None:
    found: Wanted | Unfit | None = None
    for match in filter(None, (pattern.fullmatch(words) for pattern in _TOLD)):
        note = match.groupdict().get("note") or ""
        if note and _NOTE_ASKS.search(note):
            continue
        read = read_clause_zh(match["clause"], known)
        if isinstance(read, Wanted):
            return replace(read, note=turned_zh(note), every=bool(match["every"]))
        found = found or read
    return found


def _watched(words: str, known: Known) -> Wanted | Unfit | None:
    for pattern, by_eye in _WATCHED:
        match = pattern.fullmatch(words)
        if match is None:
            continue
        said = re.sub(r"(?:的)?(?:出现|来|过来|经过|动静)?(?:没有|了没有|了)?$", "", match["x"]) or match["x"]
        read = thing_seen_zh(said, known) if by_eye else sound_heard_zh(said, known)
        told = match.end("x") < len(words)
        if isinstance(read, Unfit):
            clause = read_clause_zh(match["x"], known)
            read = clause if isinstance(clause, Wanted) else read
        return read if told or isinstance(read, Wanted) else None  # "看着我", "注意安全"
    return None


def _untimed(words: str) -> Unfit | None:
    match = _UNTIMED.fullmatch(words)
    if match is None or _NOTE_ASKS.search(words):
        return None
    return Unfit("when" if match["timer"] in (None, "提醒") else "how long")


def asks_of_words(text: str) -> bool:
    """Whether a Chinese sentence asks what was said: "有人提到午饭吗", "我说了什么"."""
    words = run_on(text)
    return _SAYING.search(words) is not None and _NOTE_ASKS.search(words) is not None


_SAYING = re.compile(r"[说讲提聊谈](?:到|过|起|了|的)?")


def _spelled(note: str, text: str) -> str:
    """A note with its Latin words as they were typed: "给anna打电话" -> "给Anna打电话"."""
    typed = {word.lower(): word for word in re.findall(r"[A-Za-z]+", unicodedata.normalize("NFKC", text))}
    return re.sub(r"[a-z]+", lambda word: typed.get(word[0], word[0]), note)
