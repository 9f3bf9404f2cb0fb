"""The released memory module (specification 1.6): a folder with `config.json` and safetensors, into our own code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import CLIPVisionConfig, CLIPVisionModel
from transformers.models.qwen2.modeling_qwen2 import Qwen2RotaryEmbedding

from omnilive_demo.models.memory_module.config import released_config
from omnilive_demo.models.memory_module.module import MemoryModule
from omnilive_demo.models.memory_module.patch_features import ClipPatches
from omnilive_demo.models.memory_module.weight_files import WeightsError, fill, read_folder, read_json

_TOWER = "model.vision_tower.vision_tower.vision_model."
_PROJECTOR = "model.mm_projector.mlp."
_DECODER = "model."
_CLIP_L_14 = {
    "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16,
    "image_size": 224, "patch_size": 14, "hidden_act": "quick_gelu",
}  # fmt: skip


def load_released(
    folder: Path, dtype: torch.dtype = torch.float32, device: str = "cpu"
) -> tuple[MemoryModule, ClipPatches]:
    """The memory module and its vision tower, ready for inference.

    Args:
        folder: `config.json`, and `model.safetensors` or its shards with their index. The tower's sizes are those of
            CLIP ViT-L/14 unless the configuration has a `vision_config`. `lm_head` is not read: it is never used.
        dtype: what the weights are turned into.
        device: where they go.

    Raises:
        WeightsError: a file is missing, damaged or of another kind.
    """
    values = read_json(folder / "config.json")
    try:
        config = released_config(values)
    except (KeyError, ValueError) as error:
        raise WeightsError(f"{folder / 'config.json'} is not that of a memory module: {error}.") from error
    vision = _vision_config(values, folder)
    tensors = read_folder(folder, lambda name: name.startswith("model."))
    own: dict[str, Tensor] = {}
    tower_own: dict[str, Tensor] = {}
    while tensors:  # each is let go of as soon as it is turned, so that two copies are never held
        name, tensor = tensors.popitem()
        turned = tensor.to(device, dtype)
        if name.startswith(_TOWER):
            tower_own[name.removeprefix(_TOWER)] = turned
        elif name.startswith(_PROJECTOR):
            own["projector." + name.removeprefix(_PROJECTOR)] = turned
        else:
            own["decoder." + name.removeprefix(_DECODER)] = turned
    with torch.device("meta"):  # no time or memory for weights that are replaced at once
        module, tower = MemoryModule(config), CLIPVisionModel(vision)
    fill(module, own, folder)
    fill(tower, tower_own, folder)
    # What is computed and not stored was not computed either.
    module.decoder.rotary_emb = Qwen2RotaryEmbedding(module.decoder.config).to(device)
    tower.embeddings.register_buffer(
        "position_ids", torch.arange(tower.embeddings.num_positions, device=device)[None], persistent=False
    )
    tower.train(False)
    return module.eval(), ClipPatches(tower)


def _vision_config(values: dict[str, Any], folder: Path) -> CLIPVisionConfig:
    sizes: dict[str, Any] = {**_CLIP_L_14, **values.get("vision_config", {})}
    select = (values.get("mm_vision_select_layer", -2), values.get("mm_vision_select_feature", "patch"))
    merged = (sizes["image_size"] // sizes["patch_size"]) ** 2 // 4
    asked = {"mm_hidden_size": sizes["hidden_size"], "resolution": merged}
    wrong = [key for key, value in asked.items() if values.get(key, value) != value]
    if wrong or select != (-2, "patch"):
        raise WeightsError(f"{folder / 'config.json'} asks for another vision tower ({', '.join(wrong) or select}).")
    return CLIPVisionConfig(**sizes)
