"""Values of one type become the array that Arrow makes of them, which looks at each."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.core.data.batch import array_of
from driftwatch.core.data.one_type import array_of_one_type

VALUES: dict[type, st.SearchStrategy[Any]] = {
    float: st.floats(),
    int: st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-3, 3),
    bool: st.booleans(),
    str: st.text(st.characters(exclude_categories=["Cs"])) | st.text("ab\0"),
}


@pytest.mark.parametrize("kind", VALUES)
@given(data=st.data())
def test_values_of_one_type_are_as_arrow_reads_them(kind: type, data: st.DataObject) -> None:
    values = data.draw(st.lists(VALUES[kind], min_size=1, max_size=40))
    expected = pa.array(values, from_pandas=True)
    array = array_of(values, "column")
    array.validate(full=True)
    assert array.type == expected.type
    assert array.equals(expected)
    own = array_of_one_type(values, kind)
    assert (own is None) <= (kind is str)
    assert own is None or own.equals(expected)


def test_what_only_arrow_can_make_is_left_to_it() -> None:
    for values in ([1 << 63], ["ä"], ["\ud800"], [], [None], [[1]]):
        assert array_of_one_type(values, type(values[0]) if values else float) is None
    assert array_of([1 << 63], "column").to_pylist() == [1 << 63]


def test_more_values_than_are_packed_in_one_call_are_read_too() -> None:
    values = [0.5] * 100_000
    assert array_of_one_type(values, float) is None
    assert len(array_of(values, "column")) == len(values)
