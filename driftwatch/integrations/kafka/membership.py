"""Who else reads with a consumer group, and that nobody takes partitions from another by it."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from driftwatch.core.windows.segments import CursorMove, Delivery
from driftwatch.integrations.kafka.partitions.feed import Target
from driftwatch.integrations.kafka.partitions.setting_back import source_of
from driftwatch.protocols import Store

__all__ = ["Membership", "mark_in", "reader_known_to", "reader_of_store"]

_IDENTITY = "reader of Kafka"
_MOST_BYTES = 1_024
_MOST_OTHERS = 5
_UNKNOWN = "a program that is not DriftWatch, or an older version of it"


def reader_of_store(target: Target, topic: str, /) -> int:
    """What all workers of one monitor and one store have in common, and nobody else; made once.

    Args:
        target: Monitor and store.
        topic: One of the topics that are read, in whose name it is put down.

    Raises:
        StoreError: If the store cannot be read or written.
    """
    store, monitor, now = target.store, target.monitor, target.clock()
    if known := reader_known_to(store, monitor):
        return known
    delivery = Delivery(
        monitor=monitor,
        source=source_of(store, monitor, f"{topic}/0"),  # which delivers anyway
        epoch=secrets.token_hex(8),
        sequence=0,
        cursors=(CursorMove(_IDENTITY, 0, secrets.randbits(62) | 1),),
        sent_at=now,
    )
    store.deliver(delivery, now=now)  # or another worker was quicker: then its number is there
    return reader_known_to(store, monitor)


def reader_known_to(store: Store, monitor: str, /) -> int:
    """What `reader_of_store` has put down; 0 if no worker has been there."""
    return store.cursor(monitor, _IDENTITY)


def mark_in(user_data: bytes | None, /) -> tuple[str, str] | None:
    """Whose a member of a group is, as it says: a reader of a store, and its monitor's name.

    Args:
        user_data: What came with its subscription; anybody may have written it.

    Returns:
        Both; None if it is no worker that says so.

    Example:
        >>> mark_in(b'{"driftwatch":"2f","monitor":"credit"}')
        ('2f', 'credit')
        >>> mark_in(b"else") is None
        True
    """
    if not user_data or len(user_data) > _MOST_BYTES:
        return None
    try:
        found = orjson.loads(user_data)
        return str(found["driftwatch"])[:32], str(found["monitor"])[:200]
    except (ValueError, KeyError, TypeError):
        return None


class Membership:
    """Shares partitions among the workers of one monitor and store, whoever else is in the group.

    A group that several monitors, or stores, use by mistake would split the topic among them, and
    each would get a part. So the members say whose they are, and whoever of them is to share the
    partitions gives all of them to the members of each. It goes by the name of Kafka's round
    robin, so that older workers can be in the group meanwhile; where one of those, or a program
    that is no worker, shares the partitions, they are split, and that is noticed.

    Args:
        reader: Of `reader_of_store`.
        monitor: The monitor's name.

    Attributes:
        others: Who else reads with the group, in words, as of the last rebalance.
        is_split: Whether they may have got partitions that are then missing here.
    """

    name = "roundrobin"

    def __init__(self, reader: int, monitor: str, /) -> None:
        self.others: tuple[str, ...] = ()
        self.is_split = False
        self._reader = f"{reader:x}"
        self._mark = orjson.dumps({"driftwatch": self._reader, "monitor": monitor})

    def said(self, group: str, /) -> str:
        """What is to be said of it; an empty text if nobody else is there."""
        if not self.others:
            return ""
        who = ", ".join(self.others)
        if self.is_split:
            return (
                f"group {group} is shared with {who}, which may get part of the messages: "
                "give each reader a group of its own"
            )
        return f"group {group} is shared with {who}; each of them gets all messages"

    # -- what aiokafka asks for

    def metadata(self, topics: Iterable[str]) -> Any:
        """What goes with this member's subscription."""
        from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata

        return ConsumerProtocolMemberMetadata(0, list(topics), self._mark)

    def assign(self, cluster: Any, members: Mapping[str, Any]) -> dict[str, Any]:
        """Give each member its partitions: all of them to the members of each reader together."""
        from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
        from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

        by_reader: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        words: dict[str, str] = {}
        for member, metadata in members.items():
            mark = mark_in(metadata.user_data)
            reader, monitor = mark if mark is not None else ("", "")
            by_reader[reader][member] = metadata
            words[reader] = f"monitor {monitor!r} of another store or name" if mark else _UNKNOWN
        given = {}
        for reader, own in by_reader.items():
            others = [words[each] for each in sorted(by_reader) if each != reader]
            said = orjson.dumps({"others": others[:_MOST_OTHERS]}) if reader else b""
            for member, part in RoundRobinPartitionAssignor.assign(cluster, own).items():
                given[member] = ConsumerProtocolMemberAssignment(0, part.assignment, said)
        return given

    def on_assignment(self, assignment: Any) -> None:
        """Note what the member that shared the partitions said of the group."""
        try:
            others = orjson.loads(assignment.user_data or b"")["others"]
            self.others = tuple(str(each)[:300] for each in others[:_MOST_OTHERS])
            self.is_split = False
        except (ValueError, KeyError, TypeError):  # it is none of ours, and it split them
            self.others, self.is_split = (_UNKNOWN,), True
