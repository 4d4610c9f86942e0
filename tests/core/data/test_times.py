"""Event times of every type a column may have."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.core.data.instants import instant_of
from driftwatch.core.data.times import event_times, to_utc

DAY = 86_400.0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([datetime(1970, 1, 2), None]), [DAY, np.nan]),  # noqa: DTZ001
        (pa.array([date(1970, 1, 3)]), [2 * DAY]),
        (
            pa.array(["1970-01-02", "no time", None, "1970-01-02T00:00+02:00"]),
            [DAY, np.nan, np.nan, DAY - 7200],
        ),
        (pa.array(["1970-01-01 00:00:01.123456789"]), [1.123456]),
        (pa.array(["1970-02-31", "1970-01-02"]), [np.nan, DAY]),
        (pa.array([DAY, None, np.nan, np.inf]), [DAY, np.nan, np.nan, np.nan]),
        (pa.array([1_700_000_000_000]), [1_700_000_000.0]),
        (pa.array([1_700_000_000_000_000_000]), [1_700_000_000.0]),
        (pa.array(["1970-01-02"]).dictionary_encode(), [DAY]),
        (pa.array([True]), [np.nan]),
        (pa.array([], pa.timestamp("us")), []),
    ],
)
def test_times(values: pa.Array, expected: list[float]) -> None:
    np.testing.assert_allclose(event_times(values), expected, rtol=0, atol=1e-6)


def test_datetimes_and_back() -> None:
    east = timezone(timedelta(hours=2))
    assert instant_of(datetime(1970, 1, 1, 2, tzinfo=east)) == 0.0
    assert instant_of(datetime(1970, 1, 2)) == instant_of(DAY) == DAY  # noqa: DTZ001
    assert to_utc(DAY) == datetime(1970, 1, 2, tzinfo=UTC)
