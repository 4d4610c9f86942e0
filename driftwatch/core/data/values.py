"""One Arrow array and what its column should be -> typed values, and what could not be used.

Every row ends in exactly one place: a usable value, or one of the counters of `Missing`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.byte_texts import texts_of_bytes
from driftwatch.core.data.instants import instants_in, ticks_in_seconds
from driftwatch.core.data.missing_words import without_words
from driftwatch.core.data.mixed import children_of, is_mixed
from driftwatch.core.data.number_texts import inexact, numbers_in_texts
from driftwatch.core.data.numpy_values import array_of_texts, mask, plain_values, truths
from driftwatch.core.data.schema import Column, Kind
from driftwatch.core.data.storage import is_binary, is_number, is_text, plain_array, plain_type
from driftwatch.core.data.text_layout import chosen_texts, large_texts, parts_of_texts

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "LONGEST_VALUE",
    "Categories",
    "Missing",
    "Numbers",
    "Opaque",
    "Values",
    "floats_in",
    "kind_of",
    "number_array",
    "typed_values",
]

LONGEST_VALUE = 65_536
"""Bytes of a text that may be a category; a longer one is none, and counts as invalid."""

_TRUE = ("true", "t", "yes", "y", "1")
_FALSE = ("false", "f", "no", "n", "0")


@dataclass(slots=True)
class Missing:
    """Rows of a column without a usable value, by reason.

    Attributes:
        null: Nothing there.
        nan: Not-a-number.
        positive_infinity: Infinite; set aside, since no moment or distance survives it.
        negative_infinity: The same, below.
        invalid: Something there that the column's kind cannot read: text in a number, lists and
            records, and texts above `LONGEST_VALUE` bytes where categories are expected.
    """

    null: int = 0
    nan: int = 0
    positive_infinity: int = 0
    negative_infinity: int = 0
    invalid: int = 0

    @property
    def total(self) -> int:
        """All rows without a usable value."""
        infinite = self.positive_infinity + self.negative_infinity
        return self.null + self.nan + infinite + self.invalid

    def merge(self, other: Self, /) -> None:
        """Add another count of missing rows."""
        self.null += other.null
        self.nan += other.nan
        self.positive_infinity += other.positive_infinity
        self.negative_infinity += other.negative_infinity
        self.invalid += other.invalid

    def to_tuple(self) -> tuple[int, ...]:
        return (
            self.null,
            self.nan,
            self.positive_infinity,
            self.negative_infinity,
            self.invalid,
        )


@dataclass(frozen=True, slots=True)
class Numbers:
    """Usable values of a numeric or datetime column.

    Attributes:
        values: Finite doubles; seconds since 1970 for datetimes.
        beyond: 64-bit integers that `values` had to round, as bit patterns.
        missing: The rows that are not in `values`.
    """

    values: NDArray[np.float64]
    beyond: NDArray[np.uint64]
    missing: Missing


@dataclass(frozen=True, slots=True)
class Categories:
    """Distinct values of a categorical column and how often each was seen.

    Attributes:
        texts: Distinct values, a ``large_string`` array without nulls.
        counts: How often each was seen, all at least 1.
        missing: The rows that are not counted there.
    """

    texts: pa.Array
    counts: NDArray[np.int64]
    missing: Missing


@dataclass(frozen=True, slots=True)
class Opaque:
    """A column whose values are not looked at."""

    missing: Missing = field(default_factory=Missing)


Values = Numbers | Categories | Opaque
Words = tuple[str, ...]


def kind_of(dtype: pa.DataType, /) -> Kind:
    """Return the kind that the values of an Arrow type have by themselves."""
    import pyarrow.types as t

    dtype = plain_type(dtype)
    if t.is_null(dtype):
        return Kind.EMPTY
    if t.is_boolean(dtype):
        return Kind.BOOLEAN
    if t.is_timestamp(dtype) or t.is_date(dtype):
        return Kind.DATETIME
    if is_number(dtype) or t.is_duration(dtype) or t.is_time(dtype):
        return Kind.NUMERIC
    if is_text(dtype) or is_binary(dtype):
        return Kind.CATEGORICAL
    if t.is_dictionary(dtype) and not t.is_nested(dtype.value_type):
        # Whoever encoded a column as categories meant categories, numbers or not.
        return Kind.BOOLEAN if t.is_boolean(dtype.value_type) else Kind.CATEGORICAL
    return Kind.UNSUPPORTED


def number_array(values: NDArray[np.float64], /) -> pa.Array:
    """Numbers as an Arrow array, without a copy; pa.array would import pandas where it is."""
    import pyarrow as pa

    data = pa.py_buffer(np.ascontiguousarray(values, dtype=np.float64))
    return pa.Array.from_buffers(pa.float64(), values.size, [None, data])


def floats_in(array: pa.Array, /) -> NDArray[np.floating[Any]] | None:
    """The values of an array of floating-point numbers, finite or not; None of all others.

    Example:
        >>> import pyarrow as pa
        >>> floats_in(pa.array([1.5, None])), floats_in(pa.array([1]))
        (array([1.5]), None)
    """
    import pyarrow.types as t

    return plain_values(array) if t.is_floating(array.type) else None


def typed_values(array: pa.Array, column: Column, /) -> Values:
    """Read an Arrow array as what its column is.

    Values of another type are converted where that loses nothing a person would miss
    (text to numbers, numbers to text); what cannot be read counts as invalid. Texts that stand
    for no value, by the column's `words`, are nulls.
    """
    array, words = plain_array(array), column.words
    if is_mixed(array.type):
        parts = [typed_values(child, column) for _, child in children_of(array)]
        return _together(parts) if parts else typed_values(array.field(0).slice(0, 0), column)
    match column.kind:
        case Kind.NUMERIC:
            return _numbers(array, words)
        case Kind.DATETIME:
            return _instants(array, words)
        case Kind.CATEGORICAL:
            return _categories(array, words)
        case Kind.BOOLEAN:
            return _booleans(array, words)
        case Kind.EMPTY | Kind.UNSUPPORTED:
            return Opaque(Missing(null=array.null_count))


def _together(parts: list[Values]) -> Values:
    """Values that were read apart, as those of one column."""
    missing = Missing()
    for part in parts:
        missing.merge(part.missing)
    if numbers := [part for part in parts if isinstance(part, Numbers)]:
        values = np.concatenate([part.values for part in numbers])
        beyond = np.concatenate([part.beyond for part in numbers])
        return Numbers(values, beyond, missing)
    if categories := [part for part in parts if isinstance(part, Categories)]:
        return _categories_together(categories, missing)
    return Opaque(missing)


def _categories_together(parts: list[Categories], missing: Missing) -> Categories:
    import pyarrow as pa

    texts = pa.concat_arrays([part.texts for part in parts]).dictionary_encode()
    counts = np.concatenate([part.counts for part in parts])
    added = np.bincount(
        plain_values(texts.indices), weights=counts, minlength=len(texts.dictionary)
    )
    return Categories(texts.dictionary, added.astype(np.int64), missing)


def _numbers(array: pa.Array, words: Words) -> Numbers:
    import pyarrow as pa
    import pyarrow.types as t

    dtype = array.type
    if t.is_floating(dtype):
        return _finite(plain_values(array).astype(np.float64, copy=False), array.null_count)
    if t.is_integer(dtype):
        return _integers(plain_values(array), array.null_count)
    if t.is_dictionary(dtype):
        return _numbers(array.dictionary_decode(), words)
    if t.is_boolean(dtype):
        return _integers(plain_values(array.cast(pa.uint8())), array.null_count)
    if t.is_decimal(dtype):
        return _finite(plain_values(array.cast(pa.float64(), safe=False)), array.null_count)
    if t.is_duration(dtype) or t.is_time(dtype):
        return _seconds(array)
    if is_text(dtype):
        return _numbers_in_text(array, words)
    return _all_invalid(array)


def _numbers_in_text(array: pa.Array, words: Words) -> Numbers:
    found = numbers_in_texts(array, words)
    return replace(_finite(found.values, found.nulls, invalid=found.invalid), beyond=found.beyond)


def _integers(values: NDArray[Any], nulls: int) -> Numbers:
    return Numbers(values.astype(np.float64), inexact(values), Missing(null=nulls))


def _instants(array: pa.Array, words: Words) -> Numbers:
    import pyarrow.types as t

    if t.is_dictionary(array.type):
        array = array.dictionary_decode()
    if is_text(array.type):
        array = without_words(array, words)
    seconds = instants_in(array)
    readable = ~np.isnan(seconds)
    values = seconds if readable.all() else seconds[readable]
    invalid = seconds.size - values.size - array.null_count
    missing = Missing(null=array.null_count, invalid=invalid)
    return Numbers(values, np.empty(0, dtype=np.uint64), missing)


def _seconds(array: pa.Array) -> Numbers:
    """Durations and times of day in seconds."""
    seconds = ticks_in_seconds(array.drop_null())
    return Numbers(seconds, np.empty(0, dtype=np.uint64), Missing(null=array.null_count))


def _categories(array: pa.Array, words: Words) -> Categories:
    import pyarrow.types as t

    if t.is_boolean(array.type):
        return _booleans(array, words)
    if not len(array) or not _has_texts(array.type):
        return _no_categories(array)
    if not t.is_dictionary(array.type):
        array = (_as_texts(array)).dictionary_encode()
    rows = len(array)
    indices = array.indices
    if indices.null_count:
        indices = indices.drop_null()
    names = without_words(_as_texts(array.dictionary), words)
    counts = np.bincount(plain_values(indices), minlength=len(names))
    kept = counts > 0
    if names.null_count:
        kept &= ~truths(names.is_null())
    too_long = _too_long(names) & kept
    invalid = int(counts[too_long].sum())
    kept &= ~too_long
    if not kept.all():
        names, counts = chosen_texts(names, kept), counts[kept]
    return Categories(names, counts, Missing(rows - invalid - int(counts.sum()), invalid=invalid))


def _too_long(texts: pa.Array) -> NDArray[np.bool_]:
    """Which of some ``large_string`` values have more bytes than a category may have."""
    parts = parts_of_texts(texts)
    assert parts is not None  # noqa: S101 - large strings lie one after another
    return np.diff(parts[0]) > LONGEST_VALUE


def _has_texts(dtype: pa.DataType) -> bool:
    """Whether values of a type have texts: lists, records and calendar intervals have none."""
    import pyarrow.types as t

    if t.is_dictionary(dtype):
        dtype = dtype.value_type
    return not (t.is_nested(dtype) or t.is_interval(dtype))


def _no_categories(array: pa.Array) -> Categories:
    """Lists and records where names are expected: none of them can be read."""
    invalid = len(array) - array.null_count
    missing = Missing(null=array.null_count, invalid=invalid)
    return Categories(array_of_texts([]), np.empty(0, dtype=np.int64), missing)


def _booleans(array: pa.Array, words: Words) -> Categories:
    import pyarrow.types as t

    if t.is_dictionary(array.type):
        array = array.dictionary_decode()
    if t.is_nested(array.type):
        return _no_categories(array)
    rows, valid = len(array), array.drop_null()
    if t.is_boolean(valid.type):
        ones = _many(valid)
        counts = np.array([len(valid) - ones, ones], dtype=np.int64)
    elif is_number(valid.type):
        counts = _zeros_and_ones(_numbers(valid, words).values)
    else:
        valid = without_words(_as_texts(valid), words).drop_null()
        counts = _truths_in_text(valid)
    kept = counts > 0
    names = array_of_texts(["false", "true"]).filter(mask(kept))
    missing = Missing(null=rows - len(valid), invalid=len(valid) - int(counts.sum()))
    return Categories(names, counts[kept], missing)


def _truths_in_text(texts: pa.Array) -> NDArray[np.int64]:
    """How many texts say false, and how many true: in words, or as the numbers 0 and 1."""
    import pyarrow.compute as pc

    bare = pc.utf8_lower(pc.utf8_trim_whitespace(texts))
    false = pc.is_in(bare, array_of_texts(_FALSE))
    true = pc.is_in(bare, array_of_texts(_TRUE))
    counts = np.array([_many(false), _many(true)], dtype=np.int64)
    if counts.sum() < len(texts):
        others = bare.filter(pc.invert(pc.or_(false, true)))
        counts += _zeros_and_ones(_numbers_in_text(others, ()).values)
    return counts


def _zeros_and_ones(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.array([(values == 0).sum(), (values == 1).sum()], dtype=np.int64)


def _many(truths: pa.Array) -> int:
    """How many of some truth values are true."""
    import pyarrow.compute as pc

    return int(pc.sum(truths, min_count=0).as_py())


def _finite(values: NDArray[np.float64], nulls: int, *, invalid: int = 0) -> Numbers:
    missing = Missing(null=nulls, invalid=invalid)
    finite = np.isfinite(values)
    if not finite.all():
        missing.nan = int(np.isnan(values).sum())
        missing.positive_infinity = int((values == np.inf).sum())
        missing.negative_infinity = int((values == -np.inf).sum())
        values = values[finite]
    return Numbers(values, np.empty(0, dtype=np.uint64), missing)


def _all_invalid(array: pa.Array) -> Numbers:
    missing = Missing(null=array.null_count, invalid=len(array) - array.null_count)
    return Numbers(np.empty(0), np.empty(0, dtype=np.uint64), missing)


def _as_texts(array: pa.Array) -> pa.Array:
    import pyarrow as pa

    if is_binary(array.type):
        return texts_of_bytes(array)
    return large_texts(array) if is_text(array.type) else array.cast(pa.large_string())
