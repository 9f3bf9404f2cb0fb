"""Attention written out, for training on a CPU.

There the backward pass of torch's fused attention is two to five times slower than plain matrix products at our lengths
(a few hundred rows, heads of 32 numbers, bfloat16). The result is the same up to rounding.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.masking_utils import sdpa_mask

NAME = "omnilive_plain"
LONGEST = 900
"""Rows; above, the fused one is faster, as it never holds the whole table of scores."""


def use_plain_attention(model: PreTrainedModel) -> None:
    """Makes a decoder attend this way from now on."""
    AttentionInterface.register(NAME, plain_attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.config._attn_implementation = NAME


def plain_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    **rest: Any,
) -> tuple[Tensor, None]:
    """Query `[B, heads, n, d]`, key and value `[B, kv_heads, m, d]`, mask bool (True: seen) or None for causal.

    Returns `[B, n, heads, d]`. Heads that share a key are multiplied together, so keys are never copied.
    """
    batch, heads, n, d = query.shape
    kv_heads, m = key.shape[1:3]
    shared = heads // kv_heads
    scale = d**-0.5 if scaling is None else scaling
    if attention_mask is None and n == m > LONGEST:
        out = functional.scaled_dot_product_attention(query, key, value, is_causal=True, scale=scale, enable_gqa=True)
        return out.transpose(1, 2), None
    if attention_mask is None:
        attention_mask = torch.ones(n, m, dtype=torch.bool, device=query.device).tril(m - n)
    kind = torch.get_autocast_dtype(query.device.type) if torch.is_autocast_enabled(query.device.type) else query.dtype
    together = (query * scale).reshape(batch, kv_heads, shared * n, d).to(kind)
    scores = (together @ key.to(kind).transpose(-1, -2)).reshape(batch, kv_heads, shared, n, m)
    hidden = torch.zeros_like(attention_mask, dtype=kind).masked_fill(~attention_mask, -1e30)
    if hidden.ndim == 4:
        hidden = hidden[:, :, None]
    weights = (scores + hidden).softmax(-1, dtype=kind)
    out = weights.reshape(batch, kv_heads, shared * n, m) @ value.to(kind)
    return out.reshape(batch, heads, n, d).transpose(1, 2).contiguous(), None
