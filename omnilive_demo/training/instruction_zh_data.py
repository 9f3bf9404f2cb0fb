"""What the Chinese instruction classifier is trained on: templates, word lists, and noise; all seeded.

`instruction_zh_templates.txt` and `instruction_zh_words.txt` are of the same form as the English ones. Whoever is
called by name comes before or after a clause; half of the copies lose the comma there, since a recogniser may write
none.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator

from omnilive_demo.models.chinese import plain_chinese, run_on
from omnilive_demo.training.instruction_data import DATA, Template, Utterance, read_slot_words, read_templates

TEMPLATES = DATA / "instruction_zh_templates.txt"
SLOT_WORDS = DATA / "instruction_zh_words.txt"

_SLOT = re.compile(r"\{(\w+)\}")
_CHOICE = re.compile(r"\(([^()]*)\)")


def fill(template: Template, words: dict[str, list[str]], draw: random.Random) -> str:
    """One sentence of a template, every choice and slot drawn anew; who is called is parted from the rest
    by a space."""
    text = template.text
    if text.startswith("{kin}"):
        text = text.replace("{kin}", "{kin} ", 1)
    text = _CHOICE.sub(lambda match: draw.choice(match[1].split("|")), text)
    return plain_chinese(_SLOT.sub(lambda match: draw.choice(words[match[1]]), text))


def utterances(per_template: int, seed: int) -> list[Utterance]:
    """At most `per_template` different sentences of each template, without noise."""
    draw, words = random.Random(seed), read_slot_words(SLOT_WORDS)
    found: list[Utterance] = []
    for template in read_templates(TEMPLATES):
        texts = dict.fromkeys(fill(template, words, draw) for _ in range(per_template))
        found += [Utterance(text, template.answer, template.category, template.id) for text in texts if text]
    return found


def pattern(template: Template, words: dict[str, list[str]]) -> re.Pattern[str]:
    """What a template could ever say in plain form, spaces aside: to prove that a text is none of its."""

    def literal(text: str) -> str:
        parts = _SLOT.split(text)
        return "".join(slot(part) if i % 2 else re.escape(run_on(part)) for i, part in enumerate(parts))

    def slot(name: str) -> str:
        return "(?:" + "|".join(map(re.escape, map(run_on, words[name]))) + ")"

    regex = ""
    for i, part in enumerate(_CHOICE.split(template.text)):
        regex += "(?:" + "|".join(map(literal, part.split("|"))) + ")" if i % 2 else literal(part)
    return re.compile(regex)


# ---- noise: what is lost and added between a mouth and a transcript ----------------------------------------------

_LEADING = ("嗯", "呃", "那个", "那", "好", "哎", "诶", "请问", "然后", "就是", "对了", "你好")
_TRAILING = ("啊", "呀", "呢", "嗯", "谢谢", "吧", "哦")
_SOUND_ALIKE = {
    "在": "再", "再": "在", "他": "她", "她": "它", "它": "他", "哪": "那", "那": "哪", "的": "得", "得": "的",
    "吗": "嘛", "做": "作", "是": "事",
    "几": "机", "有": "又", "里": "理", "了": "啦", "这": "着", "声": "生", "一": "以", "没": "每", "什么":
    "神马", "儿": "",
}  # fmt: skip
_NEVER_LEAD = ("backchannel", "filler")


def noisy(one: Utterance, draw: random.Random) -> str:
    """A text as it may arrive: a filler more, a character lost or misheard, the break between its clauses lost."""
    text = one.text
    if " " in text and draw.random() < 0.5:
        text = text.replace(" ", "")
    kind = draw.choice(("lead", "trail", "drop", "swap", "none"))
    if kind == "lead" and one.category not in _NEVER_LEAD:
        leading = [word for word in _LEADING if one.answer or word not in ("请问", "你好")]
        text = draw.choice(leading) + draw.choice(("", " ")) + text
    elif kind == "trail" and len(text) > 3 and text[-1] not in "啊呀呢吧吗了哦嘛":
        text += draw.choice(_TRAILING[:3] if not one.answer else _TRAILING)
    elif kind == "drop" and len(text) > 5:
        place = draw.randrange(1, len(text) - 1)
        text = text[:place] + text[place + 1 :]
    elif kind == "swap" and len(text) > 3:
        places = [i for i, char in enumerate(text) if char in _SOUND_ALIKE]
        if places:
            place = draw.choice(places)
            text = text[:place] + _SOUND_ALIKE[text[place]] + text[place + 1 :]
    return plain_chinese(text)


def with_noise(clean: Iterable[Utterance], seed: int) -> Iterator[Utterance]:
    """Every utterance, each followed by a noisy copy of itself."""
    draw = random.Random(seed)
    for one in clean:
        yield one
        yield Utterance(noisy(one, draw), one.answer, one.category, one.template)
