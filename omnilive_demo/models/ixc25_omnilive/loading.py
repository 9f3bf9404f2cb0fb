"""The released reasoner (specification 2.7 and 2.8): its folders, into our own code, every tensor accounted for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from omnilive_demo.models.ixc25_omnilive.adapter import Adapter, load_adapter
from omnilive_demo.models.ixc25_omnilive.config import released_reasoner_config
from omnilive_demo.models.ixc25_omnilive.partial_lora import PartialLoraLinear
from omnilive_demo.models.ixc25_omnilive.quantised import Bits, quantised_linear
from omnilive_demo.models.ixc25_omnilive.reasoner import Reasoner
from omnilive_demo.models.memory_module.after_loading import assert_filled, number_positions
from omnilive_demo.models.memory_module.weight_files import WeightsError, check, read_folder, read_json

_TOWER_FOLDER = "IXC2d5_clip_l_560"
_TOWER = "vit.vision_tower."
# Ours begin so, theirs so. Hazard 6: the tower's names have a prefix that CLIPVisionModel does not have any more.
_NAMES = {
    "decoder.output.": "output.",
    "decoder.": "model.",
    "memory_projector.": "video_mem_proj.",
    "pictures.tower.": _TOWER + "vision_model.",
    "pictures.projector.": "vision_proj.",
    "pictures.row_end": "plora_sub_GN",
    "pictures.view_end": "plora_glb_GN",
}
_COMPUTED = re.compile(r"\.(position_ids|inv_freq)$")  # old files hold them; they follow from the sizes


def load_reasoner(
    base: Path,
    adapter: Path | None,
    dtype: torch.dtype = torch.bfloat16,
    device: str | Sequence[str] = "cpu",
    bits: Bits | None = None,
) -> Reasoner:
    """The reasoner, ready for inference.

    Each tensor is merged, turned and moved as it comes from the disk, so two copies of the weights are never held.

    Args:
        base: the folder of the base model: `config.json`, its weights in safetensors or pickles, in one file or more;
            the vision tower among them, or in its folder `IXC2d5_clip_l_560`.
        adapter: the folder of the adapter. None: the base alone, as in the benchmarks; memory rows mean nothing to it.
        dtype: of the weights; bfloat16 is that of the files.
        device: where they go. Several: the decoder's layers are shared out evenly, in order; pictures and memory are
            read on the first.
        bits: 8 or 4, to quantise the decoder's matrices.

    Raises:
        WeightsError: a file is missing, damaged or of another kind, or a tensor is missing, unknown or misshapen.
        RuntimeError: `bits` are asked for without bitsandbytes.
    """
    try:
        config = released_reasoner_config(read_json(base / "config.json"))
    except (KeyError, ValueError, TypeError) as error:
        raise WeightsError(f"{base / 'config.json'} is not that of the reasoner: {error}.") from error
    devices = [device] if isinstance(device, str) else list(device)
    with torch.device("meta"):  # no time or memory for weights that are replaced at once
        reasoner = Reasoner(config)
    own = {released_name(name): name for name in reasoner.state_dict()}
    shapes = {released_name(name): tensor.shape for name, tensor in reasoner.state_dict().items()}
    change = load_adapter(adapter, shapes) if adapter else Adapter(1.0, {}, {})
    tensors = _base_tensors(base)
    tensors |= change.replaced  # hazard 9: the adapter's copy wins, whatever the base has
    check(shapes, tensors, base)
    filled: dict[str, Tensor] = {}
    for name, ours in own.items():
        # Each is let go of as soon as it is turned, so that two copies of all are never held.
        tensor = tensors.pop(name).to(device_of(ours, config.layers, devices))
        tensor = change.merged(name, tensor).to(dtype)
        if bits and ours.endswith(".plain.weight"):
            linear = reasoner.get_submodule(ours.removesuffix(".plain.weight"))
            assert isinstance(linear, PartialLoraLinear)
            linear.plain = quantised_linear(tensor, bits, dtype)  # type: ignore[assignment]
        else:
            filled[ours] = tensor
    reasoner.load_state_dict(filled, strict=False, assign=True)
    return _ready(reasoner, devices[0])


def released_name(own: str) -> str:
    """What the release calls a tensor of `Reasoner`."""
    for ours, theirs in _NAMES.items():
        if own.startswith(ours):
            return theirs + own.removeprefix(ours).replace(".plain.", ".")
    raise KeyError(own)


def device_of(own: str, layers: int, devices: Sequence[str]) -> str:
    """Where a tensor of `Reasoner` goes: layers evenly and in order, what stands before them first, the rest last."""
    if found := re.match(r"decoder\.layers\.(\d+)\.", own):
        return devices[int(found[1]) * len(devices) // layers]
    return devices[-1] if own.startswith(("decoder.norm.", "decoder.output.")) else devices[0]


def _base_tensors(base: Path) -> dict[str, Tensor]:
    """All that is stored of the base, by its names; read from the disk as they are used."""
    tensors = read_folder(base, _stored)
    if not any(name.startswith(_TOWER) for name in tensors) and (base / _TOWER_FOLDER).is_dir():
        # Hazard 24: it may be only there.
        tower = read_folder(base / _TOWER_FOLDER, lambda name: name.startswith("vision_model.") and _stored(name))
        tensors |= {_TOWER + name: tensor for name, tensor in tower.items()}
    return tensors


def _stored(name: str) -> bool:
    return not _COMPUTED.search(name)


def _ready(reasoner: Reasoner, device: str) -> Reasoner:
    number_positions(reasoner.pictures.tower, device)
    assert_filled(reasoner)
    assert reasoner.pictures.tower.config.hidden_act == "quick_gelu", "hazard 6: CLIP's own activation"
    # Hazard 10: as many low-rank pairs as linear layers are still there, none was merged away.
    assert sum(isinstance(m, PartialLoraLinear) for m in reasoner.modules()) == 5 * reasoner.config.layers
    return reasoner.requires_grad_(False).eval()
