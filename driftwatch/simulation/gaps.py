"""Drift of completeness: values go missing."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from driftwatch.simulation.arguments import Seed, checked_share, draw, generator
from driftwatch.simulation.containers import Names, open_data

__all__ = ["missingness"]

Data = TypeVar("Data")


def missingness(
    data: Data,
    /,
    intensity: float = 0.1,
    *,
    columns: Names = None,
    seed: Seed = 0,
) -> Data:
    """Make a share of the values missing, completely at random.

    In every column exactly ``round(intensity * n)`` of the ``n`` values that are present are
    drawn at random, each column on its own. A column with a share ``m`` missing before has
    ``m + intensity * (1 - m)`` missing after, up to rounding.

    Missing is what the type calls so: null in polars, PyArrow and nullable pandas columns,
    NaN or NaT in floating and time columns of NumPy and pandas, None among Python objects
    and lists. Types that cannot say so give way, but only where a value goes missing:
    integers of NumPy and pandas become float64, booleans of pandas become ``boolean``, and
    booleans and text of NumPy become objects. One array has one type, so in a 2-D array the
    other columns come along.

    Args:
        data: An array, list, dict, frame or series; see `mean_shift`.
        intensity: Share of the values to remove, from 0 to 1.
        columns: Names (positions in an array) to change; every column if left out.
        seed: Of the choice of values.

    Returns:
        A changed copy of the same type.

    Raises:
        ConfigError: An argument is not usable.
        UnknownColumnError: `columns` names one that is not there.
        DataError: `data` is none of these types.

    Time and memory are O(n) per column.

    Example:
        >>> import numpy as np
        >>> int(np.isnan(missingness(np.arange(50), intensity=0.2)).sum())
        10
    """
    portion = checked_share(intensity, "intensity")
    rng = generator(seed)
    opened = open_data(data)
    chosen = list(opened.columns) if columns is None else opened.named(columns)
    emptied = {}
    for column in chosen:
        rows = draw(np.flatnonzero(~column.missing), portion, rng)
        if rows.size:
            emptied[column.name] = column.without(rows)
    return opened.close(emptied)
