"""When a clip that closes is the one before over again, and how that one is stretched.

A camera that looks at an empty room all night sees the same clip two thousand times. Such a clip is not kept: the one
before ends later and counts its frames, with the pictures, the S and the g that it has. A clip goes on when
- it follows within two seconds, and the whole stays within an hour (so that forgetting five minutes of a night does
  not forget the night);
- nothing moves: no frame of it is a new scene, or has more than STILL of its patches changed;
- it looks the same: the cosine of its g with that of the clip before (as it was last) is at least `PictureScale.same`,
  and so is that of the mean of its frames' vectors with that of the first of them all. A learned g knows the time as
  well and moves on with it; the mean does not, so a dawn that comes slowly ends the clip by that;
- it shows the same things, and every look that one of the two is sure of holds for the other;
- nothing was said or heard in either: a moment with words keeps a clip of its own, with its own pictures.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.clip_builder import ClipRule
from omnilive_demo.memory.records_log import RecordsLog
from omnilive_demo.memory.totals import SMALL_GAP_S
from omnilive_demo.records import Clip, Label, SeenFrame

LONGEST_S = 3600.0
STILL = 0.1  # share of the patches of a frame that may have changed: noise, a curtain, a clock's hand
SURE = 0.5  # of a look


@dataclass(frozen=True, slots=True)
class Newest:
    """The clip that may go on. global_: g of what joined it last; looks: the mean of its first frames' vectors."""

    clip: Clip
    global_: NDArray[np.floating]
    looks: NDArray[np.float32]


def goes_on(
    newest: Newest,
    clip: Clip,
    frames: Sequence[SeenFrame],
    log: RecordsLog,
    same: float,
    rule: ClipRule,
    names: Container[str] = (),
) -> bool:
    """Whether `clip`, made of `frames`, is the newest one over again. same: of `PictureScale`."""
    before = newest.clip
    follows = 0.0 <= clip.start_s - before.end_s <= SMALL_GAP_S and clip.end_s - before.start_s <= LONGEST_S
    if not follows or not all(_still(frame, rule) for frame in frames):
        return False
    if not _look_alike(before.labels, clip.labels, names) or not log.quiet(before.start_s, clip.end_s):
        return False
    return _cosine(newest.global_, clip.global_) >= same and _cosine(newest.looks, looks_of(frames)) >= same


def looks_of(frames: Sequence[SeenFrame]) -> NDArray[np.float32]:
    """The mean of the frames' vectors `[D]`."""
    mean: NDArray[np.float32] = np.mean([frame.features.vector for frame in frames], axis=0, dtype=np.float32)
    return mean


def stretched(before: Clip, clip: Clip) -> Clip:
    """The clip before, up to the end of `clip`. What came in is counted; nothing more is kept of it."""
    return replace(
        before,
        end_s=clip.end_s,
        frame_times_s=(*before.frame_times_s, *clip.frame_times_s),
        tokens_seen=before.tokens_seen + clip.tokens_seen,
    )


def _still(frame: SeenFrame, rule: ClipRule) -> bool:
    return frame.change <= STILL and frame.similarity >= rule.scene_threshold


def _look_alike(before: Sequence[Label], after: Sequence[Label], names: Container[str]) -> bool:
    one, other = ({label.text: label.score for label in labels} for labels in (before, after))
    differing = [(text, (one | other)[text]) for text in one.keys() ^ other.keys()]
    return not any(text in names or score >= SURE for text, score in differing)


def _cosine(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    a, b = one.astype(np.float32), other.astype(np.float32)
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / lengths if a.shape == b.shape and lengths > 0 else 0.0
