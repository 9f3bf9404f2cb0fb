"""How far apart "the same picture still" and "another scene" are for g, between which `PictureScale.same` lies."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.evaluation.memory_pool import RecordedClip, RecordedPool
from omnilive_demo.evaluation.memory_week import DAY_S
from omnilive_demo.memory.clip_builder import ClipRule
from omnilive_demo.memory.compressor import Compressor

SCENES = 100
OVER_S = 7 * DAY_S


def sameness(compressor: Compressor, pool: RecordedPool) -> dict[str, Any]:
    """Cosines of g of two clips.

    `still`: of the same picture, one clip right after the other, at times of a whole week; `p5`: 95 of 100 have so much
    or more. `other_scenes`: of still pictures of two scenes, each with each; `p95`: 95 of 100 have so much at most.
    """
    clips = pool.clips[:: max(1, len(pool.clips) // SCENES)][:SCENES]
    length = ClipRule().longest
    still: list[float] = []
    scenes: list[NDArray[np.float32]] = []
    for n, clip in enumerate(clips):
        at_s = OVER_S * n / len(clips)
        one, after = (_global(compressor, pool, clip, at_s + i * length, length) for i in range(2))
        still.append(float(one @ after))
        scenes.append(one)
    rows = np.stack(scenes)
    others = (rows @ rows.T)[np.triu_indices(len(rows), 1)]
    return {
        "still": {**_quantiles(np.array(still), 5), "min": round(min(still), 4), "n": len(still)},
        "other_scenes": {**_quantiles(others, 95), "max": round(float(others.max()), 4), "n": len(others)},
    }


def _global(compressor: Compressor, pool: RecordedPool, clip: RecordedClip, at_s: float, n: int) -> NDArray[np.float32]:
    """g of n seconds of one picture, at unit length."""
    frames = [pool.still(clip, at_s + i, 1.0).features for i in range(n)]
    _, global_ = compressor.compress(frames, at_s, at_s + n - 1)
    unit: NDArray[np.float32] = (global_ / np.linalg.norm(global_)).astype(np.float32)
    return unit


def _quantiles(values: NDArray[np.floating], tail: int) -> dict[str, float]:
    return {f"p{q}": round(float(np.percentile(values, q)), 4) for q in (tail, 50)}
