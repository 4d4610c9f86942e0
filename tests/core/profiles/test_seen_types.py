"""Types of the values of a column: few names, the same whichever part came first."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch import Monitor, Profile
from driftwatch.core.profiles.codec import decode, encode
from driftwatch.core.profiles.seen_types import SeenTypes, type_name
from driftwatch.core.reports.schema_change import family_of, type_in_words
from driftwatch.errors import ProfileFormatError
from driftwatch.profiling.build import profile_data

UNITS = ("s", "ms", "us", "ns")
ZONES = (None, "UTC", "Europe/Berlin", "Asia/Tokyo", "America/Lima", "+02:00")
INT = pa.int8()
PLAIN = [
    pa.null(), pa.bool_(), INT, pa.int64(), pa.uint8(), pa.uint64(), pa.float16(), pa.float32(),
    pa.float64(), pa.decimal128(5, 2), pa.decimal256(40, 2), pa.string(), pa.large_string(),
    pa.string_view(), pa.binary(), pa.binary(4), pa.large_binary(), pa.binary_view(),
    pa.timestamp("s"), pa.timestamp("ns", "Europe/Berlin"), pa.date32(), pa.date64(),
    pa.time32("ms"), pa.time64("ns"), pa.duration("us"), pa.month_day_nano_interval(),
]  # fmt: skip
NESTED = [
    pa.list_(INT), pa.list_(INT, 3), pa.large_list(INT), pa.struct([("a", INT)]),
    pa.map_(pa.string(), INT), pa.dense_union([pa.field("a", INT)]),
    pa.sparse_union([pa.field("a", INT)]),
]  # fmt: skip
DICTIONARIES = [pa.dictionary(INT, dtype) for dtype in PLAIN[1:]]
ENCODED = [pa.run_end_encoded(pa.int32(), dtype) for dtype in PLAIN[1:]]


@pytest.mark.parametrize("dtype", [*PLAIN, *NESTED, *DICTIONARIES, *ENCODED], ids=str)
def test_every_type_has_a_name_of_its_own_family(dtype: pa.DataType) -> None:
    name = type_name(dtype)
    assert name != "others"
    assert not set("[(,") & set(name)
    assert family_of(name) == family_of(str(dtype))
    if not isinstance(dtype, pa.RunEndEncodedType):
        assert type_in_words(name) in (type_in_words(str(dtype)), name)
    seen = SeenTypes()
    for longer in (name, str(dtype)):  # as they were written before
        seen.add("v", longer, 1)
    assert seen.to_table(2) == {"seen": {"v": name}}


def decimals(rows: int, precisions: range) -> list[dict[str, Any]]:
    return [{"v": pa.array([1] * rows).cast(pa.decimal128(p, 0))} for p in precisions]


def merged(profiles: list[Profile]) -> Profile:
    total = profiles[0].copy()
    for profile in profiles[1:]:
        total.merge(profile)
    return total


def test_decimals_of_many_precisions_do_not_hide_a_change_of_type() -> None:
    before = Monitor({"v": [float(i % 7) for i in range(4_000)]}, features=["v"])
    parts = [profile_data(data) for data in decimals(100, range(19, 38))]
    assert not before.check(merged(parts)).schema_changes
    parts.append(profile_data({"v": pa.array([True, False] * 500)}))
    seen = SeenTypes()
    for part in parts:
        seen.merge(part.seen)
    dtype, share = seen.changed("v", {"number": 1.0})
    assert dtype == "bool"
    assert share == pytest.approx(1_000 / 2_900)


def test_times_of_many_units_and_zones_have_one_name() -> None:
    seen = SeenTypes()
    for unit in UNITS:
        for zone in ZONES:
            seen.note("at", pa.array([0], pa.timestamp(unit, zone)))
    seen.note("at", pa.array(["x"]))
    assert seen.to_table(25)["types"] == {"at": {"timestamp": 24, "string": 1}}


names = st.sampled_from(
    ["int64", "double", "decimal", "string", "text", "bool", "nonsense", "list<item: int8>"]
    + [f"decimal128({p}, 2)" for p in range(5, 25)]
    + [f"timestamp[us, tz=Zone/{i}]" for i in range(20)]
)
counted = st.lists(st.tuples(names, st.integers(1, 9)), max_size=25)


@given(st.lists(counted, min_size=3, max_size=3))
def test_the_order_of_parts_does_not_matter(found: list[Any]) -> None:
    parts = []
    for rows in found:
        seen = SeenTypes()
        for dtype, number in rows:
            seen.add("v", dtype, number)
        parts.append(seen)
    tables = []
    for one, two, three in permutations(parts):
        left, right = one.copy(), two.copy()
        left.merge(two)
        left.merge(three)
        right.merge(three)
        other = one.copy()
        other.merge(right)
        tables += [json.dumps(seen.to_table(0), sort_keys=True) for seen in (left, other)]
    assert len(set(tables)) == 1


def older(profile: Profile, seen: dict[str, Any]) -> bytes:
    """The bytes of a profile of before, whose types had parameters in their names."""
    header, sections = decode(profile.to_bytes())
    table = json.loads(sections["schema"])
    sections["schema"] = json.dumps({"columns": table["columns"], **seen}).encode()
    return encode(header, sections)


def test_longer_names_of_older_profiles_are_read_and_compare_equal() -> None:
    profile = profile_data(
        {"v": pa.array([float(i % 9) for i in range(300)]).cast(pa.decimal128(20, 2))}
    )
    tables: list[dict[str, Any]] = [
        {"seen": {"v": "decimal128(20, 2)"}},
        {
            "seen": {"v": "decimal128(20, 2)"},
            "types": {"v": {"decimal128(20, 2)": 200, "decimal128(9, 2)": 100}},
        },
    ]
    for table in tables:
        data = older(profile, table)
        old = Profile.from_bytes(data)
        assert old.to_bytes() == old.copy().to_bytes() == data
        assert dict(old.seen) == dict(profile.seen) == {"v": "decimal"}
        assert not Monitor(old).check(profile).schema_changes
        old.merge(profile)
        assert old.seen.to_table(600) == {"seen": {"v": "decimal"}}


def test_rows_that_lack_a_column_do_not_change_how_many_rows_have_its_type() -> None:
    profile = profile_data({"v": [1.0, 2.0]})
    read = Profile.from_bytes(profile.to_bytes())
    read.merge(profile_data({"w": [1.0] * 5}))
    assert read.seen.to_table(7)["types"] == {"v": {"double": 2}, "w": {"double": 5}}


def test_a_column_of_more_types_than_there_are_is_refused() -> None:
    many = {f"type{i}": 1 for i in range(101)}
    data = older(profile_data({"v": [1.0]}), {"seen": {"v": "double"}, "types": {"v": many}})
    with pytest.raises(ProfileFormatError, match="101 types"):
        Profile.from_bytes(data)
