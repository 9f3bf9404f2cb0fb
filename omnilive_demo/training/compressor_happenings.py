"""Teaches a memory module's `happenings` alone, before all else: what happens in clips, and what is so in each frame.

That is a small network on short rows, so some minutes show it every clip many times; the decoder behind it then finds
what happens in its rows from the first step on.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional
from tqdm import tqdm  # type: ignore[import-untyped]

from omnilive_demo.models.memory_module.happenings import Happenings
from omnilive_demo.training.compressor_drawn import DrawnStreams
from omnilive_demo.training.compressor_stream import EVENTS, MOMENTS, StreamClip

BATCH = 32
LEARNING_RATE = 1e-3
_HELD_WEIGHT = 0.5


def teach(happenings: Happenings, streams: DrawnStreams, minutes: float, kept: Path, seed: int, steps: int = 0) -> None:
    """Train for so many minutes (or, if above 0, steps), or take what an earlier call left in the file `kept`.

    Ended before that, it leaves nothing.
    """
    if kept.exists():
        happenings.load_state_dict(load_file(kept))
        return
    device, width = happenings.to_frame.weight.device, happenings.to_frame.in_features
    of_clip, of_frame = nn.Linear(width, len(EVENTS)).to(device), nn.Linear(width, len(MOMENTS)).to(device)
    optimiser = torch.optim.AdamW(
        [*happenings.parameters(), *of_clip.parameters(), *of_frame.parameters()], lr=LEARNING_RATE, weight_decay=0.01
    )
    rng, begun_s, share, done = np.random.default_rng([seed, 77]), time.monotonic(), 0.0, 0
    with tqdm(total=100, desc="what happens", unit="%") as bar:
        while share < 1.0:
            clips = streams.lone_clips(rng, BATCH)
            states, whole = happenings.read(
                [clip.merged.to(device).float() for clip in clips], [c.frames for c in clips]
            )
            loss = _loss(of_clip(whole), of_frame(states), clips)
            for group in optimiser.param_groups:
                group["lr"] = LEARNING_RATE * (1 - share) + 1e-5
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            done += 1
            share = min(1.0, done / steps if steps else (time.monotonic() - begun_s) / (60 * minutes))
            bar.set_postfix(loss=f"{loss.item():.3f}")
            bar.update(int(100 * share) - bar.n)
    part = kept.with_suffix(".part")
    save_file({name: tensor.contiguous() for name, tensor in happenings.state_dict().items()}, part)
    os.replace(part, kept)


def _loss(of_clips: torch.Tensor, of_frames: torch.Tensor, clips: list[StreamClip]) -> torch.Tensor:
    happens = torch.tensor([[float(kind in (clip.happens or ())) for kind in EVENTS] for clip in clips])
    moments = torch.cat([clip.moments for clip in clips if clip.moments is not None])
    whole = functional.binary_cross_entropy_with_logits(of_clips, happens.to(of_clips.device))
    each = functional.binary_cross_entropy_with_logits(of_frames, moments.to(of_frames.device))
    return whole + _HELD_WEIGHT * each
