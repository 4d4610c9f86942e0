"""Messages in slices, each of which takes a moment only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["slices"]

_MOST_BYTES = 1 << 20
_MANY = 256


def slices(
    messages: Sequence[Any], most: int, /, most_bytes: int = _MOST_BYTES
) -> Iterator[Sequence[Any]]:
    """Cut messages into slices of so many at most, and of not much more than so many bytes.

    Example:
        >>> from types import SimpleNamespace
        >>> sent = [SimpleNamespace(value=b"x" * size) for size in (1, 1, 900, 900, 1)]
        >>> [len(several) for several in slices(sent, 4, most_bytes=1_000)]
        [2, 1, 2]
    """
    start = 0
    while start < len(messages):
        several = messages[start : start + most]
        while len(several) > 1 and _bytes_of(several) > most_bytes:
            several = several[: len(several) // 2]
        yield several
        start += len(several)


def _bytes_of(messages: Sequence[Any]) -> int:
    """About so many: of a slice of many, one in eight is looked at."""
    step = 8 if len(messages) >= _MANY else 1
    return step * sum([len(message.value) for message in messages[::step] if message.value])
