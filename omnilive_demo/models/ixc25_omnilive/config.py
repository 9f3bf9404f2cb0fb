"""Sizes of the reasoner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from transformers import CLIPVisionConfig

# Specification 2.4: CLIP ViT-L/14, tuned at 560 px. The release says so in code and not in its config.json.
_CLIP_L_14_560: Mapping[str, Any] = {
    "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16,
    "image_size": 560, "patch_size": 14, "hidden_act": "quick_gelu",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReasonerConfig:
    """Sizes of a `Reasoner`; the defaults are those of the release (specification 2.1).

    hidden: H. memory_hidden: M, the width of memory rows. positions: rows up to which the rotary base stays as it is.
    rope_factor: how strongly it grows beyond them, 0 for not at all. partial_rank: of Partial-LoRA. vision: what
    differs from the defaults of `CLIPVisionConfig`.
    """

    hidden: int = 4096
    layers: int = 32
    heads: int = 32
    kv_heads: int = 8
    intermediate: int = 14336
    vocabulary: int = 92544
    memory_hidden: int = 1536
    positions: int = 24576
    rope_theta: float = 1e6
    rope_factor: float = 2.0
    rms_norm_eps: float = 1e-5
    partial_rank: int = 256
    vision: Mapping[str, Any] = field(default_factory=lambda: dict(_CLIP_L_14_560))

    @property
    def head_size(self) -> int:
        """Width of one attention head."""
        return self.hidden // self.heads

    def tower(self) -> CLIPVisionConfig:
        """The configuration of the vision tower."""
        return CLIPVisionConfig(**self.vision)


def released_reasoner_config(values: Mapping[str, Any]) -> ReasonerConfig:
    """Sizes from the `config.json` of the released reasoner.

    Args:
        values: its keys; `vision_config` and `memory_hidden_size` may be added, else they are those of the release.

    Raises:
        KeyError: a size is missing.
        ValueError: it asks for something that this code does not do.
    """
    for key, only in (("hidden_act", "silu"), ("bias", False), ("tie_word_embeddings", False)):
        if values.get(key, only) != only:
            raise ValueError(f"{key} {values[key]!r} is not supported, only {only!r}")
    vision = {**_CLIP_L_14_560, **values.get("vision_config", {})}
    if vision["hidden_act"] != "quick_gelu":  # hazard 6
        raise ValueError(f"a tower with {vision['hidden_act']!r} is not supported, only CLIP's own 'quick_gelu'")
    scaling = values.get("rope_scaling") or {}
    if scaling and scaling.get("type", scaling.get("rope_type")) != "dynamic":
        raise ValueError(f"rope_scaling {scaling!r} is not supported, only the dynamic type")
    config = ReasonerConfig(
        hidden=values["hidden_size"],
        layers=values["num_hidden_layers"],
        heads=values["num_attention_heads"],
        kv_heads=values["num_key_value_heads"],
        intermediate=values["intermediate_size"],
        vocabulary=values["vocab_size"],
        memory_hidden=values.get("memory_hidden_size", 1536),
        positions=values["max_position_embeddings"],
        rope_theta=float(values["rope_theta"]),
        rope_factor=float(scaling.get("factor", 0.0)),
        rms_norm_eps=values["rms_norm_eps"],
        vision=vision,
    )
    if config.hidden % config.heads or config.heads % config.kv_heads:
        raise ValueError(f"{config.hidden} does not divide into {config.heads} heads of {config.kv_heads} groups")
    return config
