"""The learned compressor: the paper's memory module (`models/memory_module`) behind the three calls of `Compressor`.

S and g are the module's states as they are: integration reads them again, so they are not of unit norm. What is asked
twice is read once: S of clips already integrated and rows of H̄ already asked about stay as prefixes (see there).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from omnilive_demo.memory.compressor import TOKENS_PER_FRAME, Array
from omnilive_demo.models.memory_module.module import MemoryModule
from omnilive_demo.models.memory_module.patch_features import merge_2x2
from omnilive_demo.models.memory_module.prefix import PrefixPool
from omnilive_demo.models.memory_module.text_rows import TextRows, clip_sentence
from omnilive_demo.records import FrameFeatures


class LearnedCompressor:
    """Implements `Compressor` with a memory module, ours or the released one. Safe to call from any thread.

    Args:
        module: of any type, on any device. Its features must be those of the frame encoder in use, 2x2 merged.
        text_rows: clip sentences and questions for that module.
        tokens_per_frame: P, slot rows of S_k per frame, a square number.
        prefixes: how many prefixes are kept of segments, and as many of memories asked about; see `PrefixPool`.
    """

    name = "learned"

    def __init__(
        self,
        module: MemoryModule,
        text_rows: TextRows,
        tokens_per_frame: int = TOKENS_PER_FRAME,
        prefixes: int = 12,
    ) -> None:
        self.width = module.config.hidden
        self._module = module.eval()
        self._text_rows = text_rows
        self._tokens_per_frame = tokens_per_frame
        self._integrated = PrefixPool(module, prefixes)
        self._asked = PrefixPool(module, prefixes)

    @torch.inference_mode()
    def compress(self, frames: Sequence[FrameFeatures], start_s: float, end_s: float) -> tuple[Array, Array]:
        """A closed clip of T frames -> (S_k `[P*T, C]`, g_k `[C]`).

        Raises:
            ValueError: there is no frame, or the patches are not those that the module was made for.
        """
        if not frames:
            raise ValueError("a clip holds at least one frame")
        patches = torch.from_numpy(np.stack([frame.patches for frame in frames])).float()
        expected = self._module.config.feature_width // 4
        if patches.shape[-1] != expected:
            raise ValueError(f"the compressor takes patches of width {expected}, not {patches.shape[-1]}")
        patches = patches.to(self._module.decoder.norm.weight)  # its type and device
        text = self._text_rows.rows([clip_sentence(start_s, end_s)])[0]
        short_term, global_ = self._module.compress(text, merge_2x2(patches), len(frames), self._tokens_per_frame)
        return _array(short_term).copy(), _array(global_).copy()  # not the padded whole that they are views of

    @torch.inference_mode()
    def integrate(self, short_term: Sequence[Array], global_: Sequence[Array]) -> Array:
        """All S_k and g_k of a segment, in order -> long-term memory H̄ `[K, C]`."""
        if not global_:
            return np.zeros((0, self.width), np.float32)
        rows = torch.from_numpy(np.stack(global_).astype(np.float32))
        return _array(self._integrated.prefix(_float32(short_term)).behind(rows))

    def expect(self, short_term: Sequence[Array]) -> None:
        """S of the clips so far: read now, so that the integration which will begin with them is quick."""
        self._integrated.prefix(_float32(short_term))

    @torch.inference_mode()
    def encode_question(self, question: str, long_term: Array) -> Array | None:
        """Question feature q `[C]`, unit norm, read after H̄ `[K, C]` (K may be 0); None for an empty question."""
        if not question.strip():
            return None
        rows = self._text_rows.rows([question])[0]
        memory = np.ascontiguousarray(long_term, np.float32)
        state = _array(self._asked.prefix([memory[i : i + 1] for i in range(len(memory))]).behind(rows)[-1])
        unit: Array = (state / max(float(np.linalg.norm(state)), 1e-8)).astype(np.float32)
        return unit


def _float32(blocks: Sequence[Array]) -> list[Array]:
    return [np.ascontiguousarray(block, np.float32) for block in blocks]


def _array(states: Tensor) -> Array:
    array: Array = states.float().cpu().numpy()
    return array
