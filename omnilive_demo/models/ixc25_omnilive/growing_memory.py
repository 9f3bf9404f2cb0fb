"""The long-term memory of a stream that goes on: each clip is read once, when it closes.

Within a segment S of all clips so far is a prefix of keys and values (117 MB for 64 full clips at the released size in
bfloat16); the g rows behind it are read anew for each H̄. A full segment is integrated for the last time and keeps its
rows of H̄ alone, so a stream may go on for days, although the positions of one sequence end at 504 full clips. The app
does the same with a store behind it: `memory/long_term.py`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from omnilive_demo.models.memory_module.module import MemoryModule
from omnilive_demo.models.memory_module.prefix import RowPrefix
from omnilive_demo.models.memory_module.segments import SEGMENT_CLIPS


class GrowingMemory:
    """H̄ of one stream, for inference; one thread at a time.

    Args:
        module: reads it.
        segment_clips: how many clips are integrated together at most; fewer where they are too long for the positions.
    """

    def __init__(self, module: MemoryModule, segment_clips: int = SEGMENT_CLIPS) -> None:
        if segment_clips < 1:
            raise ValueError("a segment holds at least one clip")
        self._module = module
        self._most = segment_clips
        self._closed: list[Tensor] = []  # rows of H̄ of each full segment
        self._prefix = RowPrefix(module)
        self._globals: list[Tensor] = []  # of the growing segment

    def __len__(self) -> int:
        """K, clips so far."""
        return sum(map(len, self._closed)) + len(self._globals)

    @property
    def cache_bytes(self) -> int:
        """What the prefix of the growing segment takes."""
        return self._prefix.nbytes

    @torch.inference_mode()
    def add(self, short_term: Tensor, global_: Tensor) -> None:
        """Take S `[n, C]` and g `[C]` of the next clip.

        Raises:
            ValueError: S alone is longer than the positions.
        """
        positions = self._module.config.positions
        if len(short_term) + 1 > positions:
            raise ValueError(f"a clip of {len(short_term)} rows is more than {positions} positions hold")
        held = self._prefix.rows + len(self._globals)
        if self._globals and (len(self._globals) == self._most or held + len(short_term) + 1 > positions):
            self._closed.append(self._growing())
            self._prefix, self._globals = RowPrefix(self._module), []
        self._prefix = self._prefix.extended(short_term)
        self._globals.append(global_)

    @torch.inference_mode()
    def long_term(self) -> Tensor:
        """H̄ of all clips so far `[K, C]`: what integrating each segment at once gives."""
        if not self._globals:
            return torch.zeros(0, self._module.config.hidden).to(self._module.decoder.norm.weight)
        return torch.cat([*self._closed, self._growing()])

    def _growing(self) -> Tensor:
        return self._prefix.behind(torch.stack(self._globals))
