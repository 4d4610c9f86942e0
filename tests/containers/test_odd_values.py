"""One odd value among good ones costs its own row at most, whichever way rows come in."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import fractions
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch import Monitor
from driftwatch.core.data.batch import batches_of
from driftwatch.core.reports.report import DriftReport

ROWS = 10_000


class Colour(enum.Enum):
    RED = "red"


class Opaque:
    """Has no text of its own."""


ODD: dict[str, Any] = {
    "None": None, "NaN": float("nan"), "NA": pd.NA, "NaT": pd.NaT, "infinite": float("inf"),
    "zero": 0, "minus zero": -0.0, "one": 1, "1.0": 1.0, "half": 0.5, "True": True, "False": False,
    "numpy int": np.int8(3), "numpy float": np.float32(0.5), "numpy bool": np.bool_(True),
    "huge": 10**400, "beyond 64 bits": 2**70, "beyond 53 bits": 2**53 + 1,
    "Decimal": decimal.Decimal("1.5"),
    "huge Decimal": decimal.Decimal("1e500"), "Fraction": fractions.Fraction(1, 3),
    "complex": 1 + 2j, "numpy complex": np.complex64(1), "signalling": decimal.Decimal("sNaN"),
    "text": "unknown", "n/a": "N/A", "empty": "", "number in text": "1.5", "truth in text": "true",
    "time in text": "2026-01-01", "surrogate": "\ud800",
    "long text": "x" * 3_000, "bytes": b"\xff\x00",
    "date": dt.date(2026, 1, 1), "datetime": dt.datetime(2026, 1, 1, 15, 30),  # noqa: DTZ001
    "aware": dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "time": dt.time(1),
    "timedelta": dt.timedelta(1),
    "longest timedelta": dt.timedelta.max, "datetime64": np.datetime64("2026-01-01"),
    "timedelta64": np.timedelta64(1, "Y"), "list": [1, 2], "empty list": [], "dict": {"a": 1},
    "tuple": (1,), "array": np.array([1, 2]), "array without dimensions": np.array(2.0),
    "Enum": Colour.RED, "UUID": uuid.UUID(int=1), "object": Opaque(), "class": Opaque,
}  # fmt: skip

RNG = np.random.default_rng(5)
GOOD: dict[str, list[Any]] = {
    "floats": RNG.normal(10, 3, ROWS).tolist(),
    "whole numbers": RNG.integers(0, 50, ROWS).tolist(),
    "truths": RNG.choice([True, False], ROWS).tolist(),
    "texts": RNG.choice(["free", "pro", "team"], ROWS).tolist(),
    "codes": RNG.choice(["1", "2", "3"], ROWS).tolist(),
    "times": [dt.datetime(2026, 1, 1) + dt.timedelta(minutes=row) for row in range(ROWS)],  # noqa: DTZ001
}
WAYS: dict[str, Callable[[list[Any]], Any]] = {
    "list": lambda values: {"v": values},
    "records": lambda values: [{"v": value} for value in values],
    "pandas": lambda values: pd.DataFrame({"v": pd.Series(values, dtype=object)}),
    "polars": lambda values: pl.DataFrame({"v": pl.Series(values, dtype=pl.Object)}),
}


def said(report: DriftReport) -> tuple[object, ...]:
    statuses = {name: feature.status for name, feature in report.feature_drift().items()}
    return report.global_status, statuses, report.schema_changes


def profiled(monitor: Monitor, data: Any) -> Any:
    profile = monitor.reference.new_profile()
    for batch in batches_of(data):
        profile.update(batch)
    return profile["v"]


def counts_of(profile: Any) -> np.ndarray[Any, Any]:
    missing = np.array(profile.missing.to_tuple())
    return np.append(missing, profile.rows - missing.sum())


@cache
def good(kind: str) -> tuple[Monitor, tuple[object, ...], np.ndarray[Any, Any]]:
    """Who knows the good values, what is said of them, and how they are counted."""
    monitor = Monitor({"v": GOOD[kind]})
    data = {"v": list(GOOD[kind])}
    return monitor, said(monitor.check(data)), counts_of(profiled(monitor, data))


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(list(GOOD)), way=st.sampled_from(list(WAYS)),
    place=st.integers(0, ROWS - 1),     odd=st.sampled_from(list(ODD)),
)  # fmt: skip
def test_one_odd_value_changes_one_row_and_no_status(
    kind: str, way: str, place: int, odd: str
) -> None:
    check(kind, way, place, odd)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("kind", GOOD)
def test_each_odd_value_first(kind: str, odd: str) -> None:
    check(kind, "list", 0, odd)


def check(kind: str, way: str, place: int, odd: str) -> None:
    monitor, expected, before = good(kind)
    values = list(GOOD[kind])
    values[place] = ODD[odd]
    data = WAYS[way](values)
    assert said(monitor.check(data)) == expected
    after = profiled(monitor, data)
    assert after.rows == ROWS
    assert np.abs(before - counts_of(after)).sum() <= 2  # from one place to another


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("kind", GOOD)
def test_an_odd_value_in_the_reference_changes_no_kind(kind: str, odd: str) -> None:
    values = GOOD[kind]
    expected = good(kind)[0].reference.schema.names["v"]
    for place in (0, ROWS - 1):
        mixed = list(values)
        mixed[place] = ODD[odd]
        monitor = Monitor({"v": mixed})
        found = monitor.reference.schema.names["v"]
        assert (found.kind, found.role, found.values) == (
            expected.kind,
            expected.role,
            expected.values,
        )
        assert monitor.check({"v": values}).schema_changes == ()
