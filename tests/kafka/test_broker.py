"""The clusters that the other tests stand on do what those count on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer  # type: ignore[import-untyped,unused-ignore]
from aiokafka.errors import (  # type: ignore[import-untyped,unused-ignore]
    KafkaConnectionError,
    KafkaError,
    TopicAlreadyExistsError,
)

from tests.kafka.broker import MECHANISMS, Broker
from tests.kafka.clients import (
    answers,
    committed,
    consume,
    end_offsets,
    produce,
    run,
    start_offsets,
    started,
)
from tests.kafka.mock_cluster import DISCONNECT, Api, MockCluster, patient_leader

ILLEGAL_GENERATION = 22
HOUR = 1_767_225_600_000  # 1 January 2026, in milliseconds


async def commit(bootstrap: str, topic: str, group: str) -> None:
    """Read what is there as a group, and commit it."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        session_timeout_ms=1000,  # a member that is fenced comes as a new one, and waits so long
        heartbeat_interval_ms=100,
    )
    async with started(consumer):
        await consumer.getone()
        await consumer.commit()


async def settle(bootstrap: str, topic: str) -> list[int]:
    """How many partitions each of two members gets."""
    how: dict[str, Any] = {"session_timeout_ms": 2000, "heartbeat_interval_ms": 100}
    first, second = (
        AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, group_id="pair", **how)
        for _ in range(2)
    )
    async with started(first), started(second):
        while True:
            found = [len(first.assignment()), len(second.assignment())]
            if sum(found) == 4 and 0 not in found:
                return found
            await asyncio.sleep(0.05)


@pytest.mark.slow
class TestBroker:
    def test_records_come_back_as_they_went(self, broker: Broker, topic: str) -> None:
        broker.create_topic(topic, 2)
        with pytest.raises(TopicAlreadyExistsError):
            broker.create_topic(topic)
        sent = (b"key", None, (("trace", b"\xff"),), HOUR)  # days old, and a tombstone
        assert produce(broker.bootstrap, topic, [sent, b"plain"], 1) == [(1, 0), (1, 1)]
        first, second = consume(broker.bootstrap, topic, 2)
        assert first == (1, 0, *sent)
        assert (second.key, second.value, second.headers) == (None, b"plain", ())
        assert broker.end_offsets(topic) == {0: 0, 1: 2}

    @pytest.mark.parametrize("end", ["stop", "kill"])
    def test_data_and_ports_outlive_it(self, broker: Broker, topic: str, end: str) -> None:
        broker.create_topic(topic)
        produce(broker.bootstrap, topic, [b"a", b"b"])
        run(commit(broker.bootstrap, topic, topic))
        address = broker.bootstrap
        getattr(broker, end)()
        assert not answers(address)
        broker.start()
        assert broker.bootstrap == address
        assert [record.value for record in consume(address, topic, 2)] == [b"a", b"b"]
        assert committed(address, topic) == {(topic, 0): 1}

    def test_it_hangs_while_paused(self, broker: Broker, topic: str) -> None:
        broker.create_topic(topic)
        broker.pause()
        with pytest.raises(KafkaConnectionError):
            produce(broker.bootstrap, topic, [b"a"], request_timeout_ms=500)
        broker.resume()
        assert produce(broker.bootstrap, topic, [b"a"]) == [(0, 0)]

    def test_retention_overtakes(self, broker: Broker, topic: str) -> None:
        broker.create_topic(topic)
        produce(broker.bootstrap, topic, [b"%d" % n for n in range(5)])
        assert broker.delete_records(topic, 0, 3) == 3
        assert broker.start_offsets(topic) == {0: 3}
        assert [record.offset for record in consume(broker.bootstrap, topic, 2)] == [3, 4]

    def test_topics_grow_and_go(self, broker: Broker, topic: str) -> None:
        broker.create_topic(topic, configs={"cleanup.policy": "compact"})
        broker.add_partitions(topic, 3)
        assert produce(broker.bootstrap, topic, [(b"key", b"a", (), None)], 2) == [(2, 0)]
        broker.delete_topic(topic)
        broker.create_topic(topic)
        assert broker.end_offsets(topic) == {0: 0}

    def test_transactions_leave_holes(self, broker: Broker, topic: str) -> None:
        broker.create_topic(topic)
        produce(broker.bootstrap, topic, [b"undone"], transaction=False)
        produce(broker.bootstrap, topic, [b"done"], transaction=True)
        found = consume(broker.bootstrap, topic, 1, isolation_level="read_committed")
        assert [record.value for record in found] == [b"done"]
        assert found[0].offset in (1, 2)  # the mark of the first may be written a moment later
        assert broker.end_offsets(topic) == {0: 4}

    @pytest.mark.parametrize("mechanism", MECHANISMS)
    @pytest.mark.parametrize("tls", [False, True])
    def test_passwords(self, broker: Broker, topic: str, mechanism: str, tls: bool) -> None:
        assert broker.certificates is not None
        broker.create_topic(topic)
        bootstrap = broker.bootstrap_sasl_tls if tls else broker.bootstrap_sasl
        how: dict[str, Any] = {
            "security_protocol": "SASL_SSL" if tls else "SASL_PLAINTEXT",
            "ssl_context": broker.certificates.context() if tls else None,
            "sasl_mechanism": mechanism,
            "sasl_plain_username": broker.user,
            "sasl_plain_password": broker.password,
        }
        assert produce(bootstrap, topic, [b"a"], **how) == [(0, 0)]
        with pytest.raises(KafkaError):
            produce(bootstrap, topic, [b"a"], **how | {"sasl_plain_password": "wrong"})

    def test_certificates(self, broker: Broker, topic: str) -> None:
        assert broker.certificates is not None
        broker.create_topic(topic)
        known = broker.certificates.context(client=True)
        unknown = broker.certificates.context()
        produce(broker.bootstrap_tls, topic, [b"a"], security_protocol="SSL", ssl_context=unknown)
        both = broker.bootstrap_mutual_tls
        produce(both, topic, [b"a"], security_protocol="SSL", ssl_context=known)
        with pytest.raises(KafkaConnectionError):
            produce(both, topic, [b"a"], security_protocol="SSL", ssl_context=unknown)
        assert broker.end_offsets(topic) == {0: 2}

    def test_two_members_share(self, broker: Broker, topic: str) -> None:
        broker.create_topic(topic, 4)
        assert run(settle(broker.bootstrap, topic)) == [2, 2]


class TestMockCluster:
    def test_records_come_back_as_they_went(self, cluster: MockCluster, topic: str) -> None:
        cluster.create_topic(topic, 2)
        sent = (b"key", None, (("trace", b"\xff"),), HOUR)
        assert produce(cluster.bootstrap, topic, [sent, b"plain"], 1) == [(1, 0), (1, 1)]
        first, second = consume(cluster.bootstrap, topic, 2)
        assert first == (1, 0, *sent)
        assert second.value == b"plain"
        run(commit(cluster.bootstrap, topic, topic))
        assert committed(cluster.bootstrap, topic) == {(topic, 0): 0, (topic, 1): 1}

    def test_it_goes_down_and_comes_up(self, cluster: MockCluster, topic: str) -> None:
        cluster.create_topic(topic)
        produce(cluster.bootstrap, topic, [b"a"])
        cluster.down()
        with pytest.raises(KafkaConnectionError):
            end_offsets(cluster.bootstrap, topic)
        cluster.up()
        assert end_offsets(cluster.bootstrap, topic) == {0: 1}

    def test_it_hangs_while_paused(self, cluster: MockCluster, topic: str) -> None:
        cluster.create_topic(topic)
        cluster.pause()
        with pytest.raises(KafkaConnectionError):
            end_offsets(cluster.bootstrap, topic, request_timeout_ms=300)
        cluster.resume()
        assert end_offsets(cluster.bootstrap, topic) == {0: 0}

    def test_errors_on_demand(self, cluster: MockCluster, topic: str) -> None:
        cluster.create_topic(topic)
        produce(cluster.bootstrap, topic, [b"a"])
        cluster.errors(Api.OFFSET_COMMIT, ILLEGAL_GENERATION)
        with pytest.raises(KafkaError, match="group has already rebalanced"):
            run(commit(cluster.bootstrap, topic, topic))
        cluster.errors(Api.FETCH, DISCONNECT, 0)
        assert [record.value for record in consume(cluster.bootstrap, topic, 1)] == [b"a"]

    def test_retention_overtakes(self, cluster: MockCluster, topic: str) -> None:
        cluster.create_topic(topic)
        for n in range(5):  # it deletes whole batches
            produce(cluster.bootstrap, topic, [b"%d" % n])
        cluster.delete_records(topic, 0, 3)
        assert start_offsets(cluster.bootstrap, topic) == {0: 3}
        with pytest.raises(AssertionError, match="librdkafka's error"):
            cluster.delete_records(topic, 7, 3)

    def test_two_members_share(self, cluster: MockCluster, topic: str) -> None:
        cluster.create_topic(topic, 4)
        with patient_leader():
            assert run(settle(cluster.bootstrap, topic)) == [2, 2]
