"""What is the same for every model that is made without weights ("meta") and then filled from files."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from transformers import CLIPVisionModel, Qwen2Model
from transformers.models.qwen2.modeling_qwen2 import Qwen2RotaryEmbedding


def default_dtype(device: str | Sequence[str]) -> torch.dtype:
    """Of weights, where nobody asks for another: bfloat16 on a GPU, float32 on a CPU. device: one, or several."""
    devices = [device] if isinstance(device, str) else device
    return torch.float32 if all(torch.device(one).type == "cpu" for one in devices) else torch.bfloat16


def number_positions(tower: CLIPVisionModel, device: str) -> None:
    """Give a vision tower its list of positions: it is computed and not stored, so no file fills it."""
    embeddings = tower.embeddings
    positions = torch.arange(embeddings.num_positions, device=device)[None]
    embeddings.register_buffer("position_ids", positions, persistent=False)


def turn_anew(decoder: Qwen2Model, theta: float, device: str) -> None:
    """Give a decoder its rotation: it is computed and not stored, and its angles stay float32 in every type.

    Args:
        theta: the base that the angles must have. Hazards 2 and 12: another one gives wrong text without an error.
    """
    config = decoder.config
    decoder.rotary_emb = Qwen2RotaryEmbedding(config).to(device)
    angles, half = decoder.rotary_emb.inv_freq, config.hidden_size // config.num_attention_heads // 2
    expected = theta ** (-torch.arange(half, dtype=torch.float64) / half)
    assert angles.dtype == torch.float32, "hazard 12: the angles keep float32"
    assert torch.allclose(angles.cpu().double(), expected, rtol=1e-5), "hazard 2: the rotation has another base"


def assert_filled(*parts: nn.Module) -> None:
    """No tensor may be left without a value."""
    for part in parts:
        left = [name for name, one in (*part.named_parameters(), *part.named_buffers()) if one.is_meta]
        assert not left, f"never given a value: {left}"
