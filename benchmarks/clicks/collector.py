"""DriftWatch's side: the stores of a collector that watched the history, and its pages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.clicks import history
from driftwatch.config.load import load_config
from driftwatch.core.data.times import to_utc
from driftwatch.service.app import create_app
from driftwatch.service.security.tokens import Tokens
from driftwatch.service.server import let_requests_end, listening_on, server_of

__all__ = ["fill", "serving"]

CONFIG = """\
[service]
requests_per_minute = 1000000

[monitors.credit]
store = "credit.db"
reference = "reference.parquet"
window = "24h"
slide = "6h"
time = "at"
label = ["paid"]
score = "score"
prediction = "approved"
alerts = { owner = "risk" }
"""
AFTERWARDS = 250.0
"""Seconds after the last rows: when somebody looks."""


def fill(folder: Path, /) -> None:
    """Let a monitor watch the history, beside the files of `history.write`."""
    (folder / "driftwatch.toml").write_text(CONFIG, "utf-8")
    config = load_config(folder / "driftwatch.toml").monitors["credit"]
    now = history.NOW - history.DAYS * history.DAY
    monitor = config.monitor("credit", folder=folder, source="pod-1", clock=lambda: to_utc(now))
    try:
        for now, rows in history.pieces():  # noqa: B007  the clock reads it
            monitor.observe_many(rows)
            monitor.flush()
            monitor.evaluate()
    finally:
        monitor.close()


@contextmanager
def serving(folder: Path, /) -> Iterator[str]:
    """The address of the collector's pages, on the loopback; its clock stands at the end."""
    config = load_config(folder / "driftwatch.toml")
    app = create_app(config, tokens=Tokens([]), clock=lambda: history.NOW + AFTERWARDS)
    server = server_of(app)
    server.config.lifespan = "off"  # what is stored is what pages show
    try:
        with listening_on("127.0.0.1", 0) as listening:
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
            thread.start()
            try:
                yield f"http://127.0.0.1:{listening.getsockname()[1]}"
            finally:
                server.should_exit = True
                thread.join()
                let_requests_end()
    finally:
        app.state.monitors.close()
