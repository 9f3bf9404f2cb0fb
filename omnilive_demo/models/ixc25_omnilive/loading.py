"""The released reasoner (specification 2.7 and 2.8): its folders, into our own code, every tensor accounted for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from omnilive_demo.models.ixc25_omnilive.adapter import Adapter, load_adapter
from omnilive_demo.models.ixc25_omnilive.config import ReasonerConfig, released_reasoner_config
from omnilive_demo.models.ixc25_omnilive.partial_lora import PartialLoraLinear
from omnilive_demo.models.ixc25_omnilive.quantised import Bits, quantised_linear
from omnilive_demo.models.ixc25_omnilive.reasoner import Reasoner
from omnilive_demo.models.ixc25_omnilive.released_files import each_tensor, weight_files
from omnilive_demo.models.memory_module.weight_files import WeightsError, read_json

_BASE_FILES = ("model", "pytorch_model")
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
    change = load_adapter(adapter, config.layers) if adapter else Adapter(1.0, {}, {})
    devices = [device] if isinstance(device, str) else list(device)
    with torch.device("meta"):  # no time or memory for weights that are replaced at once
        reasoner = Reasoner(config)
    expected = {released_name(name): (name, tensor.shape) for name, tensor in reasoner.state_dict().items()}
    filled: dict[str, Tensor] = {}
    seen: set[str] = set()
    for name, given in _base_tensors(base):
        if name in seen:
            raise WeightsError(f"{base} has {name} twice.")
        if name not in expected:
            raise WeightsError(f"{base} has unknown {name}.")
        seen.add(name)
        own, shape = expected[name]
        if name in change.replaced:  # hazard 9: the adapter's copy wins, whatever the base has
            continue
        _check_shape(base, name, given, shape)
        where = device_of(own, config.layers, devices)
        _check_pair(adapter, name, change, shape)
        tensor = change.merged(name, given.to(where)).to(dtype)
        if bits and own.endswith(".plain.weight"):
            linear = reasoner.get_submodule(own.removesuffix(".plain.weight"))
            assert isinstance(linear, PartialLoraLinear)
            linear.plain = quantised_linear(tensor, bits, dtype)  # type: ignore[assignment]
        else:
            filled[own] = tensor
    for name, given in change.replaced.items():
        own, shape = expected[name]
        _check_shape(adapter, name, given, shape)
        filled[own] = given.to(devices[0], dtype)
        seen.add(name)
    if missing := expected.keys() - seen:
        raise WeightsError(f"{base} lacks {_some(missing)}.")
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


def _base_tensors(base: Path) -> Iterator[tuple[str, Tensor]]:
    tower = False
    for file in weight_files(base, *_BASE_FILES):
        for name, tensor in each_tensor(file):
            tower |= name.startswith(_TOWER)
            if not _COMPUTED.search(name):
                yield name, tensor
    if not tower and (base / _TOWER_FOLDER).is_dir():  # hazard 24: it may be only there
        for file in weight_files(base / _TOWER_FOLDER, *_BASE_FILES):
            for name, tensor in each_tensor(file):
                if name.startswith("vision_model.") and not _COMPUTED.search(name):
                    yield _TOWER + name, tensor


def _check_shape(source: Path | None, name: str, tensor: Tensor, shape: torch.Size) -> None:
    if tensor.shape != shape:
        raise WeightsError(f"{source}: {name} has another shape ({list(tensor.shape)} instead of {list(shape)}).")


def _check_pair(source: Path | None, name: str, change: Adapter, shape: torch.Size) -> None:
    if pair := change.pairs.get(name):
        _check_shape(
            source, f"the pair of {name}", torch.empty(pair[1].shape[0], pair[0].shape[1], device="meta"), shape
        )


def _ready(reasoner: Reasoner, device: str) -> Reasoner:
    embeddings = reasoner.pictures.tower.embeddings
    # What is computed and not stored was not computed either.
    embeddings.register_buffer(
        "position_ids", torch.arange(embeddings.num_positions, device=device)[None], persistent=False
    )
    reasoner.pictures.tower.train(False)
    reasoner.requires_grad_(False)
    left = [name for name, tensor in (*reasoner.named_parameters(), *reasoner.named_buffers()) if tensor.is_meta]
    assert not left, f"nothing was loaded into {left}"
    # Hazard 10: as many low-rank pairs as linear layers are still there, none was merged away.
    assert sum(isinstance(m, PartialLoraLinear) for m in reasoner.modules()) == 5 * reasoner.config.layers
    return reasoner.eval()


def config_of(base: Path) -> ReasonerConfig:
    """The sizes in a base folder, without its weights."""
    return released_reasoner_config(read_json(base / "config.json"))


def _some(names: Iterable[str]) -> str:
    first, *others = sorted(names)
    return f"{first} and {len(others)} others" if others else first
