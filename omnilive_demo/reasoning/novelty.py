"""The unasked remark: one short sentence when something new comes up, seldom enough not to be a nuisance.

New is a thing, named for sure, that was not in view for five minutes; a named sound not heard for as long; a light that
has changed for good. It learns all the time, so that it knows what is there already when it is switched on, and still
says nothing in the first seconds after that. What it may not say when it happens it does not say later.
"""

from __future__ import annotations

from omnilive_demo.models.sound_words import UNNAMED
from omnilive_demo.reasoning.sightings import Glance, Sightings
from omnilive_demo.reasoning.standing_watch import TOLD_SOUND
from omnilive_demo.records import Heard

NEW_AFTER_S = 300.0
LEARNS_S = 5.0
BETWEEN_S = 30.0  # at most one remark in this time
SAME_AFTER_S = 600.0  # and none of what was remarked within this one
LASTING = 3  # frames after which a light has changed for good
LONG_VIEW_S = 10.0  # what has been in view for so long without being told for sure is no news any more
MOST_NAMES = 500


class Novelty:
    """Decides what is new. Pure; times are stream seconds, and the caller's."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}  # thing or sound -> when it was there last
        self._came: dict[str, float] = {}  # thing that is new -> when it came
        self._remarked: dict[str, float] = {}
        self._last_remark_s: float | None = None
        self._since_s: float | None = None  # since when it is switched on
        self._light = ""
        self._light_for = 0
        self._settled = ""

    @property
    def on(self) -> bool:
        """Whether it may say anything."""
        return self._since_s is not None

    def switch(self, on: bool, now_s: float) -> None:
        """Switch it on or off."""
        if on != self.on:
            self._since_s = now_s if on else None

    def forget(self, now_s: float) -> None:
        """What was seen and heard was forgotten: what is there is learnt anew, as when it is switched on."""
        self._seen.clear()
        self._came.clear()
        self._remarked.clear()
        self._light, self._light_for, self._settled = "", 0, ""
        self._since_s = now_s if self.on else None

    def told(self, what: str, t_s: float) -> None:
        """It was told otherwise (a standing query was answered by it)."""
        self._remarked[what] = t_s
        self._last_remark_s = t_s
        self._came.pop(what, None)

    def sees(self, glance: Glance, sightings: Sightings) -> str | None:
        """The name of a thing, or a light ("dark", "bright"), that is worth a remark; None mostly."""
        for name in glance.names:
            if self._is_new(name, glance.t_s):
                self._came[name] = glance.t_s
            self._seen[name] = glance.t_s
        _bound(self._seen)
        self._came = {name: t_s for name, t_s in self._came.items() if glance.t_s - t_s <= LONG_VIEW_S}
        for name in tuple(self._came):
            if name in glance.names and sightings.shows(name):
                del self._came[name]
                if self._may(name, glance.t_s):
                    return name
        return self._light_changed(glance)

    def hears(self, heard: Heard) -> str | None:
        """The label of a sound that is worth a remark."""
        if heard.label == UNNAMED or heard.score < TOLD_SOUND:
            return None
        key = f"sound {heard.label}"
        new = self._is_new(key, heard.start_s)
        self._seen[key] = heard.end_s
        return heard.label if new and self._may(key, heard.end_s) else None

    def _is_new(self, name: str, t_s: float) -> bool:
        last_s = self._seen.get(name)
        return last_s is None or t_s - last_s > NEW_AFTER_S

    def _light_changed(self, glance: Glance) -> str | None:
        light = next((word for word in ("dark", "bright") if glance.look.shows(word)), "between")
        self._light_for = self._light_for + 1 if light == self._light else 1
        self._light = light
        if self._light_for < LASTING or light == self._settled:
            return None
        before, self._settled = self._settled, light
        if not before or (before, light) == ("bright", "between"):
            return None
        now = "dark" if light == "dark" else "bright"
        return now if self._may(now, glance.t_s) else None

    def _may(self, what: str, t_s: float) -> bool:
        """Whether it may be said now; if so, it counts as said."""
        if self._since_s is None or t_s - self._since_s < LEARNS_S:
            return False
        if self._last_remark_s is not None and t_s - self._last_remark_s < BETWEEN_S:
            return False
        if what in self._remarked and t_s - self._remarked[what] < SAME_AFTER_S:
            return False
        self._remarked[what] = t_s
        self._last_remark_s = t_s
        _bound(self._remarked)
        return True


def _bound(kept: dict[str, float]) -> None:
    while len(kept) > MOST_NAMES:
        del kept[min(kept, key=kept.__getitem__)]
