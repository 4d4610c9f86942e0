from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch import Column, DriftReport, Kind, Monitor, Profile, Schema, Status, ValuePolicy
from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.data.privacy import DEFAULT_KEY, MIN_SHOWN, ValueGuard
from driftwatch.core.data.schema import OTHER_KEY
from driftwatch.errors import ConfigError, HashKeyError, MergeError
from driftwatch.profiling.build import profile_data
from driftwatch.profiling.second_pass import count_panes
from driftwatch.render import FORMATS, render

keys = st.binary(min_size=1, max_size=64)
texts = st.text(max_size=30)
SECRETS = ["qzalice@example.org", "qzbob@example.org", "qzcarol@example.org"]
NOW = datetime(2024, 1, 1, tzinfo=UTC)


def schema(policy: ValuePolicy) -> Schema:
    return Schema((Column("c", Kind.CATEGORICAL, values=policy, dtype="string"),))


def rows(counts: dict[str, int]) -> dict[str, Any]:
    return {"c": pa.array([text for text, count in counts.items() for _ in range(count)], "string")}


def check(reference: dict[str, int], current: dict[str, int], **options: Any) -> DriftReport:
    options = {"schema": schema(ValuePolicy.RAW), **options}
    monitor = Monitor(rows(reference), clock=lambda: NOW, **options)
    return monitor.check(rows(current))


def shown(report: DriftReport) -> str:
    """Everything a report can show, in every form."""
    forms = [render(report, name) for name in FORMATS]
    return "\n".join([*forms, report.to_json(), report.summary(), report._repr_html_()])


@given(keys, texts)
def test_a_token_is_the_keyed_blake2b_of_the_utf8(key: bytes, text: str) -> None:
    token = ValueGuard(key).token(text)
    assert token == hashlib.blake2b(text.encode(), key=key, digest_size=8).hexdigest()
    assert token == ValueGuard(key).token(text)


@given(keys, keys, texts)
def test_another_key_gives_other_tokens_seeds_and_names(a: bytes, b: bytes, text: str) -> None:
    one, other = ValueGuard(a), ValueGuard(b)
    # BLAKE2b pads its key with zeros, so keys that differ in nothing else are one key.
    same = a.ljust(64, b"\0") == b.ljust(64, b"\0") and len(a) == len(b)
    assert (one.token(text) == other.token(text)) is same
    assert (one.key_id == other.key_id) is same
    assert (one.seed == other.seed) is same


@given(st.lists(texts, unique=True, max_size=30))
def test_different_values_keep_different_tokens_in_their_order(values: list[str]) -> None:
    guard = ValueGuard(b"k")
    tokens = guard.kept(pa.array(values, pa.large_string()), ValuePolicy.HASHED)
    assert tokens == [guard.token(value) for value in values]
    assert len(set(tokens)) == len(values)


def test_half_a_surrogate_pair_has_a_token() -> None:
    assert ValueGuard().token("\ud800") != ValueGuard().token("\ud801")


@pytest.mark.parametrize("size", [0, 65])
def test_a_key_has_one_to_64_bytes(size: int) -> None:
    with pytest.raises(ConfigError, match=f"1 to 64 bytes; got {size}"):
        ValueGuard(b"x" * size)


def test_neither_the_repr_nor_the_name_of_a_key_tells_it() -> None:
    guard = ValueGuard(b"swordfish")
    assert "swordfish" not in repr(guard)
    assert b"swordfish".hex() not in guard.key_id
    assert ValueGuard() == ValueGuard(DEFAULT_KEY)


def test_raw_values_are_kept_whole_up_to_256_characters() -> None:
    values = ["", "a", "\u00e9" * 256, "b" * 257, "b" * 258, "b" * 256 + "c"]
    kept = ValueGuard().kept(pa.array(values, pa.large_string()), ValuePolicy.RAW)
    assert kept[:3] == values[:3]
    assert all(text.startswith("b" * 200 + "…") and len(text) == 217 for text in kept[3:])
    assert len(set(kept)) == len(values)


@pytest.mark.parametrize("policy", [ValuePolicy.HASHED, ValuePolicy.NONE])
def test_a_profile_of_hashed_or_dropped_values_does_not_hold_them(policy: ValuePolicy) -> None:
    data = rows(dict.fromkeys(SECRETS, 50)) | {
        "at": pa.array(range(150), pa.timestamp("s", "UTC")),
        "x": [1.5] * 150,
    }
    profile = profile_data(data, DeclaredColumns(schema=schema(policy)))
    count_panes(profile, data, time="at", width=60)
    stored = profile.to_bytes()
    for secret in SECRETS:
        assert secret.encode() not in stored
        assert secret.split("@")[0].encode() not in stored


@pytest.mark.parametrize("policy", [ValuePolicy.HASHED, ValuePolicy.NONE])
@pytest.mark.parametrize("new", [SECRETS[2], "qzdan@example.org"])
def test_no_report_shows_a_hashed_or_dropped_value(policy: ValuePolicy, new: str) -> None:
    before = {SECRETS[0]: 400, SECRETS[1]: 100, SECRETS[2]: 50}
    report = check(before, {SECRETS[0]: 50, new: 450}, schema=schema(policy))
    assert "qz" not in shown(report)


def test_the_same_reports_show_raw_values() -> None:
    report = check({SECRETS[0]: 400, SECRETS[1]: 100}, {SECRETS[0]: 50, SECRETS[2]: 450})
    assert SECRETS[0] in report.to_json()
    assert SECRETS[2] in report.summary()


def test_hashed_values_are_compared_and_shown_as_tokens() -> None:
    before, after = {SECRETS[0]: 400, SECRETS[1]: 100}, {SECRETS[0]: 100, SECRETS[1]: 400}
    report = check(before, after, schema=schema(ValuePolicy.HASHED), hash_key=b"k")
    raw = check(before, after)
    assert report.global_status is raw.global_status is Status.CRITICAL
    found, same = report.features[0], raw.features[0]
    assert {name: test.statistic for name, test in found.tests.items()} == pytest.approx(
        {name: test.statistic for name, test in same.tests.items()}
    )
    assert found.distribution is not None
    guard = ValueGuard(b"k")
    tokens = {f"hash:{guard.token(secret)[:8]}" for secret in SECRETS[:2]}
    assert set(found.distribution.labels or ()) == tokens


def test_dropped_values_are_not_tested_and_still_identify_the_data() -> None:
    report = check({"a": 300}, {"b": 300}, schema=schema(ValuePolicy.NONE))
    assert report.skipped == {"c": "its values are not kept"}
    assert report.features == ()
    assert report.global_status is Status.INSUFFICIENT_DATA
    assert report.reference_data_hash != report.production_data_hash


def test_the_content_hash_depends_on_the_values_and_not_on_key_or_policy() -> None:
    data = rows({"a": 3, "b": 2})
    hashes = {
        profile_data(
            data, DeclaredColumns(schema=schema(policy)), guard=ValueGuard(key)
        ).content_hash
        for policy in ValuePolicy
        for key in (b"one", b"two")
    }
    assert len(hashes) == 1


def test_profiles_of_another_key_neither_merge_nor_load_and_are_not_comparable() -> None:
    data = rows(dict.fromkeys(SECRETS, 50))
    one, two = (
        profile_data(
            data, DeclaredColumns(schema=schema(ValuePolicy.HASHED)), guard=ValueGuard(key)
        )
        for key in (b"one", b"two")
    )
    before = one.to_bytes(), two.to_bytes()
    with pytest.raises(MergeError, match="different hash key"):
        one.merge(two)
    assert before == (one.to_bytes(), two.to_bytes())
    with pytest.raises(HashKeyError, match="hashed with another key"):
        Profile.from_bytes(before[0], guard=ValueGuard(b"two"))
    for sides in ((before[0], before[1]), (before[1], before[0])):
        report = Monitor(sides[0], hash_key=b"one").check(sides[1])
        assert report.skipped == {"c": OTHER_KEY}
        assert report.global_status is Status.INSUFFICIENT_DATA
    same = Monitor(before[0], hash_key=b"one").check(before[0])
    assert not same.has_drift()


def test_without_hashed_columns_the_key_does_not_matter() -> None:
    stored = profile_data(rows({"a": 9}), guard=ValueGuard(b"one")).to_bytes()
    assert Profile.from_bytes(stored, guard=ValueGuard(b"two")).rows == 9


RARE = {
    "rare in the reference": ({"qzrare": 4, "a": 500, "b": 500}, {"a": 500, "b": 500}),
    "new and rare": ({"a": 500, "b": 500}, {"qzrare": 4, "a": 500, "b": 500}),
    "four and four": ({"qzrare": 4, "a": 500, "b": 500}, {"qzrare": 4, "a": 500, "b": 500}),
    "two and two": ({"qzrare": 2, "a": 500, "b": 500}, {"qzrare": 2, "a": 500, "b": 500}),
    "all of production": ({"a": 500, "b": 500}, {"qzrare": 4}),
    "all of the reference": ({"qzrare": 4}, {"a": 500, "b": 500}),
    "nothing but new and rare": (
        {"a": 500, "b": 500},
        {f"qzrare{i}": 4 for i in range(50)},
    ),
    "beside drift": ({"qzrare": 4, "a": 900, "b": 100}, {"a": 100, "b": 900}),
}


@pytest.mark.parametrize(("before", "after"), RARE.values(), ids=RARE)
@pytest.mark.parametrize("policy", ["default", "classic"])
def test_a_category_seen_fewer_than_five_times_is_never_shown(
    before: dict[str, int], after: dict[str, int], policy: str
) -> None:
    assert MIN_SHOWN == 5
    assert "qzrare" not in shown(check(before, after, policy=policy))


@pytest.mark.parametrize(("reference", "production"), [(5, 0), (5, 2), (0, 5)])
def test_a_category_seen_five_times_on_one_side_is_shown(reference: int, production: int) -> None:
    before = {"five": reference, "a": 500, "b": 500}
    found = check(before, {"five": production, "a": 500, "b": 500}).to_json()
    assert '"five"' in found


@given(
    st.dictionaries(st.sampled_from("ghjkq"), st.integers(1, 7), min_size=1),
    st.dictionaries(st.sampled_from("ghjkq"), st.integers(1, 7), min_size=1),
    st.integers(0, 40),
)
@settings(deadline=None, max_examples=60)
def test_exactly_the_categories_seen_often_enough_are_named(
    before: dict[str, int], after: dict[str, int], common: int
) -> None:
    more = {"zzcommon": common} if common else {}
    old, new = ({f"zz{key}": count for key, count in side.items()} for side in (before, after))
    found = shown(check({**old, **more}, {**new, **more}))
    for name in old.keys() | new.keys():
        often = max(old.get(name, 0), new.get(name, 0)) >= 5
        assert (name in found) is often, name
