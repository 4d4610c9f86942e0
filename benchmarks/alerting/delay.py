"""Evaluations beside a back end that hangs, refuses, or is not there."""

from __future__ import annotations

import socket
import statistics
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from driftwatch import Monitor
from driftwatch.alerts.settings import Alerts
from driftwatch.integrations.alerting import WebhookAlert
from driftwatch.protocols import Notifier

FEATURES, HOURS, ROWS = 20, 120, 400


class Hanging:
    """A server that takes a connection and never answers."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.held: list[socket.socket] = []
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        while True:
            try:
                self.held.append(self._socket.accept()[0])
            except OSError:
                return

    def close(self) -> None:
        self._socket.close()
        for each in self.held:
            each.close()


def _hook(port: int) -> WebhookAlert:
    return WebhookAlert(f"http://127.0.0.1:{port}/", allow_private=True)


def _evaluations(to: list[Notifier]) -> tuple[list[float], int]:
    """Seconds of each evaluation of a stream that drifts and comes back, and messages."""
    rng = np.random.default_rng(3)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    reference = {f"f{n}": rng.normal(size=5_000) for n in range(FEATURES)}
    took = []
    with tempfile.TemporaryDirectory() as folder:
        monitor = Monitor(
            reference,
            window="6h",
            clock=lambda: now,
            store=Path(folder) / "d.db",
            alerts=Alerts(to, repeat="1h"),
        )
        with monitor:
            for hour in range(HOURS):
                now += timedelta(hours=1)
                shift = 2.0 if hour % 24 >= 12 else 0.0
                rows = {f"f{n}": rng.normal(shift, 1, ROWS) for n in range(FEATURES)}
                monitor.observe_many(rows, at=now - timedelta(minutes=1))
                monitor.flush()
                began = time.perf_counter()
                monitor.evaluator.step()
                took.append(time.perf_counter() - began)
            waiting = len(monitor.store.outbox("default"))
    return took, waiting


def compare() -> dict[str, Any]:
    """Milliseconds of an evaluation: without a back end, with one that hangs, with none there."""
    hanging = Hanging()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = free.getsockname()[1]
    cases: dict[str, list[Notifier]] = {
        "no back end": [],
        "hangs": [_hook(hanging.port)],
        "refuses": [_hook(nobody)],
    }
    results: dict[str, Any] = {}
    try:
        for name, to in cases.items():
            took, waiting = _evaluations(to)
            ordered = sorted(took)
            results[name] = {
                "evaluations": len(took),
                "median_ms": round(1e3 * statistics.median(took), 2),
                "p99_ms": round(1e3 * ordered[int(0.99 * len(ordered))], 2),
                "messages_waiting": waiting,
            }
    finally:
        hanging.close()
    plain = results["no back end"]
    for name in ("hangs", "refuses"):
        results[name]["median_delay_ms"] = round(results[name]["median_ms"] - plain["median_ms"], 2)
        results[name]["p99_delay_ms"] = round(results[name]["p99_ms"] - plain["p99_ms"], 2)
    return results
