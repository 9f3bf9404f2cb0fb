"""Instruction prediction in Chinese: a linear classifier over runs of characters, and the one that serves
both languages.

Chinese is written without spaces, and a sentence encoder for English knows none of it. What tells whether a
sentence is
meant for us is said in short runs of characters ("帮我", "吗", "^妈", "让我想想"): the classifier adds up
the weights of
those it knows. Names and kinship, numbers, and the ends of clauses are one character each, so that
"小王，几点开会" and
"爸，几点开会" look alike. `python -m omnilive_demo.training instruction_zh` makes the weights,
`assets/chinese/instruction.md` says how good they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from omnilive_demo.models.chinese import is_chinese, plain_chinese, run_on
from omnilive_demo.models.chinese_numbers import NUMERAL
from omnilive_demo.reasoning.back_channel_zh import only_listens
from omnilive_demo.reasoning.instruction import Instruction, InstructionPredictor
from omnilive_demo.reasoning.spoken_command_zh import read_chinese_command
from omnilive_demo.reasoning.standing_time_zh import read_chinese_delay

Array = NDArray[np.float32]

LONGEST_RUN = 4
MOST_CHARS = 120  # of a longer text the beginning and the end

_SURNAME = (
    "张王李赵刘陈杨吴徐孙郭罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田"
    "任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_TITLE = "总|老师|医生|师傅|经理|主任|教授|律师|警官|阿姨|叔叔|先生|女士|小姐|大哥|大姐|哥|姐|叔|姨|嫂"
_NAMED = re.compile(
    rf"(?:小|老|阿)[{_SURNAME}明红强丽芳军华](?=$| |[^ ])|[{_SURNAME}](?:{_TITLE})"
    r"|妈妈|爸爸|爷爷|奶奶|姥姥|姥爷|外婆|外公|老公|老婆|亲爱的|宝贝|宝宝|儿子|女儿|闺女|弟弟|"
    r"妹妹|哥哥|姐姐|叔叔|阿姨|师傅|老师|服务员|老板娘?|同学们?"
    r"|各位|女士们?|先生们?|医生|大夫|经理|司机|帅哥|美女|兄弟|哥们儿?|孩子们|小朋友们?|大爷|大妈|姑娘"
)
_NAMED_AT_AN_END = re.compile(rf"^(?:妈|爸|哥|姐|爷|奶|姨|叔|[{_SURNAME}][^\W\d ]{{1,2}}(?= ))| (?:妈|爸|哥|姐)$")
_NUMBER = re.compile(rf"{NUMERAL}(?=[个分秒小点天号月年块斤度遍次只本把张条台辆层页楼岁百千万])|\d+(?:\.\d+)?")


def reduced(text: str) -> str:
    """The characters that are looked at: simplified, clauses parted by " ", names as "@", counted numbers as "#"."""
    words = plain_chinese(text).replace("您", "你").replace("妳", "你")
    if len(words) > MOST_CHARS:
        words = words[: MOST_CHARS // 2] + words[-MOST_CHARS // 2 :]
    return _NUMBER.sub("#", _NAMED_AT_AN_END.sub("@", _NAMED.sub("@", words)))


def runs(text: str, longest: int = LONGEST_RUN) -> tuple[str, ...]:
    """The different runs of up to `longest` characters of a reduced text; ^ and $ stand for its beginning and end."""
    chars = f"^{text}$"
    found = {chars[i : i + n] for n in range(1, longest + 1) for i in range(len(chars) - n + 1)}
    return tuple(sorted(found - {"^", "$", " "}))


_ASKING = re.compile(
    r"什么|啥|谁|哪|怎么|咋|为何|多少|多[大久长高远重快宽深]|几|[吗么]$|有没有|是不是|能不能|"
    r"会不会|可不可以|要不要|没有$|(?P<one>.)不(?P=one)|[看听][得不][见清懂]"
)
_CALLED = re.compile(r"^@(?: |[我你快别把给帮来过小慢该赶看听请先再还等坐吃走谢早晚])")
_WANTING = re.compile(
    r"^(?:请|麻烦|帮|给我|替我|告诉我|提醒我|跟我|把|说|讲|念|读|数|算|查|找|翻译|解释|描述|"
    r"介绍|总结|概括|列|换|用|再|别|先|停|继续|接着|记)"
)
_GREETING = re.compile(
    r"(?:(?:嗨|嘿|哈喽|你好|你们好|大家好|早|早安|早上好|上午好|中午好|下午好|晚上好|很?高兴认识你)[啊呀"
    r"哦]?)+"
)
_LENGTHS = (2, 4, 6, 9, 13, 18)


def features(text: str) -> tuple[str, ...]:
    """What the classifier knows of a text: the runs of its reduced form, and marks that begin with "!" for
    what those do
    not show: how long it is, whether it asks, wants, calls somebody, is a command or a listener's words.
    """
    chars = reduced(text)
    asks = [match.start() for match in _ASKING.finditer(chars)]
    called, words = _CALLED.search(chars) is not None, run_on(text)
    marks = {
        "!command": read_chinese_command(text) is not None,
        "!listens": only_listens(text),
        "!greets": _GREETING.fullmatch(words) is not None,
        "!reminds": read_chinese_delay(text) is not None and "我" in words,
        "!asks": bool(asks),
        "!asks last": bool(asks) and len(chars) - asks[-1] <= 5,
        "!asks early": bool(asks) and len(chars) - asks[-1] > 8,
        "!called": called,
        "!called, asks": called and bool(asks),
        "!called at the end": re.search(r" ?@$", chars) is not None and not chars.startswith("@"),
        "!wants": _WANTING.search(chars) is not None,
        "!phone": re.search(r"^喂|喂$|拜拜|再见|回头见|挂了", words) is not None,
    }
    length = f"!length {sum(len(chars) > limit for limit in _LENGTHS)}"
    return (*runs(chars), length, *(mark for mark, is_so in marks.items() if is_so))


@dataclass(frozen=True, slots=True)
class Weights:
    """One weight for each run of the vocabulary, and one for all texts."""

    vocabulary: tuple[str, ...]
    weight: Array  # [V]
    bias: float


class ChineseInstructionPredictor:
    """Decides from the characters whether a text is to be answered. Stateless after loading; any thread.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is truncated or holds something else.
    """

    name = "Chinese instruction classifier"

    def __init__(self, weights_path: Path) -> None:
        weights = load_weights(weights_path)
        self._weight_of = dict(zip(weights.vocabulary, map(float, weights.weight), strict=True))
        self._bias = weights.bias

    def predict(self, text: str) -> Instruction:
        """Whether `text` is to be answered. Nothing said is not answered."""
        if not reduced(text):
            return Instruction(answer=False, probability=0.0)
        known = [weight for run in features(text) if (weight := self._weight_of.get(run)) is not None]
        logit = self._bias + scale_of(len(known)) * sum(known)
        probability = float(1.0 / (1.0 + np.exp(-np.clip(logit, -30.0, 30.0))))
        return Instruction(answer=probability >= 0.5, probability=probability)


def scale_of(known: int) -> float:
    """What the sum of the weights of so many known runs is multiplied by, so that long texts are not surer
    than short."""
    return float(max(known, 1) ** -0.5)


class BilingualInstructionPredictor:
    """Each language by its own predictor: Chinese where Han characters prevail, English otherwise."""

    def __init__(self, english: InstructionPredictor, chinese: InstructionPredictor) -> None:
        self._english, self._chinese = english, chinese
        self.name = f"{english.name}, {chinese.name}"

    def predict(self, text: str) -> Instruction:
        """Whether `text` is to be answered, by the language that it is in."""
        return (self._chinese if is_chinese(text) else self._english).predict(text)


def save_weights(weights: Weights, path: Path) -> None:
    """Write the weights in half precision; the vocabulary becomes UTF-8 bytes, one run a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, NDArray[np.generic]] = {
        "weight": weights.weight.astype(np.float16),
        "bias": np.array(weights.bias, np.float32),
        "vocabulary": np.frombuffer("\n".join(weights.vocabulary).encode(), np.uint8),
    }
    save_file(tensors, path)
    path.chmod(0o644)  # safetensors writes for the owner only; the app may run as somebody else


def load_weights(path: Path) -> Weights:
    """Read and check the weights.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it cannot be read, or its parts do not fit each other.
    """
    remedy = "Restore it from the repository, or make it again with `python -m omnilive_demo.training instruction_zh`."
    if not path.is_file():
        raise FileNotFoundError(f"The Chinese instruction classifier's weights are missing: {path}. {remedy}")
    try:
        found = load_file(path)
        vocabulary = tuple(found["vocabulary"].tobytes().decode().split("\n"))
        weight, bias = found["weight"].astype(np.float32), found["bias"]
    except (SafetensorError, ValueError, OSError, KeyError) as error:
        raise ValueError(
            f"The Chinese instruction classifier's weights cannot be read ({error}): {path}. {remedy}"
        ) from error
    if weight.shape != (len(vocabulary),) or bias.shape != () or len(set(vocabulary)) != len(vocabulary):
        raise ValueError(f"The Chinese instruction classifier's weights do not fit its vocabulary: {path}. {remedy}")
    return Weights(vocabulary, weight, float(bias))
