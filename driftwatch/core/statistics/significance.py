"""How likely a distance is without drift, or with no more drift than one can live with.

Only `scipy.special`: `scipy.stats` takes a second to import and a hundred times as long a
call. N is the effective size ``n m / (n + m)`` of two samples throughout.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.statistics.special import special

__all__ = [
    "Divergence",
    "benjamini_hochberg",
    "binomial_sf",
    "cauchy_combination",
    "chi2_family_bound",
    "chi2_family_likely",
    "chi2_family_p",
    "chi2_family_size",
    "effective_size",
    "normal_sf",
]

Divergence = Literal["psi", "jensen_shannon", "hellinger", "chi2"]

# N times this times the divergence is asymptotically chi-squared: all four are locally
# the same quadratic form (Yurdakul and Naranjo 2020 for PSI).
_SCALE: dict[Divergence, float] = {
    "psi": 1.0,
    "jensen_shannon": 8.0,
    "hellinger": 8.0,
    "chi2": 1.0,
}


def effective_size(n: int, m: int, /) -> float:
    """``n m / (n + m)``; 0 if a side is empty."""
    return n * m / (n + m) if n and m else 0.0


def chi2_family_p(
    kind: Divergence, divergence: float, size: float, cells: int, /, *, effect: float = 0.0
) -> float:
    """P-value of "the divergence is no larger than `effect`".

    ``c N divergence`` is noncentral chi-squared with ``cells - 1`` degrees of freedom and
    noncentrality ``c N effect``: c is 1 for PSI (and for ``X**2 / N``), 8 for the
    Jensen-Shannon divergence in nats and for the squared Hellinger distance.

    Example:
        >>> size = effective_size(100_000, 2_000)
        >>> f"{chi2_family_p('psi', 0.0650466236, size, 10, effect=0.02):.5e}"
        '2.53332e-06'
    """
    if cells < 2 or not size:
        return 1.0
    scale = _SCALE[kind] * size
    return _noncentral_sf(scale * divergence, cells - 1, scale * effect)


def chi2_family_bound(
    kind: Divergence, divergence: float, size: float, cells: int, /, *, confidence: float
) -> float:
    """Upper confidence bound for the divergence of the populations.

    Inverts `chi2_family_p` in the effect; a confidence below one half gives a lower bound.

    Example:
        >>> low, high = (
        ...     chi2_family_bound("psi", 0.06769298850, 499.9995, 7, confidence=confidence)
        ...     for confidence in (0.025, 0.975)
        ... )
        >>> round(low, 10), round(high, 10)
        (0.0216657887, 0.1093977222)
    """
    if cells < 2:  # one cell holds everything, on both sides
        return 0.0
    if not size:
        return 0.0 if confidence < 0.5 else math.inf
    scale = _SCALE[kind] * size
    return _noncentrality(scale * divergence, cells - 1, 1 - confidence) / scale


def chi2_family_likely(kind: Divergence, divergence: float, size: float, cells: int, /) -> float:
    """A divergence without its bias: what noise adds on average, ``(cells - 1) / (c N)``."""
    return max(0.0, divergence - (cells - 1) / (_SCALE[kind] * size)) if size else 0.0


def chi2_family_size(
    kind: Divergence, effect: float, cells: int, /, *, likely: float = 0.0, level: float = 0.05
) -> float | None:
    """Effective size at which a divergence would be told from `effect` in 95 % of cases.

    Args:
        kind: Which divergence.
        effect: The one that is tolerated.
        cells: Number of cells.
        likely: The divergence of the populations, as far as is known.
        level: Significance level of showing one above the effect.
    """
    if effect <= 0 or cells < 2 or likely == effect:
        return None
    if likely == 0.0:
        typical = float(special().chdtri(cells - 1, 0.05))
        return _noncentrality(typical, cells - 1, 0.05) / (_SCALE[kind] * effect)
    # The statistic is about normal, of variance 2 (df + 2 c N D): solved for sqrt(c N).
    z_effect = -float(special().ndtri(level if likely > effect else 0.05))
    z_power = -float(special().ndtri(0.05))
    room = abs(likely - effect)
    half = z_effect * math.sqrt(effect) + z_power * math.sqrt(likely)
    rest = (z_effect + z_power) * math.sqrt(2 * (cells - 1))
    root = (half + math.sqrt(half**2 + room * rest)) / room
    return root**2 / _SCALE[kind]


def _noncentral_sf(x: float, df: int, nc: float) -> float:
    if nc == 0.0:
        return float(special().chdtrc(df, x))
    if x + nc < 1e5:
        tail = 1.0 - float(special().chndtr(x, df, nc))
        if tail > 1e-9:  # below, the subtraction has eaten the digits
            return tail
    return normal_sf(_sankaran(x, df, nc))


def _sankaran(x: float, df: int, nc: float) -> float:
    """Normal score of a noncentral chi-squared value (M. Sankaran, Biometrika 1963)."""
    mean, spread = df + nc, df + 2 * nc
    h = 1 - 2 * mean * (df + 3 * nc) / (3 * spread**2)
    p = spread / mean**2
    m = (h - 1) * (1 - 3 * h)
    centre = 1 + h * p * (h - 1 - (2 - h) * m * p / 2)
    scale = h * math.sqrt(2 * p) * (1 + m * p / 2)
    score: float = ((x / mean) ** h - centre) / scale
    return score


def _noncentrality(x: float, df: int, cdf: float) -> float:
    """The noncentrality under which values up to `x` have probability `cdf`; at least 0."""
    if float(special().chdtr(df, x)) <= cdf:
        return 0.0
    if x < 1e7:
        return float(special().chndtrinc(x, df, cdf))
    return max(0.0, x - df - float(special().ndtri(cdf)) * math.sqrt(2 * (2 * x - df)))


def normal_sf(score: float, /) -> float:
    """Probability of a standard normal above `score`."""
    return float(special().ndtr(-score))


def binomial_sf(successes: int, trials: int, chance: float, /) -> float:
    """Probability of at least `successes` in `trials`."""
    if successes <= 0:
        return 1.0
    return float(special().betainc(successes, trials - successes + 1, min(max(chance, 0.0), 1.0)))


def benjamini_hochberg(p_values: Sequence[float], /) -> NDArray[np.float64]:
    """P-values adjusted so that rejecting below q keeps the false discovery rate at q.

    Reference:
        Y. Benjamini, Y. Hochberg. Controlling the false discovery rate. JRSS B, 1995.

    Example:
        >>> benjamini_hochberg([0.001, 0.04, 0.03]).round(3).tolist()
        [0.003, 0.04, 0.04]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p)
    ranked = p[order] * p.size / np.arange(1, p.size + 1)
    adjusted = np.minimum.accumulate(ranked[::-1])[::-1]
    result = np.empty_like(p)
    result[order] = np.minimum(adjusted, 1.0)
    return result


def cauchy_combination(
    p_values: Sequence[float], /, *, weights: Sequence[float] | None = None
) -> float:
    """Combine p-values into one, valid under any dependence between them.

    ``mean of tan((1/2 - p) pi)`` is about standard Cauchy. Weights default to equal.

    Reference:
        Y. Liu, J. Xie. Cauchy combination test. JASA, 2020.

    Example:
        >>> round(cauchy_combination([0.001, 0.2, 0.5, 0.9]), 10)
        0.0040212934
    """
    p = np.asarray(p_values, dtype=np.float64)
    w = np.ones(p.size) if weights is None else np.asarray(weights, dtype=np.float64)
    # tan overflows where p is 0, and turns a p of exactly 1 into minus infinity, which
    # would let one perfectly stable feature silence all others.
    clipped = np.clip(p, 1e-300, 1 - 1e-12)
    scores = np.where(clipped < 1e-15, 1 / (clipped * math.pi), np.tan((0.5 - clipped) * math.pi))
    mean = float((w / w.sum()) @ scores)
    if mean > 1e15:
        return 1 / (mean * math.pi)
    return 0.5 - math.atan(mean) / math.pi
