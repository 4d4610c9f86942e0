from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from driftwatch import Column, Kind, Profile, Role, Schema, ValuePolicy
from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.profiling.build import profile_data

RNG = np.random.default_rng(1)


def column_of(values: Any, name: str = "v", **options: Any) -> Column:
    return profile_data({name: values}, DeclaredColumns.of(**options)).schema[name]


@pytest.mark.parametrize(
    ("name", "values", "role"),
    [
        ("n", np.arange(1_000), Role.ID),
        ("n", np.arange(1_000)[::-1], Role.ID),
        ("n", RNG.permutation(1_000), Role.FEATURE),  # unique, but it counts nothing
        ("n", np.arange(50), Role.FEATURE),  # too few rows to say
        ("invoice_no", RNG.integers(0, 200, 1_000), Role.ID),
        ("InvoiceNo", RNG.integers(0, 200, 1_000), Role.ID),
        ("customer id", RNG.integers(0, 200, 1_000), Role.ID),
        ("number", RNG.integers(0, 5, 1_000), Role.FEATURE),  # few values: a count, no identifier
        ("piano", RNG.integers(0, 200, 1_000), Role.FEATURE),  # ends like "no", is none
        ("v", [f"u-{i}" for i in range(1_000)], Role.ID),
        ("v", ["a", "b"] * 500, Role.FEATURE),
        ("label", [0, 1] * 50, Role.LABEL),
        ("y_pred", [0.1, 0.9] * 50, Role.PREDICTION),
        ("Score", [0.1, 0.9] * 50, Role.SCORE),
        ("sample_weight", [1.0, 2.0] * 50, Role.WEIGHT),
        ("when", np.array(["2024-01-01", "2024-01-02"], dtype="datetime64[s]"), Role.TIME),
        ("when", ["2024-01-01", "2024-01-02"] * 50, Role.TIME),
        ("v", [1.5] * 200, Role.FEATURE),
    ],
)
def test_roles_are_recognised(name: str, values: Any, role: Role) -> None:
    column = column_of(values, name)
    assert column.role is role
    assert bool(column.note) == (role is not Role.FEATURE)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("contact", ["ann@example.org", "bob@example.org"]),
        ("contact", ["+49 151 234 5678", "0151-234-5678"]),
        ("v", ["123-45-6789", "987-65-4321"]),
        ("v", ["192.168.0.1", "10.0.0.7"]),
        ("v", ["DE89370400440532013000", "GB29NWBK60161331926819"]),
        ("v", ["4111 1111 1111 1111", "5500-0000-0000-0004"]),
        ("email", ["none", "unknown"]),
        ("first_name", ["Ann", "Bob"]),
        ("firstName", ["Ann", "Bob"]),
        ("user_ip", ["x", "y"]),
        ("v", ["ann@example.org", *"abcdefghijklmno"]),  # one value in sixteen
    ],
)
def test_personal_data_is_hashed(name: str, values: list[str]) -> None:
    column = column_of(values * 60, name)
    assert column.values is ValuePolicy.HASHED
    assert column.note


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("town", ["Bonn", "Köln"]),
        ("version", ["1.2.3", "1.2.4"]),
        ("zip", ["02134", "10115"]),
        ("share", ["10%", "20%"]),
        ("description", ["clip", "trip"]),
    ],
)
def test_what_only_looks_a_little_like_it_is_kept(name: str, values: list[str]) -> None:
    assert column_of(values * 60, name).values is ValuePolicy.RAW


def test_a_declared_role_overrides_the_guess() -> None:
    assert column_of(np.arange(1_000), roles={"v": Role.FEATURE}).role is Role.FEATURE
    assert column_of(["a", "b"] * 60, roles={"v": Role.LABEL}).role is Role.LABEL


def test_a_declared_column_overrides_everything() -> None:
    declared = Schema((Column("v", Kind.CATEGORICAL, values=ValuePolicy.HASHED),))
    column = column_of([1, 2] * 60, schema=declared)
    assert (column.kind, column.values) == (Kind.CATEGORICAL, ValuePolicy.HASHED)


def test_texts_without_types_are_read_as_what_they_are(tmp_path: Any) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "n,x,b,t,zip,c,e\n"
        + "".join(
            f"{i % 7},{i}.5,{i % 2 == 0},2024-01-0{1 + i % 9},0123{i % 9},w{i % 3},\n"
            for i in range(200)
        ),
        "utf-8",
    )
    kinds = {c.name: c.kind for c in profile_data(path).schema}
    assert kinds == {
        "n": Kind.NUMERIC,
        "x": Kind.NUMERIC,
        "b": Kind.BOOLEAN,
        "t": Kind.DATETIME,
        "zip": Kind.CATEGORICAL,  # 01234 is not 1234
        "c": Kind.CATEGORICAL,
        "e": Kind.EMPTY,
    }


def test_inference_sees_only_the_first_rows_and_loses_nothing_later() -> None:
    values = ["1"] * 70_000 + ["word"] * 10
    profile: Profile = profile_data({"v": values})
    assert profile["v"].rows == 70_010
    assert profile["v"].missing.total == 0  # typed source: a text stays a category
