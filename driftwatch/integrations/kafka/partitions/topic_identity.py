"""Which topic a name stands for now: the ids that brokers give to topics, and to their cluster."""

from __future__ import annotations

import asyncio
import functools
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from driftwatch.core.windows.segments import CursorMove
from driftwatch.protocols import Store

__all__ = ["Origin", "StoredOrigin", "TopicIds", "ids_of", "origins_by_leader"]

_NO_ID = bytes(16)
_UNKNOWN_TOPIC = 3
_METADATA = 3


@dataclass(frozen=True, slots=True)
class Origin:
    """Where messages come from; a number is 0 where the brokers do not say it.

    Attributes:
        topic: The topic, made of its id: one that is made anew under the same name has another.
        cluster: The cluster, made of its id.
    """

    topic: int = 0
    cluster: int = 0


@dataclass(frozen=True, slots=True)
class TopicIds:
    """An answer of the brokers.

    Attributes:
        origins: By topic; those that are not there are left out.
        errors: Kafka's codes by topic, of those of which nothing else was said.
        partitions: How many each has.
        leaderless: Partitions of each that have no leader.
    """

    origins: Mapping[str, Origin]
    errors: Mapping[str, int]
    partitions: Mapping[str, int]
    leaderless: Mapping[str, int]

    @property
    def absent(self) -> list[str]:
        """Topics that the brokers do not know."""
        return [name for name, code in self.errors.items() if code == _UNKNOWN_TOPIC]


async def ids_of(client: Any, topics: Collection[str], /, node: Any = None) -> TopicIds | None:
    """Ask a broker for the ids of topics; none is made by asking.

    Args:
        client: A client of aiokafka that is connected.
        topics: Their names.
        node: Which broker; any if not given.

    Returns:
        What it said; None if the brokers are too old to know ids of topics (before Kafka 2.8).

    Raises:
        aiokafka.errors.KafkaError: If there is no answer.
    """
    from aiokafka.errors import IncompatibleBrokerVersion

    node = client.get_random_node() if node is None else node
    try:
        answer = await client.send(node, _structures()(tuple(topics)))
    except (IncompatibleBrokerVersion, NotImplementedError):
        return None
    cluster = _number((answer.cluster_id or "").encode())
    origins, errors, partitions, leaderless = {}, {}, {}, {}
    for code, name, id_, _, found, *_ in answer.topics:
        if code:
            errors[name] = code
            continue
        origins[name] = Origin(0 if id_ == _NO_ID else _number(id_), cluster)
        partitions[name] = len(found)
        leaderless[name] = sum(leader < 0 for _, _, leader, *_ in found)
    return TopicIds(origins, errors, partitions, leaderless)


async def origins_by_leader(client: Any, partitions: Iterable[Any], /) -> dict[Any, Origin | None]:
    """What the leader of each partition says of its topic; None where it says nothing.

    Only a leader's word holds for what was fetched from it: a broker learns that a topic is
    another before it gives messages of that, and other brokers may learn it later.

    Raises:
        aiokafka.errors.KafkaError: If one of them does not answer.
    """
    by_leader: defaultdict[Any, list[Any]] = defaultdict(list)
    for partition in partitions:
        leader = client.cluster.leader_for_partition(partition)
        by_leader[None if leader in (None, -1) else leader].append(partition)
    answers = await asyncio.gather(
        *(ids_of(client, {each.topic for each in led}, node) for node, led in by_leader.items())
    )
    return {
        partition: None if answer is None else answer.origins.get(partition.topic)
        for answer, led in zip(answers, by_leader.values(), strict=True)
        for partition in led
    }


def _number(id_: bytes) -> int:
    """A number that a store keeps as a cursor: above 0, below 2^63, 0 of no id."""
    if not id_:
        return 0
    return (int.from_bytes(hashlib.blake2b(id_, digest_size=8).digest()) >> 1) or 1


class StoredOrigin:
    """Of which topic the offsets are that a store has of a partition.

    Args:
        store: The store.
        monitor: The monitor.
        name: Topic and partition, ``topic/0``.

    Attributes:
        known: As it was stored; moved on by `moves`.
        now: As the brokers say.
    """

    def __init__(self, store: Store, monitor: str, name: str, /) -> None:
        self._topic, self._cluster = f"kafka topic of {name}", f"kafka cluster of {name}"
        self.known = Origin(
            store.cursor(monitor, self._topic), store.cursor(monitor, self._cluster)
        )
        self.now = self.known

    def see(self, origin: Origin | None, /) -> None:
        """Note what the brokers say; where they say nothing, it stays as it was."""
        if origin is not None:
            self.now = Origin(
                origin.topic or self.known.topic, origin.cluster or self.known.cluster
            )

    def differs(self, origin: Origin | None, /) -> bool:
        """Whether the brokers say now that the topic is another than they said before."""
        return origin is not None and self.now.topic not in (0, origin.topic)

    @property
    def is_elsewhere(self) -> bool:
        """Whether this is another cluster than that of the stored offsets."""
        return bool(self.known.cluster) and self.now.cluster != self.known.cluster

    @property
    def is_made_anew(self) -> bool:
        """Whether the topic of the stored offsets is gone, and this is another of its name."""
        return bool(self.known.topic) and self.now.topic != self.known.topic

    def moves(self) -> list[CursorMove]:
        """What goes with a delivery, so that offsets of one topic never count for another."""
        before, self.known = self.known, self.now
        return [
            CursorMove(name, start, end)
            for name, start, end in (
                (self._topic, before.topic, self.now.topic),
                (self._cluster, before.cluster, self.now.cluster),
            )
            if start or end
        ]


@functools.cache
def _structures() -> Any:
    """Requests for metadata of version 10, which aiokafka does not have: the first with ids."""
    from aiokafka.protocol.abstract import AbstractType
    from aiokafka.protocol.api import Request, RequestStruct, Response
    from aiokafka.protocol.types import (
        Boolean,
        CompactArray,
        CompactString,
        Int16,
        Int32,
        Schema,
        TaggedFields,
    )

    class Uuid(AbstractType[bytes]):  # type: ignore[misc,unused-ignore]
        @classmethod
        def encode(cls, value: bytes) -> bytes:
            return value

        @classmethod
        def decode(cls, data: Any) -> bytes:
            return bytes(data.read(16))

    text, tags = CompactString("utf-8"), ("tags", TaggedFields)
    partition = [("error_code", Int16), ("partition", Int32), ("leader", Int32)]
    partition += [("leader_epoch", Int32)]
    partition += [(name, CompactArray(Int32)) for name in ("replicas", "isr", "offline")]

    class Answer(Response):  # type: ignore[misc,unused-ignore]
        API_KEY = _METADATA
        API_VERSION = 10
        SCHEMA = Schema(
            ("throttle_time_ms", Int32),
            (
                "brokers",
                CompactArray(
                    ("node_id", Int32), ("host", text), ("port", Int32), ("rack", text), tags
                ),
            ),
            ("cluster_id", text),
            ("controller_id", Int32),
            (
                "topics",
                CompactArray(
                    ("error_code", Int16),
                    ("topic", text),
                    ("topic_id", Uuid),
                    ("is_internal", Boolean),
                    ("partitions", CompactArray(*partition, tags)),
                    ("operations", Int32),
                    tags,
                ),
            ),
            ("operations", Int32),
            tags,
        )

    class Question(RequestStruct):  # type: ignore[misc,unused-ignore]
        FLEXIBLE_VERSION = True
        API_KEY = _METADATA
        API_VERSION = 10
        RESPONSE_TYPE = Answer
        SCHEMA = Schema(
            ("topics", CompactArray(("topic_id", Uuid), ("topic", text), tags)),
            ("allow_auto_topic_creation", Boolean),
            ("cluster_operations", Boolean),
            ("topic_operations", Boolean),
            tags,
        )

    class Asking(Request[Question]):  # type: ignore[misc,unused-ignore]
        API_KEY = _METADATA

        def __init__(self, topics: tuple[str, ...]) -> None:
            self._topics = topics

        def build(self, request_struct_class: Any) -> Any:
            topics: list[Any] = [(_NO_ID, name, {}) for name in self._topics]
            return request_struct_class(topics, False, False, False, {})  # noqa: FBT003 - on the wire

    return Asking
