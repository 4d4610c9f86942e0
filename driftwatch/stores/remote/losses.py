"""What becomes of deliveries that are lost: their rows are counted with the next delivery."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from driftwatch.core.profiles.codec import LOCAL_LIMIT
from driftwatch.core.windows.counters import REFUSED, SENT_AGAIN, TOO_LARGE
from driftwatch.core.windows.delivery_codec import delivery_from_bytes, delivery_to_bytes
from driftwatch.errors import ProfileFormatError

__all__ = ["DROPPED", "HELD", "REFUSED", "TOO_LARGE", "UNSENDABLE", "rows_lost", "sent_again"]

DROPPED = "dropped_since_the_spool_was_full"
UNSENDABLE = "too_large_to_send"
HELD = "held_up_by_the_collector"
"""Rows that wait, since the collector does not take them now; never stored, as they may arrive."""
_DAMAGED = "damaged_in_the_spool"
_LOSSES = frozenset((DROPPED, REFUSED, UNSENDABLE, TOO_LARGE, _DAMAGED))


def rows_lost(data: bytes, reason: str, /) -> Counter[str]:
    """The rows of a delivery by reason; one that cannot be read counts once as damaged.

    A delivery that itself told of losses is no reason to forget those. Rows that were counted as
    refused, and were sent again, are not counted a second time.
    """
    try:
        delivery = delivery_from_bytes(data)
    except ProfileFormatError:
        return Counter({_DAMAGED: 1})
    told = {name: rows for name, rows in delivery.counters.items() if name in _LOSSES}
    counted = delivery.counters.get(SENT_AGAIN, 0)
    return Counter({reason: max(0, delivery.rows - counted)}) + Counter(told)


def sent_again(data: bytes, /) -> bytes:
    """A delivery that was refused, to be sent again: it says that its rows were counted so.

    What cannot be read goes as it is.
    """
    try:
        delivery = delivery_from_bytes(data, limit=LOCAL_LIMIT)
        counters = {**delivery.counters, SENT_AGAIN: delivery.rows}
        return delivery_to_bytes(replace(delivery, counters=counters))
    except ProfileFormatError:
        return data
