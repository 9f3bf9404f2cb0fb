"""When things can be seen, worked out from the paths of their actors, without painting.

Things are taken for ellipse-like shapes in their boxes, so shares are estimates; the painter's own truth
(`truth.Sighting.visible`) is exact. They agree on seen or not seen in nearly all pictures (a test holds that).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from omnilive_demo.training.world.painter import position
from omnilive_demo.training.world.staging import Actor, Setting
from omnilive_demo.training.world.timeline import SEEN, Span, merged

STEP_S = 0.2
_SOLID = 0.75  # how much of its box a thing covers
_Box = tuple[float, float, float, float]


def _box(actor: Actor, t_s: float, aspect: float) -> _Box | None:
    at = position(actor, t_s)
    if at is None:
        return None
    across, along = at.size / aspect / 2, at.size / 2
    return at.x - across, at.y - along, at.x + across, at.y + along


def _area(box: _Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _common(one: _Box, other: _Box) -> _Box:
    return max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])


def visible_share(actors: Sequence[Actor], index: int, t_s: float, aspect: float) -> float:
    """The estimated share (0..1) of an actor that is inside the picture and not behind others."""
    box = _box(actors[index], t_s, aspect)
    if box is None:
        return 0.0
    inside = _common(box, (0.0, 0.0, 1.0, 1.0))
    share = _area(inside) / _area(box)
    for other, actor in enumerate(actors):
        in_front = (actor.depth, other) > (actors[index].depth, index)
        cover = _box(actor, t_s, aspect) if in_front and share else None
        if cover:
            share -= _SOLID * _area(_common(inside, cover)) / _area(box)
    return max(0.0, share)


def spans_of(setting: Setting, actors: Sequence[Actor], index: int) -> tuple[tuple[Span, ...], float]:
    """When an actor is seen (share >= 0.4), and the best share of it that is ever visible."""
    first, last = actors[index].path[0].t_s, actors[index].path[-1].t_s
    times = np.linspace(first, last, max(2, round((last - first) / STEP_S) + 1)).tolist()
    shares = [visible_share(actors, index, t_s, setting.aspect) for t_s in times]
    seen = [
        (max(first, t_s - STEP_S / 2), min(last, t_s + STEP_S / 2))
        for t_s, share in zip(times, shares, strict=True)
        if share >= SEEN
    ]
    return merged(seen, gap_s=STEP_S), max(shares)
