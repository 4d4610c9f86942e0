"""Records of one layout -> columns: numbers as a matrix of doubles, others as Arrow arrays."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, starmap
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.batch import Batch, array_of
from driftwatch.core.data.exact_integers import EXACT_INTEGERS
from driftwatch.core.data.numpy_values import plain_values
from driftwatch.core.data.one_type import (
    array_of_doubles,
    array_of_integers,
    array_of_one_type,
    packed_doubles,
)
from driftwatch.ingest.known_columns import KnownColumns, picking
from driftwatch.ingest.record_buffer import TimedBatch
from driftwatch.ingest.records import columns_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "NOTHING",
    "Block",
    "Layout",
    "UnlikeError",
    "array_alike",
    "check_scalars",
    "common_type",
]

_EXACT = float(EXACT_INTEGERS)
_SCALARS = {str, bool, int, float, datetime}
_NUMBERS = {int, float}
NOTHING = {type(None)}
"""The type of what is missing."""
_NAN = float("nan")


class UnlikeError(Exception):
    """Records have other names, or values of other types, than each other or those that wait."""


@dataclass(frozen=True, slots=True)
class Block:
    """Records that were taken together.

    Attributes:
        matrix: Values of the layout's numbers, NaN where there is none; shape (numbers, records).
        types: Of each of these numbers, which are integers or not, or all missing.
        arrays: Other columns, and numbers whose column of the matrix does not count.
        times: Event times.
    """

    matrix: NDArray[np.float64]
    types: dict[str, pa.DataType]
    arrays: Mapping[str, pa.Array]
    times: NDArray[np.float64]


class Layout:
    """The names that records have, and what becomes of the values of each.

    Attributes:
        names: All of them.
        numbers: Those whose columns are numeric: the columns of the matrix of a block.
        unused: How many are not looked at.
    """

    def __init__(self, known: KnownColumns, record: Mapping[str, Any], /) -> None:
        import pyarrow.types as t

        if record.keys().isdisjoint(known.columns):
            raise UnlikeError
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
        self._pick_others = picking(self._others)
        self._pick_rest = picking(self._rest)
        self._part(())

    def _part(self, sparse: tuple[str, ...]) -> None:
        """Note which numbers are missing in some records: to be packed apart from the others."""
        self._sparse = sparse
        self._full = tuple(name for name in self.numbers if name not in sparse)
        self._places = [(self._full + sparse).index(name) for name in self.numbers]
        self._pick_full, self._pick_sparse = picking(self._full), picking(sparse)
        self._pack = struct.Struct(f"{len(self._full)}d").pack

    def read(
        self, pieces: Iterable[Sequence[Mapping[str, Any]]], /
    ) -> tuple[NDArray[np.float64], dict[str, pa.DataType], dict[str, pa.Array]]:
        """Matrix of some records, the types of its numbers, and the other columns.

        Raises:
            UnlikeError: If the types of a column differ.
            KeyError: If a record lacks a name of the first one.
            struct.error: If one of the numbers is no number.
        """
        import pyarrow as pa

        width = {len(self.names)}
        full: list[tuple[Any, ...]] = []
        sparse: list[Any] = []
        others: list[tuple[Any, ...]] = []
        for piece in pieces:
            if set(map(len, piece)) != width:
                raise UnlikeError
            full += map(self._pick_full, piece)
            if self._sparse:
                sparse += chain.from_iterable(map(self._pick_sparse, piece))
            if self._others:
                others += map(self._pick_others, piece)
            if self._rest:  # so many names, and all of these: the same names
                check_scalars(chain.from_iterable(map(self._pick_rest, piece)))
        matrix, types = self._matrix(full, sparse)
        arrays = {}
        if others:
            columns = zip(self._others, columns_of(others, len(self._others)), strict=True)
            arrays = {name: self._other(name, values) for name, values in columns}
        arrays |= {name: pa.nulls(len(full), dtype) for name, dtype in self._new.items()}
        return matrix, types, arrays

    def _other(self, name: str, values: Sequence[Any]) -> pa.Array:
        import pyarrow as pa

        array = array_alike(values, is_number=False)
        return array if name in self._known else pa.nulls(len(values), array.type)

    def _matrix(
        self, full: Sequence[tuple[Any, ...]], sparse: Sequence[Any]
    ) -> tuple[NDArray[np.float64], dict[str, pa.DataType]]:
        """Numbers as doubles, and the types of their columns.

        Args:
            full: Of each record the numbers that none was without so far.
            sparse: The others, one record behind the other.
        """
        try:
            packed = b"".join(starmap(self._pack, full))
        except struct.error:  # something is None, or a text
            full, sparse = self._parted_anew(full, sparse)
            packed = b"".join(starmap(self._pack, full))
        rows, width = len(full), len(self._full)
        matrix = np.frombuffer(packed).reshape(rows, width).T.copy()
        if self._sparse:
            flat = packed_doubles([_NAN if value is None else value for value in sparse])
            below = flat.reshape(rows, len(self._sparse)).T
            matrix = np.concatenate([matrix, below])[self._places]
        return matrix, self._number_types(matrix, full, sparse)

    def _parted_anew(
        self, full: Sequence[tuple[Any, ...]], sparse: Sequence[Any]
    ) -> tuple[Sequence[tuple[Any, ...]], Sequence[Any]]:
        """The same numbers, with those in `sparse` that are missing in one of these records."""
        columns = dict(zip(self._full, columns_of(full, len(self._full)), strict=True))
        lacking = [
            name for name, values in columns.items() if not NOTHING.isdisjoint(map(type, values))
        ]
        count = len(self._sparse)
        columns |= {name: list(sparse[n::count]) for n, name in enumerate(self._sparse)}
        self._part((*self._sparse, *lacking))
        parts = [[columns[name] for name in names] for names in (self._full, self._sparse)]
        rows = list(zip(*parts[0], strict=True)) if parts[0] else [()] * len(full)
        return rows, list(chain.from_iterable(zip(*parts[1], strict=True)))

    def _number_types(
        self, matrix: NDArray[np.float64], full: Sequence[tuple[Any, ...]], sparse: Sequence[Any]
    ) -> dict[str, pa.DataType]:
        """As Arrow finds them among the values."""
        import pyarrow as pa

        # A column of fractions, and of nothing else but what is missing, is one of floats. In
        # others an integer or a truth value may have become one.
        types = dict.fromkeys(self.numbers, pa.float64())
        fractions = np.floor(matrix) < matrix
        if fractions.all():
            return types
        gone = np.isnan(matrix)
        settled = (fractions | gone).all(axis=1) & ~gone.all(axis=1)
        for place in np.flatnonzero(~settled).tolist():
            name = self.numbers[place]
            if name in self._sparse:
                values = sparse[self._sparse.index(name) :: len(self._sparse)]
            else:
                values = list(map(itemgetter(self._full.index(name)), full))
            kinds = set(map(type, values)) - NOTHING
            if gone[place].any():  # NaN says nothing of a type
                kinds = {type(value) for value in values if value is not None and value == value}  # noqa: PLR0124
            if not kinds <= _NUMBERS or (np.abs(matrix[place]) >= _EXACT).any():
                raise UnlikeError
            if float not in kinds:
                types[name] = pa.int64() if kinds else pa.null()
        return types

    def batch(
        self, blocks: Sequence[Block], types: Mapping[str, pa.DataType], version: str | None, /
    ) -> TimedBatch:
        """Some blocks as one batch, of one model version."""
        times = np.concatenate([block.times for block in blocks])
        return TimedBatch(Batch(times.size, self.whole(blocks, types)), times, version)

    def whole(
        self, blocks: Sequence[Block], types: Mapping[str, pa.DataType], /
    ) -> dict[str, pa.Array]:
        """The columns of some blocks put together."""
        import pyarrow as pa

        columns = np.concatenate([block.matrix for block in blocks], axis=1)
        places = {name: place for place, name in enumerate(self.numbers)}
        arrays = {}
        for name, dtype in types.items():
            if name in places and not any(name in block.arrays for block in blocks):
                arrays[name] = _numbers(columns[places[name]], dtype)
                continue
            parts = [
                block.arrays[name]
                if name in block.arrays
                else _numbers(block.matrix[places[name]], block.types[name])
                for block in blocks
            ]
            arrays[name] = pa.concat_arrays(
                [part if part.type == dtype else part.cast(dtype) for part in parts]
            )
        return arrays


def _numbers(values: NDArray[np.float64], dtype: pa.DataType) -> pa.Array:
    import pyarrow as pa
    import pyarrow.types as t

    if t.is_null(dtype):
        return pa.nulls(values.size)
    return array_of_integers(values) if t.is_integer(dtype) else array_of_doubles(values)


def array_alike(values: Sequence[Any], *, is_number: bool) -> pa.Array:
    """Values of one type, and None, as an array.

    Raises:
        UnlikeError: If there are several types, or integers that no double holds.
    """
    import pyarrow as pa
    import pyarrow.types as t

    types = set(map(type, values))
    array = array_of_one_type(values, *types) if len(types) == 1 else None
    types -= NOTHING
    if not types <= (_NUMBERS if is_number else _SCALARS) or (len(types) > 1 and not is_number):
        raise UnlikeError
    if array is None:
        array = pa.array(values, from_pandas=True)
    is_integer = is_number and not (t.is_floating(array.type) or t.is_null(array.type))
    if is_integer and not (t.is_int64(array.type) and _are_exact(plain_values(array))):
        raise UnlikeError
    return array


def _are_exact(integers: NDArray[np.int64]) -> bool:
    """Whether doubles hold them."""
    return bool(((integers > -EXACT_INTEGERS) & (integers < EXACT_INTEGERS)).all())


def check_scalars(values: Iterable[Any]) -> None:
    """Raise an `UnlikeError` for lists and objects: how deep they are must be looked at."""
    if not set(map(type, values)) <= _SCALARS | NOTHING:
        raise UnlikeError


def common_type(one: pa.DataType, other: pa.DataType, *, is_number: bool) -> pa.DataType:
    """The type of a column some of whose values are of one type, and some of another.

    Raises:
        UnlikeError: If Arrow would not read them together without making texts of them.
    """
    import pyarrow as pa
    import pyarrow.types as t

    if one == other or t.is_null(other):
        return one
    if t.is_null(one):
        return other
    if is_number and {one, other} == {pa.int64(), pa.float64()}:
        return pa.float64()
    raise UnlikeError
