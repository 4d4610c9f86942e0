"""One worker against a consumer that only decodes the same JSON, in turns, on a real broker."""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from driftwatch import Monitor
from driftwatch.integrations.kafka import KafkaConfig, KafkaWorker
from tests.kafka import clients
from tests.kafka.broker import Broker

_NAMES = [f"feature_{place}" for place in range(20)]
_TOPIC = "predictions"
_START = 1_767_225_600

Columns = Callable[[np.random.Generator, int], dict[str, list[Any]]]


def compare(messages: int, rounds: int, columns: Columns) -> dict[str, Any]:
    """CPU seconds and messages a second of both; medians.

    Args:
        messages: How many are read.
        rounds: How often.
        columns: The features: `floats` or `mixed`.
    """
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(Path(folder) / "broker")
        broker.start()
        try:
            broker.create_topic(_TOPIC, 1)
            clients.produce(broker.bootstrap, _TOPIC, _messages(messages, columns), linger_ms=20)
            bare, plain, worker = [], [], []
            for number in range(rounds):
                bare.append(asyncio.run(_bare(broker.bootstrap, messages, orjson.loads)))
                plain.append(asyncio.run(_bare(broker.bootstrap, messages, json.loads)))
                store = Path(folder) / f"{number}.db"
                worker.append(_worker(broker.bootstrap, messages, store, number, columns))
        finally:
            broker.stop()
    cpu_bare, wall_bare = (statistics.median(each) for each in zip(*bare, strict=True))
    cpu_plain = statistics.median(cpu for cpu, _ in plain)
    cpu, wall = (statistics.median(each) for each in zip(*worker, strict=True))
    return {
        "messages": messages,
        "bare_cpu_s": cpu_bare,
        "worker_cpu_s": cpu,
        "throughput_ratio_cpu": cpu_bare / cpu,
        "bare_json_of_python_cpu_s": cpu_plain,
        "throughput_ratio_cpu_json_of_python": cpu_plain / cpu,
        "bare_messages_per_s": messages / wall_bare,
        "worker_messages_per_s": messages / wall,
        "worker_messages_per_cpu_s": messages / cpu,
    }


def floats(rng: np.random.Generator, rows: int) -> dict[str, list[Any]]:
    """Twenty features, all of them numbers with fractions."""
    return {name: rng.normal(size=rows).tolist() for name in _NAMES}


def mixed(rng: np.random.Generator, rows: int) -> dict[str, list[Any]]:
    """Twenty features, as tables have them: numbers some of which are missing, counts, names."""
    columns = floats(rng, rows)
    for name in _NAMES[8:12]:
        columns[name] = [
            None if gone else value
            for gone, value in zip(rng.uniform(size=rows) < 0.05, columns[name], strict=True)
        ]
    for name in _NAMES[12:16]:
        columns[name] = rng.integers(0, 500, rows).tolist()
    for name in _NAMES[16:19]:
        columns[name] = rng.choice([f"category {n}" for n in range(12)], rows).tolist()
    columns[_NAMES[19]] = (rng.uniform(size=rows) < 0.3).tolist()
    return columns


def _messages(count: int, columns: Columns) -> list[clients.Message]:
    rows = zip(*columns(np.random.default_rng(1), count).values(), strict=True)
    return [
        orjson.dumps(
            {
                "ts": _START + place % 3_600,
                "inputs": dict(zip(_NAMES, row, strict=True)),
                "score": 0.5,
            }
        )
        for place, row in enumerate(rows)
    ]


async def _bare(
    bootstrap: str, count: int, decode: Callable[[bytes], object]
) -> tuple[float, float]:
    from aiokafka import AIOKafkaConsumer

    consumer = AIOKafkaConsumer(
        _TOPIC, bootstrap_servers=bootstrap, group_id=None, auto_offset_reset="earliest"
    )
    cpu, wall = time.process_time(), time.perf_counter()
    async with clients.started(consumer):
        seen = 0
        while seen < count:
            found = await consumer.getmany(timeout_ms=200, max_records=5_000)
            for messages in found.values():
                for message in messages:
                    decode(message.value)
                seen += len(messages)
    return time.process_time() - cpu, time.perf_counter() - wall


def _worker(
    bootstrap: str, count: int, store: Path, number: int, columns: Columns
) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    train: dict[str, Any] = columns(rng, 20_000)
    train["score"] = rng.uniform(size=20_000)
    config = KafkaConfig(
        bootstrap=bootstrap,
        topics=[_TOPIC],
        group=f"bench-{number}",
        features="$.inputs",
        prediction="$.score",
        at="$.ts",
    )
    with Monitor(train, roles={"score": "prediction"}, store=store) as monitor:
        worker = KafkaWorker(monitor, config)
        thread = threading.Thread(target=worker.run)
        cpu, wall = time.process_time(), time.perf_counter()
        thread.start()
        waiting = threading.Event()
        while worker.state.counts["messages"] < count:
            waiting.wait(0.02)
        worker.stop()  # which stores everything
        thread.join()
        took = time.process_time() - cpu, time.perf_counter() - wall
        rows = monitor.store.overview("default").rows
        if rows != count:
            raise RuntimeError(f"{rows} rows of {count} messages")
    return took
