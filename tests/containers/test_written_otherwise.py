"""The same values written otherwise: truth values, times and numbers; the same names, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from driftwatch import Kind, Monitor, Role, ValuePolicy
from driftwatch.profiling.build import profile_data, profile_like

RNG = np.random.default_rng(7)
TRUTHS = RNG.uniform(size=400) < 0.3
WRITTEN: dict[str, list[Any]] = {
    "booleans": TRUTHS.tolist(),
    "whole numbers": TRUTHS.astype(int).tolist(),
    "numbers": TRUTHS.astype(float).tolist(),
    "words": [str(value).lower() for value in TRUTHS],
    "Words": [str(value) for value in TRUTHS],
}


def as_csv(values: list[Any], folder: Path) -> Path:
    path = folder / f"{len(list(folder.iterdir()))}.csv"
    path.write_text("v,w\n" + "".join(f"{value},1\n" for value in values))
    return path


@pytest.mark.parametrize("production", WRITTEN)
@pytest.mark.parametrize("reference", WRITTEN)
@pytest.mark.parametrize("files", [False, True])
def test_truth_values_are_read_alike(
    reference: str, production: str, files: bool, tmp_path: Path
) -> None:
    before, after = WRITTEN[reference], WRITTEN[production]
    if files:
        monitor = Monitor(as_csv(before, tmp_path), roles={"v": "feature"})
        report = monitor.check(as_csv(after, tmp_path))
    else:
        report = Monitor({"v": before}).check({"v": after})
    assert report.drifted_features == []
    (found,) = [feature for feature in report.features if feature.name == "v"]
    assert found.missing_current == 0.0
    assert report.schema_changes == ()


EPOCHS = 1_767_225_600 + np.cumsum(RNG.integers(1, 500, 400))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("ts", EPOCHS.tolist()),
        ("created_at", (EPOCHS * 1_000).tolist()),
        ("eventTime", [str(at) for at in EPOCHS]),
        ("when", np.datetime_as_string(EPOCHS.astype("datetime64[s]")).tolist()),
        ("day", [f"{day}.{month}.2026" for day in range(1, 29) for month in range(1, 13)]),
        ("day", [f"2026/{month}/{day}" for day in range(1, 29) for month in range(1, 13)]),
        ("month", [f"{year}-{month:02}" for year in range(1990, 2026) for month in range(1, 13)]),
    ],
)
def test_times_are_known_as_times(name: str, values: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{name},w\n" + "".join(f"{value},1\n" for value in values))
    column = profile_data(path)[name]
    assert (column.column.kind, column.column.role) == (Kind.DATETIME, Role.TIME)
    assert column.count == len(values)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([f"{m}/{d}/2026" for d in range(1, 29) for m in range(1, 13)], "day or month first"),
        ([f"{n:,}.5" for n in range(1_000, 9_000, 20)], "such as '$1,234.5'"),
        ([f"${n}" for n in range(400)], "such as '$1,234.5'"),
        ([f"{n / 10} %" for n in range(400)], "such as '12 %'"),
        ([f"{n} kg" for n in range(400)], "such as '12 %'"),
        ([f"{n % 28 + 1}-Jan-{2_000 + n % 25}" for n in range(400)], "dates with words"),
        ([f"Jan {n % 28 + 1}, {2_000 + n % 25}" for n in range(400)], "dates with words"),
        ([f"Sun, {n % 28 + 1} Jan {2_000 + n % 25} 10:00 GMT" for n in range(400)], "with words"),
        ([f"2026-01-{n % 28 + 1:02} {n % 12}:30 PM" for n in range(400)], "times with words"),
        ([f"2026-01-{n % 28 + 1:02} {n % 12}:30 Europe/Rome" for n in range(400)], "with words"),
        ([f"{n},5" for n in range(400)], "numbers in texts: store them as numbers"),
    ],
)
@pytest.mark.parametrize("files", [False, True])
def test_what_is_not_read_says_so_and_is_not_tested(
    values: list[str], why: str, files: bool, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("v,w\n" + "".join(f'"{value}",1\n' for value in values))
    data: Any = path if files else {"v": values, "w": [1] * len(values)}
    report = Monitor(data).check(data)
    assert why in report.skipped["v"]


@pytest.mark.parametrize(
    "values", [[f"{n / 4}" for n in range(400)], [f"-{n}e-3" for n in range(400)]]
)
def test_numbers_in_texts_are_no_identifiers(values: list[str]) -> None:
    column = profile_data(pd.DataFrame({"v": values}))["v"].column
    assert column.role is Role.ID
    assert column.note.startswith("numbers in texts: store them as numbers")
    codes = pd.DataFrame({"v": [f"{n % 80}.01" for n in range(800)]})
    assert profile_data(codes)["v"].column.role is Role.FEATURE


@pytest.mark.parametrize(
    ("before", "after"), [("Age", "age"), (" c", "c"), ("net-worth", "NetWorth")]
)
def test_a_column_that_is_called_a_little_otherwise(before: str, after: str) -> None:
    report = Monitor({before: [1.0, 2.0] * 100}).check({after: [1.0, 2.0] * 100})
    assert [str(change) for change in report.schema_changes] == [
        f"column {before!r} is gone (held numbers); {after!r} is new, and looks like the same",
        f"column {after!r} is new (holds numbers); {before!r} is gone, and looks like the same",
    ]


@pytest.mark.parametrize("values", [[f"{n}{seat}" for n in range(1, 40) for seat in "ABCDEF"]])
def test_seats_are_no_numbers_with_units(values: list[str]) -> None:
    column = profile_data({"seat": values * 10})["seat"]
    assert column.column.role is Role.FEATURE


@pytest.mark.parametrize(
    ("name", "values", "odd", "role"),
    [
        ("ts", EPOCHS.tolist(), 0, Role.TIME),
        ("order_id", list(range(5_000, 5_400)), 0.5, Role.ID),
        ("row", list(range(400)), -1, Role.ID),
    ],
)
def test_one_odd_number_changes_no_role(
    name: str, values: list[Any], odd: float, role: Role
) -> None:
    for place in (0, 200, 399):
        mixed = list(values)
        mixed[place] = odd
        assert profile_data({name: mixed})[name].column.role is role


DAYS = (np.datetime64("2025-01-01") + np.arange(400)).astype(str)


@pytest.mark.parametrize("files", [False, True])
@pytest.mark.parametrize(
    "numbers",
    [
        [int(day.replace("-", "")) for day in DAYS],
        [int(day.replace("-", "")) * 1_000_000 + 180_000 for day in DAYS],
        [202_500 + n % 12 + 1 + n // 200 * 100 for n in range(400)],
    ],
)
def test_dates_written_as_numbers_are_said_to_be_that(
    numbers: list[int], files: bool, tmp_path: Path
) -> None:
    column = profile_data(as_csv(numbers, tmp_path) if files else {"v": numbers})["v"].column
    assert column.role is Role.ID
    assert "dates written as numbers" in column.note


def test_numbers_as_long_as_dates_are_numbers() -> None:
    prices = RNG.integers(19_000_000, 21_000_000, 400).tolist()
    assert profile_data({"v": prices})["v"].column.role is Role.FEATURE
    codes = [202_601, 202_602] * 200  # too few to be a history
    assert profile_data({"v": codes})["v"].column.role is Role.FEATURE


@pytest.mark.parametrize("days", [DAYS.tolist(), [f"{d[8:]}.{d[5:7]}.{d[:4]}" for d in DAYS]])
def test_dates_that_are_declared_categories_are_no_telephone_numbers(days: list[str]) -> None:
    monitor = Monitor({"v": days}, kinds={"v": "categorical"}, roles={"v": "feature"})
    assert monitor.reference.schema["v"].values is ValuePolicy.RAW
    calls = [f"+49 {n} 5550{n}" for n in range(200, 400)]
    hidden = Monitor({"v": [*calls, *days[:100]]}, roles={"v": "feature"}).reference.schema["v"]
    assert hidden.values is ValuePolicy.HASHED


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("make", [pd.cut, pd.qcut])
def test_intervals_are_categories(make: Any, right: bool, tmp_path: Path) -> None:
    numbers = [*RNG.normal(size=400), np.nan]
    how = {"right": right} if make is pd.cut else {}
    bins = pd.Series(make(numbers, 5, **how))
    frame = pd.DataFrame({"v": bins, "w": bins.astype(object).astype("interval")})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.assign(v=frame["w"]).to_parquet(tmp_path / "a.parquet")
    monitor = Monitor(frame)
    for data in (frame, tmp_path / "a.csv", tmp_path / "a.parquet"):
        report = monitor.check(data)
        assert report.drifted_features == []
        assert report.schema_changes == ()
        assert {f.kind for f in report.features} == {"categorical"}
        assert {f.missing_current for f in report.features} == {1 / 401}
    categories = monitor.reference.profile["v"].categories
    assert categories is not None
    assert categories.frequencies is not None
    assert set(categories.frequencies.counts) == {str(interval) for interval in bins.cat.categories}


@pytest.mark.parametrize("every", ["D", "M", "Q", "Y", "h", "W"])
def test_periods_are_times(every: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"v": pd.period_range("1990-01-01", periods=200, freq=every)})
    frame.loc[7, "v"] = pd.NaT
    frame.to_parquet(tmp_path / "a.parquet")
    for data in (frame, tmp_path / "a.parquet"):
        column = profile_data(data)["v"]
        assert column.column.role is Role.TIME
        assert column.missing.null == 1
        assert column.numbers is not None
        first = (pd.Timestamp("1990-01-01") - pd.Timestamp(0)).total_seconds()
        assert abs(column.numbers.moments.minimum - first) <= 7 * 86_400


def test_durations_and_times_of_day_are_seconds_in_texts_too(tmp_path: Path) -> None:
    seconds = RNG.integers(-99_999, 300_000, 400) / 4
    spans = pd.Series(pd.to_timedelta(seconds, unit="s"))
    clock = (pd.Timestamp(0) + pd.to_timedelta(seconds % 86_400, unit="s")).time
    frame = pd.DataFrame({"span": spans, "clock": clock})
    monitor = Monitor(frame)
    frame.to_csv(tmp_path / "pandas.csv", index=False)
    iso = pl.from_pandas(frame).with_columns(pl.col("span").dt.to_string("iso"))
    iso.write_csv(tmp_path / "polars.csv")
    texts = {"span": [str(span.to_pytimedelta()) for span in spans], "clock": clock}
    for data in (frame, tmp_path / "pandas.csv", tmp_path / "polars.csv", texts):
        report = monitor.check(data)
        assert report.drifted_features == [] or data is texts  # which have another type
        assert [f.missing_current for f in report.features] == [0.0, 0.0]
        found = profile_like(monitor.reference, data)
        for name in frame:
            column = found[str(name)].numbers
            assert column is not None
            before = monitor.reference.profile[str(name)].numbers
            assert before is not None
            assert column.moments.mean == pytest.approx(before.moments.mean, rel=1e-9)
    assert profile_data(tmp_path / "pandas.csv")["span"].column.kind is Kind.NUMERIC


@pytest.mark.parametrize("text", ["P", "PT", "1:2:3", "12:30", "1 days", "P1Y", "1:00:00 pm"])
def test_what_is_no_duration(text: str) -> None:
    found = profile_like(Monitor({"v": RNG.normal(size=300).tolist()}).reference, {"v": [text]})
    assert found["v"].missing.invalid == 1
