"""Sections whose checksum fits and whose JSON is of another shape are refused as profiles are."""

from __future__ import annotations

from typing import Any

import pytest

from driftwatch.core.data.batch import batches_of
from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.data.schema import Column, Kind, Schema
from driftwatch.core.profiles.codec import decode, encode
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.readable import check_readable
from driftwatch.errors import ProfileFormatError


def sound() -> tuple[dict[str, Any], dict[str, bytes]]:
    profile = Profile(Schema((Column("age", Kind.NUMERIC),)))
    for batch in batches_of({"age": [31, 44, 27]}):
        profile.update(batch)
    return decode(profile.to_bytes())


@pytest.mark.parametrize(
    "schema",
    [
        b'{"columns": ["age"]}',
        b'{"columns": [null]}',
        b'{"columns": [[]]}',
        b'{"columns": [{"name": {}}]}',
        b'{"columns": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        b'{"columns": [{"kind": ' + b"1" * 5_000 + b"}]}",
    ],
    ids=lambda schema: repr(schema[:30]),
)
def test_a_table_of_columns_that_is_none(schema: bytes) -> None:
    header, sections = sound()
    data = encode(header, {**sections, "schema": schema})
    with pytest.raises(ProfileFormatError):
        Profile.from_bytes(data)
    with pytest.raises(ProfileFormatError):
        check_readable(data, ValueGuard())


@pytest.mark.parametrize(
    ("fact", "value"),
    [("config", []), ("config", {"k": 10**400}), ("k", {}), ("rows", 1.5)],
)
def test_a_header_that_is_none(fact: str, value: Any) -> None:
    header, sections = sound()
    with pytest.raises(ProfileFormatError):
        Profile.from_bytes(encode({**header, fact: value}, sections))


@pytest.mark.parametrize("part", ["panes", "cross", "outcomes0/spec"])
@pytest.mark.parametrize("body", [b"[]", b"null", b"{}", b"[" * 50_000, b'{"size": ' + b"9" * 400])
def test_a_part_that_is_none(part: str, body: bytes) -> None:
    header, sections = sound()
    with pytest.raises(ProfileFormatError):
        Profile.from_bytes(encode(header, {**sections, part: body}))
