"""Differential token dropping: of a frame, only the patches that look different are kept.

The rule of TimeChat-Online: a patch is dropped when its cosine with the same place in the previous kept frame is above
a threshold; the first frame keeps all. A frame of which nothing is kept is no reference for the next one, so what
changes slowly is noticed once it has changed enough.

Their thresholds (0.25 and 0.5) belong to the features of their model. CLIP's patches have much in common, and the same
wall seen twice has about 0.95, so the one here is higher.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SAME = 0.9


def kept_patches(patches: NDArray[np.float32], same: float = SAME) -> NDArray[np.bool_]:
    """Which patches `[T, P, C]` of a clip are kept, `[T, P]`."""
    units = patches / np.maximum(np.linalg.norm(patches, axis=-1, keepdims=True), 1e-8)
    kept = np.ones(patches.shape[:2], bool)
    reference = 0
    for t in range(1, len(patches)):
        kept[t] = (units[t] * units[reference]).sum(-1) <= same
        if kept[t].any():
            reference = t
    return kept
