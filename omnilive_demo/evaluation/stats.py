"""Small statistics for measurements: percentiles, a bootstrap interval, a fitted slope. Nothing is hidden by a mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Number = float | int | None


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
    rounds: int = 2000,
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


def slope(times: Sequence[float], values: Sequence[float]) -> float | None:
    """Least-squares slope of values over times, in value units per time unit; None with fewer than two times."""
    if len(times) != len(values):
        raise ValueError("as many times as values are needed")
    x = np.asarray(times, dtype=np.float64)
    if len(x) < 2 or np.ptp(x) == 0:
        return None
    centred = x - x.mean()
    return float((centred @ np.asarray(values, dtype=np.float64)) / (centred @ centred))
