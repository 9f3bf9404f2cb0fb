"""Sizes of the released audio model (specification 3), and what in its configuration would go wrong silently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transformers import Qwen2AudioEncoderConfig, Qwen2Config

ROPE_THETA = 10_000.0
_ATTENTION = "sdpa"
_ENCODER = (
    "num_mel_bins", "encoder_layers", "encoder_attention_heads", "encoder_ffn_dim", "d_model", "max_source_positions",
    "activation_function",
)  # fmt: skip
_DECODER = (
    "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
    "max_position_embeddings", "rms_norm_eps",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AudioConfig:
    """encoder: of the sound; its standard sizes where the file names none. decoder: of the text. audio_token: the id
    that marks where the sound goes."""

    encoder: Qwen2AudioEncoderConfig
    decoder: Qwen2Config
    audio_token: int


def audio_config(values: Mapping[str, Any]) -> AudioConfig:
    """Sizes from the `config.json` of a released audio model.

    Raises:
        KeyError: a size of the text model is missing.
        ValueError: it asks for something that this code does not do.
    """
    sound, text = values["audio_config"], values["text_config"]
    checked = (
        (values, "model_type", "qwen2_audio"), (sound, "model_type", "qwen2_audio_encoder"),
        (sound, "scale_embedding", False), (text, "model_type", "qwen2"), (text, "hidden_act", "silu"),
        (text, "use_sliding_window", False), (text, "use_mrope", False), (text, "rope_scaling", None),
        (text, "tie_word_embeddings", True),
        # Hazard 2: the file names no base of the rotation, and it is not the 1e6 of other Qwen2 models.
        (text, "rope_theta", ROPE_THETA),
    )  # fmt: skip
    for part, key, only in checked:
        if part.get(key, only) != only:
            raise ValueError(f"{key} {part[key]!r} is not supported, only {only!r}")
    encoder = Qwen2AudioEncoderConfig(**{key: sound[key] for key in _ENCODER if key in sound})
    decoder = Qwen2Config(
        **{key: text[key] for key in _DECODER},
        rope_parameters={"rope_type": "default", "rope_theta": ROPE_THETA},
        tie_word_embeddings=True,
    )
    for one in (encoder, decoder):
        one._attn_implementation = _ATTENTION
    return AudioConfig(encoder, decoder, int(values["audio_token_index"]))
