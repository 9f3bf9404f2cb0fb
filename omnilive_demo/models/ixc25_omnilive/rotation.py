"""Rotary positions with a base that grows with the text (dynamic NTK, specification 2.2)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from omnilive_demo.models.ixc25_omnilive.config import ReasonerConfig

Rotation = tuple[Tensor, Tensor]
"""Cosines and sines, `[n, head size]` each, float32."""


def rotary_base(config: ReasonerConfig, length: int) -> float:
    """The base for a text of `length` rows: theta up to `config.positions`, and larger beyond.

    Hazard 12. It depends on this text alone: the original keeps an enlarged table for later short texts, a defect.
    """
    if length <= config.positions or not config.rope_factor:
        return config.rope_theta
    stretch = config.rope_factor * length / config.positions - (config.rope_factor - 1)
    return config.rope_theta * math.pow(stretch, config.head_size / (config.head_size - 2))


def rotation(config: ReasonerConfig, start: int, count: int, device: torch.device) -> Rotation:
    """Of rows `start .. start + count - 1`, with the base for all rows up to them.

    Rows that were read before keep the base of their time, as in the original; a text that is read in one go has one.
    """
    half = torch.arange(0, config.head_size, 2, dtype=torch.float32, device=device) / config.head_size
    speeds = 1.0 / rotary_base(config, start + count) ** half
    angles = torch.outer(torch.arange(start, start + count, dtype=torch.float32, device=device), speeds)
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos(), angles.sin()


def rotated(heads: Tensor, by: Rotation) -> Tensor:
    """Heads `[heads, n, head size]`, the first half of each paired with the second; in float32, in their own type."""
    cosines, sines = by
    values = heads.float()
    first, second = values.chunk(2, dim=-1)
    return (values * cosines + torch.cat([-second, first], dim=-1) * sines).to(heads.dtype)
