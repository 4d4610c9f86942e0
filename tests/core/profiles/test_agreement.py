"""What parts of one data set say of a column: the same in every order, or a conflict in every."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import permutations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch import Kind, Profile, Role, SketchConfig, ValuePolicy
from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.profiles.codec import decode, encode
from driftwatch.errors import MergeError, ProfileFormatError
from driftwatch.profiling.build import profile_data

# Small limits, so that some parts leave the exact mode, and so does what is merged of them.
SMALL = SketchConfig(
    k=16, reference_k=32, exact_values=90, dictionary=9, exact_categories=90, distinct_k=100
)
CONFIGS = {"default": SketchConfig(), "small": SMALL}


def ids(start: int, rows: int) -> list[str]:
    return [f"order {i}" for i in range(start, start + rows)]


def emails(start: int, rows: int) -> list[str]:
    return [f"u{i}@example.org" for i in range(start, start + rows)]


def names(start: int, rows: int) -> list[str]:
    return [("red", "green", "blue")[(start + i) % 3] for i in range(rows)]


def mixed(start: int, rows: int) -> list[str]:
    return [f"v{(start + i) % 70}" for i in range(rows)]


def counted(start: int, rows: int) -> list[int]:
    return list(range(start, start + rows))


def measured(start: int, rows: int) -> list[float]:
    return [((start + i) * 7919 % 1009) / 8 for i in range(rows)]


def constant(start: int, rows: int) -> list[Any]:
    return [5] * rows


def nothing(start: int, rows: int) -> Any:
    return pa.nulls(rows)


def no_numbers(start: int, rows: int) -> Any:
    return pa.nulls(rows, pa.float64())


def no_texts(start: int, rows: int) -> Any:
    return pa.nulls(rows, pa.string())


def times(start: int, rows: int) -> Any:
    return np.datetime64("2024-01-01T00:00") + np.arange(start, start + rows)


def truths(start: int, rows: int) -> list[bool]:
    return [i % 2 == 0 for i in range(rows)]


Make = Callable[[int, int], Any]
TEXTS: list[Make] = [ids, emails, names, mixed]
NUMBERS: list[Make] = [counted, measured, constant]
BLANK: list[Make] = [nothing, no_numbers, no_texts]
OTHERS: list[Make] = [times, truths]
LENGTHS = [1, 40, 60, 99, 100, 140]


@cache
def saved(make: Make, start: int, rows: int, name: str, role: Role | None, config: str) -> bytes:
    declared = DeclaredColumns.of(roles={} if role is None else {name: role})
    data = {name: make(start, rows)}
    return profile_data(data, declared, config=CONFIGS[config]).to_bytes()


def part(make: Make, start: int, rows: int, role: Role | None = None) -> Profile:
    return Profile.from_bytes(saved(make, start, rows, "v", role, "default"))


def facts(profile: Profile, name: str) -> dict[str, Any]:
    """Everything about a column that merging keeps exactly."""
    column = profile[name]
    known = column.categories
    frequencies = None if known is None else known.frequencies
    exact = frequencies is not None and frequencies.is_exact
    numbers = column.numbers
    return {
        "column": column.column,
        "rows": (profile.rows, column.rows, column.missing.to_tuple(), column.count),
        "hash": profile.content_hash,
        "distinct": known and (known.distinct.to_bytes(), known.distinct.counts_to_bytes()),
        "evidence": column.evidence and column.evidence.to_sections(),
        "counted": frequencies and (frequencies.is_exact, frequencies.count),
        "frequencies": frequencies.counts if frequencies is not None and exact else None,
        "numbers": numbers
        and (numbers.count, numbers.values.values.tolist(), numbers.values.counts.tolist()),
        "range": numbers and (numbers.moments.minimum, numbers.moments.maximum),
    }


def merged_at_random(parts: Sequence[Profile], choose: Callable[[int], int], name: str) -> Any:
    """Merge two of the parts after the other, whichever are chosen; a conflict is an outcome."""
    left = [part.copy() for part in parts]
    try:
        while len(left) > 1:
            one = left.pop(choose(len(left)))
            other = left.pop(choose(len(left)))
            before = other.to_bytes()
            one.merge(other)
            assert other.to_bytes() == before
            left.append(Profile.from_bytes(one.to_bytes()) if choose(2) else one)
    except MergeError as error:
        return "a conflict" if f"column {name!r} is" in str(error) else str(error)
    return facts(left[0], name)


roles = st.sampled_from([None, None, None, None, Role.ID, Role.FEATURE, Role.LABEL])


Spec = tuple[Make, int, int, str, Role | None, str]


@st.composite
def some_parts(draw: st.DrawFn) -> list[Spec]:
    """Parts of one column, most of which go together."""
    name = draw(st.sampled_from(["v", "order_id"]))
    config = draw(st.sampled_from(sorted(CONFIGS)))
    family = draw(st.sampled_from([TEXTS, NUMBERS, TEXTS + NUMBERS + OTHERS])) + BLANK
    found: list[Spec] = []
    start = 0
    for _ in range(draw(st.integers(2, 5))):
        make, rows, role = (draw(st.sampled_from(family)), draw(st.sampled_from(LENGTHS)), None)
        if draw(st.integers(0, 5)) == 0:
            role = draw(roles)
        found.append((make, start, rows, name, role, config))
        start += draw(st.sampled_from([0, rows]))
    return found


@given(some_parts(), st.data())
def test_parts_merge_to_the_same_or_not_at_all_in_every_order_and_bracketing(
    found: list[Spec], data: st.DataObject
) -> None:
    parts, name = [Profile.from_bytes(saved(*spec)) for spec in found], found[0][3]

    def choose(most: int) -> int:
        return data.draw(st.integers(0, most - 1))

    outcomes = [merged_at_random(parts, choose, name) for _ in range(2)]
    assert outcomes[0] == outcomes[1]


@given(
    st.sampled_from([ids, emails, names, mixed, counted, measured, constant, times, truths]),
    st.lists(st.sampled_from([20, 60, 100, 200]), min_size=2, max_size=5),
    st.data(),
)
def test_a_column_cut_into_parts_is_what_it_is_in_one(
    make: Make, lengths: list[int], data: st.DataObject
) -> None:
    if make is mixed:  # of which parts of 100 rows would be identifiers, and all of it is not
        lengths = [min(rows, 60) for rows in lengths]
    if make is names:
        lengths = [max(rows, 3) for rows in lengths]
    starts = [sum(lengths[:i]) for i in range(len(lengths))]
    parts = [part(make, start, rows) for start, rows in zip(starts, lengths, strict=True)]
    whole = part(make, 0, sum(lengths))
    total = merged_at_random(parts, lambda most: data.draw(st.integers(0, most - 1)), "v")
    said, expected = total["column"], whole["v"].column
    assert (said.kind, said.role, said.note) == (expected.kind, expected.role, expected.note)
    assert total["hash"] == whole.content_hash
    assert total["rows"] == facts(whole, "v")["rows"]


@pytest.mark.parametrize("make", [ids, emails, counted])
def test_identifiers_are_such_in_every_order_of_short_and_long_parts(make: Make) -> None:
    parts = [part(make, 0, 60), part(make, 60, 60), part(make, 120, 200)]
    whole = facts(part(make, 0, 320), "v")
    for order in permutations(parts):
        left, right = order[0].copy(), order[1].copy()
        left.merge(order[1])
        left.merge(order[2])
        right.merge(order[2])
        other = order[0].copy()
        other.merge(right)
        assert facts(left, "v") == facts(other, "v") == whole
        assert left["v"].column.role is Role.ID
        assert b"order 3" not in left.to_bytes()


def test_two_short_parts_together_are_long_enough_to_decide() -> None:
    total = part(ids, 0, 60)
    assert total["v"].column.role is Role.FEATURE
    total.merge(part(ids, 60, 60))
    assert (total["v"].column.role, total["v"].column.note) == (
        Role.ID,
        "nearly every value is different",
    )
    again = part(ids, 0, 60)
    again.merge(part(ids, 0, 60))  # the same rows twice: of 120 only 60 are different
    assert again["v"].column.role is Role.FEATURE


def test_what_merged_short_parts_are_is_open_until_a_long_one_says() -> None:
    short = part(ids, 0, 60)
    short.merge(part(ids, 60, 60))
    short.merge(part(names, 0, 200))
    column = short["v"]
    assert (column.column.role, column.column.values) == (Role.FEATURE, ValuePolicy.RAW)
    assert column.categories is not None
    assert column.categories.frequencies is not None
    assert column.categories.frequencies.counts["red"] == 67
    assert column.evidence is None


def test_short_texts_are_hashed_as_those_of_the_part_that_is_decided() -> None:
    total = part(names, 0, 60)
    total.merge(part(emails, 0, 99))  # personal data, however short
    assert total["v"].column.values is ValuePolicy.HASHED
    assert b"green" not in total.to_bytes()
    assert b"example" not in total.to_bytes()
    categories = total["v"].categories
    assert categories is not None
    assert categories.frequencies is not None
    assert sorted(categories.frequencies.counts.values())[-3:] == [20, 20, 20]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((ids, 0, 200), (names, 0, 200)),
        ((counted, 0, 200), (names, 0, 200)),
        ((counted, 0, 40), (names, 0, 200)),
        ((counted, 0, 200, Role.LABEL), (counted, 0, 200, Role.WEIGHT)),
        ((ids, 0, 200, Role.FEATURE), (ids, 0, 200)),
        ((nothing, 0, 200, Role.FEATURE), (ids, 0, 200)),
        ((emails, 0, 40), (names, 0, 200)),
    ],
)
def test_what_does_not_go_together_names_the_column_and_the_parts(first: Any, second: Any) -> None:
    for one, other in ((first, second), (second, first)):
        left, right = part(*one), part(*other)
        before = left.to_bytes()
        with pytest.raises(MergeError, match=rf"'v'.*{one[2]} rows.*{other[2]} rows.*declare"):
            left.merge(right)
        assert left.to_bytes() == before


@pytest.mark.parametrize(
    ("make", "role"),
    [(counted, Role.FEATURE), (counted, Role.LABEL), (names, Role.LABEL), (ids, Role.ID)],
)
def test_a_declared_role_holds_in_either_order(make: Make, role: Role) -> None:
    for rows in (60, 200):
        one, other = part(make, 0, rows, role), part(make, 200, 200)
        one.merge(other)
        twin = part(make, 200, 200)
        twin.merge(part(make, 0, rows, role))
        assert one["v"].column.role is twin["v"].column.role is role
        assert facts(one, "v") == facts(twin, "v")


def test_a_part_without_values_says_nothing_of_their_kind() -> None:
    """A column of texts without one text is read as numbers by some readers."""
    for make in (nothing, no_numbers, no_texts):
        total = part(make, 0, 200)
        total.merge(part(names, 0, 200))
        assert total["v"].column.kind is Kind.CATEGORICAL
        assert (total["v"].rows, total["v"].count) == (400, 200)


def test_an_empty_profile_keeps_what_is_undecided_so() -> None:
    short = part(ids, 0, 60)
    before = facts(short, "v")
    short.merge(part(nothing, 0, 0))
    assert facts(short, "v") == before
    assert Profile.from_bytes(short.to_bytes())["v"].column == short["v"].column


def test_a_time_in_numbers_is_one_in_short_parts_too() -> None:
    seconds = [1_700_000_000 + 60 * i for i in range(300)]
    left, right = (profile_data({"event_time": rows}) for rows in (seconds[:20], seconds[20:]))
    left.merge(right)
    whole = profile_data({"event_time": seconds})
    assert left["event_time"].column == whole["event_time"].column
    assert left["event_time"].column.role is Role.TIME
    assert left.content_hash == whole.content_hash


def test_production_rows_do_not_decide_what_a_short_reference_left_open() -> None:
    from driftwatch import Reference

    reference = Reference(part(ids, 0, 60))
    rows = reference.new_profile()
    rows.merge(part(ids, 0, 60))
    rows.merge(part(ids, 60, 60))
    assert rows["v"].column.role is Role.FEATURE


def test_a_short_profile_is_read_as_its_reference_is() -> None:
    from driftwatch import Reference

    reference = Reference(part(emails, 0, 60))
    read = part(names, 0, 60).read_as(reference.schema)
    assert read["v"].column.values is ValuePolicy.HASHED
    assert b"green" not in read.to_bytes()
    identified = part(ids, 0, 60).read_as(part(ids, 0, 200).schema)
    assert (identified["v"].column.role, identified["v"].counts_categories) == (Role.ID, False)
    assert identified["v"].evidence is None


@pytest.mark.parametrize(
    ("section", "body"),
    [
        ("evidence_order", b"123"),
        ("evidence_order", (61).to_bytes(8, "little") + bytes(24)),
        ("evidence_order", bytes(8) + (9).to_bytes(8, "little") + (5).to_bytes(8, "little") * 2),
        ("evidence", bytes(range(8)) * 2),
        ("evidence", b"".join(i.to_bytes(8, "little") for i in range(1, 62))),
        ("evidence_counts", b"1"),
    ],
)
@pytest.mark.parametrize("make", [ids, counted])
def test_evidence_that_contradicts_the_column_is_refused(
    make: Make, section: str, body: bytes
) -> None:
    header, sections = decode(part(make, 0, 60).to_bytes())
    sections[f"0/{section}"] = body
    if section == "evidence":
        sections.pop("0/evidence_counts")
    with pytest.raises(ProfileFormatError):
        Profile.from_bytes(encode(header, sections))
