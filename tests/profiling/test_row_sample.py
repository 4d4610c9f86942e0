"""A sample has rows from everywhere, with the same weight, and never many."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.core.data.batch import Batch
from driftwatch.profiling.row_sample import RowSample


def sampled(sizes: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    sample = RowSample()
    start = 0
    for size in sizes:
        sample.add(Batch(size, {"row": pa.array(np.arange(start, start + size))}))
        start += size
    assert sample.seen == start
    rows: np.ndarray[tuple[int], np.dtype[np.int64]] = sample.together().arrays["row"].to_numpy()
    return rows


@given(st.lists(st.integers(0, 150_000), min_size=1, max_size=10))
def test_the_rows_are_from_everywhere_and_few(sizes: list[int]) -> None:
    rows = sampled(sizes)
    total = sum(sizes)
    assert rows.size <= 70_000
    assert (np.diff(rows) > 0).all()
    if total <= 65_000:
        assert rows.size == total
    else:
        assert rows.size >= 28_000
        for part in np.array_split(np.arange(total), 8):  # each with the same weight
            expected = part.size * rows.size / total
            inside = ((rows >= part[0]) & (rows <= part[-1])).sum()
            assert abs(inside - expected) < 6 * np.sqrt(expected) + 50


def test_rows_that_take_turns_are_all_there() -> None:
    rows = sampled([262_144, 37_856])
    for period in (2, 3, 4, 8, 16, 64):
        shares = np.bincount(rows % period, minlength=period) / rows.size
        np.testing.assert_allclose(shares, 1 / period, atol=0.02)
