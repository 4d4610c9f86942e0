"""One collector for many monitors with a long history: how soon it is ready, and how it answers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np

from driftwatch import Reference
from driftwatch.core.data.batch import batches_of
from driftwatch.core.windows.segments import Delivery, Segment
from driftwatch.profiling.build import profile_data
from driftwatch.stores import open_store

__all__ = ["fleet"]

HOUR, DAY = 3_600, 86_400
FINE_DAYS = 35
"""Days of panes of an hour; housekeeping makes panes of a day of those before."""
COLUMNS = 10
ROWS = 10_000
PATIENCE_SECONDS = 600.0


def fleet(monitors: int, days: int) -> list[dict[str, Any]]:
    """Start a collector on stores of many monitors, before and after their first evaluation.

    Args:
        monitors: How many, in one store.
        days: Of panes as housekeeping leaves them, each with ten thousand rows in ten columns.
    """
    with tempfile.TemporaryDirectory(prefix="driftwatch-fleet-") as name:
        folder = Path(name)
        names = [f"monitor-{number:02d}" for number in range(monitors)]
        _fill(folder, names, days)
        return [
            {"start": start, **_served(folder, names)}
            for start in ("nothing evaluated yet", "evaluated before")
        ]


def _fill(folder: Path, names: list[str], days: int) -> None:
    rng = np.random.default_rng(11)
    reference = Reference(profile_data(_rows(rng, 20_000), reference=True))
    (folder / "reference.dwp").write_bytes(reference.profile.to_bytes())
    bodies = []
    for _ in range(24):
        profile = reference.new_profile()
        for batch in batches_of(_rows(rng, ROWS)):
            profile.update(batch)
        bodies.append(profile.to_bytes())
    last = int(time.time()) // HOUR - 1
    store = open_store(folder / "collector.db")
    try:
        for name in names:
            panes = [(HOUR, pane) for pane in range(last - 24 * FINE_DAYS, last)]
            newest = (last - 24 * FINE_DAYS) * HOUR // DAY
            panes += [(DAY, newest - back) for back in range(1, days - FINE_DAYS)]
            segments = tuple(
                Segment(
                    pane, width, ROWS, bodies[pane % len(bodies)], 0,
                    pane * width, pane * width + width - 1.0, reference.id,
                )
                for width, pane in panes
            )  # fmt: skip
            delivery = Delivery(name, "replica", "e", 0, segments, {}, (), time.time())
            store.deliver(delivery, now=time.time())
    finally:
        store.close()
    tables = "".join(
        f'[monitors.{name}]\nreference = "reference.dwp"\nwindow = "24h"\nslide = "1h"\n'
        'every = "5s"\n'
        for name in names
    )
    service = "[service]\nrequests_per_minute = 1000000\n"
    (folder / "driftwatch.toml").write_text(f'store = "collector.db"\n{service}{tables}', "utf-8")


def _rows(rng: np.random.Generator, count: int) -> dict[str, Any]:
    rows: dict[str, Any] = {f"n{place}": rng.normal(place, 1, count) for place in range(8)}
    return rows | {f"c{place}": rng.choice(list("abcdefgh"), count) for place in range(COLUMNS - 8)}


def _served(folder: Path, names: list[str]) -> dict[str, Any]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "driftwatch", "serve", "--port", str(port)],
        cwd=folder,
        env=dict(os.environ),
        stderr=subprocess.DEVNULL,
    )
    try:
        pause = threading.Event()
        while not _answers(port, "/readyz"):
            if process.poll() is not None or time.perf_counter() - begun > PATIENCE_SECONDS:
                raise RuntimeError("the collector does not come up")
            pause.wait(0.05)
        ready = time.perf_counter() - begun
        took: dict[str, list[float]] = {"/healthz": [], "/readyz": []}
        store = open_store(folder / "collector.db")
        pending = set(names)
        least = time.perf_counter() + 15.0
        try:
            while pending or time.perf_counter() < least:
                for path, seconds in took.items():
                    asked = time.perf_counter()
                    if not _answers(port, path):
                        raise RuntimeError(f"{path} failed")
                    seconds.append(time.perf_counter() - asked)
                pending = {name for name in pending if not store.reports(name, limit=1)}
                if time.perf_counter() - begun > PATIENCE_SECONDS:
                    raise RuntimeError(f"{len(pending)} monitors were not evaluated")
                pause.wait(0.02)
        finally:
            store.close()
        evaluated = time.perf_counter() - begun
        memory = Path(f"/proc/{process.pid}/status").read_text("utf-8")
        peak = next(line for line in memory.splitlines() if line.startswith("VmHWM"))
        return {
            "monitors": len(names),
            "ready_seconds": round(ready, 2),
            "watched_seconds": round(evaluated, 1),
            "peak_mib": round(int(peak.split()[1]) / 1024),
            **{
                f"{path.strip('/')}_ms_{label}": round(1e3 * float(np.quantile(seconds, q)), 1)
                for path, seconds in took.items()
                for label, q in (("median", 0.5), ("p99", 0.99), ("worst", 1.0))
            },
        }
    finally:
        process.terminate()
        process.wait()


def _answers(port: int, path: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
