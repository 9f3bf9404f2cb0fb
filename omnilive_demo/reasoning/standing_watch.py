"""When a standing query fires: once, on evidence that came after the request. Pure; times are the caller's.

A thing that is in view at the request is no news. Who asks "tell me when you see a dog" with a dog in view gets the
answer at once, instead of a watch (`already`); who asks for it to come back, or for another one, is told when it has
been out of view and comes again. "When the dog is gone" begins with the dog: without one in view it is first waited
for. Looks (dark, moving) are read alike: what is so already is said at once. A sound counts when it ends after the
request, a word when it is begun after it.
"""

from __future__ import annotations

from omnilive_demo.models.chinese import is_chinese, run_on
from omnilive_demo.models.number_words import normalise
from omnilive_demo.reasoning.sightings import Sightings
from omnilive_demo.reasoning.standing_wanted import Wait, Wanted
from omnilive_demo.records import Heard

TOLD_SOUND = 0.5  # confidence from which on a named sound is believed
JUST_HEARD_S = 10.0  # a lasting sound is heard once; after this time it is heard again


def already(wanted: Wanted, sightings: Sightings) -> bool:
    """Whether what is waited for is so at this moment (sounds, words and times never are)."""
    if wanted.kind is Wait.THING:
        return any(sightings.shows(name) for name in wanted.names)
    return wanted.kind is Wait.LOOK and sightings.looks(wanted.look)


class Watch:
    """Waits for one thing that is wanted.

    Args:
        since_s: stream time of the request.
        armed: False while it has to be otherwise first: a thing that is there already and is to come again.
    """

    def __init__(self, wanted: Wanted, since_s: float, armed: bool = True) -> None:
        self.wanted = wanted
        self.since_s = since_s
        self.armed = armed
        self._was_dark = False
        self._chinese = is_chinese(wanted.words)
        self._word = run_on(wanted.words) if self._chinese else f" {normalise(wanted.words)} "
        self.last_seen_s: float | None = None  # of a thing that is to be gone
        self._groups = wanted.groups or (wanted.names,)
        self._there = set(self._groups) if armed and len(self._groups) == 1 else set()
        self._last: dict[tuple[str, ...], tuple[float, str]] = {}

    def sees(self, sightings: Sightings, t_s: float) -> str | None:
        """The newest frame, of `t_s`, was added to the sightings: what came about by it ("dog", "dark"), or None."""
        match self.wanted.kind:
            case Wait.THING:
                return self._comes(sightings)
            case Wait.GONE:
                return self._goes(sightings, t_s)
            case Wait.LOOK:
                return self._looks(sightings)
            case _:
                return None

    def hears(self, heard: Heard) -> str | None:
        """The label of a sound that was waited for."""
        if self.wanted.kind is not Wait.SOUND or heard.end_s <= self.since_s:
            return None
        if not self.wanted.sounds:
            return heard.label
        return heard.label if heard.label in self.wanted.sounds and heard.score >= TOLD_SOUND else None

    def is_said(self, text: str, start_s: float) -> bool:
        """Whether words that were said hold the one that was waited for."""
        if self.wanted.kind is not Wait.WORD or start_s < self.since_s:
            return False
        return self._word in (run_on(text) if self._chinese else f" {normalise(text)} ")

    def _comes(self, sightings: Sightings) -> str | None:
        if not self.armed:
            self.armed = all(sightings.lacks(name) for name in self.wanted.names)
            return None
        return next((name for name in self.wanted.names if sightings.shows(name)), None)

    def _goes(self, sightings: Sightings, t_s: float) -> str | None:
        """A word may mean several things ("杯子"): then the last of them has to go; of a dog or a cat, the first."""
        for group in self._groups:
            if any(map(sightings.shows, group)):
                self._there.add(group)
            if seen := [name for name in group if sightings.newest_names(name)]:
                self._last[group] = t_s, seen[0]
            if group in self._there and all(map(sightings.lacks, group)):
                self.last_seen_s, name = self._last.get(group, (self.last_seen_s, group[0]))
                return name
        return None

    def _looks(self, sightings: Sightings) -> str | None:
        look = self.wanted.look
        if not self.armed:
            self.armed = sightings.looks_not(look)
            return None
        if sightings.looks(look):
            return look
        if look == "bright":  # a light that goes on makes a dark room light, but seldom a bright picture
            dark = sightings.looks("dark")
            if self._was_dark and sightings.looks_not("dark"):
                return look
            self._was_dark = self._was_dark or dark
        return None
