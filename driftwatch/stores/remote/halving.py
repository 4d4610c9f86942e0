"""Deliveries in a spool that are too large: two halves in their place."""

from __future__ import annotations

from dataclasses import replace

from driftwatch.core.windows.counters import SENT_AGAIN
from driftwatch.core.windows.delivery_codec import delivery_from_bytes, delivery_to_bytes
from driftwatch.core.windows.halves import halves_of
from driftwatch.errors import ProfileFormatError
from driftwatch.stores.remote.names import name_of, owner_in
from driftwatch.stores.remote.spool import Spool

__all__ = ["put_halves"]


def put_halves(spool: Spool, name: str, data: bytes, /, *, mine: str) -> dict[str, int]:
    """Put the halves of a delivery in its place.

    The whole goes last. A process that dies in between leaves it there; it is sent again then, is
    refused or known by its halves, and is cut into the same halves, which count once.

    Args:
        spool: Where it waits.
        name: Of the delivery.
        data: Its bytes.
        mine: Who sends the halves, if the name does not say.

    Returns:
        Names of the halves with their rows; none if it cannot be cut.

    Raises:
        StoreError: If a half cannot be written; the whole is still there.
    """
    try:
        whole = delivery_from_bytes(data)
        halves = list(halves_of(whole) or ())
        if SENT_AGAIN in whole.counters:  # each says so of its own rows: one may be refused again
            halves = [
                replace(half, counters={**half.counters, SENT_AGAIN: half.rows}) for half in halves
            ]
        framed = [(half, delivery_to_bytes(half)) for half in halves]
    except ProfileFormatError:
        return {}
    if not framed:
        return {}
    names: dict[str, int] = {}
    for half, body in framed:
        half_name = name_of(half, mine=owner_in(name) or mine)
        spool.put(half_name, body)
        names[half_name] = half.rows
    spool.remove(name)
    return names
