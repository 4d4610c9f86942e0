"""Faults that rank tests do not see, and clean columns that look odd: verdicts of whole checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwatch import FeatureDrift, Monitor, Status

__all__ = ["FAULTS", "clean_long_tails", "fault", "of_many_features"]

N, M = 50_000, 20_000
Values = NDArray[Any]
Rng = np.random.Generator
Pair = Callable[[Rng], tuple[Values, Values]]


def _normal(rng: Rng, size: int) -> Values:
    return rng.normal(50, 10, size)


def _some(rng: Rng, values: Values, share: float, change: Callable[[Values], Values]) -> Values:
    return np.where(rng.random(values.size) < share, change(values), values)


def _changed(share: float, change: Callable[[Values], Values], *, before: float = 0.0) -> Pair:
    def pair(rng: Rng) -> tuple[Values, Values]:
        return (
            _some(rng, _normal(rng, N), before, change),
            _some(rng, _normal(rng, M), share, change),
        )

    return pair


def _replaced(categories: int) -> Pair:
    def pair(rng: Rng) -> tuple[Values, Values]:
        return tuple(  # type: ignore[return-value]
            np.char.add(letter, rng.integers(0, categories, size).astype(str))
            for letter, size in (("u", N), ("w", M))
        )

    return pair


def _top_percent(rng: Rng) -> tuple[Values, Values]:
    before, after = _normal(rng, N), _normal(rng, M)
    return before, np.where(after > np.quantile(after, 0.98), 10 * after, after)


def _new_category(rng: Rng) -> tuple[Values, Values]:
    before, after = rng.choice(list("abcd"), N), rng.choice(list("abcd"), M)
    return before, np.where(rng.random(M) < 0.02, "new", after)


FAULTS: dict[str, Pair] = {
    "3 % of rows times 1,000": _changed(0.03, lambda x: 1_000 * x),
    "the top 2 % times 10": _top_percent,
    "zeros 1 % -> 4 %": _changed(0.04, np.zeros_like, before=0.01),
    "a sentinel of -999 at 4 %": _changed(0.04, lambda x: np.full_like(x, -999)),
    "a sentinel of -999 at 2 %": _changed(0.02, lambda x: np.full_like(x, -999)),
    "5 % of rows frozen at one value": _changed(0.05, lambda x: np.full_like(x, 47.31)),
    "2 % of rows frozen at one value": _changed(0.02, lambda x: np.full_like(x, 47.31)),
    "unit times 1,000 on 5 % of rows": _changed(0.05, lambda x: 1_000 * x),
    "standard deviation times 1.5": _changed(1.0, lambda x: 50 + 1.5 * (x - 50)),
    "0/1 rate 1 % -> 4 %": lambda rng: (
        (rng.random(N) < 0.01).astype(int),
        (rng.random(M) < 0.04).astype(int),
    ),
    "20,000 categories replaced": _replaced(20_000),
    "200,000 categories replaced": _replaced(200_000),
    "a new category at 2 %": _new_category,
}
"""Every one of them must be a WARNING or CRITICAL."""


def fault(name: str, *, seed: int) -> FeatureDrift:
    """The verdict of one fault, with the default thresholds."""
    before, after = FAULTS[name](np.random.default_rng(seed))
    (feature,) = Monitor({"x": before}, features=["x"]).check({"x": after}).features
    return feature


def clean_long_tails(*, seeds: int) -> Iterator[tuple[str, Status]]:
    """Verdicts of columns of many rare categories without drift."""
    for exponent in (1.1, 1.3, 1.5):
        for categories in (20_000, 200_000):
            weights = np.arange(1.0, categories + 1) ** -exponent
            law = np.cumsum(weights / weights.sum())
            for seed in range(seeds):
                rng = np.random.default_rng(seed)
                before, after = (
                    np.searchsorted(law, rng.random(size)).astype(str) for size in (N, M)
                )
                report = Monitor({"x": before}, features=["x"]).check({"x": after})
                yield f"zipf {exponent}, {categories:,}", report.features[0].status


def of_many_features(*, runs: int, shift: float, seed: int) -> float:
    """Share of reports that show drift: one of 25 features shifted, 2,000 rows against 500.

    Args:
        runs: Number of reports.
        shift: Of the first feature, in standard deviations; 0 gives the false alarms.
        seed: Of the rows.
    """
    rng = np.random.default_rng(seed)
    shown = 0
    for _ in range(runs):
        before = {f"x{i}": rng.normal(size=2_000) for i in range(25)}
        after = {f"x{i}": rng.normal(size=500) for i in range(25)}
        after["x0"] += shift
        shown += Monitor(before).check(after).has_drift()
    return shown / runs
