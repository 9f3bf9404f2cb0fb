"""The adapter of the release: a LoRA that is merged into the decoder, and its own memory projector (2.7)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from omnilive_demo.models.ixc25_omnilive.released_files import each_tensor, weight_files
from omnilive_demo.models.memory_module.weight_files import WeightsError, read_json

_PREFIX = "base_model.model."
MERGED = ("attention.wqkv", "attention.wo", "feed_forward.w1", "feed_forward.w2", "feed_forward.w3")
_REPLACED = "video_mem_proj."


@dataclass(frozen=True, slots=True)
class Adapter:
    """What an adapter changes, by the base's own tensor names.

    pairs: (A `[r, in]`, B `[out, r]`) of each weight. replaced: tensors that take the place of the base's.
    """

    scale: float
    pairs: dict[str, tuple[Tensor, Tensor]]
    replaced: dict[str, Tensor]

    def merged(self, name: str, weight: Tensor) -> Tensor:
        """A weight of the base with its addition: W + scale * B A, for all rows, words and pictures alike.

        It is computed in float32 and rounded once; the release's script adds in the weight's own type.
        """
        pair = self.pairs.get(name)
        if pair is None:
            return weight
        a, b = (matrix.to(weight.device, torch.float32) for matrix in pair)
        return torch.addmm(weight.float(), b, a, alpha=self.scale).to(weight.dtype)


def load_adapter(folder: Path, layers: int) -> Adapter:
    """The adapter in a folder (`adapter_config.json`, `adapter_model.safetensors` or `.bin`), as PEFT wrote it.

    Raises:
        WeightsError: a file is missing or damaged, it is of another kind, or a tensor is missing or unknown.
    """
    config = read_json(folder / "adapter_config.json")
    _check(config, folder)
    scale = config["lora_alpha"] / config["r"]
    found: dict[str, Tensor] = {}
    for file in weight_files(folder, "adapter_model"):
        found |= dict(each_tensor(file))
    wanted = [f"model.layers.{i}.{linear}" for i in range(layers) for linear in MERGED]
    pairs: dict[str, tuple[Tensor, Tensor]] = {}
    missing: list[str] = []
    for linear in wanted:
        names = [f"{_PREFIX}{linear}.lora_{which}.weight" for which in "AB"]
        missing += [name for name in names if name not in found]
        if not missing:
            pairs[f"{linear}.weight"] = (found.pop(names[0]), found.pop(names[1]))
    projector = [f"{_PREFIX}{_REPLACED}{i}.{kind}" for i in (0, 2) for kind in ("weight", "bias")]
    missing += [name for name in projector if name not in found]
    if missing:
        raise WeightsError(f"{folder} lacks {_some(missing)}.")
    # Hazard 9: without this projector, which the adapter brings, memory rows mean nothing.
    replaced = {name.removeprefix(_PREFIX): found.pop(name) for name in projector}
    if found:
        raise WeightsError(f"{folder} has unknown {_some(found)}.")
    for name, (a, b) in pairs.items():
        if a.shape[0] != config["r"] or b.shape[1] != config["r"]:
            raise WeightsError(f"{folder}: the pair of {name} is not of rank {config['r']}.")
    return Adapter(scale, pairs, replaced)


def _check(config: dict, folder: Path) -> None:
    only = {"peft_type": "LORA", "bias": "none", "fan_in_fan_out": False, "use_rslora": False, "use_dora": False}
    wrong = [key for key, value in only.items() if config.get(key, value) != value]
    wrong += [key for key in ("rank_pattern", "alpha_pattern", "layers_to_transform") if config.get(key)]
    if set(config.get("target_modules", MERGED)) != set(MERGED):
        wrong.append("target_modules")
    if not config.get("r") or not config.get("lora_alpha"):
        wrong.append("r or lora_alpha")
    if wrong:
        raise WeightsError(f"{folder / 'adapter_config.json'} asks for what is not supported: {', '.join(wrong)}.")


def _some(names: Collection[str]) -> str:
    first, *others = sorted(names)
    return f"{first} and {len(others)} others" if others else first
