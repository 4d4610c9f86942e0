"""Cursors that are moved other than by reading: to another topic's beginning, or by a command."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from driftwatch.core.windows.segments import CursorMove, Delivery, Outcome
from driftwatch.integrations.kafka.partitions.topic_identity import StoredOrigin
from driftwatch.protocols import Store

__all__ = [
    "begun_cursor_of",
    "cursor_of",
    "ours_upto",
    "partition_of",
    "set_cursor",
    "source_of",
]


def cursor_of(name: str, /) -> str:
    """Name of the cursor that says up to where a partition, ``topic/0``, is stored."""
    return f"kafka {name}"


def begun_cursor_of(name: str, /) -> str:
    """Name of the cursor that says whether it was decided where to begin a partition."""
    return f"kafka begun {name}"


def _turn_cursor_of(name: str) -> str:
    return f"kafka turn of {name}"


def _ours_cursor_of(name: str) -> str:
    return f"kafka committed of {name}"


def source_of(store: Store, monitor: str, name: str, /) -> str:
    """Name of the source that a partition is in the store.

    It is another one after each time that the cursor was set: event times begin anew with it, and
    the marks that are named by it, so that what is read again is not too late.
    """
    turn = store.cursor(monitor, _turn_cursor_of(name))
    return f"{cursor_of(name)} again {turn}" if turn else cursor_of(name)


def partition_of(source: str, /) -> str:
    """Name of the partition that a source is, however often its cursor was set.

    Example:
        >>> partition_of("kafka topic/0"), partition_of("kafka topic/0 again 2")
        ('topic/0', 'topic/0')
    """
    return source.removeprefix("kafka ").partition(" again ")[0]


def ours_upto(store: Store, monitor: str, name: str, /) -> int:
    """Offset up to which readers of this store may have committed a partition."""
    stored, before = (
        store.cursor(monitor, cursor) for cursor in (cursor_of(name), _ours_cursor_of(name))
    )
    return max(stored, before)


def set_cursor(
    store: Store,
    monitor: str,
    name: str,
    /,
    *,
    to: int,
    now: float,
    start: int | None = None,
    origin: StoredOrigin | None = None,
    counters: Mapping[str, int] | None = None,
) -> bool:
    """Have a partition read on from an offset, whoever reads it.

    It is one step, with the cursor's place before as its condition. A worker that holds messages
    which it took before cannot store them any more: it reads again from the new offset.

    Args:
        store: The store.
        monitor: The monitor.
        name: Topic and partition, ``topic/0``.
        to: The offset.
        now: Seconds since 1970.
        start: Where the cursor must stand; where it stands now if not given.
        origin: The topic that the offset is of, if the brokers were asked.
        counters: What is counted with it.

    Returns:
        False, and nothing changed, if another process has moved it meanwhile.

    Raises:
        StoreError: If the store cannot do it now.
    """
    stood = store.cursor(monitor, cursor_of(name)) if start is None else start
    turn, ours = (
        store.cursor(monitor, cursor) for cursor in (_turn_cursor_of(name), _ours_cursor_of(name))
    )
    begun = store.cursor(monitor, begun_cursor_of(name))
    moves = [
        CursorMove(cursor_of(name), stood, to),
        CursorMove(begun_cursor_of(name), begun, 1),
        CursorMove(_turn_cursor_of(name), turn, turn + 1),
        CursorMove(_ours_cursor_of(name), ours, max(ours, stood)),
    ]
    delivery = Delivery(
        monitor=monitor,
        source=source_of(store, monitor, name),
        epoch=secrets.token_hex(8),
        sequence=0,
        counters=counters or {},
        cursors=(*moves, *(origin.moves() if origin is not None else ())),
        sent_at=now,
    )
    return store.deliver(delivery, now=now) is Outcome.STORED
