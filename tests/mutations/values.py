"""Bytes, numbers and JSON with something changed, as damage or malice would change it."""

from __future__ import annotations

import json
import random
import re
import struct
from collections.abc import Callable
from copy import deepcopy
from typing import Any

__all__ = ["changed_bytes", "changed_json", "changed_json_text", "odd_number"]

Json = Any
"""What `json.loads` gives, of which some part is of another type now."""

_DEEP = "\x01deep\x01"
_NUMBERS = (
    struct.pack("<I", 0),
    struct.pack("<I", 0xFFFF_FFFF),
    struct.pack("<I", 0x7FFF_FFFF),
    struct.pack("<Q", 1 << 62),
    struct.pack("<q", -1),
    struct.pack("<q", -(1 << 63)),
    struct.pack("<Q", (1 << 53) + 1),
    struct.pack("<d", float("nan")),
    struct.pack("<d", float("inf")),
    struct.pack("<d", -1.7e308),
    struct.pack("<d", 5e-324),
    struct.pack("<d", -0.0),
)
_ODD: tuple[Json, ...] = (
    None, True, False, 0, 1, -1, 2, 0.5, -0.0, 1e308, -1e308, 5e-324, float("nan"), float("inf"),
    float("-inf"), 1 << 31, 1 << 53, (1 << 63) - 1, 1 << 63, -(1 << 63), 1 << 64, 10**400,
    -(10**30),
    "", " ", "1", "nan", "\x00", "\ud800", "\udfff\ud800", "\u202e", "x" * 70_000, "::error::x",
    "2026-01-01", "9999-12-31T23:59:59Z", "%s {0}", "../../x", [], [[]], [None], ["x", 1, None], {},
    {"": None}, {"x": {"y": []}}, [0] * 3_000, _DEEP,
)  # fmt: skip


def odd_number(chance: random.Random) -> bytes:
    """A number at the end of what its type can hold, or none, in the bytes of a file."""
    return chance.choice(_NUMBERS)


def changed_bytes(data: bytes, chance: random.Random) -> bytes:
    """Flip bits, cut, insert, repeat, swap, or write numbers, in one to eight places."""
    changed = bytearray(data)
    for _ in range(chance.choice([1, 1, 1, 2, 8])):
        if not changed:
            return b""
        chance.choice(_WAYS)(changed, chance.randrange(len(changed)), chance)
    return bytes(changed)


def _flip(data: bytearray, at: int, chance: random.Random) -> None:
    data[at] ^= 1 << chance.randrange(8)


def _one_more(data: bytearray, at: int, chance: random.Random) -> None:
    data[at] = (data[at] + chance.choice([1, 255])) % 256


def _overwrite(data: bytearray, at: int, chance: random.Random) -> None:
    piece = chance.choice([odd_number(chance), chance.randbytes(chance.randrange(1, 9))])
    data[at : at + len(piece)] = piece


def _number_on_its_place(data: bytearray, at: int, chance: random.Random) -> None:
    number = odd_number(chance)
    at -= at % len(number)
    data[at : at + len(number)] = number


def _insert(data: bytearray, at: int, chance: random.Random) -> None:
    data[at:at] = chance.randbytes(chance.choice([1, 4, 8, 64]))


def _repeat(data: bytearray, at: int, chance: random.Random) -> None:
    data[at:at] = data[at : at + chance.choice([1, 8, 64, 1_000])] * chance.choice([1, 1, 100])


def _cut(data: bytearray, at: int, chance: random.Random) -> None:
    del data[at : at + chance.choice([1, 4, 8, 64, len(data)])]


def _swap(data: bytearray, at: int, chance: random.Random) -> None:
    size = chance.choice([1, 8, 64])
    to = chance.randrange(len(data))
    if abs(to - at) >= size and max(to, at) + size <= len(data):
        mine, theirs = data[at : at + size], data[to : to + size]
        data[at : at + size], data[to : to + size] = theirs, mine


_WAYS: tuple[Callable[[bytearray, int, random.Random], None], ...] = (
    _flip, _one_more, _overwrite, _number_on_its_place, _insert, _repeat, _cut, _swap
)  # fmt: skip


def changed_json(value: Json, chance: random.Random) -> Json:
    """A copy in which a value is of another type, gone, twice there, or in the place of another."""
    root = {"": json.loads(json.dumps(value))}
    for _ in range(chance.choice([1, 1, 2, 5])):
        places = list(_places(root))
        within, key = chance.choice(places)
        way = chance.randrange(6)
        if way <= 2:
            within[key] = deepcopy(chance.choice(_ODD))
        elif way == 3 and within is not root:
            del within[key]
        elif way == 4:
            other, other_key = chance.choice(places)
            try:
                within[key] = json.loads(json.dumps(other[other_key]))
            except (KeyError, IndexError):  # it was in what is gone
                continue
        elif isinstance(within, list):
            within += within[:100] * chance.choice([1, 1, 20])
        elif within is not root:
            within[chance.choice(["", "x", f"{key} ", "\ud800"])] = within.pop(key)
    return root[""]


def _places(value: Json) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    inside = [value]
    while inside:
        within = inside.pop()
        items = within.items() if isinstance(within, dict) else enumerate(within)
        for key, each in list(items):
            found.append((within, key))
            if isinstance(each, dict | list):
                inside.append(each)
    return found


def changed_json_text(value: Json, chance: random.Random) -> bytes:
    """The text of a changed value: with repeated keys, nesting, or damage, too."""
    text = json.dumps(changed_json(value, chance), ensure_ascii=chance.random() < 0.5)
    deep = chance.choice([3, 300, 5_000, 20_000])
    nested = chance.choice(["[" * deep + "]" * deep, '{"x":' * deep + "1" + "}" * deep])
    text = text.replace(json.dumps(_DEEP), nested).replace(f'"{_DEEP}"', nested)
    if chance.random() < 0.2 and (keys := re.findall(r'"[^"\\]{0,40}": ', text)):
        key = chance.choice(keys)
        again = json.dumps(chance.choice([v for v in _ODD if v != _DEEP]))
        text = text.replace(key, f"{key}{again}, {key}", 1)
    data = text.encode("utf-8", "surrogatepass")
    return changed_bytes(data, chance) if chance.random() < 0.15 else data
