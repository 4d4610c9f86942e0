"""A worker as a process that tests may kill: ``python -m tests.kafka.working``.

Arguments: address of the brokers, topic, store, and where to die: ``before``, ``inside`` or
``after`` the transaction, and of which delivery; or ``never``.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from typing import Any

import numpy as np

from driftwatch import Monitor
from driftwatch.integrations.kafka import KafkaConfig, KafkaWorker
from driftwatch.stores import sqlite
from tests.kafka.mock_cluster import patient_leader

START = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
PLANS = ("free", "pro", "team")


def reference() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    return {
        "x": rng.integers(0, 1_000, 4_000).astype(float),
        "plan": rng.choice(PLANS, 4_000),
        "yhat": rng.uniform(size=4_000),
    }


def monitor(store: Any, **more: Any) -> Monitor:
    more = {"flush_every": "1s"} | more
    return Monitor(reference(), roles={"yhat": "prediction"}, name="m", store=store, **more)


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
        sqlite.insert = dying(sqlite.insert, first=False)  # type: ignore[attr-defined]
    elif where in ("before", "after"):
        deliver = dying(sqlite.SQLiteStore.deliver, first=where == "before")
        sqlite.SQLiteStore.deliver = deliver  # type: ignore[method-assign]


def main() -> None:
    bootstrap, topic, store, where, count = sys.argv[1:]
    die_at(where, int(count))
    worker = KafkaWorker(monitor(store, window="24h", slide="24h"), config(bootstrap, topic))
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    with patient_leader():
        worker.run()
    worker.monitor.close()


if __name__ == "__main__":
    main()
