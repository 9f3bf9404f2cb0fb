"""What the instruction classifier is trained on: templates, word lists, and what a recogniser made of some of them.

`instruction_templates.txt` holds sentences with `{slots}` and `(choices|of|words)` under headings that say whether they
are to be answered; `instruction_words.txt` fills the slots; `instruction_heard.jsonl` is what PocketSphinx understood
when a part of them was spoken, so that the classifier meets real mishearing. Everything drawn here is seeded.
"""

from __future__ import annotations

import json
import random
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from omnilive_demo.reasoning.words import plain

DATA = Path(__file__).parent / "data"
TEMPLATES = DATA / "instruction_templates.txt"
SLOT_WORDS = DATA / "instruction_words.txt"
HEARD = DATA / "instruction_heard.jsonl"

_SLOT = re.compile(r"\{(\w+)\}")
_CHOICE = re.compile(r"\(([^()]*)\)")
_ANY_WORDS = r"[\w']+(?: [\w']+){0,3}"  # what a slot of things may stand for when texts are compared by template
_CLOSED = ("person", "kin", "number", "clock", "day", "ago", "duration")  # these stand for their own words only


@dataclass(frozen=True, slots=True)
class Template:
    """A sentence with slots. `id` is its category and a checksum of its text."""

    id: str
    category: str
    answer: bool
    text: str


@dataclass(frozen=True, slots=True)
class Utterance:
    """One training utterance, in the plain form (lower case, no punctuation), and the template it came from."""

    text: str
    answer: bool
    category: str
    template: str


def read_templates(path: Path = TEMPLATES) -> list[Template]:
    """The templates in file order.

    Raises:
        ValueError: a line stands before the first heading, or a heading is not `== category yes|no`.
    """
    found: list[Template] = []
    heading: tuple[str, bool] | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("=="):
            words = line.split()
            if len(words) != 3 or words[2] not in ("yes", "no"):
                raise ValueError(f"{path.name}:{number}: a heading reads `== category yes|no`")
            heading = words[1], words[2] == "yes"
        elif line.strip() and not line.startswith("#"):
            if heading is None:
                raise ValueError(f"{path.name}:{number}: a template before the first heading")
            found.append(Template(_template_id(heading[0], line.strip()), heading[0], heading[1], line.strip()))
    return found


def _template_id(category: str, text: str) -> str:
    return f"{category}-{zlib.crc32(text.encode()):08x}"


def read_slot_words(path: Path = SLOT_WORDS) -> dict[str, list[str]]:
    """Slot name -> the words that may fill it."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    pairs = (line.split(":", 1) for line in lines)
    return {name.strip(): [word.strip() for word in words.split(",")] for name, words in pairs}


def fill(template: Template, words: dict[str, list[str]], draw: random.Random) -> str:
    """One sentence of a template, every choice and slot drawn anew; a choice may itself hold slots."""
    text = _CHOICE.sub(lambda match: draw.choice(match[1].split("|")), template.text)
    return plain(_SLOT.sub(lambda match: draw.choice(words[match[1]]), text))


def pattern(template: Template, words: dict[str, list[str]]) -> re.Pattern[str]:
    """What a template could ever say, a slot for things standing for any one to four words: to prove that a text is
    none of its.
    """

    def slot(name: str) -> str:
        return "(?:" + "|".join(map(re.escape, words[name])) + ")" if name in _CLOSED else _ANY_WORDS

    def literal(text: str) -> str:
        parts = _SLOT.split(text)
        return "".join(slot(part) if i % 2 else re.escape(part) for i, part in enumerate(parts))

    regex = ""
    for i, part in enumerate(_CHOICE.split(template.text)):
        regex += "(?:" + "|".join(map(literal, part.split("|"))) + ")" if i % 2 else literal(part)
    return re.compile(r"\s*" + regex.replace(r"\ ", r"\s*\b") + r"\s*")


def utterances(per_template: int, seed: int) -> list[Utterance]:
    """At most `per_template` different sentences of each template, without noise."""
    draw, words = random.Random(seed), read_slot_words()
    found: list[Utterance] = []
    for template in read_templates():
        texts = dict.fromkeys(fill(template, words, draw) for _ in range(per_template))
        found += [Utterance(text, template.answer, template.category, template.id) for text in texts]
    return found


def read_heard(path: Path = HEARD) -> list[Utterance]:
    """What the recogniser understood when training utterances were spoken; empty hearings are left out."""
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [Utterance(plain(r["heard"]), r["answer"], r["category"], r["template"]) for r in rows if plain(r["heard"])]


# ---- noise: what is lost and added between a mouth and a transcript ----------------------------------------------

_LEADING = ("uh", "um", "so", "okay", "hey", "well", "and", "the", "oh", "please", "a", "ah", "but", "yeah")
_TRAILING = ("uh", "please", "the", "and", "then", "now", "um", "you know")
_SOUND_ALIKE = {
    "what": "but what", "is": "as", "this": "the", "did": "they", "i": "a", "my": "the", "your": "the", "where": "were",
    "were": "where", "when": "and when", "you": "to", "to": "two", "the": "a", "a": "the", "that": "the", "it": "at",
    "in": "and", "and": "in", "on": "and", "of": "the", "for": "four", "was": "as", "are": "or", "can": "and",
    "do": "the", "he": "the", "have": "had", "at": "it", "me": "meet", "say": "said", "see": "c.", "there": "their",
    "hear": "here", "here": "hear", "keys": "peace", "right": "write", "by": "buy", "tell": "tall", "how": "the how",
}  # fmt: skip


def noisy(text: str, draw: random.Random) -> str:
    """A text as it may arrive: a word lost, added or misheard. Texts of one or two words only gain words."""
    words = text.split()
    kind = draw.choice(("lead", "trail", "drop", "swap", "swap", "lead"))
    if kind == "lead":
        words.insert(0, draw.choice(_LEADING))
    elif kind == "trail":
        words.append(draw.choice(_TRAILING))
    elif len(words) > 3 and kind == "drop":
        del words[draw.randrange(len(words))]
    elif len(words) > 2:
        places = [i for i, word in enumerate(words) if word in _SOUND_ALIKE]
        if places:
            place = draw.choice(places)
            words[place] = _SOUND_ALIKE[words[place]]
    return plain(" ".join(words))


def with_noise(clean: Iterable[Utterance], seed: int) -> Iterator[Utterance]:
    """Every utterance, each followed by a noisy copy of itself."""
    draw = random.Random(seed)
    for one in clean:
        yield one
        yield Utterance(noisy(one.text, draw), one.answer, one.category, one.template)
