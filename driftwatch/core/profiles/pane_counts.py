"""Counts by pane of time: how much a reference varies by itself."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.batch import Batch
from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.data.schema import Column
from driftwatch.core.data.times import event_times
from driftwatch.core.data.values import Categories, Numbers, typed_values
from driftwatch.core.sketches.grid import Grid, GridCounts
from driftwatch.errors import MISREAD, ConfigError, ProfileFormatError, UnknownColumnError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["MOST_PANES", "PaneCounts"]

MOST_PANES = 256
"""More panes than this are rolled up, two into one, until they fit."""

Cells = Grid | tuple[str, ...]


@dataclass(slots=True)
class PaneCounts:
    """Exact counts of every column's cells, apart for each pane of event time.

    A pane is a half-open stretch of UTC time, ``[i * width, (i + 1) * width)`` seconds
    since 1970; or, where there is no time column, of rows in their order. Numeric columns
    are counted in the cells of a grid, categorical ones by the categories of a dictionary
    and, last, all others.

    Attributes:
        time: Name of the time column; empty where rows are counted instead.
        width: Seconds, or rows, of a pane.
        cells: A grid or a dictionary for each counted column.
        rows: Rows by pane number.
        counts: Counts by cell, by column, by pane number.
        untimed: Rows without a time, or with a value that is none.
    """

    time: str
    width: int
    cells: dict[str, Cells]
    rows: dict[int, int] = field(default_factory=dict)
    counts: dict[int, dict[str, NDArray[np.int64]]] = field(default_factory=dict)
    untimed: int = 0

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ConfigError(
                f"a pane lasts at least a second or a row; got {self.width}", code="DW007"
            )

    def update(self, batch: Batch, columns: Mapping[str, Column], guard: ValueGuard, /) -> None:
        """Count the rows of a batch in their panes.

        Raises:
            UnknownColumnError: If the batch has no time column.
        """
        if not self.time:
            rows = np.arange(batch.rows)
            panes = (sum(self.rows.values()) + rows) // self.width
        elif self.time in batch.arrays:
            panes, rows = self._panes(batch.arrays[self.time])
        else:
            raise UnknownColumnError(self.time, batch.arrays, "the data")
        self.untimed += batch.rows - rows.size
        for pane, members in _groups(panes, rows):
            self.rows[pane] = self.rows.get(pane, 0) + members.size
            mine = self.counts.setdefault(pane, {})
            for name, cells in self.cells.items():
                if name in batch.arrays:
                    counts = _count(batch.arrays[name].take(members), columns[name], cells, guard)
                    mine[name] = mine[name] + counts if name in mine else counts
        while len(self.rows) > MOST_PANES:
            self.roll_up()

    def _panes(self, times: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pane numbers of the rows that have a time, and those rows."""
        seconds = event_times(times)
        rows = np.flatnonzero(~np.isnan(seconds))
        return np.floor(seconds[rows] / self.width).astype(np.int64), rows

    def roll_up(self) -> None:
        """Join every two neighbouring panes into one of twice the width."""
        rolled = PaneCounts(self.time, 2 * self.width, self.cells)
        for pane, rows in self.rows.items():
            rolled.add_pane(pane // 2, rows, self.counts[pane])
        self.width, self.rows, self.counts = rolled.width, rolled.rows, rolled.counts

    def add_pane(self, pane: int, rows: int, counts: Mapping[str, NDArray[np.int64]]) -> None:
        """Add the rows and counts of one pane."""
        self.rows[pane] = self.rows.get(pane, 0) + rows
        mine = self.counts.setdefault(pane, {})
        for name, cells in counts.items():
            mine[name] = mine[name] + cells if name in mine else cells

    def merged(self, other: Self | None, /) -> Self | None:
        """Return the counts of both, or None where they were not counted alike."""
        if other is None or (self.time, self.cells) != (other.time, other.cells):
            return None
        if not self.time:  # which rows came first is not known any more
            return None
        narrow, wide = sorted((self.width, other.width))
        times, odd = divmod(wide, narrow)
        if odd or times & (times - 1):  # doubling the one never gives the other
            return None
        left, right = self.copy(), other.copy()
        for panes in (left, right):
            while panes.width < wide:
                panes.roll_up()
        for pane, rows in right.rows.items():
            left.add_pane(pane, rows, right.counts[pane])
        left.untimed += right.untimed
        while len(left.rows) > MOST_PANES:
            left.roll_up()
        return left

    def copy(self) -> Self:
        """Return a copy that can change without this changing."""
        return type(self)(
            self.time,
            self.width,
            self.cells,
            dict(self.rows),
            {pane: dict(counts) for pane, counts in self.counts.items()},
            self.untimed,
        )

    def without(self, names: Collection[str], /) -> Self:
        """Return the counts of the other columns."""
        kept = self.copy()
        kept.cells = {name: cells for name, cells in self.cells.items() if name not in names}
        for counts in kept.counts.values():
            for name in names:
                counts.pop(name, None)
        return kept

    def matrix(self, name: str, /) -> NDArray[np.int64]:
        """Counts of one column: a row a pane, in order of time, and a column a cell."""
        empty = np.zeros(_size(self.cells[name]), dtype=np.int64)
        return np.array([self.counts[pane].get(name, empty) for pane in sorted(self.rows)])

    def to_sections(self) -> dict[str, bytes]:
        """Serialize as named sections."""
        order = sorted(self.rows)
        table = {
            "time": self.time,
            "width": self.width,
            "untimed": self.untimed,
            "panes": order,
            "rows": [self.rows[pane] for pane in order],
            "cells": [
                {"name": name, "edges": cells.edges.tolist()}
                if isinstance(cells, Grid)
                else {"name": name, "dictionary": list(cells)}
                for name, cells in self.cells.items()
            ],
        }
        sections = {"panes": json.dumps(table, ensure_ascii=False).encode("utf-8", "replace")}
        for index, name in enumerate(self.cells):
            sections[f"panes/{index}"] = self.matrix(name).astype("<i8").tobytes()
        return sections

    @classmethod
    def from_sections(cls, sections: Mapping[str, bytes], /) -> Self | None:
        """Rebuild the counts from `to_sections`; None where there are none.

        Raises:
            ProfileFormatError: If a section is damaged.
        """
        if "panes" not in sections:
            return None
        try:
            table = json.loads(sections["panes"])
            panes = cls(
                str(table["time"]),
                _natural(table["width"]),
                {str(item["name"]): _cells(item) for item in table["cells"]},
                untimed=_natural(table["untimed"]),
            )
            order = [_natural(pane, signed=True) for pane in table["panes"]]
            rows = [_natural(count) for count in table["rows"]]
            if len(set(order)) != len(order) or len(order) > MOST_PANES:
                raise ProfileFormatError("pane numbers repeat or are too many")
            panes.rows = dict(zip(order, rows, strict=True))
            panes.counts = {pane: {} for pane in order}
            for index, (name, cells) in enumerate(panes.cells.items()):
                matrix = _matrix(sections[f"panes/{index}"], len(order), _size(cells))
                for pane, counts in zip(order, matrix, strict=True):
                    panes.counts[pane][name] = counts
        except ProfileFormatError:
            raise
        except MISREAD as error:
            raise ProfileFormatError(f"counts by pane refused: {error}") from error
        return panes


def _groups(
    panes: NDArray[np.int64], rows: NDArray[np.int64]
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    order = np.argsort(panes, kind="stable")
    panes, rows = panes[order], rows[order]
    starts = np.flatnonzero(np.append(True, panes[1:] != panes[:-1])[: panes.size])
    for members, start in zip(np.split(rows, starts[1:]), starts, strict=False):
        yield int(panes[start]), members


def _count(array: pa.Array, column: Column, cells: Cells, guard: ValueGuard) -> NDArray[np.int64]:
    values = typed_values(array, column)
    if isinstance(cells, Grid):
        counts = GridCounts(cells)
        if isinstance(values, Numbers):
            counts.update_sorted(np.sort(values.values))
        return counts.counts
    totals = np.zeros(_size(cells), dtype=np.int64)
    if isinstance(values, Categories):
        places = {text: place for place, text in enumerate(cells)}
        kept = guard.kept(values.texts, column.values)
        for text, count in zip(kept, values.counts.tolist(), strict=True):
            totals[places.get(text, -1)] += count
    return totals


def _size(cells: Cells) -> int:
    return cells.size if isinstance(cells, Grid) else len(cells) + 1


def _cells(item: Mapping[str, Any]) -> Cells:
    if "edges" in item:
        return Grid(np.array(item["edges"], dtype=np.float64))
    return tuple(str(text) for text in item["dictionary"])


def _natural(value: object, *, signed: bool = False) -> int:
    if type(value) is not int or abs(value) > 1 << 53 or (value < 0 and not signed):
        raise ProfileFormatError(f"counts by pane refused: {value!r} is no count")
    return value


def _matrix(data: bytes, panes: int, cells: int) -> NDArray[np.int64]:
    counts = np.frombuffer(data, "<i8").astype(np.int64).reshape(panes, cells)
    if (counts < 0).any():
        raise ProfileFormatError("counts by pane refused: a count is negative")
    return counts
