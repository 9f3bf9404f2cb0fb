"""Sizes of a memory module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transformers import Qwen2Config

_SIZES = (
    "hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "intermediate_size",
    "mm_hidden_size", "vocab_size", "rope_theta", "rms_norm_eps", "max_position_embeddings",
)  # fmt: skip
_MERGED = 4  # patches that the 2x2 merge puts side by side


@dataclass(frozen=True, slots=True)
class MemoryModuleConfig:
    """Sizes of a `MemoryModule`; the letters are those of its docstring.

    hidden: H. feature_width: F, four times the patch width. text_width: width of the token states that `text_rows`
    takes, 0 where texts come as rows of width H already. vocabulary: rows of the token table, 0 for none. gated: each
    patch is first weighed by how much of a thing it shows (ours; the released module has no such gate).
    happenings: what changes between the frames is read beside (ours, see there).
    """

    hidden: int = 256
    layers: int = 4
    heads: int = 8
    kv_heads: int = 2
    intermediate: int = 768
    feature_width: int = 512
    text_width: int = 384
    vocabulary: int = 0
    gated: bool = False
    happenings: bool = False
    rope_theta: float = 10_000.0
    rms_norm_eps: float = 1e-6
    positions: int = 32_768

    def decoder(self) -> Qwen2Config:
        """The configuration of the decoder inside."""
        return Qwen2Config(
            vocab_size=max(self.vocabulary, 1),
            hidden_size=self.hidden,
            intermediate_size=self.intermediate,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            num_key_value_heads=self.kv_heads,
            max_position_embeddings=self.positions,
            rms_norm_eps=self.rms_norm_eps,
            rope_parameters={"rope_type": "default", "rope_theta": self.rope_theta},
            use_cache=False,
        )


NANO = MemoryModuleConfig(gated=True, happenings=True)


def released_config(values: Mapping[str, Any]) -> MemoryModuleConfig:
    """Sizes from the `config.json` of a released memory module (specification 1.1).

    Raises:
        KeyError: a size is missing.
        ValueError: it asks for something that this code does not do.
    """
    for key, only in (("mm_projector_type", "pool"), ("hidden_act", "silu"), ("use_sliding_window", False)):
        if values.get(key, only) != only:
            raise ValueError(f"{key} {values[key]!r} is not supported, only {only!r}")
    for key in _SIZES:
        if not isinstance(values[key], int | float) or values[key] <= 0:
            raise ValueError(f"{key} is {values[key]!r}, which is no size")
    return MemoryModuleConfig(
        hidden=values["hidden_size"],
        layers=values["num_hidden_layers"],
        heads=values["num_attention_heads"],
        kv_heads=values["num_key_value_heads"],
        intermediate=values["intermediate_size"],
        feature_width=_MERGED * values["mm_hidden_size"],
        text_width=0,
        vocabulary=values["vocab_size"],
        rope_theta=values["rope_theta"],
        rms_norm_eps=values["rms_norm_eps"],
        positions=values["max_position_embeddings"],
    )
