from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from driftwatch import Kind
from driftwatch.core.data.batch import batches_of, table_of
from driftwatch.errors import DataError
from driftwatch.profiling.build import profile_data

COLUMNS: dict[str, list[Any]] = {
    "n": [1, 2, 3, None] * 30,
    "x": [0.5, None, 2.5, -1.0] * 30,
    "c": ["a", "b", None, "ü"] * 30,
    "b": [True, False, None, True] * 30,
    "t": [dt.datetime(2024, 1, day, tzinfo=dt.UTC) for day in (1, 2, 3, 4)] * 30,
}
CONTAINERS: dict[str, Callable[[], Any]] = {
    "dict of lists": lambda: COLUMNS,
    "records": lambda: [
        dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)
    ],
    "arrow table": lambda: pa.table(COLUMNS),
    "arrow batch": lambda: pa.record_batch(COLUMNS),
    "chunked arrow": lambda: pa.concat_tables([pa.table(COLUMNS)[:7], pa.table(COLUMNS)[7:]]),
    "sliced arrow": lambda: pa.concat_tables([pa.table(COLUMNS)] * 2).combine_chunks()[60:180],
    "pandas": lambda: pd.DataFrame(COLUMNS),
    "nullable pandas": lambda: pd.DataFrame(COLUMNS).convert_dtypes(),
    "arrow pandas": lambda: pa.table(COLUMNS).to_pandas(types_mapper=pd.ArrowDtype),
    "polars": lambda: pl.DataFrame(COLUMNS),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_same_rows_hash_alike_in_every_container(container: str) -> None:
    found = profile_data(CONTAINERS[container]())
    expected = profile_data(COLUMNS)
    assert found.rows == 120
    assert found.content_hash == expected.content_hash
    assert [c.kind for c in found.schema] == [c.kind for c in expected.schema]


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_row_is_a_value_or_counted_as_missing(container: str) -> None:
    for column in profile_data(CONTAINERS[container]()).columns.values():
        assert column.count + column.missing.total == column.rows == 120


def test_missing_values_are_told_apart() -> None:
    values = np.array([1.0, np.nan, np.inf, -np.inf, np.inf])
    missing = profile_data({"x": pa.array([*values.tolist(), None])})["x"].missing
    assert missing.to_tuple() == (1, 1, 2, 1, 0)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.arange(5, dtype=np.uint8), Kind.NUMERIC),
        (np.arange(5, dtype=np.float16), Kind.NUMERIC),
        ([decimal.Decimal("1.10"), decimal.Decimal("2.20")], Kind.NUMERIC),
        ([dt.date(2024, 1, 1), dt.date(2024, 1, 2)], Kind.DATETIME),
        ([dt.time(1, 2), dt.time(3, 4)], Kind.NUMERIC),
        ([dt.timedelta(hours=1), dt.timedelta(hours=2)], Kind.NUMERIC),
        ([True, False], Kind.BOOLEAN),
        (["a", "b"], Kind.CATEGORICAL),
        ([b"a", b"\xff"], Kind.CATEGORICAL),
        ([None, None], Kind.EMPTY),
        ([[1], [2]], Kind.UNSUPPORTED),
        ([{"a": 1}, {"a": 2}], Kind.UNSUPPORTED),
        (pd.Categorical(["a", "b"]), Kind.CATEGORICAL),
        (["2024-01-05", "2024-02-06"], Kind.DATETIME),
    ],
)
def test_every_type_has_a_kind(values: Any, kind: Kind) -> None:
    column = profile_data({"v": values})["v"]
    assert column.column.kind is kind
    assert column.rows == len(values)


def test_mixed_types_become_the_text_a_person_would_read() -> None:
    column = profile_data({"v": [1, "one", 2.5, None, "one"]})["v"]
    assert column.categories is not None
    assert column.categories.frequencies is not None
    assert column.categories.frequencies.counts == {"1": 1, "one": 2, "2.5": 1}
    assert column.missing.null == 1


def test_columns_without_names_are_counted() -> None:
    assert list(profile_data(pd.DataFrame([[1.0, 2.0], [3.0, 4.0]])).columns) == ["0", "1"]


def test_an_empty_frame_has_columns() -> None:
    batches = list(batches_of(pd.DataFrame({"a": pd.Series(dtype="float64")})))
    assert [(batch.rows, list(batch.arrays)) for batch in batches] == [(0, ["a"])]


def test_large_tables_come_in_pieces() -> None:
    pieces = list(batches_of({"x": np.arange(10.0)}, rows=4))
    assert [piece.rows for piece in pieces] == [4, 4, 2]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (None, "NoneType"),
        (3, "int"),
        (object(), "object"),
        ({"a": [1, 2], "b": [1]}, "equal lengths"),
        ({"a": 3}, "array or a list"),
        ({"a": np.zeros((2, 2))}, "one-dimensional"),
        ([1, 2], "dicts, one a row"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "a"),
        (pd.DataFrame([[1, 2]], columns=[1, "1"]), "two columns are called '1'"),
        (pl.LazyFrame({"a": [1]}), "collect"),
    ],
)
def test_what_is_no_data_is_one_clear_error(data: Any, says: str) -> None:
    with pytest.raises(DataError, match=says):
        table_of(data)
