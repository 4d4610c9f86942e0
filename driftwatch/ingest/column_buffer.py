"""Records that are alike -> columns, some hundreds at a time, while they are in the cache."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, starmap
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.batch import Batch, array_of
from driftwatch.core.data.exact_integers import EXACT_INTEGERS
from driftwatch.ingest.known_columns import KnownColumns, picking
from driftwatch.ingest.record_buffer import TimedBatch
from driftwatch.ingest.records import columns_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ColumnBuffer", "Records"]

_EXACT = float(EXACT_INTEGERS)
_SCALARS = {str, bool, int, float, datetime}
_NUMBERS = {int, float}
_NOTHING = {type(None)}


class _UnlikeError(Exception):
    """Records have other names, or values of other types, than each other or those that wait."""


class Records(Protocol):
    """Records, and the values passed with them, which may be known only once they are read."""

    @property
    def pieces(self) -> Iterable[Sequence[Mapping[str, Any]]]:
        """Values by name; some records at a time."""

    @property
    def times(self) -> NDArray[np.float64]:
        """Event time of each, seconds since 1970."""

    @property
    def by_role(self) -> Mapping[str, Sequence[Any]]:
        """Values passed with each record, by role: prediction, score, label, id, model_version.

        Roles without a value may be absent.
        """


class ColumnBuffer:
    """Takes records of one shape together, at a fifth of what they cost one at a time.

    They have the same names, the values of a column are of one type, and one version of the
    model saw them; nearly all records of a topic are so. Those that are not are refused, all of
    them, and are for a `RecordBuffer`: it takes anything, and makes the same batches of these.

    Args:
        known: Which columns of records are looked at.

    Attributes:
        waiting: Records that wait.

    Example:
        >>> from types import SimpleNamespace
        >>> from driftwatch.core.data.schema import Column, Kind, Schema
        >>> known = KnownColumns(Schema((Column("age", Kind.NUMERIC),)), lambda reason, rows: None)
        >>> buffer = ColumnBuffer(known)
        >>> def records(*ages):
        ...     pieces, times = [[{"age": age} for age in ages]], np.full(len(ages), 60.0)
        ...     return SimpleNamespace(pieces=pieces, times=times, by_role={})
        >>> buffer.append(records(31, 47.5)), buffer.append(records("unknown"))
        (True, False)
        >>> [taken.batch.arrays["age"].to_pylist() for taken in buffer.take()]
        [[31.0, 47.5]]
    """

    def __init__(self, known: KnownColumns, /) -> None:
        self._known = known
        self._layout: _Layout | None = None
        self._clear()

    def _clear(self) -> None:
        self._blocks: list[_Block] = []
        self._types: dict[str, pa.DataType] = {}
        self._version: Any = None
        self.waiting = 0

    def append(self, records: Records, /) -> bool:
        """Take some records, or none of them.

        Args:
            records: At least one record.

        Returns:
            Whether they were taken: not if they are unlike each other or those that wait, or if
            they raise an error.
        """
        try:
            pieces = iter(records.pieces)
            first = next(pieces)
            layout = self._layout_of(first[0])
            matrix, arrays = layout.read(chain((first,), pieces))
            rows, by_role = matrix.shape[1], records.by_role
            version = self._version_of(by_role)
            arrays |= self._role_arrays(by_role, layout, rows)
            types = self._types_with(layout, arrays)
            block = _Block(matrix, arrays, records.times)
        except Exception:  # noqa: BLE001 - records hold anything; one at a time they are told apart
            return False
        self._layout, self._version, self._types = layout, version, types
        self._blocks.append(block)
        self.waiting += rows
        self._count_unused(by_role, layout, rows)
        return True

    def _version_of(self, by_role: Mapping[str, Sequence[Any]]) -> Any:
        versions = by_role.get("model_version", (None,))
        if len(set(versions)) > 1 or len(set(map(type, versions))) > 1:
            raise _UnlikeError
        version = versions[0]
        same = version == self._version and type(version) is type(self._version)
        if version != version or (self._blocks and not same):  # noqa: PLR0124 - NaN
            raise _UnlikeError
        return version

    def _layout_of(self, record: Mapping[str, Any]) -> _Layout:
        if self._layout is not None and record.keys() == self._layout.names:
            return self._layout
        if self._blocks:
            raise _UnlikeError
        return _Layout(self._known, record)

    def _role_arrays(
        self, by_role: Mapping[str, Sequence[Any]], layout: _Layout, rows: int
    ) -> dict[str, pa.Array]:
        import pyarrow as pa

        arrays = {}
        for word, name in self._known.role_columns.items():
            values = by_role.get(word)
            if word == "score" and self._known.scores and set(map(type, values or ())) - _NOTHING:
                raise _UnlikeError  # one for each class: a record at a time
            if name is None:
                _check_scalars(values or ())
                continue
            if values is not None and set(map(type, values)) != _NOTHING:
                if name in layout.names and type(None) in set(map(type, values)):
                    raise _UnlikeError  # some are in the records: one at a time
                arrays[name] = _array(values, is_number=name in self._known.numbers)
            elif name not in layout.names:
                arrays[name] = pa.nulls(rows)
        return arrays

    def _types_with(self, layout: _Layout, arrays: Mapping[str, pa.Array]) -> dict[str, Any]:
        """Types of all columns with those of one more block."""
        import pyarrow as pa

        types = {name: pa.float64() for name in layout.numbers if name not in arrays}
        types |= {name: array.type for name, array in arrays.items()}
        if not self._blocks:
            return types
        return {
            name: _common(self._types[name], types[name], is_number=name in self._known.numbers)
            for name in self._types | types
        }

    def _count_unused(
        self, by_role: Mapping[str, Sequence[Any]], layout: _Layout, rows: int
    ) -> None:
        for word, name in self._known.role_columns.items():
            if name is None and word in by_role:
                there = sum(value is not None for value in by_role[word])
                if there:
                    self._known.count(f"{word}_without_a_column", there)
        self._known.count_unused(rows * layout.unused)

    def take(self) -> Iterator[TimedBatch]:
        """Give back everything, as one batch if that can be, and forget it."""
        if not self._blocks or self._layout is None:
            return
        layout, blocks, types = self._layout, self._blocks, self._types
        version = None if self._version is None else str(self._version)
        self._clear()
        try:
            batches = [layout.batch(blocks, types, version)]
        except Exception:  # noqa: BLE001 - too large to be put together, or an error of ours
            batches = self._one_each(layout, blocks, types, version)
        yield from batches

    def _one_each(
        self, layout: _Layout, blocks: list[_Block], types: dict[str, Any], version: str | None
    ) -> list[TimedBatch]:
        batches = []
        for block in blocks:
            try:
                batches.append(layout.batch([block], types, version))
            except Exception:  # noqa: BLE001 - counted; what comes behind it must go on
                self._known.count("not_usable", block.times.size)
        return batches


@dataclass(frozen=True, slots=True)
class _Block:
    """Records that were taken together.

    Attributes:
        matrix: Values of the layout's numbers; shape (numbers, records).
        arrays: Other columns, and numbers whose column of the matrix does not count.
        times: Event times.
    """

    matrix: NDArray[np.float64]
    arrays: Mapping[str, pa.Array]
    times: NDArray[np.float64]


class _Layout:
    """The names that records have, and what becomes of the values of each.

    Attributes:
        names: All of them.
        numbers: Those whose columns are numeric: the columns of the matrix of a block.
        unused: How many are not looked at.
    """

    def __init__(self, known: KnownColumns, record: Mapping[str, Any], /) -> None:
        import pyarrow.types as t

        if record.keys().isdisjoint(known.columns):
            raise _UnlikeError
        looked_at = known.looked_at(record)
        self.names = frozenset(record)
        self.unused = len(record) - len(looked_at)
        self.numbers = tuple(name for name in looked_at if name in known.numbers)
        # Of a column that the reference does not know, a profile keeps the type, and no value.
        new = {n: array_of([record[n]], n).type for n in looked_at if n not in known.columns}
        self._new = {name: dtype for name, dtype in new.items() if not t.is_null(dtype)}
        self._known = known.columns
        self._others = tuple(n for n in looked_at if n not in self.numbers and n not in self._new)
        self._rest = tuple(self.names.difference(self.numbers, self._others))
        self._pick = picking(self.numbers)
        self._pick_others = picking(self._others)
        self._pick_rest = picking(self._rest)
        self._pack = struct.Struct(f"{len(self.numbers)}d").pack

    def read(
        self, pieces: Iterable[Sequence[Mapping[str, Any]]], /
    ) -> tuple[NDArray[np.float64], dict[str, pa.Array]]:
        """Matrix and other columns of some records.

        Raises:
            _UnlikeError: If the types of a column differ.
            KeyError: If a record lacks a name of the first one.
        """
        import pyarrow as pa

        width = {len(self.names)}
        rows: list[tuple[Any, ...]] = []
        others: list[tuple[Any, ...]] = []
        for piece in pieces:
            if set(map(len, piece)) != width:
                raise _UnlikeError
            rows += map(self._pick, piece)
            if self._others:
                others += map(self._pick_others, piece)
            if self._rest:  # so many names, and all of these: the same names
                _check_scalars(chain.from_iterable(map(self._pick_rest, piece)))
        try:
            matrix, arrays = self._matrix(rows)
        except struct.error:  # something is None, or a text
            matrix = np.empty((len(self.numbers), len(rows)))
            columns = zip(self.numbers, columns_of(rows, len(self.numbers)), strict=True)
            arrays = {name: _array(values, is_number=True) for name, values in columns}
        if others:
            columns = zip(self._others, columns_of(others, len(self._others)), strict=True)
            arrays |= {name: self._other(name, values) for name, values in columns}
        arrays |= {name: pa.nulls(len(rows), dtype) for name, dtype in self._new.items()}
        return matrix, arrays

    def _other(self, name: str, values: Sequence[Any]) -> pa.Array:
        import pyarrow as pa

        array = _array(values, is_number=False)
        return array if name in self._known else pa.nulls(len(values), array.type)

    def _matrix(
        self, rows: Sequence[tuple[Any, ...]]
    ) -> tuple[NDArray[np.float64], dict[str, pa.Array]]:
        arrays: dict[str, pa.Array] = {}
        packed = b"".join(starmap(self._pack, rows))
        matrix = np.frombuffer(packed).reshape(len(rows), len(self.numbers)).T.copy()
        # A column of nothing but fractions is one of floats. In others an integer or a truth
        # value may have become one.
        fractions = np.floor(matrix) < matrix
        if fractions.all():
            return matrix, arrays
        for place in np.flatnonzero(~fractions.all(axis=1)).tolist():
            name, column = self.numbers[place], matrix[place]
            types = {type(row[place]) for row in rows}
            if not (types <= _NUMBERS and (np.abs(column) < _EXACT).all()):  # nor if any is NaN
                raise _UnlikeError
            if types == {int}:
                arrays[name] = _arrow(column.astype(np.int64))
        return matrix, arrays

    def batch(
        self, blocks: Sequence[_Block], types: Mapping[str, pa.DataType], version: str | None, /
    ) -> TimedBatch:
        """Some blocks as one batch, of one model version."""
        times = np.concatenate([block.times for block in blocks])
        return TimedBatch(Batch(times.size, self.whole(blocks, types)), times, version)

    def whole(
        self, blocks: Sequence[_Block], types: Mapping[str, pa.DataType], /
    ) -> dict[str, pa.Array]:
        """The columns of some blocks put together."""
        import pyarrow as pa

        columns = np.concatenate([block.matrix for block in blocks], axis=1)
        places = {name: place for place, name in enumerate(self.numbers)}
        arrays = {}
        for name, dtype in types.items():
            if name in places and not any(name in block.arrays for block in blocks):
                arrays[name] = _arrow(columns[places[name]])
                continue
            parts = [
                block.arrays[name] if name in block.arrays else _arrow(block.matrix[places[name]])
                for block in blocks
            ]
            arrays[name] = pa.concat_arrays([part.cast(dtype) for part in parts])
        return arrays


def _arrow(values: NDArray[Any]) -> pa.Array:
    """As an Arrow array; `pa.array` would import pandas where that is installed."""
    import pyarrow as pa

    values = np.ascontiguousarray(values)
    dtype = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(dtype, values.size, [None, pa.py_buffer(values)])


def _array(values: Sequence[Any], *, is_number: bool) -> pa.Array:
    """Values of one type, and None, as an array.

    Raises:
        _UnlikeError: If there are several types, or integers that no double holds.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as t

    types = set(map(type, values))
    if types == {float} and is_number:
        column = np.frombuffer(struct.pack(f"{len(values)}d", *values))
        if not np.isnan(column).any():  # which are nulls, as among pandas' objects
            return _arrow(column)
    types.discard(type(None))
    if not types <= (_NUMBERS if is_number else _SCALARS) or (len(types) > 1 and not is_number):
        raise _UnlikeError
    array = pa.array(values, from_pandas=True)
    if is_number and not (t.is_floating(array.type) or t.is_null(array.type)):
        ends = pc.min_max(array).as_py()
        if not (t.is_int64(array.type) and ends["min"] > -_EXACT and ends["max"] < _EXACT):
            raise _UnlikeError
    return array


def _check_scalars(values: Iterable[Any]) -> None:
    """Raise an `_UnlikeError` for lists and objects: how deep they are must be looked at."""
    if not set(map(type, values)) <= _SCALARS | _NOTHING:
        raise _UnlikeError


def _common(one: pa.DataType, other: pa.DataType, *, is_number: bool) -> pa.DataType:
    """The type of a column some of whose values are of one type, and some of another.

    Raises:
        _UnlikeError: If Arrow would not read them together without making texts of them.
    """
    import pyarrow as pa
    import pyarrow.types as t

    if one == other or t.is_null(other):
        return one
    if t.is_null(one):
        return other
    if is_number and {one, other} == {pa.int64(), pa.float64()}:
        return pa.float64()
    raise _UnlikeError
