"""A tiny random memory module as the release lays it out: configuration, weights under the released names, tokenizer.

The shapes are scaled down and the weights large enough that attention is far from uniform: a wrong order, mask or
rotation changes the states by tenths and not by rounding.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import torch
from safetensors.torch import save_file
from torch import Tensor

HIDDEN, LAYERS, HEADS, KV_HEADS, INTERMEDIATE, VISION = 48, 2, 4, 2, 96, 32
Layout = Literal["safetensors", "safetensors shards", "bin", "bin shards"]
_WORDS = ("This", "contains", "clip", "sampled", "to", "seconds", "where", "keys", "red", "is", "the")
_SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def write_tiny_memory(folder: Path, layout: Layout = "safetensors", seed: int = 7, positions: int = 32_768) -> Path:
    """Write a whole checkpoint; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = write_tokenizer(folder)
    (folder / "config.json").write_text(json.dumps(config(vocabulary + 5, positions)))
    write_weights(folder, tensors(vocabulary + 5, seed), layout)
    return folder


def config(vocabulary: int, positions: int = 32_768) -> dict[str, object]:
    """The keys of the release with tiny values; `vision_config` is added: the release takes CLIP's from the hub."""
    return {
        "architectures": ["GroundQwenForCausalLM"],
        "model_type": "ground_qwen",
        "hidden_size": HIDDEN,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS,
        "intermediate_size": INTERMEDIATE,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-6,
        "rope_theta": 1e6,
        "max_position_embeddings": positions,
        "vocab_size": vocabulary,
        "tie_word_embeddings": True,
        "use_sliding_window": False,
        "mm_vision_tower": "openai/clip-vit-large-patch14",
        "mm_vision_select_layer": -2,
        "mm_vision_select_feature": "patch",
        "mm_hidden_size": VISION,
        "mm_projector_type": "pool",
        "resolution": 64,
        "pool_num": 4,
        "vision_config": {
            "hidden_size": VISION,
            "intermediate_size": 64,
            "num_hidden_layers": 3,
            "num_attention_heads": 2,
            "image_size": 224,
            "patch_size": 14,
        },
    }


def tensors(vocabulary: int, seed: int = 7) -> dict[str, Tensor]:
    """All tensors of the release, `lm_head` included, which differs from the token table and must not matter."""
    random = torch.Generator().manual_seed(seed)
    made: dict[str, Tensor] = {}

    def matrix(name: str, *shape: int, bias: bool = False, gain: float = 1.3) -> None:
        fan = torch.Size(shape[1:]).numel()
        made[name + ".weight"] = torch.randn(*shape, generator=random) * gain / fan**0.5
        if bias:
            made[name + ".bias"] = 0.1 * torch.randn(shape[0], generator=random)

    def norm(name: str, width: int, bias: bool = False) -> None:
        made[name + ".weight"] = 1 + 0.1 * torch.randn(width, generator=random)
        if bias:
            made[name + ".bias"] = 0.1 * torch.randn(width, generator=random)

    narrow = KV_HEADS * HIDDEN // HEADS
    made["model.embed_tokens.weight"] = torch.randn(vocabulary, HIDDEN, generator=random)
    made["lm_head.weight"] = torch.randn(vocabulary, HIDDEN, generator=random)
    for i in range(LAYERS):
        layer = f"model.layers.{i}."
        for which, out in (("q", HIDDEN), ("k", narrow), ("v", narrow)):
            matrix(f"{layer}self_attn.{which}_proj", out, HIDDEN, bias=True)
        matrix(f"{layer}self_attn.o_proj", HIDDEN, HIDDEN)
        for which in ("gate", "up"):
            matrix(f"{layer}mlp.{which}_proj", INTERMEDIATE, HIDDEN)
        matrix(f"{layer}mlp.down_proj", HIDDEN, INTERMEDIATE)
        norm(f"{layer}input_layernorm", HIDDEN)
        norm(f"{layer}post_attention_layernorm", HIDDEN)
    norm("model.norm", HIDDEN)
    matrix("model.mm_projector.mlp.0", HIDDEN, 4 * VISION, bias=True)
    matrix("model.mm_projector.mlp.2", HIDDEN, HIDDEN, bias=True)
    tower = "model.vision_tower.vision_tower.vision_model."
    made[f"{tower}embeddings.class_embedding"] = torch.randn(VISION, generator=random)
    made[f"{tower}embeddings.position_embedding.weight"] = torch.randn(257, VISION, generator=random)
    matrix(f"{tower}embeddings.patch_embedding", VISION, 3, 14, 14)
    norm(f"{tower}pre_layrnorm", VISION, bias=True)
    norm(f"{tower}post_layernorm", VISION, bias=True)
    for i in range(3):
        layer = f"{tower}encoder.layers.{i}."
        for which in ("q", "k", "v", "out"):
            matrix(f"{layer}self_attn.{which}_proj", VISION, VISION, bias=True)
        matrix(f"{layer}mlp.fc1", 64, VISION, bias=True)
        matrix(f"{layer}mlp.fc2", VISION, 64, bias=True)
        norm(f"{layer}layer_norm1", VISION, bias=True)
        norm(f"{layer}layer_norm2", VISION, bias=True)
    return made


def write_weights(folder: Path, held: dict[str, Tensor], layout: Layout) -> None:
    """Put tensors into a folder, in one file or in two shards with their index."""
    stem, ending = ("model", "safetensors") if "safetensors" in layout else ("pytorch_model", "bin")
    save = save_file if ending == "safetensors" else torch.save
    if "shards" not in layout:
        save(held, folder / f"{stem}.{ending}")
        return
    where = {name: f"{stem}-0000{1 + i % 2}-of-00002.{ending}" for i, name in enumerate(held)}
    for file in set(where.values()):
        save({name: held[name] for name in held if where[name] == file}, folder / file)
    (folder / f"{stem}.{ending}.index.json").write_text(json.dumps({"weight_map": where}))


def write_tokenizer(folder: Path) -> int:
    """The tokenizer files of the release with a byte-level vocabulary of a few words; returns how many tokens."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    symbols = list(bytes_to_unicode().values())
    merges: list[str] = []
    for word in (*_WORDS, *("\u0120" + word for word in _WORDS)):
        made = word[0]
        for letter in word[1:]:
            if made + letter not in symbols:
                symbols.append(made + letter)
                merges.append(f"{made} {letter}")
            made += letter
    tokens = {token: i for i, token in enumerate(symbols)}
    special = {token: len(tokens) + i for i, token in enumerate(_SPECIAL)}
    (folder / "vocab.json").write_text(json.dumps(tokens), "utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", "utf-8")
    (folder / "added_tokens.json").write_text(json.dumps(special))
    about = {
        "tokenizer_class": "Qwen2Tokenizer",
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "added_tokens_decoder": {str(i): {"content": token, "special": True} for token, i in special.items()},
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(about))
    return len(tokens) + len(special)
