"""Weights of the decoder in 8 or 4 bits, for a card of 24 GB, by bitsandbytes."""

from __future__ import annotations

import importlib
from typing import Any, Literal

import torch
from torch import Tensor, nn

Bits = Literal[4, 8]
_OUTLIER = 6.0  # columns of the input that go beyond are multiplied in 16 bits, as LLM.int8 has it


def quantised_linear(weight: Tensor, bits: Bits, compute: torch.dtype) -> nn.Module:
    """A linear layer without bias, its weight `[out, in]` quantised where it lies (4: NF4; 8: LLM.int8).

    The low-rank additions, embeddings, head, projectors and the tower stay as they are: they are a fifth of the whole.

    Raises:
        RuntimeError: bitsandbytes is not there.
    """
    try:
        layers: Any = importlib.import_module("bitsandbytes.nn")  # it has no types
    except ImportError as error:
        raise RuntimeError(f"Weights in {bits} bits need the package bitsandbytes ({error}).") from error
    outputs, inputs = weight.shape
    linear: Any
    with torch.device("meta"):
        if bits == 4:
            linear = layers.Linear4bit(inputs, outputs, bias=False, compute_dtype=compute, quant_type="nf4")
        else:
            linear = layers.Linear8bitLt(inputs, outputs, bias=False, has_fp16_weights=False, threshold=_OUTLIER)
    if bits == 4:
        linear.weight = layers.Params4bit(weight, requires_grad=False, quant_type="nf4", module=linear)
    else:
        # On its way from the CPU, and only then, this kind is quantised.
        linear.weight = layers.Int8Params(weight.cpu(), requires_grad=False, has_fp16_weights=False)
    linear.weight = linear.weight.to(weight.device)
    assert linear.weight.dtype in (torch.uint8, torch.int8), "the weight was not quantised"
    quantised: nn.Module = linear
    return quantised
