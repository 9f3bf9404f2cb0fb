"""What was perceived, put into words: pictures from their labels, sounds from theirs, speech as a quotation.

Only labels with enough score are said at all, and of two that exclude each other only the surer one. Adjectives of the
plain descriptor become an adjective phrase ("dark and mostly blue"), movement becomes a clause of its own, and any
other label is taken for a thing ("a cup").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from omnilive_demo.models.descriptor_space import CHROMA, COLOURS, LIGHT, MOTION, SURFACE, VISUAL_WORDS
from omnilive_demo.reasoning.words import plain, word_set
from omnilive_demo.records import Heard, Label, Spoken

ENOUGH_SCORE = 0.5
_MOST_ADJECTIVES, _MOST_THINGS, _MOST_WORDS = 3, 3, 40
_MASS = word_set("music laughter applause thunder rain water wind silence speech traffic noise static")
_HELPERS = word_set("mostly very quite rather slightly a bit little picture the is something")
_LOOKS = {**VISUAL_WORDS, **{name: name for name in (*LIGHT, *COLOURS, *CHROMA, *SURFACE, *MOTION)}}
_OPPOSITES = {"dark": "bright", "still": "moving", "plain": "detailed", "colourful": "dull"}
_OPPOSITE = _OPPOSITES | {b: a for a, b in _OPPOSITES.items()}


@dataclass(frozen=True, slots=True)
class Look:
    """What a picture shows, as far as it was told: plain visual words, movement, things. Each surest first."""

    adjectives: tuple[str, ...]
    moving: bool | None  # None: nothing is known of it
    things: tuple[str, ...]

    @property
    def known(self) -> bool:
        """Whether anything can be said at all."""
        return bool(self.adjectives or self.things) or self.moving is not None

    def shows(self, word: str) -> bool | None:
        """Whether a plain visual word holds: True, False if its opposite (or only other colours) hold, else None."""
        if word in ("moving", "still"):
            return None if self.moving is None else self.moving == (word == "moving")
        if word in self.adjectives:
            return True
        if _OPPOSITE.get(word) in self.adjectives:
            return False
        return False if word in COLOURS and any(a in COLOURS for a in self.adjectives) else None

    def has(self, word: str) -> bool:
        """Whether a plain visual word holds for the picture, or its colour for a part of it ("some red")."""
        return self.shows(word) is True or (word in COLOURS and any(word in plain(t).split() for t in self.things))


def look_of(labels: Iterable[Label], enough: float = ENOUGH_SCORE) -> Look:
    """What labels of one picture or clip say together."""
    adjectives: list[str] = []
    things: list[str] = []
    moving: bool | None = None
    for label in sorted(labels, key=lambda one: -one.score):
        if label.score < enough:
            continue
        word = visual_word(label.text)
        if word in ("moving", "still"):
            moving = (word == "moving") if moving is None else moving
        elif word is None:
            things.append(label.text)
        elif word not in adjectives and _OPPOSITE.get(word) not in adjectives:
            adjectives.append(word)
    return Look(tuple(adjectives[:_MOST_ADJECTIVES]), moving, tuple(things[:_MOST_THINGS]))


def visual_word(label: str) -> str | None:
    """The plain visual word that a label stands for ("mostly blue" -> "blue"), or None when it names a thing."""
    words = plain(label).split()
    if words == ["orange"]:
        return None  # the fruit: a picture is "mostly orange"
    found = [_LOOKS[word] for word in words if word in _LOOKS]
    if len(found) != 1 or any(word not in _LOOKS and word not in _HELPERS for word in words):
        return None
    if found[0] == "moving" and "little" in words:
        return "still"
    return found[0]


def picture_is(look: Look) -> str:
    """The part after "the picture is": "bright and mostly green"; empty when it has no adjectives."""
    order = (*LIGHT, *CHROMA, *SURFACE)
    rest = sorted((a for a in look.adjectives if a not in COLOURS), key=lambda a: order.index(a) if a in order else 99)
    colours = [a for a in look.adjectives if a in COLOURS]
    return listed([*rest, *([f"mostly {listed(colours)}"] if colours else [])])


def listed(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else list(parts))


def things(names: Sequence[str]) -> str:
    """Things with their article: "a cup and an apple"."""
    return listed([with_article(name) for name in names])


def with_article(noun: str) -> str:
    """ "a knock", "an alarm", "music"."""
    last = noun.split()[-1].lower() if noun.split() else ""
    plural = last.endswith("s") and not last.endswith("ss")
    if not last or plural or last in _MASS or last.endswith("ing") or noun.startswith("some "):
        return noun
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"


def sound_of(heard: Heard) -> str:
    """What was heard: "a sound" when it has no name."""
    return with_article(heard.label)


def quotation(text: str) -> str:
    """Words in quotation marks, cut when they are long. Quotation marks inside are dropped, so they cannot end it."""
    words = text.replace("“", "").replace("”", "").replace('"', "").split()
    # Recognisers write "i"; the voice does not mind, the eye does.
    cut = re.sub(r"\bi\b", "I", " ".join(words[:_MOST_WORDS]))
    # The sentence goes on after the quotation: its own full stop would end it for the synthesiser.
    return f"“{cut.rstrip('.!?,;: 。！？，；：')}{' …' if len(words) > _MOST_WORDS else ''}”"


def speaker_of(spoken: Spoken) -> str:
    """Who said it: the visitor is "you", the sound track is "the video"."""
    return "you" if spoken.origin == "visitor" else "the video"


def capitalised(text: str) -> str:
    """With a capital first letter."""
    return text[:1].upper() + text[1:]
