"""Records, one at a time -> batches: a list to append to, turned into columns now and then."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.batch import Batch, array_of
from driftwatch.core.data.instants import instants_of
from driftwatch.core.data.mixed import types_in
from driftwatch.core.data.outcomes import OutcomeColumns
from driftwatch.core.data.schema import Schema
from driftwatch.core.windows.model_versions import MOST_VERSIONS
from driftwatch.ingest.known_columns import KnownColumns
from driftwatch.ingest.record_shapes import RecordShapes, Shape, alike
from driftwatch.ingest.records import columns_of
from driftwatch.process.background import is_in_turns, rest_if_due

__all__ = ["BUFFERED", "MOST_WAITING", "RecordBuffer", "TimedBatch"]

BUFFERED = 4_096
"""Records that are sketched together: enough to share the cost of a batch, few enough to be
still in the processor's cache when they are."""

MOST_WAITING = 64 * BUFFERED
"""Records that wait at most, where sketching cannot keep up or the store is not there."""

PIECE = 256
"""Records that are sketched together where it must take but a moment."""


@dataclass(frozen=True, slots=True)
class TimedBatch:
    """Rows of one model version with their event times.

    Attributes:
        batch: The rows.
        times: Seconds since 1970; NaN where the time could not be read.
        model_version: As the caller gave it.
        marks: How far the source was before each row, as whoever takes the rows said, where rows
            of other versions came between them; None where none did.
    """

    batch: Batch
    times: NDArray[np.float64]
    model_version: str | None
    marks: NDArray[np.float64] | None = None


class _Rows(NamedTuple):
    """Records that wait, by what is kept of each.

    Attributes:
        shapes: None of what is no record.
        values: In the order of the columns of its shape.
        times: Event time, as it was given.
        versions: Model version, as it was given.
        predictions: Passed with it; None if it came without one. So are the next three.
        scores: The model's score, or several.
        labels: The true outcome.
        ids: What identifies it.
    """

    shapes: list[Any]
    values: list[Any]
    times: list[Any]
    versions: list[Any]
    predictions: list[Any]
    scores: list[Any]
    labels: list[Any]
    ids: list[Any]

    @classmethod
    def of(cls, items: list[Any], /) -> Self:
        """Take apart the items of records, one record behind the other."""
        return cls(*(items[place::_ITEMS] for place in range(_ITEMS)))

    def part(self, rows: slice, /) -> Self:
        """Records that follow each other."""
        return type(self)(*(column[rows] for column in self))

    def at(self, places: list[int], /) -> Self:
        """Records at some places."""
        return type(self)(*([column[place] for place in places] for column in self))


_ITEMS = len(_Rows._fields)


class Panes(Protocol):
    """Where batches go, as far as their making depends on it."""

    def marks(self, times: NDArray[np.float64], /) -> NDArray[np.float64]:
        """Take note of the times of rows that are given back in several batches, though they came
        one between the other, and say what was known before each of them.
        """

    def few_versions(
        self, times: NDArray[np.float64], versions: list[str | None], /
    ) -> list[str | None]:
        """The versions under which rows are counted, where clients name ever new ones."""


class RecordBuffer:
    """Takes records in about a microsecond each and gives them back as batches.

    A record's values are copied out at once, so the caller may use its dict again. Nothing
    is checked until the batch is made: what is wrong with a record is counted then, by
    reason, and never raised at the caller.

    Appending is safe from any thread; `take` is not, and its caller holds a lock.

    Args:
        schema: Columns of the reference.
        clock: Seconds since 1970; the event time of records that bring none.
        count: Called with a reason and a number of records that could not be used.
        outcomes: Which columns hold predictions, scores and labels.

    Attributes:
        known: Which columns of records are looked at.

    Example:
        >>> from driftwatch.core.data.schema import Column, Kind
        >>> buffer = RecordBuffer(
        ...     Schema((Column("age", Kind.NUMERIC),)), lambda: 60.0, lambda reason, rows: None
        ... )
        >>> buffer.append({"age": 31}, None, None, None, None, None, None)
        False
        >>> [(taken.batch.rows, taken.times.tolist()) for taken in buffer.take()]
        [(1, [60.0])]
    """

    def __init__(
        self,
        schema: Schema,
        clock: Callable[[], float],
        count: Callable[[str, int], None],
        /,
        *,
        outcomes: OutcomeColumns | None = None,
    ) -> None:
        self._clock = clock
        self._count = count
        self.known = KnownColumns(schema, count, outcomes=outcomes)
        self._shapes = RecordShapes(self.known)
        self._latest = self._shapes.latest
        # Items of `_Rows`, one record behind the other: a list that is made longer by so many in
        # one step, which no other thread comes between, takes less time and room than tuples.
        self._items: list[Any] = []
        self._full = BUFFERED * _ITEMS
        self._front = Lock()  # of whoever deletes there; appending needs none

    @property
    def waiting(self) -> int:
        """Records that wait."""
        return len(self._items) // _ITEMS

    def append(
        self,
        record: Mapping[str, Any],
        prediction: Any,
        score: Any,
        label: Any,
        id_: Any,
        at: datetime | float | None,
        model_version: str | None,
    ) -> bool:
        """Take one record; returns whether it is time to `take` them."""
        shape: Shape | None
        values: tuple[Any, ...] | None
        try:
            if type(record) is not dict:
                raise KeyError
            shape = self._latest[len(record)]
            pick = shape.pick
            values = pick(record)
        except KeyError:
            shape, values = self._shapes.taken(record)
        if at is None:
            at = self._clock()
        items = self._items
        items += (shape, values, at, model_version, prediction, score, label, id_)
        return len(items) >= self._full

    def drop_surplus(self, kept: int = MOST_WAITING, /) -> None:
        """Forget the oldest records beyond a number, and count them."""
        with self._front:
            surplus = max(0, self.waiting - kept)
            del self._items[: surplus * _ITEMS]
        if surplus:
            self._count("dropped_unsketched", surplus)

    def clear(self) -> None:
        """Forget everything: in a child after a fork, whose parent keeps its records."""
        self._items = []
        self._front = Lock()

    def take(self, panes: Panes | None = None, /) -> Iterator[TimedBatch]:
        """Give back everything appended so far, and forget it; in turns, piece by piece.

        A batch must be dealt with before the next is asked for.

        Args:
            panes: Where the batches go.
        """
        left = self.waiting
        while left:
            rest_if_due()
            size = min(left, PIECE) if is_in_turns() else left
            with self._front:  # records that other threads append meanwhile stay
                items = self._items[: size * _ITEMS]
                del self._items[: size * _ITEMS]
            for batch in self._usable(_Rows.of(items), panes):
                rest_if_due()
                yield batch
            left -= size

    def _usable(self, rows: _Rows, panes: Panes | None) -> Iterator[TimedBatch]:
        """Batches of the records that can be used; one that cannot takes no other with it."""
        try:
            made = self._made(rows, panes)
        except Exception:  # noqa: BLE001 - records hold anything, and fail in any way
            size = len(rows.shapes)
            if size <= 1:
                self._count("not_usable", size)
                return
            yield from self._usable(rows.part(slice(size // 2)), panes)
            yield from self._usable(rows.part(slice(size // 2, None)), panes)
        else:
            yield from made

    def _made(self, rows: _Rows, panes: Panes | None) -> list[TimedBatch]:
        if not rows.shapes:
            return []
        seconds = instants_of(rows.times)
        versions, shapes = rows.versions, rows.shapes
        if versions.count(versions[0]) == len(versions) and _are_records(shapes):
            version = None if versions[0] != versions[0] else versions[0]
            return [self._batch(rows, seconds, version)]
        versions = [None if version != version else version for version in versions]  # noqa: PLR0124
        lost, parts = 0, []
        by_version = _places(versions)
        if panes is not None and len(by_version) > MOST_VERSIONS:
            texts = [None if version is None else str(version) for version in versions]
            by_version = _places(panes.few_versions(seconds, texts))
        for version, mine in by_version.items():
            usable = [place for place in mine if shapes[place] is not None]
            lost += len(mine) - len(usable)
            if usable:
                parts.append((usable, self._batch(rows.at(usable), seconds[usable], version)))
        if lost:
            self._count("not_a_record", lost)
        if panes is None:
            return [batch for _, batch in parts]
        # Rows are late, or not, in the order in which they came, whatever their versions.
        before = panes.marks(seconds)
        return [replace(batch, marks=before[:, places]) for places, batch in parts]

    def _batch(self, rows: _Rows, seconds: NDArray[np.float64], version: str | None) -> TimedBatch:
        rest_if_due()
        names, values = alike(rows.shapes, rows.values)
        columns = dict(zip(names, columns_of(values, len(names)), strict=True))
        self._put_roles(rows, columns)
        arrays = {}
        for name, collected in columns.items():
            arrays[name] = array_of(collected, name)
            rest_if_due()
        version = None if version is None else str(version)
        return TimedBatch(Batch(len(values), arrays), seconds, version)

    def _put_roles(self, rows: _Rows, columns: dict[str, list[Any]]) -> None:
        """Put what was passed with the records into the columns of its roles."""
        passed = (rows.predictions, rows.scores, rows.labels, rows.ids)
        for (word, name), collected in zip(self.known.role_columns.items(), passed, strict=True):
            there = _given(collected)
            if there and word == "score":
                collected = self._scores(collected, columns)  # noqa: PLW2901
            if there and word in ("prediction", "score"):
                collected = self.known.without_several(word, collected)  # noqa: PLW2901
                there = _given(collected)
            if name is None:
                if there:
                    self._count(f"{word}_without_a_column", there)
            elif name not in columns or there:
                columns[name] = _together(collected, columns.get(name))

    def _scores(self, given: list[Any], columns: dict[str, list[Any]]) -> list[Any]:
        """Put scores of several classes into their columns; returns what is left for one."""
        if not self.known.scores:
            return self.known.one_scores(given)
        spread, left = self.known.by_class(given)
        for name, values in spread.items():
            columns[name] = _together(values, columns.get(name))
        return left


def _are_records(shapes: list[Any]) -> bool:
    """Whether each has a shape."""
    if shapes.count(shapes[0]) == len(shapes):
        return shapes[0] is not None
    return None not in shapes


def _places(versions: list[Any]) -> dict[Any, list[int]]:
    """The rows of each version."""
    found: dict[Any, list[int]] = {}
    for place, version in enumerate(versions):
        found.setdefault(version, []).append(place)
    return found


def _given(values: list[Any]) -> int:
    """How many values are not None; an array is compared with None item by item."""
    types = types_in(values)
    if type(None) not in types:
        return len(values)
    if len(types) == 1:
        return 0
    return sum(value is not None for value in values)


def _together(beside: list[Any], inside: list[Any] | None) -> list[Any]:
    """What was passed with each record, and where nothing was, what is in it."""
    if inside is None:
        return beside
    return [own if value is None else value for value, own in zip(beside, inside, strict=True)]
