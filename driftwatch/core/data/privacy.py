"""Category values made comparable without being readable, and never longer than they may be."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from driftwatch.core.data.schema import ValuePolicy
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["DEFAULT_KEY", "MIN_SHOWN", "ValueGuard", "hash_key"]

DEFAULT_KEY = b"driftwatch"
"""Public, so that profiles made anywhere compare; it keeps values from being read in
passing, not from being guessed. Whoever must rule that out sets a key of their own."""

MIN_SHOWN = 5
"""A category seen fewer times than this is never shown by name."""

_LONGEST = 256
_KEPT = 200


def hash_key() -> bytes | None:
    """The key of ``$DRIFTWATCH_HASH_KEY``, where keys belong; None if it is not set."""
    key = os.environ.get("DRIFTWATCH_HASH_KEY")
    return key.encode() if key else None


@dataclass(frozen=True, slots=True)
class ValueGuard:
    """Turns category values into what may be kept of them.

    Attributes:
        key: Key of the BLAKE2b tokens of hashed columns, 1 to 64 bytes.

    Raises:
        ConfigError: If the key is empty or too long.

    Example:
        >>> len(ValueGuard().token("alice@example.org"))
        16
    """

    key: bytes = field(default=DEFAULT_KEY, repr=False)

    def __post_init__(self) -> None:
        if not 1 <= len(self.key) <= 64:
            raise ConfigError(f"the hash key must have 1 to 64 bytes; got {len(self.key)}")

    @classmethod
    def of(cls, key: bytes | None, /) -> Self:
        """The guard with a key; the default's where there is none."""
        return cls() if key is None else cls(key)

    @property
    def key_id(self) -> str:
        """Tells two keys apart without giving either away."""
        return hashlib.blake2b(b"key id", key=self.key, digest_size=8).hexdigest()

    @property
    def seed(self) -> int:
        """Seed for hashes of readable values that are kept, so that they cannot be guessed."""
        return int.from_bytes(hashlib.blake2b(b"seed", key=self.key, digest_size=8).digest())

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
