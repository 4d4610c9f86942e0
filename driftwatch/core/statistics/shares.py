"""Shares of rows: bounds, effect sizes and what a sample leaves unseen."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.statistics.kolmogorov import normal_quantile
from driftwatch.core.statistics.special import special

__all__ = ["cohens_h", "jump_p", "left_outside", "share_rows", "upper_share"]

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


def jump_p(before: Floats, after: Floats, n: int, m: int, /, *, effect: float) -> Floats:
    """P-value of "Cohen's h of two shares is no larger than `effect`", for each pair of shares.

    The largest of three: by the normal law of h, of variance ``1 / n + 1 / m``, and by the
    binomial law of the rows of either side, the other side's share moved by the effect. Where a
    side has few rows of a value the normal law is too light: of 100 rows none of a value of 5.5 %
    is 0.3 %, not 0.0003 %.

    Args:
        before: Shares of the n rows of one side.
        after: Shares of the m rows of the other.
        n: Rows of the one.
        m: Rows of the other.
        effect: The h that is tolerated.
    """
    spread = math.sqrt(1 / n + 1 / m)
    h = cohens_h(before, after)
    tails = special().ndtr(-(h - effect) / spread) + special().ndtr(-(h + effect) / spread)
    sides = 1.0 if effect else 2.0
    for share, other, rows in ((after, before, m), (before, after, n)):
        towards = np.sign(share - other)
        angle = 2 * np.arcsin(np.sqrt(np.clip(other, 0.0, 1.0))) + towards * effect
        bound = np.square(np.sin(np.clip(angle, 0.0, math.pi) / 2))
        count = np.round(share * rows)
        above = special().bdtrc(count - 1, rows, bound)
        below = special().bdtr(count, rows, bound)
        exact = np.where(towards > 0, np.where(count > 0, above, 1.0), below)
        tails = np.maximum(tails, np.where(towards == 0, 1.0, sides * exact))
    p_values: Floats = np.where(h > effect, np.minimum(1.0, tails), 1.0)
    return p_values


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
