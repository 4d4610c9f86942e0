"""Where the partitions of a monitor stand, asked of brokers and store; and setting it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from driftwatch.config.kafka import KafkaConfig
from driftwatch.core.windows.counters import NOTED
from driftwatch.errors import ConfigError, StoreError
from driftwatch.integrations.kafka.connecting import close_consumer, reader_of
from driftwatch.integrations.kafka.examination import Answer, connected
from driftwatch.integrations.kafka.membership import mark_in, reader_known_to
from driftwatch.integrations.kafka.partitions.setting_back import cursor_of, ours_upto, set_cursor
from driftwatch.integrations.kafka.partitions.topic_identity import (
    Origin,
    StoredOrigin,
    origins_by_leader,
)
from driftwatch.protocols import Store

__all__ = ["Step", "plan", "set_cursors", "standing_of"]


@dataclass(frozen=True, slots=True)
class Step:
    """A partition whose cursor is set.

    Attributes:
        name: Topic and partition, ``topic/0``.
        stands: Where it stands.
        to: Where it is read on.
        begin: Offset of the first message that is still there.
        end: Offset behind the last one.
        origin: Which topic that is.
        is_same: Whether it is the topic whose offsets are stored.
    """

    name: str
    stands: int
    to: int
    begin: int
    end: int
    origin: Origin | None
    is_same: bool

    @property
    def again(self) -> int:
        """Messages that were counted and are counted again."""
        return max(0, self.stands - max(self.to, self.begin)) if self.is_same else 0

    @property
    def passed_over(self) -> int:
        """Messages that are there and will not be read."""
        first = max(self.stands, self.begin) if self.is_same else self.begin
        return max(0, self.to - first)

    def __str__(self) -> str:
        words = f"{self.name}: from {self.stands:,} to {self.to:,}"
        if self.again:
            words += f"; {self.again:,} messages that were counted are read and counted again"
        if self.passed_over:
            words += f"; {self.passed_over:,} messages are passed over and never read"
        return words


async def plan(config: KafkaConfig, store: Store, monitor: str, to: str, /) -> list[Step]:
    """What setting the cursors would do; nothing is changed.

    Args:
        config: What is read.
        store: The monitor's.
        monitor: Its name.
        to: ``earliest``, ``latest``, a time, or offsets: ``topic/0=1200,topic/1=0``.

    Raises:
        ConfigError: If `to` says something else, or an offset is not there.
    """
    async with _reading(config) as (consumer, places):
        begins = await consumer.beginning_offsets(places)
        ends = await consumer.end_offsets(places)
        targets = await _targets(consumer, to, begins, ends)
        origins = await origins_by_leader(consumer._client, places)  # noqa: SLF001 - as elsewhere
    steps = []
    for place, target in sorted(targets.items()):
        name = _name(place)
        if not begins[place] <= target <= ends[place]:
            raise ConfigError(
                f"offset {target} of {name} is not there: it has {begins[place]} to {ends[place]}",
                code="DW063",
            )
        origin = StoredOrigin(store, monitor, name)
        origin.see(origins[place])
        stands = store.cursor(monitor, cursor_of(name))
        same = not (origin.is_made_anew or origin.is_elsewhere) and stands <= ends[place]
        steps.append(Step(name, stands, target, begins[place], ends[place], origins[place], same))
    return steps


async def _targets(
    consumer: Any, to: str, begins: dict[Any, int], ends: dict[Any, int]
) -> dict[Any, int]:
    if to == "earliest":
        return begins
    if to == "latest":
        return ends
    if "=" in to:
        by_name = {_name(place): place for place in begins}
        found = {}
        for part in to.split(","):
            name, _, offset = part.strip().partition("=")
            if name not in by_name or not offset.isdecimal():
                known = ", ".join(sorted(by_name)[:5])
                raise ConfigError(
                    f"{part.strip()!r} is no partition with an offset, such as topic/0=1200; "
                    f"partitions are {known}",
                    code="DW063",
                )
            found[by_name[name]] = int(offset)
        return found
    times = await consumer.offsets_for_times(dict.fromkeys(begins, _milliseconds(to)))
    return {
        place: ends[place] if times.get(place) is None else times[place].offset for place in begins
    }


def _milliseconds(to: str) -> int:
    try:
        at = datetime.fromisoformat(to)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ConfigError(
            f"{to!r} is neither earliest, latest, a time with its zone such as "
            "2026-01-31T00:00Z, nor offsets such as topic/0=1200,topic/1=0",
            code="DW063",
        )
    return int(at.timestamp() * 1000)


def set_cursors(store: Store, monitor: str, steps: Sequence[Step], /, *, now: float) -> None:
    """Set cursors as planned; workers that run go on from there.

    Raises:
        StoreError: If a worker has moved one since it was planned; those before it are set.
    """
    for step in steps:
        origin = StoredOrigin(store, monitor, step.name)
        origin.see(step.origin)
        counters = {f"{NOTED}{step.name} was set from {step.stands:,} to {step.to:,}": 1}
        if step.passed_over:
            counters["kafka_passed_over"] = step.passed_over
        if not set_cursor(
            store,
            monitor,
            step.name,
            to=step.to,
            now=now,
            start=step.stands,
            origin=origin,
            counters=counters,
        ):
            raise StoreError(
                f"{step.name} was read on meanwhile, and is not set: try again", code="DW060"
            )


async def standing_of(
    config: KafkaConfig, group: str, store: Store, monitor: str, /
) -> list[Answer]:
    """How far a monitor is behind, and whether anything stands against its reading on."""
    found: list[Answer] = []
    async with _reading(config) as (consumer, places):
        client = consumer._client  # noqa: SLF001 - no public method asks for these
        ends = await consumer.end_offsets(places)
        origins = await origins_by_leader(client, places)
        members, committed = await _group(config, group)
    behind = 0
    for place in places:
        name = _name(place)
        stands, end = store.cursor(monitor, cursor_of(name)), ends[place]
        behind += max(0, end - stands)
        origin = StoredOrigin(store, monitor, name)
        origin.see(origins[place])
        ours = ours_upto(store, monitor, name)
        if stands and origin.is_elsewhere:
            text = f"{name} was read up to {stands:,} in another cluster: see `worker --reset`"
            found.append(Answer(text, ok=False, code="DW064"))
        elif stands and origin.is_made_anew:
            text = f"{name} was made anew since it was read: a worker goes on from its start"
            found.append(Answer(text, ok=False, code="DW064"))
        elif end < stands:
            text = f"{name} ends at {end:,}, and {stands:,} were read: see `worker --reset`"
            found.append(Answer(text, ok=False, code="DW064"))
        elif committed.get(place, 0) > ours:
            text = (
                f"group {group} has committed {committed[place]:,} of {name}, of which {ours:,} "
                "were read here: another monitor or store reads with it"
            )
            found.append(Answer(text, ok=False, code="DW068"))
    text = f"{behind:,} messages of {len(places)} partitions are not stored yet"
    nobody = behind > 0 and members is not None and not members
    found.append(
        Answer(f"{text}, and no worker reads" if nobody else text, ok=not nobody, code="DW117")
    )
    found += _of_members(group, members or [], f"{reader_known_to(store, monitor):x}")
    return found


def _of_members(group: str, members: Sequence[bytes], reader: str) -> list[Answer]:
    """Members of the group that are not workers of this store."""
    others = set()
    for metadata in members:
        mark = mark_in(metadata)
        if mark is None:
            others.add("a program that is not DriftWatch, or an older version")
        elif mark[0] != reader:
            others.add(f"monitor {mark[1]!r} of another store or name")
    text = f"group {group} is shared with {', '.join(sorted(others))}: give each reader its own"
    return [Answer(text, ok=False, code="DW068")] if others else []


@asynccontextmanager
async def _reading(config: KafkaConfig) -> AsyncIterator[tuple[Any, list[Any]]]:
    """A consumer without a group, and all partitions that are read."""
    from aiokafka import TopicPartition

    consumer = reader_of(config, request_timeout_ms=8_000)
    try:
        await consumer.start()
        every = await consumer._client.fetch_all_metadata()  # noqa: SLF001 - by name, one makes topics
        places = [
            TopicPartition(topic, number)
            for topic in config.topics
            for number in sorted(every.partitions_for_topic(topic) or ())
        ]
        missing = set(config.topics) - {place.topic for place in places}
        if missing:
            raise ConfigError(f"there is no topic {', '.join(sorted(missing))}", code="DW063")
        consumer.assign(places)
        yield consumer, places
    finally:
        await close_consumer(consumer, seconds=1.0)


async def _group(config: KafkaConfig, group: str) -> tuple[list[bytes] | None, dict[Any, int]]:
    """What the members of a group say of themselves, if that is known, and what it committed."""
    from aiokafka import TopicPartition
    from aiokafka.coordinator.protocol import ConsumerProtocol
    from aiokafka.errors import IncompatibleBrokerVersion
    from aiokafka.protocol.admin import DescribeGroupsRequest
    from aiokafka.protocol.commit import OffsetFetchRequest
    from aiokafka.protocol.coordination import FindCoordinatorRequest

    async with connected(config) as client:
        asked = FindCoordinatorRequest(group, coordinator_type=0)
        answer = await client.send(client.get_random_node(), asked)
        if answer.error_code:
            return None, {}
        node = answer.coordinator_id
        committed = {}
        every = await client.fetch_all_metadata()
        wanted = [
            (topic, sorted(every.partitions_for_topic(topic) or ())) for topic in config.topics
        ]
        fetched = await client.send(node, OffsetFetchRequest(group, wanted))
        for topic, parts in fetched.topics:
            for number, offset, *_ in parts:
                committed[TopicPartition(topic, number)] = offset
        members = []
        try:
            described = await client.send(node, DescribeGroupsRequest([group]))
        except (IncompatibleBrokerVersion, NotImplementedError):
            return None, committed
        for group_ in described.groups:
            for _, _, _, subscription, _ in group_[5]:
                try:
                    said = ConsumerProtocol.METADATA.decode(subscription).user_data or b""
                except (ValueError, TypeError):  # it is no consumer of Kafka's usual kind
                    said = b""
                members.append(said)
        return members, committed


def _name(place: Any) -> str:
    return f"{place.topic}/{place.partition}"
