"""Drift of numbers: their level, their spread, their noise and their unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.schema import Kind
from driftwatch.errors import ConfigError
from driftwatch.simulation.arguments import Seed, checked_share, draw, finite, generator
from driftwatch.simulation.containers import AnyColumn, Names, open_data

__all__ = ["changed_numbers", "mean_shift", "noise_injection", "unit_change", "variance_increase"]

Data = TypeVar("Data")
Floats = NDArray[np.float64]
# Up to here float64 holds every whole number.
_EXACT = 2.0**53


def mean_shift(
    data: Data,
    /,
    intensity: float = 0.3,
    *,
    columns: Names = None,
    keep_integers: bool = False,
    seed: Seed = 0,
) -> Data:
    """Move every number by `intensity` standard deviations of its column.

    ``x -> x + intensity * sd``, where ``sd`` is the population standard deviation
    (``numpy.std``) of the finite values of the column. The mean moves by exactly that much,
    the spread stays. A constant column has ``sd = 0`` and does not move.

    Missing values stay missing and infinite ones infinite; neither counts in ``sd``. Floating
    columns keep their type. Integer and decimal columns become float64, since 0.3 standard
    deviations are seldom whole: note that a test sees whole numbers turned into fractions as
    more than a shift. With `keep_integers` integer columns keep their type: each result is
    rounded at random to one of its two neighbours, so that the mean is right on average, and
    clipped to the range of the type. Booleans are not numbers. Python objects stay objects.

    Args:
        data: NumPy array (1-D, or 2-D: rows by columns), list, dict of arrays, pandas or
            polars frame or series, PyArrow table or chunked array.
        intensity: How far, in standard deviations; negative moves down, 0 changes nothing.
        columns: Names (positions in an array) to change; every numeric column if left out.
        keep_integers: Keep the types of integer columns by random rounding.
        seed: Of the random rounding; without `keep_integers` nothing is random.

    Returns:
        A changed copy of the same type.

    Raises:
        ConfigError: An argument is not usable, or no column is numeric.
        UnknownColumnError: `columns` names one that is not there.
        DataError: `data` is none of these types.

    Time and memory are O(n) per column.

    Example:
        >>> import numpy as np
        >>> mean_shift(np.array([-3.0, 3.0, np.nan]), intensity=0.5)  # sd = 3
        array([-1.5,  4.5,  nan])
        >>> mean_shift({"age": [20, 30, 40], "country": ["FR", "DE", "FR"]}, keep_integers=True)
        {'age': [23, 32, 42], 'country': ['FR', 'DE', 'FR']}
    """
    amount = finite(intensity, "intensity")

    def shifted(values: Floats) -> Floats:
        return values + amount * _moments(values)[1]

    return changed_numbers(
        data, columns, amount, shifted, generator(seed) if keep_integers else None
    )


def variance_increase(
    data: Data,
    /,
    intensity: float = 0.3,
    *,
    columns: Names = None,
    keep_integers: bool = False,
    seed: Seed = 0,
) -> Data:
    """Stretch every column around its mean: the standard deviation grows by `intensity`.

    ``x -> mean + (1 + intensity) * (x - mean)``, with the mean of the finite values of the
    column. The standard deviation grows by exactly the factor ``1 + intensity``, and so the
    variance by its square; the mean stays. A constant column stays as it is.

    Missing values, types, `keep_integers`, the containers taken and the cost are as in
    `mean_shift`.

    Args:
        data: An array, list, dict, frame or series; see `mean_shift`.
        intensity: By how much, above -1; negative shrinks, 0 changes nothing.
        columns: Names (positions in an array) to change; every numeric column if left out.
        keep_integers: Keep the types of integer columns by random rounding.
        seed: Of the random rounding; without `keep_integers` nothing is random.

    Returns:
        A changed copy of the same type.

    Raises:
        ConfigError: An argument is not usable, or no column is numeric.
        UnknownColumnError: `columns` names one that is not there.
        DataError: `data` is none of the types taken.

    Example:
        >>> import numpy as np
        >>> variance_increase(np.array([-2.0, 0.0, 2.0]), intensity=0.5)
        array([-3.,  0.,  3.])
    """
    amount = finite(intensity, "intensity")
    if amount <= -1.0:
        raise ConfigError(
            f"intensity must be above -1, where all spread is gone, got {intensity!r}"
        )

    def stretched(values: Floats) -> Floats:
        mean = _moments(values)[0]
        return mean + (1.0 + amount) * (values - mean)

    return changed_numbers(
        data, columns, amount, stretched, generator(seed) if keep_integers else None
    )


def noise_injection(
    data: Data,
    /,
    intensity: float = 0.3,
    *,
    columns: Names = None,
    keep_integers: bool = False,
    seed: Seed = 0,
) -> Data:
    """Add Gaussian noise of `intensity` standard deviations to every number.

    ``x -> x + intensity * sd * z``, with ``sd`` as in `mean_shift` and ``z`` independent
    standard normal draws. On average the mean stays and the variance grows by the factor
    ``1 + intensity**2``. A constant column has ``sd = 0`` and gets no noise.

    Missing values, types, `keep_integers`, the containers taken and the cost are as in
    `mean_shift`. One draw is made for every row, missing or not, column after column.

    Args:
        data: An array, list, dict, frame or series; see `mean_shift`.
        intensity: Standard deviation of the noise, in those of the column; at least 0.
        columns: Names (positions in an array) to change; every numeric column if left out.
        keep_integers: Keep the types of integer columns by random rounding.
        seed: Of the noise and of the random rounding.

    Returns:
        A changed copy of the same type.

    Raises:
        ConfigError: An argument is not usable, or no column is numeric.
        UnknownColumnError: `columns` names one that is not there.
        DataError: `data` is none of the types taken.

    Example:
        >>> import numpy as np
        >>> noisy = noise_injection(np.arange(10_000.0), intensity=1.0, seed=7)
        >>> bool(1.9 < np.var(noisy) / np.var(np.arange(10_000.0)) < 2.1)
        True
    """
    amount = finite(intensity, "intensity")
    if amount < 0.0:
        raise ConfigError(f"intensity must be at least 0, got {intensity!r}")
    rng = generator(seed)

    def noisy(values: Floats) -> Floats:
        return values + amount * _moments(values)[1] * rng.standard_normal(values.size)

    return changed_numbers(data, columns, amount, noisy, rng if keep_integers else None)


def unit_change(
    data: Data,
    /,
    factor: float = 1000.0,
    *,
    columns: Names = None,
    share: float = 1.0,
    seed: Seed = 0,
) -> Data:
    """Multiply numbers by `factor`, as if some sources had changed their unit.

    ``x -> factor * x`` in exactly ``round(share * rows)`` rows, drawn at random; the same
    rows in every column, as a source that reports grams does so for whole records.

    Missing values stay missing. Floating columns keep their type. Integer columns become
    int64 if `factor` is whole and no result passes 2**53, and else float64; decimal columns
    become float64.

    Args:
        data: An array, list, dict, frame or series; see `mean_shift`.
        factor: New units in an old one; finite and not 0.
        columns: Names (positions in an array) to change; every numeric column if left out.
        share: Share of the rows that are multiplied, from 0 to 1.
        seed: Of the choice of rows.

    Returns:
        A changed copy of the same type.

    Raises:
        ConfigError: An argument is not usable, or no column is numeric.
        UnknownColumnError: `columns` names one that is not there.
        DataError: `data` is none of the types taken.

    Time and memory are O(n) per column.

    Example:
        >>> unit_change({"weight": [1, 2, 3], "unit": ["kg", "kg", "kg"]}, columns="weight")
        {'weight': [1000, 2000, 3000], 'unit': ['kg', 'kg', 'kg']}
    """
    times = finite(factor, "factor")
    if times == 0.0:
        raise ConfigError("factor must not be 0, which leaves no unit")
    portion = checked_share(share, "share")
    rng = generator(seed)
    opened = open_data(data)
    chosen = opened.choose(columns, _is_numeric, "numeric")
    rows = draw(np.arange(chosen[0].missing.size), portion, rng)
    if times == 1.0 or rows.size == 0:
        return opened.close({})

    def multiplied(column: AnyColumn) -> Any:
        values = column.floats()
        with np.errstate(over="ignore"):
            values[rows] *= times
        if column.integer and times.is_integer() and not (np.abs(values) > _EXACT).any():
            return column.with_integers(values, widen=True)
        return column.with_floats(values)

    return opened.close({column.name: multiplied(column) for column in _filled(chosen)})


def changed_numbers(
    data: Data,
    columns: Names,
    amount: float,
    change: Callable[[Floats], Floats],
    rounding: np.random.Generator | None = None,
) -> Data:
    """Change every number of the numeric columns by a function of the column's values."""
    opened = open_data(data)
    chosen = opened.choose(columns, _is_numeric, "numeric")
    if amount == 0.0:
        return opened.close({})

    def changed(column: AnyColumn) -> Any:
        # What float64 cannot hold becomes infinite, as in NumPy, but without its warning.
        with np.errstate(over="ignore", invalid="ignore"):
            before = column.floats()
            # An infinity stays: added to an overflow of the other sign it would be missing.
            values = np.where(np.isinf(before), before, change(before))
        if column.integer and rounding is not None:
            values = np.floor(values + rounding.random(values.size))
            return column.with_integers(np.clip(values, *column.limits()), widen=False)
        return column.with_floats(values)

    return opened.close({column.name: changed(column) for column in _filled(chosen)})


def _moments(values: Floats) -> tuple[float, float]:
    """Return mean and standard deviation of the finite values; 0 and 0 of none."""
    finite_values = values[np.isfinite(values)]
    if finite_values.size == 0:
        return 0.0, 0.0
    low, high = float(finite_values.min()), float(finite_values.max())
    if low == high:  # the mean of equal values may round, and their deviations then are not 0
        return low, 0.0
    # A power of two scales without rounding, and keeps the squares of large values finite.
    exponent = int(np.frexp(max(abs(low), abs(high)))[1])
    scaled = np.ldexp(finite_values, -exponent)
    return float(np.ldexp(scaled.mean(), exponent)), float(np.ldexp(scaled.std(), exponent))


def _is_numeric(kind: Kind) -> bool:
    return kind is Kind.NUMERIC


def _filled(columns: list[AnyColumn]) -> list[AnyColumn]:
    return [column for column in columns if column.kind is not Kind.EMPTY]
