"""Reports as data frames: the numbers of the JSON, whatever library holds them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from driftwatch import DriftReport, Monitor, Profile
from driftwatch.core.data import frames
from driftwatch.core.data.frames import LIBRARIES, Library, as_frame
from driftwatch.errors import ConfigError, MissingDependencyError, UnknownColumnError

RNG = np.random.default_rng(3)
REFERENCE: Mapping[str, Any] = {
    "age": RNG.normal(40, 9, 3000),
    "plan": RNG.choice(["basic", "pro"], 3000),
    "fee": [None, 1.5, 2.5] * 1000,
    "when": np.datetime64("2026-01-01T00:00:00") + np.arange(3000),
}
ROWS: dict[Library, Callable[[Any], list[dict[str, Any]]]] = {
    "pandas": lambda frame: frame.to_dict("records"),
    "polars": lambda frame: frame.to_dicts(),
    "pyarrow": lambda frame: frame.to_pylist(),
}
TYPES: dict[str, type] = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.Table}


@pytest.fixture(scope="module")
def report() -> DriftReport:
    moved = {**REFERENCE, "age": RNG.normal(50, 9, 3000), "plan": ["pro"] * 3000}
    return Monitor(REFERENCE).check(moved)


def same(one: Any, other: Any) -> bool:
    return bool(one == other or (pd.isna(one) and other is None))


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_row_a_feature_with_the_numbers_of_the_json(
    report: DriftReport, library: Library
) -> None:
    frame = report.to_frame(library=library)
    assert type(frame) is TYPES[library]
    rows = ROWS[library](frame)
    json = report.to_dict()["per_feature_metrics"]
    assert [row["feature"] for row in rows] == list(json)
    for row in rows:
        expected = json[row["feature"]]
        result = expected["tests"][expected["primary_test"]]
        assert row["status"] == expected["status"]
        assert same(row["statistic"], result["statistic"])
        assert same(row["threshold_critical"], result["threshold"]["critical"])
        assert same(row["p_effect_warning"], result["p_effect"]["warning"])
        assert same(row["missing_production"], expected["missing"]["production"])
        assert same(row["mean_production"], expected["moments"]["production"]["mean"]
                    if expected["moments"]["production"] else None)  # fmt: skip


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_row_a_test(report: DriftReport, library: Library) -> None:
    rows = ROWS[library](report.to_frame(tests=True, library=library))
    json = report.to_dict()["per_feature_metrics"]
    assert len(rows) == sum(len(feature["tests"]) for feature in json.values())
    for row in rows:
        expected = json[row["feature"]]["tests"][row["test"]]
        assert row["gates"] == expected["gates"]
        assert same(row["p_value"], expected["p_value"])
        low, high = expected["interval"] or (None, None)
        assert same(row["interval_low"], low)
        assert same(row["interval_high"], high)


def test_a_report_of_no_feature_has_the_columns() -> None:
    empty = Monitor({"id": [f"u-{n}" for n in range(500)]}).check({"id": ["u-1"] * 9})
    assert not empty.features
    assert empty.to_frame(library="pyarrow").num_rows == 0
    assert (
        empty.to_frame(library="polars").columns
        == Monitor(REFERENCE).check(REFERENCE).to_frame(library="polars").columns
    )
    assert bool(empty)


def test_the_first_library_that_is_installed_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pa.table({"a": [1]})
    for gone, expected in (((), pd.DataFrame), (("pandas",), pl.DataFrame),
                           (("pandas", "polars"), pa.Table)):  # fmt: skip
        monkeypatch.setattr(frames, "_is_installed", lambda name, gone=gone: name not in gone)
        assert type(as_frame(table)) is expected
    with pytest.raises(MissingDependencyError, match="pip install polars"):
        as_frame(table, "polars")
    with pytest.raises(ConfigError, match="library must be one of pandas, polars, pyarrow"):
        as_frame(table, "dask")  # type: ignore[arg-type]


@pytest.mark.parametrize("library", LIBRARIES)
def test_no_other_library_is_imported(library: str) -> None:
    code = (
        "import pyarrow; pyarrow.array([]);"  # it looks for pandas itself, once
        "import sys; from driftwatch import Monitor; m = Monitor({'x': [1.5, 2.5] * 99});"
        "sys.modules.update(dict.fromkeys({'pandas', 'polars'} - {sys.argv[1]}));"
        "print(type(m.check({'x': [1.5] * 99}).to_frame(library=sys.argv[1])).__module__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, library], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(library)


def test_names_that_no_encoding_has() -> None:
    data = {"\ud800": RNG.normal(size=300), "x": RNG.normal(size=300)}
    frame = Monitor(data).check(data).to_frame(library="polars")
    assert set(frame["feature"]) == {"?", "x"}


def test_a_feature_by_its_name(report: DriftReport) -> None:
    assert report["age"] is report.feature_drift()["age"]
    assert list(report) == list(report.feature_drift())
    assert "age" in report
    assert "nothing" not in report
    with pytest.raises(UnknownColumnError, match="did you mean 'age'"):
        _ = report["aeg"]
    with pytest.raises(KeyError, match="not tested: time"):
        _ = report["when"]


def test_what_is_printed_is_short() -> None:
    long = {f"{'x' * 300}{n}": RNG.normal(size=200) for n in range(40)}
    monitor = Monitor(long, name="m" * 200)
    report = monitor.check({name: values + 9 for name, values in long.items()})
    result = monitor.over_time(long, by=50)
    for shown in (monitor, report, report.features[0], monitor.reference.profile, result):
        assert 10 < len(repr(shown)) < 400
        assert repr(shown).startswith("<")
        assert repr(shown).endswith(">")
        assert shown._repr_html_().startswith("<div")


@pytest.mark.parametrize("kind", [Monitor, Profile])
def test_what_is_half_made_can_be_printed(kind: type) -> None:
    """Tracebacks and debuggers show the locals of a constructor that fails."""
    assert repr(object.__new__(kind)) == f"<{kind.__name__}, not made yet>"


def test_a_profile_says_what_is_in_it() -> None:
    profile = Monitor(REFERENCE).reference.profile
    rows = {row["column"]: row for row in profile.describe(library="pyarrow").to_pylist()}
    assert list(rows) == list(REFERENCE)
    ages = REFERENCE["age"]
    assert rows["age"]["min"] == ages.min()
    assert rows["age"]["mean"] == pytest.approx(ages.mean())
    assert rows["age"]["std"] == pytest.approx(ages.std(), rel=1e-3)
    assert abs((ages <= rows["age"]["median"]).mean() - 0.5) < 0.005  # the sketch's own bound
    assert rows["fee"]["missing"] == pytest.approx(1 / 3)
    assert rows["fee"]["distinct"] == 2
    names, counts = np.unique(REFERENCE["plan"], return_counts=True)
    assert rows["plan"]["top"] == names[counts.argmax()]
    assert rows["plan"]["top_share"] == pytest.approx(counts.max() / 3000)
    assert rows["when"]["first"] == pd.Timestamp("2026-01-01", tz="UTC")
    assert rows["when"]["mean"] is None


def test_a_description_shows_no_hidden_value() -> None:
    mails = {"email": [f"user{n % 40}@example.com" for n in range(2000)]}
    profile = Monitor(mails).reference.profile
    (row,) = profile.describe(library="pyarrow").to_pylist()
    assert row["top"] is None
    assert "example.com" not in profile._repr_html_()
