"""How complete a Chinese text sounds: left open after "的" or "因为", closed by "吗" or "了", only
announced, a command.

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
    NOTHING = auto()  # no words


_SAY = r"(?:说|讲|回答)"
_COMMAND = re.compile(
    rf"(?:请|你|先|快|好了?|那|喂|ok)*(?:停下?来?|停一下|停止|别{_SAY}(?:话)?了?|不要{_SAY}了|"
    rf"不用{_SAY}了|安静|安静(?:一点|点|一下)|闭嘴|住口|够了|算了"
    rf"|取消|等一下|等等|稍等|继续{_SAY}?|接着{_SAY}|往下{_SAY}|再{_SAY}一[遍次]|重复(?:一[遍下次])|"
    rf"{_SAY}?(?:短|简短|简单|详细|具体|慢|大声|小声)(?:一?点)"
    r"|是的?|对(?!了)|不是|不对|不|好的?|行|可以|不用了?|不要|没有|有|谢谢(?:你)?|不用谢|不客气|"
    r"(?:这|那)是(?:什么|啥)|是什么|你看见了?什么|下一个|换一个)"
    r"(?:吧|啊|呀|啦|了|谢谢|停)*"
)
"""Short texts that nobody goes on from."""

_I = r"(?:我|我们|咱们)"
_YOU = r"(?:你|你们)"
_ANNOUNCING = re.compile(
    rf"(?:嗯|那个|那|呃|好|对了|就是|然后|其实|诶|哎)*(?:{_I}(?:就|还|也|先|再|现在)?(?:想|要|"
    rf"想要|需要|打算|得)(?:再|先)?(?:问|请问|请教|知道|了解|告诉|跟|和|说|看|请|让|麻烦)?{_YOU}?"
    rf"(?:问|说|讲|确认|请教|打听)?(?:一?下|一件事情?|个?问题|个?事儿?|一个问题|点事)?"
    rf"|{_I}(?:有|还有)(?:一?[个件]?|点)(?:问题|事情?|事儿)(?:想|要)?(?:问|请教|说)?{_YOU}?(?:一下)?"
    rf"|{_YOU}?(?:能不能|可不可以|可以|能|能否|可否|会不会|是不是|有没有|要不要)(?:帮{_I}|给{_I}|"
    rf"告诉{_I}|跟{_I}说|再|帮忙)?(?:一下)?"
    rf"|(?:请|麻烦)?{_YOU}?(?:告诉|帮|给|提醒|让|教|跟){_I}(?:一下)?|{_YOU}(?:知道|知不知道|记得|记不记得|觉得|说|看)"
    rf"|请问(?:一下)?|问{_YOU}?(?:一下|个问题|一个问题|件事)|{_I}(?:觉得|认为|猜|记得|的意思是|"
    r"是说|的问题是)|对了|话说|是这样(?:的)?|喂|嘿|诶|哎|不好意思|打扰一下"
    rf"|(?:问题|事情|重点)是)"
)
"""Whole texts that only announce something."""

_LEFT_OPEN_WORDS = """
    的 地 得 之 所 和 跟 与 及 或 或者 还有 以及 而 而且 并 并且 但 但是 可是 不过 然而 只是 因为 由于 所以
    因此 于是 结果
    如果 要是 假如 万一 只要 只有 除非 虽然 虽说 尽管 即使 就算 哪怕 无论 不管 不但 不仅 既 既然 当 每当
    自从 直到 等到
    为了 关于 对于 至于 根据 按照 除了 比如 例如 像 譬如 包括 不过呢 所以呢
    把 被 让 叫 给 在 从 到 往 向 朝 对 比 用 以 由 离 为 替 将 随着 通过 沿着 放在 放到 位于
    我 我们 你 你们 他 她 它 他们 她们 咱们 大家 这 那 这个 那个 这些 那些 这种 那种 哪 哪个 哪些 几 每 每个
    某 某个
    一个 一只 一条 一把 一张 一本 一种 一些 一台 一杯 两个 几个 三个 第一 第二 第三
    是 有 会 能 能够 可以 应该 必须 需要 想 想要 要 打算 准备 正在 已经 曾经 一直 总是 经常 刚 刚刚 刚才 就
    才 都 也 还 又 再 先 更 最
    很 非常 特别 太 比较 好像 似乎 大概 可能 也许 或许 其实 首先 然后 接着 最后 另外 就是 就是说 也就是说
    怎么 为什么 什么时候 不 没 别 请
    是不是 有没有 能不能 可不可以 会不会 要不要 不是 不会 不能
    嗯 呃 额 唔 那什么 这个嘛
"""
_LEFT_OPEN = frozenset(_LEFT_OPEN_WORDS.split())
"""Words after which more is to come: particles of a description, conjunctions, prepositions, subjects, auxiliaries."""

_CLOSING_WORDS = """
    吗 呢 吧 了 啊 呀 啦 嘛 哦 哟 呗 喽 嘞 来着
    好的 真的 对的 是的 别的 目的 红的 白的 黑的 绿的 蓝的 黄的 新的 旧的 大的 小的 热的 冷的 坏的 空的 满的
    我的 你的 他的 她的 谁的
    土地 场地 基地 草地 工地 当地 外地 记得 值得 懂得 温和 暖和 开会 机会 晚会 聚会 宴会 大会 学会 社会 误会
    约会 协会
    重要 主要 摘要 思想 理想 梦想 不想 现在 实在 存在 内在 不在 还在 反对 面对 绝对 不对 答对 人才 天才 功能
    智能 性能 技能
    看到 听到 想到 找到 收到 遇到 拿到 买到 迟到 报到 见到 感到 做到 得到 达到 碰到 离开 方向 认为 行为 成为
    以为 作为
    使用 作用 没用 有用 费用 好用 信用 应用 不用 自由 理由 距离 分离 隔离 代替 所有 没有 大将 对象 图像 录像
    头像 雕像
    对不对 好不好 行不行 在不在 够不够 差不多 很多 最多 太多 更多 分别 区别 级别 性别 告别 识别 申请 邀请
    成就 将就
    不多 星期几 周几 礼拜几 几号 上当 年级
"""
_CLOSING = frozenset(_CLOSING_WORDS.split())
"""Words that end in one of those and leave nothing open; the longest word that a text ends in decides."""
_LONGEST = max(map(len, _LEFT_OPEN | _CLOSING))

_POINTED = r"(?:这|那)(?:个|些|种|只|把|本|张|条)"
_CLOSED = re.compile(
    r"[我你他她它不]|(?:我|你|他|她|它|他们|这|那|也|就|都|我也)(?:不|没|是|会|能|可以|应该|"
    r"要|不是|不会|不能|都有|都要)"  # a whole answer
    rf"|.*(?:看|要|是|拿|用|选|换|买|问|吃|喝|说|喜欢|打开|关掉)(?:一下)?{_POINTED}"  # "我想买这个"
    r"|.*(?:告诉|提醒|认识|喜欢|看见|看到|听见|找到|谢谢|需要|帮|陪|教|等|爱|还给|递给|交给|"
    r"问)(?:你|我|他|她|它)们?"  # "我不认识他"
    r"|.*(?:星期|周|礼拜|点|层|号|第)几|.*(?:在|去|到)哪|.*(?:是谁|叫什么|怎么(?:办|样|用|走|"
    r"去|做|弄|开|来|读|写|卖|说)|为什么不)"
    r"|.*(?:什么|谁)(?:都|也)(?:不会|没有|有|会|能|要|可以|是)|.*还(?:想|没|要)要"
)
"""Whole texts that are complete although they end in one of the open words."""
_CONDITION = re.compile(
    r"(?:嗯|那|那个)*(?:如果|要是|假如|万一|虽然|尽管|只要|既然|每当|等到?)"
    r"(?!.*(?:就|那么|怎么|什么|吗|呢|吧|告诉|提醒|叫|通知|喊|说|得|会|能|可以|请|帮|但|可|也|"
    r"还|再|等|了我|一[下会])).{2,14}"
)
"""Whole texts that are the first half of a condition: "如果明天下雨"."""


def sounds(text: str) -> Sounds:
    """How a Chinese text sounds; punctuation does not matter."""
    words = run_on(text)[-80:]
    if _COMMAND.fullmatch(words):
        return Sounds.COMMAND
    if _ANNOUNCING.fullmatch(words):
        return Sounds.ANNOUNCING
    if _last_word(words) in _LEFT_OPEN and not _CLOSED.fullmatch(words):
        return Sounds.LEFT_OPEN
    return Sounds.LEFT_OPEN if _CONDITION.fullmatch(words) else Sounds.COMPLETE


def _last_word(words: str) -> str:
    """The longest word of the tables that a text ends in; empty when it ends in none."""
    ends = (words[-n:] for n in range(min(_LONGEST, len(words)), 0, -1))
    return next((end for end in ends if end in _CLOSING or end in _LEFT_OPEN), "")
