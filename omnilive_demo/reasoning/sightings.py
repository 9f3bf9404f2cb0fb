"""The newest frames as they were labelled, and what they say together: one frame alone is seldom believed.

The labels carry calibrated confidences, and the eyes name nothing below their threshold. Still, of the names said of
one frame about one in forty is wrong, and of the frames that show a known thing about one in four does not name it. So
a thing is in view when two of the last three frames name it, or when the newest is all but certain; it is out of view
when none of the last five seconds' frames does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container
from dataclasses import dataclass

from omnilive_demo.models.descriptor_space import COLOURS
from omnilive_demo.reasoning.phrases import Look, look_of
from omnilive_demo.reasoning.sight import SURE
from omnilive_demo.records import SeenFrame

CERTAIN = 0.97  # of the names said with at least this confidence, 99 in 100 are right
LAST, OF_LAST = 3, 2
RECENT_S = 10.0  # older frames say nothing of the present, however few came since
GONE_S = 5.0
LOOKS = 2  # frames that look so, one after the other


@dataclass(frozen=True, slots=True)
class Glance:
    """One frame: names of things and their confidences, and how it looks."""

    t_s: float
    names: dict[str, float]
    look: Look


class Sightings:
    """Keeps the newest frames' labels. Times are stream seconds; nothing here reads a clock.

    Args:
        names: what counts as the name of a thing; other labels tell how the picture looks.
    """

    def __init__(self, names: Container[str] = ()) -> None:
        self._names = names
        self._glances: deque[Glance] = deque()

    def add(self, frame: SeenFrame) -> Glance | None:
        """Take the next frame; None for one that comes late."""
        if self._glances and frame.t_s <= self._glances[-1].t_s:
            return None
        names = {label.text: label.score for label in frame.labels if label.text in self._names}
        glance = Glance(frame.t_s, names, look_of(frame.labels))
        self._glances.append(glance)
        while self._glances[0].t_s < frame.t_s - RECENT_S:
            self._glances.popleft()
        return glance

    def clear(self) -> None:
        """Forget all of them: what was seen was forgotten, or the source is another one."""
        self._glances.clear()

    def is_fresh(self, now_s: float, within_s: float = GONE_S) -> bool:
        """Whether the newest frame is the present."""
        return bool(self._glances) and now_s - self._glances[-1].t_s <= within_s

    def shows(self, name: str) -> bool:
        """Whether a thing is in view."""
        last = [glance.names.get(name, 0.0) for glance in list(self._glances)[-LAST:]]
        return bool(last) and (last[-1] >= CERTAIN or sum(score >= SURE for score in last) >= OF_LAST)

    def newest_names(self, name: str) -> bool:
        """Whether the newest frame names a thing."""
        return bool(self._glances) and name in self._glances[-1].names

    def lacks(self, name: str) -> bool:
        """Whether a thing is out of view, as far as can be told from the last seconds."""
        glances = self._glances
        if len(glances) < LAST or glances[-1].t_s - glances[0].t_s < GONE_S:
            return False
        return not any(name in glance.names for glance in glances if glance.t_s > glances[-1].t_s - GONE_S)

    def looks(self, word: str) -> bool:
        """Whether the picture looks so: a plain visual word ("dark", "moving", "red") holds for the last frames."""
        last = list(self._glances)[-LOOKS:]
        return len(last) == LOOKS and all(_holds(glance.look, word) for glance in last)

    def looks_not(self, word: str) -> bool:
        """Whether it holds for none of the last frames."""
        last = list(self._glances)[-LOOKS:]
        return len(last) == LOOKS and not any(_holds(glance.look, word) for glance in last)


def _holds(look: Look, word: str) -> bool:
    return look.has(word) if word in COLOURS else look.shows(word) is True
