"""Names of deliveries in a spool: when, by which process, which one, and of which monitor."""

from __future__ import annotations

import hashlib
import math

from driftwatch.core.data.times import LATEST
from driftwatch.core.windows.segments import Delivery

__all__ = ["made_at", "monitor_in", "name_of", "owner_in"]


def name_of(delivery: Delivery, /, *, mine: str) -> str:
    """A name that follows from the delivery, so that doing it again is no second one.

    Names sort by age. The monitor is there as a hash, since it may hold any character.
    """
    monitor = hashlib.blake2b(delivery.monitor.encode(), digest_size=4).hexdigest()
    when = int(delivery.sent_at)
    return f"{when:012d}-{mine}-{delivery.epoch}-{delivery.sequence:010d}-{monitor}"


def made_at(name: str, /) -> float:
    """Seconds since 1970; long ago if the name does not say.

    Example:
        >>> made_at("001767225600-0a1b2c3d-e1-0000000000-4b12de52"), made_at("nan-x-e1-0-y")
        (1767225600.0, -inf)
    """
    when = name.partition("-")[0]
    if not when.isdecimal() or len(when) > 12 or int(when) > LATEST:
        return -math.inf
    return float(when)


def monitor_in(name: str, /) -> str:
    """What all deliveries of a monitor have in common."""
    return name.rpartition("-")[2]


def owner_in(name: str, /) -> str:
    """Which process made it; empty if the name does not say."""
    parts = name.split("-")
    return parts[1] if len(parts) > 2 else ""
