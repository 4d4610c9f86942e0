"""Whatever a caller gives to the front door, it works or is one clear error of ours."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from driftwatch import Monitor
from driftwatch.errors import DriftWatchError

REFERENCE: dict[str, Any] = {
    "x": np.random.default_rng(0).normal(size=200),
    "c": ["a", "b"] * 100,
}


class Anything:
    """No argument."""


JUNK: list[Any] = [
    1, 0, -1, 1.5, float("nan"), True, "x", "", "\ud800", "a\x00b", b"x", [], [1], [None], [["x"]],
    [{"x": 1}], {}, {"x": 1}, {"x": None}, {"x": [1]}, {1: "feature"}, {"x": "nonsense"}, {None: 1},
    (), ("x",), Anything(), Anything, object(), np.array([1, 2]), 10**400, {"x"}, len,
]  # fmt: skip
THEIR_OWN = {"self", "reference_data", "clock", "progress", "model"}
"""Functions and models of the caller's may raise what they like."""


@pytest.mark.parametrize("argument", sorted({*inspect.signature(Monitor).parameters} - THEIR_OWN))
def test_an_argument_works_or_is_one_error(argument: str, tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)  # "x" is a path, too
    said = []
    for junk in JUNK:
        try:
            with Monitor(REFERENCE, **{argument: junk}) as monitor:
                monitor.check(REFERENCE)
        except DriftWatchError as error:
            said.append(str(error))
    assert all(text and "\n" not in text for text in said)


INTERVALS = pd.cut(np.arange(200.0), 4)
ODD_DATA: Mapping[str, Any] = {
    "integers beyond 64 bits": pd.DataFrame({"x": np.arange(200.0), "h": [2**70, *range(199)]}),
    "integers of thousands of digits": {"x": np.arange(200.0), "h": [10**5000, *range(199)]},
    "a name that no encoding has": {"x": np.arange(200.0), "\ud800": np.arange(200.0)},
    "a value that no encoding has": {"x": np.arange(200.0), "h": ["\ud800", "a"] * 100},
    "intervals": pd.DataFrame({"x": np.arange(200.0), "h": INTERVALS}),
    "intervals as values": pd.DataFrame(
        {"x": np.arange(200.0), "h": pd.arrays.IntervalArray(INTERVALS)}
    ),
    "calendar intervals": pa.table(
        {
            "x": np.arange(200.0),
            "h": pa.array([pa.scalar((1, 2, 3), pa.month_day_nano_interval())] * 200),
        }
    ),
    "arrays beside texts": {"x": np.arange(200.0), "h": [np.array([1, 2]), "a"] * 100},
    "objects of polars": pl.DataFrame(
        {"x": np.arange(200.0), "h": pl.Series([Anything()] * 200, dtype=pl.Object)}
    ),
    "periods": pd.DataFrame(
        {"x": np.arange(200.0), "h": pd.period_range("2026-01", periods=200, freq="D")}
    ),
    "sparse": pd.DataFrame({"x": np.arange(200.0), "h": pd.arrays.SparseArray([0.0, 1.0] * 100)}),
    "names that are numbers": [{1: float(i), 2: "a"} for i in range(200)],
}


@pytest.mark.parametrize("data", ODD_DATA)
@pytest.mark.parametrize("features", [None, ["x"]])
def test_odd_columns_break_nothing(data: str, features: list[str] | None) -> None:
    odd = ODD_DATA[data]
    if features and isinstance(odd, list):
        features = ["1"]
    monitor = Monitor(odd, features=features)
    assert not monitor.check(odd).drifted_features
    texts = {"x": np.arange(200.0), "h": ["a", "b"] * 100, "1": np.arange(200.0)}
    Monitor(texts, features=features).check(odd)
    monitor.check(texts)


def test_columns_called_by_numbers_are_meant_by_numbers() -> None:
    frame = pd.DataFrame([[1.0, 2.0], [3.0, 4.0]] * 100)
    monitor = Monitor(frame, features=[0], kinds={0: "numeric"})  # type: ignore[list-item,dict-item]
    assert list(monitor.check(frame).feature_drift()) == ["0"]
