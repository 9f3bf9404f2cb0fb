"""What is said and heard in a story: sentences of a narrator about what happens, and sounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from omnilive_demo.training.world.nouns import is_plural, one, the
from omnilive_demo.training.world.plots import Part, Plot

VOICES = ("rms", "slt", "awb", "kal")
SOUNDS = (
    "music", "laughing", "clapping", "knocking", "whistling", "bell", "alarm", "barking", "rain", "footsteps", "engine",
)  # fmt: skip
WORDS_PER_S = 2.3

_SAID: dict[Plot, tuple[str, ...]] = {
    "shown": (
        "Look, here {be} {a}.",
        "This is {a}.",
        "See, I have {a} here.",
        "I want to show you {the}.",
        "Look at this.",
    ),
    "put_down": ("I am putting {the} down here.", "{The} can stay here.", "I leave this here."),
    "picked_up": ("I am taking {the} with me.", "I need {the} now.", "I take this away."),
    "enters": ("Here comes {a}.", "Somebody is coming."),
    "leaves": ("There {go} {the}.", "Now it is leaving."),
    "crosses": ("Look, {a} passing by.", "Did you see that?"),
    "closer": ("{The} {come} closer.",),
    "away": ("{The} {go} away.",),
    "moves": ("{The} {be} moving.",),
    "stands": ("There {be} {a} here.", "Nothing happens here.", "I see {a}."),
}
_WHERE = ("Now I am at the {place}.", "This is the {place}.", "Let me look at the {place}.", "Back to the {place}.")
_VERBS = {"be": ("is", "are"), "go": ("goes", "go"), "come": ("comes", "come")}


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence that is said from `start_s` on by one of flite's voices."""

    start_s: float
    text: str
    voice: str


@dataclass(frozen=True, slots=True)
class Sounding:
    """A sound that is not speech; `label` is one that `sounds.synthesise` makes."""

    label: str
    start_s: float
    end_s: float


def speaking_s(text: str) -> float:
    """About how long a sentence takes."""
    return len(text.split()) / WORDS_PER_S + 0.4


def sentence(rng: np.random.Generator, plot: Plot, lead: Part, place: str) -> str:
    """What a narrator says at the begin of a shot: about its lead (if its name is taught) or about the place."""
    if lead.thing.role != "known" or rng.random() < 0.25:
        return str(rng.choice(_WHERE)).format(place=place)
    thing, many = lead.thing, is_plural(lead.thing)
    counts_alone = one(thing).startswith("a pair of")  # "here is a pair of jeans", but "the jeans are"
    template = str(rng.choice(_SAID[plot]))
    be_one = counts_alone and "{a}" in template
    verbs = {verb: forms[many and not be_one] for verb, forms in _VERBS.items()}
    definite = the(thing, lead.colour)
    return template.format(a=one(thing, lead.colour), the=definite, The=definite[0].upper() + definite[1:], **verbs)
