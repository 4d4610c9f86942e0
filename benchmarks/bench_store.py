"""How large a store becomes: 90 days of hourly windows over 50 features, every report written.

python -m benchmarks.bench_store
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from driftwatch import Reference
from driftwatch.core.data.batch import batches_of
from driftwatch.core.subject import Subject
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.evaluation.evaluator import Evaluator
from driftwatch.ingest.accumulator import Accumulator
from driftwatch.profiling.build import profile_data
from driftwatch.stores.sqlite.store import SQLiteStore

HOUR = 3600.0
START = 1_767_225_600.0  # 1 January 2026
LIMIT_BYTES = 200_000_000


def table(rng: np.random.Generator, rows: int, features: int) -> dict[str, object]:
    """Four numeric columns to every column of categories."""
    return {
        f"feature_{n:02}": rng.normal(n, 1 + n, rows).round(4)
        if n % 5
        else rng.choice(["basic", "plus", "pro", "team", "none"], rows)
        for n in range(features)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--features", type=int, default=50)
    parser.add_argument("--rows", type=int, default=500, help="an hour")
    asked = parser.parse_args()
    rng = np.random.default_rng(1)
    reference = Reference(profile_data(table(rng, 20_000, asked.features), reference=True))
    spec = WindowSpec.of("24h", "1h")
    pool = [next(batches_of(table(rng, asked.rows, asked.features))) for _ in range(24)]
    now = [START]
    began = time.perf_counter()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        store = SQLiteStore(path)
        feed = Accumulator(reference, spec, store, monitor="m", source="s", clock=lambda: now[0])
        evaluator = Evaluator(store, Subject(reference, "m"), spec, clock=lambda: now[0])
        for hour in range(asked.days * 24):
            times = now[0] + np.linspace(0, HOUR - 1, asked.rows)
            now[0] += HOUR
            feed.add(pool[hour % 24], times=times)
            feed.flush()
            evaluator.step()
        reports = store.reports("m", limit=100_000)
        raw = sum(len(report.body) for report in reports)
        sketches = sum(pane.bytes for pane in store.overview("m").panes)
        evaluator.close()
        feed.close()
        store.close()
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
    print(
        f"{asked.days} days, hourly, {asked.features} features, {asked.rows} rows an hour: "
        f"{size / 1e6:.0f} MB (limit {LIMIT_BYTES / 1e6:.0f} MB); "
        f"{len(reports):,} reports of {raw / len(reports) / 1e3:.0f} KB, "
        f"{raw / 1e6:.0f} MB as JSON; sketches {sketches / 1e6:.0f} MB; "
        f"{time.perf_counter() - began:.0f} s"
    )
    if size > LIMIT_BYTES:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
