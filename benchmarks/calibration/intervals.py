"""Certified intervals of sketched columns against the statistics of all their rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration.sides import numeric_sides, sketched
from benchmarks.truth import counts_between, divergences
from driftwatch.core.drift.policy import Policy

__all__ = ["coverage"]

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Floats]

LAWS: dict[str, Draw] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "heavy tail": lambda rng, n: rng.standard_cauchy(n),
    "lognormal": lambda rng, n: rng.lognormal(sigma=2.0, size=n),
    "half zeros": lambda rng, n: np.where(rng.random(n) < 0.5, 0.0, rng.exponential(size=n)),
    "sorted": lambda rng, n: np.sort(rng.normal(size=n)),
}


def coverage(*, runs: int, seed: int, n: int = 200_000, m: int = 50_000) -> dict[str, float]:
    """Share of intervals, by test, that hold the statistic of all rows.

    Half of the runs without the reference's grid, so that everything comes from KLL.
    """
    rng = np.random.default_rng(seed)
    inside: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for run in range(runs):
        for draw in LAWS.values():
            before, after = draw(rng, n), draw(rng, m) * rng.choice([1.0, 1.1])
            for method, exact, (low, high) in _statistics(before, after, grid=run % 2 == 0):
                slack = 1e-9 * max(1.0, abs(exact))
                inside[method] += low - slack <= exact <= high + slack
                seen[method] += 1
    return {method: inside[method] / seen[method] for method in seen}


def _statistics(
    before: Floats, after: Floats, *, grid: bool
) -> Iterator[tuple[str, float, tuple[float, float]]]:
    reference, current = sketched(before, after, k=800, grid=grid)
    sides = numeric_sides(reference, current)
    policy = Policy.of({"anderson_darling": 0.0075, "cramer_von_mises": 0.00125})
    for test in policy.tests():
        if not test.applies(sides):
            continue
        found = test(sides, effect=policy.effects[test.name], level=0.05)
        if test.name == "ks":
            exact = _ks(before, after)
        elif test.name == "wasserstein":
            low, high = found.details["clip"]
            exact = _wasserstein(before, after, low, high) / found.details["scale"]
        elif test.name in ("cramer_von_mises", "anderson_darling"):
            exact = _rank_statistics(before, after)[test.name]
        elif test.name in ("mean_shift", "out_of_range", "atoms"):
            exact = _of_tails(before, after, found.details.get("value"))[test.name]
        else:
            edges = found.details["cells"]["edges"]
            p, q = counts_between(before, edges), counts_between(after, edges)
            exact = divergences(p, q)[test.name]
        yield test.name, exact, found.interval


def _of_tails(before: Floats, after: Floats, value: float | None) -> dict[str, float]:
    p, q = (float((side == value).mean()) for side in (before, after))
    outside = (after < before.min()) | (after > before.max())
    return {
        "mean_shift": abs(float(after.mean() - before.mean())) / float(before.std()),
        "out_of_range": float(outside.mean()),
        "atoms": abs(2 * np.arcsin(np.sqrt(q)) - 2 * np.arcsin(np.sqrt(p))),
    }


def _ks(before: Floats, after: Floats) -> float:
    a, b = np.sort(before), np.sort(after)
    points = np.concatenate((a, b))
    heights = [np.searchsorted(side, points, "right") / side.size for side in (a, b)]
    return float(np.abs(heights[0] - heights[1]).max())


def _wasserstein(before: Floats, after: Floats, low: float, high: float) -> float:
    a, b = (np.sort(np.clip(side, low, high)) for side in (before, after))
    points = np.unique(np.concatenate((a, b)))
    heights = [np.searchsorted(side, points[:-1], "right") / side.size for side in (a, b)]
    return float((np.abs(heights[0] - heights[1]) * np.diff(points)).sum())


def _rank_statistics(before: Floats, after: Floats) -> dict[str, float]:
    points, counts = np.unique(np.concatenate((before, after)), return_counts=True)
    n, m = before.size, after.size
    f, g = (np.searchsorted(np.sort(s), points, "right") / s.size for s in (before, after))
    mass = counts / (n + m)
    pooled = np.cumsum(mass)[:-1]
    gaps, size = mass * (f - g) ** 2, n * m / (n + m)
    return {
        "cramer_von_mises": size * float(gaps.sum()),
        "anderson_darling": size * float((gaps[:-1] / (pooled * (1 - pooled))).sum()),
    }
