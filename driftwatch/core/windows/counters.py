"""Counters that a store keeps beside the rows, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["UNREADABLE", "USED_MESSAGES", "unreadable_sources"]


UNREADABLE = "unreadable_now "
"""Name of a counter, before a source's: above zero while most of its messages cannot be read."""


USED_MESSAGES = frozenset({"kafka_ok", "kafka_null", "kafka_holes", "kafka_before_start"})
"""Counters of messages with which nothing is wrong: they close the account of offsets."""


def unreadable_sources(counters: Mapping[str, int], /) -> tuple[str, ...]:
    """Sources that the counters say cannot be read now."""
    return tuple(
        name.removeprefix(UNREADABLE)
        for name, count in counters.items()
        if name.startswith(UNREADABLE) and count > 0
    )
