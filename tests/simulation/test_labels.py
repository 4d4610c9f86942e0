from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from driftwatch.errors import ConfigError, DataError, UnknownColumnError
from driftwatch.simulation import label_flip

labels = st.lists(st.sampled_from(["a", "b", "c", None]), min_size=2, max_size=60)

LABELLED: dict[str, Any] = {
    "text array": np.array(["a", "b", "c"] * 40),
    "bytes array": np.array([b"a", b"b", b"c"] * 40),
    "integer array": np.array([0, 1, 2] * 40, dtype=np.int8),
    "float array": np.array([0.0, 1.0, 2.0] * 40, dtype=np.float32),
    "boolean array": np.array([True, False] * 60),
    "date array": np.array(["2024-01-01", "2024-01-02"] * 60, dtype="datetime64[ns]"),
    "object array": np.array([1, "b", (2, 3)] * 40 + [None], dtype=object)[:-1],
    "list": ["a", "b", "c"] * 40,
    "pandas text": pd.Series(["a", "b", "c"] * 40, index=range(120, 0, -1), name="y"),
    "pandas category": pd.Series(["a", "b", "c"] * 40, dtype="category"),
    "pandas boolean": pd.Series([True, False] * 60, dtype="boolean"),
    "pandas objects": pd.Series([1, "b", None] * 40, dtype=object),
    "polars text": pl.Series("y", ["a", "b", "c"] * 40),
    "polars enum": pl.Series("y", ["a", "b", "c"] * 40, dtype=pl.Enum(["c", "b", "a"])),
    "polars categorical": pl.Series("y", ["a", "b", "c"] * 40, dtype=pl.Categorical),
    "polars dates": pl.Series("y", [dt.date(2024, 1, 1), dt.date(2024, 1, 2)] * 60),
    "pyarrow text": pa.chunked_array([["a", "b"] * 30, ["b", "c"] * 30]),
    "pyarrow dictionary": pa.chunked_array([pa.array(["a", "b", "c"] * 40).dictionary_encode()]),
}


def dtype_of(data: Any) -> Any:
    return getattr(data, "dtype", None) if not hasattr(data, "type") else data.type


@given(labels, st.floats(0.0, 1.0), st.integers(0, 2**32))
def test_exactly_the_share_flips_to_another_class_that_was_observed(
    y: list[str | None], share: float, seed: int
) -> None:
    present = [v for v in y if v is not None]
    assume(len(set(present)) > 1)
    flipped = label_flip(y, share, seed=seed)
    changed = [(a, b) for a, b in zip(y, flipped, strict=True) if a != b]
    assert len(changed) == round(share * len(present))
    assert all(a is not None and b in set(present) for a, b in changed)


@pytest.mark.parametrize("name", sorted(LABELLED))
def test_labels_of_any_type_keep_it(name: str, values_of: Callable[[Any], list[Any]]) -> None:
    y = LABELLED[name]
    before = values_of(y)
    flipped = label_flip(y, 0.25)
    after = values_of(flipped)
    assert type(flipped) is type(y)
    assert dtype_of(flipped) == dtype_of(y)
    assert values_of(y) == before
    present = [v for v in before if v is not None]
    changed = sum(a != b for a, b in zip(before, after, strict=True))
    assert changed == round(0.25 * len(present))
    assert [v is None for v in before] == [v is None for v in after]
    assert set(after) <= set(before)


def test_the_other_classes_are_equally_likely() -> None:
    y = np.repeat(np.arange(4), 30_000)
    flips = Counter(zip(y.tolist(), label_flip(y, 1.0).tolist(), strict=True))
    assert len(flips) == 12
    assert all(abs(n - 10_000) < 5 * np.sqrt(10_000) for n in flips.values())


def test_every_row_is_equally_likely_to_flip() -> None:
    y = np.array([0, 0, 0, 1])
    flips = np.mean([label_flip(y, 0.5, seed=s) != y for s in range(2000)], axis=0)
    np.testing.assert_allclose(flips, 0.5, atol=5 * 0.5 / np.sqrt(2000))


def test_the_seed_decides() -> None:
    y = np.array(["a", "b"] * 100)
    np.testing.assert_array_equal(label_flip(y, seed=1), label_flip(y, seed=1))
    assert (label_flip(y, seed=1) != label_flip(y, seed=2)).any()
    assert (label_flip(y, seed=None) != label_flip(y, seed=None)).any()
    rng = np.random.default_rng(1)
    np.testing.assert_array_equal(label_flip(y, seed=1), label_flip(y, seed=rng))


def test_the_same_labels_flip_in_every_container(values_of: Callable[[Any], list[Any]]) -> None:
    y = ["b", "a", None, "c"] * 25
    expected = label_flip(y, 0.3)
    for data in (pd.Series(y), pl.Series(y), pa.chunked_array([y]), np.array(y, dtype=object)):
        assert values_of(label_flip(data, 0.3)) == expected


def test_only_the_named_columns_of_a_frame_flip() -> None:
    frame = pd.DataFrame({"x": ["u", "v"] * 20, "y": [0, 1] * 20}, index=range(40, 80))
    flipped = label_flip(frame, 0.5, columns="y")
    assert (flipped["y"] != frame["y"]).sum() == 20
    pd.testing.assert_series_equal(flipped["x"], frame["x"])


def test_a_frame_of_one_column_needs_no_name() -> None:
    assert (label_flip(pl.DataFrame({"y": [0, 1] * 5}), 1.0)["y"] == pl.Series([1, 0] * 5)).all()
    np.testing.assert_array_equal(label_flip(np.array([[0], [1]]), 1.0), [[1], [0]])


def test_a_matrix_of_labels_flips_by_position() -> None:
    y = np.array([[0, 5], [1, 6]])
    np.testing.assert_array_equal(label_flip(y, 1.0, columns=1), [[0, 6], [1, 5]])
    np.testing.assert_array_equal(label_flip(y, 1.0, columns=[0, 1]), [[1, 6], [0, 5]])


@pytest.mark.parametrize("y", [np.array([]), [], np.array([1, 1, 1]), pl.Series([None, None])])
def test_nothing_to_flip_is_no_error(y: Any, values_of: Callable[[Any], list[Any]]) -> None:
    assert values_of(label_flip(y, 0.0)) == values_of(y)
    assert len(label_flip(y, 0.0)) == len(y)


def test_a_share_of_no_label_flips_none() -> None:
    assert label_flip(np.array([1]), 0.1).tolist() == [1]
    assert label_flip([], 1.0) == []


def test_a_single_class_cannot_flip() -> None:
    with pytest.raises(DataError, match="only the class 'a'; flipping labels needs at least two"):
        label_flip(["a", "a", None], 0.5)


def test_labels_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(DataError, match="no labels"):
        label_flip(pl.Series("y", [{"a": 1}, {"a": 2}]), 0.5)


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan"), "half", None, True])
def test_an_intensity_that_is_no_share_is_refused(bad: Any) -> None:
    with pytest.raises(ConfigError, match="intensity"):
        label_flip(np.array([0, 1]), bad)


def test_frames_need_the_name_of_a_column_they_have() -> None:
    frame = pl.DataFrame({"x": [0, 1], "label": [0, 1]})
    with pytest.raises(ConfigError, match="name the label column with columns="):
        label_flip(frame)
    with pytest.raises(UnknownColumnError, match="did you mean 'label'"):
        label_flip(frame, columns="labels")
