"""The envelope of a profile: every way in which bytes can be wrong has its refusal."""

from __future__ import annotations

import hashlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.core.profiles.codec import PROFILE, decode, encode
from driftwatch.errors import ProfileFormatError

names = st.text(max_size=20).filter(lambda text: text.isprintable() or not text)


def sealed(framed: bytes) -> bytes:
    return framed + hashlib.sha256(framed).digest()


def envelope(
    *,
    magic: bytes = PROFILE,
    version: int = 1,
    flags: int = 0,
    header: bytes = b"{}",
    header_length: int | None = None,
    count: int = 0,
    body: bytes = b"",
) -> bytes:
    length = len(header) if header_length is None else header_length
    prefix = struct.pack("<4sHHI", magic, version, flags, length)
    return sealed(prefix + header + struct.pack("<I", count) + body)


def section(name: bytes, body: bytes) -> bytes:
    return struct.pack("<H", len(name)) + name + struct.pack("<I", len(body)) + body


@given(
    st.dictionaries(names, st.integers() | st.text(max_size=9) | st.none(), max_size=5),
    st.dictionaries(names, st.binary(max_size=50), max_size=5),
)
def test_what_was_framed_comes_back(header: dict[str, object], sections: dict[str, bytes]) -> None:
    data = encode(header, sections)
    assert decode(data) == (header, sections)
    assert data == encode(header, sections)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "first bytes"),
        (PROFILE, "first bytes"),
        (envelope(magic=b"NOPE"), "first bytes"),
        (envelope(version=2), "format 2"),
        (envelope(version=0), "there is none of that number"),
        (envelope(flags=1), "flags 0x1"),
        (envelope()[:-1] + b"\0", "checksum"),
        (envelope(header_length=1 << 20), "header of 1048576 bytes"),
        (envelope(header_length=500), "cut short"),
        (envelope(header_length=6, count=0x20202020), "cut short: 4 bytes wanted, 0 left"),
        (envelope(header=b"{"), "not JSON"),
        (envelope(header=b"[" * 30_000), "not JSON"),
        (envelope(header=b"[1]"), "not a JSON object"),
        (envelope(header=b"\xff\xff"), "not JSON"),
        (envelope(count=1), "cut short"),
        (envelope(count=1 << 30), "at most 200000"),
        (envelope(count=1, body=section(b"\xff", b"")), "not UTF-8"),
        (envelope(count=2, body=section(b"a", b"") * 2), "appears twice"),
        (envelope(count=1, body=section(b"a", b"12")[:-1]), "cut short"),
        (envelope(count=1, body=section(b"abcdef", b"")[:4]), "6 bytes wanted, 2 left"),
        (envelope(count=1, body=section(b"a", b"")[:-2]), "cut short: 4 bytes wanted, 2 left"),
        (envelope(body=b"more"), "4 bytes after"),
    ],
)
def test_every_wrong_byte_string_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(ProfileFormatError, match=says):
        decode(data)


def test_too_many_bytes_are_not_looked_at() -> None:
    with pytest.raises(ProfileFormatError, match="at most 10 are read"):
        decode(envelope(), limit=10)


def test_a_header_that_could_not_be_read_is_not_written() -> None:
    with pytest.raises(ProfileFormatError, match="header of"):
        encode({"long": "x" * 70_000}, {})


@given(st.binary(max_size=200))
def test_noise_is_refused(data: bytes) -> None:
    for candidate in (data, sealed(data), sealed(PROFILE + data)):
        try:
            decode(candidate)
        except ProfileFormatError:
            continue
        assert candidate.startswith(PROFILE)
