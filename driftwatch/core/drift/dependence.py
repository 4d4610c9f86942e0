"""Drift in how columns depend on each other, which no column shows by itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.profiles.scores import Dimension, ScoreSpec
from driftwatch.core.reports.report import DependenceDrift, Levels, PairDrift, Status
from driftwatch.core.sketches.cross import CrossMoments, FourthMoments
from driftwatch.core.statistics.special import special

__all__ = ["EFFECT", "dependence_drift"]

EFFECT = Levels(0.05, 0.15)
"""Changes of a correlation to warn of, and to call critical."""
_LISTED = 5
_LEAST_ROWS = 50
_CONFIDENCE = 0.05

Floats = NDArray[np.float64]


def dependence_drift(
    spec: ScoreSpec,
    reference: FourthMoments,
    current: CrossMoments,
    /,
    *,
    effect: Levels = EFFECT,
    level: float = 0.05,
    overdispersion: float = 1.0,
) -> DependenceDrift | None:
    """Compare the correlations of two sides, pair by pair of scores.

    ``z = (|R - R0| - effect) / sqrt(V (1/n + 1/m) phi)`` with the asymptotic variance of a
    correlation, ``V = E v_i**2 v_j**2 + r**2 / 4 (E v_i**4 + E v_j**4 + 2 E v_i**2 v_j**2)
    - r (E v_i**3 v_j + E v_i v_j**3)``, from the reference. The p-value of P pairs is
    Bonferroni's, ``min(1, 2 P Phi(-z))``. Each side's correlations use its own means and
    variances, so that a shift of a column by itself is no drift here.

    Pairs are ranks with ranks, extremes with extremes (dependence without correlation), and
    levels of a category with everything outside its own column.

    Args:
        spec: What the scores are.
        reference: Moments of the reference.
        current: Moments of the current rows.
        effect: Changes of a correlation to warn of, and to call critical.
        level: Significance level, for all pairs together.
        overdispersion: Of neighbouring rows; 1 if they are independent.

    Returns:
        What was found; None where a side has fewer than 50 rows or nothing can be paired.

    Reference:
        The variance is that of the delta method, as in J. Steiger, A. Hakstian. The
        asymptotic distribution of elements of a correlation matrix. BJMSP, 1982.
    """
    if min(reference.count, current.count) < _LEAST_ROWS:
        return None
    rows, columns = _pairs(spec.dimensions, reference, current)
    if not rows.size:
        return None
    before, after = (_correlations(side)[rows, columns] for side in (reference, current))
    change = after - before
    size = reference.count * current.count / (reference.count + current.count)
    variance = _variance(reference, rows, columns) * overdispersion / size
    error = np.sqrt(np.maximum(variance, 1e-12 / size))

    def p_of(delta: float) -> Floats:
        below = special().ndtr(-(np.abs(change) - delta) / error)
        tails: Floats = np.minimum(1.0, 2 * rows.size * below)
        return tails

    p_warning = p_of(effect.warning)
    p_effect = Levels(float(p_warning.min()), float(p_of(effect.critical).min()))
    worst = np.lexsort((-np.abs(change) / error, p_warning))
    names = spec.dimensions
    pairs = tuple(
        PairDrift(
            first=_name(names[rows[at]]),
            second=_name(names[columns[at]]),
            kind=_kind(names[rows[at]], names[columns[at]]),
            reference=float(before[at]),
            current=float(after[at]),
        )
        for at in worst[:_LISTED].tolist()
    )
    upper = float((np.abs(change) + _score(_CONFIDENCE / rows.size) * error).max())
    return DependenceDrift(
        status=_status(p_effect, effect, upper, level),
        statistic=abs(pairs[0].current - pairs[0].reference),
        p_value=float(p_of(0.0).min()),
        p_effect=p_effect,
        threshold=effect,
        level=level,
        pairs_tested=int(rows.size),
        pairs=pairs,
    )


def _status(p_effect: Levels, effect: Levels, upper: float, level: float) -> Status:
    if p_effect.critical <= level:
        return Status.CRITICAL
    if p_effect.warning <= level:
        return Status.WARNING
    return Status.OK if upper <= effect.warning or effect.warning == 0 else Status.UNDECIDED


def _pairs(
    dimensions: tuple[Dimension, ...], reference: CrossMoments, current: CrossMoments
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    rows, columns = np.triu_indices(len(dimensions), 1)
    names = np.array([d.column for d in dimensions], dtype=object)
    numeric = {"rank": 1, "extreme": 2}
    parts = np.array([numeric.get(d.part, 0) for d in dimensions])
    alike = (parts[rows] == parts[columns]) | (parts[rows] == 0) | (parts[columns] == 0)
    # What does not vary on a side has no correlation there.
    varies = (np.diag(reference.covariance()) > 1e-9) & (np.diag(current.covariance()) > 1e-9)
    kept = alike & (names[rows] != names[columns]) & varies[rows] & varies[columns]
    return rows[kept], columns[kept]


def _correlations(moments: CrossMoments) -> Floats:
    covariance = moments.covariance()
    spread = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    correlations: Floats = covariance / np.outer(spread, spread)
    return correlations


def _variance(reference: FourthMoments, rows: NDArray[np.intp], cols: NDArray[np.intp]) -> Floats:
    spread = np.sqrt(np.maximum(np.diag(reference.covariance()), 1e-300))
    second, third = reference.scatter()
    second = second / np.outer(spread, spread) ** 2
    third = third / np.outer(spread**3, spread)
    fourth = np.diag(second)
    r = _correlations(reference)[rows, cols]
    both = second[rows, cols]
    variance: Floats = (
        both
        + 0.25 * r**2 * (fourth[rows] + fourth[cols] + 2 * both)
        - r * (third[rows, cols] + third[cols, rows])
    )
    return variance


def _score(tail: float) -> float:
    return -float(special().ndtri(tail))


def _name(dimension: Dimension) -> str:
    if dimension.part == "level":
        return f"{dimension.column}={dimension.label}"
    return f"{dimension.column} missing" if dimension.part == "missing" else dimension.column


def _kind(first: Dimension, second: Dimension) -> str:
    """How the two depend: by rank, by how extreme both are, or by category."""
    parts = {first.part, second.part}
    if parts == {"rank"}:
        return "rank"
    return "extremes" if parts == {"extreme"} else "category"
