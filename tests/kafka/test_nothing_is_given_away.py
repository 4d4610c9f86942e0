"""Values of persons and passwords are in nothing that a worker stores, logs or adds to messages.

Dead letters are the messages themselves, as they came; what is added to them holds nothing.
"""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq

from driftwatch import Monitor
from driftwatch.integrations.kafka import KafkaWorker
from tests.kafka import clients, working
from tests.kafka.mock_cluster import MockCluster
from tests.privacy.canaries import PEOPLE, leaks, leaks_in_files
from tests.privacy.conftest import Heard, heard, home, persons
from tests.waiting import until

__all__ = ["heard", "home"]  # fixtures


def test_messages_of_persons_sound_and_broken(
    home: Path, heard: Heard, cluster: MockCluster, topic: str
) -> None:
    for name in (topic, f"{topic}-dead"):
        cluster.create_topic(name, 1)
    pq.write_table(persons(1_440), home.parent / "train.parquet")
    rows = persons(300, seed=1, few=3).to_pylist()
    sound = [
        json.dumps({"ts": working.START + n, "inputs": row}, default=str).encode()
        for n, row in enumerate(rows)
    ]
    person = PEOPLE["email"][0]
    key, headers = person.encode(), [("of", PEOPLE["card"][0].encode())]
    broken = [
        (key, body, headers, None)
        for body in (
            *(whole[:-20] for whole in sound[:9]),
            json.dumps({"ts": person, "inputs": {"x": person}}).encode(),
            json.dumps({"ts": 1, "inputs": person}).encode(),
            json.dumps([person]).encode(),
            b"\xff" + person.encode("utf-16"),
        )
    ]
    clients.produce(cluster.bootstrap, topic, [*sound, *broken], linger_ms=300)
    config = working.config(
        cluster.bootstrap, topic, dead_letters=f"{topic}-dead", prediction=None, group="g"
    )
    monitor = Monitor(
        home.parent / "train.parquet", store=home / "s.db", name="m", flush_every="1s",
        roles={"ts": "time"}, window="24h", slide="24h",
    )  # fmt: skip
    with working.running(KafkaWorker(monitor, config)):
        until(lambda: working.is_all_stored(monitor, cluster.bootstrap, topic))
        dead = clients.consume(cluster.bootstrap, f"{topic}-dead", 10)
    heard.error(Exception(str(working.counters(monitor))))
    monitor.close()
    sent = {body for _, body, _, _ in broken}
    for letter in dead:
        assert letter.value in sent
        assert letter.key == key
        added = [header for header in letter.headers if header not in headers]
        assert {name.partition(".")[0] for name, _ in added} == {"driftwatch"}
        assert leaks(repr(added)) == set()
    heard.command("doctor", "--store", "s.db", "--monitor", "m")
    assert leaks(heard.text) == set()
    assert leaks_in_files(home) == {}
