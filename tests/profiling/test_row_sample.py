"""A sample has rows from everywhere, with the same weight, and never many."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.core.data.batch import Batch
from driftwatch.profiling.row_sample import ColumnSample, RowSample


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


@given(st.integers(1, 5_000), st.integers(1, 3_000), st.lists(st.integers(1, 900), max_size=8))
def test_columns_keep_the_same_rows_however_they_are_cut(
    rows: int, columns: int, cuts: list[int]
) -> None:
    numbers = pa.array(np.arange(rows))
    ends = [0, *np.minimum(np.cumsum(cuts, dtype=int), rows).tolist(), rows]
    sample = ColumnSample(rows, columns)
    for name, bounds in (("whole", [0, rows]), ("cut", ends)):
        pieces = (numbers[a:b] for a, b in itertools.pairwise(bounds))
        passed = list(sample.watching(name, (Batch(len(p), {name: p}) for p in pieces)))
        assert sum(batch.rows for batch in passed) == rows
    kept = sample.together()
    assert kept.arrays["whole"].equals(kept.arrays["cut"])
    chosen = kept.arrays["whole"].to_numpy()
    assert (np.diff(chosen) > 0).all()
    assert chosen.size == kept.rows == min(rows, chosen.size)


def test_columns_keep_rows_from_everywhere() -> None:
    sample = ColumnSample(1_000_000, 10)
    batches = [Batch(1_000_000, {"a": pa.array(np.arange(1_000_000))})]
    list(sample.watching("a", batches))
    kept = sample.together().arrays["a"].to_numpy()
    assert 60_000 < kept.size <= 65_536
    assert np.diff(kept).max() <= 2 * 1_000_000 / 65_536 + 1
    even = (kept % 2 == 0).mean()
    assert abs(even - 0.5) < 0.01  # rows that take turns are all there
