"""The adapter of the release: a LoRA that is merged into the decoder, and its own memory projector (2.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from omnilive_demo.models.memory_module.weight_files import (
    ADAPTER_LAYOUTS,
    WeightsError,
    check,
    read_folder,
    read_json,
)

_PREFIX = "base_model.model."
MERGED = ("attention.wqkv", "attention.wo", "feed_forward.w1", "feed_forward.w2", "feed_forward.w3")
_MERGED_WEIGHTS = tuple(f".{linear}.weight" for linear in MERGED)
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


def load_adapter(folder: Path, shapes: Mapping[str, torch.Size]) -> Adapter:
    """The adapter in a folder (`adapter_config.json`, `adapter_model.safetensors` or `.bin`), as PEFT wrote it.

    Args:
        shapes: of all tensors of the base, by the release's names.

    Raises:
        WeightsError: a file is missing or damaged, it is of another kind, or a tensor is missing, unknown or misshapen.
    """
    config = read_json(folder / "adapter_config.json")
    _check_config(config, folder)
    rank = config["r"]
    merged = [name for name in shapes if name.endswith(_MERGED_WEIGHTS)]
    # Hazard 9: without this projector, which the adapter brings, memory rows mean nothing.
    replaced = [name for name in shapes if name.startswith(_REPLACED)]
    expected = {_PREFIX + name: shapes[name] for name in replaced}
    for name in merged:
        expected[_low_rank(name, "A")] = torch.Size((rank, shapes[name][1]))
        expected[_low_rank(name, "B")] = torch.Size((shapes[name][0], rank))
    found = read_folder(folder, layouts=ADAPTER_LAYOUTS)
    check(expected, found, folder)
    return Adapter(
        config["lora_alpha"] / rank,
        {name: (found[_low_rank(name, "A")], found[_low_rank(name, "B")]) for name in merged},
        {name: found[_PREFIX + name] for name in replaced},
    )


def _low_rank(weight: str, which: str) -> str:
    """What PEFT calls the matrix A or B of a weight of the base."""
    return f"{_PREFIX}{weight.removesuffix('.weight')}.lora_{which}.weight"


def _check_config(config: dict, folder: Path) -> None:
    only = {"peft_type": "LORA", "bias": "none", "fan_in_fan_out": False, "use_rslora": False, "use_dora": False}
    wrong = [key for key, value in only.items() if config.get(key, value) != value]
    wrong += [key for key in ("rank_pattern", "alpha_pattern", "layers_to_transform") if config.get(key)]
    if set(config.get("target_modules", MERGED)) != set(MERGED):
        wrong.append("target_modules")
    if not config.get("r") or not config.get("lora_alpha"):
        wrong.append("r or lora_alpha")
    if wrong:
        raise WeightsError(f"{folder / 'adapter_config.json'} asks for what is not supported: {', '.join(wrong)}.")
