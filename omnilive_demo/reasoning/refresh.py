"""Whether the picture has changed so much that a model must look again before its next sentence (StreamChat)."""

from __future__ import annotations

from omnilive_demo.reasoning.phrases import ENOUGH_SCORE
from omnilive_demo.reasoning.prompt import STALE_S
from omnilive_demo.reasoning.reasoner import LiveView
from omnilive_demo.records import SeenFrame

CHANGED_PATCHES = 0.25
"""Of the change gate: so much of the picture differs at once. A person who moves before a camera changes less."""
LONGEST_VIEW_S = 16.0  # the live view reaches back no longer


def changed_picture(view: LiveView, before: SeenFrame | None) -> SeenFrame | None:
    """The newest frame if it shows another scene than `before`; None when there is nothing new to look at.

    The gate's share of changed patches of every frame since then is asked, because a cut shows in one frame only, and
    the names that are given for sure.
    """
    newest = view.latest(before.t_s if before is not None else None)
    if newest is None or view.now_s() - newest.t_s > STALE_S:
        return None
    if before is None:
        return newest
    since = [frame for frame in view.recent(LONGEST_VIEW_S) if before.t_s < frame.t_s <= newest.t_s]
    if max((frame.change for frame in (*since, newest)), default=0.0) >= CHANGED_PATCHES:
        return newest
    return newest if _names(newest) != _names(before) else None


def _names(frame: SeenFrame) -> frozenset[str]:
    return frozenset(label.text for label in frame.labels if label.score >= ENOUGH_SCORE)
