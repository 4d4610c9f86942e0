"""A collector with a history: a model that got worse, a quiet one, a silent one, an empty one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.clicks.history import loans
from driftwatch import Monitor
from driftwatch.config.load import load_config
from driftwatch.core.data.times import to_utc
from driftwatch.core.windows.stored import StoredAction
from tests.small_stream import Clock

NOW = datetime(2026, 11, 28, 12, 10, tzinfo=UTC).timestamp()
HOUR, DAY = 3_600.0, 86_400.0
DAYS = 20
DRIFT_BEGAN = NOW - 8 * DAY
ROWS = 60
"""Rows an hour."""
CONFIG = """\
[service]
requests_per_minute = 1000000

[monitors.credit]
store = "credit.db"
reference = "credit.parquet"
window = "24h"
slide = "6h"
time = "at"
label = ["paid"]
score = "score"
prediction = "approved"
alerts = { owner = "risk" }

[monitors.quiet]
store = "quiet.db"
reference = "quiet.parquet"
window = "24h"
slide = "6h"
time = "at"

[monitors.silent]
store = "silent.db"
reference = "quiet.parquet"
window = "24h"
slide = "6h"
time = "at"

[monitors.empty]
store = "empty.db"
"""


def without_outcomes(rows: Mapping[str, Any]) -> dict[str, Any]:
    """The same without score, prediction and label."""
    return {name: rows[name] for name in ("age", "income", "country", "channel", "at")}


def seed(folder: Path) -> Clock:
    """Write the configuration, the references, and stores that twenty days have filled.

    Returns:
        The clock at the end of them.
    """
    rng = np.random.default_rng(1)
    rows = loans(rng, 20_000)
    begin = NOW - (DAYS + 30) * DAY
    rows["at"] = begin + np.arange(20_000) * (30 * DAY / 20_000)
    pq.write_table(pa.table(rows), folder / "credit.parquet")
    pq.write_table(pa.table(without_outcomes(rows)), folder / "quiet.parquet")
    (folder / "driftwatch.toml").write_text(CONFIG, "utf-8")
    clock = Clock()
    for name, drifts, silent in (
        ("credit", True, 0.0),
        ("quiet", False, 0.0),
        ("silent", False, 30 * HOUR),
    ):
        _fill(folder, name, clock, drifts=drifts, until=NOW - silent)
    clock.now = NOW
    return clock


def _fill(folder: Path, name: str, clock: Clock, *, drifts: bool, until: float) -> None:
    config = load_config(folder / "driftwatch.toml").monitors[name]
    clock.now = (NOW - DAYS * DAY) // (6 * HOUR) * (6 * HOUR)
    monitor = config.monitor(name, folder=folder, source="pod-1", clock=lambda: to_utc(clock.now))
    rng = np.random.default_rng(2)
    while clock.now < until:
        rows = _hours(rng, clock.now, moved=float(drifts and clock.now > DRIFT_BEGAN))
        if not drifts:
            rows = without_outcomes(rows)
        clock.now = min(clock.now + 6 * HOUR, until)
        monitor.observe_many(rows)
        monitor.flush()
        monitor.evaluate()
        if drifts and DRIFT_BEGAN + DAY < clock.now < DRIFT_BEGAN + 1.3 * DAY:
            _say(monitor, clock.now)
    monitor.close()


def _hours(rng: np.random.Generator, start: float, *, moved: float) -> dict[str, Any]:
    many = 6 * ROWS
    rows = loans(rng, many, moved=moved)
    rows["at"] = start + np.sort(rng.uniform(0, 6 * HOUR, many))
    return rows


def _say(monitor: Monitor, now: float) -> None:
    """Somebody notes something of the incident."""
    store = monitor.store
    for incident in store.incidents(monitor.name, limit=1, open_only=True):
        note = StoredAction(incident.number, "note", now, "ana", None, "a partner of DE has left")
        store.act(monitor.name, note)
