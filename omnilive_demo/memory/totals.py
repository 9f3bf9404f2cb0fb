"""Sums over what is remembered, kept up to date: nobody adds up a week of clips for each new one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from omnilive_demo.memory.entries import ClipEntry

SMALL_GAP_S = 2.0


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the clips."""

    seconds: float = 0.0  # that clips cover; what lies between a clip's last frame and the next one's first counts too
    bytes: int = 0
    tokens_seen: int = 0
    tokens_kept: int = 0
    let_go: int = 0  # clips without pictures and S_k

    def with_clip(self, clip: ClipEntry, before: ClipEntry | None) -> Totals:
        """With a clip that follows another one."""
        gap_s = clip.start_s - before.end_s if before is not None else np.inf
        seconds = clip.end_s - clip.start_s + (gap_s if gap_s <= SMALL_GAP_S else 0.0)
        return Totals(
            self.seconds + seconds, self.bytes + clip.bytes, self.tokens_seen + clip.tokens_seen,
            self.tokens_kept + clip.tokens_kept, self.let_go + clip.bare,
        )  # fmt: skip

    def grown(self, clip: ClipEntry, before: ClipEntry) -> Totals:
        """With a clip in place of what it was before."""
        return Totals(
            self.seconds + clip.end_s - before.end_s,
            self.bytes + clip.bytes - before.bytes,
            self.tokens_seen + clip.tokens_seen - before.tokens_seen,
            self.tokens_kept + clip.tokens_kept - before.tokens_kept,
            self.let_go + clip.bare - before.bare,
        )
