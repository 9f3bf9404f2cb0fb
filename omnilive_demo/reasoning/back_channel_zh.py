"""Who takes the word in Chinese, and who only listens aloud ("嗯嗯", "对对对", "是吗"); characters instead of words."""

from __future__ import annotations

import re

from omnilive_demo.models.chinese import run_on

_LISTENING = re.compile(
    r"(?:嗯哼?|恩|唔|呣|哦|啊|呵|哈|嘿|嘻|诶|哎|唉|呃|额|哇|呀|嗨|对|是|好|行|真|的|了|吧|呢|吗|嘛|啦|呗|哟|嘞"
    r"|是啊|是吗|是嘛|是呀|是的|对啊|对吧|没错|不错|真的假的|可以|当然|确实|的确|同意|明白|懂|"
    r"知道|了解|清楚|原来如此|原来|这样|那样|难怪|怪不得|有意思|有道理|厉害|太棒|真棒|棒"
    r"|我(?:知道|明白|懂|也觉得|同意)|可不是|不会吧|天哪|天啊|哎呀|哎哟|噗|咳|啧|嘘|yeah|ok|okay|m+|hm+|oh|ha)+"
)
"""A listener's sounds and words. Never "不", "停", "等" or a question word but "是吗"."""
_TAKING = re.compile(
    r"停|等|别|不对|不是|不要|不用|不行|错|闭嘴|住口|安静|打住|够了|算了|取消|听我|我说|我想|"
    r"我要|问|什么|怎么|为什么|哪|谁|几|多少|干嘛|请|告诉|再说|重复"
    r"|继续|接着|换|下一|慢|快|大声|小声|短|长|详细|简单|帮|看|你|喂|no|stop|wait"
)
"""What one says who takes the floor with a word or two."""

SHORT_S, FEW_CHARS = 0.7, 3
MOST_CHARS = 10


def only_listens(text: str) -> bool:
    """Whether the words are a listener's: "嗯", "对对对", "哦是吗"; nothing said is not."""
    words = run_on(text)
    return 0 < len(words) <= MOST_CHARS and _LISTENING.fullmatch(words) is not None


def takes_the_chinese_word(text: str, speech_s: float) -> bool:
    """Whether an utterance in Chinese that lasts `speech_s`, and is not very long, takes the floor."""
    words = run_on(text)
    if not words or only_listens(text):
        return False
    if speech_s < SHORT_S and len(words) <= FEW_CHARS:
        return _TAKING.search(words) is not None
    return True


def repeats(text: str, own_text: str) -> bool:
    """Whether at least half of the pairs of neighbouring characters are neighbours in our own text as well."""
    words, own = run_on(text), run_on(own_text)
    pairs = [words[i : i + 2] in own for i in range(len(words) - 1)]
    return bool(pairs) and sum(pairs) * 2 >= len(pairs)
