"""Recall of ranked clips, with chance worked out exactly and intervals by resampling whole streams.

Questions about one stream share its clips, so they are not independent: the bootstrap draws streams, never questions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.evaluation.stats import ROUNDS, share_of

METHODS = ("learned", "mean_pool", "newest", "chance")
KINDS = ("explicit", "semantic", "reference")
DEPTHS = (1, 4)


@dataclass(frozen=True, slots=True)
class Trial:
    """One question asked of one stream.

    stream: its seed. clips: how many there were to choose from; right: how many of them overlap the evidence. places:
    for each ranking method, where its first right clip stands (1 is first). newest: the newest clip is right.
    """

    stream: int
    kind: str
    subkind: str
    text: str
    clips: int
    right: int
    places: Mapping[str, int]
    newest: bool


def chance(clips: int, right: int, most: int) -> float:
    """The probability that `most` clips, drawn without putting back, hold one of the `right` ones.

    Raises:
        ValueError: more right ones than clips, or nothing to draw from.
    """
    if not 0 <= right <= clips or clips < 1 or most < 0:
        raise ValueError(f"{right} right ones of {clips} clips, {most} drawn")
    drawn = min(most, clips)
    return 1.0 - comb(clips - right, drawn) / comb(clips, drawn)


def first_right(scores: NDArray[np.floating], right: NDArray[np.bool_]) -> int:
    """The place (1 is first) of the best scored right clip; among equal scores the newest clip comes first.

    Raises:
        ValueError: no clip is right.
    """
    if not right.any():
        raise ValueError("no clip overlaps the evidence")
    order = np.argsort(-scores[::-1], kind="stable")
    return int(np.flatnonzero(right[::-1][order])[0]) + 1


def hit(trial: Trial, method: str, depth: int) -> float:
    """1 or 0; for chance the expectation."""
    if method == "chance":
        return chance(trial.clips, trial.right, depth)
    return float(trial.places[method] <= depth)


def figures(trials: Sequence[Trial], method: str, rounds: int = ROUNDS) -> dict[str, Any]:
    """`recall_at_1`, `recall_at_4`, `n`, `ci95` (of recall at 1) and `ci95_at_4`; None where there is no trial."""
    return {"n": len(trials)} | _at_depths(trials, lambda trial, depth: hit(trial, method, depth), rounds)


def difference(trials: Sequence[Trial], one: str, other: str, rounds: int = ROUNDS) -> dict[str, Any]:
    """How much more `one` recalls than `other` over the same questions; keys as in `figures`."""
    parts = _at_depths(trials, lambda trial, depth: hit(trial, one, depth) - hit(trial, other, depth), rounds)
    return {"n": len(trials)} | parts


def by_method(trials: Sequence[Trial], rounds: int = ROUNDS) -> dict[str, dict[str, Any]]:
    """Method -> `figures` of these trials."""
    return {method: figures(trials, method, rounds) for method in METHODS}


def of_kind(trials: Sequence[Trial], kind: str) -> list[Trial]:
    """The trials of a kind of question."""
    return [trial for trial in trials if trial.kind == kind]


def grouped(
    trials: Sequence[Trial], value: Callable[[Trial], float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum and count of a value in each stream, `[streams]` each, in order of the streams."""
    sums: dict[int, float] = {}
    counts: dict[int, int] = {}
    for trial in trials:
        sums[trial.stream] = sums.get(trial.stream, 0.0) + value(trial)
        counts[trial.stream] = counts.get(trial.stream, 0) + 1
    streams = sorted(sums)
    return np.array([sums[s] for s in streams]), np.array([counts[s] for s in streams], np.float64)


def _at_depths(
    trials: Sequence[Trial], value: Callable[[Trial, int], float], rounds: int
) -> dict[str, float | list[float] | None]:
    out: dict[str, float | list[float] | None] = {}
    for depth in DEPTHS:
        interval_key = "ci95" if depth == 1 else f"ci95_at_{depth}"
        if not trials:
            out |= {f"recall_at_{depth}": None, interval_key: None}
            continue
        sums, counts = grouped(trials, lambda trial, depth=depth: value(trial, depth))  # type: ignore[misc]
        found = share_of(sums, counts, rounds)
        out |= {f"recall_at_{depth}": found["share"], interval_key: found["ci95"]}
    return out
