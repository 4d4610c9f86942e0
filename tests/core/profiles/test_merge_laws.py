"""Merging profiles: associative, commutative, with an identity, whatever their frames."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch import Column, Kind, Profile, Reference, Role, Schema, SketchConfig, ValuePolicy
from driftwatch.core.data.batch import batches_of
from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.profiles.frame import Frame
from driftwatch.core.sketches.grid import Grid
from driftwatch.errors import MergeError

SCHEMA = Schema((Column("x", Kind.NUMERIC), Column("c", Kind.CATEGORICAL)))
# Small limits, so that few rows already leave the exact mode.
CONFIG = SketchConfig(k=16, reference_k=32, exact_values=5, dictionary=3, exact_categories=6)
FRAMES = {
    "none": None,
    "a grid": Frame({"x": Grid(np.array([-1.0, 0.0, 1.0]))}, {"c": ("a", "b", "c")}),
    "another": Frame({"x": Grid(np.array([-2.0, 2.0]))}, {"c": ("b", "z")}),
}
numbers = st.one_of(st.none(), st.integers(-9, 9).map(float), st.just(float("nan")))
rows = st.lists(
    st.tuples(numbers, st.one_of(st.none(), st.sampled_from("abcdefghij"))), max_size=40
)
parts = st.lists(st.tuples(rows, st.sampled_from(sorted(FRAMES))), min_size=1, max_size=4)


def profile_of(data: list[tuple[float | None, str | None]], frame: str = "none") -> Profile:
    profile = Profile(SCHEMA, config=CONFIG, frame=FRAMES[frame])
    columns: dict[str, list[Any]] = {"x": [x for x, _ in data], "c": [c for _, c in data]}
    for batch in batches_of(columns) if data else ():
        profile.update(batch)
    return profile


def merged(profiles: list[Profile]) -> Profile:
    total = Profile.from_bytes(profiles[0].to_bytes())
    for profile in profiles[1:]:
        total.merge(profile)
    return total


def exact_facts(profile: Profile) -> dict[str, Any]:
    """Everything that merging keeps exactly."""
    x, c = profile["x"], profile["c"]
    assert x.numbers is not None
    assert c.categories is not None
    assert c.categories.frequencies is not None
    frequencies = c.categories.frequencies
    return {
        "rows": profile.rows,
        "columns": (x.column, c.column),
        "hash": profile.content_hash,
        "missing": (x.missing.to_tuple(), c.missing.to_tuple()),
        "moments": (x.numbers.moments.count, x.numbers.moments.minimum, x.numbers.moments.maximum),
        "total": x.numbers.moments.total,
        "categories": frequencies.count,
        "known": dict(frequencies.counts) if frequencies.is_exact else None,
        "singletons": frequencies.singletons if frequencies.is_exact else None,
    }


@given(parts)
def test_merging_equals_one_pass_over_all_rows(found: list[Any]) -> None:
    total = merged([profile_of(data, frame) for data, frame in found])
    whole = profile_of([row for data, _ in found for row in data])
    mine, theirs = exact_facts(total), exact_facts(whole)
    if mine["known"] is None or theirs["known"] is None:
        for key in ("known", "singletons"):
            mine.pop(key)
            theirs.pop(key)
    assert mine == theirs


@given(parts)
def test_the_order_does_not_matter(found: list[Any]) -> None:
    profiles = [profile_of(data, frame) for data, frame in found]
    facts = [exact_facts(merged(list(order))) for order in permutations(profiles)]
    assert all(other == facts[0] for other in facts)


@given(parts)
def test_grouping_does_not_matter(found: list[Any]) -> None:
    profiles = [profile_of(data, frame) for data, frame in found]
    left = merged(profiles)
    right = profiles[-1]
    for profile in profiles[-2::-1]:
        right = merged([profile, right])
    assert exact_facts(left) == exact_facts(right)


@given(rows, st.sampled_from(sorted(FRAMES)))
def test_an_empty_profile_changes_nothing(data: Any, frame: str) -> None:
    profile = profile_of(data, frame)
    before = profile.to_bytes()
    profile.merge(profile_of([]))
    assert exact_facts(profile) == exact_facts(Profile.from_bytes(before))


@given(parts)
def test_counts_known_after_merging_are_exact(found: list[Any]) -> None:
    total = merged([profile_of(data, frame) for data, frame in found])["c"].categories
    assert total is not None
    assert total.frequencies is not None
    everything = [c for data, _ in found for _, c in data if c is not None]
    for text, count in total.frequencies.counts.items():
        assert count == everything.count(text)
    assert total.frequencies.count == len(everything)


@given(rows, rows)
def test_equal_grids_add_and_unequal_ones_give_way_to_the_sketch(a: Any, b: Any) -> None:
    same = merged([profile_of(a, "a grid"), profile_of(b, "a grid")])["x"].numbers
    assert same is not None
    assert same.grid is not None
    assert same.grid.count == same.count
    mixed = merged([profile_of(a, "a grid"), profile_of(b, "another")])["x"].numbers
    assert mixed is not None
    assert mixed.grid is None or mixed.grid.count == mixed.count


@given(parts)
def test_the_other_side_is_left_as_it_was(found: list[Any]) -> None:
    profiles = [profile_of(data, frame) for data, frame in found]
    before = [profile.to_bytes() for profile in profiles]
    merged(profiles)
    assert [profile.to_bytes() for profile in profiles] == before


@given(rows, st.sampled_from(sorted(FRAMES)))
def test_bytes_round_trip_and_a_profile_gives_the_same_ones_every_time(
    data: Any, frame: str
) -> None:
    profile = profile_of(data, frame)
    again = Profile.from_bytes(profile.to_bytes())
    assert profile.to_bytes() == profile.to_bytes()
    assert exact_facts(again) == exact_facts(profile)
    assert len(again.to_bytes()) == len(profile.to_bytes())  # a frequent-items map has no order


@given(rows, st.randoms(use_true_random=False))
def test_the_content_hash_knows_no_order(data: Any, random: Any) -> None:
    shuffled = list(data)
    random.shuffle(shuffled)
    assert profile_of(shuffled).content_hash == profile_of(data).content_hash


@given(rows, rows)
def test_other_content_has_another_hash(a: Any, b: Any) -> None:
    def kept(data: Any) -> Any:
        values = [x for x, _ in data if x is not None and np.isfinite(x)]
        missing = [
            sum(x is None for x, _ in data),
            sum(x is not None and np.isnan(x) for x, _ in data),
        ]
        texts = sorted(c for _, c in data if c is not None)
        return sorted(values), missing, texts, len(data)

    same = profile_of(a).content_hash == profile_of(b).content_hash
    assert same or kept(a) != kept(b)
    if kept(a)[0] != kept(b)[0] or kept(a)[2] != kept(b)[2]:
        assert not same


def test_quantiles_of_many_merged_parts_stay_within_the_stated_error() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=168 * 500)
    parts = []
    for piece in np.split(values, 168):
        profile = Profile(Schema((Column("x", Kind.NUMERIC),)))
        for batch in batches_of({"x": piece}):
            profile.update(batch)
        parts.append(profile)
    numbers = merged(parts)["x"].numbers
    assert numbers is not None
    cdf = numbers.cdf()
    ordered = np.sort(values)
    exact = np.arange(1, ordered.size + 1) / ordered.size
    assert 0 < np.abs(cdf.at(ordered) - exact).max() <= cdf.error


def test_columns_that_one_side_lacks_are_missing_there() -> None:
    left, right = (
        Profile(Schema((Column(name, Kind.NUMERIC),)), config=CONFIG) for name in ("x", "y")
    )
    for profile, name in ((left, "x"), (right, "y")):
        for batch in batches_of({name: [1.0, 2.0]}):
            profile.update(batch)
    left.merge(right)
    assert left.rows == 4
    assert [(left[name].rows, left[name].missing.null) for name in ("x", "y")] == [(4, 2), (4, 2)]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Profile(SCHEMA, config=SketchConfig(k=20)), "configuration"),
        (lambda: Profile(SCHEMA, config=CONFIG, k=CONFIG.reference_k), "k"),
        (lambda: Profile(SCHEMA, config=CONFIG, guard=ValueGuard(b"another")), "hash key"),
        (lambda: Profile(Schema((Column("x", Kind.CATEGORICAL),)), config=CONFIG), "'x'"),
        (
            lambda: Profile(
                Schema((Column("c", Kind.CATEGORICAL, values=ValuePolicy.HASHED),)), config=CONFIG
            ),
            "'c'",
        ),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_changes(
    make: Callable[[], Profile], says: str
) -> None:
    other = make()
    profile = profile_of([(1.0, "a"), (2.0, "b")])
    before = profile.to_bytes()
    with pytest.raises(MergeError, match=says):
        profile.merge(other)
    assert profile.to_bytes() == before


def test_a_reference_of_merged_parts_serves_as_well() -> None:
    whole = profile_of([(float(i % 9), "abc"[i % 3]) for i in range(300)])
    halves = [
        profile_of([(float(i % 9), "abc"[i % 3]) for i in range(s, s + 150)]) for s in (0, 150)
    ]
    assert Reference(merged(halves)).id == Reference(whole).id


def two_columns(a: list[Any], b: list[Any], kind: Kind) -> Profile:
    schema = Schema((Column("a", Kind.NUMERIC), Column("b", kind)))
    profile = Profile(schema, config=CONFIG)
    for batch in batches_of({"a": a, "b": b}):
        profile.update(batch)
    return profile


def test_a_refused_merge_changes_no_column_at_all() -> None:
    left = two_columns([1.0, 2.0], ["x", "y"], Kind.CATEGORICAL)
    before = left.to_bytes()
    with pytest.raises(MergeError, match="'b'"):
        left.merge(two_columns([3.0], [4.0], Kind.NUMERIC))
    assert left.to_bytes() == before
    assert Profile.from_bytes(before).rows == 2


def test_an_identifier_and_a_feature_do_not_merge() -> None:
    from driftwatch.profiling.build import profile_data

    few = profile_data({"user_email": [f"u{i % 9}@example.org" for i in range(500)]})
    many = profile_data({"user_email": [f"u{i}@example.org" for i in range(500)]})
    with pytest.raises(MergeError, match="one side only"):
        few.merge(many)


def parts_of(*columns: Any) -> list[Profile]:
    from driftwatch.profiling.build import profile_data

    return [profile_data({"v": list(values)}) for values in columns]


EMPTY = [None] * 300


@pytest.mark.parametrize(
    "values",
    [
        [float(i) for i in range(300)],
        ["a", "b", "c"] * 100,
        [True, False] * 150,
        [f"order {i}" for i in range(300)],
        ["2026-01-01", "2026-01-02"] * 150,
    ],
)
def test_a_part_without_values_yields_to_the_others(values: list[Any]) -> None:
    for first, second in ((EMPTY, values), (values, EMPTY)):
        left, right = parts_of(first, second)
        left.merge(right)
        (alone,) = parts_of(values)
        assert left["v"].column == alone["v"].column
        assert (left.rows, left["v"].missing.null, left["v"].count) == (600, 300, 300)
        assert Profile.from_bytes(left.to_bytes()).content_hash == left.content_hash


def test_a_short_part_of_identifiers_yields_and_is_hashed() -> None:
    ids = [f"order {i}" for i in range(520)]
    together = []
    for cut in (20, 500):
        left, right = parts_of(ids[:cut], ids[cut:])
        left.merge(right)
        together.append(left)
        (alone,) = parts_of(ids)
        assert left["v"].column == alone["v"].column
        assert b"order 3" not in left.to_bytes()
        mine, whole = left["v"].categories, alone["v"].categories
        assert mine is not None
        assert whole is not None
        assert mine.distinct.to_bytes() == whole.distinct.to_bytes()
    assert together[0].content_hash == together[1].content_hash


def test_counting_numbers_of_a_short_part_are_identifiers_too_in_either_order() -> None:
    numbers = list(range(520))
    for cut in (20, 500):
        left, right = parts_of(numbers[:cut], numbers[cut:])
        left.merge(right)
        assert left["v"].column.role is Role.ID


def test_an_empty_profile_keeps_panes_and_dependence() -> None:
    from driftwatch import Monitor

    hours = [np.datetime64("2024-01-01T00:00") + np.timedelta64(i, "m") for i in range(2_000)]
    rng = np.random.default_rng(1)
    data = {"ts": np.array(hours), "x": rng.normal(size=2_000), "y": rng.normal(size=2_000)}
    full = Monitor(data, pane="1h", multivariate=True).reference.profile
    empty = Profile(full.schema, config=full.config, k=full.k)
    full.merge(empty)
    assert full.panes is not None
    assert full.cross is not None
    empty.merge(full)
    assert empty.panes is not None
    assert empty.panes.to_sections() == full.panes.to_sections()
    assert empty.cross is not None
    for batch in batches_of(data):
        empty.update(batch)
    again = Profile.from_bytes(empty.to_bytes())  # of rows that no pane counted, and no moment
    assert again.panes is None
    assert again.cross is None
