from __future__ import annotations

import copy
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

Columns = dict[str, list[Any]]


@dataclass(frozen=True)
class Container:
    """A way to hold named columns of Python values, None where missing."""

    build: Callable[[Columns], Any]
    named: bool = True

    def key(self, columns: Columns, name: str) -> Hashable:
        return name if self.named else list(columns).index(name)


def _numbered(values: list[Any]) -> Any:
    kinds = {type(v) for v in values if v is not None}
    if kinds <= {float} and kinds:
        return np.array([np.nan if v is None else v for v in values])
    if None in values or not kinds:
        return np.array(values, dtype=object)
    return np.array(values)


def _pandas(columns: Columns) -> pd.DataFrame:
    frame = pd.DataFrame({name: pd.Series(values) for name, values in columns.items()})
    return frame.set_axis([f"row {i % 7}" for i in range(len(frame))])


def _nullable(columns: Columns) -> pd.DataFrame:
    dtypes = {"country": "string", "income": "Float64", "member": "boolean", "visits": "Int64"}
    return pd.DataFrame({k: pd.array(v, dtype=dtypes[k]) for k, v in columns.items()})


def _objects(columns: Columns) -> Any:
    array = np.empty((len(next(iter(columns.values()))), len(columns)), dtype=object)
    for i, values in enumerate(columns.values()):
        array[:, i] = values
    return array


CONTAINERS = {
    "pandas": Container(_pandas),
    "pandas nullable": Container(_nullable),
    "pandas objects": Container(lambda columns: pd.DataFrame(columns, dtype=object)),
    "pandas arrow": Container(
        lambda columns: pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype),
    ),
    "polars": Container(pl.DataFrame),
    "pyarrow": Container(pa.table),
    "dict of arrays": Container(lambda columns: {k: _numbered(v) for k, v in columns.items()}),
    "dict of lists": Container(copy.deepcopy),
    "dict of series": Container(lambda columns: {k: pl.Series(v) for k, v in columns.items()}),
    "array of objects": Container(_objects, named=False),
}


@pytest.fixture(params=sorted(CONTAINERS))
def container(request: pytest.FixtureRequest) -> Container:
    return CONTAINERS[request.param]


def _plain(values: Any) -> list[Any]:
    if not isinstance(values, (list, np.ndarray)):
        values = nw.from_native(values, series_only=True).to_list()
    missing = [v is None or v is pd.NA or v is pd.NaT or v != v for v in values]  # noqa: PLR0124
    return [
        None if gone else v.item() if isinstance(v, np.generic) else v
        for v, gone in zip(values, missing, strict=True)
    ]


def _columns_of(data: Any) -> dict[Any, list[Any]]:
    if isinstance(data, dict):
        return {name: _plain(values) for name, values in data.items()}
    if isinstance(data, np.ndarray):
        return {i: _plain(data[:, i]) for i in range(data.shape[1])}
    frame = nw.from_native(data, eager_only=True)
    return {name: _plain(frame.get_column(name).to_native()) for name in frame.columns}


@pytest.fixture
def columns_of() -> Callable[[Any], dict[Any, list[Any]]]:
    return _columns_of


@pytest.fixture
def values_of() -> Callable[[Any], list[Any]]:
    return _plain
