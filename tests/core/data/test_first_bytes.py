"""What bytes of texts rule out is what Arrow's functions would not find either."""

from __future__ import annotations

import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.core.data.first_bytes import beginnings, may_be_any, may_be_time_or_truth
from driftwatch.core.data.instants import instants_in
from driftwatch.core.data.missing_words import MISSING_WORDS, without_words

TYPES = [pa.string(), pa.large_string()]
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


@given(texts=TEXTS, length=st.integers(1, 6))
def test_beginnings_are_the_first_bytes(texts: list[str | None], length: int) -> None:
    found = beginnings(pa.array(texts, pa.string()), length)

    assert found is not None
    for row, text in zip(found, texts, strict=True):
        if text is not None:
            assert bytes(row) == text.encode()[:length].ljust(length, b"\0")


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_common_categories_are_ruled_out(dtype: pa.DataType) -> None:
    array = pa.array(["free", "team", "pro", "fax", "trial"], dtype)

    assert not may_be_any(array, MISSING_WORDS)
    assert not may_be_time_or_truth(array)


def test_of_texts_in_pieces_nothing_is_ruled_out() -> None:
    array = pa.array(["free", "team"], pa.string_view())

    assert may_be_any(array, MISSING_WORDS)
    assert may_be_time_or_truth(array)
