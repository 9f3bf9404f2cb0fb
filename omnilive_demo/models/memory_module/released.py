"""The released memory module (specification 1.6): a folder with `config.json` and its weights, into our own code."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import CLIPVisionConfig, CLIPVisionModel

from omnilive_demo.models.memory_module.after_loading import assert_filled, number_positions, turn_anew
from omnilive_demo.models.memory_module.config import released_config
from omnilive_demo.models.memory_module.module import MemoryModule
from omnilive_demo.models.memory_module.patch_features import ClipPatches
from omnilive_demo.models.memory_module.weight_files import WeightsError, check, fill, read_folder, read_json

_TOWER = "model.vision_tower.vision_tower.vision_model."
_PROJECTOR = "model.mm_projector.mlp."
_DECODER = "model."
_HEAD = "lm_head.weight"
_UNUSED = (_HEAD, _TOWER + "embeddings.position_ids")  # known, and never read: the second is in old files only
_CLIP_L_14 = {
    "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16,
    "image_size": 224, "patch_size": 14, "hidden_act": "quick_gelu",
}  # fmt: skip

log = logging.getLogger(__name__)


def load_released(
    folder: Path, dtype: torch.dtype = torch.float32, device: str = "cpu"
) -> tuple[MemoryModule, ClipPatches]:
    """The memory module and its vision tower, ready for inference.

    Args:
        folder: `config.json`, and `model.safetensors`, `pytorch_model.bin` or their shards with an index. The tower's
            sizes are those of CLIP ViT-L/14 unless the configuration has a `vision_config`. `lm_head` is not used.
        dtype: what the weights are turned into.
        device: where they go.

    Raises:
        WeightsError: a file is missing, damaged or of another kind, or a tensor is missing, unknown or misshapen.
    """
    values = read_json(folder / "config.json")
    try:
        config = released_config(values)
    except (KeyError, ValueError) as error:
        raise WeightsError(f"{folder / 'config.json'} is not that of a memory module: {error}.") from error
    vision = _vision_config(values, folder)
    with torch.device("meta"):  # no time or memory for weights that are replaced at once
        module, tower = MemoryModule(config), CLIPVisionModel(vision)
    tensors = read_folder(folder)
    _report_head(tensors)
    for name in _UNUSED:
        tensors.pop(name, None)
    own, tower_own = module.state_dict(), tower.state_dict()
    shapes = {_released_name(name): tensor.shape for name, tensor in own.items()}
    shapes |= {_TOWER + name: tensor.shape for name, tensor in tower_own.items()}
    check(shapes, tensors, folder)
    # Each is let go of as soon as it is turned, so that two copies of all are never held.
    turned = {name: tensors.pop(_released_name(name)).to(device, dtype) for name in own}
    fill(module, turned, folder)
    turned = {name: tensors.pop(_TOWER + name).to(device, dtype) for name in tower_own}
    fill(tower, turned, folder)
    turn_anew(module.decoder, config.rope_theta, device)
    number_positions(tower, device)
    tower.train(False)
    assert_filled(module, tower)
    # What would load without an error and be wrong.
    assert not hasattr(module.decoder, "lm_head"), "hazard 5: there is no head"
    assert tower.config.hidden_act == "quick_gelu", "hazard 6: CLIP's own activation"
    return module.eval(), ClipPatches(tower)


def _released_name(name: str) -> str:
    """What the release calls a tensor of our module."""
    if name.startswith("projector."):
        return _PROJECTOR + name.removeprefix("projector.")
    return _DECODER + name.removeprefix("decoder.")


def _report_head(tensors: dict[str, Tensor]) -> None:
    """Hazard 5: the configuration calls the head tied, and yet the file holds one. Only the table counts."""
    table = tensors.get(_DECODER + "embed_tokens.weight")
    if table is not None and _HEAD in tensors and not torch.equal(tensors[_HEAD], table):
        log.info("%s differs from the token table, which alone is used", _HEAD)


def _vision_config(values: dict[str, Any], folder: Path) -> CLIPVisionConfig:
    sizes: dict[str, Any] = {**_CLIP_L_14, **values.get("vision_config", {})}
    select = (values.get("mm_vision_select_layer", -2), values.get("mm_vision_select_feature", "patch"))
    merged = (sizes["image_size"] // sizes["patch_size"]) ** 2 // 4
    asked = {"mm_hidden_size": sizes["hidden_size"], "resolution": merged, "pool_num": 4}
    wrong = [key for key, value in asked.items() if values.get(key, value) != value]
    if sizes["hidden_act"] != "quick_gelu":  # hazard 6
        wrong.append("hidden_act")
    if wrong or select != (-2, "patch"):
        raise WeightsError(f"{folder / 'config.json'} asks for another vision tower ({', '.join(wrong) or select}).")
    return CLIPVisionConfig(**sizes)
