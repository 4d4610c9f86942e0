"""Infer kind and role of columns from some of their rows.

A first check must not cry wolf about an invoice number: identifiers, clocks and labels
are recognised and set apart, personal data is hashed, and every guess carries the reason
that the report prints. Declaring a column overrides all of it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.data.first_bytes import may_be_time_or_truth
from driftwatch.core.data.identifiers import (
    MIN_ROWS,
    NEARLY_ALL,
    READABLE,
    Order,
    why_numbers_identify,
    why_texts_identify,
)
from driftwatch.core.data.instants import seconds_by_size
from driftwatch.core.data.missing_words import without_words
from driftwatch.core.data.mixed import children_of, is_mixed
from driftwatch.core.data.name_words import name_words, spread
from driftwatch.core.data.personal import PERSONAL, is_personal, is_personal_number
from driftwatch.core.data.schema import Basis, Column, Kind, Role, Schema, ValuePolicy
from driftwatch.core.data.storage import is_text
from driftwatch.core.data.values import Categories, Numbers, Values, kind_of, typed_values

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["infer_schema"]

_FIRST_EPOCH, _LAST_EPOCH = 946_684_800.0, 4_102_444_800.0
"""The years 2000 and 2100."""

_LABEL_NAMES = {"label", "target", "ground_truth", "y_true"}
_PREDICTION_NAMES = {"prediction", "predictions", "predicted", "y_pred"}
_SCORE_NAMES = {"score", "probability", "y_score", "y_proba", "predicted_probability"}
_WEIGHT_NAMES = {"sample_weight"}

_LEADING_ZEROS = 0.01
_TIME_WORDS = {"time", "timestamp", "ts", "date", "datetime", "day", "created", "updated", "at"}


def infer_schema(
    arrays: Mapping[str, pa.Array],
    declared: DeclaredColumns | None = None,
    /,
    *,
    untyped: bool = False,
) -> Schema:
    """Guess kind, role and value policy of every column from some of its rows.

    Args:
        arrays: Columns by name, rows from everywhere in the data (65,536 are plenty).
        declared: What is known: columns in full, roles, kinds.
        untyped: The texts in them come from a format without types, such as CSV, and may
            be numbers, truth values or instants.

    Returns:
        A schema with the columns of `arrays` in their order. Cost: one pass over them.
    """
    declared = declared or DeclaredColumns()
    known = declared.schema.names if declared.schema is not None else {}
    roles = declared.asked_roles
    return Schema(
        tuple(
            known[name]
            if name in known
            else infer_column(
                name,
                array,
                untyped=untyped,
                role=roles.get(name),
                kind=declared.kinds.get(name),
                missing_words=declared.missing_words_of(name),
            )
            for name, array in arrays.items()
        )
    )


def infer_column(
    name: str,
    array: pa.Array,
    /,
    *,
    untyped: bool = False,
    role: Role | None = None,
    kind: Kind | None = None,
    missing_words: tuple[str, ...] | None = None,
) -> Column:
    """Guess one column from some of its rows; a given role or kind is taken as it is."""
    if kind is None:
        words = Column(name, Kind.NUMERIC, missing_words=missing_words).words
        kind = _guess_kind(array, words, untyped=untyped)
        if kind is Kind.NUMERIC and role is None and _are_personal_numbers(name, array):
            kind = Kind.CATEGORICAL
    dtype = kind.value if untyped and kind is not Kind.CATEGORICAL else _type_of_most(array)
    basis = Basis.INFERRED if role is None else Basis.DECLARED
    column = Column(
        name,
        kind,
        role or Role.FEATURE,
        dtype=dtype,
        basis=basis,
        missing_words=missing_words,
    )
    if role is None:
        column = _guess_role(column, array)
    if column.kind is Kind.CATEGORICAL and column.role is Role.ID:
        return replace(column, values=ValuePolicy.HASHED)
    if column.kind is Kind.CATEGORICAL and column.values is ValuePolicy.RAW:
        values = typed_values(array, column)
        return _protect(column, values) if isinstance(values, Categories) else column
    return column


def _type_of_most(array: pa.Array) -> str:
    """The type of an array; of values of several types that of most of them."""
    if not is_mixed(array.type):
        return str(array.type)
    children = ((len(child) - child.null_count, str(child.type)) for _, child in children_of(array))
    return max(children, default=(0, "null"))[1]


def _guess_kind(array: pa.Array, words: tuple[str, ...], *, untyped: bool) -> Kind:
    if is_mixed(array.type):
        return _kind_of_mixed(array, words)
    return _kind_of_values(_with_values(array, words), untyped=untyped)


def _kind_of_values(array: pa.Array, *, untyped: bool) -> Kind:
    """The kind of values of one type, of which those that stand for none are nulls."""
    kind = kind_of(array.type)
    if untyped and kind is Kind.CATEGORICAL:
        return _kind_of_texts(array)
    return _kind_of_typed_texts(array) if kind is Kind.CATEGORICAL else kind


def _with_values(array: pa.Array, words: tuple[str, ...]) -> pa.Array:
    """The same with nulls for texts that stand for no value."""
    import pyarrow as pa

    if is_text(array.type):
        return without_words(array, words)
    if pa.types.is_dictionary(array.type) and is_text(array.type.value_type):
        named = without_words(array.dictionary, words)
        return pa.DictionaryArray.from_arrays(array.indices, named)
    return array


def _kind_of_mixed(array: pa.Array, words: tuple[str, ...]) -> Kind:
    """The kind of nearly all values of several types; else what nearly all can be read as."""
    rows: Counter[Kind] = Counter()
    for _, child in children_of(array):
        child = _with_values(child, words)  # noqa: PLW2901 - the same rows
        rows[_kind_of_values(child, untyped=False)] += len(child) - child.null_count
    total = rows.total()
    if not total:
        return Kind.EMPTY
    kind, most = rows.most_common(1)[0]
    if most >= READABLE * total:
        return kind
    unreadable = (1 - READABLE) * total
    for kind in (Kind.NUMERIC, Kind.BOOLEAN, Kind.DATETIME):
        if rows[kind] and _read_as(array, kind, words).missing.invalid <= unreadable:
            return kind
    return Kind.CATEGORICAL


def _read_as(array: pa.Array, kind: Kind, words: tuple[str, ...] = ()) -> Values:
    return typed_values(array, Column("", kind, missing_words=words))


def _guess_role(column: Column, array: pa.Array) -> Column:
    if column.kind is Kind.DATETIME:
        return replace(column, role=Role.TIME, note="a time")
    named = _named_role(column.name)
    if named is not None:
        return replace(column, role=named, note=f"named like a {named}")
    values = typed_values(array, column)
    if isinstance(values, Numbers):
        return _mark_number_id(column, values)
    if isinstance(values, Categories) and column.kind is Kind.CATEGORICAL:
        return _mark_text_id(column, values)
    return replace(column, basis=Basis.UNDECIDED) if column.kind is Kind.EMPTY else column


def _kind_of_texts(array: pa.Array) -> Kind:
    valid = array.drop_null()
    if len(valid) == 0:
        return Kind.EMPTY
    most = READABLE * len(valid)
    if _are_truths(valid):
        return Kind.BOOLEAN
    numbers = _read_as(valid, Kind.NUMERIC)
    if isinstance(numbers, Numbers) and len(valid) - numbers.missing.invalid >= most:
        return Kind.CATEGORICAL if _have_leading_zeros(valid) else Kind.NUMERIC
    instants = _read_as(valid, Kind.DATETIME)
    if isinstance(instants, Numbers) and instants.values.size >= most:
        return Kind.DATETIME
    return Kind.CATEGORICAL


def _kind_of_typed_texts(array: pa.Array) -> Kind:
    """Texts of a typed source are dates or truth values, if that; numbers in them are codes."""
    import pyarrow.types as t

    is_dictionary = t.is_dictionary(array.type)
    dtype = array.type.value_type if is_dictionary else array.type
    if not is_text(dtype) or array.null_count == len(array):
        return Kind.CATEGORICAL
    if not may_be_time_or_truth(array.dictionary if is_dictionary else array):
        return Kind.CATEGORICAL
    sample = spread(array.drop_null())
    sample = (sample.dictionary_decode() if is_dictionary else sample).drop_null()
    if len(sample) == 0:
        return Kind.CATEGORICAL
    if _are_truths(sample):
        return Kind.BOOLEAN
    unreadable = (1 - READABLE) * len(sample)
    if _read_as(sample, Kind.DATETIME).missing.invalid > unreadable:
        return Kind.CATEGORICAL
    numbers = _read_as(sample, Kind.NUMERIC)  # codes, which might be instants, too
    is_time = len(sample) - numbers.missing.invalid <= unreadable
    return Kind.DATETIME if is_time else Kind.CATEGORICAL


def _are_truths(texts: pa.Array) -> bool:
    """Whether nearly all texts are ``true`` or ``false``, in letters of any size."""
    import pyarrow as pa
    import pyarrow.compute as pc

    words = pc.utf8_lower(pc.utf8_trim_whitespace(spread(texts).cast(pa.large_string())))
    found = pc.match_substring_regex(words, "^(true|false)$")
    return int(pc.sum(found, min_count=0).as_py()) >= READABLE * len(words)


def _have_leading_zeros(texts: pa.Array) -> bool:
    """Postal codes and article numbers: digits, but 02134 is not 2134; one such is an odd value."""
    import pyarrow.compute as pc

    found = pc.sum(pc.match_substring_regex(texts, r"^\s*0\d+\s*$"), min_count=0).as_py()
    return int(found) >= max(1.0, _LEADING_ZEROS * len(texts))


def _named_role(name: str) -> Role | None:
    lower = name.strip().lower()
    for names, role in (
        (_LABEL_NAMES, Role.LABEL),
        (_PREDICTION_NAMES, Role.PREDICTION),
        (_SCORE_NAMES, Role.SCORE),
        (_WEIGHT_NAMES, Role.WEIGHT),
    ):
        if lower in names:
            return role
    return None


def _mark_number_id(column: Column, numbers: Numbers) -> Column:
    values, order = numbers.values, Order()
    order.update(values)
    are_whole = order.whole >= NEARLY_ALL * values.size
    if values.size and are_whole:
        in_time = set(name_words(column.name)) & _TIME_WORDS and _are_epochs(values)
        if in_time:
            note = "a time, as its name says"
            return replace(column, kind=Kind.DATETIME, role=Role.TIME, note=note)
    if values.size < MIN_ROWS:
        return replace(column, basis=Basis.UNDECIDED)
    # Only whole numbers identify rows; others need not be counted.
    distinct = _distinct(values) if are_whole else 0.0
    why = why_numbers_identify(column.name, values.size, distinct, order)
    return _as_id(column, why) if why else column


def _distinct(values: NDArray[np.float64]) -> float:
    """How many different numbers there are, of one at least."""
    ordered = np.sort(values)
    return 1.0 + np.count_nonzero(ordered[1:] != ordered[:-1])


def _are_epochs(numbers: NDArray[np.float64]) -> bool:
    """Whether whole numbers may be seconds since 1970, or milli-, micro- or nanoseconds."""
    seconds = seconds_by_size(numbers)
    return bool(((seconds > _FIRST_EPOCH) & (seconds < _LAST_EPOCH)).mean() >= NEARLY_ALL)


def _mark_text_id(column: Column, categories: Categories) -> Column:
    rows, distinct = int(categories.counts.sum()), len(categories.texts)
    if rows < MIN_ROWS:
        return replace(column, basis=Basis.UNDECIDED)
    why = why_texts_identify(column.name, rows, float(distinct), categories.texts)
    return _as_id(column, why) if why else column


def _as_id(column: Column, why: str) -> Column:
    hashed = ValuePolicy.HASHED if column.kind is Kind.CATEGORICAL else ValuePolicy.RAW
    return replace(column, role=Role.ID, values=hashed, note=why)


def _are_personal_numbers(name: str, array: pa.Array) -> bool:
    """Whether numbers are those of persons, which are names to be hidden."""
    if not is_personal_number(name, math.inf):  # whatever they are, and without reading them
        return False
    numbers = typed_values(array, Column(name, Kind.NUMERIC))
    if not isinstance(numbers, Numbers) or not numbers.values.size:
        return False
    whole = bool((numbers.values == np.floor(numbers.values)).mean() >= NEARLY_ALL)
    return whole and is_personal_number(name, float(np.median(numbers.values)))


def _protect(column: Column, categories: Categories) -> Column:
    if is_personal(column.name, categories.texts):
        return replace(column, values=ValuePolicy.HASHED, note=PERSONAL)
    return column
