"""What a column is does not depend on where its odd, empty or first rows stand."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftwatch import Kind, Profile, Role, ValuePolicy
from driftwatch.profiling.build import profile_data

ROWS = 300_000
"""More than the rows that are looked at first, and than a batch."""


def csv(values: list[Any], folder: Path) -> Path:
    path = folder / "a.csv"
    lines = ("" if value is None else str(value) for value in values)
    path.write_text("v,w\n" + "\n".join(f"{line},1" for line in lines) + "\n")
    return path


def json_lines(values: list[Any], folder: Path) -> Path:
    path = folder / "a.jsonl"
    path.write_text("\n".join(json.dumps({"v": value, "w": 1}) for value in values))
    return path


def parquet_parts(values: list[Any], folder: Path) -> Path:
    for part, start in enumerate(range(0, len(values), 100_000)):
        column = values[start : start + 100_000]
        table = pa.table({"v": pa.array(column) if any(v is not None for v in column) else column})
        pq.write_table(table, folder / f"{part}.parquet")
    return folder


def frame(values: list[Any], _: Path) -> Any:
    return {"v": values}


NUMBERS = np.random.default_rng(1).normal(50, 9, ROWS).round(3).tolist()
WORDS = np.random.default_rng(2).choice(["free", "pro", "team"], ROWS).tolist()


@pytest.mark.parametrize("make", [csv, json_lines, parquet_parts, frame])
def test_a_column_that_begins_empty_is_what_its_values_are(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    values = [None] * 150_000 + NUMBERS[150_000:]
    column = profile_data(make(values, tmp_path))["v"]
    assert column.column.kind is Kind.NUMERIC
    assert (column.missing.null, column.count) == (150_000, 150_000)


@pytest.mark.parametrize("make", [csv, json_lines, frame])
@pytest.mark.parametrize("place", [0, 70_000, ROWS - 1])
def test_one_odd_text_among_numbers_changes_nothing_wherever_it_stands(
    make: Callable[..., Any], place: int, tmp_path: Path
) -> None:
    values: list[Any] = list(NUMBERS)
    values[place] = "unknown"
    column = profile_data(make(values, tmp_path))["v"]
    assert column.column.kind is Kind.NUMERIC
    assert (column.missing.invalid, column.count) == (1, ROWS - 1)


@pytest.mark.parametrize("make", [csv, json_lines, frame])
@pytest.mark.parametrize("share", [0.3, 0.95])
def test_numbers_before_words_are_as_words_before_numbers(
    make: Callable[..., Any], share: float, tmp_path: Path
) -> None:
    numbers = int(share * ROWS)
    both = NUMBERS[:numbers], WORDS[numbers:]
    orders = [list(itertools.chain(*both)), list(itertools.chain(*reversed(both)))]
    first, second = (profile_data(make(values, tmp_path)) for values in orders)
    assert first["v"].column.kind is (Kind.NUMERIC if share > 0.9 else Kind.CATEGORICAL)
    assert first.content_hash == second.content_hash
    assert first["v"].column.kind is second["v"].column.kind


def test_personal_data_that_come_late_are_hashed(tmp_path: Path) -> None:
    values = WORDS[:150_000] + [f"u{i % 50}@example.org" for i in range(150_000)]
    profile = profile_data(csv(values, tmp_path))
    assert profile["v"].column.values is ValuePolicy.HASHED
    assert b"@example" not in profile.to_bytes()


def test_a_declared_kind_stays(tmp_path: Path) -> None:
    from driftwatch import Monitor

    values = [None] * 150_000 + NUMBERS[150_000:]
    monitor = Monitor(csv(values, tmp_path), kinds={"v": "categorical"}, roles={"v": "feature"})
    profile: Profile = monitor.reference.profile
    assert (profile["v"].column.kind, profile["v"].column.role) == (Kind.CATEGORICAL, Role.FEATURE)


@pytest.mark.parametrize("make", [csv, json_lines, frame])
def test_values_in_every_second_row_are_values(make: Callable[..., Any], tmp_path: Path) -> None:
    values = [None if row % 2 == 0 else NUMBERS[row] for row in range(ROWS)]
    column = profile_data(make(values, tmp_path))["v"]
    assert (column.column.kind, column.count) == (Kind.NUMERIC, ROWS // 2)


def test_a_few_values_late_in_a_column_are_values(tmp_path: Path) -> None:
    values = [None] * (ROWS - 3) + [1.5, 2.5, 3.5]
    column = profile_data(csv(values, tmp_path))["v"]
    assert (column.column.kind, column.count) == (Kind.NUMERIC, 3)


def test_a_column_that_begins_like_identifiers_is_a_feature(tmp_path: Path) -> None:
    values = [f"n{row}" for row in range(70_000)] + WORDS[:230_000]
    orders = [values, values[::-1]]
    roles = {profile_data(csv(order, tmp_path))["v"].column.role for order in orders}
    assert roles == {Role.FEATURE}
