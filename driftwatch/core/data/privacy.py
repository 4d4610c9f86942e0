"""Category values made comparable without being readable, and never longer than they may be.

Three things are kept of values that must not be readable. Each depends on the key, so that a
profile and a list of candidate values are not enough to find the values:

* tokens, by which categories are counted: keyed BLAKE2b;
* hashes, by which different values are counted: see `ValueGuard.rounds`;
* the content hash of a column, which is the same for every key, since it tells whether two
  data sets are one: written under seal (`ValueGuard.sealed`), as it would give away the value of
  a column that has only one.
"""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from driftwatch.core.data.schema import ValuePolicy
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["DEFAULT_KEY", "MIN_SHOWN", "ValueGuard", "hash_key"]

DEFAULT_KEY = b"driftwatch"
"""Public: it keeps values from being read in passing, not from being guessed. Profiles without
the fingerprint of a key were made with it. What monitors and commands use where no key was given
is random, see `driftwatch.profiling.hash_keys`."""

MIN_SHOWN = 5
"""A category that neither side has seen as often as this is never shown by name."""

_LONGEST = 256
_KEPT = 200
_HALVES = struct.Struct("<QQ")
_SEAL_ROUNDS = 4
_ROUND_KEYS = struct.Struct("<5Q")


def hash_key() -> bytes | None:
    """The key of ``$DRIFTWATCH_HASH_KEY``; None if it is not set."""
    key = os.environ.get("DRIFTWATCH_HASH_KEY")
    return key.encode() if key else None


@dataclass(frozen=True, slots=True)
class ValueGuard:
    """Turns category values into what may be kept of them.

    Attributes:
        key: Key of the BLAKE2b tokens of hashed columns, 1 to 64 bytes.
        is_default: Whether no user chose it: it is the public key, or a random one of this machine.

    Raises:
        ConfigError: If the key is empty or too long.

    Example:
        >>> len(ValueGuard().token("alice@example.org"))
        16
    """

    key: bytes = field(default=DEFAULT_KEY, repr=False)
    is_default: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        if self.is_public:
            object.__setattr__(self, "is_default", True)
        if not 1 <= len(self.key) <= 64:
            raise ConfigError(
                f"the hash key must have 1 to 64 bytes; got {len(self.key)}", code="DW042"
            )

    @classmethod
    def of(cls, key: bytes | None, /) -> Self:
        """The guard with a key; the default's where there is none."""
        return cls() if key is None else cls(key)

    @property
    def key_id(self) -> str:
        """Tells two keys apart without giving either away."""
        return hashlib.blake2b(b"key id", key=self.key, digest_size=8).hexdigest()

    @property
    def is_public(self) -> bool:
        """Whether the key is the one that everybody knows."""
        return self.key == DEFAULT_KEY

    @property
    def seed(self) -> int:
        """Seed for hashes of readable values that are kept, so that they cannot be guessed."""
        return int.from_bytes(hashlib.blake2b(b"seed", key=self.key, digest_size=8).digest())

    @property
    def rounds(self) -> tuple[int, ...]:
        """Five words for `driftwatch.core.sketches.fingerprint.keyed_hashes`.

        A seed would not do: whoever knows one of the values can work it out from its hash, and
        then look up all others.
        """
        return _ROUND_KEYS.unpack(hashlib.blake2b(b"rounds", key=self.key, digest_size=40).digest())

    def sealed(self, data: bytes, /) -> bytes:
        """Sixteen bytes that only the key opens: a permutation (Luby and Rackoff, 1988).

        Nothing is sealed with the public key, which would hide nothing.

        Example:
            >>> guard = ValueGuard(b"k")
            >>> sealed = guard.sealed(bytes(16))
            >>> sealed == bytes(16), guard.opened(sealed) == bytes(16)
            (False, True)
        """
        if self.is_public:
            return data
        left, right = _HALVES.unpack(data)
        for number in range(_SEAL_ROUNDS):
            left, right = right, left ^ self._round(number, right)
        return _HALVES.pack(left, right)

    def opened(self, data: bytes, /) -> bytes:
        """What `sealed` has sealed."""
        if self.is_public:
            return data
        left, right = _HALVES.unpack(data)
        for number in reversed(range(_SEAL_ROUNDS)):
            left, right = right ^ self._round(number, left), left
        return _HALVES.pack(left, right)

    def _round(self, number: int, half: int) -> int:
        data = b"seal" + struct.pack("<BQ", number, half)
        return int.from_bytes(hashlib.blake2b(data, key=self.key, digest_size=8).digest())

    def token(self, text: str, /) -> str:
        """Keyed 64-bit BLAKE2b of a value, 16 hexadecimal digits. About 2 us."""
        data = text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, key=self.key, digest_size=8).hexdigest()

    def kept(self, texts: pa.Array, policy: ValuePolicy, /) -> list[str]:
        """What may be kept of distinct values, in their order.

        Very long values are cut and end in a hash of the whole, so they stay distinct.
        """
        values: list[str] = texts.to_pylist()
        if policy is ValuePolicy.HASHED:
            return [self.token(value) for value in values]
        return [value if len(value) <= _LONGEST else _shortened(value) for value in values]


def _shortened(text: str) -> str:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{text[:_KEPT]}…{digest}"
