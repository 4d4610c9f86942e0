"""The file of the store goes while a worker reads: it goes on in the one that is there now."""

from __future__ import annotations

from pathlib import Path

import pytest

from driftwatch.integrations.kafka import KafkaWorker
from driftwatch.stores import open_store
from tests.kafka import working
from tests.kafka.mock_cluster import MockCluster
from tests.kafka.working import assert_holds, counters, produce, running
from tests.waiting import until


@pytest.mark.parametrize("start", ["earliest", "latest"])
def test_what_comes_after_it_is_read_wherever_new_partitions_begin(
    tmp_path: Path, cluster: MockCluster, topic: str, start: str
) -> None:
    """To begin at the end means at the end that there was when the worker began."""
    cluster.create_topic(topic, 1)
    watched = working.daily(open_store(tmp_path / "s.db"))
    config = working.config(cluster.bootstrap, topic, start=start)
    with running(KafkaWorker(watched, config)):
        until(lambda: watched.store.cursor("m", f"kafka begun {topic}/0"))
        produce(cluster.bootstrap, topic, range(100))
        until(lambda: working.stored(watched, topic) == {0: 100})
        for path in tmp_path.glob("s.db*"):
            if path.suffix != ".key":
                path.unlink()
        produce(cluster.bootstrap, topic, range(100, 150))
        until(lambda: working.stored(watched, topic) == {0: 150})
    assert_holds(watched, range(0 if start == "earliest" else 100, 150))
    before = {"kafka_before_start": 100} if start == "latest" else {}
    found = {name: count for name, count in counters(watched).items() if "noted" not in name}
    assert found == before | {"kafka_ok": 150 - before.get("kafka_before_start", 0)}
    watched.close()
