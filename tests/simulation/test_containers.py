from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from driftwatch import simulation
from driftwatch.errors import ConfigError, DataError, UnknownColumnError
from driftwatch.simulation import (
    category_shift,
    label_flip,
    mean_shift,
    missingness,
    noise_injection,
    unit_change,
    variance_increase,
)

Injector = Callable[..., Any]

ROWS: dict[str, list[Any]] = {
    "country": ["FR", "DE", None, "FR", "FR", "IT", "DE", "FR", "FR", "ES"],
    "income": [10.5, None, 3.25, 8.0, 1.5, 2.0, 4.75, 9.0, 3.0, 6.5],
    "member": [True, False, True, True, None, False, True, True, False, True],
    "visits": [3, 1, 4, 1, 5, 9, 2, 6, 5, 3],
}
SIMULATIONS: list[tuple[Injector, str]] = [
    (mean_shift, "income"),
    (mean_shift, "visits"),
    (variance_increase, "income"),
    (noise_injection, "visits"),
    (unit_change, "income"),
    (category_shift, "country"),
    (category_shift, "member"),
    (label_flip, "country"),
    (label_flip, "visits"),
    (missingness, "income"),
    (missingness, "country"),
]
each_simulation = pytest.mark.parametrize(
    ("inject", "name"), SIMULATIONS, ids=lambda value: getattr(value, "__name__", value)
)


@each_simulation
def test_every_container_comes_back_with_only_the_named_column_changed(
    container: Any, columns_of: Any, inject: Injector, name: str
) -> None:
    data = container.build(ROWS)
    before = columns_of(data)
    key = container.key(ROWS, name)
    changed = inject(data, 0.3, columns=[key])
    after = columns_of(changed)
    assert type(changed) is type(data)
    assert list(after) == list(before)
    assert {k for k in after if after[k] != before[k]} == {key}


@each_simulation
def test_the_input_is_never_changed(
    container: Any, columns_of: Any, inject: Injector, name: str
) -> None:
    data = container.build(ROWS)
    kept = copy.deepcopy(data)
    inject(data, 0.3, columns=[container.key(ROWS, name)])
    assert columns_of(data) == columns_of(kept)
    assert pickle.dumps(str(data)) == pickle.dumps(str(kept))


@each_simulation
def test_every_container_gets_the_same_values(
    container: Any, columns_of: Any, inject: Injector, name: str
) -> None:
    expected = columns_of(inject(ROWS, 0.4, columns=name, seed=9))[name]
    key = container.key(ROWS, name)
    found = columns_of(inject(container.build(ROWS), 0.4, columns=[key], seed=9))[key]
    assert found == [v if isinstance(v, (str, type(None))) else pytest.approx(v) for v in expected]


def test_untouched_columns_keep_their_types() -> None:
    frame = pd.DataFrame(
        {
            "x": [1.0, 2.0],
            "c": pd.Categorical(["a", "b"]),
            "n": pd.array([1, None], dtype="Int8"),
            "t": pd.to_datetime(["2024-01-01", "2024-01-02"]).tz_localize("UTC"),
        }
    )
    pd.testing.assert_frame_equal(
        mean_shift(frame, columns="x").drop(columns="x"), frame.iloc[:, 1:]
    )


@pytest.mark.parametrize("inject", [mean_shift, label_flip, missingness])
def test_the_index_of_pandas_stays(inject: Injector) -> None:
    index = pd.MultiIndex.from_product([["a", "b"], [2, 1, 2]], names=["outer", "inner"])
    frame = pd.DataFrame({7: np.arange(6), "text": list("xyxyxy")}, index=index)
    changed = inject(frame, 0.5, columns=7)
    assert changed.index.equals(index)
    assert list(changed.columns) == [7, "text"]
    series = inject(frame[7], 0.5)
    assert series.index.equals(index)
    assert series.name == 7
    assert series.tolist() == changed[7].tolist() or series.isna().sum() == 3


def test_object_columns_of_pandas_keep_their_index_and_type() -> None:
    series = pd.Series([1, None, 3], index=[5, 5, 2], name="x", dtype=object)
    shifted = mean_shift(series, 1.0)
    assert shifted.dtype == object
    assert shifted.tolist() == [2.0, None, 4.0]
    assert (shifted.index.tolist(), shifted.name) == ([5, 5, 2], "x")


@pytest.mark.parametrize("intensity", [0.0, 1.0])
def test_the_result_can_be_written_to_without_touching_the_input(intensity: float) -> None:
    matrix = np.zeros((3, 2))
    mean_shift(matrix, intensity, columns=0)[:] = 7.0
    assert not matrix.any()
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, 2.0]})
    changed = mean_shift(frame, intensity, columns="a")
    changed.loc[:, :] = 7.0
    assert frame["b"].tolist() == [1.0, 2.0]
    columns: dict[str, Any] = {"a": np.array([1.0, 2.0]), "b": np.array([1.0, 2.0]), "c": [1, 2]}
    new = mean_shift(columns, intensity, columns="a")
    new["b"][:] = 7.0
    new["c"].append(3)
    assert columns["b"].tolist() == [1.0, 2.0]
    assert columns["c"] == [1, 2]


def test_memory_order_of_arrays_stays() -> None:
    x = np.asfortranarray(np.random.default_rng(0).random((5, 3)))
    assert mean_shift(x).flags.f_contiguous


def test_series_and_chunked_arrays_come_back_as_they_are() -> None:
    assert isinstance(mean_shift(pd.Series([1.0, 2.0])), pd.Series)
    named = mean_shift(pl.Series("x", [1.0, 2.0]))
    assert isinstance(named, pl.Series)
    assert named.name == "x"
    assert isinstance(mean_shift(pa.chunked_array([[1.0, 2.0]])), pa.ChunkedArray)


def test_all_numeric_columns_change_when_none_is_named(container: Any, columns_of: Any) -> None:
    data = container.build(ROWS)
    before, after = columns_of(data), columns_of(mean_shift(data))
    changed = {k for k in after if after[k] != before[k]}
    assert changed == {container.key(ROWS, "income"), container.key(ROWS, "visits")}


def test_columns_are_named_one_by_one_or_in_a_list() -> None:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    for columns in (1, [1], (1,), [1, 1], np.array([1]), iter([1])):
        assert (mean_shift(x, columns=columns) != x).tolist() == [[False, True]] * 2


def test_intensity_is_taken_by_position_and_by_name() -> None:
    x = np.array([1.0, 3.0])
    np.testing.assert_array_equal(mean_shift(x, 0.5), mean_shift(x, intensity=0.5))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (3.0, "got a float; pass a numpy array"),
        (None, "got a NoneType"),
        ("text", "got a str"),
        ([[1.0], [2.0]], "got a list of list"),
        ([{"a": 1}], "got a list of dict"),
        (np.zeros((2, 2, 2)), "array of 3 dimensions"),
        (np.array(1.0), "array of 0 dimensions"),
        (np.ma.masked_array([1.0], [True]), "masked array; pass data.filled"),
        (np.zeros(2, dtype=[("a", float)]), "structured array"),
        (pl.LazyFrame({"a": [1]}), "polars LazyFrame, which holds no rows yet; call .collect"),
        (pa.array([1.0]), "pass a numpy array"),
        (pa.record_batch({"a": [1.0]}), "pass a numpy array"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "cannot read the pandas DataFrame"),
        (pa.table([[1], [2]], ["a", "a"]), "cannot read the pyarrow Table"),
        ({"a": [1], "b": [1, 2]}, "columns of different lengths: .*'a': 1, 'b': 2"),
        ({"a": np.zeros((2, 2))}, "column 'a' is a numpy ndarray; pass one array per column"),
        ({"a": pd.DataFrame({"b": [1]})}, "column 'a' is a pandas DataFrame"),
        ({"a": {"b": [1]}}, "column 'a' is a dict"),
        ({"a": 1.0}, "column 'a': got a float"),
    ],
)
@pytest.mark.parametrize("inject", [mean_shift, label_flip, category_shift, missingness])
def test_data_that_is_no_container_of_columns_is_refused(
    inject: Injector, data: Any, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        inject(data)


@pytest.mark.parametrize("inject", [mean_shift, label_flip, category_shift, missingness])
def test_names_that_are_no_columns_are_refused(inject: Injector) -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    with pytest.raises(UnknownColumnError, match="no column 'c' in the data"):
        inject(frame, columns=["a", "c"])
    with pytest.raises(ConfigError, match="columns is empty"):
        inject(frame, columns=[])
    bad: Any = 2.5
    with pytest.raises(ConfigError, match="columns must be a column name"):
        inject(frame, columns=bad)


@pytest.mark.parametrize("seed", [-1, 1.5, "zero", True])
@pytest.mark.parametrize("inject", [noise_injection, unit_change, label_flip, missingness])
def test_a_seed_that_is_no_seed_is_refused(inject: Injector, seed: Any) -> None:
    with pytest.raises(ConfigError, match="seed must be a whole number from 0"):
        inject(np.arange(4.0), seed=seed)


def test_unreadable_missing_values_of_pandas_are_recognised_among_objects() -> None:
    x = [1.0, pd.NA, pd.NaT, float("nan"), None, 3.0]
    shifted = mean_shift(x, 1.0)
    assert (shifted[0], shifted[5]) == (2.0, 4.0)
    assert shifted[1] is pd.NA
    assert shifted[2] is pd.NaT
    assert shifted[4] is None


def test_importing_the_simulations_loads_no_data_frame_library() -> None:
    code = "import sys, driftwatch.simulation; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"pandas", "polars", "pyarrow", "scipy"} & set(loaded)


def test_public_names_are_sorted_and_documented() -> None:
    assert simulation.__all__ == sorted(simulation.__all__)
    for name in simulation.__all__:
        assert ">>> " in (getattr(simulation, name).__doc__ or "")
