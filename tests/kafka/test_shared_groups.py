"""A consumer group that several readers use: each gets all messages, or it is said."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer  # type: ignore[import-untyped,unused-ignore]

from driftwatch.integrations.kafka import KafkaWorker
from driftwatch.integrations.kafka.membership import Membership
from driftwatch.stores.sqlite.memory import MemoryStore
from tests.kafka import clients, working
from tests.kafka.broker import Broker
from tests.kafka.mock_cluster import MockCluster, patient_leader
from tests.kafka.working import assert_holds, counters, produce, running
from tests.waiting import until


@pytest.fixture
def _patient() -> Iterator[None]:
    with patient_leader():
        yield


def known(watched: Any) -> dict[str, int]:
    """Counters, without the remarks."""
    return {k: n for k, n in counters(watched).items() if not k.startswith("noted ")}


def both_read_all(bootstrap: str, topic: str, first: Any, second: Any) -> list[str]:
    """Two monitors with one group get all messages each; gives what is said of it."""
    config = working.config(bootstrap, topic, group="shared")
    with (
        running(KafkaWorker(first, config)) as one,
        running(KafkaWorker(second, config)) as other,
    ):
        until(lambda: bool(one.state.shared_with and other.state.shared_with))
        produce(bootstrap, topic, range(2_000))
        until(lambda: working.is_all_stored(first, bootstrap, topic))
        until(lambda: working.is_all_stored(second, bootstrap, topic))
        said = [one.state.shared_with, other.state.shared_with]
    for watched in (first, second):
        assert known(watched) == {"kafka_ok": 2_000}
        assert_holds(watched, range(2_000))
        assert "group shared is shared with" in watched.check().headline()
    return said


@pytest.mark.usefixtures("_patient")
def test_two_stores_that_share_a_group_get_all_messages_each(
    cluster: MockCluster, topic: str
) -> None:
    cluster.create_topic(topic, 4)
    first, second = working.daily(MemoryStore()), working.daily(MemoryStore(), name="n")
    said = both_read_all(cluster.bootstrap, topic, first, second)
    assert "monitor 'n' of another store" in said[0]
    assert "monitor 'm' of another store" in said[1]
    first.close()
    second.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_monitors_of_one_store_that_share_a_group_get_all_messages_of_a_real_broker(
    broker: Broker, topic: str, tmp_path: Path
) -> None:
    broker.create_topic(topic, 4)
    first, second = working.daily(tmp_path / "s.db"), working.daily(tmp_path / "s.db", name="n")
    both_read_all(broker.bootstrap, topic, first, second)
    first.close()
    second.close()


@pytest.mark.usefixtures("_patient")
def test_commits_that_are_ahead_of_the_store_are_said(
    cluster: MockCluster, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    cluster.create_topic(topic, 1)
    produce(cluster.bootstrap, topic, range(100))
    config = working.config(cluster.bootstrap, topic, group="taken")
    for name in ("m", "n"):
        watched = working.daily(MemoryStore(), name=name)
        with running(KafkaWorker(watched, config)) as worker:
            until(functools.partial(working.is_all_stored, watched, cluster.bootstrap, topic))
            until(lambda: clients.committed(cluster.bootstrap, "taken")[topic, 0] == 100)
        assert known(watched) == {"kafka_ok": 100}
        said = "group taken has committed 100" in caplog.text
        assert said == ("has committed 100 of" in watched.check().headline()) == (name == "n")
        assert worker.state.counts["group_warnings"] == (name == "n")
        watched.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_foreign_member_of_a_group_is_said(broker: Broker, topic: str) -> None:
    """It takes nothing from a worker that shares them out; where it may, that is said."""
    broker.create_topic(topic, 4)
    watched = working.daily(MemoryStore())
    config = working.config(broker.bootstrap, topic, group=topic)

    async def beside(worker: KafkaWorker) -> None:
        foreign = AIOKafkaConsumer(
            topic, bootstrap_servers=broker.bootstrap, group_id=topic, session_timeout_ms=2_000
        )
        async with clients.started(foreign):
            while not worker.state.shared_with:
                await foreign.getmany(timeout_ms=100)
            await asyncio.to_thread(produce, broker.bootstrap, topic, range(400))
            if "may get part" not in worker.state.shared_with:
                await asyncio.to_thread(
                    until, lambda: working.is_all_stored(watched, broker.bootstrap, topic)
                )

    with running(KafkaWorker(watched, config)) as worker:
        until(lambda: len(worker.state.next) == 4)
        clients.run(beside(worker))
        until(lambda: not worker.state.shared_with)  # it has gone
        until(lambda: working.is_all_stored(watched, broker.bootstrap, topic))
    assert known(watched) == {"kafka_ok": 400}
    watched.close()


class Cluster:
    """Partitions of topics."""

    def partitions_for_topic(self, topic: str) -> set[int]:
        return set(range(4))


def test_members_of_each_reader_share_all_partitions_among_them() -> None:
    ours, theirs = Membership(1, "m"), Membership(2, "n")
    members = {
        "a": ours.metadata(["t"]),
        "b": theirs.metadata(["t"]),
        "c": ours.metadata(["t"]),
        "d": type(ours.metadata(["t"]))(0, ["t"], b"\xff\x00"),
    }
    given = ours.assign(Cluster(), members)
    parts = {name: sorted(p.partition for p in each.partitions()) for name, each in given.items()}
    assert parts == {"a": [0, 2], "c": [1, 3], "b": [0, 1, 2, 3], "d": [0, 1, 2, 3]}
    ours.on_assignment(given["a"])
    assert "monitor 'n'" in ours.said("g")
    assert "each of them gets all" in ours.said("g")
    alone = theirs.assign(Cluster(), {"b": members["b"]})
    theirs.on_assignment(alone["b"])
    assert theirs.said("g") == ""


def test_a_group_that_another_program_shares_out_is_said() -> None:
    ours = Membership(1, "m")
    given = Membership(2, "n").assign(Cluster(), {"x": ours.metadata(["t"])})["x"]
    ours.on_assignment(type(given)(0, given.assignment, b""))
    assert "give each reader a group of its own" in ours.said("g")
