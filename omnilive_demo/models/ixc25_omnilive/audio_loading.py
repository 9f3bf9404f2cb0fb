"""The released audio model's folder (specification 0 and 3) into our own code, every weight accounted for."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from omnilive_demo.models.ixc25_omnilive.audio_config import ROPE_THETA, audio_config
from omnilive_demo.models.ixc25_omnilive.audio_network import AudioNetwork
from omnilive_demo.models.memory_module.after_loading import assert_filled, default_dtype, turn_anew
from omnilive_demo.models.memory_module.weight_files import WeightsError, check, fill, read_folder, read_json

_OURS = (("audio_tower.", "encoder."), ("multi_modal_projector.linear.", "projector."), ("language_model.", "decoder."))
_EMBEDDING, _HEAD = "decoder.model.embed_tokens.weight", "decoder.lm_head.weight"
_NUMBERS = (torch.bfloat16, torch.float32)


def load_audio_network(folder: Path, dtype: torch.dtype | None = None, device: str = "cpu") -> AudioNetwork:
    """The network alone, ready for inference.

    Args:
        folder: `config.json`, and `model.safetensors` or `pytorch_model.bin` (tensors only), or their shards with
            their index.
        dtype: what the weights are turned into; None for `default_dtype`. Not float16 (hazard 3: wrong text).

    Raises:
        WeightsError: a file is missing, damaged or of another kind; the message says which, and which weights.
        ValueError: float16.
    """
    dtype = dtype or default_dtype(device)
    if dtype not in _NUMBERS:  # hazard 3
        raise ValueError(f"The audio model says wrong words in {dtype}; it needs bfloat16 or float32.")
    values = read_json(folder / "config.json")
    try:
        config = audio_config(values)
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{folder / 'config.json'} is not that of an audio model: {error}.") from error
    with torch.device("meta"):  # no time or memory for weights that are replaced at once
        network = AudioNetwork(config)
    tensors = read_folder(folder)
    _forget_head(tensors, folder)
    shapes = {name: tensor.shape for name, tensor in network.state_dict().items() if name != _HEAD}
    check({_released_name(name): shape for name, shape in shapes.items()}, tensors, folder)
    # Each is let go of as soon as it is turned, so that two copies of all are never held.
    own = {name: tensors.pop(_released_name(name)).to(device, dtype) for name in shapes}
    fill(network, {**own, _HEAD: own[_EMBEDDING]}, folder)
    _finish(network, device)
    return network.requires_grad_(False).eval()


def _released_name(name: str) -> str:
    """What the release calls a tensor of ours."""
    for theirs, ours in _OURS:
        if name.startswith(ours):
            return theirs + name.removeprefix(ours)
    raise AssertionError(name)


def _forget_head(tensors: dict[str, Tensor], folder: Path) -> None:
    """The file holds no head, because the head is the embedding table; where one is there, it must be the same."""
    head, table = tensors.pop(_released_name(_HEAD), None), tensors.get(_released_name(_EMBEDDING))
    if head is not None and table is not None and not torch.equal(head, table):
        raise WeightsError(f"{folder} has a {_released_name(_HEAD)} that differs from its embedding table.")


def _finish(network: AudioNetwork, device: str) -> None:
    """What is not in a file, and what must hold for the model to say what its weights mean."""
    decoder = network.decoder
    # Hazard 1: of itself the head is no part of the file and would be left random. One tensor for both.
    decoder.lm_head.weight = decoder.model.embed_tokens.weight
    assert decoder.lm_head.weight is decoder.get_input_embeddings().weight, "hazard 1: the head is not tied"
    turn_anew(decoder.model, ROPE_THETA, device)
    assert_filled(network)
    for part in (network.encoder, decoder):
        assert part.config._attn_implementation == "sdpa"  # hazard 23: flash-attn is not needed
