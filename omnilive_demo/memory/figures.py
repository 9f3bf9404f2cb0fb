"""How much is remembered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.events import MemoryFigures
from omnilive_demo.memory.records_log import LogView


def figures_of(view: LogView) -> MemoryFigures:
    """Clips, seconds, bytes, tokens seen and kept. Bytes are those of pictures, memories and words."""
    words = sum(len(entry.spoken.text.encode()) for entry in view.words)
    vectors = 2 * view.word_vectors.size
    return MemoryFigures(
        clips=len(view.clips),
        seconds=_covered_s(view.clip_times),
        bytes=sum(clip.bytes for clip in view.clips) + words + vectors,
        tokens_seen=sum(clip.tokens_seen for clip in view.clips),
        tokens_kept=sum(clip.tokens_kept for clip in view.clips),
    )


def _covered_s(times: NDArray[np.float64]) -> float:
    """Seconds that clips `[n, 2]` cover; the second between a clip's last frame and the next one's first counts too."""
    if not len(times):
        return 0.0
    gaps_s = times[1:, 0] - times[:-1, 1]
    return round(float((times[:, 1] - times[:, 0]).sum() + gaps_s[gaps_s <= 2.0].sum()), 3)
