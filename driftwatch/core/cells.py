"""Rows of a profile by the cells of a reference, as detectors count them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.profile import Profile
from driftwatch.core.reference import Reference

__all__ = ["cell_counts"]


def cell_counts(reference: Reference, profile: Profile, /) -> dict[str, NDArray[np.int64]]:
    """Count a profile's rows in the cells of a reference, column by column.

    Columns that were counted in other cells, or whose categories outgrew their dictionary
    in another way, are left out: a detector must not bet on what is not exact.

    Returns:
        For a numeric column the counts of its grid; for a categorical one the counts of the
        reference's dictionary and, last, all others.
    """
    found: dict[str, NDArray[np.int64]] = {}
    for name, column in profile.columns.items():
        known = reference.columns.get(name)
        if known is None:
            continue
        numbers, categories = column.numbers, column.categories
        if numbers is not None:
            grid = numbers.grid
            if grid is not None and grid.grid == known.grid:
                found[name] = grid.counts
        elif categories is not None and categories.frequencies is not None:
            words = reference.frame.dictionaries.get(name, ())
            counts = categories.frequencies.counts
            if categories.frequencies.is_exact or all(word in counts for word in words):
                inside = [counts.get(word, 0) for word in words]
                found[name] = np.array([*inside, column.count - sum(inside)], dtype=np.int64)
    return found
