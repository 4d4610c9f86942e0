"""A time is read by itself: the same whatever stands beside it, and one at a time or many."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.core.data.instants import instant_of, instants_in, instants_of

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
AT = NOON.timestamp()
DAY = datetime(2026, 1, 31, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (NOON, AT),
        (NOON.replace(tzinfo=None), AT),
        (NOON.astimezone(timezone(timedelta(hours=3))), AT),
        (date(2026, 1, 31), DAY),
        (np.datetime64("2026-01-31T12:00:00.250"), AT + 0.25),
        (np.datetime64("2026-01-31"), DAY),
        (np.datetime64("2026-01-31T12", "h"), AT),
        (int(AT), AT),
        (AT, AT),
        (int(AT) * 1_000, AT),
        (AT * 1e6, AT),
        (int(AT) * 1_000_000_000, AT),
        (np.float32(86_400), 86_400.0),
        (np.int64(int(AT)), AT),
        (Decimal(int(AT)), AT),
        (f"{int(AT)}", AT),
        (f" {int(AT)}000 ", AT),
        (f"{int(AT)}.5", AT + 0.5),
        (b"2026-01-31T12:00:00Z", AT),
        ("2026-01-31T12:00:00Z", AT),
        ("2026-01-31T12:00:00z", AT),
        ("2026-01-31 15:00+03:00", AT),
        ("2026-01-31 12:00 UTC", AT),
        ("2026-01-31T12:00:00.123456789", AT + 0.123456),
        ("20260131", DAY),
        ("20260131T120000Z", AT),
        ("2026/1/31 12:00", AT),
        ("2026-1-31 12:00", AT),
        ("2026-01-31T13:00+01:00[Europe/Berlin]", AT),
        ("31.1.2026", DAY),
        ("31.01.2026 12:00", AT),
        ("2026-01", datetime(2026, 1, 1, tzinfo=UTC).timestamp()),
        ("2026-W05-6", DAY),
    ],
)
def test_an_instant_in_each_of_its_forms(value: object, expected: float) -> None:
    assert instant_of(value) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "value",
    [
        None, "", "n/a", "01/02/2026", "2026-02-31", "20261331", "noon", "1" * 5_000, 10**400, True,
        np.bool_(True), float("nan"), float("inf"), [1], {}, object(), b"\xff", "\ud800", "٣",
        np.datetime64("NaT"), np.timedelta64(1, "s"), datetime.max.replace(tzinfo=UTC).time(),
        Decimal("NaN"), Decimal("1e999"), complex(1, 1), np.complex64(1),
    ],
)  # fmt: skip
def test_what_is_no_instant(value: object) -> None:
    assert np.isnan(instant_of(value))


DATETIMES = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001
TEXTS = st.one_of(
    DATETIMES.map(datetime.isoformat),
    DATETIMES.map(lambda at: at.isoformat(" ", "minutes") + "+05:30"),
    DATETIMES.map(lambda at: f"{at:%Y%m%d}"),
    DATETIMES.map(lambda at: f"{at:%d.%m.%Y}"),
    st.integers(-(10**19), 10**19).map(str),
    st.floats().map(str),
    st.text(max_size=20),
    st.from_regex(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?Z?)?", fullmatch=True),
    st.sampled_from(["", "n/a", "2026-02-30", "0000-01-01", "2026-01-01T24:00", "1e5"]),
)
NUMBERS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(), st.sampled_from([1e11, 1e14]))


@given(st.lists(st.one_of(st.none(), TEXTS)))
def test_texts_are_read_one_at_a_time_as_they_are_many_at_a_time(texts: list[str | None]) -> None:
    one_by_one = [instant_of(text) for text in texts]
    array = pa.array([t if t is None or _is_utf8(t) else None for t in texts], pa.large_string())
    expected = [at if text.is_valid else np.nan for at, text in zip(one_by_one, array, strict=True)]
    np.testing.assert_allclose(instants_in(array), expected, rtol=0, atol=2e-6)
    np.testing.assert_allclose(instants_in(array.dictionary_encode()), expected, rtol=0, atol=2e-6)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@given(st.lists(st.one_of(st.none(), NUMBERS, TEXTS, DATETIMES, st.booleans())))
def test_no_time_is_judged_by_its_neighbours(values: list[object]) -> None:
    expected = [instant_of(value) for value in values]
    np.testing.assert_array_equal(instants_of(values), expected)
    np.testing.assert_array_equal(instants_of(values[::-1]), expected[::-1])


@given(st.lists(st.floats()), st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_numbers_are_read_by_their_own_size(floats: list[float], integers: list[int]) -> None:
    for values, dtype in ((floats, pa.float64()), (integers, pa.int64())):
        expected = [instant_of(value) for value in values]
        np.testing.assert_array_equal(instants_in(pa.array(values, dtype)), expected)
        np.testing.assert_array_equal(instants_of(values), expected)
