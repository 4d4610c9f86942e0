"""The index of a frame of pandas is what it is in a parquet file of the frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from driftwatch import Monitor
from driftwatch.profiling.build import profile_data

RNG = np.random.default_rng(4)
VALUES = RNG.normal(size=400)
FRAMES = {
    "plain": pd.DataFrame({"x": VALUES}),
    "cut": pd.DataFrame({"x": VALUES}).iloc[100:],
    "shuffled": pd.DataFrame({"x": VALUES}).sample(frac=1, random_state=1),
    "named": pd.DataFrame(
        {"x": VALUES}, index=pd.Index([f"u{n % 7}" for n in range(400)], name="u")
    ),
    "times": pd.DataFrame(
        {"x": VALUES}, index=pd.date_range("2026-01-01", periods=400, freq="h", name="ts")
    ),
    "two": pd.DataFrame(
        {"x": VALUES}, index=pd.MultiIndex.from_arrays([np.arange(400) % 5, ["a", "b"] * 200])
    ),
    "name of a column": pd.DataFrame({"x": VALUES}, index=pd.Index(range(1, 401), name="x")),
}


@pytest.mark.parametrize("name", [name for name in FRAMES if name != "name of a column"])
def test_a_frame_is_its_parquet_file(name: str, tmp_path: Path) -> None:
    FRAMES[name].to_parquet(tmp_path / "a.parquet")
    frame, file = profile_data(FRAMES[name]), profile_data(tmp_path / "a.parquet")
    assert set(frame.columns) == set(file.columns)
    assert frame.content_hash == file.content_hash
    report = Monitor(tmp_path / "a.parquet").check(FRAMES[name])
    assert report.schema_changes == ()
    assert report.drifted_features == []


def test_an_index_without_a_name_says_nothing_about_the_rows(tmp_path: Path) -> None:
    FRAMES["shuffled"].to_parquet(tmp_path / "a.parquet")
    table = pa.Table.from_pandas(FRAMES["shuffled"])
    hashes = {
        profile_data(data).content_hash
        for data in (FRAMES["plain"], FRAMES["shuffled"], tmp_path / "a.parquet", table)
    }
    assert len(hashes) == 1


def test_an_index_that_is_called_like_a_column_is_left_out() -> None:
    assert list(profile_data(FRAMES["name of a column"]).columns) == ["x"]
