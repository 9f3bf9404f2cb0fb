"""What this machine has for models: a GPU, memory, a hub that answers, and models that are here already."""

from __future__ import annotations

import os
from dataclasses import dataclass

from omnilive_demo.models.hub import Hub, hub_answers
from omnilive_demo.models.hub_cache import cached
from omnilive_demo.models.registry import SPECS


@dataclass(frozen=True, slots=True)
class Machine:
    """Sizes in bytes; `gpu` is its name, empty where there is none; `cached` are names of models."""

    gpu: str = ""
    gpu_free: int = 0
    ram_free: int = 0
    cores: int = 1
    hub: bool = False
    cached: frozenset[str] = frozenset()

    def has(self, name: str) -> bool:
        """Whether a model is here, or can be fetched now."""
        return self.hub or name in self.cached


def inspect(hub: Hub, *, probe_s: float = 3.0) -> Machine:
    """Look at this machine; takes as long as the hub may take to answer. Never raises."""
    import psutil

    gpu, gpu_free = _gpu()
    return Machine(
        gpu=gpu,
        gpu_free=gpu_free,
        ram_free=int(psutil.virtual_memory().available),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        hub=hub_answers(hub, probe_s),
        cached=frozenset(name for name, spec in SPECS.items() if cached(hub.cache, spec) is not None),
    )


def _gpu() -> tuple[str, int]:
    """The GPU with the most free memory: (name, bytes)."""
    try:
        import torch

        if not torch.cuda.is_available():
            return "", 0
        free = [int(torch.cuda.mem_get_info(index)[0]) for index in range(torch.cuda.device_count())]
        best = max(range(len(free)), key=free.__getitem__)
        return str(torch.cuda.get_device_name(best)), free[best]
    except (ImportError, RuntimeError, OSError, ValueError):  # a driver that does not fit, a GPU that is taken
        return "", 0
