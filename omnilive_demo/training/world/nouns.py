"""Names of things in sentences: "an umbrella", "some bread", "a pair of jeans", "the red mugs were"."""

from __future__ import annotations

import re
from typing import Protocol

PAIRS = frozenset(
    {"sunglasses", "glasses", "scissors", "headphones", "jeans", "gloves", "socks", "shorts", "skis", "chopsticks"}
    | {"dice"}
)  # plural words that are counted in pairs
BUNCHES = frozenset({"grapes", "cherries", "french fries"})  # plural words that nobody counts
_SILENT_H = ("hour", "honest", "heir")
_YOU_SOUND = ("uni", "use", "usb")
_PLURAL_VERB = {"is": "are", "was": "were", "has": "have", "Is": "Are", "Was": "Were"}


class Named(Protocol):
    """What has a name and a plural: a `Thing`, or what a timeline knows of it."""

    @property
    def name(self) -> str:
        """A lower-case noun without an article."""
        ...

    @property
    def plural(self) -> str:
        """The noun for several of it."""
        ...


def is_plural(thing: Named) -> bool:
    """Whether the name itself is a plural ("jeans")."""
    return thing.name in PAIRS or thing.name in BUNCHES


def is_mass(thing: Named) -> bool:
    """Whether one says "some" of it ("bread", whose plural is "loaves of bread")."""
    return " of " in thing.plural or thing.name == "salt"


def article(word: str) -> str:
    """ "a" or "an", as the first word sounds."""
    vowel = word[0] in "aeiou" and not word.startswith(_YOU_SOUND)
    return "an" if vowel or word.startswith(_SILENT_H) else "a"


def _with(colour: str | None, name: str) -> str:
    return f"{colour} {name}" if colour else name


def one(thing: Named, colour: str | None = None) -> str:
    """ "an umbrella", "a red mug", "some bread", "a pair of jeans"."""
    said = _with(colour, thing.name)
    if thing.name in PAIRS:
        return f"a pair of {said}"
    if thing.name in BUNCHES or is_mass(thing):
        return f"some {said}"
    return f"{article(said)} {said}"


def the(thing: Named, colour: str | None = None) -> str:
    """ "the umbrella", "the red mug"."""
    return f"the {_with(colour, thing.name)}"


def several(thing: Named, colour: str | None = None) -> str:
    """ "umbrellas", "red mugs"; of jeans there is no other plural."""
    return _with(colour, thing.plural)


def fill(template: str, thing: Named, colour: str | None = None) -> str:
    """A template with {the}, {a}, {plural} and {thing} filled; the verb beside a plural name agrees with it.

    Raises:
        KeyError: the template has another placeholder.
    """
    definite = the(thing, colour)
    text = template.format(
        the=definite, a=one(thing, colour), plural=several(thing, colour), thing=_with(colour, thing.name)
    )
    if is_plural(thing):
        # Before the noun "has" belongs to somebody else ("Who has the jeans?"), behind it to the noun.
        text = re.sub(rf"\b([Ii]s|[Ww]as)(?= {re.escape(definite)}\b)", lambda m: _PLURAL_VERB[m[1]], text)
        text = re.sub(rf"(\b{re.escape(definite)} )(is|was|has)\b", lambda m: m[1] + _PLURAL_VERB[m[2]], text)
        text = re.sub(r"\bis it\b", "are they", text)
        text = re.sub(r"(?<= see) it\b", " them", text)
    return text[0].upper() + text[1:] if template[:1].isupper() or template.startswith("{") else text
