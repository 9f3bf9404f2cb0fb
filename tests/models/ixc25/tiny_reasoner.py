"""A tiny random reasoner in the layout of the release: names and shapes from its specification, not from our code."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers.utils import sentencepiece_model_pb2_new as sentencepiece_model

HIDDEN, LAYERS, HEADS, KV_HEADS, INNER, MEMORY, RANK, LORA_RANK = 64, 2, 8, 2, 128, 24, 256, 4
HEAD = HIDDEN // HEADS
FUSED = (HEADS + 2 * KV_HEADS) * HEAD
WIDTH, TOWER_INNER, TOWER_LAYERS = 8, 16, 2
MOST = 2048
LINEARS = {
    "attention.wqkv": (FUSED, HIDDEN), "attention.wo": (HIDDEN, HIDDEN), "feed_forward.w1": (INNER, HIDDEN),
    "feed_forward.w2": (HIDDEN, INNER), "feed_forward.w3": (INNER, HIDDEN),
}  # fmt: skip
CORPUS = (
    "Is the following string an instruction? Here are some frames of a video. This is video overview memory: "
    "This is question related video memory: Yes No The answer is user assistant system Question: what is on the table "
    "where did I leave my keys 你好 桌子上有什么"
)


def pieces() -> list[tuple[str, float, int]]:
    """(text, score, kind) of each piece: control, bytes, words joined pair by pair from `CORPUS`, turn marks last."""
    words = [list("▁" * (i > 0) + word) for i, word in enumerate(CORPUS.split(" "))]
    letters = sorted({letter for word in words for letter in word})
    joined: list[str] = []
    for _ in range(120):
        pairs = Counter(pair for word in words for pair in pairwise(word))
        if not pairs:
            break
        (left, right), _ = max(pairs.items(), key=lambda item: (item[1], item[0]))
        joined.append(left + right)
        for word in words:
            at = 0
            while at + 1 < len(word):
                if (word[at], word[at + 1]) == (left, right):
                    word[at : at + 2] = [left + right]
                at += 1
    texts = [text for text in dict.fromkeys(joined) if len(text) > 1]
    listed: list[tuple[str, float, int]] = [("<unk>", 0.0, 2), ("<s>", 0.0, 3), ("</s>", 0.0, 3)]
    listed += [(f"<0x{byte:02X}>", 0.0, 6) for byte in range(256)]
    listed += [(text, -float(i), 1) for i, text in enumerate([*texts, *letters])]
    return [*listed, ("[UNUSED_TOKEN_145]", 0.0, 4), ("[UNUSED_TOKEN_146]", 0.0, 4)]


def write_tokenizer(path: Path, listed: list[tuple[str, float, int]] | None = None, **changed: Any) -> None:
    """A sentencepiece file with these pieces; `changed` sets `kind` of model, and fields of the normaliser."""
    model = sentencepiece_model.ModelProto()
    for text, score, kind in listed or pieces():
        model.pieces.add(piece=text, score=score, type=kind)
    model.trainer_spec.model_type = changed.pop("kind", 2)
    model.trainer_spec.byte_fallback = True
    model.normalizer_spec.name = "identity"
    for name, value in ({"add_dummy_prefix": False, "remove_extra_whitespaces": False} | changed).items():
        setattr(model.normalizer_spec, name, value)
    path.write_bytes(model.SerializeToString())


def config() -> dict[str, Any]:
    """`config.json` of the release with small numbers."""
    return {
        "architectures": ["InternLMXComposer2ForCausalLM"], "model_type": "internlm2", "bias": False,
        "hidden_act": "silu", "hidden_size": HIDDEN, "intermediate_size": INNER, "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS, "vocab_size": len(pieces()),
        "rms_norm_eps": 1e-5, "rope_theta": 1000000, "rope_scaling": {"type": "dynamic", "factor": 2.0},
        "max_position_embeddings": MOST, "max_length": 16384, "tie_word_embeddings": False, "use_cache": False,
        "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2, "attn_implementation": "flash_attention_2",
        "memory_hidden_size": MEMORY,
        "vision_config": {
            "hidden_size": WIDTH, "intermediate_size": TOWER_INNER, "num_hidden_layers": TOWER_LAYERS,
            "num_attention_heads": 2,
        },
    }  # fmt: skip


def base_tensors(seed: int = 3) -> dict[str, Tensor]:
    """All tensors of the base model by the release's names (specification 2.8), float32."""
    random = torch.Generator().manual_seed(seed)

    def matrix(outputs: int, inputs: int) -> Tensor:
        return torch.randn(outputs, inputs, generator=random) * 1.4 / inputs**0.5

    def vector(size: int, around: float = 0.0) -> Tensor:
        return around + 0.2 * torch.randn(size, generator=random)

    vocabulary = len(pieces())
    tensors = {
        "model.tok_embeddings.weight": torch.randn(vocabulary, HIDDEN, generator=random),
        "output.weight": matrix(vocabulary, HIDDEN) * 2,
        "model.norm.weight": vector(HIDDEN, 1.0),
        "plora_glb_GN": vector(4 * WIDTH).view(1, 1, -1),
        "plora_sub_GN": vector(4 * WIDTH).view(1, 1, 1, -1),
    }
    for i in range(LAYERS):
        layer = f"model.layers.{i}."
        for name, (outputs, inputs) in LINEARS.items():
            tensors[f"{layer}{name}.weight"] = matrix(outputs, inputs)
            tensors[f"{layer}{name}.Plora_A.weight"] = matrix(RANK, inputs)
            tensors[f"{layer}{name}.Plora_B.weight"] = matrix(outputs, RANK)
        for norm in ("attention_norm", "ffn_norm"):
            tensors[f"{layer}{norm}.weight"] = vector(HIDDEN, 1.0)
    for projector, inputs in (("vision_proj", 4 * WIDTH), ("video_mem_proj", MEMORY)):
        for number, size in ((0, inputs), (2, HIDDEN)):
            tensors[f"{projector}.{number}.weight"] = matrix(HIDDEN, size)
            tensors[f"{projector}.{number}.bias"] = vector(HIDDEN)
    tower = "vit.vision_tower.vision_model."
    tensors[tower + "embeddings.class_embedding"] = vector(WIDTH)
    tensors[tower + "embeddings.patch_embedding.weight"] = matrix(WIDTH, 588).view(WIDTH, 3, 14, 14)
    tensors[tower + "embeddings.position_embedding.weight"] = matrix(1601, WIDTH)
    norms = [tower + "pre_layrnorm", tower + "post_layernorm"]
    for i in range(TOWER_LAYERS):
        layer = f"{tower}encoder.layers.{i}."
        norms += [layer + "layer_norm1", layer + "layer_norm2"]
        shapes = dict.fromkeys([f"self_attn.{kind}_proj" for kind in ("q", "k", "v", "out")], (WIDTH, WIDTH))
        shapes |= {"mlp.fc1": (TOWER_INNER, WIDTH), "mlp.fc2": (WIDTH, TOWER_INNER)}
        for name, (outputs, inputs) in shapes.items():
            tensors[f"{layer}{name}.weight"] = matrix(outputs, inputs)
            tensors[f"{layer}{name}.bias"] = vector(outputs)
    for name in norms:
        tensors[name + ".weight"], tensors[name + ".bias"] = vector(WIDTH, 1.0), vector(WIDTH)
    return tensors


def adapter_tensors(seed: int = 5) -> dict[str, Tensor]:
    """All tensors of the adapter as PEFT names them (specification 2.7), float32."""
    random = torch.Generator().manual_seed(seed)
    tensors: dict[str, Tensor] = {}
    for i in range(LAYERS):
        for name, (outputs, inputs) in LINEARS.items():
            linear = f"base_model.model.model.layers.{i}.{name}."
            tensors[linear + "lora_A.weight"] = torch.randn(LORA_RANK, inputs, generator=random) / inputs**0.5
            tensors[linear + "lora_B.weight"] = torch.randn(outputs, LORA_RANK, generator=random) / 2
    for number, size in ((0, MEMORY), (2, HIDDEN)):
        projector = f"base_model.model.video_mem_proj.{number}."
        tensors[projector + "weight"] = torch.randn(HIDDEN, size, generator=random) / size**0.5
        tensors[projector + "bias"] = torch.randn(HIDDEN, generator=random) / 5
    return tensors


ADAPTER_CONFIG: dict[str, Any] = {
    "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": LORA_RANK, "lora_alpha": LORA_RANK, "lora_dropout": 0.05,
    "bias": "none", "fan_in_fan_out": False, "use_rslora": False, "rank_pattern": {}, "alpha_pattern": {},
    "layers_to_transform": None, "modules_to_save": ["video_mem_proj"], "target_modules": list(LINEARS),
}  # fmt: skip


def write_base(folder: Path, tensors: dict[str, Tensor] | None = None, pickled: bool = True) -> Path:
    """The base folder: two pickled shards in bfloat16 with an index as in the release, or one safetensors file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config()))
    write_tokenizer(folder / "tokenizer.model")
    tensors = {name: tensor.bfloat16() for name, tensor in (tensors or base_tensors()).items()}
    if not pickled:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "model.safetensors")
        return folder
    shards: dict[str, str] = {}
    for i, names in enumerate((list(tensors)[::2], list(tensors)[1::2]), start=1):
        shard = f"pytorch_model-{i:05d}-of-00002.bin"
        torch.save({name: tensors[name] for name in names}, folder / shard)
        shards |= dict.fromkeys(names, shard)
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"metadata": {}, "weight_map": shards}))
    return folder


def write_adapter(folder: Path, tensors: dict[str, Tensor] | None = None, pickled: bool = True, **changed: Any) -> Path:
    """The adapter folder, `changed` in its configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "adapter_config.json").write_text(json.dumps(ADAPTER_CONFIG | changed))
    tensors = {name: tensor.bfloat16() for name, tensor in (tensors or adapter_tensors()).items()}
    if pickled:
        torch.save(tensors, folder / "adapter_model.bin")
    else:
        save_file(tensors, folder / "adapter_model.safetensors")
    return folder
