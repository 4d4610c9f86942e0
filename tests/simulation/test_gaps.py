from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.errors import ConfigError, UnknownColumnError
from driftwatch.simulation import missingness

COLUMNS: dict[str, tuple[Any, Any]] = {  # a column of ten values, and its type with some gone
    "float array": (np.arange(10.0, dtype=np.float32), np.float32),
    "integer array": (np.arange(10, dtype=np.int8), np.float64),
    "boolean array": (np.array([True, False] * 5), object),
    "text array": (np.array(["a", "b"] * 5), object),
    "bytes array": (np.array([b"a", b"b"] * 5), object),
    "complex array": (np.arange(10) + 1j, np.complex128),
    "time array": (np.arange(10).astype("datetime64[ns]"), "datetime64[ns]"),
    "duration array": (np.arange(10).astype("timedelta64[s]"), "timedelta64[s]"),
    "object array": (np.array([1, "b"] * 5, dtype=object), object),
    "pandas float": (pd.Series(np.arange(10.0)), "float64"),
    "pandas integer": (pd.Series(np.arange(10)), "float64"),
    "pandas nullable": (pd.Series(range(10), dtype="Int16"), "Int16"),
    "pandas bool": (pd.Series([True, False] * 5), "boolean"),
    "pandas text": (pd.Series(["a", "b"] * 5), pd.Series(["a"]).dtype),
    "pandas category": (pd.Series(["a", "b"] * 5, dtype="category"), "category"),
    "pandas time": (pd.Series(pd.date_range("2024", periods=10)), None),
    "pandas objects": (pd.Series([1, "b"] * 5, dtype=object), object),
    "polars integer": (pl.Series(range(10), dtype=pl.Int8), pl.Int8),
    "polars bool": (pl.Series([True, False] * 5), pl.Boolean),
    "polars enum": (pl.Series(["a", "b"] * 5, dtype=pl.Enum(["a", "b"])), None),
    "polars list": (pl.Series([[1], [2]] * 5), pl.List(pl.Int64)),
    "polars date": (pl.Series([dt.date(2024, 1, 1)] * 10), pl.Date),
}


@given(
    st.lists(st.one_of(st.integers(), st.text(max_size=2), st.none()), max_size=40),
    st.floats(0.0, 1.0),
    st.integers(0, 99),
)
def test_exactly_the_share_of_the_present_values_goes_missing(
    x: list[Any], share: float, seed: int
) -> None:
    emptied = missingness(x, share, seed=seed)
    present = sum(v is not None for v in x)
    left = sum(v is not None for v in emptied)
    assert present - left == round(share * present)
    assert all(b is None or b == a for a, b in zip(x, emptied, strict=True))


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_columns_of_every_type_can_have_missing_values(
    name: str, values_of: Callable[[Any], list[Any]]
) -> None:
    column, dtype = COLUMNS[name]
    emptied = missingness(column, 0.3)
    after = emptied.to_list() if isinstance(column, pl.Series) else values_of(emptied)
    assert sum(v is None for v in after) == 3
    assert emptied.dtype == (column.dtype if dtype is None else dtype)


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_nothing_missing_keeps_every_type(name: str) -> None:
    column, _ = COLUMNS[name]
    same = missingness(column, 0.0)
    assert same.dtype == column.dtype
    assert str(list(same)) == str(list(column))


@pytest.mark.parametrize(
    "array",
    [
        pa.array(np.array([1.5, 2.0, 3.0] * 4, dtype=np.float16)),
        pa.array([1, 2, 3] * 4),
        pa.array(["a", "b", "c"] * 4).dictionary_encode(),
        pa.array([True, False, True] * 4),
        pa.array([[1], [2], [3]] * 4),
        pa.array([{"a": 1}, {"a": 2}, {"a": 3}] * 4),
    ],
    ids=str,
)
def test_pyarrow_columns_keep_their_type(array: pa.Array) -> None:
    emptied = missingness(pa.table({"x": array}), 0.5)["x"]
    assert emptied.null_count == 6
    assert emptied.type == array.type


def test_each_column_loses_values_on_its_own() -> None:
    x = np.random.default_rng(0).random((1000, 2))
    gone = np.isnan(missingness(x, 0.5))
    assert gone.sum(axis=0).tolist() == [500, 500]
    assert 150 < (gone[:, 0] & gone[:, 1]).sum() < 350


def test_only_the_named_columns_lose_values() -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    emptied = missingness(frame, 1.0, columns=["b"])
    pd.testing.assert_series_equal(emptied["a"], frame["a"])
    assert emptied["b"].isna().all()


def test_an_array_has_one_type_for_all_its_columns() -> None:
    numbers = missingness(np.array([[1, 2], [3, 4]]), 1.0, columns=1)
    assert numbers.dtype == np.float64
    np.testing.assert_array_equal(numbers, [[1, np.nan], [3, np.nan]])
    flags = missingness(np.array([[True, False], [True, True]]), 1.0, columns=0)
    assert flags.tolist() == [[None, False], [None, True]]


def test_the_seed_decides() -> None:
    x = np.arange(100.0)
    np.testing.assert_array_equal(missingness(x, seed=1), missingness(x, seed=1))
    assert (np.isnan(missingness(x, seed=1)) != np.isnan(missingness(x, seed=2))).any()


def test_every_value_is_equally_likely_to_go() -> None:
    gone = np.mean(
        [np.isnan(missingness(np.arange(4.0), 0.5, seed=s)) for s in range(2000)], axis=0
    )
    np.testing.assert_allclose(gone, 0.5, atol=5 * 0.5 / np.sqrt(2000))


def test_no_rows_or_no_columns_lose_nothing() -> None:
    assert missingness(np.array([], dtype=np.int64), 1.0).dtype == np.int64
    assert missingness(pl.DataFrame(), 1.0).is_empty()
    assert missingness({}, 1.0) == {}


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan"), None])
def test_an_intensity_that_is_no_share_is_refused(bad: Any) -> None:
    with pytest.raises(ConfigError, match="intensity"):
        missingness(np.arange(3), bad)


def test_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(UnknownColumnError, match="no column '3' in the data"):
        missingness(np.zeros((2, 3)), columns=3)
