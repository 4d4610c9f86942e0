"""Envelopes of profiles and deliveries with something changed, and a checksum that fits again."""

from __future__ import annotations

import hashlib
import json
import random
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from driftwatch.core.profiles.codec import DELIVERY, PROFILE, decode
from driftwatch.errors import ProfileFormatError
from tests.mutations.values import changed_bytes, changed_json, changed_json_text

__all__ = ["changed_frame"]

_ODD_COUNTS = (0, 1, 0x7FFF_FFFF, 0xFFFF_FFFF, 200_000, 200_001)


@dataclass(frozen=True)
class _Frame:
    """What an envelope holds, with counts and lengths that need not be true."""

    magic: bytes
    header: bytes
    sections: tuple[tuple[bytes, bytes], ...]
    version: int = 1
    flags: int = 0
    header_length: int | None = None
    count: int | None = None

    def to_bytes(self) -> bytes:
        length = len(self.header) if self.header_length is None else self.header_length
        count = len(self.sections) if self.count is None else self.count
        parts = [struct.pack("<4sHHI", self.magic, self.version, self.flags, length), self.header]
        parts.append(struct.pack("<I", count))
        for name, body in self.sections:
            parts += [struct.pack("<H", len(name)), name, struct.pack("<I", len(body)), body]
        return _sealed(b"".join(parts))


def _sealed(framed: bytes) -> bytes:
    return framed + hashlib.sha256(framed).digest()


def changed_frame(data: bytes, chance: random.Random) -> bytes:
    """Damage to the bytes in one case of twelve; otherwise the checksum fits what has changed."""
    way = chance.randrange(12)
    if way == 0:
        return changed_bytes(data, chance)
    if way == 1:
        return _sealed(changed_bytes(data[:-32], chance))
    magic = data[:4]
    try:
        header, sections = decode(data, magic=magic)
    except ProfileFormatError:  # it was changed before
        return changed_bytes(data, chance)
    frame = _Frame(
        magic,
        json.dumps(header).encode(),
        tuple((name.encode(), body) for name, body in sections.items()),
    )
    if way < 4:
        return replace(frame, header=_changed_header(header, chance)).to_bytes()
    if way == 4:
        return _of_other_facts(frame, chance).to_bytes()
    for _ in range(chance.choice([1, 1, 1, 3])):
        frame = replace(frame, sections=_changed_sections(frame, chance))
    return frame.to_bytes()


def _changed_header(header: Mapping[str, Any], chance: random.Random) -> bytes:
    if chance.random() < 0.5:
        return changed_json_text(header, chance)
    key = chance.choice(sorted(header))  # one fact alone, so that the others are looked at
    changed = changed_json(header[key], chance)
    return json.dumps({**header, key: changed}).encode("utf-8", "surrogatepass")


def _of_other_facts(frame: _Frame, chance: random.Random) -> _Frame:
    other = PROFILE if frame.magic == DELIVERY else DELIVERY
    return chance.choice([
        replace(frame, version=chance.choice([0, 2, 999, 0xFFFF])),
        replace(frame, flags=1 << chance.randrange(16)),
        replace(frame, header_length=chance.choice(_ODD_COUNTS)),
        replace(frame, count=chance.choice(_ODD_COUNTS)),
        replace(frame, magic=other),
    ])  # fmt: skip


def _changed_sections(frame: _Frame, chance: random.Random) -> tuple[tuple[bytes, bytes], ...]:
    sections = list(frame.sections)
    if not sections:
        return ()
    at, to = chance.randrange(len(sections)), chance.randrange(len(sections))
    name, body = sections[at]
    way = chance.randrange(10)
    if way == 0:
        del sections[at]
    elif way == 1:
        sections.append((name, sections[to][1]))
    elif way == 2:
        sections[at], sections[to] = (name, sections[to][1]), (sections[to][0], body)
    elif way == 3:
        sections[at] = (changed_bytes(name, chance)[:0xFFFF], body)
    elif way == 4:
        sections[at] = (name, sections[to][1])
    else:
        sections[at] = (name, _changed_body(body, chance))
    return tuple(sections)


def _changed_body(body: bytes, chance: random.Random) -> bytes:
    if body[:4] in (PROFILE, DELIVERY):
        return changed_frame(body, chance)
    try:
        value = json.loads(body) if body[:1] == b"{" else None
    except ValueError:
        value = None
    return changed_bytes(body, chance) if value is None else changed_json_text(value, chance)
