"""Event times of rows: any column of instants -> seconds since 1970, NaN where there is none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.schema import Column, Kind
from driftwatch.core.data.values import Numbers, typed_values

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["event_times", "seconds_of", "to_utc"]

_INSTANTS = Column("time", Kind.DATETIME)
_ZONED = r"\d{2}:\d{2}.*(Z|[+-]\d{2}(:?\d{2})?)\s*$"
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))  # nano-, micro-, milliseconds by their size


def event_times(array: pa.Array, /) -> NDArray[np.float64]:
    """Return the instant of every row as seconds since 1970; NaN where it has none.

    Timestamps and dates count as UTC where they have no zone, texts are read as ISO 8601,
    and numbers are seconds, or milli-, micro- or nanoseconds where they are too large to be
    that (beyond the year 5138).

    Example:
        >>> import pyarrow as pa
        >>> event_times(pa.array(["1970-01-02", None, "1970-01-01T01:00+01:00"])).tolist()
        [86400.0, nan, 0.0]
    """
    import pyarrow.compute as pc
    import pyarrow.types as t

    if t.is_dictionary(array.type):
        array = array.dictionary_decode()
    if t.is_integer(array.type) or t.is_floating(array.type):
        return _from_numbers(array)
    valid = array.is_valid().to_numpy(zero_copy_only=False)
    if t.is_string(array.type) or t.is_large_string(array.type):
        # Texts with and without a zone are parsed apart, so apart they keep their order.
        matches = pc.fill_null(pc.match_substring_regex(array, _ZONED), False)  # noqa: FBT003
        zoned = matches.to_numpy(zero_copy_only=False)
        groups = [np.flatnonzero(valid & zoned), np.flatnonzero(valid & ~zoned)]
    else:
        groups = [np.flatnonzero(valid)]
    times = np.full(len(array), np.nan)
    for rows in groups:
        if rows.size:
            _fill(times, array, rows)
    return times


def _from_numbers(array: pa.Array) -> NDArray[np.float64]:
    import pyarrow as pa

    seconds = array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    times: NDArray[np.float64] = np.array(seconds, dtype=np.float64)
    times[~np.isfinite(times)] = np.nan
    if np.isfinite(times).any():
        size = float(np.nanmedian(np.abs(times)))
        for least, unit in _UNITS:
            if size >= least:
                times /= unit
                break
    return times


def _fill(times: NDArray[np.float64], array: pa.Array, rows: NDArray[np.intp]) -> None:
    import pyarrow as pa

    whole = len(array) == rows.size
    values = typed_values(array if whole else array.take(pa.array(rows)), _INSTANTS)
    if isinstance(values, Numbers) and values.values.size == rows.size:
        times[rows] = values.values
    elif rows.size > 1:  # some are no instants: halve until it is known which
        middle = rows.size // 2
        _fill(times, array, rows[:middle])
        _fill(times, array, rows[middle:])


def to_utc(seconds: float, /) -> datetime:
    """Seconds since 1970 as an aware datetime."""
    return datetime.fromtimestamp(seconds, UTC)


def seconds_of(at: datetime | float, /) -> float:
    """A datetime (UTC where it has no zone), or seconds since 1970, as seconds since 1970."""
    if isinstance(at, datetime):
        return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()
    return float(at)
