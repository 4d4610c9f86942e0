"""A content hash of a column that does not depend on the order of its rows.

Each value is hashed to 64 bits; the sum and the exclusive or of the hashes, with the
number of values, identify the multiset. That is additive under merge, and independent of
row order, batch size, sharding and file format, so it can tell whether anything was lost
or counted twice. It guards against accidents, not against an adversary.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.errors import ProfileFormatError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Fingerprint", "hash_numbers", "hash_texts", "hash_words", "keyed_hashes"]

_MASK = (1 << 64) - 1
_LAYOUT = struct.Struct("<QQQ")

# Odd constants with well-mixed bits: the golden ratio's, and one found by search for
# low avalanche bias (P. Evensen, "rrmxmx", 2018).
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_EVENSEN = np.uint64(0xD6E8FEB86659FD93)
_SHIFT = np.uint64(32)

_BLOCK = 32_768
"""Numbers hashed at a time: few enough that what is computed on the way stays in the cache."""

_LONG = 1_024
"""Bytes of a text that is hashed by itself: by words, one such text alone takes a round of numpy
for every 8 bytes, which is ten thousand times the work that a library needs."""


def _mixed(
    words: NDArray[np.uint64], out: NDArray[np.uint64], scratch: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """Scramble 64-bit words; a bijection, so distinct words stay distinct.

    Args:
        words: Is left as it is, unless it is `out` too.
        out: Is written and returned.
        scratch: Is written.
    """
    for constant in (_GOLDEN, _EVENSEN):
        np.multiply(words, constant, out=out)
        np.right_shift(out, _SHIFT, out=scratch)
        np.bitwise_xor(out, scratch, out=out)
        words = out
    return out


def _mix(words: NDArray[np.uint64], scratch: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64-bit words in place."""
    return _mixed(words, words, scratch)


def hash_numbers(values: NDArray[np.float64], /) -> NDArray[np.uint64]:
    """Hash doubles by value: 0.0 and -0.0 agree. About 2 ns a value.

    Example:
        >>> bool(hash_numbers(np.array([0.0]))[0] == hash_numbers(np.array([-0.0]))[0])
        True
    """
    words = (values + 0.0).view(np.uint64)  # adding zero turns -0.0 into 0.0
    return _mix(words, np.empty_like(words))


def hash_words(words: NDArray[np.uint64], /) -> NDArray[np.uint64]:
    """Hash 64-bit words."""
    words = words.copy()
    return _mix(words, np.empty_like(words))


def keyed_hashes(hashes: NDArray[np.uint64], first: int, /, *others: int) -> NDArray[np.uint64]:
    """Keyed permutation of hashes: one to one, and not to be computed without the key.

    A key is added before, between and after rounds of a permutation that everybody knows, so that
    a value and its hash do not give the key away (S. Even, Y. Mansour. A construction of a cipher
    from a single pseudorandom permutation, 1997).

    Args:
        hashes: Of values, without a key.
        first: The first word of the key.
        others: Its other words, one a round.

    Example:
        >>> keyed_hashes(np.arange(3, dtype=np.uint64), 1, 2, 3, 4).size
        3

    Cost: about 2 ns a hash and round.
    """
    words = hashes ^ np.uint64(first)
    scratch = np.empty_like(words)
    for word in others:
        _mix(words, scratch)
        words ^= np.uint64(word)
    return words


def hash_texts(texts: pa.Array, /, *, seed: int = 0) -> NDArray[np.uint64]:
    """Hash the UTF-8 bytes of strings, all at once; those above 1,024 bytes by BLAKE2b.

    Args:
        texts: ``large_string`` or ``large_binary`` array without nulls.
        seed: Another seed gives other hashes.

    Returns:
        One 64-bit hash a string. Cost: about 10 ns a string and 8 bytes of it, and 1 ns a byte of
        those that are long: never more than 128 rounds over all strings, whatever their lengths.
    """
    size = len(texts)
    if size == 0:
        return np.empty(0, dtype=np.uint64)
    _, offset_buffer, data_buffer = texts.buffers()
    offsets = np.frombuffer(offset_buffer, "<i8")[texts.offset : texts.offset + size + 1]
    starts, lengths = offsets[:-1], np.diff(offsets)
    first, last = int(offsets[0]), int(offsets[-1])
    # Eight spare bytes, so that the last word of the last string can be read whole.
    data = np.zeros(last - first + 8, dtype=np.uint8)
    if last > first:
        data[:-8] = np.frombuffer(data_buffer, np.uint8)[first:last]
    words_at = np.lib.stride_tricks.as_strided(
        data[:8].view("<u8"), shape=(last - first + 1,), strides=(1,), writeable=False
    )
    state = lengths.astype(np.uint64) ^ np.uint64(seed)
    _mix(state, np.empty_like(state))
    long = lengths > _LONG
    for place in np.flatnonzero(long).tolist():
        start = int(starts[place]) - first
        state[place] = _hash_long(data[start : start + int(lengths[place])], seed)
    alive = np.flatnonzero((lengths > 0) & ~long)
    position = 0
    while alive.size:
        words = words_at[starts[alive] - first + position].astype(np.uint64)
        spare = 8 - np.minimum(lengths[alive] - position, 8)
        words &= np.uint64(_MASK) >> (spare * 8).astype(np.uint64)
        words ^= state[alive]
        state[alive] = _mix(words, np.empty_like(words))
        position += 8
        alive = alive[lengths[alive] > position]
    return state


def _hash_long(data: NDArray[np.uint8], seed: int) -> int:
    key = seed.to_bytes(8, "little")
    digest = hashlib.blake2b(data.tobytes(), digest_size=8, key=key).digest()
    return int.from_bytes(digest, "little")


@dataclass(slots=True)
class Fingerprint:
    """Sum and exclusive or of the hashes of a column's values, weighted by count.

    Example:
        >>> a, b = Fingerprint(), Fingerprint()
        >>> a.update(hash_numbers(np.array([1.0, 2.0])))
        >>> b.update(hash_numbers(np.array([2.0, 1.0])))
        >>> a == b
        True
    """

    count: int = 0
    total: int = 0
    parity: int = 0

    def update(
        self, hashes: NDArray[np.uint64], counts: NDArray[np.int64] | None = None, /
    ) -> None:
        """Add values by their hashes, each `counts` times (once if not given)."""
        if counts is None:
            self._add(hashes.size, int(hashes.sum()), int(np.bitwise_xor.reduce(hashes)))
            return
        weights = counts.astype(np.uint64)
        odd = hashes[(weights & np.uint64(1)).astype(bool)]
        self._add(int(counts.sum()), int((hashes * weights).sum()), int(np.bitwise_xor.reduce(odd)))

    def update_numbers(self, values: NDArray[np.float64], /) -> None:
        """Add doubles, each once, none of them -0.0; as `update` of `hash_numbers` does.

        Cost: 2 ns a value, half of what it takes to keep the hashes.
        """
        words = np.ascontiguousarray(values).view(np.uint64)
        mixed, scratch = np.empty((2, min(_BLOCK, words.size)), dtype=np.uint64)
        for start in range(0, words.size, _BLOCK):
            block = words[start : start + _BLOCK]
            self.update(_mixed(block, mixed[: block.size], scratch[: block.size]))

    def add_detail(self, hashes: NDArray[np.uint64], /) -> None:
        """Add what the hashes of values already counted could not tell apart."""
        self._add(0, int(hashes.sum()), int(np.bitwise_xor.reduce(hashes)))

    def merge(self, other: Self, /) -> None:
        """Add another column's values; `other` is left as it was."""
        self._add(other.count, other.total, other.parity)

    def _add(self, count: int, total: int, parity: int) -> None:
        self.count += count
        self.total = (self.total + total) & _MASK
        self.parity ^= parity

    def to_bytes(self) -> bytes:
        """Return the three numbers, 24 bytes."""
        return _LAYOUT.pack(self.count, self.total, self.parity)

    @classmethod
    def from_bytes(cls, data: bytes, /) -> Self:
        """Rebuild a fingerprint from `to_bytes`.

        Raises:
            ProfileFormatError: If the bytes are not a fingerprint.
        """
        if len(data) != _LAYOUT.size:
            raise ProfileFormatError(f"fingerprint of {len(data)} bytes; expected {_LAYOUT.size}")
        return cls(*_LAYOUT.unpack(data))
