"""The thing that a Chinese request names, found among those that the eyes know: "我的钥匙", "一只大黄狗", "狗或者猫".

A noun stands at the end of its phrase. It counts only when what goes before it cannot make another thing of it: how
many, whose, what colour or size. So "海狗" is no dog, and is refused instead of promised.
"""

from __future__ import annotations

import re

from omnilive_demo.models.chinese_numbers import NUMERAL
from omnilive_demo.models.chinese_things import LONGEST, names_of
from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.reasoning.standing_things import named

_MEASURE = "个只条头匹辆台把本张件杯瓶碗盘支枝根朵棵块双副顶架艘位名群些部盏封扇座间套罐盒包袋颗粒串片壶锅架朵滴对堆"
COUNTED = rf"(?:{NUMERAL}|几|那|这|某|任何一?|另外?一?|下一?|别的|其他的?|新的?|每一?|哪怕一?)+[{_MEASURE}]?"
"""How many, or which ones: "一只", "另一辆"."""
_WHOSE = r"(?:我们?|你们?|他们?|她们?|它|咱们?|大家|自己|我妈|我爸|我家|邻居|别人|人家)(?:家)?的?"
_LIKE = (
    r"(?:[大小长短新旧老高矮胖瘦圆方红橙黄绿蓝紫粉棕褐黑白灰金银花]色?的?|彩色的?|漂亮的?|可爱的?|任何|什么|那种|这种|所有"
    r"|会动的|真的?|[^的]{1,8}的)"
)
_BEFORE = re.compile(rf"{COUNTED}|[{_MEASURE}]|{_WHOSE}|{_LIKE}|有")
_AFTER = re.compile(r"(?:的(?:话|时候|身影|样子)?|[了吗呢啊呀吧]|在(?:这|那|画面)(?:里|儿)?|(?:从|在|往|向|到|朝).+)+$")
_OR = re.compile(r"或者是?|还是|或")
_PEOPLE = re.compile(
    r"(?:有|什么|任何|陌生|大|男|女|老|年轻|坏|外|送货|送餐|来|熟|别的?)*人(?:们|影|脸)?|谁|某人|别人|有人|任何人|陌生人|(?:我|你|他|她|咱|它)们?|大家"
    r"|客人|来客|访客|主人|家人|行人|路人|小偷|贼|快递员|快递小哥|外卖员|外卖小哥|邮递员|保安|司机|服务员|医生|护士|老师|学生|同事|同学|老板"
    r"|朋友|邻居|(?:我|你|他|她)?(?:妈妈?|爸爸?|爷爷|奶奶|外婆|外公|姥姥|姥爷|哥哥?|姐姐?|弟弟?|妹妹?|叔叔|阿姨|老公|老婆|丈夫|妻子"
    r"|儿子|女儿|孩子|父母)|男孩|女孩|男的|女的|孩子|小孩|小朋友|婴儿|宝宝"
)


_TURNED = {"我们": "你们", "你们": "我们", "我": "您", "你": "我", "您": "我"}


def turned_zh(words: str) -> str:
    """What a visitor says of themselves, as it is said to them: "给我妈打电话" -> "给您妈打电话"."""
    return re.sub("|".join(_TURNED), lambda said: _TURNED[said[0]], words)


def bare_zh(said: str) -> str:
    """A noun phrase without what goes around it: "我的那把红色的钥匙" -> "钥匙"; what is unclear stays."""
    said = _AFTER.sub("", said)
    return _without_before(said) or said


def _without_before(said: str) -> str:
    """What follows the words that may go before any noun. One by one: no pattern has to look back."""
    while said and (match := _BEFORE.match(said)):
        said = said[match.end() :]
    return said


def named_zh(said: str, names: ThingNames | None) -> tuple[str, ...]:
    """The known things that a phrase in plain Chinese names, any of which will do; more than one where its word means
    several ("杯子": a mug, a cup), or where several are named.
    """
    return tuple(dict.fromkeys(name for group in grouped_zh(said, names) for name in group))


def grouped_zh(said: str, names: ThingNames | None) -> tuple[tuple[str, ...], ...]:
    """The same, those together that one word means: "杯子或狗" -> ("mug", "cup"), ("dog",)."""
    if names is None:
        return ()
    return tuple(dict.fromkeys(filter(None, (_one(part, names) for part in _OR.split(said)))))


def _one(said: str, names: ThingNames) -> tuple[str, ...]:
    said = _AFTER.sub("", said)
    for size in range(min(LONGEST, len(said)), 0, -1):
        known = tuple(name for name in names_of(said[-size:]) if name in names)
        if known and not _without_before(said[:-size]):
            return known
    if re.search(r"[a-z]", said):
        return named(" ".join(re.findall(r"[a-z' -]+", said)).strip(), names)
    return ("person",) if people_zh(said) and "person" in names else ()


def people_zh(said: str) -> bool:
    """Whether a phrase in plain Chinese means somebody."""
    said = _AFTER.sub("", said)
    return any(_PEOPLE.fullmatch(one) is not None for one in (said, _without_before(said), said[-2:]))
