"""Event times of rows: any column of instants -> seconds since 1970, NaN where there is none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.instants import instants_in
from driftwatch.core.data.storage import plain_array

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["LATEST", "event_times", "to_utc"]


LATEST = 253_402_300_799
"""The last second of the year 9999, where dates end."""


def event_times(array: pa.Array, /) -> NDArray[np.float64]:
    """Return the instant of every row as seconds since 1970; NaN where it has none.

    Each value is read by itself, as `driftwatch.core.data.instants.instant_of` says: timestamps
    and dates, ISO 8601 and some other texts, numbers (also in texts) in the unit that their own
    size tells.

    Example:
        >>> import pyarrow as pa
        >>> event_times(pa.array(["1970-01-02", None, "1970-01-01T01:00+01:00"])).tolist()
        [86400.0, nan, 0.0]
    """
    return instants_in(plain_array(array))


def to_utc(seconds: float, /) -> datetime:
    """Seconds since 1970 as an aware datetime."""
    return datetime.fromtimestamp(seconds, UTC)
