"""Single checks: false alarms without drift, power with it, sizes at the boundary."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from benchmarks.calibration.sides import numeric_sides, shift_of, sketched
from driftwatch import Status
from driftwatch.core.drift.numeric_tests import KolmogorovSmirnov
from driftwatch.core.drift.sides import NumericSides
from driftwatch.core.reports.report import Levels
from driftwatch.core.statistics.distances import (
    chi_squared,
    hellinger_terms,
    jensen_shannon_terms,
    psi_terms,
    smoothed,
)
from driftwatch.core.statistics.significance import chi2_family_p, effective_size

__all__ = ["boundary_sizes", "point_null", "verdicts_at"]

K = 800
Shares = NDArray[np.float64]
Counts = NDArray[np.int64]


def _sides(
    rng: np.random.Generator, n: int, m: int, distance: float, *, grid: bool
) -> NumericSides:
    shift = shift_of(distance)
    reference, current = sketched(rng.normal(size=n), rng.normal(shift, size=m), k=K, grid=grid)
    return numeric_sides(reference, current)


def point_null(*, n: int, m: int, distance: float, runs: int, grid: bool, seed: int) -> float:
    """Share of runs in which "no drift at all" is rejected at 5 %, KLL with k = 800."""
    rng = np.random.default_rng(seed)
    nothing = Levels(0.0, 0.0)
    test = KolmogorovSmirnov()
    rejected = 0
    for _ in range(runs):
        sides = _sides(rng, n, m, distance, grid=grid)
        rejected += test(sides, effect=nothing, level=0.05).p_effect.warning <= 0.05
    return rejected / runs


def verdicts_at(*, distance: float, runs: int, seed: int) -> dict[Status, float]:
    """Shares of the verdicts of the default thresholds, n = 100,000 and m = 20,000."""
    rng = np.random.default_rng(seed)
    test = KolmogorovSmirnov()
    found: list[Status] = []
    for _ in range(runs):
        sides = _sides(rng, 100_000, 20_000, distance, grid=True)
        evidence = test(sides, effect=Levels(0.05, 0.10), level=0.05)
        if evidence.p_effect.critical <= 0.05:
            found.append(Status.CRITICAL)
        elif evidence.p_effect.warning <= 0.05:
            found.append(Status.WARNING)
        else:
            found.append(Status.OK if evidence.upper <= 0.05 else Status.UNDECIDED)
    return {status: found.count(status) / runs for status in Status}


Kind = Literal["psi", "jensen_shannon", "hellinger", "chi2"]
_TERMS = {
    "psi": psi_terms,
    "jensen_shannon": jensen_shannon_terms,
    "hellinger": hellinger_terms,
}


def boundary_sizes(
    *, runs: int, seed: int, n: int = 100_000, cells: int = 10
) -> dict[tuple[Kind, float, int], float]:
    """Rejections at 5 % where the divergence of the populations is exactly the threshold."""
    rng = np.random.default_rng(seed)
    p = np.full(cells, 1 / cells)
    sizes: dict[tuple[Kind, float, int], float] = {}
    # The defaults; of distances the divergence is the square.
    effects: dict[Kind, tuple[float, float]] = {
        "psi": (0.02, 0.10),
        "jensen_shannon": (0.05**2, 0.10**2),
        "hellinger": (0.05**2, 0.10**2),
        "chi2": (0.02, 0.10),
    }
    for kind, both in effects.items():
        for effect in both:
            for m in (1_000, 5_000, 20_000):
                q = _tilted(p, kind, effect, m / (n + m))
                size = effective_size(n, m)
                hits = 0
                for before, after in zip(
                    rng.multinomial(n, p, runs), rng.multinomial(m, q, runs), strict=True
                ):
                    value = _divergence(kind, before, after, size)
                    hits += chi2_family_p(kind, value, size, cells, effect=effect) <= 0.05
                sizes[kind, effect, m] = hits / runs
    return sizes


def _divergence(kind: Kind, before: Counts, after: Counts, size: float) -> float:
    if kind == "chi2":
        return chi_squared(before, after) / size
    return float(_TERMS[kind](smoothed(before), smoothed(after)).sum())


def _tilted(p: Shares, kind: Kind, effect: float, weight: float) -> Shares:
    """Shares at exactly this divergence from `p`, tilted along the cells."""
    slope = np.linspace(-1, 1, p.size)

    def at(t: float) -> Shares:
        q = p * np.exp(t * slope)
        tilted: Shares = q / q.sum()
        return tilted

    def distance(t: float) -> float:
        q = at(t)
        if kind == "chi2":
            pooled = (1 - weight) * p + weight * q
            return float((np.square(q - p) / pooled).sum())
        return float(_TERMS[kind](p, q).sum())

    return at(brentq(lambda t: distance(t) - effect, 1e-6, 3.0))
