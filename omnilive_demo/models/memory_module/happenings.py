"""What happens in a clip, from what changes between its frames: a small network of ours beside the projector.

Who puts something down is seen in a hand that comes and goes: small, no thing that is asked for, and only in the order
of the frames. Among the hundreds of rows of a clip the decoder hardly learns to find that (see `docs/training.md`). So
each frame's patches, and how they differ from the frame before, are read frame by frame in both directions, and what
comes out is added to the slot rows of the frame and to the global row. The released module has no such part.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence

_PATCH, _FRAME = 96, 128


class Happenings(nn.Module):
    """Reads the frames of clips. About 0.25 M parameters.

    Args:
        width: C of the patches.
        hidden: H of the rows that it is added to.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.patch = nn.Sequential(nn.Linear(width, _PATCH), nn.GELU(), nn.Linear(_PATCH, _PATCH), nn.GELU())
        self.change = nn.Linear(width, _PATCH)
        self.frame = nn.Linear(3 * _PATCH, _FRAME)
        self.order = nn.GRU(_FRAME, _FRAME // 2, bidirectional=True, batch_first=True)
        self.to_frame = nn.Linear(_FRAME, hidden)
        self.to_clip = nn.Linear(_FRAME, hidden)

    def read(self, merged: Sequence[Tensor], frames: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Merged features `[T*R, 4C]` of B clips -> states of all frames in order `[sum T, D]`, of clips `[B, D]`."""
        seen = [clip.view(n, -1, self.change.in_features) for clip, n in zip(merged, frames, strict=True)]
        every = torch.cat(seen)  # [sum T, patches, C]
        before = torch.cat([torch.cat([clip[:1], clip[:-1]]) for clip in seen])
        patches = self.patch(every)
        changes = functional.gelu(self.change(every - before))
        rows = functional.gelu(self.frame(torch.cat([patches.amax(1), patches.mean(1), changes.amax(1)], -1)))
        packed = pack_sequence(list(torch.split(rows, list(frames))), enforce_sorted=False)
        states, lengths = pad_packed_sequence(self.order(packed)[0], batch_first=True)
        kept = torch.arange(states.shape[1], device=states.device)[None] < lengths.to(states.device)[:, None]
        return states[kept], states.masked_fill(~kept[..., None], -torch.inf).amax(1)

    def forward(self, merged: Sequence[Tensor], frames: Sequence[int]) -> tuple[Tensor, Tensor]:
        """The same -> what is added to the slot rows of each frame `[sum T, H]`, and to the global rows `[B, H]`."""
        of_frames, of_clips = self.read(merged, frames)
        return self.to_frame(of_frames), self.to_clip(of_clips)
