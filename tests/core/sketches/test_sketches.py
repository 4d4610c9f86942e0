from __future__ import annotations

from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.core.sketches.chunks import CHUNK
from driftwatch.core.sketches.distinct import DistinctSketch
from driftwatch.core.sketches.fingerprint import Fingerprint, hash_numbers, hash_texts
from driftwatch.core.sketches.frequencies import Frequencies
from driftwatch.core.sketches.grid import Grid, GridCounts
from driftwatch.core.sketches.moments import Moments
from driftwatch.core.sketches.quantiles import QuantileSketch, rank_error
from driftwatch.core.sketches.value_counts import ValueCounts
from driftwatch.errors import MergeError, ProfileFormatError

finite = st.floats(min_value=-1e6, max_value=1e6)
batches = st.lists(st.lists(finite, max_size=30), max_size=6)
words = st.lists(st.text(max_size=12), max_size=40)


def sup_error(sketch: QuantileSketch, ordered: np.ndarray) -> float:
    cdf = sketch.cdf()
    points = np.unique(ordered)
    exact = np.searchsorted(ordered, points, side="right") / ordered.size
    return float(np.abs(cdf.at(points) - exact).max())


def fed(values: np.ndarray, k: int) -> QuantileSketch:
    sketch = QuantileSketch(k)
    for start in range(0, values.size, CHUNK):
        sketch.update_sorted(np.sort(values[start : start + CHUNK]))
    return sketch


@pytest.mark.parametrize("k", [800, 4096])
@pytest.mark.parametrize("n", [5_000, 65_536, 70_001, 300_000])
@pytest.mark.parametrize("shape", ["random", "sorted", "tied"])
def test_quantiles_stay_within_the_stated_error(k: int, n: int, shape: str) -> None:
    rng = np.random.default_rng(n + k)
    values = rng.lognormal(0, 2, n)
    if shape == "sorted":
        values.sort()
    if shape == "tied":
        values = np.round(values)
    sketch = fed(values, k)
    ordered = np.sort(values)
    assert sketch.count == n
    assert (sketch.minimum, sketch.maximum) == (ordered[0], ordered[-1])
    # One in a hundred runs may leave the bound; none leaves it by a quarter.
    assert sup_error(sketch, ordered) <= 1.25 * rank_error(k)


def test_a_small_quantile_sketch_is_exact() -> None:
    values = np.arange(300.0)
    sketch = fed(values, 800)
    assert sketch.is_exact
    assert sketch.rank_error == 0.0
    assert sup_error(sketch, values) == 0.0


def test_merged_quantiles_keep_count_range_and_error() -> None:
    rng = np.random.default_rng(3)
    parts = [rng.normal(i, 1, 20_000) for i in range(8)]
    merged = QuantileSketch(800)
    for part in parts:
        merged.merge(fed(part, 800))
    ordered = np.sort(np.concatenate(parts))
    assert merged.count == ordered.size
    assert (merged.minimum, merged.maximum) == (ordered[0], ordered[-1])
    assert sup_error(merged, ordered) <= 1.25 * rank_error(800)


def test_quantiles_of_another_k_do_not_merge() -> None:
    with pytest.raises(MergeError, match="k=200"):
        QuantileSketch(800).merge(QuantileSketch(200))


@given(batches)
def test_moments_of_parts_equal_numpy_over_the_whole(parts: list[list[float]]) -> None:
    merged = Moments()
    for part in parts:
        piece = Moments()
        piece.update(np.array(part))
        merged.merge(piece)
    whole = np.array([value for part in parts for value in part])
    assert merged.count == whole.size
    if whole.size:
        assert merged.mean == pytest.approx(whole.mean(), rel=1e-9, abs=1e-6)
        assert merged.variance == pytest.approx(whole.var(), rel=1e-9, abs=1e-4)
        assert (merged.minimum, merged.maximum) == (whole.min(), whole.max())
    assert Moments.from_bytes(merged.to_bytes()) == merged


@given(st.lists(finite, max_size=60), st.lists(finite, unique=True, min_size=1, max_size=12))
def test_grid_counts_equal_a_histogram(values: list[float], edges: list[float]) -> None:
    grid = Grid(np.array(sorted(edges)))
    counts = GridCounts(grid)
    counts.update_sorted(np.sort(values))
    cells = np.searchsorted(grid.edges, values, side="left")
    assert counts.counts.tolist() == np.bincount(cells, minlength=grid.size).tolist()
    assert GridCounts.from_bytes(counts.to_bytes()).counts.tolist() == counts.counts.tolist()


@given(st.lists(st.lists(st.integers(0, 9), max_size=20), max_size=5), st.integers(1, 10))
def test_value_counts_merge_in_any_order(parts: list[list[int]], limit: int) -> None:
    def of(part: list[int]) -> ValueCounts:
        counts = ValueCounts(limit)
        counts.update_sorted(np.sort(np.array(part, dtype=float)))
        return counts

    forward, backward = ValueCounts(limit), ValueCounts(limit)
    for part in parts:
        forward.merge(of(part))
    for part in reversed(parts):
        backward.merge(of(part))
    whole = [value for part in parts for value in part]
    assert forward.overflowed == backward.overflowed == (len(set(whole)) > limit)
    if not forward.overflowed:
        values, counts = np.unique(np.array(whole, dtype=float), return_counts=True)
        assert forward.values.tolist() == backward.values.tolist() == values.tolist()
        assert forward.counts.tolist() == backward.counts.tolist() == counts.tolist()


@given(words, st.randoms())
def test_a_fingerprint_ignores_order_and_batches(texts: list[str], random: Random) -> None:
    array = pa.array(texts, pa.large_string())
    whole, parts = Fingerprint(), Fingerprint()
    whole.update(hash_texts(array))
    shuffled = list(range(len(texts)))
    random.shuffle(shuffled)
    for index in shuffled:
        parts.update(hash_texts(array.slice(index, 1)))
    assert whole == parts
    assert Fingerprint.from_bytes(whole.to_bytes()) == whole


@given(st.lists(finite, min_size=1, max_size=30))
def test_a_fingerprint_notices_a_lost_or_repeated_value(values: list[float]) -> None:
    array = np.array(values)
    whole, less, more = Fingerprint(), Fingerprint(), Fingerprint()
    whole.update(hash_numbers(array))
    less.update(hash_numbers(array[1:]))
    more.update(hash_numbers(np.append(array, array[0])))
    assert len({whole.total, less.total, more.total}) == 3 or whole.count != less.count


@given(st.lists(st.text(alphabet="ab\u00e9\U0001f600", max_size=40), unique=True, max_size=40))
def test_different_texts_hash_differently(texts: list[str]) -> None:
    hashes = hash_texts(pa.array(texts, pa.large_string()))
    assert np.unique(hashes).size == len(texts)


@pytest.mark.parametrize("distinct", [10, 1_000, 50_000])
def test_the_number_of_distinct_values_is_near_the_truth(distinct: int) -> None:
    rng = np.random.default_rng(distinct)
    values = rng.integers(0, distinct, 4 * distinct)
    truth = np.unique(values).size
    sketch = DistinctSketch(1024)
    for part in np.array_split(values, 7):
        unique, counts = np.unique(part, return_counts=True)
        sketch.update(hash_numbers(unique.astype(float)), counts)
    assert sketch.estimate() == pytest.approx(truth, rel=5 * max(sketch.relative_error, 1e-12))


def frequencies(counts: dict[str, int], dictionary: list[str] | None = None) -> Frequencies:
    sketch = Frequencies(limit=4, dictionary_size=2, lg=4, dictionary=dictionary)
    sketch.update(counts)
    return sketch


tables = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 9), max_size=8)


@given(st.lists(tables, max_size=5), st.sampled_from([["a", "b"], ["h"], []]))
def test_frequencies_with_a_given_dictionary_merge_in_any_order(
    parts: list[dict[str, int]], dictionary: list[str]
) -> None:
    forward, backward = frequencies({}, dictionary), frequencies({}, dictionary)
    for part in parts:
        forward.merge(frequencies(part, dictionary))
    for part in reversed(parts):
        backward.merge(frequencies(part, dictionary))
    assert forward.counts == backward.counts
    assert forward.other == backward.other


@given(st.lists(tables, max_size=5))
def test_every_count_of_frequencies_is_exact_and_nothing_is_lost(
    parts: list[dict[str, int]],
) -> None:
    merged = frequencies({})
    truth: dict[str, int] = {}
    for part in parts:
        merged.merge(frequencies(part))
        for text, count in part.items():
            truth[text] = truth.get(text, 0) + count
    assert merged.count == sum(truth.values())
    for text, count in merged.counts.items():
        assert truth.get(text, 0) == count
    if len(truth) <= 4:
        assert merged.counts == truth
    again = Frequencies.from_sections(merged.to_sections(), limit=4, dictionary_size=2, lg=4)
    assert (again.counts, again.other, again.is_exact) == (
        merged.counts,
        merged.other,
        merged.is_exact,
    )


def test_heavy_newcomers_are_found_among_the_others() -> None:
    sketch = frequencies(dict.fromkeys("abcde", 10))
    sketch.update({"new": 1000})
    assert sketch.newcomers()[0] == ("new", 1000)


@pytest.mark.parametrize(("field", "value"), [(3, 99), (4, 7), (8, 255), (20, 255), (28, 255)])
def test_a_damaged_kll_is_refused(field: int, value: int) -> None:
    data = bytearray(fed(np.arange(20_000.0), 800).to_bytes())
    data[field] = value
    with pytest.raises(ProfileFormatError):
        QuantileSketch.from_bytes(bytes(data), k=800)
