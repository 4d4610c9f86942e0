"""Topics that are made anew, other clusters: nothing is skipped, nothing counts twice."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from driftwatch.integrations.kafka import KafkaWorker
from driftwatch.integrations.kafka.assignment import Assignment
from driftwatch.integrations.kafka.partitions.feed import OtherTopicError
from driftwatch.stores.sqlite.memory import MemoryStore
from tests.kafka import working
from tests.kafka.broker import Broker
from tests.kafka.mock_cluster import MockCluster
from tests.kafka.working import assert_holds, counters, produce, running
from tests.waiting import until


def known(watched: Any) -> dict[str, int]:
    """Counters, without the remarks."""
    return {k: n for k, n in counters(watched).items() if not k.startswith("noted ")}


def test_a_topic_made_anew_with_more_messages_than_were_read_is_read_from_its_start(
    cluster: MockCluster, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    cluster.create_topic(topic, 1)
    produce(cluster.bootstrap, topic, range(1_000))
    watched = working.daily(MemoryStore())
    config = working.config(cluster.bootstrap, topic)
    with running(KafkaWorker(watched, config)):
        until(lambda: working.stored(watched, topic) == {0: 1_000})
    cluster.delete_topic(topic)
    cluster.create_topic(topic, 1)
    produce(cluster.bootstrap, topic, range(1_000, 2_500))
    with running(KafkaWorker(watched, config)):
        until(lambda: working.stored(watched, topic) == {0: 1_500})
    assert known(watched) == {"kafka_ok": 2_500}
    assert_holds(watched, range(2_500))
    assert "when its topic was made anew" in caplog.text
    assert "when its topic was made anew" in watched.check().headline()
    watched.close()


def test_what_is_fetched_of_a_new_topic_never_counts_for_the_old_one(
    cluster: MockCluster, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made anew, and longer, while a worker reads: between a fetch and what comes of it."""
    cluster.create_topic(topic, 1)
    produce(cluster.bootstrap, topic, range(100))
    watched = working.daily(MemoryStore())
    asking, original = threading.Event(), Assignment.made_anew

    async def later(self: Any, consumer: Any, messages: Any) -> Any:
        if not asking.is_set():
            asking.set()
            cluster.delete_topic(topic)
            cluster.create_topic(topic, 1)
        return await original(self, consumer, messages)

    with running(KafkaWorker(watched, working.config(cluster.bootstrap, topic))):
        until(lambda: working.stored(watched, topic) == {0: 100})
        monkeypatch.setattr(Assignment, "made_anew", later)
        produce(cluster.bootstrap, topic, range(5_000, 5_010))  # lost with the old topic
        until(asking.is_set)
        produce(cluster.bootstrap, topic, range(100, 400))
        until(lambda: working.stored(watched, topic) == {0: 300})
    assert known(watched) == {"kafka_ok": 400}
    assert_holds(watched, range(400))
    watched.close()


def test_another_cluster_ends_the_worker_and_says_what_can_be_done(
    cluster: MockCluster, topic: str
) -> None:
    cluster.create_topic(topic, 1)
    produce(cluster.bootstrap, topic, range(100))
    watched = working.daily(MemoryStore())
    with running(KafkaWorker(watched, working.config(cluster.bootstrap, topic))):
        until(lambda: working.stored(watched, topic) == {0: 100})
    with MockCluster() as other:
        other.create_topic(topic, 1)
        produce(other.bootstrap, topic, range(200))
        with pytest.raises(OtherTopicError, match=r"in another cluster.*--reset earliest"):
            KafkaWorker(watched, working.config(other.bootstrap, topic)).run()
    assert counters(watched) == {"kafka_ok": 100}
    watched.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("watching", [False, True])
@pytest.mark.parametrize("messages", [10, 300])
def test_a_real_topic_that_is_made_anew_is_read_from_its_start(
    broker: Broker, topic: str, watching: bool, messages: int
) -> None:
    broker.create_topic(topic)
    produce(broker.bootstrap, topic, range(100))
    watched = working.daily(MemoryStore())
    config = working.config(broker.bootstrap, topic)

    def again() -> None:
        broker.delete_topic(topic)
        broker.create_topic(topic)
        produce(broker.bootstrap, topic, range(100, 100 + messages))

    def is_read() -> bool:
        return known(watched).get("kafka_ok") == 100 + messages

    with running(KafkaWorker(watched, config)):
        until(lambda: working.stored(watched, topic) == {0: 100})
        if watching:
            again()
            until(is_read)
    if not watching:
        again()
        with running(KafkaWorker(watched, config)):
            until(is_read)
    assert known(watched) == {"kafka_ok": 100 + messages}
    assert working.stored(watched, topic) == {0: messages}
    assert_holds(watched, range(100 + messages))
    watched.close()
