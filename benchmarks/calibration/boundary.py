"""Kolmogorov-Smirnov at and beyond a tolerated distance: size, power, and how soon it is OK."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from benchmarks.calibration.sides import shift_of
from driftwatch.core.sketches.cdf import Cdf
from driftwatch.core.statistics.distances import Steps
from driftwatch.core.statistics.kolmogorov import contact_p, kolmogorov_upper, pooled_heights
from driftwatch.core.statistics.significance import effective_size

__all__ = ["SHAPES", "SIZES", "clean_ok", "power", "rejections"]

EFFECT = 0.05
SIZES = ((2_000, 2_000), (5_000, 20_000), (200_000, 20_000))
Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Floats]


def _gap_of_scale(scale: float) -> float:
    """Largest gap between the standard normal and one of another scale."""
    at = math.sqrt(2 * math.log(scale) / (1 - 1 / scale**2))
    return float(ndtr(at) - ndtr(at / scale))


def _gap_of_rate(rate: float) -> float:
    """Largest gap between the standard exponential and one of a smaller rate."""
    at = math.log(1 / rate) / (1 - rate)
    return math.exp(-rate * at) - math.exp(-at)


def _to_sentinel(sentinel: float, share: float) -> Draw:
    """The lowest values, or the highest, of all moved to one value beyond their end."""

    def draw(rng: np.random.Generator, size: int) -> Floats:
        values = rng.random(size)
        moved = values < share if sentinel < 0 else values > 1 - share
        return np.where(moved, sentinel, values)

    return draw


def _plateau(distance: float) -> Draw:
    """The lowest values moved above the highest: the gap is `distance` everywhere between."""

    def draw(rng: np.random.Generator, size: int) -> Floats:
        values = rng.random(size)
        return np.where(values < distance, values + 1, values)

    return draw


def shapes(distance: float) -> dict[str, tuple[Draw, Draw]]:
    """Pairs of laws whose distribution functions are this far apart, each in another place."""
    scale = float(brentq(lambda s: _gap_of_scale(s) - distance, 1.0001, 3.0))
    rate = float(brentq(lambda r: _gap_of_rate(r) - distance, 0.3, 0.9999))
    uniform: Draw = lambda rng, size: rng.random(size)  # noqa: E731
    normal: Draw = lambda rng, size: ndtri(rng.random(size))  # noqa: E731
    return {
        "plateau": (uniform, _plateau(distance)),
        "shift": (normal, lambda rng, size: rng.normal(shift_of(distance), 1, size)),
        "scale": (normal, lambda rng, size: rng.normal(0, scale, size)),
        "exponential": (
            lambda rng, size: rng.exponential(1, size),
            lambda rng, size: rng.exponential(1 / rate, size),
        ),
        "low sentinel": (uniform, _to_sentinel(-1.0, distance)),
        "high sentinel": (uniform, _to_sentinel(2.0, distance)),
    }


SHAPES = tuple(shapes(EFFECT))


def _p_values(
    pair: tuple[Draw, Draw], n: int, m: int, runs: int, seed: int
) -> Iterator[tuple[float, float]]:
    """P-value of "no more than 0.05", and the upper bound of the distance, of exact samples."""
    rng, size = np.random.default_rng(seed), effective_size(n, m)
    before, after = pair
    ones = {count: np.ones(count, dtype=np.int64) for count in {n, m}}
    for _ in range(runs):
        cdfs = (
            Cdf.of_counts(np.sort(draw(rng, count)), ones[count])
            for draw, count in ((before, n), (after, m))
        )
        steps = Steps.of(*cdfs)
        p, q = steps.reference, steps.current
        gaps = p - q
        distance = float(np.abs(gaps).max())
        heights = pooled_heights(p, q, n, m)
        p_value = contact_p(gaps, heights, distance, size, effect=EFFECT, error=0.0)
        spreads = np.sqrt(p * (1 - p) / n + q * (1 - q) / m)
        yield p_value, kolmogorov_upper(np.abs(gaps), spreads, size, error=0.0)


def rejections(shape: str, n: int, m: int, *, runs: int, seed: int) -> dict[float, float]:
    """Share of runs in which "no more than 0.05" is rejected at 5 and 1 % although it holds."""
    pair = shapes(EFFECT)[shape]
    p_values = np.array([p for p, _ in _p_values(pair, n, m, runs, seed)])
    return {level: float((p_values <= level).mean()) for level in (0.05, 0.01)}


def power(shape: str, *, distance: float, size: int, runs: int, seed: int) -> float:
    """Share of runs in which a larger distance is shown to exceed 0.05 at 5 %."""
    pair = shapes(distance)[shape]
    p_values = [p for p, _ in _p_values(pair, size, size, runs, seed)]
    return sum(p <= 0.05 for p in p_values) / runs


def clean_ok(*, size: int, runs: int, seed: int) -> float:
    """Share of runs without drift in which the upper bound is below 0.05."""
    normal, _ = shapes(EFFECT)["shift"]
    uppers = [upper for _, upper in _p_values((normal, normal), size, size, runs, seed)]
    return sum(upper <= EFFECT for upper in uppers) / runs
