"""What becomes of deliveries that are lost: their rows are counted with the next delivery."""

from __future__ import annotations

from collections import Counter

from driftwatch.core.windows.delivery_codec import delivery_from_bytes
from driftwatch.errors import ProfileFormatError

__all__ = ["DROPPED", "REFUSED", "UNSENDABLE", "rows_lost"]

DROPPED = "dropped_since_the_spool_was_full"
REFUSED = "refused_by_the_collector"
UNSENDABLE = "too_large_to_send"
_DAMAGED = "damaged_in_the_spool"
_LOSSES = frozenset((DROPPED, REFUSED, UNSENDABLE, _DAMAGED))


def rows_lost(data: bytes, reason: str, /) -> Counter[str]:
    """The rows of a delivery by reason; one that cannot be read counts once as damaged.

    A delivery that itself told of losses is no reason to forget those.
    """
    try:
        delivery = delivery_from_bytes(data)
    except ProfileFormatError:
        return Counter({_DAMAGED: 1})
    told = {name: rows for name, rows in delivery.counters.items() if name in _LOSSES}
    return Counter({reason: delivery.rows}) + Counter(told)
