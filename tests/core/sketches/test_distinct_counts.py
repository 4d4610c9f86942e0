from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.core.sketches.distinct import DistinctSketch
from driftwatch.core.sketches.fingerprint import hash_numbers
from driftwatch.errors import ProfileFormatError

rows = st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=80), min_size=1, max_size=6)


def sketch_of(values: list[int], k: int = 16) -> DistinctSketch:
    sketch = DistinctSketch(k)
    unique, counts = np.unique(values, return_counts=True)
    sketch.update(hash_numbers(unique.astype(float)), counts)
    return sketch


@given(rows)
def test_kept_values_have_the_counts_of_all_their_rows(parts: list[list[int]]) -> None:
    whole, merged = DistinctSketch(16), DistinctSketch(16)
    for part in parts:
        unique, counts = np.unique(part, return_counts=True)
        whole.update(hash_numbers(unique.astype(float)), counts)
        merged.merge(sketch_of(part))
    every = Counter(value for part in parts for value in part)
    by_hash = {
        int(h): n
        for h, n in zip(
            hash_numbers(np.array(list(every), dtype=float)).tolist(), every.values(), strict=True
        )
    }
    for sketch in (whole, merged):
        assert sketch.counts is not None
        kept = dict(zip(sketch.hashes.tolist(), sketch.counts.tolist(), strict=True))
        assert kept == {h: by_hash[h] for h in sorted(by_hash)[:16]}


@given(rows)
def test_they_survive_their_bytes(parts: list[list[int]]) -> None:
    sketch = sketch_of([value for part in parts for value in part])
    again = DistinctSketch.from_bytes(sketch.to_bytes(), sketch.counts_to_bytes(), k=16)
    assert again.counts is not None
    assert sketch.counts is not None
    assert again.counts.tolist() == sketch.counts.tolist()


def test_without_counts_a_sketch_still_counts_distinct_values_and_infects_what_it_joins() -> None:
    old = DistinctSketch.from_bytes(sketch_of([1, 2, 3]).to_bytes(), k=16)
    assert (old.estimate(), old.counts, old.singletons) == (3, None, None)
    new = sketch_of([4, 5])
    new.merge(old)
    assert (new.estimate(), new.counts, new.unknown_to(old)) == (5, None, None)


@pytest.mark.parametrize("counts", [b"\x01\x00", b"\x00\x00\x01\x00\x01\x00"])
def test_counts_that_cannot_be_are_refused(counts: bytes) -> None:
    with pytest.raises(ProfileFormatError, match="kept counts refused"):
        DistinctSketch.from_bytes(sketch_of([1, 2, 3]).to_bytes(), counts, k=16)


def test_counts_stop_at_their_highest_and_stay_there() -> None:
    sketch = DistinctSketch(16)
    for _ in range(3):
        sketch.update(np.array([9], dtype=np.uint64), np.array([40_000]))
    assert sketch.counts is not None
    assert sketch.counts.tolist() == [65_535]
