"""Drift over time: each report is the one of a check of the same rows, however they are cut."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from driftwatch import DriftReport, Monitor, Status
from driftwatch.core.reports.over_time import OverTime
from driftwatch.errors import ConfigError, DataError, UnknownColumnError
from driftwatch.profiling import stretches

NOW = datetime(2026, 7, 1, tzinfo=UTC)
START = pd.Timestamp("2025-12-25 06:00")


def frame(rows: int = 6000, *, seed: int = 1) -> pd.DataFrame:
    """Some months of rows in no order, of which the later half has drifted."""
    rng = np.random.default_rng(seed)
    late = np.arange(rows) >= rows // 2
    data = pd.DataFrame(
        {
            "ts": [START + timedelta(minutes=40 * n) for n in range(rows)],
            "age": (rng.normal(40, 9, rows) + 8 * late).round(),  # few values: counted exactly
            "plan": rng.choice(["basic", "pro"], rows),
            "region": rng.choice(np.array(["north", "south", None]), rows),
        }
    )
    return data.sample(frac=1, random_state=seed).reset_index(drop=True)


REFERENCE = frame(seed=0).iloc[:3000][["age", "plan"]]


def monitor(data: pd.DataFrame = REFERENCE, **arguments: Any) -> Monitor:
    return Monitor(data, clock=lambda: NOW, **arguments)


def weeks(data: pd.DataFrame) -> Any:
    return data.ts.dt.normalize() - pd.to_timedelta(data.ts.dt.day_of_week, unit="D")


CUTS: dict[str, tuple[str | int, Callable[[pd.DataFrame], Any]]] = {
    "7d": ("7d", weeks),
    "week": ("week", weeks),
    "day": ("day", lambda data: data.ts.dt.normalize()),
    "30d": ("30d", lambda data: (data.ts - pd.Timestamp(0)) // pd.Timedelta(days=30)),
    "month": ("month", lambda data: data.ts.dt.to_period("M")),
    "quarter": ("quarter", lambda data: data.ts.dt.to_period("Q")),
    "year": ("year", lambda data: data.ts.dt.year),
    "rows": (700, lambda data: np.arange(len(data)) // 700),
    "rows in words": ("700 rows", lambda data: np.arange(len(data)) // 700),
    "values": ("region", lambda data: data.region.fillna("~missing")),
}


@pytest.mark.parametrize("name", CUTS)
def test_reports_are_those_of_separate_checks(name: str) -> None:
    by, keys = CUTS[name]
    data, watching = frame(), monitor()
    left_out = ["ts", "region"] if name == "values" else ["ts"]
    result = watching.over_time(data, time="ts", by=by)
    groups = [rows.drop(columns=left_out) for _, rows in data.groupby(keys(data), sort=True)]
    assert len(result) == len(groups) > 1
    for report, rows in zip(result.reports, groups, strict=True):
        assert report.to_dict() == watching.check(rows).to_dict()
    assert sum(report.rows_current for report in result.reports) == len(data)
    assert result.is_ordered is (name != "values")


def test_stretches_have_a_name_and_ends() -> None:
    data = frame()
    names = {by: [s.label for s in monitor().over_time(data, time="ts", by=by)]
             for by in ("month", "quarter", "year", "7d", "12h")}  # fmt: skip
    assert names["month"][:2] == ["2025-12", "2026-01"]
    assert names["quarter"][:2] == ["2025-Q4", "2026-Q1"]
    assert names["year"] == ["2025", "2026"]
    assert names["7d"][:2] == ["2025-12-22", "2025-12-29"]
    assert names["12h"][0] == "2025-12-25 00:00"
    first = next(iter(monitor().over_time(data, time="ts", by="month")))
    assert (first.start, first.end) == (
        datetime(2025, 12, 1, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_files_are_read_once_in_batches(form: str, tmp_path: Path) -> None:
    data, path = frame(), tmp_path / f"data.{form}"
    write = data.to_parquet if form == "parquet" else data.to_csv
    write(path, index=False)
    of_files = monitor().over_time(path, time="ts", by="month")
    in_memory = monitor().over_time(data, time="ts", by="month")
    for one, other in zip(of_files.reports, in_memory.reports, strict=True):
        assert one.global_status == other.global_status
        assert one.production_data_hash == other.production_data_hash
        assert [c.column for c in one.schema_changes] == ["region"]
        assert [c.column for c in other.schema_changes] == ["region"]


def test_columns_that_only_say_what_belongs_together_are_no_new_columns() -> None:
    data = frame().drop(columns="region")
    watching = monitor()
    for by in ("month", 1000):
        for report in watching.over_time(data, time="ts", by=by).reports:
            assert not report.schema_changes
            assert "ts" not in report.skipped
    unnamed = watching.over_time(data, by=1000).reports[0]
    assert [change.column for change in unnamed.schema_changes] == ["ts"]


def test_the_time_column_of_the_reference_is_found() -> None:
    known = frame(seed=0)[["ts", "age", "plan"]]
    result = monitor(known).over_time(frame(), by="month")
    assert result.by == "every month of ts"
    assert all(report.current_period.start for report in result.reports)
    with pytest.raises(ConfigError, match="no column of times is known"):
        monitor().over_time(frame(), by="month")


def test_a_feature_that_rows_are_cut_by_is_not_tested() -> None:
    known = frame(seed=0)[["age", "plan"]]
    data = frame()[["age", "plan"]]
    result = monitor(known).over_time(data, by="plan")
    assert [stretch.label for stretch in result] == ["basic", "pro"]
    for stretch in result:
        assert "plan" not in stretch.report
        assert stretch.report.skipped["plan"] == "excluded"
        rows = data[data.plan == stretch.label].drop(columns="plan")
        without = monitor(known.drop(columns="plan")).check(rows)
        assert stretch.report["age"] == without["age"]


def test_rows_without_a_time_are_counted() -> None:
    data = frame()
    data.loc[:99, "ts"] = pd.NaT
    result = monitor().over_time(data, time="ts", by="month")
    assert result.not_used == {"untimed": 100}
    assert sum(report.rows_current for report in result.reports) == len(data) - 100
    assert "100 rows without a time" in str(result)
    nothing = monitor().over_time(data.iloc[:50], time="ts", by="month")
    assert (len(nothing), nothing.status) == (0, Status.INSUFFICIENT_DATA)
    assert "0 stretches" in str(nothing)
    assert "<div" in nothing._repr_html_()
    assert nothing.to_frame(library="pyarrow").num_rows == 0


def test_a_model_computes_what_the_rows_lack() -> None:
    class Model:
        feature_names_in_ = ("age",)

        def predict(self, rows: Any) -> Any:
            return (np.asarray(rows)[:, 0] > 44).astype(int)

    rng = np.random.default_rng(5)
    known, data = (
        part.assign(label=(part.age + rng.normal(0, 3, len(part)) > 44).astype(int))
        for part in (frame(seed=0), frame())
    )
    watching = monitor(known[["age", "plan", "label"]], model=Model(), label="label")
    result = watching.over_time(data.drop(columns="region"), time="ts", by="month")
    month = data.ts.dt.to_period("M")
    for report, (_, rows) in zip(result.reports, data.groupby(month), strict=True):
        expected = watching.check(rows.drop(columns=["ts", "region"])).performance
        assert report.performance is not None
        assert expected is not None
        assert {n: m.to_dict() for n, m in report.performance.items()} == {
            n: m.to_dict() for n, m in expected.items()
        }


def test_its_table_has_the_numbers_of_its_reports() -> None:
    result = monitor().over_time(frame(), time="ts", by="month")
    table = result.to_frame(library="pandas")
    assert len(table) == sum(len(report.features) for report in result.reports)
    for row in table.to_dict("records"):
        feature = result[row["window"]][row["feature"]]
        assert row["status"] == feature.status.value
        assert feature.primary is not None
        assert row["statistic"] == feature.primary.statistic
    assert table.start.dt.tz is not None


def test_a_report_is_found_by_label_and_by_place() -> None:
    result = monitor().over_time(frame(), time="ts", by="month")
    assert result["2026-01"] is result[1] is result.reports[1]
    with pytest.raises(UnknownColumnError, match="did you mean '2026-02'"):
        _ = result["2026-2"]
    with pytest.raises(IndexError):
        _ = result[99]
    read = DriftReport.from_dict(result.to_dict()["stretches"][0]["report"])
    assert read.rows_current == result[0].rows_current


@pytest.mark.parametrize(
    ("by", "says"),
    [
        (
            "wek",
            "no column 'wek' in the data, and it is no length of time such as '7d', nor one",
        ),
        ("70", "no column '70'"),
        (0, "at least one row"),
        (-5, "at least one row"),
        (True, "by must be a length of time"),
        (1.5, "by must be a length of time"),
        (None, "by must be a length of time"),
        ([], "by must be a length of time"),
        (["region", "plan"], "by must be a length of time"),
        ([7], "no column '7'"),
        ("month", "no column 'tz' in the data"),
    ],
)
def test_what_cannot_be_cut_by_is_one_clear_error(by: Any, says: str) -> None:
    with pytest.raises((ConfigError, UnknownColumnError), match=says):
        monitor().over_time(frame(300), time="tz", by=by)


def test_hidden_values_are_not_cut_by() -> None:
    data = pd.DataFrame({"email": [f"u{n % 9}@example.com" for n in range(900)], "x": range(900)})
    with pytest.raises(ConfigError, match="are hidden"):
        monitor(data).over_time(data, by="email")


def test_there_are_not_more_stretches_than_can_be_held(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"every 1 rows makes more than 1,000 stretches"):
        monitor().over_time(frame(1100), by=1)
    with pytest.raises(ConfigError, match="more than 1,000 stretches"):
        monitor().over_time({"n": list(range(1100)), "age": [1.0] * 1100}, by="n")
    assert stretches.MOST_STRETCHES == 1_000


def test_a_profile_has_no_rows_to_cut() -> None:
    with pytest.raises(DataError, match=r"rows|profile"):
        monitor().over_time(monitor().reference.profile, by=10)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([2, 10, 1] * 50, ["1", "2", "10"]),
        ([2.0, None, 1.0] * 50, ["1", "2", "(missing)"]),
        ([True, False, None] * 50, ["false", "true", "(missing)"]),
        (["b", "a", ""] * 50, ["a", "b", "(missing)"]),
        ([1, "1", "x"] * 50, ["1", "x"]),
        (pd.Categorical(["z", "y", None] * 50), ["y", "z", "(missing)"]),
    ],
)
def test_values_of_any_type_name_a_stretch(values: Any, labels: list[str]) -> None:
    data = {"key": values, "age": np.linspace(20, 60, 150)}
    result: OverTime = monitor().over_time(data, by=["key"])
    assert [stretch.label for stretch in result] == labels
    assert sum(report.rows_current for report in result.reports) == 150


def test_lists_are_no_values_to_cut_by() -> None:
    with pytest.raises(ConfigError, match="lists and records"):
        monitor().over_time({"key": [[1], [2]] * 50, "age": [1.0] * 100}, by="key")


def test_times_at_the_ends_of_the_calendar() -> None:
    data = {"ts": ["0001-01-01", "9999-12-31", "2026-01-01"], "age": [1.0, 2.0, 3.0]}
    for by in ("7d", "month", "year", "999999w"):
        result = monitor().over_time(data, time="ts", by=by)
        assert sum(report.rows_current for report in result.reports) == 3
        assert str(result)
        assert result.to_frame(library="pyarrow").num_rows
