"""How complete a Chinese text sounds: left open after "的" or "因为", closed by "吗" or "了", only announced, a command.

The pauses themselves are `end_of_turn`'s; here is only which of them a text is given.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from omnilive_demo.models.chinese import run_on


class Sounds(Enum):
    """How the words sound so far."""

    COMMAND = auto()
    ANNOUNCING = auto()
    LEFT_OPEN = auto()
    COMPLETE = auto()


_SAY = r"(?:说|讲|回答)"
_COMMAND = re.compile(
    rf"(?:请|你|先|快|好了?|那|喂|ok)*(?:停下?来?|停一下|停止|别{_SAY}(?:话)?了?|不要{_SAY}了|不用{_SAY}了|安静{{1,2}}|安静(?:一点|点|一下)|闭嘴|住口|够了|算了"
    rf"|取消|等一下|等等|稍等|继续{_SAY}?|接着{_SAY}|往下{_SAY}|再{_SAY}一[遍次]|重复(?:一[遍下次])|{_SAY}?(?:短|简短|简单|详细|具体|慢|大声|小声)(?:一?点)"
    rf"|是的?|对|不是|不对|不|好的?|行|可以|不用了?|不要|没有|有|谢谢(?:你)?|不用谢|不客气|(?:这|那)是(?:什么|啥)|是什么|你看见了?什么|下一个|换一个)"
    r"(?:吧|啊|呀|啦|了|谢谢|停)*"
)
"""Short texts that nobody goes on from."""

_I = r"(?:我|我们|咱们)"
_YOU = r"(?:你|你们)"
_ANNOUNCING = re.compile(
    rf"(?:嗯|那个|那|呃|好|对了|就是|然后|其实|诶|哎)*(?:{_I}(?:就|还|也|先|再|现在)?(?:想|要|想要|需要|打算|得)(?:再|先)?(?:问|请问|请教|知道|了解|告诉|跟|和|说|看|请|让|麻烦)?{_YOU}?"
    rf"(?:问|说|讲|确认|请教|打听)?(?:一?下|一件事情?|个?问题|个?事儿?|一个问题|点事)?"
    rf"|{_I}(?:有|还有)(?:一?个?|点)(?:问题|事情?|事儿)(?:想|要)?(?:问|请教|说)?{_YOU}?(?:一下)?"
    rf"|{_YOU}?(?:能不能|可不可以|可以|能|能否|可否|会不会|是不是|有没有|要不要)(?:帮{_I}|给{_I}|告诉{_I}|跟{_I}说|再|帮忙)?(?:一下)?"
    rf"|(?:请|麻烦)?{_YOU}?(?:告诉|帮|给|提醒|让|教|跟){_I}(?:一下)?|{_YOU}(?:知道|知不知道|记得|记不记得|觉得|说|看)"
    rf"|请问(?:一下)?|问{_YOU}?(?:一下|个问题|一个问题|件事)|{_I}(?:觉得|认为|猜|记得|的意思是|是说|的问题是)|对了|话说|是这样(?:的)?|喂|嘿|诶|哎|不好意思|打扰一下"
    rf"|(?:问题|事情|重点)是)"
)
"""Whole texts that only announce something."""

_LEFT_OPEN = re.compile(
    r"(?:"
    r"的|地|得|和|跟|与|及|或|或者|还有|以及|而且|并且|而|但|但是|可是|不过|然而|只是|因为|由于|所以|因此|于是|如果|要是|假如|假设|万一|只要|只有|除非"
    r"|虽然|尽管|即使|就算|哪怕|无论|不管|不但|不仅|既然|既|当|每当|自从|直到|等到|为了|关于|对于|至于|根据|按照|除了|比如|例如|像|譬如|包括"
    r"|把|被|让|叫|给|在|从|到|往|向|朝|对|比|用|以|由|离|为|替|随着|通过|沿着|将"
    r"|我|我们|你|你们|他|她|它|他们|她们|咱们|大家|有人|这|那|这个|那个|这些|那些|哪个|哪些|每|某|每个|一个|一只|一条|一把|一张|一本|一种|一些|两个|几个"
    r"|是|不是|有|没有|会|能|能够|可以|应该|必须|需要|想|想要|要|打算|准备|正在|正|已经|曾经|一直|总是|经常|刚|刚刚|刚才|就|才|都|也|还|又|再|先|更|最|很|非常|特别|太|比较"
    r"|真|好像|似乎|大概|可能|也许|或许|其实|首先|然后|接着|最后|另外|此外|就是|就是说|也就是说|不过呢|怎么|为什么|什么时候|什么|哪|几|多|不|没|别|请|将要|被|所|之|以前我|之后我"
    r"|嗯|呃|额|唔|那什么|这个嘛|第一|第二|第三"
    r")"
)
_LEFT_OPEN_WORDS = frozenset(_LEFT_OPEN.pattern[3:-1].split("|"))
_LONGEST = max(map(len, _LEFT_OPEN_WORDS))

_CLOSED = re.compile(
    r".*(?:吗|呢|吧|了|啊|呀|啦|嘛|哦|哟|呗|喽|嘞|来着|没有|不行|不好)"  # particles, and "门关了没有"
    r"|.*(?:[好真对]的|[是红蓝绿黄黑白灰紫橙粉大小新旧冷热坏错空满真假]的)"  # "这件是新的"
    r"|.*(?:是|在|干|做|看|说|叫|有|买|吃|喝|拿|找|为了?|想|写|听到|看到|看见|放了?|发生了?|记得|需要|要|当|学|用|问|聊|变成了?)(?:什么|啥|哪里|哪儿|谁|哪个|哪些)"  # "这是什么"
    r"|.*(?:是|在|有|像|去)谁|.*在哪|.*(?:为什么|怎么)(?:呢|啊|办|样|了|回事)|为什么|什么|怎么|谁|哪里"
    r"|.*(?:认识|喜欢|爱|给|看见|看到|听见|告诉|叫|找|问|帮|记得|陪|等|谢谢|提醒|教|抱|拉|推|递给|还给|给了)(?:你|我|他|她|它|我们|你们|他们|这个|那个|这些|那些)"  # objects
    r"|.*(?:看|拿|要|用|是|问|说|选|换|买|吃|喝|放下|打开|关掉|关于|不是|就是|喜欢|什么是)(?:这个|那个|这些|那些)"
    r"|.*(?:想要|需要|不要|不能|不会|不可以|不想|就要|还要|还有|都有|也有|没说|不知道|都会|就行|看到|听到|找到|想到|收到|遇到|拿到|买到|迟到|报到|没想到|不对)"
    r"|(?:也|就|都|我|那|这)?(?:不|没|是|对|好|行|能|会|可以|不能|不会|应该|想|要|有)|.*(?:是不是|对不对|好不好|行不行|能不能|可不可以|会不会|有没有|在不在|要不要|够不够)"
    r"|.*(?:什么|怎么)(?:时候|东西|地方|颜色|样子|名字|意思|声音|办法).*"
)
"""Whole texts that are complete although they end in one of those."""


def sounds(text: str) -> Sounds:
    """How a Chinese text sounds; punctuation does not matter."""
    words = run_on(text)[-60:]
    if _COMMAND.fullmatch(words):
        return Sounds.COMMAND
    if _ANNOUNCING.fullmatch(words):
        return Sounds.ANNOUNCING
    if _ends_open(words) and not _CLOSED.fullmatch(words):
        return Sounds.LEFT_OPEN
    return Sounds.COMPLETE


def _ends_open(words: str) -> bool:
    return any(words[-n:] in _LEFT_OPEN_WORDS for n in range(1, min(_LONGEST, len(words)) + 1))
