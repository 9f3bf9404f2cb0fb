"""Models of the release at its full size, or tiny, with random weights: made on their device, without a file.

Their times and their memory are those of the released weights; what they say means nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModel

from omnilive_demo.models.ixc25_omnilive.audio_config import ROPE_THETA, audio_config
from omnilive_demo.models.ixc25_omnilive.audio_network import AudioNetwork
from omnilive_demo.models.ixc25_omnilive.config import ReasonerConfig
from omnilive_demo.models.ixc25_omnilive.memory import VideoMemory
from omnilive_demo.models.ixc25_omnilive.partial_lora import PartialLoraLinear
from omnilive_demo.models.ixc25_omnilive.quantised import Bits, quantised_linear
from omnilive_demo.models.ixc25_omnilive.reasoner import Reasoner
from omnilive_demo.models.memory_module.after_loading import assert_filled, number_positions, turn_anew
from omnilive_demo.models.memory_module.config import MemoryModuleConfig
from omnilive_demo.models.memory_module.module import MemoryModule
from omnilive_demo.models.memory_module.patch_features import ClipPatches

_SPREAD = 0.02
_LETTERS_A_TOKEN = 4  # of English words, about: the tokenizers come with the weights
_FIRST_WORD = 3

# Specification 1.1 and 2.4.
_MEMORY = MemoryModuleConfig(
    hidden=1536, layers=28, heads=12, kv_heads=2, intermediate=8960, feature_width=4096, text_width=0,
    vocabulary=151_936, rope_theta=1e6,
)  # fmt: skip
_TINY_MEMORY = MemoryModuleConfig(
    hidden=24, layers=2, heads=2, kv_heads=1, intermediate=32, feature_width=32, text_width=0, vocabulary=64,
    rope_theta=1e6,
)  # fmt: skip
_TOWER: dict[str, Any] = {
    "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16,
    "image_size": 224, "patch_size": 14, "hidden_act": "quick_gelu",
}  # fmt: skip
_TINY_TOWER = {**_TOWER, "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
_TINY_REASONER = ReasonerConfig(
    hidden=64, layers=2, heads=4, kv_heads=2, intermediate=128, vocabulary=128, memory_hidden=24, partial_rank=4,
    vision={**_TINY_TOWER, "image_size": 560},
)  # fmt: skip
# Specification 3.
_TEXT = {
    "model_type": "qwen2", "hidden_size": 1536, "intermediate_size": 8960, "num_hidden_layers": 28,
    "num_attention_heads": 12, "num_key_value_heads": 2, "max_position_embeddings": 8192, "rms_norm_eps": 1e-5,
    "vocab_size": 156_032, "tie_word_embeddings": True,
}  # fmt: skip
_TINY_TEXT = {
    **_TEXT, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 1, "vocab_size": 64,
}  # fmt: skip
_TINY_ENCODER = {"encoder_layers": 2, "encoder_attention_heads": 2, "encoder_ffn_dim": 32, "d_model": 16}


class StandInWords:
    """Cuts words into about as many tokens as a tokenizer would. Implements `Cutter`, and `TextRows` for a table."""

    begin, turn_begins, turn_ends = 0, 1, 2

    def __init__(self, table: nn.Embedding) -> None:
        self._table = table

    def encode(self, text: str) -> tuple[int, ...]:
        """A token for each four letters."""
        many = self._table.num_embeddings - _FIRST_WORD
        cuts = range(0, len(text), _LETTERS_A_TOKEN)
        return tuple(_FIRST_WORD + sum(map(ord, text[at : at + _LETTERS_A_TOKEN])) % many for at in cuts)

    @torch.inference_mode()
    def rows(self, texts: Sequence[str]) -> list[Tensor]:
        """Rows `[n, H]` of each text."""
        return [self._table(torch.tensor(self.encode(text), device=self._table.weight.device)) for text in texts]


def random_reasoner(device: str, dtype: torch.dtype, tiny: bool = False, bits: Bits | None = None) -> Reasoner:
    """The reasoner with its adapter merged, its decoder's matrices in `bits`."""
    config = _TINY_REASONER if tiny else ReasonerConfig()
    with torch.device("meta"):
        reasoner = Reasoner(config)
    for linear in [module for module in reasoner.modules() if isinstance(module, PartialLoraLinear)]:
        _fill(linear, device, dtype)
        if bits:  # one by one, so that there is never more than one in full
            linear.plain = quantised_linear(linear.plain.weight.data, bits, dtype)  # type: ignore[assignment]
    _fill(reasoner, device, dtype)
    number_positions(reasoner.pictures.tower, device)
    assert_filled(reasoner)
    return reasoner.requires_grad_(False).eval()


def random_memory(device: str, dtype: torch.dtype, tiny: bool = False) -> VideoMemory:
    """The memory module with its tower."""
    with torch.device("meta"):
        module = MemoryModule(_TINY_MEMORY if tiny else _MEMORY)
        tower = CLIPVisionModel(CLIPVisionConfig(**(_TINY_TOWER if tiny else _TOWER)))
    _fill(module, device, dtype)
    _fill(tower, device, dtype)
    turn_anew(module.decoder, module.config.rope_theta, device)
    number_positions(tower, device)
    assert_filled(module, tower)
    words = StandInWords(module.decoder.embed_tokens)
    tower.train(False)
    return VideoMemory(module.requires_grad_(False), ClipPatches(tower.requires_grad_(False)), words)


def random_audio(device: str, dtype: torch.dtype, tiny: bool = False) -> AudioNetwork:
    """The audio model's network."""
    sound = {"model_type": "qwen2_audio_encoder", **(_TINY_ENCODER if tiny else {})}
    text = _TINY_TEXT if tiny else _TEXT
    values = {"model_type": "qwen2_audio", "audio_config": sound, "text_config": text, "audio_token_index": 5}
    with torch.device("meta"):
        network = AudioNetwork(audio_config(values))
    _fill(network, device, dtype)
    network.decoder.lm_head.weight = network.decoder.model.embed_tokens.weight
    turn_anew(network.decoder.model, ROPE_THETA, device)
    assert_filled(network)
    return network.requires_grad_(False).eval()


@torch.no_grad()
def _fill(module: nn.Module, device: str, dtype: torch.dtype) -> None:
    """Give all that has no value yet one: norms one, all else small and random."""
    for name, owner in module.named_modules():
        for key, weights in list(owner.named_parameters(recurse=False)):
            if weights.is_meta:
                made = torch.ones(weights.shape, dtype=dtype, device=device)
                if "norm" not in name or weights.ndim > 1:
                    made.normal_(std=_SPREAD)
                owner.register_parameter(key, nn.Parameter(made, requires_grad=False))
