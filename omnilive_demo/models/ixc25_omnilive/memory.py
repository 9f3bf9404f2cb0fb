"""The released memory module as one object: pictures and words in, memories and scores out.

    memory = load_memory_module(folder, torch.bfloat16, "cuda")
    S, g = memory.compress(frames, 0.0, 15.0)             # a clip of T frames -> [4T, C], [C]
    long_term = memory.integrate([S, ..], [g, ..])         # K clips -> H̄ [K, C]
    scores = memory.score(long_term, [g, ..], "Where are my keys?")  # cosine of the question with each clip, [K]

The app integrates a stream that goes on clip by clip, without reading anything twice: `memory/long_term.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from omnilive_demo.models.memory_module.after_loading import default_dtype
from omnilive_demo.models.memory_module.module import ClipRows, MemoryModule, cosines
from omnilive_demo.models.memory_module.patch_features import PatchFeatures
from omnilive_demo.models.memory_module.released import load_released
from omnilive_demo.models.memory_module.segments import SEGMENT_CLIPS, cut, rows_read
from omnilive_demo.models.memory_module.text_rows import TextRows, TokenTableRows, clip_sentence
from omnilive_demo.models.memory_module.weight_files import WeightsError

Frames = NDArray[np.uint8] | Tensor
"""RGB pictures `[T, H, W, 3]` of bytes."""
Rows = Tensor | NDArray[np.float32]

_ROWS_AT_ONCE = 16_384  # of all clips that are compressed together, padding included: about 15 full ones


class ClipFrames(NamedTuple):
    """A clip to be compressed, with its times in seconds."""

    frames: Frames
    start_s: float
    end_s: float


class VideoMemory:
    """A memory module with its eyes and its words, for inference. Safe to call from any thread.

    What it returns has the module's type and lies on its device; what it is given is brought there.

    Args:
        module: compresses and integrates.
        patches: makes the features of pictures that the module was made for.
        text_rows: clip sentences and questions for that module.
    """

    def __init__(self, module: MemoryModule, patches: PatchFeatures, text_rows: TextRows) -> None:
        self.module = module.eval()
        self.patches = patches
        self.text_rows = text_rows
        self.width = module.config.hidden  # C

    def compress(self, frames: Frames, start_s: float, end_s: float) -> tuple[Tensor, Tensor]:
        """A clip of T frames -> short-term memory S `[4T, C]` and global memory g `[C]`.

        Raises:
            ValueError: there is no frame, they are no RGB pictures, or too many for the positions that it knows.
        """
        return self.compress_many([(frames, start_s, end_s)])[0]

    @torch.inference_mode()
    def compress_many(self, clips: Sequence[ClipFrames | tuple[Frames, float, float]]) -> list[tuple[Tensor, Tensor]]:
        """S and g of clips of any lengths, in their order; clips of about the same length are read together.

        Raises:
            ValueError: as `compress`.
        """
        pictures = [_pictures(clip[0]) for clip in clips]
        made: dict[int, tuple[Tensor, Tensor]] = {}
        for together in _batches([len(frames) for frames in pictures]):
            merged = self.patches.merged([picture for i in together for picture in pictures[i]])
            per_frame = len(merged) // sum(len(pictures[i]) for i in together)
            features = torch.split(merged, [per_frame * len(pictures[i]) for i in together])
            texts = self.text_rows.rows([clip_sentence(*clips[i][1:]) for i in together])
            batch = [
                ClipRows(text, rows, len(pictures[i])) for i, text, rows in zip(together, texts, features, strict=True)
            ]
            for clip in batch:
                self._check_fits(len(clip.text) + len(clip.merged) + 4 * clip.frames + 1)
            short_term, globals_ = self.module.compress_batch(batch)
            for i, slots, global_ in zip(together, short_term, globals_, strict=True):
                made[i] = slots.clone(), global_.clone()  # not the padded whole that they are views of
        return [made[i] for i in range(len(clips))]

    @torch.inference_mode()
    def integrate(self, short_term: Sequence[Rows], globals_: Sequence[Rows]) -> Tensor:
        """S and g of K clips, in order -> long-term memory H̄ `[K, C]`.

        In one sequence, as the release does it, as far as its positions reach (504 full clips); more clips are
        integrated 64 at a time, each segment by itself.

        Raises:
            ValueError: not as many g as S, or one of another width.
        """
        slots = [self._rows(rows, 2) for rows in short_term]
        clips = [self._rows(row, 1) for row in globals_]
        if len(slots) != len(clips):
            raise ValueError(f"{len(slots)} clips have a short-term memory and {len(clips)} a global one")
        if not clips:
            return torch.zeros(0, self.width).to(self.module.decoder.norm.weight)
        positions = self.module.config.positions
        whole = sum(map(len, slots)) + len(clips) <= positions
        most = len(clips) if whole else SEGMENT_CLIPS
        parts = cut([len(rows) for rows in slots], most, positions)
        return torch.cat([self.module.integrate(slots[part], clips[part]) for part in parts])

    @torch.inference_mode()
    def score(self, long_term: Rows, globals_: Sequence[Rows] | Rows, question: str) -> Tensor:
        """How well each of K clips answers a question, read after H̄ `[K, C]`: raw cosines with g, `[K]` float32.

        Where H̄ is longer than the positions, as many rows are read as the app reads (`rows_read`).

        Raises:
            ValueError: the question is empty or too long, or something has another width.
        """
        memory = self._rows(long_term, 2)
        clips = [self._rows(row, 1) for row in globals_]
        if not question.strip():
            raise ValueError("an empty question finds nothing")
        rows = self.text_rows.rows([question])[0].to(memory)
        if len(memory) + len(rows) > self.module.config.positions:
            memory = memory[torch.from_numpy(rows_read(len(memory))).to(memory.device)]
        self._check_fits(len(memory) + len(rows))
        if not clips:
            return torch.zeros(0, device=memory.device)
        return cosines(self.module.question_state(memory, rows), torch.stack(clips))

    def _rows(self, rows: Rows, dimensions: int) -> Tensor:
        tensor = torch.as_tensor(rows).to(self.module.decoder.norm.weight)
        if tensor.ndim != dimensions or tensor.shape[-1] != self.width:
            wanted = f"[n, {self.width}]" if dimensions == 2 else f"[{self.width}]"
            raise ValueError(f"this memory module reads rows {wanted}, not {list(tensor.shape)}")
        return tensor

    def _check_fits(self, rows: int) -> None:
        if rows > self.module.config.positions:
            raise ValueError(f"{rows} rows are more than the {self.module.config.positions} positions that it knows")


def load_memory_module(
    folder: Path | str, dtype: torch.dtype | None = None, device: str | torch.device = "cpu"
) -> VideoMemory:
    """The released memory module with its vision tower and its tokenizer, ready for inference.

    Args:
        folder: as it was released: `config.json`, weights in safetensors or `.bin`, in one file or in shards, and
            `vocab.json` and `merges.txt` of the tokenizer.
        dtype: of the weights; None for `default_dtype`.
        device: where they go.

    Raises:
        WeightsError: a file is missing, damaged or of another kind, or a tensor is missing, unknown or misshapen.
    """
    folder, device = Path(folder), str(device)
    module, patches = load_released(folder, dtype or default_dtype(device), device)
    try:
        text_rows = TokenTableRows(module.requires_grad_(False), folder)
    except (OSError, ValueError) as error:
        raise WeightsError(str(error)) from error
    return VideoMemory(module, patches, text_rows)


def _pictures(frames: Frames) -> NDArray[np.uint8]:
    array = frames.cpu().numpy() if isinstance(frames, Tensor) else np.asarray(frames)
    if array.ndim != 4 or array.shape[3] != 3 or array.dtype != np.uint8 or 0 in array.shape:
        raise ValueError(f"expected RGB pictures [T, H, W, 3] of bytes, not {array.shape} of {array.dtype}")
    return array


def _batches(frames: Sequence[int], rows_a_frame: int = 69) -> list[list[int]]:
    """Which clips of so many frames are read together: like ones, and never too many rows at once."""
    batches: list[list[int]] = []
    for i in sorted(range(len(frames)), key=lambda i: -frames[i]):
        if batches and frames[batches[-1][0]] * (len(batches[-1]) + 1) * rows_a_frame <= _ROWS_AT_ONCE:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches
