"""A sample has rows from everywhere, with the same weight, and never many."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.core.data.batch import Batch
from driftwatch.profiling.row_sample import RowSample


@given(st.lists(st.integers(0, 150_000), max_size=12))
def test_every_nth_row_of_all_batches_is_kept(sizes: list[int]) -> None:
    sample = RowSample()
    start = 0
    for size in sizes:
        sample.add(Batch(size, {"row": pa.array(np.arange(start, start + size))}))
        start += size
    assert sample.seen == start
    if not sizes:
        return
    rows = sample.together().arrays["row"].to_numpy()
    assert rows.size <= 65_536 + len(sizes)
    if start:
        assert rows[0] == 0
        steps = set(np.diff(rows).tolist())
        assert len(steps) <= 1
        assert rows.size >= min(start, 32_768 - len(sizes))
