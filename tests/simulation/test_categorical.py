from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from driftwatch.errors import ConfigError, DataError, UnknownColumnError
from driftwatch.simulation import category_shift

PLANS = ["free"] * 60 + ["pro"] * 30 + ["team"] * 10

categories = st.lists(st.sampled_from(["a", "b", "c", "d", None]), min_size=1, max_size=60)

COLUMNS: dict[str, Any] = {
    "text array": np.array(PLANS),
    "object array": np.array([*PLANS, None], dtype=object),
    "list": [*PLANS, None],
    "pandas text": pd.Series([*PLANS, None], index=range(7, 108)),
    "pandas objects": pd.Series([*PLANS, None], dtype=object),
    "pandas category": pd.Series([*PLANS, None], dtype="category"),
    "pandas arrow": pd.Series([*PLANS, None], dtype="string[pyarrow]"),
    "polars text": pl.Series([*PLANS, None]),
    "polars enum": pl.Series([*PLANS, None], dtype=pl.Enum(["team", "free", "pro", "none"])),
    "polars categorical": pl.Series([*PLANS, None], dtype=pl.Categorical),
    "pyarrow text": pa.chunked_array([PLANS, [None]]),
    "pyarrow dictionary": pa.chunked_array([pa.array([*PLANS, None]).dictionary_encode()]),
}


@given(categories, st.floats(0.0, 1.0), st.integers(0, 99))
def test_exactly_the_share_moves_to_the_rarest_category(
    x: list[str | None], share: float, seed: int
) -> None:
    before = Counter(v for v in x if v is not None)
    assume(len(before) > 1)
    moved = category_shift(x, share, seed=seed)
    changed = [(a, b) for a, b in zip(x, moved, strict=True) if a != b]
    rarest = min(before.values())
    assert len(changed) == min(round(share * before.total()), before.total() - rarest)
    assert len({b for _, b in changed}) <= 1
    assert all(a is not None and before[b or ""] == rarest for a, b in changed)


@given(categories, st.floats(0.0, 1.0), st.integers(0, 99))
def test_a_category_gives_rows_only_when_the_more_frequent_ones_are_empty(
    x: list[str | None], share: float, seed: int
) -> None:
    before = Counter(v for v in x if v is not None)
    moved = category_shift(x, share, unseen="new", seed=seed)
    after = Counter(v for v in moved if v is not None)
    assert after["new"] == round(share * before.total())
    for one in before:
        for other in before:
            if before[one] > before[other] and after[other] < before[other]:
                assert after[one] == 0


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_columns_of_every_kind_move_and_keep_their_type(
    name: str, values_of: Callable[[Any], list[Any]]
) -> None:
    column = COLUMNS[name]
    before = values_of(column)
    moved = category_shift(column)
    assert type(moved) is type(column)
    assert getattr(moved, "dtype", None) == getattr(column, "dtype", None)
    assert getattr(moved, "type", None) == getattr(column, "type", None)
    counts = Counter(values_of(moved))
    assert (counts["free"], counts["pro"], counts["team"]) == (30, 30, 40)
    assert values_of(column) == before


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_an_unseen_category_enters_columns_of_every_kind(
    name: str, values_of: Callable[[Any], list[Any]]
) -> None:
    column = COLUMNS[name]
    before = values_of(column)
    moved = category_shift(column, 0.2, unseen="enterprise")
    after = values_of(moved)
    assert type(moved) is type(column)
    assert Counter(after)["enterprise"] == 20
    assert Counter(after)["free"] == 40
    assert [v is None for v in after] == [v is None for v in before]
    assert values_of(column) == before


def test_categorical_types_stay_categorical_with_an_unseen_category() -> None:
    category = category_shift(COLUMNS["pandas category"], unseen="new")
    assert category.cat.categories.tolist() == ["free", "pro", "team", "new"]
    enum = category_shift(COLUMNS["polars enum"], unseen="new")
    assert enum.dtype == pl.Enum(["team", "free", "pro", "none", "new"])
    assert category_shift(COLUMNS["polars categorical"], unseen="new").dtype == pl.Categorical
    small = COLUMNS["pyarrow dictionary"].cast(pa.dictionary(pa.int8(), pa.string()))
    assert category_shift(small, unseen="new").type == small.type
    # "none" is in the type but in no row: it has not been seen.
    known = category_shift(COLUMNS["polars enum"], unseen="none")
    assert known.dtype == COLUMNS["polars enum"].dtype
    assert (known == "none").sum() == 30


def test_fixed_width_text_grows_for_the_unseen_category() -> None:
    moved = category_shift(np.array(["a", "b"]), 0.5, unseen="a long one")
    assert "a long one" in moved.tolist()


def test_a_given_category_is_the_target() -> None:
    assert Counter(category_shift(PLANS, 0.1, to="pro")) == {"free": 50, "pro": 40, "team": 10}
    assert Counter(category_shift(PLANS, 0.1, to="free")) == {"free": 70, "pro": 20, "team": 10}
    assert Counter(category_shift(PLANS, 1.0, to="pro")) == {"pro": 100}


def test_only_text_categories_and_booleans_move_unless_named() -> None:
    frame = pl.DataFrame({"plan": ["a", "a", "b"], "flag": [True, True, False], "n": [1, 1, 2]})
    moved = category_shift(frame, 1.0)
    assert moved.to_dict(as_series=False) == {
        "plan": ["b"] * 3,
        "flag": [False] * 3,
        "n": [1, 1, 2],
    }
    assert category_shift(frame, 1.0, columns="n")["n"].to_list() == [2, 2, 2]
    unseen = category_shift(frame, 1.0, unseen="c")
    assert unseen.to_dict(as_series=False)["plan"] == ["c"] * 3
    assert unseen["flag"].to_list() == [True, True, False]


def test_booleans_can_be_the_target() -> None:
    flags = np.array([True, False, False])
    assert category_shift(flags, 1.0, to=True).tolist() == [True] * 3
    assert category_shift(flags, 1.0, to=False).tolist() == [False] * 3


def test_intensity_zero_and_single_categories_change_nothing() -> None:
    assert category_shift(PLANS, 0.0) == PLANS
    assert category_shift(PLANS, 0.0, unseen="x") == PLANS
    assert category_shift(["a", "a"], 1.0) == ["a", "a"]
    assert category_shift([None, None], 1.0) == [None, None]
    assert category_shift(np.array([], dtype=str), 1.0, unseen="x").size == 0
    assert category_shift(["a"], 1.0, unseen="x") == ["x"]


def test_the_seed_decides() -> None:
    assert category_shift(PLANS, seed=1) == category_shift(PLANS, seed=1)
    assert category_shift(PLANS, seed=1) != category_shift(PLANS, seed=2)
    assert category_shift(PLANS, seed=None) != category_shift(PLANS, seed=None)


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan"), "half"])
def test_an_intensity_that_is_no_share_is_refused(bad: Any) -> None:
    with pytest.raises(ConfigError, match="intensity"):
        category_shift(PLANS, bad)


def test_targets_that_contradict_the_data_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"holds no category 'tema' \(did you mean 'team'"):
        category_shift(PLANS, to="tema")
    with pytest.raises(ConfigError, match="has seen the category 'pro'"):
        category_shift(PLANS, unseen="pro")
    with pytest.raises(ConfigError, match="not both"):
        category_shift(PLANS, to="pro", unseen="new")
    bad: Any = 7
    with pytest.raises(ConfigError, match="unseen must be a text, got 7"):
        category_shift(PLANS, unseen=bad)


def test_data_without_a_categorical_column_is_refused() -> None:
    with pytest.raises(ConfigError, match="needs categorical columns, but 0 is numeric"):
        category_shift(np.arange(3))
    with pytest.raises(ConfigError, match="needs text or category columns, but 'n' is numeric"):
        category_shift(pl.DataFrame({"n": [1]}), columns="n", unseen="x")
    with pytest.raises(UnknownColumnError):
        category_shift(pl.DataFrame({"n": [1]}), columns="m")
    with pytest.raises(DataError, match="no labels"):
        category_shift(pl.DataFrame({"n": [[1], [2]]}), columns="n")
