"""Records, one at a time -> batches: a list to append to, turned into columns now and then."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.batch import Batch, array_of
from driftwatch.core.data.instants import instants_of
from driftwatch.core.data.mixed import types_in
from driftwatch.core.data.outcomes import OutcomeColumns
from driftwatch.core.data.schema import Schema
from driftwatch.ingest.known_columns import KnownColumns, picking
from driftwatch.ingest.records import as_record, columns_of
from driftwatch.process.background import is_in_turns, rest_if_due

__all__ = ["BUFFERED", "MOST_WAITING", "RecordBuffer", "TimedBatch"]

BUFFERED = 4_096
"""Records that are sketched together: enough to share the cost of a batch, few enough to be
still in the processor's cache when they are."""

MOST_WAITING = 64 * BUFFERED
"""Records that wait at most, where sketching cannot keep up or the store is not there."""

Marks = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_NOTHING = (None, None, None, None)
"""Prediction, score, label and id of a record with which none of them was passed."""

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
        self._names = self.known.names
        self._width = len(self._names)
        self._pick = picking(self._names)
        self._rows: list[tuple[Any, ...]] = []
        self._front = Lock()  # of whoever deletes there; appending needs none

    @property
    def waiting(self) -> int:
        """Records that wait."""
        return len(self._rows)

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
        values: Any
        try:
            values = self._pick(record)
            if len(record) != self._width:
                values = self._copied(
                    record
                )  # more than the reference knows: the report names them
        except (KeyError, TypeError, IndexError):
            values = self._copied(record)
        by_role = None
        if not (prediction is None and score is None and label is None and id_ is None):
            by_role = (prediction, score, label, id_)
        rows = self._rows
        rows.append((values, self._clock() if at is None else at, model_version, by_role))
        return len(rows) >= BUFFERED

    def _copied(self, record: object) -> dict[str, Any] | None:
        """What a record has of the reference's columns, and of a few that it does not know."""
        if type(record) is not dict:
            record = as_record(record)
            if record is None:
                return None
        names = self.known.looked_at(record)
        self.known.count_unused(len(record) - len(names))
        return {str(name): record[name] for name in names}

    def drop_surplus(self, kept: int = MOST_WAITING, /) -> None:
        """Forget the oldest records beyond a number, and count them."""
        with self._front:
            surplus = max(0, len(self._rows) - kept)
            del self._rows[:surplus]
        if surplus:
            self._count("dropped_unsketched", surplus)

    def clear(self) -> None:
        """Forget everything: in a child after a fork, whose parent keeps its records."""
        self._rows = []
        self._front = Lock()

    def take(self, marks: Marks | None = None, /) -> Iterator[TimedBatch]:
        """Give back everything appended so far, and forget it; in turns, piece by piece.

        A batch must be dealt with before the next is asked for.

        Args:
            marks: Takes note of the times of rows that are given back in several batches, though
                they came one between the other, and says what it knew before each of them.
        """
        left = len(self._rows)
        while left:
            rest_if_due()
            size = min(left, PIECE) if is_in_turns() else left
            with self._front:  # records that other threads append meanwhile stay
                rows = self._rows[:size]
                del self._rows[:size]
            for batch in self._usable(rows, marks):
                rest_if_due()
                yield batch
            left -= size

    def _usable(self, rows: list[tuple[Any, ...]], marks: Marks | None) -> Iterator[TimedBatch]:
        """Batches of the records that can be used; one that cannot takes no other with it."""
        try:
            made = self._made(rows, marks)
        except Exception:  # noqa: BLE001 - records hold anything, and fail in any way
            if len(rows) == 1:
                self._count("not_usable", 1)
                return
            half = len(rows) // 2
            yield from self._usable(rows[:half], marks)
            yield from self._usable(rows[half:], marks)
        else:
            yield from made

    def _made(self, rows: list[tuple[Any, ...]], marks: Marks | None) -> list[TimedBatch]:
        if not rows:
            return []
        values, times, versions, by_role = columns_of(rows, 4)
        seconds = instants_of(times)
        if versions.count(versions[0]) == len(versions) and type(None) not in types_in(values):
            version = None if versions[0] != versions[0] else versions[0]
            return [self._batch(values, seconds, version, by_role)]
        versions = [None if version != version else version for version in versions]  # noqa: PLR0124
        lost, parts = 0, []
        by_version: dict[Any, list[int]] = {}
        for place, version in enumerate(versions):
            by_version.setdefault(version, []).append(place)
        for version, mine in by_version.items():
            usable = [place for place in mine if values[place] is not None]
            lost += len(mine) - len(usable)
            if usable:
                batch = self._batch(
                    [values[place] for place in usable],
                    seconds[usable],
                    version,
                    [by_role[place] for place in usable],
                )
                parts.append((usable, batch))
        if lost:
            self._count("not_a_record", lost)
        if marks is None:
            return [batch for _, batch in parts]
        # Rows are late, or not, in the order in which they came, whatever their versions.
        before = marks(seconds)
        return [replace(batch, marks=before[:, places]) for places, batch in parts]

    def _batch(
        self,
        values: list[Any],
        seconds: NDArray[np.float64],
        version: str | None,
        by_role: list[Any],
    ) -> TimedBatch:
        columns: dict[str, list[Any]]
        rest_if_due()
        if dict in types_in(values):
            columns = self._from_dicts(values)
        else:
            columns = dict(zip(self._names, columns_of(values, self._width), strict=True))
        self._put_roles(by_role, columns)
        arrays = {}
        for name, collected in columns.items():
            arrays[name] = array_of(collected, name)
            rest_if_due()
        version = None if version is None else str(version)
        return TimedBatch(Batch(len(values), arrays), seconds, version)

    def _put_roles(self, by_role: list[Any], columns: dict[str, list[Any]]) -> None:
        """Put what was passed with the records into the columns of its roles."""
        nothing = by_role.count(None) == len(by_role)
        roles = self.known.role_columns.items()
        if nothing:
            passed = [by_role] * len(roles)
        else:
            passed = columns_of([some or _NOTHING for some in by_role], len(roles))
        for (word, name), collected in zip(roles, passed, strict=True):
            if nothing and (name is None or name in columns):
                continue
            if word == "score" and not nothing:
                collected = self._scores(collected, columns)  # noqa: PLW2901
            if word in ("prediction", "score") and not nothing:
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

    def _from_dicts(self, values: list[Any]) -> dict[str, list[Any]]:
        records = [
            value if type(value) is dict else dict(zip(self._names, value, strict=True))
            for value in values
        ]
        names = dict.fromkeys(name for record in records for name in record)
        return {name: [record.get(name) for record in records] for name in names}


def _given(values: list[Any]) -> int:
    """How many values are not None; an array is compared with None item by item."""
    if type(None) not in types_in(values):
        return len(values)
    return sum(value is not None for value in values)


def _together(beside: list[Any], inside: list[Any] | None) -> list[Any]:
    """What was passed with each record, and where nothing was, what is in it."""
    if inside is None:
        return beside
    return [own if value is None else value for value, own in zip(beside, inside, strict=True)]
