"""Records and rows a second of CPU time, flush, panes, cells and sketches included."""

from __future__ import annotations

import random
import statistics
import subprocess
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from benchmarks.cache import default_cache
from benchmarks.environments import InstallError, child_variables, ensure
from driftwatch import Monitor
from driftwatch.profiling.build import profile_like

_RECORDS = 200_000
_WHYLOGS = """
import os, random, tempfile, time
import whylogs
from whylogs.core import DatasetProfile
random.seed(0)
names = [f"x{i}" for i in range(10)]
records = [{n: random.gauss(0, 1) for n in names} for _ in range(%d)]
profile = DatasetProfile()
logger = whylogs.logger(mode="rolling", interval=5, when="M", base_name="bench")
logger.append_writer("local", base_dir=tempfile.mkdtemp())
for take in (profile.track, logger.log):
    take(records[0])
    start = time.process_time()
    for record in records:
        take(record)
    print(len(records) / (time.process_time() - start), flush=True)
logger.close()
os._exit(0)  # its timer thread would go on
"""


def numbers() -> Monitor:
    rng = np.random.default_rng(0)
    return Monitor({f"x{i}": rng.normal(size=50_000) for i in range(10)})


def mixed() -> Monitor:
    rng = np.random.default_rng(0)
    data: dict[str, Any] = {f"x{i}": rng.normal(size=50_000) for i in range(8)}
    data["plan"] = rng.choice(["free", "team", "pro"], 50_000)
    data["city"] = rng.choice([f"city {i}" for i in range(50)], 50_000)
    data["score"] = rng.uniform(size=50_000)
    return Monitor(data, roles={"score": "prediction"})


def observe_numbers(repeats: int) -> dict[str, Any]:
    """`observe` of 10 floats against whylogs, in turns.

    Its rolling logger is what does the same: rotates by time, writes what it has. The bare
    profile under it, which does neither, is measured too.
    """
    random.seed(0)
    records = [{f"x{i}": random.gauss(0, 1) for i in range(10)} for _ in range(20_000)]
    monitor = numbers()
    ours, theirs = [], []
    for turn in range(repeats + 1):
        start = time.process_time()
        for _ in range(_RECORDS // len(records)):
            for record in records:
                monitor.observe(record)
        monitor.flush()
        spent = time.process_time() - start
        if turn:  # the first pays for imports
            ours.append(_RECORDS / spent)
            theirs.append(_whylogs())
    monitor.close()
    found = statistics.median(ours)
    result: dict[str, Any] = {"records_per_second": found}
    known = [rate for rate in theirs if rate is not None]
    if known:
        bare, rolling = (statistics.median(rates) for rates in zip(*known, strict=True))
        result["whylogs_records_per_second"] = {"profile.track": bare, "rolling logger": rolling}
        result["ratio"] = {"profile.track": found / bare, "rolling logger": found / rolling}
    return result


def observe_mixed(repeats: int) -> dict[str, Any]:
    """`observe` of 8 floats and 2 texts with ``at=`` and ``prediction=``."""
    random.seed(0)
    records = [
        {
            **{f"x{i}": random.gauss(0, 1) for i in range(8)},
            "plan": random.choice(["free", "team", "pro"]),  # noqa: S311 - data
            "city": f"city {random.randrange(50)}",  # noqa: S311
        }
        for _ in range(20_000)
    ]
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    monitor, rates = mixed(), []
    for turn in range(repeats + 1):
        times = [begin + timedelta(seconds=0.02 * (turn * _RECORDS + i)) for i in range(_RECORDS)]
        start, at = time.process_time(), iter(times)
        for _ in range(_RECORDS // len(records)):
            for record in records:
                monitor.observe(record, prediction=0.5, at=next(at))
        monitor.flush()
        if turn:
            rates.append(_RECORDS / (time.process_time() - start))
    monitor.close()
    return {"records_per_second": statistics.median(rates)}


def observe_many(repeats: int) -> dict[str, Any]:
    """Frames of 65,536 rows against the batch path on the same rows, in turns; CPU time."""
    rng = np.random.default_rng(1)
    monitor = numbers()
    frames = [{f"x{i}": rng.normal(size=65_536) for i in range(10)} for _ in range(16)]
    whole = {name: np.concatenate([f[name] for f in frames]) for name in frames[0]}
    rows = 65_536 * len(frames)
    streamed, batched = [], []
    for turn in range(repeats + 1):
        start = time.process_time()
        for frame in frames:
            monitor.observe_many(frame)
        monitor.flush()
        middle = time.process_time()
        profile_like(monitor.reference, whole)
        if turn:
            streamed.append(rows / (middle - start))
            batched.append(rows / (time.process_time() - middle))
    monitor.close()
    ours, batch = statistics.median(streamed), statistics.median(batched)
    return {"rows_per_second": ours, "batch_rows_per_second": batch, "ratio": ours / batch}


def _whylogs() -> tuple[float, float] | None:
    try:
        environment = ensure("whylogs", default_cache())
    except InstallError:
        return None
    done = subprocess.run(
        [environment.program("python"), "-c", _WHYLOGS % 500],
        check=True,
        capture_output=True,
        text=True,
        env=child_variables(),
    )
    bare, rolling = done.stdout.split()[-2:]
    return float(bare), float(rolling)
