"""The whole command against a bare read of the same files, in one run.

    python -m benchmarks.bench_check --rows 10000000

Times whole processes, interleaved: ``driftwatch check`` with everything on, and a process
that only reads every column of both files with ``ParquetFile.iter_batches``. Medians.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import gettempdir

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.machine import describe
from benchmarks.processes import Measurement, measure

BARE = (
    "import sys, pyarrow.parquet as pq\n"
    "for path in sys.argv[1:]:\n"
    "    for batch in pq.ParquetFile(path).iter_batches(): pass\n"
)


def write_side(path: Path, rows: int, seed: int) -> None:
    """Four float and two string columns."""
    if path.exists():
        return
    rng = np.random.default_rng(seed)
    names = np.array([f"category_{i:03d}" for i in range(50)])
    towns = np.array([f"town_{i}" for i in range(300)])
    table = pa.table(
        {
            "normal": rng.normal(size=rows),
            "lognormal": rng.lognormal(size=rows),
            "exponential": rng.exponential(size=rows),
            "uniform": rng.uniform(size=rows),
            "category": pa.array(names[rng.integers(0, 50, rows)]),
            "town": pa.array(towns[np.minimum(rng.zipf(1.5, rows), 300) - 1]),
        }
    )
    pq.write_table(table, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--cache", type=Path, default=Path(gettempdir()) / "driftwatch-benchmarks")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    sides = [options.cache / f"check-{options.rows}-{seed}.parquet" for seed in (1, 2)]
    for seed, path in enumerate(sides, start=1):
        write_side(path, options.rows, seed)
    ref, prod = map(str, sides)
    commands = {
        "bare read": [sys.executable, "-c", BARE, ref, prod],
        "driftwatch check": [
            sys.executable, "-m", "driftwatch", "check", "--no-save", "--format", "json",
            "--ref", ref, "--prod", prod,
        ],
    }  # fmt: skip
    runs: dict[str, list[Measurement]] = {name: [] for name in commands}
    for _ in range(options.repeats):
        for name, command in commands.items():
            runs[name].append(
                measure(command, timeout_seconds=600, environment=os.environ, folder=Path.cwd())
            )
    table = {
        name: {
            "wall_seconds": statistics.median(run.seconds for run in found),
            "cpu_seconds": statistics.median(run.cpu_seconds for run in found),
            "peak_mb": max(run.peak_bytes for run in found) / 1e6,
        }
        for name, found in runs.items()
    }
    for name, row in table.items():
        print(name, {key: round(value, 2) for key, value in row.items()})
    ratio = table["driftwatch check"]["wall_seconds"] / table["bare read"]["wall_seconds"]
    print(f"ratio of wall times: {ratio:.2f}")
    result = {
        "machine": describe(datetime.now(UTC)),
        "rows": options.rows,
        "runs": table,
        "ratio": ratio,
    }
    target = Path(__file__).parent / "results" / f"check-{options.rows}.json"
    target.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
