"""The envelope of profiles and deliveries: named sections with lengths and a checksum.

Layout, little endian::

    magic "DWP1" or "DWS1" | format u16 | flags u16 | header length u32 | header (canonical JSON)
    | section count u32 | { name length u16 | name | body length u32 | body } ... | SHA-256

Every length is checked against the bytes that are there before anything is allocated.
The checksum finds damage, not malice: what a section says is checked by whoever reads it.

Versions: every version of DriftWatch reads every format that was ever released. In every format,
later ones too, the first four bytes are the magic, the next two the number of the format, and the
last 32 the SHA-256 of all before. So any version can tell bytes that are damaged
(`ProfileFormatError`) from sound bytes of a later format, of features or words it does not know
(`NotReadableError`), which are left where they are. Whatever an earlier version could misread gets
a new number.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from typing import Any

from driftwatch.errors import NotReadableError, ProfileFormatError

__all__ = ["DELIVERY", "FORMAT", "LOCAL_LIMIT", "PROFILE", "WIRE_LIMIT", "decode", "encode"]

PROFILE = b"DWP1"
DELIVERY = b"DWS1"
FORMAT = 1
LOCAL_LIMIT = 512 * 1024 * 1024
"""Bytes of a profile read from a local file, at most."""
WIRE_LIMIT = 8 * 1024 * 1024
"""Bytes of anything that came over a network, at most."""

_PREFIX = struct.Struct("<4sHHI")
_COUNT = struct.Struct("<I")
_NAME = struct.Struct("<H")
_BODY = struct.Struct("<I")
_HEADER_LIMIT = 64 * 1024
_SECTION_LIMIT = 200_000
_DIGEST = 32
_NOUNS = {PROFILE: "profile", DELIVERY: "delivery"}


def encode(
    header: Mapping[str, Any], sections: Mapping[str, bytes], /, *, magic: bytes = PROFILE
) -> bytes:
    """Frame a header and named sections.

    Deterministic: equal input gives equal bytes, so bytes can be compared and hashed.
    """
    text = json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    if len(text) > _HEADER_LIMIT:
        raise ProfileFormatError(f"header of {len(text)} bytes; at most {_HEADER_LIMIT}")
    parts = [_PREFIX.pack(magic, FORMAT, 0, len(text)), text, _COUNT.pack(len(sections))]
    for name, body in sections.items():
        encoded = name.encode()
        parts += [_NAME.pack(len(encoded)), encoded, _BODY.pack(len(body)), body]
    framed = b"".join(parts)
    return framed + hashlib.sha256(framed).digest()


def decode(
    data: bytes, /, *, limit: int = LOCAL_LIMIT, magic: bytes = PROFILE
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Take an envelope apart into its header and sections.

    Args:
        data: The bytes, as `encode` wrote them.
        limit: Refuse more bytes than this.
        magic: What it must be: `PROFILE` or `DELIVERY`.

    Raises:
        NotReadableError: If they are sound, and of a format that is newer than this version.
        ProfileFormatError: If the bytes are too many, cut short, damaged, or break a structural
            rule. Nothing has been allocated beyond the size of `data` by then.
    """
    noun = _NOUNS[magic]
    if len(data) > limit:
        raise ProfileFormatError(f"{noun} of {len(data):,} bytes; at most {limit:,} are read")
    if len(data) < _PREFIX.size + _COUNT.size + _DIGEST or data[:4] != magic:
        raise ProfileFormatError(f"not a DriftWatch {noun}: the first bytes are wrong")
    _, version, flags, header_length = _PREFIX.unpack_from(data)
    framed = data[:-_DIGEST]
    if hashlib.sha256(framed).digest() != data[-_DIGEST:]:
        raise ProfileFormatError(f"{noun} is damaged or cut short: the checksum does not fit")
    if version > FORMAT:
        raise NotReadableError.newer(
            f"{noun} format {version}; this version reads formats up to {FORMAT}: "
            "upgrade driftwatch to read it"
        )
    if version < 1:
        raise ProfileFormatError(f"{noun} format {version}: there is none of that number")
    if flags:
        raise NotReadableError.newer(
            f"{noun} needs features this version lacks (flags {flags:#x}): upgrade driftwatch"
        )
    if header_length > _HEADER_LIMIT:
        raise ProfileFormatError(f"header of {header_length} bytes; at most {_HEADER_LIMIT}")
    start = _PREFIX.size + header_length
    if start > len(framed):
        raise _cut_short(header_length, len(framed) - _PREFIX.size)
    return _json_object(framed[_PREFIX.size : start]), _sections(framed, start)


def _sections(data: bytes, start: int) -> dict[str, bytes]:
    """The sections from a place on. Little is called for each: a wide profile has thousands."""
    size = len(data)
    if start + _COUNT.size > size:
        raise _cut_short(_COUNT.size, size - start)
    (count,) = _COUNT.unpack_from(data, start)
    if count > _SECTION_LIMIT:
        raise ProfileFormatError(f"{count} sections; at most {_SECTION_LIMIT}")
    start += _COUNT.size
    sections: dict[str, bytes] = {}
    for _ in range(count):
        at = start + _NAME.size
        if at > size:
            raise _cut_short(_NAME.size, size - start)
        end = at + _NAME.unpack_from(data, start)[0]
        if end > size:
            raise _cut_short(end - at, size - at)
        name = _text(data[at:end])
        if name in sections:
            raise ProfileFormatError(f"section {name!r} appears twice")
        at = end + _BODY.size
        if at > size:
            raise _cut_short(_BODY.size, size - end)
        start = at + _BODY.unpack_from(data, end)[0]
        if start > size:
            raise _cut_short(start - at, size - at)
        sections[name] = data[at:start]
    if start < size:
        raise ProfileFormatError(f"{size - start} bytes after the last section")
    return sections


def _cut_short(wanted: int, left: int) -> ProfileFormatError:
    return ProfileFormatError(f"cut short: {wanted} bytes wanted, {left} left")


def _json_object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ProfileFormatError(f"header is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ProfileFormatError("header is not a JSON object")
    return value


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ProfileFormatError("section name is not UTF-8") from error
