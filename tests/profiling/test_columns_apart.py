"""Columns that are read one by one are what they are where rows are read together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftwatch import Monitor
from driftwatch.core.data.batch import Batch
from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.profiles.profile import Profile
from driftwatch.errors import DataError
from driftwatch.profiling import build, parquet_columns
from driftwatch.profiling.build import profile_data
from driftwatch.profiling.files import find_files
from driftwatch.profiling.parquet_columns import ParquetColumns

ROWS = 3_000
MakeFiles = list[str]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of some thousand rows are read as those of millions are."""
    monkeypatch.setattr(parquet_columns, "_FEWEST_ROWS", 0)
    monkeypatch.setattr(parquet_columns, "_FEWEST_ROWS_A_FILE", 0)
    monkeypatch.setattr(parquet_columns, "_NUMBERS_AT_ONCE", 700)
    monkeypatch.setattr(parquet_columns, "_TEXTS_AT_ONCE", 1_100)
    monkeypatch.setattr(build, "_INFERENCE_ROWS", 500)


def odd_table(seed: int, rows: int = ROWS) -> pa.Table:
    """Columns of every type, with all that a column may lack."""
    rng = np.random.default_rng(seed)
    some = rng.random(rows)
    odd = np.where(some < 0.1, np.nan, np.where(some < 0.15, np.inf, rng.normal(size=rows)))
    odd[::50], odd[1::50] = -np.inf, -0.0
    holes = some < 0.2
    notes = {
        b"ARROW:extension:name": b"pandas.period",
        b"ARROW:extension:metadata": b'{"freq":"D"}',
    }
    bad = pa.array([b"\xff", b"ok", None] * (rows // 3), pa.binary())
    columns = {
        "double": pa.array(odd, mask=holes),
        "float": pa.array(odd.astype(np.float32)),
        "half": pa.array(rng.normal(size=rows).astype(np.float16)),
        "whole": pa.array(rng.integers(0, 20, rows), mask=holes),
        "beyond": pa.array(rng.integers(2**53, 2**60, rows)),
        "decimal": pa.array([Decimal(int(n)) / 100 for n in rng.integers(0, 999, rows)]),
        "truth": pa.array(some < 0.5),
        "text": pa.array(np.array(["basic", "pro", "tëam"])[rng.integers(0, 3, rows)]),
        "code": pa.array([f"{n:05}" for n in rng.integers(0, 400, rows)]).dictionary_encode(),
        "bytes": bad,
        "time": pa.array([datetime.fromtimestamp(1.7e9 + n, UTC) for n in range(rows)]),
        "list": pa.array([[1, 2], None, []] * (rows // 3)),
        "nothing": pa.nulls(rows),
        "id": pa.array(np.arange(rows) + seed * rows),
        "period": pa.array(rng.integers(19_000, 19_100, rows)),
    }
    table = pa.table(columns)
    place = table.schema.get_field_index("period")
    field = pa.field("period", pa.int64(), metadata=notes)
    return table.set_column(place, field, table["period"])


def one_file(folder: Path) -> MakeFiles:
    pq.write_table(odd_table(1), folder / "a.parquet", row_group_size=800)
    return [str(folder / "a.parquet")]


def files_with_other_columns(folder: Path) -> MakeFiles:
    pq.write_table(odd_table(1), folder / "a.parquet", row_group_size=800)
    more = (
        odd_table(2).drop_columns(["double", "text"]).append_column("new", pa.array([1.5] * ROWS))
    )
    pq.write_table(more, folder / "b.parquet")
    pq.write_table(odd_table(3).slice(0, 0), folder / "c.parquet")
    return [str(folder / name) for name in ("a.parquet", "b.parquet", "c.parquet")]


def folders_that_say_more(folder: Path) -> MakeFiles:
    for year, seed in (("2025", 1), ("2026", 2), ("__HIVE_DEFAULT_PARTITION__", 3)):
        inside = folder / f"year={year}" / "zip=02134"
        inside.mkdir(parents=True)
        pq.write_table(odd_table(seed), inside / "part.parquet")
    return [str(folder)]


LAYOUTS = [one_file, files_with_other_columns, folders_that_say_more]


def facts(profile: Profile) -> dict[str, object]:
    """All of a profile that is exact."""
    columns = {
        name: (
            column.column,
            column.rows,
            column.missing,
            column.fingerprint,
            column.numbers and (column.numbers.count, column.numbers.values.to_bytes()),
            column.categories and column.categories.to_sections(),
        )
        for name, column in profile.columns.items()
    }
    seen = {name: profile.seen.shares(name) for name in profile.seen}
    return {"hash": profile.content_hash, "rows": profile.rows, "seen": seen, **columns}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_reference_is_the_same_either_way(
    layout: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: None
) -> None:
    paths = layout(tmp_path)
    apart = profile_data(paths, reference=True)
    monkeypatch.setattr(build, "_columns_of", lambda _: None)
    together = profile_data(paths, reference=True)
    assert facts(apart) == facts(together)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_so_are_production_and_the_verdicts(
    layout: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: None
) -> None:
    paths = layout(tmp_path)
    monitor = Monitor(reference_data=odd_table(7))
    apart = monitor.check(paths).to_dict()
    monkeypatch.setattr(build, "_columns_of", lambda _: None)
    together = monitor.check(paths).to_dict()
    statuses = [
        {name: found["status"] for name, found in report["per_feature_metrics"].items()}
        for report in (apart, together)
    ]
    assert statuses[0] == statuses[1]
    assert apart["schema_changes"] == together["schema_changes"]


def test_it_is_the_way_of_files_with_many_rows(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": np.arange(300_000.0)}), tmp_path / "many.parquet")
    pq.write_table(pa.table({"a": np.arange(3.0)}), tmp_path / "few.parquet")
    many = ParquetColumns.of(find_files(tmp_path / "many.parquet"))
    assert many is not None
    assert many.rows == 300_000
    assert ParquetColumns.of(find_files(tmp_path / "few.parquet")) is None
    pq.write_table(pa.table({"a": np.arange(300_000.0)}), tmp_path / "many.parquet.gz")
    assert ParquetColumns.of(find_files(tmp_path / "many.parquet.gz")) is None


def test_columns_that_are_something_else_further_on_are_found(tmp_path: Path, small: None) -> None:
    mails = [f"person{n}@example.com" for n in range(ROWS)]
    texts = ["none"] * 2_000 + mails[2_000:]
    pq.write_table(pa.table({"a": texts, "b": np.arange(ROWS) % 7}), tmp_path / "a.parquet")
    profile = profile_data(tmp_path / "a.parquet")
    assert profile["a"].column.values.value == "hashed"


def test_progress_adds_up_to_rows_and_bytes(tmp_path: Path, small: None) -> None:
    paths = files_with_other_columns(tmp_path)
    told: list[tuple[int, int]] = []
    profile_data(paths, progress=lambda rows, size: told.append((rows, size)))
    assert sum(rows for rows, _ in told) == 2 * ROWS
    assert sum(size for _, size in told) == find_files(paths).size_bytes
    assert len(told) > 10
    assert min(min(pair) for pair in told) >= 0


def test_a_damaged_column_is_an_error_that_names_the_file(tmp_path: Path, small: None) -> None:
    path = tmp_path / "a.parquet"
    numbers = np.random.default_rng(1).normal(size=(2, 50_000))
    pq.write_table(pa.table({"a": numbers[0], "b": numbers[1]}), path, compression="zstd")
    body = bytearray(path.read_bytes())
    body[300_000:300_400] = bytes(400)
    path.write_bytes(body)
    with pytest.raises(DataError, match=r"a\.parquet"):
        profile_data(path)
    assert not [t for t in threading.enumerate() if t.name.startswith("driftwatch")]


def test_whoever_stops_it_waits_for_no_file(tmp_path: Path, small: None) -> None:
    paths = one_file(tmp_path)
    calls = []

    def stop(rows: int, size: int) -> None:
        calls.append(rows)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        profile_data(paths, progress=stop)
    assert len(calls) == 1
    assert not [t for t in threading.enumerate() if t.name.startswith("driftwatch")]


def test_only_features_that_are_asked_for_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: None
) -> None:
    read: list[str] = []
    batches = ParquetColumns.batches

    def noted(self: ParquetColumns, name: str) -> Iterator[Batch]:
        read.append(name)
        return batches(self, name)

    monkeypatch.setattr(ParquetColumns, "batches", noted)
    declared = DeclaredColumns.of(features=["whole", "text"])
    profile_data(one_file(tmp_path), declared)
    assert sorted(read) == ["text", "whole"]
