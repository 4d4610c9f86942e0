"""Any container of rows as columns, and back to a container of the same type."""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.schema import Kind
from driftwatch.errors import ConfigError, DataError, UnknownColumnError
from driftwatch.simulation.arrays import ArrayColumn
from driftwatch.simulation.series import SeriesColumn, nw

__all__ = ["AnyColumn", "Names", "Opened", "open_data"]

AnyColumn = ArrayColumn | SeriesColumn
Names = str | int | Iterable[Hashable] | None
Data = TypeVar("Data")
Changes = Mapping[Hashable, Any]

_TAKEN = (
    "pass a numpy array, a list of values, a dict of arrays, "
    "a pandas or polars frame or series, or a pyarrow Table"
)


@dataclass(frozen=True, slots=True)
class Opened(Generic[Data]):
    """The columns of a container, and the way back.

    Attributes:
        columns: In the order of the container.
        close: Takes new values by column name and returns a container of the old type. It
            shares no memory that can be written to with the old one.
    """

    columns: tuple[AnyColumn, ...]
    close: Callable[[Changes], Data]

    def choose(self, names: Names, accepts: Callable[[Kind], bool], wanted: str) -> list[AnyColumn]:
        """Return the columns called `names`, or else all of an accepted kind.

        Columns without any value are accepted too: there is nothing in them to change.

        Raises:
            UnknownColumnError: There is no column of such a name.
            ConfigError: A named column is of another kind, or no column is of that kind.
        """
        chosen = list(self.columns) if names is None else self.named(names)
        fitting = [c for c in chosen if c.kind is Kind.EMPTY or accepts(c.kind)]
        if fitting and (names is None or len(fitting) == len(chosen)):
            return fitting
        kinds = ", ".join(f"{c.name!r} is {c.kind.value}" for c in chosen if c not in fitting)
        raise ConfigError(
            f"needs {wanted} columns, but {kinds or 'the data has no columns'}; "
            "name others with columns=, or convert them first"
        )

    def named(self, names: Names) -> list[AnyColumn]:
        """Return the columns called `names`, each once."""
        if isinstance(names, (str, int)):
            names = [names]
        if not isinstance(names, Iterable):
            raise ConfigError(f"columns must be a column name or a list of them, got {names!r}")
        known: dict[Hashable, AnyColumn] = {column.name: column for column in self.columns}
        wanted = list(dict.fromkeys(names))
        if not wanted:
            raise ConfigError("columns is empty; leave it out to take every column that fits")
        for name in wanted:
            if name not in known:
                raise UnknownColumnError(str(name), map(str, known), "the data")
        return [known[name] for name in wanted]


def open_data(data: Data) -> Opened[Data]:
    """Look at the columns of `data`.

    Raises:
        DataError: `data` is not a container of columns that can be handed back changed.
    """
    opened: Opened[Any]
    if isinstance(data, np.ndarray):
        opened = _open_array(data)
    elif isinstance(data, list):
        opened = _open_vector(_objects(data), np.ndarray.tolist)
    elif isinstance(data, dict):
        opened = _open_dict(data)
    else:
        opened = _open_native(data)
    return cast("Opened[Data]", opened)


def _open_array(data: NDArray[Any]) -> Opened[Any]:
    if isinstance(data, np.ma.MaskedArray):
        raise DataError("got a masked array; pass data.filled(numpy.nan) instead")
    if data.dtype.names is not None:
        raise DataError("got a structured array; pass {name: data[name] for each name} instead")
    if data.ndim == 1:
        return _open_vector(data, np.asarray)
    if data.ndim == 2:
        return _open_matrix(data)
    raise DataError(f"got an array of {data.ndim} dimensions; pass rows (1) or rows by columns (2)")


def _open_vector(data: NDArray[Any], back: Callable[[NDArray[Any]], Any]) -> Opened[Any]:
    column = ArrayColumn.of(0, data)
    return Opened((column,), lambda changes: back(changes.get(0, data.copy())))


def _open_matrix(data: NDArray[Any]) -> Opened[Any]:
    columns = tuple(ArrayColumn.of(i, data[:, i]) for i in range(data.shape[1]))

    def close(changes: Changes) -> NDArray[Any]:
        # One array has one type: a column that needs another takes the rest along.
        dtypes = [new.dtype for new in changes.values()]
        if len(changes) < len(columns) or not columns:
            dtypes.append(data.dtype)
        whole = data.astype(np.result_type(*dtypes))
        for position, new in changes.items():
            whole[:, cast("int", position)] = new
        return whole

    return Opened(columns, close)


def _open_dict(data: dict[Hashable, Any]) -> Opened[Any]:
    inner = {name: _open_member(name, values) for name, values in data.items()}
    columns = tuple(replace(opened.columns[0], name=name) for name, opened in inner.items())
    lengths = {column.name: column.missing.size for column in columns}
    if len(set(lengths.values())) > 1:
        raise DataError(f"got columns of different lengths: {lengths}; make them equal")

    def close(changes: Changes) -> dict[Hashable, Any]:
        whole = copy.copy(data)
        for name, opened in inner.items():
            first = opened.columns[0].name
            whole[name] = opened.close({first: changes[name]} if name in changes else {})
        return whole

    return Opened(columns, close)


def _open_member(name: Hashable, values: object) -> Opened[Any]:
    try:
        opened = open_data(values)
    except DataError as error:
        raise DataError(f"column {name!r}: {error}") from error
    if isinstance(values, dict) or getattr(values, "ndim", 1) != 1 or hasattr(values, "columns"):
        raise DataError(f"column {name!r} is a {_type_name(values)}; pass one array per column")
    return opened


def _open_native(data: object) -> Opened[Any]:
    try:
        wrapped = nw.from_native(data, eager_only=True, allow_series=True, pass_through=True)
        if isinstance(wrapped, nw.Series):
            return _open_series(wrapped)
        if isinstance(wrapped, nw.DataFrame):
            return _open_frame(wrapped)
    except (ValueError, KeyError) as error:
        raise DataError(
            f"cannot read the {_type_name(data)}: {error}; column names must differ"
        ) from error
    if hasattr(data, "collect"):
        raise DataError(f"got a {_type_name(data)}, which holds no rows yet; call .collect() first")
    raise DataError(f"got a {_type_name(data)}; {_TAKEN}")


def _open_series(series: nw.Series[Any]) -> Opened[Any]:
    column = _column(series.name, series)

    def close(changes: Changes) -> Any:
        if column.name in changes:
            return _series(series, changes[column.name]).to_native()
        native = series.to_native()
        # A shallow copy of a pandas series is written through before pandas 3.
        return native.copy() if hasattr(native, "copy") else copy.copy(native)

    return Opened((column,), close)


def _open_frame(frame: nw.DataFrame[Any]) -> Opened[Any]:
    columns = {name: frame.get_column(name) for name in frame.columns}

    def close(changes: Changes) -> Any:
        new = [_series(columns[cast("str", name)], values) for name, values in changes.items()]
        # Before pandas 3 a frame made by with_columns shares its other columns with the old one.
        whole = frame if frame.implementation.is_pyarrow() else frame.clone()
        return whole.with_columns(*new).to_native()

    return Opened(tuple(_column(name, series) for name, series in columns.items()), close)


def _column(name: Hashable, series: nw.Series[Any]) -> AnyColumn:
    if series.dtype == nw.Object and series.implementation.is_pandas_like():
        return ArrayColumn.of(name, np.array(series.to_native().to_numpy(), dtype=object))
    return SeriesColumn.of(name, series)


def _series(old: nw.Series[Any], new: Any) -> nw.Series[Any]:
    """Return `new` as a series like `old`: pandas objects were taken out as an array."""
    if old.implementation.is_pyarrow():
        return cast("nw.Series[Any]", new.alias(old.name))
    if not isinstance(new, np.ndarray):
        return cast("nw.Series[Any]", new)
    native = old.to_native()
    made = type(native)(new, index=native.index, name=native.name, dtype=object)
    return nw.from_native(made, series_only=True)


def _objects(values: list[Any]) -> NDArray[Any]:
    if any(isinstance(value, (list, tuple, dict, np.ndarray)) for value in values):
        raise DataError(f"got a list of {_type_name(values[0])}; {_TAKEN}")
    return np.fromiter(values, dtype=object, count=len(values))


def _type_name(value: object) -> str:
    module = type(value).__module__.partition(".")[0]
    return type(value).__name__ if module == "builtins" else f"{module} {type(value).__name__}"
