"""Small statistics for measurements: percentiles, shares and intervals by bootstrap, a fitted slope.

Nothing is hidden by a mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Number = float | int | None
ROUNDS = 2000  # of the bootstrap


def percentile(values: Sequence[float], q: float) -> float:
    """The q-th percentile (0..100), interpolated linearly.

    Raises:
        ValueError: there are no values.
    """
    if not len(values):
        raise ValueError("no values to take a percentile of")
    return float(np.percentile(np.asarray(values, dtype=np.float64), q))


def summary(values: Sequence[float], digits: int = 1) -> dict[str, Number]:
    """`p50`, `p95`, `p99`, `min`, `max`, `mean`, `n`; with no values everything but `n` is None."""
    n = len(values)
    if n == 0:
        return {"p50": None, "p95": None, "p99": None, "min": None, "max": None, "mean": None, "n": 0}
    array = np.asarray(values, dtype=np.float64)
    figures: dict[str, Number] = {f"p{q}": round(percentile(values, q), digits) for q in (50, 95, 99)}
    figures |= {"min": round(float(array.min()), digits), "max": round(float(array.max()), digits)}
    return figures | {"mean": round(float(array.mean()), digits), "n": n}


def bootstrap_interval(
    values: Sequence[float],
    statistic: Callable[[Sequence[float]], float],
    level: float = 0.95,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile bootstrap interval of a statistic.

    Raises:
        ValueError: there are no values.
    """
    if not len(values):
        raise ValueError("no values to resample")
    array = np.asarray(values, dtype=np.float64)
    generator = np.random.default_rng(seed)
    picks = generator.integers(0, len(array), size=(rounds, len(array)))
    results = [statistic(array[pick].tolist()) for pick in picks]
    tail = 100 * (1 - level) / 2
    return percentile(results, tail), percentile(results, 100 - tail)


def ratio_interval(
    sums: NDArray[np.float64], counts: NDArray[np.float64], rounds: int = ROUNDS, level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of sum(sums) / sum(counts), groups drawn with putting back.

    Args:
        sums: of the values in each group, `[groups]`.
        counts: how many values each group has, `[groups]`, at least one.
        rounds: how often it is drawn.
        level: share of the draws inside the interval.
        seed: of the draws; the same seed draws the same groups, whatever the values.
    """
    if not len(sums) or (counts < 1).any():
        raise ValueError("every group needs at least one value")
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=rounds).astype(np.float64)
    ratios = (drawn @ sums) / (drawn @ counts)
    tail = 50 * (1 - level)
    low, high = np.percentile(ratios, (tail, 100 - tail))
    return float(low), float(high)


def share(values: Sequence[bool]) -> dict[str, Any]:
    """`share` of what is true, `n`, and `ci95`, by bootstrap over the values; with none all but `n` are None."""
    if not len(values):
        return {"share": None, "n": 0, "ci95": None}
    low, high = bootstrap_interval([float(value) for value in values], lambda drawn: float(np.mean(drawn)))
    return {"share": bare_share(values), "n": len(values), "ci95": [round(low, 4), round(high, 4)]}


def share_of(sums: NDArray[np.float64], counts: NDArray[np.float64], rounds: int = ROUNDS) -> dict[str, Any]:
    """`share`: sum(sums) / sum(counts); `n`: how many values; `ci95`: see `ratio_interval`."""
    low, high = ratio_interval(sums, counts, rounds)
    value = float(sums.sum() / counts.sum())
    return {"share": round(value, 4), "n": int(counts.sum()), "ci95": [round(low, 4), round(high, 4)]}


def bare_share(values: Sequence[bool]) -> float | None:
    """The share of what is true, without an interval; None with no values."""
    return round(float(np.mean(values)), 4) if len(values) else None


def percent(value: float | None) -> str:
    """A share in a table."""
    return "-" if value is None else f"{value:.1%}"


def percents(interval: Sequence[float] | None) -> str:
    """An interval in a table."""
    return "-" if interval is None else f"{interval[0]:.1%} … {interval[1]:.1%}"


def slope(times: Sequence[float], values: Sequence[float]) -> float | None:
    """Least-squares slope of values over times, in value units per time unit; None with fewer than two times."""
    if len(times) != len(values):
        raise ValueError("as many times as values are needed")
    x = np.asarray(times, dtype=np.float64)
    if len(x) < 2 or np.ptp(x) == 0:
        return None
    centred = x - x.mean()
    return float((centred @ np.asarray(values, dtype=np.float64)) / (centred @ centred))
