"""The words that the reader reads and writes: a small vocabulary of whole words, and the sentences made of them.

A name is one word even when it is written as two ("ice cream"); a plural is a number word before the name. A sentence
is a list of words in a fixed order, so that a small model can learn it:

    things    [number] [colour] name , [number] [colour] name , ...      largest first; "nothing" alone where none is
    facts     ; name fact                                                 what happens to a thing, or how it moves

`spoken` turns such a list into English: "two red mugs and an umbrella; the umbrella moves left".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

END, COMMA, BREAK = "<end>", ",", ";"
SOMETHING, NOTHING, UNCLEAR = "something", "nothing", "unclear"
NUMBERS = ("one", "two", "three", "four", "five", "six")
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "gray")
MOTIONS = {
    "left": "moves left",
    "right": "moves right",
    "up": "moves up",
    "down": "moves down",
    "closer": "comes closer",
    "away": "moves away",
}
STILL = "still"
HAPPENINGS = {
    "held": "is held",
    "shown": "is shown",
    "put_down": "is put down",
    "picked_up": "is picked up",
    "enters": "comes in",
    "leaves": "goes out",
}
PLACES = ("left", "middle", "right")

THING_PROMPTS = ("count", "colour", "motion", "place")
"""Questions about a thing that is named in them; "nothing" is the answer when it is not there."""
PLAIN_PROMPTS = ("caption", "names", "held", "shown", "put_down", "picked_up")
"""Questions whose answer is a sentence (caption), a set (names), or the thing that this happens to."""

_NO_ARTICLE = frozenset(
    {
        "bread", "cheese", "corn", "broccoli", "milk", "honey", "salt", "sushi", "spaghetti", "chocolate", "soap",
        "lotion", "yarn", "thread", "toilet paper", "fork and knife",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Vocabulary:
    """Words by number. `plurals` maps each name that can be answered to its plural; `others` are plain words."""

    plurals: Mapping[str, str]
    others: tuple[str, ...] = ()
    words: tuple[str, ...] = field(init=False)
    names: tuple[str, ...] = field(init=False)
    """What the names prompt chooses among: every name, then "something" and "nothing"."""
    _ids: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        prompts = tuple(f"<{prompt}>" for prompt in (*PLAIN_PROMPTS, *THING_PROMPTS))
        plain = (END, COMMA, BREAK, NOTHING, UNCLEAR, STILL, *NUMBERS, *COLOURS, *PLACES)
        facts = (*MOTIONS.values(), *HAPPENINGS.values())
        names = (*self.plurals, SOMETHING)
        words = (*prompts, *plain, *facts, *names)
        doubles = sorted({word for word in words if words.count(word) > 1 and word not in (*COLOURS, *PLACES)})
        if doubles:
            raise ValueError(f"a name cannot be one of the vocabulary's own words, nor come twice: {doubles}")
        object.__setattr__(self, "words", tuple(dict.fromkeys((*words, *self.others))))
        object.__setattr__(self, "names", (*names, NOTHING))
        object.__setattr__(self, "_ids", {word: i for i, word in enumerate(self.words)})

    def __len__(self) -> int:
        return len(self.words)

    def id(self, word: str) -> int:
        """The number of a word. Raises KeyError for a word that is not in the vocabulary."""
        return self._ids[word]

    def ids(self, words: Iterable[str]) -> list[int]:
        """The numbers of some words."""
        return [self._ids[word] for word in words]

    def knows(self, word: str) -> bool:
        """Whether it is a word of this vocabulary."""
        return word in self._ids

    def prompt(self, kind: str, name: str | None = None) -> list[int]:
        """The words of a question: its kind and, for the kinds of `THING_PROMPTS`, the name of the thing."""
        if (kind in THING_PROMPTS) != (name is not None):
            raise ValueError(f"the question {kind!r} is asked {'with' if name is None else 'without'} a name")
        words = [f"<{kind}>"] if name is None else [f"<{kind}>", name]
        return self.ids(words)

    def json(self) -> str:
        """As it is stored beside the weights."""
        return json.dumps({"plurals": dict(self.plurals), "others": list(self.others)}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Vocabulary:
        """What `json` wrote."""
        found = json.loads(text)
        if not isinstance(found, dict) or not isinstance(found.get("plurals"), dict):
            raise ValueError("the vocabulary must be a JSON object with names and plurals")
        return cls(
            {str(name): str(plural) for name, plural in found["plurals"].items()},
            tuple(str(word) for word in found.get("others", ())),
        )

    def spoken(self, words: Sequence[str]) -> str:
        """A list of words as an English sentence without a capital and a full stop."""
        sentences: list[list[str]] = [[]]
        for word in words:
            if word == BREAK:
                sentences.append([])
            elif word != END:
                sentences[-1].append(word)
        parts = [self._things(sentences[0])] + [self._fact(one) for one in sentences[1:]]
        return "; ".join(part for part in parts if part)

    def _things(self, words: Sequence[str]) -> str:
        found: list[list[str]] = [[]]
        for word in words:
            if word == COMMA:
                found.append([])
            else:
                found[-1].append(word)
        phrases = [self._thing(one) for one in found if one]
        if len(phrases) < 2:
            return "".join(phrases)
        return f"{', '.join(phrases[:-1])} and {phrases[-1]}"

    def _thing(self, words: Sequence[str]) -> str:
        number = words[0] if words[0] in NUMBERS else None
        rest = list(words[1:] if number else words)
        if not rest:
            return words[0]
        if number in (None, "one"):
            return with_article(" ".join(rest), rest[-1], self.plurals) if number else " ".join(rest)
        rest[-1] = self.plurals.get(rest[-1], rest[-1] if rest[-1] != SOMETHING else "unknown things")
        return " ".join([str(number), *rest])

    def _fact(self, words: Sequence[str]) -> str:
        if len(words) < 2:
            return ""
        name, fact = words[0], words[1]
        if name == SOMETHING:
            return f"{name} {fact}"
        if self.plurals.get(name) == name and fact.split()[0] in ("is", "moves", "comes", "goes"):
            verb, *rest = fact.split()
            plural_verb = {"is": "are", "moves": "move", "comes": "come", "goes": "go"}[verb]
            return " ".join(["the", name, plural_verb, *rest])
        return f"the {name} {fact}"


def with_article(phrase: str, name: str, plurals: Mapping[str, str]) -> str:
    """ "umbrella" -> "an umbrella", "red mug" -> "a red mug"; a word that is its own plural gets none."""
    if name == SOMETHING or name in _NO_ARTICLE or plurals.get(name) == name:
        return phrase
    vowel = phrase[:1] in "aeiou" and not phrase.startswith(("uni", "use", "one", "ukulele", "euro"))
    return f"{'an' if vowel else 'a'} {phrase}"
