"""Short-lived clients: what a test puts into a cluster, and what it finds there.

Everything here is synchronous and runs a loop of its own; a test that has a loop already calls it
through `asyncio.to_thread`. Options are those of aiokafka's clients, such as ``ssl_context``.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, TypeAlias, TypeVar

# aiokafka ships no types.
from aiokafka import (  # type: ignore[import-untyped,unused-ignore]
    AIOKafkaConsumer,
    AIOKafkaProducer,
    TopicPartition,
)
from aiokafka.admin import (  # type: ignore[import-untyped,unused-ignore]
    AIOKafkaAdminClient,
    NewPartitions,
    NewTopic,
    RecordsToDelete,
)
from aiokafka.errors import KafkaError, for_code  # type: ignore[import-untyped,unused-ignore]
from aiokafka.protocol.admin import (  # type: ignore[import-untyped,unused-ignore]
    CreateAclsRequest,
)

SECONDS = 60.0
"""The longest that anything here may take."""

T = TypeVar("T")
Headers: TypeAlias = Sequence[tuple[str, bytes]]
Message: TypeAlias = bytes | tuple[bytes | None, bytes | None, Headers, int | None]
"""A value alone, or key, value, headers and milliseconds since 1970 (None: now)."""


class Received(NamedTuple):
    """A record as a consumer sees it."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    timestamp_ms: int


def run(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine, or TimeoutError."""

    async def limited() -> T:
        try:
            async with asyncio.timeout(SECONDS):
                return await work
        finally:
            await _end_connections()

    return asyncio.run(limited())


async def _end_connections() -> None:
    """aiokafka does not wait for a connection that failed to be closed; a loop that ends before
    that leaves a ResourceWarning for some later test."""
    loop: Any = asyncio.get_running_loop()
    for transport in list(getattr(loop, "_transports", {}).values()):
        transport.abort()
    await asyncio.sleep(0)


@asynccontextmanager
async def started(client: Any) -> AsyncIterator[Any]:
    """A client that is stopped even if it could not start: else it warns that it was not closed."""
    try:
        await client.start()
        yield client
    finally:
        await (client.close if isinstance(client, AIOKafkaAdminClient) else client.stop)()


def produce(
    bootstrap: str,
    topic: str,
    messages: Iterable[Message],
    partition: int | None = None,
    *,
    transaction: bool | None = None,
    **options: Any,
) -> list[tuple[int, int]]:
    """Write messages and say the partition and the offset of each.

    With ``transaction`` they are written in one, which is committed (True) or aborted (False).
    """
    if transaction is not None:
        options["transactional_id"] = f"test-{os.urandom(4).hex()}"

    async def work() -> list[tuple[int, int]]:
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", **options)
        async with started(producer):
            if transaction is not None:
                await producer.begin_transaction()
            sent = []
            for message in messages:
                key, value, headers, when = _whole(message)
                how = {"partition": partition, "timestamp_ms": when, "headers": list(headers)}
                sent.append(await producer.send(topic, value, key, **how))
            written = [await future for future in sent]
            if transaction is not None:
                end = producer.commit_transaction if transaction else producer.abort_transaction
                await end()
            return [(record.partition, record.offset) for record in written]

    return run(work())


def consume(bootstrap: str, topic: str, count: int, **options: Any) -> list[Received]:
    """The first ``count`` records that are there, of all partitions, without a group."""

    async def work() -> list[Received]:
        found: list[Received] = []
        options.setdefault("auto_offset_reset", "earliest")
        consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, **options)
        async with started(consumer):
            while len(found) < count:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found.extend(map(_received, records))
        return found

    return run(work())


def answers(bootstrap: str) -> bool:
    """Whether a broker is up and says that it is part of its cluster."""

    async def work() -> bool:
        try:
            async with admin(bootstrap) as client:
                return bool((await client.describe_cluster())["brokers"])
        except KafkaError:
            return False

    return run(work())


def start_offsets(bootstrap: str, topic: str, **options: Any) -> dict[int, int]:
    """The offset of the oldest record of every partition, which retention moves."""
    return run(_offsets(bootstrap, topic, "beginning_offsets", options))


def end_offsets(bootstrap: str, topic: str, **options: Any) -> dict[int, int]:
    """The offset that every partition's next record will have."""
    return run(_offsets(bootstrap, topic, "end_offsets", options))


def committed(bootstrap: str, group: str, **options: Any) -> dict[tuple[str, int], int]:
    """What a group has committed, by topic and partition."""

    async def work() -> dict[tuple[str, int], int]:
        async with admin(bootstrap, **options) as client:
            places = [  # all by name: the mock does not understand a request for all
                TopicPartition(each["topic"], part["partition"])
                for each in await client.describe_topics()
                for part in each["partitions"]
            ]
            while True:
                try:
                    fetched = await client.list_consumer_group_offsets(group, partitions=places)
                except KafkaError as error:  # the very first group's topic is still being made
                    if not error.retriable:
                        raise
                    fetched = {}
                # A coordinator that has just started still reads its groups. It says so in an error
                # of the whole answer, which aiokafka drops: the answer then names no place.
                if len(fetched) == len(places):
                    return {
                        (where.topic, where.partition): at.offset
                        for where, at in fetched.items()
                        if at.offset >= 0
                    }
                await asyncio.sleep(0.1)

    return run(work())


def create_topic(
    bootstrap: str, name: str, partitions: int = 1, configs: Mapping[str, str] | None = None
) -> None:
    """Create a topic, and wait until all its partitions have leaders."""

    async def work() -> None:
        async with admin(bootstrap) as client:
            new = NewTopic(name, partitions, 1, topic_configs=dict(configs or {}))
            await _await_controller(client)
            for _, code, *text in (await client.create_topics([new])).topic_errors:
                if code:
                    raise for_code(code)(*text)
            await _wait_for(client, name, partitions)

    run(work())
    end_offsets(bootstrap, name)  # asks until the leaders know that they are


def delete_topic(bootstrap: str, name: str) -> None:
    """Delete a topic, and wait until the broker knows of it no more."""

    async def work() -> None:
        async with admin(bootstrap) as client:
            await _await_controller(client)
            for _, code, *_ in (await client.delete_topics([name])).topic_error_codes:
                if code:
                    raise for_code(code)(name)
            while True:
                if name not in await client.list_topics():
                    return
                await asyncio.sleep(0.05)

    run(work())


def allow(
    bootstrap: str,
    principal: str,
    *,
    topic: str | None = None,
    group: str | None = None,
    describe_only: bool = False,
) -> None:
    """Give somebody the right to read a topic, or only to see it, or to read with a group."""
    resource, name = (2, topic) if topic is not None else (3, group)
    operation, allowed, literal = (8 if describe_only else 3), 3, 3
    creation = (resource, str(name), literal, principal, "*", operation, allowed)

    async def work() -> None:
        async with admin(bootstrap) as client:
            await _await_controller(client)
            node = client._client.cluster.controller.nodeId
            answer = await client._client.send(node, CreateAclsRequest(*creation))
            for code, text in answer.creation_responses:
                assert not code, text

    run(work())


def add_partitions(bootstrap: str, name: str, total: int) -> None:
    """Let a topic have ``total`` partitions, which must be more than it has."""

    async def work() -> None:
        async with admin(bootstrap) as client:
            await _await_controller(client)
            await client.create_partitions({name: NewPartitions(total)})
            await _wait_for(client, name, total)

    run(work())
    end_offsets(bootstrap, name)


def delete_records(bootstrap: str, topic: str, partition: int, before: int) -> int:
    """Delete what is older than an offset, as retention would, and say where the log now starts."""

    async def work() -> int:
        place = TopicPartition(topic, partition)
        async with admin(bootstrap) as client:
            return int((await client.delete_records({place: RecordsToDelete(before)}))[place])

    return run(work())


@asynccontextmanager
async def admin(bootstrap: str, **options: Any) -> AsyncIterator[Any]:
    async with started(AIOKafkaAdminClient(bootstrap_servers=bootstrap, **options)) as client:
        yield client


async def _await_controller(client: Any) -> None:
    """Wait until the broker names the controller of its cluster.

    One that has just started may not yet, and aiokafka takes it for granted in every request to it.
    """
    while client._client.cluster.controller is None:
        await client._client.force_metadata_update()
        await asyncio.sleep(0.05)


async def _wait_for(client: Any, name: str, partitions: int) -> None:
    while True:
        found = (await client.describe_topics([name]))[0]["partitions"]
        if sum(each["leader"] >= 0 for each in found) == partitions:
            return
        await asyncio.sleep(0.05)


async def _offsets(
    bootstrap: str, topic: str, which: str, options: Mapping[str, Any]
) -> dict[int, int]:
    async with started(AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, **options)) as consumer:
        found = await getattr(consumer, which)(consumer.assignment())
        return {place.partition: offset for place, offset in sorted(found.items())}


def _whole(message: Message) -> tuple[bytes | None, bytes | None, Headers, int | None]:
    return (None, message, (), None) if isinstance(message, bytes) else message


def _received(record: Any) -> Received:
    return Received(
        record.partition,
        record.offset,
        record.key,
        record.value,
        tuple(record.headers),
        record.timestamp,
    )
