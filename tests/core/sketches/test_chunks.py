"""Sorted pieces hold every finite number once, and every other is counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from driftwatch.core.sketches import chunks
from driftwatch.core.sketches.chunks import NotFinite, sorted_chunks
from driftwatch.core.sketches.fingerprint import Fingerprint, hash_numbers
from driftwatch.core.sketches.moments import Moments

floats = st.sampled_from([np.float16, np.float32, np.float64])


@given(floats.flatmap(lambda dtype: npst.arrays(dtype, st.integers(0, 60))), st.integers(1, 20))
def test_nothing_is_lost_and_nothing_is_twice(values: np.ndarray, size: int) -> None:
    before = values.copy()
    aside = NotFinite()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "CHUNK", size)
        pieces = list(sorted_chunks(values, aside))
    np.testing.assert_array_equal(values, before)
    assert aside.nan == np.isnan(values).sum()
    assert aside.positive_infinity == np.isposinf(values).sum()
    assert aside.negative_infinity == np.isneginf(values).sum()
    for piece in pieces:
        assert piece.dtype == np.float64
        assert 0 < piece.size <= size
        assert np.isfinite(piece).all()
        assert (np.diff(piece) >= 0).all()
        assert not np.signbit(piece[piece == 0]).any()
    together = np.sort(np.concatenate([np.empty(0), *pieces]))
    np.testing.assert_array_equal(together, np.sort(values[np.isfinite(values)].astype(float)))


@given(
    npst.arrays(np.float64, st.integers(0, 100), elements=st.floats(allow_nan=False) | st.just(7.0))
)
def test_the_hash_of_numbers_is_the_sum_of_their_hashes(values: np.ndarray) -> None:
    values = values + 0.0
    at_once, one_by_one = Fingerprint(), Fingerprint()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("driftwatch.core.sketches.fingerprint._BLOCK", 16)
        at_once.update_numbers(values)
    one_by_one.update(hash_numbers(values))
    assert at_once == one_by_one


@given(npst.arrays(np.float64, st.integers(0, 50), elements=st.floats(-1e300, 1e300)))
def test_moments_of_sorted_numbers_are_those_of_any(values: np.ndarray) -> None:
    values = np.sort(values)
    known, found = Moments(), Moments()
    known.update_sorted(values)
    found.update(values)
    assert known.to_bytes() == found.to_bytes()
