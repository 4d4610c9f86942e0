"""Kolmogorov's null law where values repeat: simulated once a column."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.sketches.ascending import ascending
from driftwatch.core.sketches.cdf import Cdf
from driftwatch.core.statistics.kolmogorov import kolmogorov_p

__all__ = ["TiedNull"]

_DRAWS = 2_000
_CELLS = 64
_ATOM = 0.01
_FEW = 100
_ENOUGH = 25.0


class TiedNull:
    """The law of ``sqrt(N) D`` without drift, for a distribution with atoms.

    Kolmogorov's law is that of continuous data. Where values repeat it is far too careful:
    at a nominal 5 % a fair coin is called drift in 0.7 % of the cases. The limit law is the
    largest height of a Brownian bridge *at the steps* of the distribution function, which
    depends on the distribution but on neither sample size, so 2,000 draws serve every
    check of a column. Between the atoms the height is drawn from the law of the bridge's
    maximum given both ends, so that no fine mesh is needed.

    P-values below one in 2,000 are Kolmogorov's, which are never too small.

    Args:
        reference: Distribution of the reference.

    Cost: about 5 ms, once.

    Example:
        >>> coin = TiedNull(Cdf.of_counts(np.array([0.0, 1.0]), np.array([5_000, 5_000])))
        >>> distance, size = 0.025, 20_000 * 2_000 / 22_000
        >>> coin.p(distance, size) < 0.05 < kolmogorov_p(distance, size)
        True
    """

    def __init__(self, reference: Cdf, /) -> None:
        heights, gaps = _cells(reference)
        self._spread = float((heights * (1 - heights)).max(initial=0.0))
        self._draws = _suprema(heights, gaps)

    @staticmethod
    def is_needed(reference: Cdf, /) -> bool:
        """Whether ties matter: an atom of 1 % of the rows, or at most 100 values."""
        return reference.values.size <= _FEW or reference.atoms(_ATOM).size > 0

    def p(self, distance: float, size: float, /) -> float:
        """P-value of "no drift" for a distance at an effective size."""
        careful = kolmogorov_p(distance, size)
        # Too few rows on the thinner side of every step: a count of rare values is not
        # normal yet, and only the careful law is safe.
        if size * self._spread < _ENOUGH:
            return careful
        above = _DRAWS - int(np.searchsorted(self._draws, math.sqrt(size) * distance, "left"))
        return min(careful, (1 + above) / (1 + _DRAWS))


def _cells(cdf: Cdf) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Heights to look at, and for each whether it was reached without a step of its own."""
    if cdf.values.size <= _FEW:
        return cdf.cumulative[:-1], np.zeros(cdf.values.size - 1, dtype=bool)
    steps = cdf.heights()
    mesh = np.searchsorted(cdf.cumulative, np.arange(1, _CELLS) / _CELLS - 1e-12)
    atoms = np.flatnonzero(steps >= 1 / (4 * _CELLS))
    places = ascending(mesh, atoms, atoms[atoms > 0] - 1)
    places = places[places < cdf.values.size - 1]
    is_gap = ~np.isin(places, atoms)
    return cdf.cumulative[places], is_gap


def _suprema(heights: NDArray[np.float64], gaps: NDArray[np.bool_]) -> NDArray[np.float64]:
    rng = np.random.default_rng(0)
    steps = np.diff(np.concatenate(([0.0], heights, [1.0])))
    paths = np.cumsum(rng.standard_normal((_DRAWS, steps.size)) * np.sqrt(steps), axis=1)
    bridges = paths[:, :-1] - heights * paths[:, -1:]
    highest = np.abs(bridges).max(axis=1, initial=0.0)
    for place in np.flatnonzero(gaps):
        left = bridges[:, place - 1] if place else np.zeros(_DRAWS)
        right, width = bridges[:, place], 2 * steps[place]
        for sign in (1.0, -1.0):
            # The maximum of a bridge from a to b over a time s is
            # (a + b + sqrt((a - b)**2 - 2 s ln U)) / 2, U uniform.
            log = np.log(rng.uniform(size=_DRAWS))
            peak = sign * (left + right) + np.sqrt((left - right) ** 2 - width * log)
            np.maximum(highest, peak / 2, out=highest)
    return np.sort(highest)
