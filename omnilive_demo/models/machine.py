"""What this machine has for models: GPUs, memory, a hub that answers, and models that are here already."""

from __future__ import annotations

import os
from dataclasses import dataclass

from omnilive_demo.models.hub import Hub, hub_answers
from omnilive_demo.models.hub_cache import cached
from omnilive_demo.models.registry import SPECS


@dataclass(frozen=True, slots=True)
class Gpu:
    """One of them: what it is called, its free bytes, and its number."""

    name: str
    free: int
    index: int = 0

    @property
    def device(self) -> str:
        """What torch calls it."""
        return f"cuda:{self.index}"


@dataclass(frozen=True, slots=True)
class Machine:
    """Sizes in bytes; `gpus` with the freest first; `cached` are names of models."""

    gpus: tuple[Gpu, ...] = ()
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

    return Machine(
        gpus=_gpus(),
        ram_free=int(psutil.virtual_memory().available),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        hub=hub_answers(hub, probe_s),
        cached=frozenset(name for name, spec in SPECS.items() if cached(hub.cache, spec) is not None),
    )


def _gpus() -> tuple[Gpu, ...]:
    """Those that can be used now."""
    try:
        import torch

        if not torch.cuda.is_available():
            return ()
        found = [
            Gpu(str(torch.cuda.get_device_name(index)), int(torch.cuda.mem_get_info(index)[0]), index)
            for index in range(torch.cuda.device_count())
        ]
    except (ImportError, RuntimeError, OSError, ValueError):  # a driver that does not fit, a GPU that is taken
        return ()
    return tuple(sorted(found, key=lambda gpu: (-gpu.free, gpu.index)))
