from __future__ import annotations

import datetime as dt
import decimal
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch import Kind, Monitor, Profile, Role, Status
from driftwatch.core.profiles.codec import decode, encode
from driftwatch.errors import DataError, MergeError, ProfileFormatError, UnknownColumnError
from driftwatch.profiling.build import profile_data, profile_like

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
records = st.lists(
    st.fixed_dictionaries(
        {
            "x": st.none() | st.floats(allow_nan=True, allow_infinity=True, width=32),
            "c": st.none() | st.sampled_from(["a", "b", "\u00e9", ""]),
        }
    ),
    min_size=1,
    max_size=40,
)


def table(rows: list[dict[str, Any]]) -> pa.Table:
    schema = pa.schema({"x": pa.float64(), "c": pa.string()})
    return pa.Table.from_pylist(rows, schema=schema)


@given(records, st.integers(0, 40))
@settings(deadline=None)
def test_merging_two_parts_equals_one_pass(rows: list[dict[str, Any]], cut: int) -> None:
    whole = profile_data(table(rows))
    left, right = profile_data(table(rows[:cut])), profile_data(table(rows[cut:]))
    for merged, other in ((left, right), (right, left)):
        copy = Profile.from_bytes(merged.to_bytes())
        copy.merge(other)
        assert copy.rows == whole.rows
        assert copy.content_hash == whole.content_hash
        assert copy["x"].missing == whole["x"].missing


@given(records)
@settings(deadline=None)
def test_bytes_round_trip(rows: list[dict[str, Any]]) -> None:
    profile = profile_data(table(rows))
    data = profile.to_bytes()
    assert Profile.from_bytes(data).to_bytes() == data


def test_the_content_hash_does_not_depend_on_container_order_or_format(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {"n": rng.integers(0, 50, 500), "x": rng.normal(size=500), "c": rng.choice(list("ab"), 500)}
    )
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True, double_precision=15)
    exact = frame.sample(frac=1, random_state=1)
    hashes = {
        profile_data(data).content_hash
        for data in (frame, exact, pl.from_pandas(frame), pa.Table.from_pandas(frame),
                     str(tmp_path / "a.parquet"), str(tmp_path / "a.csv"))
    }  # fmt: skip
    assert len(hashes) == 1
    assert (
        profile_data(str(tmp_path / "a.jsonl"))["c"].fingerprint
        == profile_data(frame)["c"].fingerprint
    )


def test_every_odd_column_has_a_defined_answer() -> None:
    n = 200
    data = {
        "bool": [True, False] * 100,
        "big": [2**60 + i for i in range(n)],
        "decimal": [decimal.Decimal(i) / 7 for i in range(n)],
        "date": [dt.date(2024, 1, 1)] * n,
        "stamp": [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)] * n,
        "clock": [dt.time(1, 2, 3)] * n,
        "mixed": [1, "two"] * 100,
        "nested": [[1, 2]] * n,
        "null": [None] * n,
        "constant": [7.0] * n,
        "text": ["\u00fcml\u00e4ut"] * n,
        "weird": np.array([np.nan, np.inf, -np.inf, 1.0] * 50),
    }
    profile = profile_data(data)
    kinds = {column.name: column.kind for column in profile.schema}
    assert kinds["bool"] is Kind.BOOLEAN
    assert kinds["big"] is kinds["decimal"] is kinds["clock"] is Kind.NUMERIC
    assert kinds["date"] is kinds["stamp"] is Kind.DATETIME
    assert kinds["mixed"] is Kind.CATEGORICAL
    assert kinds["nested"] is Kind.UNSUPPORTED
    assert kinds["null"] is Kind.EMPTY
    missing = profile["weird"].missing
    assert (missing.nan, missing.positive_infinity, missing.negative_infinity) == (50, 50, 50)
    report = Monitor(data).check(data)
    assert not report.has_drift()
    assert "not supported" in report.skipped["nested"]


def test_integers_beyond_doubles_are_told_apart_by_the_hash() -> None:
    one, two = ({"big": [2**60 + i, 5]} for i in (0, 1))
    assert profile_data(one).content_hash != profile_data(two).content_hash


def test_many_categories_stay_bounded_and_replaced_ones_are_drift() -> None:
    rng = np.random.default_rng(0)
    before = {"c": [f"a{i}" for i in rng.zipf(1.3, 100_000) % 40_000]}
    after = {"c": [f"b{i}" for i in rng.zipf(1.3, 100_000) % 40_000]}
    monitor = Monitor(before, features=["c"])
    assert len(monitor.reference.profile.to_bytes()) < 400_000
    assert monitor.check(after).global_status is Status.CRITICAL
    assert monitor.check(before).global_status is Status.OK


def test_identifiers_times_labels_and_personal_data_are_recognised() -> None:
    n = 500
    data = {
        "invoice_no": [f"I{i:06d}" for i in range(n)],
        "row": list(range(n)),
        "at": [dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=i) for i in range(n)],
        "label": [0, 1] * (n // 2),
        "email": [f"user{i % 40}@example.org" for i in range(n)],
    }
    profile = profile_data(data)
    roles = {column.name: column.role for column in profile.schema}
    assert roles["invoice_no"] is roles["row"] is Role.ID
    assert roles["at"] is Role.TIME
    assert roles["label"] is Role.LABEL
    assert profile["email"].column.values == "hashed"
    assert b"example.org" not in profile.to_bytes()
    assert b"I000001" not in profile.to_bytes()


def test_profiles_of_different_precision_do_not_merge() -> None:
    coarse, fine = profile_data({"x": [1.0]}), profile_data({"x": [1.0]}, reference=True)
    with pytest.raises(MergeError, match="different k"):
        coarse.merge(fine)


def test_an_unknown_feature_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(UnknownColumnError, match="did you mean 'income'"):
        Monitor({"income": [1.0]}, features=["incme"])


def test_unusable_data_is_one_clear_error() -> None:
    with pytest.raises(DataError, match="data frame"):
        Monitor(object())
    with pytest.raises(DataError, match="equal lengths"):
        Monitor({"a": [1], "b": [1, 2]})


def test_schema_changes_are_drift_in_their_own_right() -> None:
    before = {"a": [1.0, 2.0] * 500, "b": [1, 2] * 500}
    report = Monitor(before).check({"a": ["x", "y"] * 500, "c": [1] * 1000})
    changes = {change.column: (change.change, change.status) for change in report.schema_changes}
    assert changes == {
        "a": ("type_changed", Status.CRITICAL),
        "b": ("missing_column", Status.CRITICAL),
        "c": ("new_column", Status.WARNING),
    }
    assert report.global_status is Status.CRITICAL


def test_missing_values_are_drift_in_their_own_right() -> None:
    rng = np.random.default_rng(0)
    before = rng.normal(size=5000)
    after = np.where(rng.random(5000) < 0.5, np.nan, rng.normal(size=5000))
    report = Monitor({"x": before}).check({"x": after})
    assert report.global_status is Status.CRITICAL
    assert report.features[0].primary_test == "missing"


def test_an_all_null_side_is_insufficient_data_beside_the_missing_rate() -> None:
    report = Monitor({"x": [1.0, 2.0] * 50}).check({"x": pa.array([None] * 100, pa.float64())})
    assert report.features[0].status is Status.CRITICAL
    empty = Monitor({"x": [1.0, 2.0] * 50}).check({"x": pa.array([], pa.float64())})
    assert empty.global_status is Status.INSUFFICIENT_DATA


def test_production_counts_on_the_grid_of_the_reference_are_exact() -> None:
    rng = np.random.default_rng(2)
    monitor = Monitor({"x": rng.normal(size=20_000)})
    values = rng.normal(0.1, 1, 30_000)
    profile = profile_like(monitor.reference, {"x": values})
    numbers = profile["x"].numbers
    assert numbers is not None
    assert numbers.grid is not None
    cells = np.searchsorted(numbers.grid.grid.edges, values, side="left")
    assert (
        numbers.grid.counts.tolist()
        == np.bincount(cells, minlength=numbers.grid.grid.size).tolist()
    )


@pytest.mark.parametrize("cut", [0, 3, 10, 40, -1])
def test_bytes_cut_short_are_refused(cut: int) -> None:
    data = profile_data({"x": [1.0, 2.0], "c": ["a", "b"]}).to_bytes()
    with pytest.raises(ProfileFormatError):
        Profile.from_bytes(data[:cut])


def test_a_section_that_contradicts_another_is_refused() -> None:
    profile = profile_data({"x": np.arange(5000.0)})
    header, sections = decode(profile.to_bytes())
    other = profile_data({"x": np.arange(4000.0)})
    sections["0/kll"] = decode(other.to_bytes())[1]["0/kll"]
    with pytest.raises(ProfileFormatError, match="disagree"):
        Profile.from_bytes(encode(header, sections))


def test_golden_profiles_of_every_released_format_load() -> None:
    files = sorted(GOLDEN.glob("*.dwp"))
    assert files
    for path in files:
        data = path.read_bytes()
        assert Profile.from_bytes(data).to_bytes() == data
        expected = path.with_suffix(".sha256").read_text().strip()
        assert hashlib.sha256(data).hexdigest() == expected
