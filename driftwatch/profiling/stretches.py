"""Rows cut into stretches: of time, of so many rows, or by what stands in a column."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.aligned import in_order
from driftwatch.core.data.arguments import column_name
from driftwatch.core.data.batch import Batch
from driftwatch.core.data.durations import format_duration, parse_length
from driftwatch.core.data.schema import Role, Schema, ValuePolicy
from driftwatch.core.data.storage import plain_array
from driftwatch.core.data.times import event_times
from driftwatch.errors import ConfigError, UnknownColumnError, shown
from driftwatch.logs.lines import plain

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["CALENDAR", "MOST_STRETCHES", "ByValue", "Cut", "Named", "cut_of"]

CALENDAR = ("hour", "day", "week", "month", "quarter", "year")
"""Words for stretches of time; weeks begin on Monday, and all of them in UTC."""
MOST_STRETCHES = 1_000
"""Of one call; each has sketches of its own."""

_LENGTHS = {"hour": "1h", "day": "1d", "week": "7d"}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_WEEK, _MONDAY = 7 * 86_400, 4 * 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = -62_135_596_800.0, 253_402_300_800.0
"""Seconds from 1970 to the years 1 and 10000."""

Members = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Named:
    """What a stretch is called, and how long it lasts."""

    label: str
    start: datetime | None = None
    end: datetime | None = None


class Cut(ABC):
    """A way to cut rows.

    Attributes:
        column: Column that it reads; None if it reads none.
        untold: Rows that belong nowhere, by reason.
        beside: Columns that say which rows belong together, and are no part of the data where the
            reference does not have them.
    """

    column: str | None
    untold: dict[str, int]
    beside: frozenset[str] = frozenset()

    @property
    @abstractmethod
    def words(self) -> str:
        """How it cuts, in words."""

    @abstractmethod
    def parts(self, batch: Batch, /) -> Iterator[tuple[Any, Members]]:
        """The rows of a batch by the key of their stretch."""

    @abstractmethod
    def order(self, keys: Iterable[Any], /) -> list[Any]:
        """The keys in the order of their stretches."""

    @abstractmethod
    def named(self, key: Any, /) -> Named:
        """What the stretch of a key is called."""


def cut_of(by: str | int | Sequence[str], time: str | None, schema: Schema, /) -> Cut:
    """Read how to cut, as callers say it.

    Args:
        by: A length of time (``"7d"``), a word of `CALENDAR`, a number of rows (``1000`` or
            ``"1000 rows"``), or the name of a column; ``["week"]`` is the column of that name.
        time: The column of times; that of the reference if None.
        schema: Columns of the reference.

    Raises:
        ConfigError: If it is none of these, there is no column of times, or the values of the
            column are hidden.
    """
    cut = _cut_of(by, time, schema)
    named = (cut.column, None if time is None else column_name("time", time))
    cut.beside = frozenset(name for name in named if name is not None)
    return cut


def _cut_of(by: str | int | Sequence[str], time: str | None, schema: Schema) -> Cut:
    if isinstance(by, bool) or not isinstance(by, str | int | np.integer | Sequence):
        raise _no_cut(by)
    if not isinstance(by, str | Sequence):
        return _ByRows(_rows(int(by)))
    if not isinstance(by, str):
        if len(by) != 1:
            raise _no_cut(by)
        return _by_value(column_name("by", by[0]), schema)
    if by in _MONTHS:
        return _ByMonths(_time_column(by, time, schema), _MONTHS[by])
    try:
        length = parse_length(_LENGTHS.get(by, by))
    except ConfigError:
        return _by_value(by, schema)
    if isinstance(length, int):
        return _ByRows(_rows(length))
    return _ByTime(_time_column(by, time, schema), round(length.total_seconds()))


def _no_cut(by: object) -> ConfigError:
    return ConfigError(
        "by must be a length of time such as '7d', one of "
        f"{', '.join(CALENDAR)}, a number of rows, or the name of a column; got {shown(by)}"
    )


def _rows(rows: int) -> int:
    if rows < 1:
        raise ConfigError(f"by: a stretch has at least one row; got {rows}")
    return rows


def _time_column(by: str, time: str | None, schema: Schema) -> str:
    if time is not None:
        return column_name("time", time)
    for column in schema:
        if column.role is Role.TIME:
            return column.name
    raise ConfigError(
        f"by={by!r} cuts by time, and no column of times is known: name it, time=...", code="DW024"
    )


def _by_value(name: str, schema: Schema) -> Cut:
    if name in schema and schema[name].values is not ValuePolicy.RAW:
        raise ConfigError(f"by={name!r}: the values of this column are hidden, and would be shown")
    return ByValue(name)


@dataclass
class _ByRows(Cut):
    """Every so many rows, in the order of the data."""

    width: int
    column: str | None = None
    untold: dict[str, int] = field(default_factory=dict)
    _seen: int = 0

    @property
    def words(self) -> str:
        return f"every {self.width:,} rows"

    def parts(self, batch: Batch, /) -> Iterator[tuple[int, Members]]:
        start = 0
        while start < batch.rows:
            key, used = divmod(self._seen, self.width)
            taken = min(batch.rows - start, self.width - used)
            yield key, np.arange(start, start + taken)
            self._seen += taken
            start += taken

    def order(self, keys: Iterable[int], /) -> list[int]:
        return sorted(keys)

    def named(self, key: int, /) -> Named:
        first = key * self.width
        last = min(first + self.width, self._seen) - 1
        return Named(f"rows {first:,} to {last:,}")


@dataclass
class _ByTime(Cut):
    """Stretches of equal length, as counted from 1970; of whole weeks from Monday on."""

    column: str
    width: int
    untold: dict[str, int] = field(default_factory=dict)

    @property
    def words(self) -> str:
        return f"every {format_duration(timedelta(seconds=self.width))} of {self.column}"

    @property
    def _shift(self) -> int:
        return _MONDAY if self.width % _WEEK == 0 else 0

    def parts(self, batch: Batch, /) -> Iterator[tuple[int, Members]]:
        times, rows = _times(self, batch)
        yield from _grouped(np.floor((times - self._shift) / self.width).astype(np.int64), rows)

    def order(self, keys: Iterable[int], /) -> list[int]:
        return sorted(keys)

    def named(self, key: int, /) -> Named:
        start = key * self.width + self._shift
        form = "%Y-%m-%d" if self.width % 86_400 == 0 else "%Y-%m-%d %H:%M"
        form += ":%S" if self.width % 60 else ""
        return _named(start, start + self.width, form)


@dataclass
class _ByMonths(Cut):
    """Months, quarters or years of the calendar."""

    column: str
    months: int
    untold: dict[str, int] = field(default_factory=dict)

    @property
    def words(self) -> str:
        word = next(word for word, months in _MONTHS.items() if months == self.months)
        return f"every {word} of {self.column}"

    def parts(self, batch: Batch, /) -> Iterator[tuple[int, Members]]:
        times, rows = _times(self, batch)
        months = np.floor(times).astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
        yield from _grouped(months // self.months, rows)

    def order(self, keys: Iterable[int], /) -> list[int]:
        return sorted(keys)

    def named(self, key: int, /) -> Named:
        named = _named(self._start(key), self._start(key + 1), "%Y-%m")
        if self.months == 1 or named.start is None:
            return named
        year = f"{named.start:%Y}"
        quarter = f"{year}-Q{(named.start.month + 2) // 3}"
        return replace(named, label=year if self.months == 12 else quarter)

    def _start(self, key: int) -> int:
        month = np.datetime64(key * self.months, "M")
        return int(month.astype("datetime64[s]").astype(np.int64))


@dataclass
class ByValue(Cut):
    """The rows with the same value of a column, by that value; those without one are the last."""

    column: str
    untold: dict[str, int] = field(default_factory=dict)

    @property
    def words(self) -> str:
        return f"by {self.column}"

    def parts(self, batch: Batch, /) -> Iterator[tuple[str, Members]]:
        if self.column not in batch.arrays:
            others = f"and it is no length of time such as '7d', nor one of {', '.join(CALENDAR)}"
            raise UnknownColumnError(self.column, batch.arrays, f"the data, {others}")
        texts, codes = _texts(batch.arrays[self.column], self.column)
        known = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        keys = list(known)  # 1 and "1" are written alike
        places = np.array([known[text] for text in texts], dtype=np.int64)
        for place, members in _grouped(places[codes], np.arange(batch.rows)):
            yield keys[place], members

    def order(self, keys: Iterable[str], /) -> list[str]:
        found = set(keys)
        return [*in_order(key for key in found if key), *([""] if "" in found else [])]

    def named(self, key: str, /) -> Named:
        return Named(plain(key) or "(missing)")


def _column(name: str, batch: Batch) -> pa.Array:
    if name not in batch.arrays:
        raise UnknownColumnError(name, batch.arrays, "the data")
    return batch.arrays[name]


def _times(cut: _ByTime | _ByMonths, batch: Batch) -> tuple[NDArray[np.float64], Members]:
    """Times of the rows that have one, and which these are; the others are counted."""
    times = event_times(_column(cut.column, batch))
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero((times >= _FIRST) & (times < _LAST))
    if untimed := batch.rows - rows.size:
        cut.untold["untimed"] = cut.untold.get("untimed", 0) + untimed
    return times[rows], rows


def _texts(array: pa.Array, name: str) -> tuple[list[str], NDArray[np.int64]]:
    """The distinct values as texts, and which of them each row has; missing ones are empty."""
    import pyarrow as pa

    array = plain_array(array)
    try:
        if not pa.types.is_dictionary(array.type):
            array = array.dictionary_encode()
        values = array.dictionary.to_pylist()
        indices = array.indices.cast(pa.int64()).fill_null(len(values))
        codes: NDArray[np.int64] = indices.to_numpy(zero_copy_only=False)
    except pa.ArrowException:  # values of several types, or nested ones
        values = array.to_pylist()
        codes = np.arange(len(values), dtype=np.int64)
    if any(isinstance(value, list | dict) for value in values):
        raise ConfigError(f"by={name!r}: lists and records are no values to cut by")
    return [_word(value) for value in [*values, None]], codes


def _word(value: Any) -> str:
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():  # whole numbers, of which some are missing
        return str(int(value))
    return str(value).strip()


def _grouped(keys: NDArray[np.int64], rows: Members) -> Iterator[tuple[int, Members]]:
    """The rows by their keys, each group in the order of the data."""
    order = np.argsort(keys, kind="stable")
    if not order.size:
        return
    starts = np.flatnonzero(np.diff(keys[order])) + 1
    for members in np.split(order, starts):
        yield int(keys[members[0]]), rows[members]


def _named(start: int, end: int, form: str) -> Named:
    first, last = _utc(start), _utc(end)
    return Named(f"{start} s" if first is None else f"{first:{form}}", first, last)


def _utc(seconds: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:  # an end beyond the calendar
        return None
