"""Lag and stalls on a mock of a cluster whose fetches fail or pause, of all brokers or of one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from driftwatch.integrations.kafka import KafkaWorker
from driftwatch.integrations.kafka.partitions import end_offsets as ends
from tests.kafka import clients, working
from tests.kafka.mock_cluster import Api, MockCluster, find_library
from tests.kafka.working import counters, produce, running
from tests.waiting import until

STORAGE_ERROR = 56  # KAFKA_STORAGE_ERROR: nothing that aiokafka tells of, or does much about
MANY = 20_000


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ends, "_EVERY_SECONDS", 0.2)
    monkeypatch.setattr(ends, "_ANSWER_SECONDS", 1.0)


@pytest.fixture
def two_brokers(topic: str) -> Iterator[MockCluster]:
    """Each leads one of the two partitions of the topic."""
    if find_library() is None:
        pytest.skip("no mock of Kafka: confluent-kafka with its librdkafka.so is not installed")
    with MockCluster(2) as made:
        made.create_topic(topic, 2)
        made.move_leader(topic, 0, 1)
        made.move_leader(topic, 1, 2)
        yield made


def test_lag_is_known_and_a_stall_noticed_though_every_fetch_fails(
    cluster: MockCluster, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    cluster.create_topic(topic)
    watched = working.monitor(None)
    config = working.config(cluster.bootstrap, topic, stalled_seconds=2.0)
    cluster.errors(Api.FETCH, *[STORAGE_ERROR] * MANY)
    with running(KafkaWorker(watched, config)) as worker:
        until(lambda: worker.state.lag == {f"{topic}/0": 0})
        produce(cluster.bootstrap, topic, range(30))
        until(lambda: worker.state.lag == {f"{topic}/0": 30})
        stood = worker.state.progress_at
        until(lambda: worker.state.counts["reconnects"] >= 2)
        assert worker.state.progress_at <= stood + 1.0  # connecting anew is no progress
        assert worker.state.counts["messages"] == 0
        assert f"no message of {topic}/0 for 2 s" in caplog.text
        assert f"no message of {topic}/0 for 4 s" in caplog.text  # it disturbs the group less often
        cluster.clear_errors(Api.FETCH)
        until(lambda: working.stored(watched, topic) == {0: 30})
        until(lambda: worker.state.lag == {f"{topic}/0": 0})
        assert worker.state.progress_at > stood + 1.0
    assert counters(watched) == {"kafka_ok": 30}
    watched.close()


@pytest.mark.slow
def test_one_partition_that_stands_still_is_noticed_while_others_move(
    two_brokers: MockCluster, topic: str
) -> None:
    cluster = two_brokers
    watched = working.monitor(None)
    config = working.config(cluster.bootstrap, topic, stalled_seconds=1.0)
    worker = KafkaWorker(watched, config)
    sent = 0

    def while_messages_come(done: Any) -> bool:
        nonlocal sent
        produce(cluster.bootstrap, topic, range(sent, sent + 1), partition=0)
        sent += 1
        return bool(done())

    with running(worker):
        until(lambda: len(worker.state.lag) == 2)
        cluster.errors_of(2, Api.FETCH, *[STORAGE_ERROR] * 12)
        produce(cluster.bootstrap, topic, range(1_000, 1_020), partition=1)
        until(lambda: worker.state.lag.get(f"{topic}/1") == 20)
        until(lambda: while_messages_come(lambda: worker.state.counts["reconnects"] > 0))
        assert worker.state.counts["messages"] > 0
        until(lambda: working.stored(watched, topic, (0, 1)) == {0: sent, 1: 20}, 120)
    assert counters(watched) == {"kafka_ok": sent + 20}
    watched.close()


def test_lag_is_known_while_reading_waits_for_the_store_and_that_is_no_stall(
    cluster: MockCluster, topic: str
) -> None:
    cluster.create_topic(topic)
    store = working.Away()
    watched = working.monitor(store)
    config = working.config(cluster.bootstrap, topic, stalled_seconds=0.5)
    worker = KafkaWorker(watched, config, most_waiting=50)
    with running(worker):
        until(lambda: bool(worker.state.next))
        store.locked = True
        produce(cluster.bootstrap, topic, range(100))
        until(lambda: worker.state.paused)
        taken = worker.state.counts["messages"]
        failed = worker.state.counts["segments_failed"]
        produce(cluster.bootstrap, topic, range(100, 300))
        until(lambda: worker.state.lag == {f"{topic}/0": 300 - taken})
        until(lambda: worker.state.counts["segments_failed"] > failed + 2)
        before = worker.state.progress_at
        until(lambda: worker.state.progress_at > before + 1.0)
        assert worker.state.paused
        assert worker.state.counts["messages"] == taken
        assert worker.state.counts["reconnects"] == 0
        store.locked = False
        until(lambda: working.stored(watched, topic) == {0: 300})
        until(lambda: worker.state.lag == {f"{topic}/0": 0})
    assert worker.state.counts["reconnects"] == 0
    watched.close()
    store.close()


def test_brokers_that_do_not_say_where_partitions_end_disturb_nothing(
    cluster: MockCluster, topic: str
) -> None:
    cluster.create_topic(topic, 2)
    watched = working.monitor(None)
    config = working.config(cluster.bootstrap, topic, stalled_seconds=2.0)
    with running(KafkaWorker(watched, config)) as worker:
        until(lambda: len(worker.state.lag) == 2)
        cluster.errors(Api.LIST_OFFSETS, *[STORAGE_ERROR] * MANY)
        produce(cluster.bootstrap, topic, range(500), partition=0)
        produce(cluster.bootstrap, topic, range(500), partition=1)
        until(lambda: working.stored(watched, topic, (0, 1)) == {0: 500, 1: 500})
        until(lambda: worker.state.counts["end_offsets_failed"] > 2)
        produce(cluster.bootstrap, topic, range(500), partition=0)
        until(lambda: working.stored(watched, topic, (0, 1)) == {0: 1_000, 1: 500})
    assert worker.state.counts["reconnects"] == 0
    watched.close()


def test_a_broker_that_hangs_hides_the_ends_of_its_own_partitions_only(
    two_brokers: MockCluster, topic: str
) -> None:
    cluster = two_brokers
    watched = working.monitor(None)
    config = working.config(cluster.bootstrap, topic)
    with running(KafkaWorker(watched, config)) as worker:
        until(lambda: len(worker.state.lag) == 2)
        cluster.errors_of(1, Api.FETCH, *[STORAGE_ERROR] * 2_000)
        cluster.errors_of(2, Api.LIST_OFFSETS, *[STORAGE_ERROR] * 2_000)
        clients.produce(cluster.bootstrap, topic, [working.encoded(1)] * 7, partition=0)
        until(lambda: worker.state.lag.get(f"{topic}/0") == 7)
        assert worker.state.counts["end_offsets_failed"] > 0
        assert worker.state.counts["messages"] == 0
    watched.close()
