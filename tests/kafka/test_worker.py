"""The worker on a mock of a cluster: what it makes of messages, and of trouble."""

from __future__ import annotations

import io
import json
import urllib.request
from typing import Any

import fastavro
import pytest

from driftwatch.errors import ConfigError, StoreError
from driftwatch.integrations.kafka import KafkaConfig, KafkaWorker
from driftwatch.integrations.kafka.messages import schema_registry
from driftwatch.integrations.kafka.messages.decoding import Poison
from driftwatch.integrations.kafka.metrics import serving_metrics
from driftwatch.stores.sqlite.memory import MemoryStore
from tests.kafka import clients, working
from tests.kafka.mock_cluster import Api, MockCluster
from tests.kafka.registry import Registry
from tests.kafka.working import counters, running
from tests.waiting import until


def value(**more: Any) -> bytes:
    return json.dumps(working.message(1) | more).encode()


POISON: dict[Poison, bytes] = {
    Poison.TOO_LARGE: value(note="x" * 3_000),
    Poison.EMPTY: b"  ",
    Poison.NOT_UTF8: b'{"inputs": "\xff"}',
    Poison.NOT_JSON: b'{"inputs": ',
    Poison.TOO_DEEP: value(
        yhat=[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
    ),
    Poison.NO_FEATURES: b'{"input": {"x": 1}}',
    Poison.NO_RECORDS: value(inputs=[]),
    Poison.NOT_A_RECORD: value(inputs=[{"x": 1.0}, 7]),
    Poison.UNKNOWN_COLUMNS_ONLY: value(inputs={"unheard": 1.0}),
    Poison.NO_TIME: value(ts=None),
    Poison.BAD_TIME: value(ts="yesterday"),
}


def test_every_kind_of_bad_message_is_counted_and_stops_none(
    cluster: MockCluster, topic: str
) -> None:
    cluster.create_topic(topic, 1)
    cluster.create_topic(f"{topic}-dead", 1)
    config = working.config(
        cluster.bootstrap, topic, message_bytes=2_000, dead_letters=f"{topic}-dead"
    )
    messages: list[clients.Message] = []
    for poison in POISON.values():
        messages += [(b"key", poison, [("trace", b"1")], 1_000), value()]
    messages.append((b"key", None, (), None))  # a tombstone
    clients.produce(cluster.bootstrap, topic, messages)
    with running(KafkaWorker(working.monitor(None), config)) as worker:
        until(lambda: worker.monitor.store.cursor("m", f"kafka {topic}/0") == len(messages))
        dead = clients.consume(cluster.bootstrap, f"{topic}-dead", len(POISON))
    found = counters(worker.monitor)
    assert found == {
        "kafka_ok": len(POISON),
        "kafka_null": 1,
        **{f"kafka_bad_{kind.value}": 1 for kind in POISON},
    }
    assert sum(found.values()) == len(messages)  # end - start = ok + bad + null + holes
    assert [letter.value for letter in dead] == list(POISON.values())
    for place, (kind, letter) in enumerate(zip(POISON, dead, strict=True)):
        headers = dict(letter.headers)
        assert headers["driftwatch.error"] == kind.value.encode()
        assert headers["driftwatch.offset"] == str(2 * place).encode()
        assert (letter.key, headers["trace"]) == (b"key", b"1")
    worker.monitor.close()


@pytest.mark.parametrize(
    ("at", "header", "seconds"),
    [
        ("record", None, working.START + 7),
        ("header:when", b"2026-01-01T00:00:09Z", working.START + 9),
        ("header:when", str(working.START + 11).encode(), working.START + 11),
        ("$.ts", None, working.START + 1),
        ("$.millis", None, working.START + 5),
    ],
)
def test_the_time_is_taken_from_where_the_configuration_says(
    cluster: MockCluster, topic: str, at: str, header: bytes | None, seconds: float
) -> None:
    cluster.create_topic(topic, 1)
    headers = [] if header is None else [("when", header)]
    body = value(millis=int(working.START + 5) * 1_000)
    clients.produce(
        cluster.bootstrap, topic, [(None, body, headers, int(working.START + 7) * 1_000)]
    )
    config = working.config(cluster.bootstrap, topic, at=at)
    with running(KafkaWorker(working.monitor(None), config)) as worker:
        until(lambda: worker.monitor.store.overview("m").rows == 1)
    assert worker.monitor.store.overview("m").latest == seconds
    worker.monitor.close()


def test_reading_pauses_while_the_store_is_away_and_nothing_is_lost(
    cluster: MockCluster, topic: str
) -> None:
    cluster.create_topic(topic, 1)
    store = working.Away()
    watched = working.monitor(store)
    worker = KafkaWorker(watched, working.config(cluster.bootstrap, topic), most_waiting=500)
    store.locked = True
    with running(worker):
        for start in range(0, 4_000, 500):
            clients.produce(cluster.bootstrap, topic, [value()] * 500)
            if start == 0:
                until(lambda: worker.state.paused)
        assert worker.state.counts["messages"] <= 500 + 5_000
        before = worker.state.counts["messages"]
        until(lambda: worker.state.counts["segments_failed"] >= 3)
        assert worker.state.counts["messages"] == before  # it really does pause
        store.locked = False
        until(lambda: store.cursor("m", f"kafka {topic}/0") == 4_000)
    assert counters(worker.monitor) == {"kafka_ok": 4_000}
    watched.close()
    store.close()


def test_a_worker_that_lost_its_partition_stores_nothing_of_it(
    cluster: MockCluster, topic: str
) -> None:
    """A zombie: two workers that do not know of each other read the same partition."""
    cluster.create_topic(topic, 1)
    store = MemoryStore()
    first = KafkaWorker(
        working.monitor(store), working.config(cluster.bootstrap, topic, group="one")
    )
    second = KafkaWorker(
        working.monitor(store), working.config(cluster.bootstrap, topic, group="two")
    )
    with running(first), running(second):
        for _ in range(10):
            clients.produce(cluster.bootstrap, topic, [value()] * 200)
        until(lambda: store.cursor("m", f"kafka {topic}/0") == 2_000)
    assert store.overview("m").rows == 2_000
    assert counters(first.monitor) == {"kafka_ok": 2_000}
    first.monitor.close()
    second.monitor.close()
    store.close()


def test_brokers_that_go_away_are_waited_for(cluster: MockCluster, topic: str) -> None:
    cluster.create_topic(topic, 1)
    clients.produce(cluster.bootstrap, topic, [value()] * 100)
    with running(
        KafkaWorker(working.monitor(None), working.config(cluster.bootstrap, topic))
    ) as worker:
        rows = worker.monitor.store
        until(lambda: rows.overview("m").rows == 100)
        cluster.down()
        cluster.up()
        clients.produce(cluster.bootstrap, topic, [value()] * 100)
        until(lambda: rows.overview("m").rows == 200)
    worker.monitor.close()


def test_only_what_comes_from_now_on(cluster: MockCluster, topic: str) -> None:
    cluster.create_topic(topic, 1)
    clients.produce(cluster.bootstrap, topic, [value()] * 30)
    config = working.config(cluster.bootstrap, topic, start="latest")
    with running(KafkaWorker(working.monitor(None), config)) as worker:
        until(lambda: bool(worker.state.next))
        clients.produce(cluster.bootstrap, topic, [value()] * 5)
        until(lambda: worker.monitor.store.cursor("m", f"kafka {topic}/0") == 35)
    assert counters(worker.monitor) == {"kafka_before_start": 30, "kafka_ok": 5}
    worker.monitor.close()


def test_windows_by_rows_are_refused() -> None:
    with pytest.raises(ConfigError, match="windows by rows"):
        KafkaWorker(
            working.monitor(None, window="100 rows", slide=None), working.config("h:1", "t")
        )


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"topics": []}, "topics"),
        ({"features": "inputs["}, "features"),
        ({"payload": "column"}, "payload"),
        ({"message_rows": 0}, "message_rows"),
        ({"score_class": True}, "score_class"),
        ({"at": "ts"}, "at"),
        ({"security": "sasl_ssl"}, "sasl"),
        ({"dead_letters": "t"}, "dead_letters"),
        ({"unheard": 1}, "unheard"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(more: dict[str, Any], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        KafkaConfig.model_validate({"bootstrap": "h:1", "topics": ["t"]} | more)


def test_messages_that_are_mostly_bad_turn_the_status_to_warning(
    cluster: MockCluster, topic: str
) -> None:
    cluster.create_topic(topic, 1)
    watched = working.monitor(None)
    good = [json.dumps(working.message(n)).encode() for n in range(3_000)]
    with running(KafkaWorker(watched, working.config(cluster.bootstrap, topic))) as worker:
        store = worker.monitor.store
        clients.produce(cluster.bootstrap, topic, good[:1_400] + [b"?"] * 600)
        until(lambda: store.cursor("m", f"kafka {topic}/0") == 2_000)
        report = watched.evaluator.check()
        assert report.window is not None
        assert report.window.unreadable == (f"{topic}/0",)
        assert report.global_status.is_drift
        assert f"messages of {topic}/0 cannot be read" in report.summary()
        clients.produce(cluster.bootstrap, topic, good)
        until(lambda: store.cursor("m", f"kafka {topic}/0") == 5_000)
        report = watched.evaluator.check()
        assert report.window is not None
        assert not report.window.unreadable
    watched.close()


def test_messages_wait_for_a_schema_registry_that_is_away(
    cluster: MockCluster, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema_registry, "_AGAIN_SECONDS", 0.1)
    cluster.create_topic(topic, 1)
    schema = {
        "type": "record",
        "name": "Prediction",
        "fields": [
            {"name": "ts", "type": "double"},
            {
                "name": "inputs",
                "type": {
                    "type": "record",
                    "name": "Inputs",
                    "fields": [{"name": "x", "type": "double"}, {"name": "plan", "type": "string"}],
                },
            },
            {"name": "yhat", "type": "double"},
        ],
    }
    with Registry() as registry:
        registry.put(7, json.dumps(schema))
        registry.away = True
        config = working.config(cluster.bootstrap, topic, format="avro", registry=registry.url)
        messages = []
        for number in range(300):
            body = io.BytesIO(b"\0\0\0\0\7")
            body.seek(5)
            fastavro.schemaless_writer(body, schema, working.message(number))
            messages.append(body.getvalue())
        clients.produce(cluster.bootstrap, topic, [b"junk", *messages])
        with running(KafkaWorker(working.monitor(None), config)) as worker:
            store = worker.monitor.store
            until(lambda: worker.state.paused and registry.asked)
            assert store.overview("m").rows == 0
            registry.away = False
            until(lambda: store.cursor("m", f"kafka {topic}/0") == 301)
    assert counters(worker.monitor) == {"kafka_bad_not_framed": 1, "kafka_ok": 300}
    assert store.overview("m").rows == 300
    worker.monitor.close()


def test_prometheus_sees_how_a_worker_is_doing(cluster: MockCluster, topic: str) -> None:
    cluster.create_topic(topic, 1)
    clients.produce(cluster.bootstrap, topic, [value(), b"junk", value()])
    worker = KafkaWorker(working.monitor(None), working.config(cluster.bootstrap, topic))
    with running(worker), serving_metrics(0, worker) as port:
        until(lambda: worker.monitor.store.cursor("m", f"kafka {topic}/0") == 3)
        until(lambda: worker.state.lag == {f"{topic}/0": 0})
        with urllib.request.urlopen(f"http://127.0.0.1:{port()}/metrics") as answer:
            text = answer.read().decode()
    assert f'driftwatch_kafka_lag_records{{monitor="m",partition="0",topic="{topic}"}} 0.0' in text
    assert 'driftwatch_kafka_records_total{monitor="m",outcome="ok"} 2.0' in text
    assert 'driftwatch_kafka_records_total{monitor="m",outcome="bad_not_json"} 1.0' in text
    assert 'driftwatch_kafka_segments_total{monitor="m",result="stored"}' in text
    assert 'driftwatch_kafka_rebalances_total{monitor="m"} 1.0' in text
    assert 'driftwatch_kafka_end_offsets_failed_total{monitor="m"} 0.0' in text
    assert 'driftwatch_kafka_up{monitor="m"} 1.0' in text
    assert 'driftwatch_kafka_group_shared{monitor="m"} 0.0' in text
    worker.monitor.close()


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_compressed_topics_are_read(cluster: MockCluster, topic: str, codec: str) -> None:
    cluster.create_topic(topic, 1)
    clients.produce(cluster.bootstrap, topic, [value()] * 50, compression_type=codec)
    worker = KafkaWorker(working.monitor(None), working.config(cluster.bootstrap, topic))
    with running(worker):
        until(lambda: worker.monitor.store.cursor("m", f"kafka {topic}/0") == 50)
    assert counters(worker.monitor) == {"kafka_ok": 50}
    worker.monitor.close()


class Forgetful(MemoryStore):
    """A store that cannot be read the first times it is asked where a partition stands."""

    failures = 0

    def cursor(self, monitor: str, name: str, /) -> int:
        if self.failures and name.startswith("kafka "):
            self.failures -= 1
            raise StoreError("away, for the test")
        return super().cursor(monitor, name)


def test_a_store_that_is_away_when_partitions_come_ends_no_worker(
    cluster: MockCluster, topic: str
) -> None:
    cluster.create_topic(topic, 1)
    clients.produce(cluster.bootstrap, topic, [value()] * 50)
    store = Forgetful()
    worker = KafkaWorker(working.monitor(store), working.config(cluster.bootstrap, topic))
    store.failures = 2
    with running(worker):
        until(lambda: store.overview("m").rows == 50)
    assert store.failures == 0
    worker.monitor.close()
    store.close()


def test_messages_taken_by_a_worker_that_died_are_not_skipped_as_older_than_the_start(
    cluster: MockCluster, topic: str
) -> None:
    cluster.create_topic(topic, 1)
    store = working.Away()
    config = working.config(cluster.bootstrap, topic, start="latest")
    first = KafkaWorker(working.monitor(store), config)
    with running(first):
        until(lambda: bool(first.state.next))
        store.locked = True
        clients.produce(cluster.bootstrap, topic, [value()] * 20)
        until(lambda: first.state.counts["messages"] == 20)
    assert first.state.waiting >= 20  # which it says when it ends
    store.locked = False
    second = KafkaWorker(working.monitor(store), config)
    with running(second):
        until(lambda: store.overview("m").rows == 20)
    assert counters(second.monitor) == {"kafka_ok": 20}
    first.monitor.close()
    second.monitor.close()
    store.close()


def test_a_worker_stops_while_its_group_is_being_joined(cluster: MockCluster, topic: str) -> None:
    cluster.create_topic(topic, 1)
    loading = 14  # COORDINATOR_LOAD_IN_PROGRESS
    cluster.errors(Api.JOIN_GROUP, *[loading] * 1_000)
    worker = KafkaWorker(working.monitor(None), working.config(cluster.bootstrap, topic))
    with running(worker):
        until(lambda: worker.state.progress_at > 0)
    assert worker.state.counts["messages"] == 0
    worker.monitor.close()
