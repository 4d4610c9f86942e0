"""Two samples as the tests see them, and shifts of a given Kolmogorov distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from driftwatch import Column, Kind, Profile, Reference, Schema, SketchConfig
from driftwatch.core.data.batch import batches_of
from driftwatch.core.drift.sides import NumericSides, compare_sides

__all__ = ["numeric_sides", "profile_of", "shift_of", "sketched"]

Floats = NDArray[np.float64]
SCHEMA = Schema((Column("x", Kind.NUMERIC),))


def shift_of(distance: float) -> float:
    """Shift of a standard normal that moves its distribution function by so much."""
    return float(2 * ndtri((1 + distance) / 2))


def profile_of(values: Floats, *, like: Reference | None = None, k: int | None = None) -> Profile:
    """Sketch one numeric column."""
    # Exact counting of columns with few values is switched off: these are about sketches.
    config = SketchConfig(exact_values=0)
    profile = Profile(SCHEMA, config=config, k=k) if like is None else like.new_profile()
    for batch in batches_of({"x": values}):
        profile.update(batch)
    return profile


def sketched(before: Floats, after: Floats, *, k: int, grid: bool) -> tuple[Reference, Profile]:
    """A reference and a current profile; with `grid`, counted in the reference's cells."""
    reference = Reference(profile_of(before, k=k))
    return reference, profile_of(after, like=reference if grid else None)


def numeric_sides(reference: Reference, current: Profile) -> NumericSides:
    """Both sides of the column, as the tests look at them."""
    sides = compare_sides(reference["x"], current["x"])
    if not isinstance(sides, NumericSides):
        raise TypeError("the column is not numeric on both sides")
    return sides
