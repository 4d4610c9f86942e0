"""The DataSketches layouts, read, validated and built in numpy.

The native library deserializes without checking: one flipped byte in a KLL's level
array ends the process at the first query. No byte reaches it that has not passed the
validators here, and no other module knows these layouts.

KLL of doubles, little endian (the same in Java, C++ and Python)::

    preamble ints u8 (5; 2 if empty or single) | version u8 (1; 2 if single) | family u8 = 15
    | flags u8 (1 empty, 2 level zero sorted, 4 single) | k u16 | m u8 = 8 | 0 u8
    | n u64 | min_k u16 | levels u8 | 0 u8 | offsets u32[levels] | min f64 | max f64 | items f64[]

Level h holds the items ``offsets[h] .. offsets[h + 1]`` (less ``offsets[0]``), each of
weight 2**h; the last level ends at the sketch's capacity, which follows from k, m and the
number of levels. An empty sketch is the first 8 bytes; a single value follows them.

Frequent strings::

    preamble longs u8 (4; 1 if empty) | version u8 = 1 | family u8 = 10 | lg_max u8 | lg_cur u8
    | flags u8 (4 empty) | 0 u16 | active u32 | 0 u32 | total u64 | offset u64
    | counts u64[active] | { length u32 | UTF-8 } [active]
"""

from __future__ import annotations

import functools
import itertools
import math
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwatch.errors import ProfileFormatError

__all__ = ["KllImage", "build_kll", "check_frequent_strings", "kll_capacity", "read_kll"]

KLL_M = 8
_KLL_FAMILY = 15
_EMPTY, _SORTED, _SINGLE = 1, 2, 4
_HEAD = struct.Struct("<BBBBHBB")
_BODY = struct.Struct("<QHBB")
_FULL = _HEAD.size + _BODY.size
_MAX_LEVELS = 60
_WEIGHTS = np.int64(1) << np.arange(_MAX_LEVELS, dtype=np.int64)

_FREQUENT_FAMILY = 10
_FREQUENT_EMPTY = 4 | 1  # bit 0 in Java-compatible images, bit 2 in C++ ones
_FREQUENT_HEAD = struct.Struct("<BBBBBBHIIQQ")
_LOAD_FACTOR = 0.75


@dataclass(frozen=True, slots=True)
class KllImage:
    """What a serialized KLL holds.

    Attributes:
        k: Parameter of the sketch.
        min_k: Smallest parameter it was ever merged with while estimating.
        n: Values seen.
        minimum: Smallest value, exact; NaN if empty.
        maximum: Largest value, exact; NaN if empty.
        items: Retained values.
        weights: How many values each stands for; they add up to `n`.
        levels: Number of levels; 1 while every value is retained.
    """

    k: int
    min_k: int
    n: int
    minimum: float
    maximum: float
    items: NDArray[np.float64]
    weights: NDArray[np.int64]
    levels: int


@functools.lru_cache(maxsize=1024)
def kll_capacity(k: int, levels: int) -> int:
    """Return the number of items a KLL of `levels` levels has room for."""
    return sum(max(KLL_M, _scaled(k, depth)) for depth in range(levels))


def _scaled(k: int, depth: int) -> int:
    # k * (2/3)**depth, rounded in two steps for deep sketches, exactly as the library does.
    if depth <= 30:
        return int(((k << (depth + 1)) // 3**depth + 1) >> 1)
    half = depth // 2
    return _scaled(_scaled(k, half), depth - half)


def build_kll(k: int, height: int, items: NDArray[np.float64], low: float, high: float) -> bytes:
    """Return the image of a KLL whose only items are `items`, each of weight 2**height.

    Args:
        k: Parameter of the sketch.
        height: Level the items go to.
        items: Sorted finite values, no more than the sketch has room for.
        low: Smallest value that the items stand for.
        high: Largest value that the items stand for.
    """
    levels = height + 1
    capacity = kll_capacity(k, levels)
    offsets = np.full(levels, capacity - items.size, dtype="<u4")
    return b"".join(
        (
            _HEAD.pack(5, 1, _KLL_FAMILY, _SORTED, k, KLL_M, 0),
            _BODY.pack(items.size << height, k, levels, 0),
            offsets.tobytes(),
            struct.pack("<dd", low, high),
            items.astype("<f8", copy=False).tobytes(),
        )
    )


def read_kll(data: bytes, /, *, k: int) -> KllImage:
    """Read and validate a serialized KLL of doubles.

    Args:
        data: The bytes.
        k: The parameter it must have.

    Raises:
        ProfileFormatError: If any structural rule is broken. Bytes that pass are safe to
            hand to the native library.
    """
    if len(data) < _HEAD.size:
        raise ProfileFormatError(f"KLL of {len(data)} bytes; at least {_HEAD.size}")
    preamble, version, family, flags, got_k, m, _ = _HEAD.unpack_from(data)
    if family != _KLL_FAMILY or m != KLL_M or got_k != k or flags & ~7:
        raise ProfileFormatError(
            f"not a KLL of k={k}: family {family}, m {m}, k {got_k}, flags {flags:#x}"
        )
    if flags & _EMPTY:
        _expect("empty KLL", (preamble, version, flags & _SINGLE, len(data)), (2, 1, 0, 8))
        nothing = np.empty(0)
        return KllImage(k, k, 0, np.nan, np.nan, nothing, nothing.astype(np.int64), 1)
    if flags & _SINGLE:
        _expect("single-value KLL", (preamble, version, len(data)), (2, 2, 16))
        (value,) = struct.unpack_from("<d", data, 8)
        _require(np.isfinite(value), "its value is not finite")
        return KllImage(k, k, 1, value, value, np.array([value]), np.ones(1, np.int64), 1)
    _expect("KLL", (preamble, version), (5, 1))
    return _read_full_kll(data, k)


def _read_full_kll(data: bytes, k: int) -> KllImage:
    _require(len(data) >= _FULL, "it is cut short")
    n, min_k, levels, _ = _BODY.unpack_from(data, _HEAD.size)
    _require(1 <= levels <= _MAX_LEVELS, f"{levels} levels")
    _require(KLL_M <= min_k <= k, f"min_k {min_k} with k {k}")
    capacity = kll_capacity(k, levels)
    values_at = _FULL + 4 * levels
    _require(len(data) >= values_at + 16, "it is cut short")
    # A sketch has some ten levels: plain integers are quicker than arrays of them.
    offsets = (*struct.unpack_from(f"<{levels}I", data, _FULL), capacity)
    sizes = [end - start for start, end in itertools.pairwise(offsets)]
    _require(min(sizes) >= 0, "its level offsets go backwards")
    retained = capacity - offsets[0]
    _require(len(data) == values_at + 16 + 8 * retained, "its length does not fit its levels")
    weights = np.repeat(_WEIGHTS[:levels], sizes)
    _require(n > 0 and sum(s << h for h, s in enumerate(sizes)) == n, "its weights miss n")
    low, high = struct.unpack_from("<dd", data, values_at)
    items = np.frombuffer(data, "<f8", retained, values_at + 16).astype(np.float64)
    _require(math.isfinite(low) and math.isfinite(high), "its range is not finite")
    # NaN fails every comparison, so this refuses NaN items as well.
    _require(bool(((items >= low) & (items <= high)).all()), "an item is outside its range")
    falls = items[1:] < items[:-1]
    falls[: max(sizes[0] - 1, 0)] = False  # level zero need not be sorted
    for offset in offsets[1:-1]:  # the step from one level to the next may fall
        seam = offset - offsets[0] - 1
        if 0 <= seam < falls.size:
            falls[seam] = False
    _require(not falls.any(), "a level is not sorted")
    return KllImage(k, min_k, n, low, high, items, weights, levels)


def check_frequent_strings(data: bytes, /, *, lg_max: int, text_limit: int) -> int:
    """Validate a serialized frequent-strings sketch and return the total weight it claims.

    Raises:
        ProfileFormatError: If any structural rule is broken.
    """
    _require(len(data) >= 8, "frequent items are cut short")
    longs, version, family, got_max, lg_cur, flags = struct.unpack_from("<BBBBBB", data)
    _expect("frequent items", (version, family, got_max), (1, _FREQUENT_FAMILY, lg_max))
    _require(3 <= lg_cur <= lg_max and not flags & ~_FREQUENT_EMPTY, f"lg {lg_cur}, flags {flags}")
    if flags:
        _expect("empty frequent items", (longs, len(data)), (1, 8))
        return 0
    _require(longs == 4 and len(data) >= _FREQUENT_HEAD.size, "frequent items are cut short")
    *_, active, _, total, offset = _FREQUENT_HEAD.unpack_from(data)
    _require(1 <= active <= int(_LOAD_FACTOR * (1 << lg_cur)), f"{active} frequent items")
    at = _FREQUENT_HEAD.size + 8 * active
    _require(len(data) >= at, "frequent items are cut short")
    counts = struct.unpack_from(f"<{active}Q", data, _FREQUENT_HEAD.size)
    _require(min(counts) > 0 and sum(counts) <= total < 1 << 63, "counts exceed the total")
    _require(offset <= total, "the error exceeds the total")
    seen = set()
    for _ in range(active):
        _require(len(data) >= at + 4, "frequent items are cut short")
        (length,) = struct.unpack_from("<I", data, at)
        _require(length <= text_limit and len(data) >= at + 4 + length, "a text is too long")
        seen.add(_utf8(data[at + 4 : at + 4 + length]))
        at += 4 + length
    _require(at == len(data) and len(seen) == active, "frequent items have a loose end")
    return int(total)


def _utf8(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ProfileFormatError("a frequent item is not UTF-8") from error


def _require(condition: bool, problem: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not condition:
        raise ProfileFormatError(f"sketch refused: {problem}")


def _expect(what: str, got: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    if got != wanted:
        raise ProfileFormatError(f"{what} refused: header {got}, expected {wanted}")
