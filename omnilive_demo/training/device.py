"""Where a training runs and in which precision."""

from __future__ import annotations

import contextlib
from pathlib import Path

import torch


def choose_device(wanted: str) -> str:
    """The device's name; "auto" is CUDA where there is one, else the CPU."""
    return ("cuda" if torch.cuda.is_available() else "cpu") if wanted == "auto" else wanted


def has_bf16(device: torch.device) -> bool:
    """Whether bfloat16 is faster than float32 there: on CUDA, and on CPUs with avx512_bf16 or AMX."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    with contextlib.suppress(OSError):
        flags = Path("/proc/cpuinfo").read_text("utf-8", errors="replace")
        return device.type == "cpu" and ("avx512_bf16" in flags or "amx_bf16" in flags)
    return False
