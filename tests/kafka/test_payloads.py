"""The shapes of payloads, through a broker and a worker: all rows, with their scores."""

from __future__ import annotations

import json
from typing import Any

import pytest

from driftwatch import Monitor
from driftwatch.integrations.kafka import KafkaConfig, KafkaWorker
from tests.containers.shapes import DATA, SHAPES, assert_holds_all, below, bodies
from tests.kafka import clients, working
from tests.kafka.broker import Broker
from tests.kafka.mock_cluster import MockCluster
from tests.waiting import until


def assert_read(bootstrap: str, topic: str, shape: str, profile: Any) -> None:
    """A worker reads all that is in messages of a shape, and nothing else is counted."""
    of = SHAPES[shape]
    sent = [
        json.dumps({"request": body, "answer": answer, "ts": working.START}).encode()
        for body, answer in bodies(shape)
    ]
    clients.produce(bootstrap, topic, sent)
    config = KafkaConfig(
        bootstrap=bootstrap,
        topics=[topic],
        features=below("request", of.features),
        score=below("answer", of.score),
        payload=of.payload,
        at="$.ts",
        session_seconds=2.0,
    )
    with Monitor(profile, score="risk", flush_every="1s", name="m") as watched:
        with working.running(KafkaWorker(watched, config)):
            until(lambda: working.is_all_stored(watched, bootstrap, topic))
        assert working.counters(watched) == {"kafka_ok": len(sent)}
        assert_holds_all(watched)


@pytest.mark.slow
def test_every_shape_is_read_from_a_broker(broker: Broker, topic: str) -> None:
    profile = Monitor(DATA, score="risk").reference.profile
    for place, shape in enumerate(SHAPES):
        name = f"{topic}-{place}"
        broker.create_topic(name)
        assert_read(broker.bootstrap, name, shape, profile)


def test_what_is_odd_about_a_payload_is_counted(cluster: MockCluster, topic: str) -> None:
    """By the kind of what is wrong with a message, or by the reason why a value is not used."""
    cluster.create_topic(topic)
    row = {"x": 1.0, "plan": "pro"}
    messages: list[dict[str, Any]] = [
        {"inputs": [row] * 3, "yhat": [0.1, 0.2, 0.3]},
        {"inputs": [row] * 3, "yhat": [0.1, 0.2]},
        {"inputs": [row] * 4, "yhat": [0.1] * 4},
        {"inputs": row, "yhat": 0.1},
        {"inputs": {"x": [1.0], "plan": ["pro"]}, "yhat": [0.1]},
        {"inputs": [row] * 2, "yhat": [[0.2, 0.8], [0.7, 0.3]]},
    ]
    values = [json.dumps(message | {"ts": working.START}).encode() for message in messages]
    clients.produce(cluster.bootstrap, topic, values)
    config = working.config(cluster.bootstrap, topic, payload="records", message_rows=3)
    with working.daily(None) as watched:
        with working.running(KafkaWorker(watched, config)):
            until(lambda: working.is_all_stored(watched, cluster.bootstrap, topic))
        assert working.counters(watched) == {
            "kafka_ok": 3,
            "kafka_bad_too_many_rows": 1,
            "kafka_bad_other_payload": 2,
            "predictions_do_not_match": 3,
            "values_of_several_classes": 2,
        }
        report = watched.check()
        assert report.rows_current == 8
        assert report.schema_changes == ()
        missing = {feature.name: feature.missing_current for feature in report.features}
        assert missing["yhat"] == 5 / 8
