"""A collector whose pages are asked for: until the first byte, bytes, and its memory."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from driftwatch import Monitor, Reference
from driftwatch.core.data.batch import batches_of
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.reports.results import Status
from driftwatch.core.windows.evaluation_record import Evaluation
from driftwatch.core.windows.segments import Delivery, Segment
from driftwatch.core.windows.stored import StoredWindow
from driftwatch.evaluation.window_history import summary_for_store
from driftwatch.profiling.build import profile_data
from driftwatch.protocols import Store
from driftwatch.stores import open_store

__all__ = ["pages_of_a_fleet"]

HOUR = 3_600
ROWS = 1_000
TIMES = 21
PATIENCE_SECONDS = 600.0


def pages_of_a_fleet(monitors: int, columns: int, windows: int) -> list[dict[str, Any]]:
    """Fill a store, serve it, and ask for its pages.

    Args:
        monitors: How many.
        columns: Of each.
        windows: Evaluated windows of each, an hour apart.
    """
    with tempfile.TemporaryDirectory(prefix="driftwatch-pages-") as name:
        folder = Path(name)
        names = [f"monitor-{number:03d}" for number in range(monitors)]
        _fill(folder, names, columns, windows)
        first = names[0]
        paths = [
            "/",
            f"/m/{first}",
            f"/m/{first}?page=2&range=90d",
            f"/m/{first}/f/n0",
            f"/m/{first}/why",
            "/incidents",
            "/replicas",
            "/references",
            "/v1/fleet",
            f"/v1/monitors/{first}/features?page_size=50",
        ]
        return _asked(folder, names, paths)


def _fill(folder: Path, names: list[str], columns: int, windows: int) -> None:
    rng = np.random.default_rng(11)
    reference = Reference(profile_data(_rows(rng, 5_000, columns), reference=True))
    (folder / "reference.dwp").write_bytes(reference.profile.to_bytes())
    monitor = Monitor(folder / "reference.dwp")
    reports = [
        monitor.check(_rows(rng, ROWS, columns, moved=moved)) for moved in (0.0, 0.0, 0.0, 0.4)
    ]
    profile = reference.new_profile()
    for batch in batches_of(_rows(rng, ROWS, columns)):
        profile.update(batch)
    body = profile.to_bytes()
    last = int(time.time()) // HOUR - 1
    store = open_store(folder / "collector.db")
    try:
        for place, name in enumerate(names):
            segments = tuple(
                Segment(
                    pane, HOUR, ROWS, body, 0, pane * HOUR, pane * HOUR + HOUR - 1.0, reference.id
                )
                for pane in range(last - 24, last)
            )
            delivery = Delivery(name, "replica", "e", 0, segments, {}, (), time.time())
            store.deliver(delivery, now=time.time())
            _evaluate(store, name, reports, last - 1, windows, seed=place)
    finally:
        store.close()
    tables = "".join(
        f'[monitors.{name}]\nreference = "reference.dwp"\nwindow = "24h"\nslide = "1h"\n'
        for name in names
    )
    service = "[service]\nrequests_per_minute = 1000000\n"
    (folder / "driftwatch.toml").write_text(f'store = "collector.db"\n{service}{tables}', "utf-8")


def _evaluate(
    store: Store, name: str, reports: list[DriftReport], last: int, windows: int, *, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    made: list[StoredWindow] = []
    for back in range(windows, 0, -1):
        pane = last - back
        end = float((pane + 1) * HOUR)
        stored = summary_for_store(
            reports[int(rng.integers(len(reports)))],
            pane=pane,
            revision=0,
            created=end + 60,
            event=None,
        )
        made.append(replace(stored, at=end))
    store.keep_windows(name, made)
    newest = replace(reports[-1], monitor=name)
    end = float((last + 1) * HOUR)
    window = summary_for_store(newest, pane=last, revision=0, created=end + 60, event=None)
    token = store.lease(name, "benchmark", now=end, seconds=1.0)
    evaluation = Evaluation(
        name,
        token or 0,
        last,
        0,
        end + 60,
        Status.CRITICAL.value,
        newest.to_json(),
        None,
        {},
        last,
        window=replace(window, at=end),
    )
    if not store.record(evaluation):
        raise RuntimeError("the report was not kept")


def _rows(
    rng: np.random.Generator, count: int, columns: int, *, moved: float = 0.0
) -> dict[str, Any]:
    texts = max(1, columns // 5)
    rows: dict[str, Any] = {
        f"n{place}": rng.normal(moved if place % 7 == 0 else 0.0, 1, count)
        for place in range(columns - texts)
    }
    return rows | {f"c{place}": rng.choice(list("abcdefgh"), count) for place in range(texts)}


def _asked(folder: Path, names: list[str], paths: list[str]) -> list[dict[str, Any]]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "driftwatch", "serve", "--port", str(port)],
        cwd=folder,
        env=dict(os.environ),
        stderr=subprocess.DEVNULL,
    )
    try:
        started_up = time.perf_counter()
        _wait_until_ready(process, port)
        settled = time.perf_counter() - started_up
        started = _memory(process.pid, "VmRSS")
        rows = []
        for path in paths:
            cold, size = _first_byte(port, path)
            warm = [_first_byte(port, path)[0] for _ in range(TIMES)]
            rows.append(
                {
                    "page": path,
                    "first_byte_ms_cold": round(1e3 * cold, 1),
                    "first_byte_ms_median": round(1e3 * float(np.median(warm)), 1),
                    "first_byte_ms_worst": round(1e3 * max(warm), 1),
                    "kilobytes": round(size / 1e3, 1),
                }
            )
        memory = {
            "monitors": len(names),
            "seconds_until_settled": round(settled, 1),
            "mib_at_the_start": started,
            "mib_now": _memory(process.pid, "VmRSS"),
            "mib_at_most": _memory(process.pid, "VmHWM"),
        }
        return [*rows, memory]
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    pause, end = threading.Event(), time.perf_counter() + PATIENCE_SECONDS
    while True:
        try:
            _first_byte(port, "/readyz")
        except OSError:
            if process.poll() is not None or time.perf_counter() > end:
                raise RuntimeError("the collector does not come up") from None
            pause.wait(0.1)
        else:
            break
    while time.perf_counter() < end:  # until its first evaluations are done
        before = _seconds_of_cpu(process.pid)
        pause.wait(3.0)
        if _seconds_of_cpu(process.pid) - before < 0.1:
            return


def _seconds_of_cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _first_byte(port: int, path: str) -> tuple[float, int]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.connect()
        begun = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        took = time.perf_counter() - begun
        size = len(answer.read())
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        return took, size
    finally:
        connection.close()


def _memory(pid: int, which: str) -> int:
    text = Path(f"/proc/{pid}/status").read_text("utf-8")
    line = next(line for line in text.splitlines() if line.startswith(which))
    return round(int(line.split()[1]) / 1024)
