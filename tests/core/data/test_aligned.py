"""Classes of a column are the same however their values are stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.core.data.aligned import MISSING, OTHER, class_places, class_text

NUMBERS = st.lists(st.none() | st.integers(-5, 12), min_size=1, max_size=40)


def expected(values: list[Any], classes: list[str]) -> list[int]:
    texts = [class_text(value) for value in values]
    return [MISSING if t is None else classes.index(t) if t in classes else OTHER for t in texts]


@given(NUMBERS, st.sampled_from(["int8", "int32", "int64", "float64", "string"]))
def test_places_do_not_depend_on_the_type(values: list[int | None], dtype: str) -> None:
    classes = ["0", "1", "7", "-3"]
    array = pa.array(values, pa.int64()).cast(getattr(pa, dtype)())
    for stored in (array, array.dictionary_encode()):
        got = class_places(stored, classes, len(values))
        assert got.tolist() == expected(values, classes)


@pytest.mark.parametrize(
    "values",
    [
        [2**63, 1, 2**64 - 1],
        [-(2**63), 0, 2**63 - 1],
        [0, 10_000_000, 1],
    ],
)
def test_numbers_far_apart_are_classes_too(values: list[int]) -> None:
    dtype = pa.uint64() if max(values) >= 2**63 else pa.int64()
    got = class_places(pa.array(values, dtype), ["1", "0"], 3)
    assert got.tolist() == expected(values, ["1", "0"])
    assert class_places(pa.array([None, None], pa.int64()), ["1"], 2).tolist() == [MISSING] * 2
    assert class_places(pa.array([], pa.int64()), ["1"], 0).tolist() == []
    assert class_places(None, ["1"], 2).tolist() == [MISSING] * 2
    assert np.issubdtype(class_places(pa.array([True, False]), ["0", "1"], 2).dtype, np.integer)
