"""Columns of pandas' own types are the same in files, whether or not pandas was imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest

from driftwatch.core.data.pandas_types import with_types_of_notes
from driftwatch.core.data.storage import plain_array, plain_type
from driftwatch.profiling.build import profile_data

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
WEEKDAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
LENGTHS = [
    *("D", "h", "min", "s", "ms", "us", "M", "2D", "3M"),
    *(f"{unit}-{end}" for unit in "QY" for end in MONTHS),
    *(f"W-{end}" for end in WEEKDAYS),
]
READER = """
import sys, orjson
from driftwatch.profiling.build import profile_data
facts = {}
for path in sys.argv[1:]:
    for name, read in profile_data(path).columns.items():
        facts.setdefault(path, {})[name] = [
            read.column.kind, read.column.role, read.missing.null, read.content_hash().hex()
        ]
print(orjson.dumps(["pandas" in sys.modules, facts]).decode())
"""


def in_another_process(*paths: Path) -> Any:
    """What a process reads that has not imported pandas."""
    command = [sys.executable, "-c", READER, *map(str, paths)]
    return orjson.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def test_a_file_is_the_same_where_pandas_was_not_imported(tmp_path: Path) -> None:
    columns: dict[str, Any] = {
        every: pd.period_range("1960-03-05", periods=200, freq=every) for every in LENGTHS
    }
    columns["interval"] = pd.Series(pd.cut(np.arange(200), 5)).astype(object).astype("interval")
    frame = pd.DataFrame(columns)
    frame.loc[7, :] = None
    frame.to_parquet(tmp_path / "a.parquet")
    pyarrow.feather.write_feather(pa.Table.from_pandas(frame), tmp_path / "a.feather")
    expected = {
        name: [profile.column.kind, profile.column.role, 1, profile.content_hash().hex()]
        for name, profile in profile_data(frame).columns.items()
    }
    assert {kind for kind, *_ in expected.values()} == {"datetime", "categorical"}
    imported, facts = in_another_process(tmp_path / "a.parquet", tmp_path / "a.feather")
    assert not imported
    assert set(map(str, facts)) == {str(tmp_path / "a.parquet"), str(tmp_path / "a.feather")}
    for found in facts.values():
        assert found == expected


@pytest.mark.filterwarnings("ignore:Period.*deprecated:FutureWarning")
@pytest.mark.parametrize("every", [*LENGTHS, "B"])
def test_periods_begin_where_pandas_says(every: str) -> None:
    periods = pd.period_range("1960-03-05", periods=100, freq=every)
    array = pa.array(pd.Series(periods))
    assert plain_array(array).type == plain_type(array.type) == pa.timestamp("us")
    starts = periods.to_timestamp().to_numpy("datetime64[us]")
    assert plain_array(array).to_numpy().tolist() == starts.tolist()


@pytest.mark.parametrize(
    "about", [b'{"freq": "C"}', b'{"freq": "Q-XYZ"}', b"{}", b"[]", b"no JSON", b'{"freq": 7}']
)
def test_a_length_that_is_not_known_makes_no_numbers(about: bytes) -> None:
    notes = {b"ARROW:extension:name": b"pandas.period", b"ARROW:extension:metadata": about}
    schema = pa.schema([pa.field("v", pa.int64(), metadata=notes), pa.field("w", pa.int64())])
    batch = pa.record_batch([pa.array([1, None, 3]), pa.array([1, 2, 3])], schema=schema)
    read = with_types_of_notes(batch)
    assert read["w"].equals(batch["w"])
    assert pa.types.is_nested(read["v"].type)
    assert read["v"].null_count == 1


@pytest.mark.parametrize("name", [b"geo.point", b"pandas.interval", b"\xff"])
def test_notes_of_others_and_those_that_cannot_be_change_nothing(name: bytes) -> None:
    schema = pa.schema([pa.field("v", pa.int64(), metadata={b"ARROW:extension:name": name})])
    batch = pa.record_batch([pa.array([1, 2])], schema=schema)
    assert with_types_of_notes(batch)["v"].equals(batch["v"])
