"""On which GPU each model lies: all on the freest one, or shared out over the two freest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from omnilive_demo.models.machine import Gpu
from omnilive_demo.models.spec import ModelSpec

MOST_GPUS = 2
UNEVEN = 10**9
"""How much more than its half the first of two GPUs may get of a model: what reads its pictures lies there."""

Places = Mapping[str, tuple[str, ...]]
"""The devices of each model, by its name: "cuda:0"; two where its layers are shared out, in order."""


def placed(specs: Sequence[ModelSpec], gpus: Sequence[Gpu]) -> Places | None:
    """Places for models; None where they do not fit.

    Over two GPUs the largest comes first, and each goes where more room is left. A model that neither of them holds
    lies on both, half of its layers on each, where it can. A part lies beside the model that works with it.

    Args:
        gpus: the freest first.
    """
    parts = {part for spec in specs for part in spec.parts}
    by_name = {spec.name: spec for spec in specs}
    groups = [
        (spec, [spec.name, *(part for part in spec.parts if part in by_name)])
        for spec in specs
        if spec.name not in parts
    ]
    groups.sort(key=lambda group: -_need(group[1], by_name))
    for used in (gpus[:1], gpus[:MOST_GPUS]):
        if used and (places := _shared_out(groups, by_name, used)) is not None:
            return places
    return None


def _shared_out(
    groups: Iterable[tuple[ModelSpec, list[str]]], by_name: Mapping[str, ModelSpec], gpus: Sequence[Gpu]
) -> Places | None:
    free = {gpu.device: gpu.free for gpu in gpus}
    places: dict[str, tuple[str, ...]] = {}
    for spec, names in groups:
        need = _need(names, by_name)
        roomiest = max(free, key=free.__getitem__)
        if need <= free[roomiest]:
            where: tuple[str, ...] = (roomiest,)
            free[roomiest] -= need
        elif spec.splits and len(free) > 1 and need // 2 + UNEVEN <= min(free.values()):
            where = tuple(sorted(free, key=lambda device: -free[device]))
            for device in where:
                free[device] -= need // 2 + UNEVEN
        else:
            return None
        places |= dict.fromkeys(names, where)
    return places


def _need(names: Iterable[str], by_name: Mapping[str, ModelSpec]) -> int:
    return sum(by_name[name].memory.gpu for name in names)
