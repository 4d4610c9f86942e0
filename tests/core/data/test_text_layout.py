"""Texts are widened and chosen as Arrow does, at no cost for what lies before them."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.core.data.text_layout import chosen_texts, large_texts, parts_of_texts

TYPES = [pa.string(), pa.large_string(), pa.string_view()]
TEXTS = st.lists(st.none() | st.text(max_size=6), max_size=30)


def sliced(texts: list[str | None], dtype: pa.DataType, start: int) -> pa.Array:
    """Texts behind others, as in a part of a longer array."""
    before = ["NA", None][: start % 3] * start
    return pa.array([*before, *texts], dtype).slice(len(before))


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@given(texts=TEXTS, start=st.integers(0, 20), data=st.data())
def test_texts_are_widened_and_chosen_as_arrow_does(
    dtype: pa.DataType, texts: list[str | None], start: int, data: st.DataObject
) -> None:
    array = sliced(texts, dtype, start)
    large = large_texts(array)
    large.validate(full=True)
    assert large.equals(array.cast(pa.large_string()))

    chosen = np.array([text is not None and data.draw(st.booleans()) for text in texts], dtype=bool)
    found = chosen_texts(large, chosen)
    found.validate(full=True)
    assert found.to_pylist() == [text for text, is_in in zip(texts, chosen, strict=True) if is_in]


def test_what_lies_before_the_texts_costs_nothing() -> None:
    texts = pa.array(["a", None, "bc"] * 100_000)[-7:]

    found = large_texts(texts)

    assert found.equals(texts.cast(pa.large_string()))
    assert found.buffers()[1].size <= 8 * (len(texts) + 8)


def test_choosing_texts_takes_little_more_room_than_they_do() -> None:
    texts = pa.array(["x" * 1_000] * 5_000, pa.large_string())
    chosen = np.arange(5_000) % 50 != 0
    tracemalloc.start()
    try:
        found = chosen_texts(texts, chosen)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(found) == 4_900
    assert most < 3 * 5_000_000


@pytest.mark.parametrize("dtype", [pa.string(), pa.large_string(), pa.binary(), pa.large_binary()])
def test_parts_are_of_the_slice(dtype: pa.DataType) -> None:
    array = pa.array(["ab", "c", "", "def"], pa.string()).cast(dtype)[1:]

    parts = parts_of_texts(array)

    assert parts is not None
    ends, data = parts
    assert [bytes(data[a:b]) for a, b in pairwise(ends.tolist())] == [
        b"c",
        b"",
        b"def",
    ]
