"""Merging adds rows up: whatever the order, the grouping, and what either side lacks."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch import Column, Kind, Profile, Role, Schema, SketchConfig, ValuePolicy
from driftwatch.core.batch import Batch, batches_of
from driftwatch.core.panes import MOST_PANES, PaneCounts
from driftwatch.core.privacy import ValueGuard
from driftwatch.core.profile import Frame
from driftwatch.core.reference import Reference
from driftwatch.core.sketches.grid import Grid
from driftwatch.core.sketches.quantiles import rank_error
from driftwatch.errors import MergeError
from driftwatch.profiling import profile_data, profile_like

# So small that a few rows overflow every sketch.
SMALL = SketchConfig(
    k=8,
    reference_k=16,
    cells=10,
    exact_values=4,
    dictionary=2,
    exact_categories=3,
    frequent_lg=3,
    distinct_k=16,
)
SCHEMA = Schema(
    (
        Column("x", Kind.NUMERIC),
        Column("n", Kind.NUMERIC),
        Column("b", Kind.BOOLEAN),
        Column("c", Kind.CATEGORICAL),
        Column("h", Kind.CATEGORICAL, values=ValuePolicy.HASHED),
        Column("z", Kind.CATEGORICAL, values=ValuePolicy.NONE),
        Column("i", Kind.CATEGORICAL, Role.ID, ValuePolicy.HASHED),
        Column("t", Kind.DATETIME, Role.TIME),
    )
)
TYPES = pa.schema(
    {
        "x": pa.float64(),
        "n": pa.int64(),
        "b": pa.bool_(),
        "c": pa.string(),
        "h": pa.string(),
        "z": pa.string(),
        "i": pa.string(),
        "t": pa.timestamp("us", "UTC"),
    }
)
FRAMES = {
    "none": Frame(),
    "one": Frame({"x": Grid(np.array([-1.0, 0.0, 1.0]))}, {"c": ("a", "b")}),
    "other": Frame({"x": Grid(np.array([0.5]))}, {"c": ("b", "d")}),
}

Row = dict[str, Any]
words = st.none() | st.sampled_from([*"abcdefg", "\u00e9", ""])
row = st.fixed_dictionaries(
    {
        "x": st.none() | st.floats(-1e6, 1e6) | st.sampled_from([np.nan, np.inf, -np.inf, -0.0]),
        "n": st.none() | st.integers(-9, 9) | st.integers(2**53, 2**62),
        "b": st.none() | st.booleans(),
        "c": words,
        "h": words,
        "z": words,
        "i": words,
        "t": st.none() | st.integers(-(10**15), 10**15),
    }
)
rows = st.lists(row, max_size=25)
frames = st.sampled_from(sorted(FRAMES))
sides = st.lists(st.tuples(rows, frames), min_size=3, max_size=3)


def profile_of(data: Sequence[Row], frame: str = "none", *, batch: int = 1000) -> Profile:
    profile = Profile(SCHEMA, config=SMALL, frame=FRAMES[frame])
    table = pa.Table.from_pylist(list(data), schema=TYPES)
    for part in batches_of(table, rows=batch):
        profile.update(part)
    return profile


def merged(*profiles: Profile) -> Profile:
    """All of them added up from left to right; none of them changes."""
    total = copy_of(profiles[0])
    for profile in profiles[1:]:
        total.merge(profile)
    return total


def copy_of(profile: Profile) -> Profile:
    found = Profile.from_bytes(profile.to_bytes(), guard=profile.guard)
    # Reading back is a law of its own; what it was given to count stays with the profile.
    assert exact(found) == exact(profile)
    return found


def exact(profile: Profile) -> dict[str, Any]:
    """Everything that merging promises to keep exactly, whatever the order."""
    found: dict[str, Any] = {
        "rows": profile.rows,
        "hash": profile.content_hash,
        "period": profile.period,
        "config": (profile.config, profile.k, profile.guard.key_id),
    }
    for name, column in profile.columns.items():
        found[name] = [column.rows, column.count, column.missing, column.fingerprint]
        if (numbers := column.numbers) is not None:
            grid = numbers.grid
            found[name] += [
                numbers.count,
                numbers.quantiles.count,
                (numbers.moments.minimum, numbers.moments.maximum),
                numbers.values.overflowed,
                (numbers.values.values.tolist(), numbers.values.counts.tolist()),
            ]
            if numbers.count:  # nothing counted on a grid is nothing counted
                found[name].append(None if grid is None else (grid.grid.id, grid.counts.tolist()))
        if (categories := column.categories) is not None:
            found[name].append(categories.distinct.hashes.tolist())
            if (counted := categories.frequencies) is not None:
                found[name] += [counted.count, counted.is_exact, counted.singletons]
                found[name].append(dict(counted.counts) if counted.is_exact else None)
    return found


def assert_same_sums(one: Profile, other: Profile) -> None:
    for name, column in one.columns.items():
        if column.numbers is None:
            continue
        twin = other.columns[name].numbers
        assert twin is not None
        mine, theirs = column.numbers.moments, twin.moments
        scale = mine.count * max(abs(mine.minimum), abs(mine.maximum), 1.0) if mine.count else 0.0
        assert mine.total == pytest.approx(theirs.total, rel=1e-9, abs=1e-12 * scale)
        assert mine.m2 == pytest.approx(theirs.m2, rel=1e-9, abs=1e-9 * scale**2)


@given(sides)
@settings(deadline=None)
def test_merging_is_commutative(parts: list[tuple[list[Row], str]]) -> None:
    a, b = (profile_of(*part) for part in parts[:2])
    assert exact(merged(a, b)) == exact(merged(b, a))
    assert_same_sums(merged(a, b), merged(b, a))


@given(sides)
@settings(deadline=None)
def test_merging_is_associative(parts: list[tuple[list[Row], str]]) -> None:
    a, b, c = (profile_of(*part) for part in parts)
    assert exact(merged(merged(a, b), c)) == exact(merged(a, merged(b, c)))
    assert_same_sums(merged(merged(a, b), c), merged(a, merged(b, c)))


@given(rows, frames, frames)
@settings(deadline=None)
def test_a_profile_of_no_rows_changes_nothing(
    data: list[Row], frame: str, empty_frame: str
) -> None:
    profile, empty = profile_of(data, frame), profile_of([], empty_frame)
    before = exact(profile)
    assert exact(merged(profile, empty)) == exact(merged(empty, profile)) == before
    stored = profile.to_bytes()
    profile.merge(empty)
    assert profile.to_bytes() == stored


@given(rows, st.integers(1, 9), frames)
@settings(deadline=None)
def test_batches_parts_and_one_pass_agree(data: list[Row], size: int, frame: str) -> None:
    whole = profile_of(data, frame)
    batches = profile_of(data, frame, batch=size)
    parts = [profile_of(data[at : at + size], frame) for at in range(0, len(data), size)]
    total = merged(profile_of([], frame), *parts)
    assert exact(whole) == exact(batches) == exact(total)
    assert_same_sums(whole, batches)
    assert_same_sums(whole, total)


@given(rows, st.randoms(use_true_random=False), st.integers(1, 9))
@settings(deadline=None)
def test_the_order_of_rows_does_not_matter(data: list[Row], random: Random, size: int) -> None:
    shuffled = list(data)
    random.shuffle(shuffled)
    one, other = profile_of(data), profile_of(shuffled, batch=size)
    assert exact(one) == exact(other)
    assert one.content_hash == other.content_hash


@given(rows, rows)
@settings(deadline=None)
def test_unequal_rows_have_unequal_hashes(one: list[Row], other: list[Row]) -> None:
    def multiset(data: list[Row], name: str) -> Counter[str]:
        # Adding zero makes one of the two zeros; any NaN is like any other.
        values = (row[name] for row in data)
        return Counter(repr(v + 0.0 if isinstance(v, float) else v) for v in values)

    same = all(multiset(one, name) == multiset(other, name) for name in TYPES.names)
    assert (profile_of(one).content_hash == profile_of(other).content_hash) is same


@given(sides)
@settings(deadline=None)
def test_merging_leaves_the_other_side_as_it_was(parts: list[tuple[list[Row], str]]) -> None:
    a, b = (profile_of(*part) for part in parts[:2])
    before = b.to_bytes()
    a.merge(b)
    a.update(next(batches_of(pa.Table.from_pylist(parts[2][0], schema=TYPES))))
    assert b.to_bytes() == before


@given(st.lists(st.tuples(rows, frames), min_size=1, max_size=4))
@settings(deadline=None)
def test_totals_are_those_of_the_rows(parts: list[tuple[list[Row], str]]) -> None:
    total = merged(*(profile_of(*part) for part in parts))
    data = [row for part, _ in parts for row in part]
    values = [row["x"] for row in data if row["x"] is not None]
    finite = np.array([value for value in values if np.isfinite(value)])
    column = total["x"]
    assert total.rows == column.rows == len(data)
    assert column.missing.to_tuple() == (
        len(data) - len(values),
        sum(value != value for value in values),  # noqa: PLR0124 - NaN
        values.count(np.inf),
        values.count(-np.inf),
        0,
    )
    assert column.numbers is not None
    moments = column.numbers.moments
    assert moments.count == finite.size
    if finite.size:
        assert (moments.minimum, moments.maximum) == (finite.min(), finite.max())
        assert moments.total == pytest.approx(finite.sum(), rel=1e-9, abs=1e-6)
        assert moments.variance == pytest.approx(finite.var(), rel=1e-9, abs=1e-3)


@given(st.lists(st.tuples(rows, frames), min_size=1, max_size=4))
@settings(deadline=None)
def test_every_counted_category_is_counted_exactly_under_any_dictionaries(
    parts: list[tuple[list[Row], str]],
) -> None:
    categories = merged(*(profile_of(*part) for part in parts))["c"].categories
    assert categories is not None
    assert categories.frequencies is not None
    truth = Counter(row["c"] for part, _ in parts for row in part if row["c"] is not None)
    found = categories.frequencies
    assert found.counts == {text: truth[text] for text in found.counts}
    assert found.other == truth.total() - sum(found.counts.values())
    assert found.is_exact is (len(truth) <= SMALL.exact_categories)
    assert found.singletons == (
        sum(count == 1 for count in truth.values()) if found.is_exact else None
    )
    assert categories.distinct.estimate() == len(truth)


@given(st.lists(rows, min_size=1, max_size=4), st.sampled_from(["one", "other"]))
@settings(deadline=None)
def test_a_shared_dictionary_survives_any_merge(parts: list[list[Row]], frame: str) -> None:
    categories = merged(*(profile_of(part, frame) for part in parts))["c"].categories
    assert categories is not None
    assert categories.frequencies is not None
    if not categories.frequencies.is_exact:
        assert set(categories.frequencies.counts) == set(FRAMES[frame].dictionaries["c"])


@given(st.lists(st.tuples(rows, frames), min_size=1, max_size=4))
@settings(deadline=None)
def test_a_grid_survives_exactly_where_all_values_were_counted_on_it(
    parts: list[tuple[list[Row], str]],
) -> None:
    total = merged(*(profile_of(*part) for part in parts))["x"].numbers
    assert total is not None
    values = [
        [row["x"] for row in part if row["x"] is not None and np.isfinite(row["x"])]
        for part, _ in parts
    ]
    used = {frame for (_, frame), part in zip(parts, values, strict=True) if part}
    if not used:
        assert total.count == 0
    elif len(used) > 1 or used == {"none"}:
        assert total.grid is None
    else:
        grid = FRAMES[used.pop()].grids["x"]
        cells = np.searchsorted(grid.edges, [value for part in values for value in part])
        assert total.grid is not None
        assert total.grid.grid == grid
        assert total.grid.counts.tolist() == np.bincount(cells, minlength=grid.size).tolist()


@given(rows, frames)
@settings(deadline=None)
def test_a_profile_read_back_answers_every_question_alike(data: list[Row], frame: str) -> None:
    profile = profile_of(data, frame)
    stored = profile.to_bytes()
    assert profile.to_bytes() == stored
    found = Profile.from_bytes(stored)
    assert exact(found) == exact(profile)
    assert (found.schema, found.seen) == (profile.schema, profile.seen)
    for name, column in profile.columns.items():
        twin = found.columns[name]
        if column.numbers is not None and twin.numbers is not None:
            assert twin.numbers.moments == column.numbers.moments
            assert twin.numbers.quantiles.to_bytes() == column.numbers.quantiles.to_bytes()
            assert (twin.numbers.grid is None) is (column.numbers.grid is None)
        if column.categories is not None and twin.categories is not None:
            mine, theirs = column.categories.frequencies, twin.categories.frequencies
            if mine is None or theirs is None:
                assert mine is theirs is None
                continue
            assert (theirs.counts, theirs.other) == (mine.counts, mine.other)
            assert sorted(theirs.newcomers()) == sorted(mine.newcomers())


@given(rows, rows)
@settings(deadline=None)
def test_a_column_that_one_side_lacks_is_missing_in_its_rows(
    full: list[Row], poor: list[Row]
) -> None:
    def without_x() -> Profile:
        profile = Profile(SCHEMA.select(["n", "c"]), config=SMALL)
        for batch in batches_of(pa.Table.from_pylist(poor, schema=TYPES).select(["n", "c"])):
            profile.update(batch)
        return profile

    nulls = pa.Table.from_pylist([{"n": row["n"], "c": row["c"]} for row in poor], schema=TYPES)
    expected = profile_of(full)
    for batch in batches_of(nulls):
        expected.update(batch)
    forward = merged(profile_of(full), without_x())
    backward = merged(without_x(), profile_of(full))
    assert exact(forward) == exact(backward) == exact(expected)


def sup_error(profile: Profile, ordered: np.ndarray) -> float:
    numbers = profile["x"].numbers
    assert numbers is not None
    points = np.unique(ordered)
    truth = np.searchsorted(ordered, points, side="right") / ordered.size
    return float(np.abs(numbers.quantiles.cdf().at(points) - truth).max())


@pytest.mark.parametrize("shape", ["one by one", "in pairs", "backwards", "unequal sizes"])
def test_quantiles_of_any_tree_of_merges_stay_within_the_stated_error(shape: str) -> None:
    rng = np.random.default_rng(5)
    sizes = [60_000, 900, 5_000, 10] * 2 if shape == "unequal sizes" else [8_000] * 8
    values = [rng.lognormal(i / 4, 1, size) for i, size in enumerate(sizes)]
    parts = [profile_data({"x": part}) for part in values]
    if shape == "backwards":
        parts.reverse()
    if shape == "in pairs":
        while len(parts) > 1:
            parts = [merged(*parts[at : at + 2]) for at in range(0, len(parts), 2)]
    total = functools.reduce(merged, parts)
    ordered = np.sort(np.concatenate(values))
    assert total["x"].numbers is not None
    assert total["x"].numbers.quantiles.count == ordered.size
    # One in a hundred runs may leave the bound; none leaves it by a quarter.
    assert sup_error(total, ordered) <= 1.25 * rank_error(total.k)


def test_shards_of_production_are_compared_like_the_whole() -> None:
    rng = np.random.default_rng(6)
    reference = Reference(profile_data({"x": rng.normal(size=20_000)}, reference=True))
    values = rng.normal(size=9_000)
    whole = profile_like(reference, {"x": values})
    shards = [profile_like(reference, {"x": part}) for part in np.array_split(values, 7)]
    total = merged(*shards)["x"].numbers
    expected = whole["x"].numbers
    assert total is not None
    assert expected is not None
    assert total.grid is not None
    assert expected.grid is not None
    assert total.grid.counts.tolist() == expected.grid.counts.tolist()


def single(kind: Kind, policy: ValuePolicy = ValuePolicy.RAW, **options: Any) -> Profile:
    schema = Schema((Column("v", kind, values=policy),))
    profile = Profile(schema, **options)
    values = [1, 0, 1] if kind is not Kind.DATETIME else pa.array([1, 0, 1], pa.timestamp("s"))
    for batch in batches_of({"v": values}):
        profile.update(batch)
    return profile


@pytest.mark.parametrize(
    ("left", "right", "problem"),
    [
        pytest.param(
            lambda: single(Kind.NUMERIC),
            lambda: single(Kind.NUMERIC, config=SMALL),
            "different sketch configuration",
            id="configuration",
        ),
        pytest.param(
            lambda: single(Kind.NUMERIC),
            lambda: single(Kind.NUMERIC, k=4096),
            "different k .*: 800 and 4096",
            id="k",
        ),
        pytest.param(
            lambda: single(Kind.NUMERIC),
            lambda: single(Kind.NUMERIC, guard=ValueGuard(b"another")),
            "different hash key",
            id="hash key",
        ),
        *(
            pytest.param(
                functools.partial(single, Kind.NUMERIC),
                functools.partial(single, kind),
                rf"column 'v' is numeric \(raw values\) on one side and {kind}",
                id=kind.value,
            )
            for kind in (Kind.CATEGORICAL, Kind.BOOLEAN, Kind.DATETIME, Kind.EMPTY)
        ),
        pytest.param(
            lambda: single(Kind.CATEGORICAL),
            lambda: single(Kind.CATEGORICAL, ValuePolicy.HASHED),
            r"categorical \(hashed values\) on the other",
            id="value policy",
        ),
    ],
)
def test_what_cannot_be_added_up_is_refused_and_nothing_changes(
    left: Any, right: Any, problem: str
) -> None:
    for one, other, says in ((left(), right(), problem), (right(), left(), "merge|column 'v'")):
        before = one.to_bytes(), other.to_bytes()
        with pytest.raises(MergeError, match=says):
            one.merge(other)
        assert (one.to_bytes(), other.to_bytes()) == before


# Counts by pane of time are merged as well.

GRID = Grid(np.array([0.0]))
PANE_COLUMNS = {"x": Column("x", Kind.NUMERIC), "c": Column("c", Kind.CATEGORICAL)}
timed = st.lists(
    st.tuples(
        st.none() | st.integers(-(10**6), 10**6),
        st.none() | st.sampled_from([-1.0, 0.0, 2.0]),
        st.none() | st.sampled_from("abz"),
    ),
    max_size=30,
)
Timed = list[tuple[int | None, float | None, str | None]]


def panes_of(data: Timed, *, width: int = 3600, batch: int = 1000) -> PaneCounts:
    panes = PaneCounts("t", width, {"x": GRID, "c": ("a", "b")})
    for at in range(0, len(data), batch):
        times, numbers, texts = zip(*data[at : at + batch], strict=True)
        arrays = {
            "t": pa.array(times, pa.timestamp("s", "UTC")),
            "x": pa.array(numbers, pa.float64()),
            "c": pa.array(texts, pa.string()),
        }
        panes.update(Batch(len(times), arrays), PANE_COLUMNS, ValueGuard())
    return panes


def counted(panes: PaneCounts) -> dict[str, Any]:
    return {
        "width": panes.width,
        "rows": panes.rows,
        "untimed": panes.untimed,
        "cells": {name: panes.matrix(name).tolist() for name in panes.cells},
    }


def merged_panes(one: PaneCounts, other: PaneCounts) -> PaneCounts:
    before = counted(one), counted(other)
    found = one.merged(other)
    assert (counted(one), counted(other)) == before
    assert found is not None
    return found


@given(timed, st.integers(1, 7), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_late_and_out_of_order_rows_land_in_their_panes(
    data: Timed, size: int, random: Random
) -> None:
    panes = panes_of(data)
    shuffled = list(data)
    random.shuffle(shuffled)
    assert counted(panes_of(shuffled, batch=size)) == counted(panes)
    known = [(at // panes.width, x, c) for at, x, c in data if at is not None]
    assert panes.rows == Counter(pane for pane, _, _ in known)
    assert panes.untimed == len(data) - len(known)
    for place, pane in enumerate(sorted(panes.rows)):
        numbers = [x for p, x, _ in known if p == pane and x is not None]
        low = sum(x <= 0 for x in numbers)
        assert panes.matrix("x")[place].tolist() == [low, len(numbers) - low]
        texts = Counter(c for p, _, c in known if p == pane)
        assert panes.matrix("c")[place].tolist() == [texts["a"], texts["b"], texts["z"]]


@given(timed, timed, timed, st.tuples(*[st.sampled_from([900, 1800, 3600])] * 3))
@settings(deadline=None)
def test_panes_merge_in_any_order_at_the_widest_width(
    a: Timed, b: Timed, c: Timed, widths: tuple[int, ...]
) -> None:
    one, two, three = (
        panes_of(data, width=width) for data, width in zip((a, b, c), widths, strict=True)
    )
    forward = merged_panes(merged_panes(one, two), three)
    backward = merged_panes(three, merged_panes(two, one))
    whole = panes_of(a + b + c, width=max(part.width for part in (one, two, three)))
    assert counted(forward) == counted(backward) == counted(whole)


@given(st.lists(st.integers(-(10**9), 10**9), max_size=600), st.integers(1, 100))
@settings(deadline=None, max_examples=40)
def test_panes_are_rolled_up_no_further_than_they_must(seconds: list[int], width: int) -> None:
    data: Timed = [(at, 1.0, "a") for at in seconds]
    panes = panes_of(data, width=width, batch=97)
    assert len(panes.rows) <= MOST_PANES
    assert panes.rows == Counter(at // panes.width for at in seconds)
    assert counted(panes) == counted(panes_of(data, width=width))
    if panes.width > width:
        assert len({at // (panes.width // 2) for at in seconds}) > MOST_PANES
    assert panes.width % width == 0
    assert (panes.width // width).bit_count() == 1
