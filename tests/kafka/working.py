"""A worker as a process that tests may kill: ``python -m tests.kafka.working``.

Arguments: address of the brokers, topic, store, and where to die: ``before``, ``inside`` or
``after`` the transaction, and of which delivery; or ``never``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from driftwatch import Monitor
from driftwatch.errors import StoreError
from driftwatch.integrations.kafka import KafkaConfig, KafkaWorker
from driftwatch.stores.sqlite import segments
from driftwatch.stores.sqlite import store as sqlite
from driftwatch.stores.sqlite.memory import MemoryStore
from tests.kafka import clients
from tests.kafka.mock_cluster import patient_leader

START = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
PLANS = ("free", "pro", "team")


class Away(MemoryStore):
    """A store that another process holds locked while a test says so."""

    locked = False

    def deliver(self, *given: Any, **named: Any) -> Any:
        if self.locked:
            raise StoreError("locked, for the test")
        return super().deliver(*given, **named)


def reference() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    return {
        "x": rng.integers(0, 1_000, 4_000).astype(float),
        "plan": rng.choice(PLANS, 4_000),
        "yhat": rng.uniform(size=4_000),
    }


def monitor(store: Any, **more: Any) -> Monitor:
    more = {"flush_every": "1s", "name": "m"} | more
    return Monitor(reference(), roles={"yhat": "prediction"}, store=store, **more)


def daily(store: Any, **more: Any) -> Monitor:
    """A monitor with all of `message` in one window."""
    return monitor(store, window="24h", slide="24h", **more)


def config(bootstrap: str, topic: str, **more: Any) -> KafkaConfig:
    settings: dict[str, Any] = {
        "features": "$.inputs",
        "prediction": "$.yhat",
        "at": "$.ts",
        "session_seconds": 2.0,
    }
    return KafkaConfig(bootstrap=bootstrap, topics=[topic], **settings | more)


def message(number: int) -> dict[str, Any]:
    """The n-th message: all of one day, so that no row is late, wherever it is read."""
    return {
        "ts": START + number % 3_600,
        "inputs": {"x": float(number % 1_000), "plan": PLANS[number % 3]},
        "yhat": number % 100 / 100,
    }


def encoded(number: int) -> bytes:
    return json.dumps(message(number)).encode()


def produce(bootstrap: str, topic: str, numbers: Iterable[int], **how: Any) -> None:
    """Send the messages of these numbers; how is said as to `clients.produce`."""
    clients.produce(bootstrap, topic, map(encoded, numbers), **how)


@contextmanager
def running(worker: KafkaWorker) -> Iterator[KafkaWorker]:
    """A worker in a thread; what ends it other than `KafkaWorker.stop` is raised at the end."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            worker.run()
        except BaseException as error:  # noqa: BLE001 - shown below
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join(60)
        assert not thread.is_alive()
    if failures:
        raise failures[0]


def stored(watched: Monitor, topic: str, partitions: Iterable[int] = (0,)) -> dict[int, int]:
    """Where the partitions stand in the store."""
    store = watched.store
    return {p: store.cursor(watched.name, f"kafka {topic}/{p}") for p in partitions}


def is_all_stored(watched: Monitor, bootstrap: str, topic: str) -> bool:
    ends = clients.end_offsets(bootstrap, topic)
    return stored(watched, topic, ends) == ends


def counters(watched: Monitor) -> dict[str, int]:
    """What is counted in the store."""
    return dict(watched.store.overview(watched.name).counters)


def assert_holds(watched: Monitor, numbers: Iterable[int]) -> None:
    """The window of a `daily` monitor has the messages of these numbers, each once."""
    rows = pd.DataFrame({**m["inputs"], "yhat": m["yhat"]} for m in map(message, numbers))
    truth = daily(None)
    truth.observe_many(rows, at=START)
    found, expected = watched.check(), truth.check()
    truth.close()
    assert found.rows_current == len(rows)
    assert found.production_data_hash == expected.production_data_hash


def die_at(where: str, count: int) -> None:
    """Let the process end at a point of its n-th delivery, as if the power had gone."""
    done = 0

    def dying(function: Any, *, first: bool) -> Any:
        def called(*given: Any, **named: Any) -> Any:
            nonlocal done
            done += 1
            if first and done == count:
                os.kill(os.getpid(), signal.SIGKILL)
            result = function(*given, **named)
            if not first and done == count:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return called

    if where == "inside":
        insert = dying(segments.insert, first=False)  # type: ignore[attr-defined]
        segments.insert = insert  # type: ignore[attr-defined]
    elif where in ("before", "after"):
        deliver = dying(sqlite.SQLiteStore.deliver, first=where == "before")
        sqlite.SQLiteStore.deliver = deliver  # type: ignore[method-assign]


def main() -> None:
    bootstrap, topic, store, where, count = sys.argv[1:]
    die_at(where, int(count))
    worker = KafkaWorker(monitor(store, window="24h", slide="24h"), config(bootstrap, topic))
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    with patient_leader():
        worker.run()
    worker.monitor.close()


if __name__ == "__main__":
    main()
