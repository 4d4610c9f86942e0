"""Frames of any kind -> batches of Arrow arrays, nothing dropped and nothing guessed away."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.byte_texts import with_valid_texts
from driftwatch.core.data.mixed import mixed_array, types_in
from driftwatch.core.data.nested import may_hold_others, without_depths
from driftwatch.core.data.numpy_values import places
from driftwatch.core.data.one_type import array_of_one_type
from driftwatch.core.data.pandas_types import with_types_of_notes
from driftwatch.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["BATCH_ROWS", "Batch", "batches_of", "is_index", "table_of"]

BATCH_ROWS = 4 * 65_536
"""Rows of a batch: enough to keep a core busy, few enough to stay small."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows as Arrow arrays of equal length, by column name.

    Attributes:
        rows: Number of rows.
        arrays: One array a column.
        untyped: Texts may be numbers or instants, since the format had no types (CSV).
        size_bytes: Bytes of the source that these rows took, for progress; 0 if unknown.
    """

    rows: int
    arrays: Mapping[str, pa.Array]
    untyped: bool = False
    size_bytes: int = 0

    @classmethod
    def of_arrow(
        cls, batch: pa.RecordBatch, /, *, untyped: bool = False, size_bytes: int = 0
    ) -> Batch:
        """Take the columns of an Arrow record batch, without a copy.

        Raises:
            DataError: If two columns share a name.
        """
        names = batch.schema.names
        if len(set(names)) != len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise DataError(
                f"two columns are called {twice[0]!r}; rename one of them", code="DW022"
            )
        columns = zip(names, batch.columns, strict=True)
        arrays = {name: column for name, column in columns if not is_index(name)}
        return cls(batch.num_rows, arrays, untyped, size_bytes)

    def take(self, rows: NDArray[np.intp], /) -> Self:
        """Return some of the rows; without a copy where they follow each other."""
        start, end = (int(rows[0]), int(rows[-1])) if rows.size else (0, -1)
        if end - start + 1 == rows.size and (np.diff(rows) == 1).all():
            arrays = {name: array.slice(start, rows.size) for name, array in self.arrays.items()}
        else:
            chosen = places(rows)
            arrays = {name: array.take(chosen) for name, array in self.arrays.items()}
        return replace(self, rows=rows.size, arrays=arrays, size_bytes=0)


def is_index(name: str, /) -> bool:
    """Whether a column is called as pandas calls an index without a name."""
    return name.startswith("__index_level_") and name.endswith("__")


def batches_of(data: object, /, *, rows: int = BATCH_ROWS) -> Generator[Batch]:
    """Cut a data set in memory into batches, without copying where Arrow can look at it.

    Args:
        data: pandas or polars data frame, pyarrow table or record batch, dict of arrays or
            lists, or a list of dicts (one a row).
        rows: Rows a batch, at most.

    Yields:
        At least one batch, so that the columns of an empty frame are known.

    Raises:
        DataError: If it is none of these, or its columns have different lengths.
    """
    import pyarrow as pa

    table = table_of(data)
    cut: Iterable[pa.RecordBatch] = table.to_batches(max_chunksize=rows)
    if not len(table):
        arrays = [pa.nulls(0, field.type) for field in table.schema]
        cut = [pa.record_batch(arrays, schema=table.schema)]
    if isinstance(data, pa.Table | pa.RecordBatch):
        # What came from a file may hold anything, and say in notes what it is.
        cut = (with_valid_texts(with_types_of_notes(batch)) for batch in cut)
    yield from map(Batch.of_arrow, cut)


def table_of(data: object, /) -> pa.Table:
    """Return data in memory as an Arrow table; raises DataError as `batches_of` does."""
    import pyarrow as pa

    if isinstance(data, pa.Table):
        return data
    if isinstance(data, pa.RecordBatch):
        return pa.Table.from_batches([data])
    if isinstance(data, Mapping):
        columns = _by_text(data)
        return _from_columns({name: _array(values, name) for name, values in columns.items()})
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return _from_records(data)
    return _from_frame(data)


def _with_index(data: Any) -> Any:
    """A frame of pandas with its index as columns, as a parquet file of it has them.

    An index without a name says where rows stood, which is nothing about them, and is left out.
    """
    index: Any = getattr(data, "index", None)
    is_pandas = index is not None and type(data).__module__.partition(".")[0] == "pandas"
    if not is_pandas or type(index).__name__ == "RangeIndex":
        return data
    names = [f"__index_level_{n}__" if name is None else name for n, name in enumerate(index.names)]
    if all(is_index(str(name)) for name in names):
        return data
    if not len(data) or not {*map(str, names)}.isdisjoint(map(str, data.columns)):
        return data
    whole = data.reset_index(names=names)
    return whole.drop(columns=[name for name in names if is_index(str(name))])


def _from_frame(data: Any) -> pa.Table:
    import narwhals as nw

    data = _with_index(data)
    try:
        frame = nw.from_native(data, eager_only=True)
    except TypeError as error:
        hint = "; call .collect() on a lazy frame" if hasattr(data, "collect") else ""
        raise DataError(
            "data must be a pandas or polars data frame, a pyarrow table, a dict of arrays or a "
            f"path; got {type(data).__module__}.{type(data).__qualname__}{hint}"
        ) from error
    except Exception as error:
        # narwhals refuses frames with repeated column names, each backend in its own way.
        raise DataError(f"cannot read the data frame: {error}") from error
    names = [str(name) for name in frame.columns]  # pandas counts columns that have no name
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise DataError(f"two columns are called {twice[0]!r}; rename one of them", code="DW022")
    series = frame.iter_columns()
    return _from_columns({name: _from_series(s) for name, s in zip(names, series, strict=True)})


def _from_series(series: Any) -> pa.ChunkedArray:
    import narwhals as nw
    import pyarrow as pa

    native = series.to_native()
    # Objects of pandas are anything, by whatever the first of them are; of polars addresses.
    if series.dtype == nw.Object or getattr(native, "dtype", None) == np.dtype(object):
        values = native.to_numpy() if hasattr(native, "array") else series.to_list()
        return _array(values, series.name)
    try:
        return _chunked(series.to_arrow())
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return _array(series.to_list(), series.name)


def _from_records(records: Sequence[object]) -> pa.Table:
    names: dict[str, None] = {}
    rows: list[Mapping[Any, Any]] = []
    for record in records:
        if not isinstance(record, Mapping):
            raise DataError(
                f"a list of data must hold dicts, one a row; got {type(record).__qualname__}"
            )
        if not all(isinstance(name, str) for name in record):
            record = _by_text(record)  # noqa: PLW2901
        rows.append(record)
        names.update(dict.fromkeys(record))
    return _from_columns({name: _array([row.get(name) for row in rows], name) for name in names})


def _by_text(values: Mapping[Any, Any]) -> dict[str, Any]:
    """The same by the texts of the names, which need not be texts; two may not be alike."""
    by_text = {str(name): value for name, value in values.items()}
    if len(by_text) != len(values):
        names = [str(name) for name in values]
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"two columns are called {twice!r}; rename one of them", code="DW022")
    return by_text


def array_of(values: Any, name: str, /) -> pa.Array:
    """One column given as an array, a list or a series.

    Raises:
        DataError: If it is no such thing.
    """
    import pyarrow as pa

    array = _of_values(values) if type(values) is list else _array(values, name)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _from_columns(columns: Mapping[str, pa.ChunkedArray]) -> pa.Table:
    import pyarrow as pa

    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name}: {length}" for name, length in list(lengths.items())[:5])
        raise DataError(f"columns must have equal lengths; got {shown}")
    # What no encoding has would be an error of Arrow's.
    named = {name.encode("utf-8", "replace").decode(): name for name in columns}
    if len(named) != len(columns):
        raise DataError("two columns have names that are no text; rename one of them", code="DW022")
    return pa.table({name: columns[given] for name, given in named.items()})


def _array(values: Any, name: object) -> pa.ChunkedArray:
    """One column given as an array, a list or a series."""
    import pyarrow as pa

    if isinstance(values, pa.ChunkedArray | pa.Array):
        return _chunked(values)
    if isinstance(values, str | bytes) or not hasattr(values, "__len__"):
        raise DataError(f"column {name!r} must be an array or a list; got {type(values).__name__}")
    if getattr(values, "ndim", 1) != 1:
        raise DataError(f"column {name!r} must be one-dimensional; got shape {tuple(values.shape)}")
    if getattr(getattr(values, "dtype", None), "kind", "") == "O":
        shallow = without_depths(values)
        texts = _texts(values) if shallow is values else None
        if texts is not None:
            return texts
        return _chunked(
            _of_values(shallow.tolist() if isinstance(shallow, np.ndarray) else shallow)
        )
    if isinstance(values, list | tuple):
        return _chunked(_of_values(values))
    try:
        array = pa.array(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return _chunked(mixed_array(list(values)))
    return _chunked(array)


def _of_values(values: list[Any] | tuple[Any, ...]) -> pa.Array | pa.ChunkedArray:
    """Python values of any types; in several chunks where one would hold too much text."""
    import pyarrow as pa

    kinds = types_in(values)
    if len(kinds) == 1:
        (kind,) = kinds
        array = array_of_one_type(values, kind)
        if array is not None:
            return array
    if any(map(may_hold_others, kinds)):
        values = without_depths(values)
        kinds = types_in(values)
    try:
        # pandas' own missing values (None, NaN, NaT, NA among objects) are nulls.
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return mixed_array(values)
    return array if _is_faithful(array.type, kinds) else mixed_array(values)


def _texts(values: Any) -> pa.ChunkedArray | None:
    """Objects that are all texts, or nothing, as Arrow reads them at once; None of others."""
    import pyarrow as pa

    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return None
    is_text = pa.types.is_string(array.type) or pa.types.is_large_string(array.type)
    return _chunked(array) if is_text else None


_NUMBERS = {int, float, type(None)}


def _is_faithful(dtype: pa.DataType, kinds: set[type]) -> bool:
    """Whether Arrow kept values of some Python types as what they are.

    The first of them decides: after a date it drops times of day, after a datetime it takes
    numbers for ticks, after bytes texts for bytes, and truth values among numbers for numbers.
    """
    import pyarrow as pa

    if kinds <= _NUMBERS or len(kinds) == 1:
        return True
    kinds = {kind for kind in kinds if kind.__name__ not in ("NoneType", "NAType", "NaTType")}
    if pa.types.is_string(dtype) or pa.types.is_large_string(dtype):
        return kinds <= {str, float}  # which are NaN
    return len(kinds) <= 1 or kinds <= _NUMBERS


def _chunked(array: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa

    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])
