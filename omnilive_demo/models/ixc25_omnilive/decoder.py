"""The language model inside the reasoner: InternLM2 with Partial-LoRA (specification 2.2 and 2.3).

Letters: n rows, H their width. One text at a time: rows are `[n, H]`, without a batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention, silu

from omnilive_demo.models.ixc25_omnilive.config import ReasonerConfig
from omnilive_demo.models.ixc25_omnilive.key_values import KeyValues
from omnilive_demo.models.ixc25_omnilive.partial_lora import PartialLoraLinear
from omnilive_demo.models.ixc25_omnilive.rotation import Rotation, rotated, rotation


class Cancelled(Exception):
    """The text is not wanted any more; nothing of what was being read counts."""


class Attention(nn.Module):
    """Causal attention in which groups of query heads share a key and a value."""

    def __init__(self, config: ReasonerConfig) -> None:
        super().__init__()
        self.kv_heads, self.head_size = config.kv_heads, config.head_size
        fused = (config.heads + 2 * config.kv_heads) * config.head_size
        self.wqkv = PartialLoraLinear(config.hidden, fused, config.partial_rank)
        self.wo = PartialLoraLinear(config.hidden, config.hidden, config.partial_rank)

    def forward(self, rows: Tensor, by: Rotation, visual: Tensor | None, layer: int, held: KeyValues) -> Tensor:
        """Rows `[n, H]` behind the held ones -> `[n, H]`."""
        count = len(rows)
        # Hazard 11: each group is fused as [its query heads, its key, its value]; it is not all q, then all k, then v.
        groups = self.wqkv(rows, visual).view(count, self.kv_heads, -1, self.head_size)
        queries = groups[:, :, :-2].reshape(count, -1, self.head_size).transpose(0, 1)
        keys, values = held.extended(
            layer, rotated(groups[:, :, -2].transpose(0, 1), by), groups[:, :, -1].transpose(0, 1)
        )
        mask = None
        if 1 < count < keys.shape[1]:
            mask = torch.ones(count, keys.shape[1], dtype=torch.bool, device=rows.device).tril(keys.shape[1] - count)
        attended = scaled_dot_product_attention(
            rotated(queries, by)[None], keys[None], values[None],
            attn_mask=mask, is_causal=count > 1 and mask is None, enable_gqa=True,
        )  # fmt: skip
        return cast(Tensor, self.wo(attended[0].transpose(0, 1).reshape(count, -1), visual))


class FeedForward(nn.Module):
    """w2(silu(w1 x) * w3 x)."""

    def __init__(self, config: ReasonerConfig) -> None:
        super().__init__()
        self.w1 = PartialLoraLinear(config.hidden, config.intermediate, config.partial_rank)
        self.w2 = PartialLoraLinear(config.intermediate, config.hidden, config.partial_rank)
        self.w3 = PartialLoraLinear(config.hidden, config.intermediate, config.partial_rank)

    def forward(self, rows: Tensor, visual: Tensor | None) -> Tensor:
        """Rows `[n, H]` -> `[n, H]`."""
        return cast(Tensor, self.w2(silu(self.w1(rows, visual)) * self.w3(rows, visual), visual))


class Layer(nn.Module):
    """Attention and feed-forward, each behind a norm and around a residual."""

    def __init__(self, config: ReasonerConfig) -> None:
        super().__init__()
        self.attention = Attention(config)
        self.feed_forward = FeedForward(config)
        self.attention_norm = nn.RMSNorm(config.hidden, eps=config.rms_norm_eps)
        self.ffn_norm = nn.RMSNorm(config.hidden, eps=config.rms_norm_eps)

    @property
    def device(self) -> torch.device:
        """Where its weights lie."""
        return self.attention_norm.weight.device

    def forward(self, rows: Tensor, by: Rotation, visual: Tensor | None, layer: int, held: KeyValues) -> Tensor:
        """Rows `[n, H]` -> `[n, H]`."""
        rows = rows + self.attention(self.attention_norm(rows), by, visual, layer, held)
        return rows + cast(Tensor, self.feed_forward(self.ffn_norm(rows), visual))


class Decoder(nn.Module):
    """Rows in, the next token's logits out. Its layers may lie on several devices."""

    def __init__(self, config: ReasonerConfig) -> None:
        super().__init__()
        self.config = config
        self.tok_embeddings = nn.Embedding(config.vocabulary, config.hidden)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.norm = nn.RMSNorm(config.hidden, eps=config.rms_norm_eps)
        self.output = nn.Linear(config.hidden, config.vocabulary, bias=False)

    def forward(
        self,
        rows: Tensor,
        visual: Tensor | None = None,
        held: KeyValues | None = None,
        every: bool = False,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Tensor:
        """Read rows `[n, H]` behind the held ones.

        Args:
            visual: which of them are visual, `[n]` bool: those of pictures, of memory and of its labels. None: none, as
                for every generated token.
            held: what was read before; the rows are added to it.
            every: logits of each row, and not only of the last.
            cancelled: asked before each layer.

        Returns:
            Logits `[1 or n, vocabulary]`, float32.

        Raises:
            Cancelled: `cancelled` said so. `held` is as before.
        """
        held = held or KeyValues(len(self.layers))
        numbers = None if visual is None else visual.nonzero()[:, 0]
        if numbers is not None and not len(numbers):
            numbers = None
        by, device = None, None
        for i, layer in enumerate(cast(list[Layer], list(self.layers))):
            if cancelled():
                raise Cancelled
            if by is None or device != layer.device:
                device = layer.device
                rows = rows.to(device)
                numbers = None if numbers is None else numbers.to(device)
                by = rotation(self.config, held.length, len(rows), device)
            rows = layer(rows, by, numbers, i, held)
        held.advance(len(rows))
        last = rows if every else rows[-1:]
        return cast(Tensor, self.output(self.norm(last.to(self.norm.weight.device)))).float()
