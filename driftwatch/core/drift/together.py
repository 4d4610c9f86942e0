"""Features that move together because they depend on each other: one cause, one line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from driftwatch.core.profiles.scores import ScoreSpec
from driftwatch.core.reports.results import FeatureDrift
from driftwatch.core.sketches.cross import CrossMoments

__all__ = ["leaders"]

_STRONG = 0.7
"""Correlation of two scores of the reference from which on two features are one story."""
_COMPARED = ("rank", "level")


def leaders(
    features: Sequence[FeatureDrift], spec: ScoreSpec, reference: CrossMoments, /
) -> dict[str, str]:
    """Which drifted features go with one that is ranked before them.

    A feature goes with the first drifted feature whose scores correlate with its own at 0.7 or
    more in the reference: of numbers the ranks, of categories the indicators of their levels.

    Args:
        features: The features, first the one that matters most.
        spec: What the scores are.
        reference: Their moments in the reference.

    Returns:
        The name of the leading feature by that of the one that goes with it.
    """
    covariance = reference.covariance()
    spread = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    strength = np.abs(covariance / np.outer(spread, spread))
    places: dict[str, list[int]] = {}
    for place, dimension in enumerate(spec.dimensions):
        if dimension.part in _COMPARED and spread[place] > 1e-9:
            places.setdefault(dimension.column, []).append(place)
    drifted = [f.name for f in features if f.status.is_drift and f.name in places]
    follows: dict[str, str] = {}
    for index, name in enumerate(drifted):
        for leader in drifted[:index]:
            pairs = np.ix_(places[leader], places[name])
            if leader not in follows and strength[pairs].max() >= _STRONG:
                follows[name] = leader
                break
    return follows
