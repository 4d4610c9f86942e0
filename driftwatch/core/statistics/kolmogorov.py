"""Kolmogorov's distance between two samples: how likely it is, and how large the true one can be.

N is the effective size ``n m / (n + m)`` of two samples throughout, B a Brownian bridge.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.statistics.special import special

__all__ = [
    "CONTACT",
    "bridge_tail",
    "contact_p",
    "kolmogorov_band_size",
    "kolmogorov_critical",
    "kolmogorov_p",
    "kolmogorov_size",
    "kolmogorov_upper",
    "likely_distance",
    "normal_quantile",
    "pooled_heights",
]

CONTACT = 1.36
"""Times ``1 / sqrt(N)``: gaps this close to the largest may be where the true gap is largest."""

_BIAS = 0.8687
"""Mean of ``sqrt(N) D`` without drift, ``sqrt(pi / 2) ln 2``: a supremum overestimates."""
_USUAL = 1.2238
"""90 % quantile of ``sqrt(N) D`` without drift."""
_LEAST_SIZE = 100.0

Floats = NDArray[np.float64]


def kolmogorov_p(distance: float, size: float, /, *, effect: float = 0.0) -> float:
    """P-value of "the Kolmogorov distance is no larger than `effect`".

    ``Q(sqrt(N) max(0, D - effect))`` with Kolmogorov's limiting tail Q. For effect 0 the
    ordinary test; beyond, valid by the triangle inequality and about twice conservative.

    Example:
        >>> from driftwatch.core.statistics.significance import effective_size
        >>> f"{kolmogorov_p(0.08 - 0.0037, effective_size(100_000, 12_000), effect=0.05):.6e}"
        '7.310519e-07'
    """
    return float(special().kolmogorov(math.sqrt(size) * max(0.0, distance - effect)))


def kolmogorov_critical(alpha: float, /) -> float:
    """The value c with ``Q(c) = alpha``: 1.3581 at 5 %."""
    return float(special().kolmogi(alpha))


def normal_quantile(alpha: float, /) -> float:
    """The standard normal value with probability `alpha` above it: 1.645 at 5 %."""
    return -float(special().ndtri(alpha))


def kolmogorov_upper(gaps: Floats, spreads: Floats, size: float, /, *, error: float) -> float:
    """Upper 95 % confidence bound of the populations' Kolmogorov distance.

    Where the true gap is largest, the sample's gap is smaller than it by ``z sd`` in 5 % of the
    samples, and the statistic, a supremum, is no smaller than the gap there. So
    ``max_t (|F - G|(t) + error + z sd(t))`` is above the true distance in 95 % of the samples,
    where the band of Kolmogorov adds ``1.358 / sqrt(N)`` everywhere. That band is used below N =
    100, where a normal law would be too narrow.

    Args:
        gaps: ``|F - G|`` of the two samples at every value of both.
        spreads: Standard deviation of each gap, ``sqrt(F (1 - F) / n + G (1 - G) / m)``.
        size: Effective size N.
        error: What each gap may be off by: the sketches' rank error.

    Example:
        >>> heights = np.array([0.25, 0.5, 0.75])
        >>> spreads = np.sqrt(2 * heights * (1 - heights) / 3_000)
        >>> round(kolmogorov_upper(np.full(3, 0.02), spreads, 1_500, error=0.0), 4)
        0.0412
    """
    if size < _LEAST_SIZE:
        largest = float(gaps.max(initial=0.0))
        return min(1.0, largest + error + kolmogorov_critical(0.05) / math.sqrt(size))
    bounds = gaps + normal_quantile(0.05) * spreads
    return min(1.0, float(bounds.max(initial=0.0)) + error)


def pooled_heights(before: Floats, after: Floats, n: int, m: int, /) -> Floats:
    """Heights u with ``u (1 - u) >= N var(F - G)``: both functions, weighted by the *other* side.

    With the natural weights the variance of a small sample's tail would be underestimated.
    """
    heights: Floats = (m * before + n * after) / (n + m)
    return heights


def contact_p(
    gaps: Floats, heights: Floats, distance: float, size: float, /, *, effect: float, error: float
) -> float:
    """P-value of "the Kolmogorov distance is no larger than `effect`", by where it is reached.

    At the boundary, a true distance of `effect`, only the noise near the places where the true
    gap is largest can carry the statistic beyond it. Their hull [a, b] is estimated by the gaps
    within ``1.36 / sqrt(N) + 2 error`` of the largest, apart for gaps upwards and downwards, and
    the p-value is ``P(sup_[a, b] B > sqrt(N) (distance - effect))``, both added up. Never larger
    than the bound over all of [0, 1], and of the nominal size on a plateau.

    Args:
        gaps: Signed ``F - G`` at every value of both sides, ascending.
        heights: `pooled_heights` at the same values.
        distance: Lower end of what the distance of the samples can be.
        size: Effective size N.
        effect: The distance that is tolerated, above 0.
        error: Rank error of a gap.

    Reference:
        H. Dette, K. Kokot, A. Aue. Functional data analysis in the Banach space of continuous
        functions. Annals of Statistics 48, 2020: relevant differences in the sup norm.
    """
    height = math.sqrt(size) * (distance - effect)
    if height <= 0:
        return 1.0
    least = float(np.abs(gaps).max(initial=0.0)) - CONTACT / math.sqrt(size) - 2 * error
    total = 0.0
    for signed in (gaps, -gaps):
        places = np.flatnonzero(signed >= least)
        if places.size:
            first, last = int(places[0]), int(places[-1])
            # One step wider on either side: what lies between two values is not known.
            start = float(heights[first - 1]) if first else 0.0
            end = float(heights[last + 1]) if last + 1 < heights.size else 1.0
            total += bridge_tail(height, max(0.0, start - error), min(1.0, end + error))
    return min(1.0, total)


def bridge_tail(height: float, a: float, b: float, /) -> float:
    """Probability that a Brownian bridge exceeds a height somewhere in [a, b].

    ``1 - Phi2(l / sa, l / sb; r) + exp(-2 l**2) Phi2(l (1 - 2 a) / sa, l (2 b - 1) / sb; -r)``,
    ``sa = sqrt(a (1 - a))``, ``r = sqrt(a (1 - b) / (b (1 - a)))``, Phi2 the bivariate normal.

    Example:
        >>> round(bridge_tail(1.0, 0.0, 1.0), 6), round(bridge_tail(1.0, 0.5, 0.5), 6)
        (0.135335, 0.02275)
    """
    if height <= 0:
        return 1.0
    if b <= 0 or a >= 1:
        return 0.0
    left, right = math.sqrt(a * (1 - a)), math.sqrt(b * (1 - b))
    h = height / left if left else math.inf
    k = height / right if right else math.inf
    # The correlation and, for intervals so short that it is near 1, what it lacks of 1.
    r = math.sqrt(a * (1 - b) / (b * (1 - a)))
    rest = math.sqrt((b - a) / (b * (1 - a)))
    ends = _normal_below(-h) + _normal_below(-k) - _both_below(-h, -k, r, rest)
    up = height * (1 - 2 * a) / left if left else math.inf
    down = height * (2 * b - 1) / right if right else math.inf
    return min(1.0, max(0.0, ends + math.exp(-2 * height**2) * _both_below(up, down, -r, rest)))


def _normal_below(score: float) -> float:
    return float(special().ndtr(score))


def _both_below(h: float, k: float, r: float, rest: float) -> float:
    """Bivariate normal distribution by Owen's T; `rest` is ``sqrt(1 - r**2)``."""
    if -math.inf in (h, k):
        return 0.0
    if math.inf in (h, k):
        return _normal_below(min(h, k))
    if rest == 0.0:  # one variable, or the negative of one
        return _normal_below(min(h, k)) if r > 0 else max(0.0, _normal_below(h) - _normal_below(-k))
    if h == 0.0 and k == 0.0:
        return 0.25 + math.asin(r) / (2 * math.pi)
    slope_h = (k / h - r) / rest if h else math.copysign(math.inf, k)
    slope_k = (h / k - r) / rest if k else math.copysign(math.inf, h)
    apart = 0.0 if h * k > 0 or (h * k == 0 and h + k >= 0) else 0.5
    parts = (_normal_below(h) + _normal_below(k)) / 2 - apart
    return max(
        0.0, parts - float(special().owens_t(h, slope_h)) - float(special().owens_t(k, slope_k))
    )


def likely_distance(distance: float, size: float, /) -> float:
    """A distance without its bias: a supremum overestimates by ``0.87 / sqrt(N)`` without drift."""
    return max(0.0, distance - _BIAS / math.sqrt(size)) if size else 0.0


def kolmogorov_size(
    distance: float, size: float, /, *, effect: float, error: float, level: float
) -> float | None:
    """Effective size at which `kolmogorov_upper` and `contact_p` would tell it from the effect.

    For a likely distance below the effect, the upper bound must come to lie under the effect in 90
    % of the samples; for one above it, the p-value under the level in 95 %.

    Args:
        distance: The distance of the samples.
        size: Their effective size N.
        effect: The distance that is tolerated.
        error: What the distance may be off by: half the width of its interval.
        level: Significance level.

    Returns:
        The size; infinity where the error alone leaves it open, however many rows; None where no
        drift is tolerated, since its absence cannot be shown.
    """
    likely = likely_distance(distance, size)
    above = (normal_quantile(level) + normal_quantile(0.05)) / 2
    below = _USUAL + normal_quantile(0.05) / 2
    return _size(above if likely > effect else below, likely, effect, error)


def kolmogorov_band_size(
    distance: float, size: float, /, *, effect: float, error: float, level: float
) -> float | None:
    """The same for bounds by Kolmogorov's band, ``1.358 / sqrt(N)`` on either side.

    Takes and returns what `kolmogorov_size` does.
    """
    likely = likely_distance(distance, size)
    above = kolmogorov_critical(level) + normal_quantile(0.05) / 2
    below = _USUAL + kolmogorov_critical(0.05)
    return _size(above if likely > effect else below, likely, effect, error)


def _size(noise: float, likely: float, effect: float, error: float) -> float | None:
    if effect <= 0:
        return None
    room = abs(likely - effect) - 2 * error
    return (noise / room) ** 2 if room > 0 else math.inf
