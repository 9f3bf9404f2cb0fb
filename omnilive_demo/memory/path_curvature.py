"""Key frames by curvature: where the path of the frames' vectors turns sharply, something new is seen.

The turn at a frame is the angle between the step to it and the step from it, times the length of the step to it: a
sudden picture turns sharply, a steady pan does not turn at all, and noise makes no long steps. (CurveStream's idea; its
formula is not published, this one is ours.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SHARP = 0.3  # of a turn, in radians times the length of a step between unit vectors: less is no turn
STILL = 1e-4  # a shorter step has no direction


def turns(vectors: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
    """How sharply the path turns at each of T unit vectors `[C]`, `[T]`; 0 at the first.

    Where the path comes from or goes to a standstill (the last frame, too) it counts as a right angle.
    """
    path = np.stack(vectors).astype(np.float64)
    steps = np.diff(path, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    found = np.zeros(len(path))
    for t in range(1, len(path)):
        goes_on = t < len(steps) and lengths[t] > STILL and lengths[t - 1] > STILL
        cosine = float(steps[t - 1] @ steps[t] / (lengths[t - 1] * lengths[t])) if goes_on else 0.0
        found[t] = np.arccos(np.clip(cosine, -1.0, 1.0)) * lengths[t - 1]
    return found


def key_frames(vectors: Sequence[NDArray[np.float32]]) -> tuple[int, ...]:
    """Positions of the key frames of a clip, in order: the first frame, and where the path turns more than usual.

    More than usual is more than the mean and one standard deviation of the clip's turns, and no less than SHARP. A step
    back to what a key frame shows already, nearer than half of the step, brings nothing new.
    """
    path = np.stack(vectors).astype(np.float64)
    found = turns(vectors)
    usual = found[1:].mean() + found[1:].std() if len(path) > 1 else 0.0
    keys = [0]
    for t in range(1, len(path)):
        step = np.linalg.norm(path[t] - path[t - 1])
        if found[t] >= max(usual, SHARP) and np.linalg.norm(path[keys] - path[t], axis=1).min() >= step / 2:
            keys.append(t)
    return tuple(keys)
