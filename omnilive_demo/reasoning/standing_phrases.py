"""What is said of standing queries, for eye and ear: taken on, refused, listed, dropped, and answered.

An answer may be spoken some seconds after what it tells of, when the floor is free: so it says what has just happened,
and never what is so now.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from omnilive_demo.models.descriptor_space import COLOURS
from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.reasoning.fixed_phrases import (
    INSTEAD,
    NO_CLOCK,
    NO_NAMES,
    NO_PEOPLE,
    NOTHING,
    SAY_HOW_LONG,
    SAY_WHEN,
)
from omnilive_demo.reasoning.phrases import capitalised, listed, quotation, with_article
from omnilive_demo.reasoning.standing_things import a_or_an, turned
from omnilive_demo.reasoning.standing_wanted import LEAST_EVERY_S, Unfit, Wait, Wanted
from omnilive_demo.reasoning.when import length

_ARRIVES = {
    "dark": "it gets dark", "bright": "it gets bright", "moving": "something moves", "still": "nothing moves any more",
}  # fmt: skip
_TO_ARRIVE = {
    "dark": "it to get dark", "bright": "it to get bright", "moving": "something to move",
    "still": "everything to stand still",
}  # fmt: skip
_ARRIVED = {
    "dark": "it just got dark", "bright": "it just got bright", "moving": "something just moved",
    "still": "nothing moves any more",
}  # fmt: skip
_IS_SO = {"dark": "It is dark", "bright": "It is bright", "moving": "Something is moving", "still": "Nothing is moving"}
_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight")


class StandingWords(Protocol):
    """What is said of standing queries in one language."""

    def awaited(self, wanted: Wanted) -> str:
        """What is waited for, in a few words for the page."""
        ...

    def taken(self, wanted: Wanted) -> str:
        """It is taken on."""
        ...

    def already(self, wanted: Wanted) -> str:
        """What is asked for is so at this moment."""
        ...

    def not_yet(self, wanted: Wanted) -> str:
        """It waits for what has to be otherwise first."""
        ...

    def full(self, most: int) -> str:
        """No more can be taken on."""
        ...

    def refused(self, unfit: Unfit) -> str:
        """It cannot be waited for, and why."""
        ...

    def unheard(self, wanted: Wanted) -> str:
        """Its sounds have no name any more, so it is not waited for."""
        ...

    def answered(self, wanted: Wanted, by: str = "", origin_is_visitor: bool = True) -> str:
        """What was waited for came about; `by`: the name of the thing or sound."""
        ...

    def came(self, name: str) -> str:
        """A clause: a thing came into view."""
        ...

    def sounded(self, label: str) -> str:
        """A clause: a sound was heard."""
        ...

    def turned_out(self, look: str) -> str:
        """A clause: the picture looks otherwise."""
        ...

    def sentence(self, clause: str) -> str:
        """A clause on its own."""
        ...

    def listing(self, waiting: Sequence[tuple[Wanted, float | None]]) -> str:
        """All that is waited for, and the seconds until each is due, if it has such a time."""
        ...

    def dropped(self, wanted: Sequence[Wanted]) -> str:
        """They are not waited for any more."""
        ...

    def which(self, wanted: Sequence[Wanted]) -> str:
        """More than one could be meant."""
        ...


class StandingPhrases:
    """Says them in English. Implements `StandingWords`.

    Args:
        names: of things; only things that they know are ever waited for.
    """

    def __init__(self, names: ThingNames | None) -> None:
        self._names = names

    # ---- what is waited for ------------------------------------------------------------------------------------------

    def awaited(self, wanted: Wanted) -> str:
        """What is waited for, as it goes on after "waiting for", or what a reminder is of: "a dog", "call Anna"."""
        match wanted.kind:
            case Wait.THING:
                return f"{self._any(wanted)} to come again" if wanted.again else self._any(wanted)
            case Wait.GONE:
                return f"{self._the(wanted)} to be gone"
            case Wait.LOOK:
                return _TO_ARRIVE.get(wanted.look, f"the picture to turn {wanted.look}")
            case Wait.SOUND:
                return self._sound(wanted)
            case Wait.WORD:
                return f"{'the words' if ' ' in wanted.words else 'the word'} {quotation(wanted.words)}"
            case Wait.TIME:
                every = f"every {_per(wanted.delay_s)}" if wanted.every else ""
                return ", ".join(filter(None, (_bare(wanted.note), every))) or length(wanted.delay_s)

    def _any(self, wanted: Wanted) -> str:
        return _one_of([self._names.one(name) if self._names else a_or_an(name) for name in wanted.names])

    def _the(self, wanted: Wanted) -> str:
        return _one_of([f"the {name}" for name in wanted.names])

    def _sound(self, wanted: Wanted) -> str:
        return _one_of([with_article(label) for label in wanted.sounds]) or "a sound"

    def _when(self, wanted: Wanted) -> str:
        match wanted.kind:
            case Wait.THING:
                return f"when I see {self._any(wanted)}{' again' if wanted.again else ''}"
            case Wait.GONE:
                the = self._the(wanted)
                return f"when {the} is gone" if wanted.groups else f"when I no longer see {the}"
            case Wait.LOOK:
                return f"when {_ARRIVES.get(wanted.look, f'the picture turns {wanted.look}')}"
            case Wait.SOUND:
                return f"when I hear {self._sound(wanted)}"
            case Wait.WORD:
                return f"when I hear {self.awaited(wanted)}"
            case Wait.TIME:
                return f"in {length(wanted.delay_s)}"

    # ---- taken on, or not --------------------------------------------------------------------------------------------

    def taken(self, wanted: Wanted) -> str:
        """It is taken on; what is said is what will be done."""
        if wanted.kind is Wait.TIME and wanted.every:
            what = f" {wanted.note}" if wanted.note else ""
            return f"Okay, I'll remind you{what} every {_per(wanted.delay_s)}, until you say stop reminding me."
        if wanted.kind is Wait.TIME and wanted.note:
            return f"Okay, in {length(wanted.delay_s)} I'll remind you {wanted.note}."
        what = f"remind you {wanted.note}" if wanted.note else "tell you"
        once = "the next time, once: " if wanted.every else ""
        return f"Okay, I'll {what} {once}{self._when(wanted)}."

    def already(self, wanted: Wanted) -> str:
        """What is asked for is so at this moment."""
        if wanted.kind is Wait.LOOK:
            return f"{_IS_SO.get(wanted.look, f'The picture is {wanted.look}')} right now."
        return f"I see {self._any(wanted)} right now."

    def not_yet(self, wanted: Wanted) -> str:
        """It waits for the end of something that has not begun, or for the next of something that is there."""
        if wanted.kind is Wait.GONE:
            one = self._any(wanted)
            if wanted.groups:
                return f"I don't see {one} right now. When I have seen one of them, I'll tell you when it is gone."
            return f"I don't see {one} right now. When I have seen {one}, I'll tell you when I no longer do."
        if wanted.kind is Wait.SOUND:
            return f"I heard {self._sound(wanted)} just now. I'll tell you when I hear it again."
        return (
            f"{self.already(wanted)} I'll tell you {self._when(wanted)}{'' if wanted.kind is Wait.THING else ' again'}."
        )

    def full(self, most: int) -> str:
        """No more can be taken on."""
        return f"I'm already waiting for {_count(most)} things, and that is the most I can. Have me drop one first."

    def refused(self, unfit: Unfit) -> str:
        """It cannot be waited for, and why."""
        match unfit.why:
            case "thing":
                look = "look" if _is_plural(unfit.what) else "looks"
                return f"I don't know what {unfit.what} {look} like, so I could not tell you."
            case "names":
                return NO_NAMES.en
            case "person":
                return NO_PEOPLE.en
            case "sound":
                sound = "sound" if _is_plural(unfit.what) else "sounds"
                return f"I don't know what {unfit.what} {sound} like, so I could not tell you."
            case "clock":
                return NO_CLOCK.en
            case "when":
                return SAY_WHEN.en
            case "how long":
                return SAY_HOW_LONG.en
            case "how often":
                return f"I can't remind you more often than every {length(LEAST_EVERY_S)}."
            case "event":
                return f"I would not notice when {turned(unfit.what)}. {INSTEAD.en}"

    def unheard(self, wanted: Wanted) -> str:
        """Its sounds have no name any more, so it is not waited for."""
        return f"I can't tell {self._sound(wanted)} from other sounds any more, so I stopped waiting for it."

    # ---- answered ----------------------------------------------------------------------------------------------------

    def answered(self, wanted: Wanted, by: str = "", origin_is_visitor: bool = True) -> str:
        """What was waited for came about. `by`: the name of the thing or sound that it was."""
        what = self._happened(wanted, by, origin_is_visitor)
        if wanted.note:
            reminder = f"You asked me to remind you {wanted.note}"
            return f"{reminder}." if wanted.kind is Wait.TIME else f"{reminder}: {what}."
        return f"You asked me to tell you: {what}."

    def _happened(self, wanted: Wanted, by: str, origin_is_visitor: bool) -> str:
        match wanted.kind:
            case Wait.THING:
                return self.came(by or wanted.names[0])
            case Wait.GONE:
                return f"the {by or wanted.names[0]} just went out of view"
            case Wait.LOOK:
                return self.turned_out(wanted.look)
            case Wait.SOUND:
                return self.sounded(by)
            case Wait.WORD:
                who = "somebody" if origin_is_visitor else "the video"
                return f"{who} just said {quotation(wanted.words)}"
            case Wait.TIME:
                return f"{length(wanted.delay_s)} {'is' if _is_one(wanted.delay_s) else 'are'} over"

    def came(self, name: str) -> str:
        """A thing came into view."""
        return f"{self._names.one(name) if self._names else a_or_an(name)} just came into view"

    def sounded(self, label: str) -> str:
        """A sound was heard."""
        return f"I just heard {with_article(label or 'sound')}"

    def turned_out(self, look: str) -> str:
        """The picture looks otherwise."""
        return _ARRIVED.get(
            look, f"the picture just turned {look}" if look in COLOURS else f"the picture is {look} now"
        )

    def sentence(self, clause: str) -> str:
        """A clause on its own."""
        return f"{capitalised(clause)}."

    # ---- listed, dropped ---------------------------------------------------------------------------------------------

    def listing(self, waiting: Sequence[tuple[Wanted, float | None]]) -> str:
        """All that is waited for; with each, seconds until it is due, if it has such a time."""
        if not waiting:
            return NOTHING.en
        sentences = []
        if events := [f"for {self.awaited(wanted)}" for wanted, left_s in waiting if left_s is None]:
            sentences.append(f"I'm waiting {listed(events)}.")
        for wanted, left_s in waiting:
            if left_s is not None:
                then = (
                    f"I'll remind you {wanted.note}" if wanted.note else f"the timer for {length(wanted.delay_s)} ends"
                )
                sentences.append(f"In {length(max(1.0, left_s))} {then}.")
        return " ".join(sentences)

    def dropped(self, wanted: Sequence[Wanted]) -> str:
        """They are not waited for any more."""
        if len(wanted) != 1:
            return f"Okay, I dropped {'both' if len(wanted) == 2 else f'all {_count(len(wanted))}'}."
        (one,) = wanted
        if one.kind is not Wait.TIME:
            return f"Okay, I'm no longer waiting for {self.awaited(one)}."
        return f"Okay, no reminder {one.note}." if one.note else f"Okay, the timer for {length(one.delay_s)} is off."

    def which(self, wanted: Sequence[Wanted]) -> str:
        """More than one could be meant."""
        return f"Which one: {_one_of([self.awaited(one) for one in wanted])}?"


def _bare(note: str) -> str:
    return note.removeprefix("to ")


def _is_one(delay_s: float) -> bool:
    count, _, unit = length(delay_s).partition(" ")
    return count == "1" and " " not in unit


def _per(delay_s: float) -> str:
    """How often, as it goes on after "every": "minute", "10 minutes"."""
    return length(delay_s).removeprefix("1 ") if _is_one(delay_s) else length(delay_s)


def _count(number: int) -> str:
    return _COUNTS[number] if number < len(_COUNTS) else str(number)


def _one_of(parts: Sequence[str]) -> str:
    return listed(parts) if len(parts) < 2 else f"{', '.join(parts[:-1])} or {parts[-1]}"


def _is_plural(noun: str) -> bool:
    return noun.endswith("s") and not noun.endswith(("ss", "us", "is"))
