"""Shares of rows: bounds, effect sizes and what a sample leaves unseen."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.statistics.kolmogorov import normal_quantile
from driftwatch.core.statistics.special import special

__all__ = ["cohens_h", "left_outside", "share_rows", "upper_share"]

Floats = NDArray[np.float64]


def cohens_h(before: Floats, after: Floats, /) -> Floats:
    """Cohen's effect size of two shares, ``|2 asin sqrt(p1) - 2 asin sqrt(p0)|``.

    Example:
        >>> cohens_h(np.array([0.0, 0.10]), np.array([0.01, 0.15])).round(2).tolist()
        [0.2, 0.15]
    """
    angles = [2 * np.arcsin(np.sqrt(np.clip(side, 0.0, 1.0))) for side in (before, after)]
    distance: Floats = np.abs(angles[1] - angles[0])
    return distance


def left_outside(n: int, /) -> float:
    """Share of the population that n rows leave outside of their range, at most, 99.9 %.

    What lies outside of the range of n rows follows Beta(2, n - 1), whose mean is ``2 / (n + 1)``.

    Example:
        >>> round(left_outside(1_000), 4)
        0.0092
    """
    return float(special().betaincinv(2, n - 1, 0.999)) if n > 1 else 1.0


def upper_share(successes: int, trials: int, /) -> float:
    """Clopper and Pearson's upper 95 % bound on a share."""
    if successes >= trials:
        return 1.0
    return float(special().betaincinv(successes + 1, trials - successes, 0.95))


def share_rows(share: float, bound: float, /, *, level: float) -> float | None:
    """Rows at which a share is told from a bound, by the normal law; None where they are equal."""
    room = abs(share - bound)
    if not room or not 0 < bound < 1:
        return None
    z = normal_quantile(level if share > bound else 0.05) + normal_quantile(0.05)
    worst = max(share * (1 - share), bound * (1 - bound))
    return worst * (z / room) ** 2 if math.isfinite(room) else None
