"""What bytes of texts rule out is what Arrow's functions would not find either."""

from __future__ import annotations

import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.core.data.instants import instants_in
from driftwatch.core.data.missing_words import MISSING_WORDS, without_words
from driftwatch.core.data.numpy_values import taken
from driftwatch.core.data.text_bytes import (
    beginnings,
    chosen_texts,
    large_texts,
    may_be_any,
    may_be_time_or_truth,
)

TYPES = [pa.string(), pa.large_string(), pa.string_view()]
BLANKS = [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()]
PIECES = st.sampled_from(
    [*MISSING_WORDS, *BLANKS, "true", "False", "free", "2026-01-31", "1e5", "ä"]
)
TEXTS = st.lists(st.none() | st.lists(PIECES, max_size=3).map("".join) | st.text(max_size=6))


def sliced(texts: list[str | None], dtype: pa.DataType, start: int) -> pa.Array:
    """Texts behind others, as in a part of a longer array."""
    return pa.array([*["NA"] * start, *texts], dtype)[start:]


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@given(texts=TEXTS, start=st.integers(0, 9))
def test_what_is_ruled_out_is_none_of_the_words(
    dtype: pa.DataType, texts: list[str | None], start: int
) -> None:
    array = sliced(texts, dtype, start)
    bare = pc.utf8_trim_whitespace(array.cast(pa.large_string()))
    expected = [text is not None and text in MISSING_WORDS for text in bare.to_pylist()]

    if not may_be_any(array, MISSING_WORDS):
        assert not any(expected)
    nulls = [a is None or b for a, b in zip(texts, expected, strict=True)]
    assert [text is None for text in without_words(array, MISSING_WORDS).to_pylist()] == nulls


@pytest.mark.parametrize("blank", BLANKS, ids=ascii)
def test_blanks_around_a_word_do_not_hide_it(blank: str) -> None:
    array = pa.array([f"{blank}NA{blank}"])
    arrow = pc.utf8_trim_whitespace(array).to_pylist() == ["NA"]

    assert without_words(array, ("NA",)).null_count == int(arrow)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@given(texts=TEXTS, start=st.integers(0, 9))
def test_what_is_ruled_out_is_no_time_and_no_truth(
    dtype: pa.DataType, texts: list[str | None], start: int
) -> None:
    array = sliced(texts, dtype, start)
    if may_be_time_or_truth(array):
        return
    assert np.isnan(instants_in(array)).all()
    bare = [text.strip().lower() for text in texts if text is not None]
    assert not {"true", "false"} & set(bare)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@given(texts=TEXTS, start=st.integers(0, 9), data=st.data())
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


@given(texts=TEXTS, length=st.integers(1, 6))
def test_beginnings_are_the_first_bytes(texts: list[str | None], length: int) -> None:
    found = beginnings(pa.array(texts, pa.string()), length)

    assert found is not None
    for row, text in zip(found, texts, strict=True):
        if text is not None:
            assert bytes(row) == text.encode()[:length].ljust(length, b"\0")


@pytest.mark.parametrize(
    "array",
    [
        pa.array([1.0, 2.0, 3.0, 4.0])[1:],
        pa.array([1, 2, 3, 4], pa.int16())[1:],
        pa.array([1.0, None, 3.0]),
        pa.array(["a", "b", "a", "c"]).dictionary_encode()[1:],
        pa.array(["a", None, "a"]).dictionary_encode(),
        pa.array([True, False, True]),
        pa.array(["x", "y", "z"]),
    ],
    ids=lambda array: f"{array.type}, {array.null_count} nulls",
)
def test_rows_are_taken_as_arrow_takes_them(array: pa.Array) -> None:
    rows = np.array([0, 2], dtype=np.intp)

    found = taken(array, rows)

    found.validate(full=True)
    assert found.type == array.type
    assert found.to_pylist() == array.take(pa.array(rows)).to_pylist()
