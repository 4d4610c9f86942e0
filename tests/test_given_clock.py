"""A monitor that is given a clock reads no other, whoever works for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from flask import Flask, request

from driftwatch import Monitor
from driftwatch.config.load import load_config
from driftwatch.integrations import fastapi, flask
from driftwatch.integrations.kafka import KafkaConfig, KafkaWorker
from driftwatch.service.app import create_app
from driftwatch.service.security.tokens import Tokens
from driftwatch.stores.remote.client import SENT_AT
from tests.http_serving import serving

LONG_AGO = datetime(2021, 3, 4, 5, tzinfo=UTC)
REFERENCE = {"x": [float(value % 50) for value in range(2_000)]}
TOML = """
store = "d.db"
[monitors.scores]
reference = "ref.jsonl"
window = "6h"
slide = "1h"
"""


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    with Monitor(REFERENCE, window="6h", slide="1h", clock=lambda: LONG_AGO) as made:
        yield made


def through_fastapi(monitor: Monitor, record: dict[str, Any]) -> None:
    app = FastAPI()
    app.add_middleware(fastapi.DriftMiddleware, monitor=monitor, features="$")

    @app.post("/predict")
    async def predict(body: dict[str, Any]) -> dict[str, Any]:
        return body

    with TestClient(app) as client:
        client.post("/predict", json=record)


def through_flask(monitor: Monitor, record: dict[str, Any]) -> None:
    app = Flask("served")
    app.add_url_rule("/predict", view_func=lambda: dict(request.json or {}), methods=["POST"])
    middleware = flask.DriftMiddleware(app.wsgi_app, monitor=monitor, features="$")
    app.wsgi_app = middleware  # type: ignore[method-assign]
    app.test_client().post("/predict", json=record, buffered=True)
    middleware.capture.close()


def directly(monitor: Monitor, record: dict[str, Any]) -> None:
    monitor.observe(record)


def as_a_table(monitor: Monitor, record: dict[str, Any]) -> None:
    monitor.observe_many([record])


@pytest.mark.parametrize("give", [directly, as_a_table, through_fastapi, through_flask])
def test_a_record_without_a_time_happened_when_the_monitor_says(
    monitor: Monitor, give: Callable[[Monitor, dict[str, Any]], None]
) -> None:
    give(monitor, {"x": 3.0})
    monitor.flush()
    seen = monitor.store.overview(monitor.name)
    assert seen.rows == 1, monitor.counters
    assert seen.earliest == seen.latest == LONG_AGO.timestamp()


def test_a_collector_is_told_the_time_of_the_monitor(tmp_path: Path) -> None:
    """By which it sees how far the times of its rows are off."""
    told: list[str] = []
    come = threading.Event()

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            told.append(self.headers[SENT_AT])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"outcome": "stored"}')
            come.set()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with (
        serving(Collector) as server,
        Monitor(
            REFERENCE,
            store=f"http://127.0.0.1:{server.server_port}",
            spool=tmp_path,
            clock=lambda: LONG_AGO,
        ) as monitor,
    ):
        monitor.observe({"x": 3.0})
        monitor.flush()
        assert come.wait(30)
    assert {float(at) for at in told} == {LONG_AGO.timestamp()}


def test_a_collector_evaluates_by_the_clock_that_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "driftwatch.toml").write_text(TOML)
    (tmp_path / "ref.jsonl").write_text("".join(f'{{"x": {x}}}\n' for x in REFERENCE["x"]))
    config = load_config(tmp_path / "driftwatch.toml")
    app = create_app(config, tokens=Tokens(()), clock=LONG_AGO.timestamp)
    (watched,) = app.state.monitors
    try:
        report = watched.monitor.evaluator.check()
        assert report.created_at == LONG_AGO
        assert watched.monitor.seconds() == LONG_AGO.timestamp()
    finally:
        app.state.monitors.close()


def test_a_worker_stores_by_the_clock_of_its_monitor(monitor: Monitor) -> None:
    worker = KafkaWorker(monitor, KafkaConfig(bootstrap="127.0.0.1:9", topics=["t"]))
    assert worker._assignment._target.clock() == LONG_AGO.timestamp()
