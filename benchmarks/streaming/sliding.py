"""Sliding a window of 168 panes and 100 features; and what the state takes."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.streaming.memory import resident, slope
from driftwatch.core.data.batch import batches_of
from driftwatch.core.drift.policy import Policy
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.statistics.budget import AlarmBudget
from driftwatch.core.subject import Subject
from driftwatch.core.windows.segments import Delivery, Segment
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.evaluation.evaluator import Evaluator
from driftwatch.evaluation.rules import EvaluationRules
from driftwatch.evaluation.watermark import StreamExtent
from driftwatch.ingest.accumulator import Accumulator
from driftwatch.process.heap import give_back
from driftwatch.profiling.build import profile_data
from driftwatch.stores.sqlite.memory import MemoryStore
from driftwatch.stores.sqlite.store import SQLiteStore

FEATURES, PANES = 100, 168
SPEC = WindowSpec.of("168h", "1h", lateness="0s")


def made_reference() -> Reference:
    rng = np.random.default_rng(0)
    data = {f"x{i}": rng.normal(size=100_000) for i in range(FEATURES)}
    return Reference(profile_data(data, reference=True))


def bodies(reference: Reference, rows: int, count: int) -> list[bytes]:
    """Some panes' profiles; a window repeats them, since only their size matters."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(count):
        profile = reference.new_profile()
        for batch in batches_of({f"x{i}": rng.normal(size=rows) for i in range(FEATURES)}):
            profile.update(batch)
        found.append(profile.to_bytes())
    return found


def fill(store: SQLiteStore, parts: list[bytes], rows: int, panes: int, id_: str) -> None:
    for pane in range(panes):
        one = Segment(
            pane, SPEC.width, rows, parts[pane % len(parts)], latest=pane * 3600.0, reference=id_
        )
        store.deliver(Delivery("m", "s", "e", pane, (one,)), now=0.0)


def slide(slides: int) -> dict[str, Any]:
    """CPU time of a slide with all default tests, report stored; merges counted."""
    reference, rows = made_reference(), 10_000
    with tempfile.TemporaryDirectory() as folder:
        store = SQLiteStore(Path(folder) / "s.db")
        fill(store, bodies(reference, rows, 24), rows, PANES + slides + 2, reference.id)
        evaluator = _evaluator(store, reference)
        evaluator.step(StreamExtent(0, PANES, PANES, PANES))
        before, spent = evaluator.windows.main.merges, []
        for pane in range(PANES + 1, PANES + 1 + slides):
            start = time.process_time()
            evaluator.step(StreamExtent(0, pane, pane, pane))
            spent.append(time.process_time() - start)
        merges = (evaluator.windows.main.merges - before) / slides
        store.close()
    return {
        "slides": slides,
        "median_ms": 1000 * statistics.median(spent),
        "worst_ms": 1000 * max(spent),
        "merges_a_slide": merges,
    }


def state() -> dict[str, Any]:
    """Resident memory that a full window adds, each kind in a process of its own."""
    found: dict[str, Any] = {}
    for name, call in (("closed panes in the store", "True"), ("all in memory", "False")):
        code = f"from benchmarks.streaming.sliding import *; state_of(in_file={call})"
        done = subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        )
        found[name] = json.loads(done.stdout)
    return found


def state_of(*, in_file: bool) -> None:
    """Print what a window of a reference that is in use already takes at most."""
    reference, rows = made_reference(), 10_000
    parts = bodies(reference, rows, 24)
    warm = MemoryStore()
    fill(warm, parts[:2], rows, 2, reference.id)
    _evaluator(warm, reference).check(1)
    warm.close()
    give_back()
    with tempfile.TemporaryDirectory() as folder:
        before = resident()
        store = SQLiteStore(Path(folder) / "s.db") if in_file else MemoryStore()
        fill(store, parts, rows, PANES + 30, reference.id)
        evaluator = _evaluator(store, reference)
        worst = 0
        for pane in range(PANES, PANES + 26):
            evaluator.step(StreamExtent(0, pane, pane, pane))
            worst = max(worst, resident() - before)
        held = evaluator.windows.main.held
        store.close()
    print(json.dumps({"mib": worst / 2**20, "profiles_held": held}))


def endless(rows: int) -> dict[str, Any]:
    """Resident memory over many rows through one accumulator and one evaluator."""
    rng = np.random.default_rng(2)
    data = {f"x{i}": rng.normal(size=50_000) for i in range(10)}
    reference = Reference(profile_data(data, reference=True))
    spec = WindowSpec.of("24h", "1h", lateness="0s")
    with tempfile.TemporaryDirectory() as folder:
        store = SQLiteStore(Path(folder) / "s.db")
        now = [0.0]
        feed = Accumulator(reference, spec, store, monitor="m", source="s", clock=lambda: now[0])
        evaluator = _evaluator(store, reference, spec, lambda: now[0])
        batch = next(batches_of({f"x{i}": rng.normal(size=65_536) for i in range(10)}))
        points: list[tuple[int, int]] = []
        done = pane = 0
        while done < rows:
            for _ in range(16):
                times = pane * 3600.0 + np.linspace(0, 3599, batch.rows)
                now[0] = float(times[-1])
                feed.add(batch, times=times)
                done += batch.rows
            feed.flush()
            evaluator.step()
            store.expire("m", width=spec.width, before=pane - 30)
            pane += 1
            points.append((done, resident()))
        store.close()
    return slope(points)


def absorbed(profiles: int) -> dict[str, Any]:
    """Resident memory over absorbed pane profiles of 100 features and 100,000 rows."""
    reference = made_reference()
    parts = bodies(reference, 100_000, 2)
    spec = WindowSpec.of("24h", "1h", lateness="0s")
    with tempfile.TemporaryDirectory() as folder:
        store = SQLiteStore(Path(folder) / "s.db")
        evaluator = _evaluator(store, reference, spec)
        points: list[tuple[int, int]] = []
        for pane in range(profiles):
            one = Segment(
                pane, spec.width, 100_000, parts[pane % 2], latest=pane * 3600.0, reference="r"
            )
            store.deliver(Delivery("m", "s", "e", pane, (one,)), now=0.0)
            if pane % 20 == 19:
                evaluator.step(StreamExtent(max(0, pane - 30), pane, pane, pane))
                store.expire("m", width=spec.width, before=pane - 40)
                points.append((pane * 100_000, resident()))
        store.close()
    return slope(points)


def _evaluator(
    store: SQLiteStore, reference: Reference, spec: WindowSpec = SPEC, clock: Any = None
) -> Evaluator:
    policy = Policy.of(None, budget=AlarmBudget.of("1 per 30d", every="1h"))
    return Evaluator(
        store,
        Subject(reference, "m"),
        spec,
        clock=clock or (lambda: 0.0),
        rules=EvaluationRules(policy),
    )
