"""Records that are alike -> columns, some hundreds at a time, while they are in the cache."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from driftwatch.ingest.column_layout import (
    NOTHING,
    Block,
    Layout,
    UnlikeError,
    array_alike,
    check_scalars,
    common_type,
)
from driftwatch.ingest.known_columns import KnownColumns
from driftwatch.ingest.record_buffer import TimedBatch

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ColumnBuffer", "Records"]


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
        self._layout: Layout | None = None
        self._clear()

    def _clear(self) -> None:
        self._blocks: list[Block] = []
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
            matrix, types, arrays = layout.read(chain((first,), pieces))
            rows, by_role = matrix.shape[1], records.by_role
            version = self._version_of(by_role)
            arrays |= self._role_arrays(by_role, layout, rows)
            block = Block(matrix, types, arrays, records.times)
            types = self._types_with(block)
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
            raise UnlikeError
        version = versions[0]
        same = version == self._version and type(version) is type(self._version)
        if version != version or (self._blocks and not same):  # noqa: PLR0124 - NaN
            raise UnlikeError
        return version

    def _layout_of(self, record: Mapping[str, Any]) -> Layout:
        if self._layout is not None and record.keys() == self._layout.names:
            return self._layout
        if self._blocks:
            raise UnlikeError
        return Layout(self._known, record)

    def _role_arrays(
        self, by_role: Mapping[str, Sequence[Any]], layout: Layout, rows: int
    ) -> dict[str, pa.Array]:
        import pyarrow as pa

        arrays = {}
        for word, name in self._known.role_columns.items():
            values = by_role.get(word, ())
            types = set(map(type, values))
            if word == "score" and self._known.scores and types - NOTHING:
                raise UnlikeError  # one for each class: a record at a time
            if name is None:
                check_scalars(values)
                continue
            if types - NOTHING:
                if name in layout.names and types > NOTHING:
                    raise UnlikeError  # some are in the records: one at a time
                arrays[name] = array_alike(values, is_number=name in self._known.numbers)
            elif name not in layout.names:
                arrays[name] = pa.nulls(rows)
        return arrays

    def _types_with(self, block: Block) -> dict[str, pa.DataType]:
        """Types of all columns with those of one more block."""
        types = block.types | {name: array.type for name, array in block.arrays.items()}
        if not self._blocks:
            return types
        return {
            name: common_type(self._types[name], types[name], is_number=name in self._known.numbers)
            for name in self._types | types
        }

    def _count_unused(
        self, by_role: Mapping[str, Sequence[Any]], layout: Layout, rows: int
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
        self, layout: Layout, blocks: list[Block], types: dict[str, Any], version: str | None
    ) -> list[TimedBatch]:
        batches = []
        for block in blocks:
            try:
                batches.append(layout.batch([block], types, version))
            except Exception:  # noqa: BLE001 - counted; what comes behind it must go on
                self._known.count("not_usable", block.times.size)
        return batches
