"""How much is remembered."""

from __future__ import annotations

from omnilive_demo.events import MemoryFigures
from omnilive_demo.memory.quota import Quota
from omnilive_demo.memory.records_log import RecordsLog


def figures_of(log: RecordsLog, quota: Quota) -> MemoryFigures:
    """Clips, seconds, bytes, tokens seen and kept. Bytes are those of pictures, memories and words."""
    totals = log.totals
    return MemoryFigures(
        clips=log.clip_count,
        seconds=round(max(0.0, totals.seconds), 3),
        bytes=totals.bytes + log.words_bytes,
        tokens_seen=totals.tokens_seen,
        tokens_kept=totals.tokens_kept,
        limit_bytes=quota.limit_bytes,
        let_go=totals.let_go,
    )
