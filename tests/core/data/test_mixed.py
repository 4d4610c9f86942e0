"""Values of several types keep what they are, row by row, through every cut of their array."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.core.data.batch import array_of
from driftwatch.core.data.mixed import children_of, is_mixed, joined, mixed_array
from driftwatch.core.data.schema import Column, Kind
from driftwatch.core.data.values import Categories, Numbers, typed_values

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**6), 10**6), st.floats(allow_nan=False, width=32),
    st.text(st.characters(codec="utf-8"), max_size=5), st.binary(max_size=3),
    st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2100, 1, 1)),  # noqa: DTZ001
    st.dates(dt.date(1970, 1, 1), dt.date(2100, 1, 1)), st.times(),
    st.lists(st.integers(), max_size=2),
)  # fmt: skip
KINDS = st.sampled_from([Kind.NUMERIC, Kind.CATEGORICAL, Kind.BOOLEAN, Kind.DATETIME])


def counted(array: pa.Array, kind: Kind) -> tuple[Any, ...]:
    """What is read of an array, whatever the order."""
    values = typed_values(array, Column("", kind))
    missing = values.missing.to_tuple()
    if isinstance(values, Numbers):
        return sorted(values.values.tolist()), missing
    assert isinstance(values, Categories)
    texts = dict(zip(values.texts.to_pylist(), values.counts.tolist(), strict=True))
    return texts, missing


def together(parts: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    missing = tuple(map(sum, zip(*(part[1] for part in parts), strict=True)))
    if isinstance(parts[0][0], list):
        return sorted(value for part in parts for value in part[0]), missing
    texts: dict[str, int] = {}
    for part in parts:
        for text, count in part[0].items():
            texts[text] = texts.get(text, 0) + count
    return texts, missing


@given(st.lists(VALUES, min_size=1), KINDS, st.randoms())
def test_a_column_is_read_as_its_values_are_one_by_one(
    values: list[Any], kind: Kind, random: Any
) -> None:
    alone = together([counted(array_of([value], "v"), kind) for value in values])
    assert counted(array_of(values, "v"), kind) == alone
    random.shuffle(values)
    assert counted(array_of(values, "v"), kind) == alone


@given(st.lists(VALUES, min_size=1), st.data())
def test_cutting_taking_and_joining_keep_the_values(values: list[Any], data: Any) -> None:
    array = mixed_array(values)
    whole = array.to_pylist()
    start = data.draw(st.integers(0, len(values)))
    cut = array.slice(start)
    assert cut.to_pylist() == whole[start:]
    chosen = data.draw(st.lists(st.integers(0, len(values) - 1)))
    assert array.take(pa.array(chosen, pa.int64())).to_pylist() == [whole[row] for row in chosen]
    if is_mixed(cut.type):
        rows = np.concatenate([np.empty(0, int), *(rows for rows, _ in children_of(cut))])
        assert sorted(rows.tolist()) == list(range(len(cut)))
        for places, child in children_of(cut):
            assert child.to_pylist() == [whole[start + place] for place in places.tolist()]


def encoded(texts: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(range(len(texts)), pa.int8()), pa.array(texts))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pa.array(pd.Series(pd.cut(range(6), 3))), pa.array(pd.Series(pd.cut(range(20), 3)))),
        (encoded([f"a{n}" for n in range(100)]), encoded([f"b{n}" for n in range(100)])),
    ],
)
def test_dictionaries_that_differ_are_joined_with_all_their_rows(
    first: pa.Array, second: pa.Array
) -> None:
    values = (counted(array, Kind.CATEGORICAL) for array in (first, second))
    both = joined([first, pa.nulls(2), second])
    texts, missing = together(list(values))
    assert counted(both, Kind.CATEGORICAL) == (texts, (2, *missing[1:]))
    mixed = joined([first, pa.array(["z"]), second])
    assert counted(mixed, Kind.CATEGORICAL) == (texts | {"z": 1}, missing)
