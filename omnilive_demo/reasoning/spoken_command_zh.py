"""Words in Chinese that steer the talk itself: "停", "接着说", "再说一遍", "说短一点"."""

from __future__ import annotations

import re

from omnilive_demo.models.chinese import run_on

_SO = (
    r"(?:好了?|好的|行了?|那|哎|诶|喂|请|麻烦|你|现在|先|就|快|能不能|可不可以|可以|能|给我|"
    r"帮我|ok|嗯|不|对不起|不好意思|抱歉)*"
)
_END = r"(?:吧|啊|呀|啦|了|哈|呢|吗|好吗|好不好|行吗|行不行|可以吗|谢谢|谢谢你|谢了|一下|先|现在|我)*"
_A_BIT = r"(?:一点儿?|点儿?|一些|些)?"
_AGAIN = r"(?:一遍|一次|一下|一回|遍|次)"
_SAY = r"(?:说|讲|回答)"
_MORE = r"(?:详细|仔细|具体|完整|全面|多|长)"
_LESS = r"(?:短|简短|简单|简洁|少|简要|精简)"
_SPEAK = rf"(?:请|再|尽量)?{_SAY}?话?"
_TABLE = tuple(
    (name, re.compile(rf"{_SO}(?:{pattern}){_END}"))
    for name, pattern in (
        (
            "stop",
            rf"(?:停下?来?|停止|打住|住口|住嘴|闭嘴|安静{_A_BIT}|够了|可以了|行了|算了|取消|暂停|等等|"
            r"等一?下|等会儿?|等一会儿?|稍等|且慢"
            rf"|(?:别|不要|不用|不必|甭)再?{_SAY}(?:话|下去)?|别(?:讲话|吵|出声|念|管)|不用管它?|不{_SAY}了|没事|没什么"
            r"|说到这|到此为止|就到这儿?|就这样)(?:停|够了|算了|别说|不要说|安静|了|吧|[啊呀])*",
        ),
        (
            "go on",
            rf"(?:继续{_SAY}?(?:下去)?|(?:接着|往下){_SAY}?(?:下去)?|{_SAY}下去|你?{_SAY}你的|然后呢|"
            r"后来呢|还有呢|还有什么"
            rf"|刚才{_SAY}到哪儿?|你?{_SAY}完)",
        ),
        (
            "repeat",
            rf"(?:再{_SAY}?(?:{_AGAIN}|来{_AGAIN})(?:你?刚才说的)?|(?:再)?重复{_AGAIN}?|重新{_SAY}{_AGAIN}?|"
            rf"重{_SAY}{_AGAIN}"
            rf"|再来{_AGAIN}|(?:你)?(?:刚才|刚刚){_SAY}(?:的是)?什么|{_SAY}什么|我?没(?:有)?听(?:清楚?|见|到|懂|明白)"
            rf"|(?:把)?刚才的?(?:话|那句)?再?{_SAY}{_AGAIN})",
        ),
        ("slower", rf"{_SPEAK}得?再?放?慢{_A_BIT}{_SAY}?|{_SAY}得?太快|把?语速放?慢{_A_BIT}|慢慢{_SAY}"),
        ("faster", rf"{_SAY}话?得?再?快{_A_BIT}{_SAY}?|再?快{_A_BIT}{_SAY}|{_SAY}得?太慢|把?语速加?快{_A_BIT}"),
        (
            "louder",
            rf"{_SPEAK}再?大{_A_BIT}声{_A_BIT}{_SAY}?|把?声音?再?[调开放]?大{_A_BIT}|声音太小声?|(?:{_SAY}得?)?太小声",
        ),
        (
            "quieter",
            rf"{_SPEAK}再?小{_A_BIT}声{_A_BIT}{_SAY}?|把?声音?再?[调开放]?小{_A_BIT}|声音太[大吵]声?|(?:{_SAY}得?)?太大声",
        ),
        (
            "shorter",
            rf"(?:(?:请|再|尽量)?{_SAY}?得?(?:再)?{_LESS}{_A_BIT}(?:{_SAY})?|长话短说|少{_SAY}{_A_BIT}|"
            rf"(?:{_SAY}得?)?太(?:长|啰嗦|多)|{_SAY}重点"
            rf"|(?:用)?一句话(?:{_SAY})?|(?:回答|答案)(?:再)?{_LESS}{_A_BIT}|简(?:单|短)地?{_SAY}{_A_BIT})",
        ),
        (
            "longer",
            rf"(?:(?:请|再|尽量)?{_SAY}?得?(?:再|更)?{_MORE}{_A_BIT}(?:{_SAY})?|再?多{_SAY}(?:{_A_BIT}|"
            rf"几句)|详细{_SAY}{_A_BIT}|展开{_SAY}(?:{_SAY}|{_A_BIT})"
            rf"|(?:回答|答案)(?:再)?{_MORE}{_A_BIT}|{_SAY}(?:得)?{_MORE}{_A_BIT})",
        ),
    )
)
# Of speed and loudness only what names the voice or the speaking: "太大" may be of a shoe, and "快点" of anything.
_NOT = re.compile(r"(?:多|少|长|短|快|慢|吧|了)+")  # alone they are about anything
_MOST_CHARS = 24


def read_chinese_command(text: str) -> str | None:
    """The value of the `spoken_command.Command` that a whole Chinese sentence is, or None."""
    words = run_on(text)
    if len(words) > _MOST_CHARS or _NOT.fullmatch(words):
        return None
    return next((name for name, pattern in _TABLE if pattern.fullmatch(words)), None)
