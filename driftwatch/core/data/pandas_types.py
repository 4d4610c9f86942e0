"""What columns of pandas' own types hold: intervals as texts, periods as times.

Arrow knows such a column by its type where pandas was imported, and otherwise only by the notes of
its field, below which it is a record or a number. Both are read here, without pandas.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.numpy_values import array_of_texts, mask, places, plain_values, truths

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["is_of_pandas", "of_extension", "type_of_extension", "with_types_of_notes"]

_INTERVAL, _PERIOD = "pandas.interval", "pandas.period"
_NAME, _ABOUT = b"ARROW:extension:name", b"ARROW:extension:metadata"

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_TICKS = {
    "D": "D", "H": "h", "h": "h", "T": "m", "min": "m", "S": "s", "s": "s",
    "L": "ms", "ms": "ms", "U": "us", "us": "us", "N": "ns", "ns": "ns",
}  # fmt: skip
"""Units of numpy by the words of pandas, of which earlier versions had others."""


def is_of_pandas(name: str, /) -> bool:
    """Whether an extension type of that name is one of pandas that is read here."""
    return name in (_INTERVAL, _PERIOD)


def of_extension(array: pa.ExtensionArray, /) -> pa.Array:
    """The values of an array whose type pandas has told Arrow of."""
    about = {name: getattr(array.type, name, None) for name in ("closed", "freq")}
    return _values(array.storage, array.type.extension_name, about)


def type_of_extension(name: str, /) -> pa.DataType:
    """The type of the values of an extension type of pandas."""
    import pyarrow as pa

    return pa.large_string() if name == _INTERVAL else pa.timestamp("us")


def with_types_of_notes(batch: pa.RecordBatch, /) -> pa.RecordBatch:
    """The same with the values of columns that only their notes say to be of pandas.

    Example:
        >>> import pyarrow as pa
        >>> notes = {_NAME: b"pandas.period", _ABOUT: b'{"freq": "Q-DEC"}'}
        >>> schema = pa.schema([pa.field("q", pa.int64(), metadata=notes)])
        >>> batch = with_types_of_notes(pa.record_batch([pa.array([1, None])], schema=schema))
        >>> batch["q"].cast(pa.date32()).to_pylist()
        [datetime.date(1970, 4, 1), None]
    """
    import pyarrow as pa

    noted = {place: _NAME in (f.metadata or ()) for place, f in enumerate(batch.schema)}
    if not any(noted.values()):
        return batch
    columns = [
        _as_noted(column, batch.schema.field(place)) if noted[place] else column
        for place, column in enumerate(batch.columns)
    ]
    return pa.record_batch(columns, names=batch.schema.names)


def _as_noted(array: pa.Array, field: pa.Field) -> pa.Array:
    import pyarrow.types as t

    name = field.metadata[_NAME].decode("utf-8", "replace")
    stored = {_INTERVAL: t.is_struct, _PERIOD: t.is_integer}.get(name)
    if stored is None or not stored(array.type):
        return array
    try:
        about = json.loads(field.metadata.get(_ABOUT, b""))
    except ValueError:
        about = {}
    return _values(array, name, about if isinstance(about, dict) else {})


def _values(stored: pa.Array, name: str, about: Mapping[str, Any]) -> pa.Array:
    if name == _INTERVAL:
        return _interval_texts(stored, about.get("closed"))
    return _period_starts(stored, str(about.get("freq")))


def _interval_texts(ends: pa.Array, closed: Any) -> pa.Array:
    """Such as ``(0, 10]``."""
    import pyarrow as pa
    import pyarrow.compute as pc

    opening = "[" if closed in ("left", "both") else "("
    closing = "]" if closed in ("right", "both") else ")"
    texts = array_of_texts(
        [
            "" if each is None else f"{opening}{each.get('left')}, {each.get('right')}{closing}"
            for each in ends.to_pylist()
        ]
    )
    return pc.if_else(ends.is_valid(), texts, pa.nulls(len(texts), texts.type))


def _period_starts(numbers: pa.Array, every: str) -> pa.Array:
    """The times at which periods begin; opaque values of a length that is not known."""
    import pyarrow as pa

    there = truths(numbers.is_valid())
    ordinals = np.zeros(len(numbers), np.int64)
    ordinals[there] = plain_values(numbers)
    starts = _starts(ordinals, every)
    if starts is None:
        ends = places(np.zeros(len(numbers) + 1, np.intp))
        return pa.LargeListArray.from_arrays(ends, pa.nulls(0), mask=mask(~there))
    ticks = pa.py_buffer(starts.astype("datetime64[us]"))
    bits = mask(there).buffers()[1]
    return pa.Array.from_buffers(pa.timestamp("us"), len(numbers), [bits, ticks])


def _starts(numbers: NDArray[np.int64], every: str) -> NDArray[np.datetime64] | None:
    """Begin of periods by their numbers, of which 0 is, or begins beside, 1970-01-01."""
    unit, _, end = every.lstrip("0123456789").partition("-")
    if unit in _TICKS:
        return numbers.astype(f"datetime64[{_TICKS[unit]}]")
    if unit == "B":
        return np.busday_offset("1970-01-01", numbers, roll="forward")
    if unit == "W" and end in _WEEKDAYS:
        return (numbers * 7 + _WEEKDAYS.index(end) - 10).astype("datetime64[D]")
    months = {"Y": 12, "A": 12, "Q": 3, "M": 1}.get(unit)
    if months is None or (end and end not in _MONTHS):
        return None
    before = 11 - _MONTHS.index(end) if end else 0
    return (numbers * months - before).astype("datetime64[M]")
