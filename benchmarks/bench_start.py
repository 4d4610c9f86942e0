"""What starting costs, against ``import numpy, pyarrow``: CPU time of whole processes, median.

python -m benchmarks.bench_start
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.processes import measure

FIRST_CHECK = (
    "import numpy as np; from driftwatch import Monitor; "
    "data = {'x': np.random.default_rng(0).normal(size=1000)}; Monitor(data).check(data)"
)


def write_rows(path: Path, seed: int) -> None:
    """1,000 rows of eight numbers and a text."""
    rng = np.random.default_rng(seed)
    columns = {f"x{place}": rng.normal(size=1_000) for place in range(8)}
    table = pa.table({**columns, "plan": rng.choice(list("abcd"), 1_000)})
    pq.write_table(table, path)


def main() -> None:
    commands = {
        "import numpy, pyarrow": ["-c", "import numpy, pyarrow"],
        "from driftwatch import Monitor": ["-c", "from driftwatch import Monitor"],
        "driftwatch --help": ["-m", "driftwatch", "--help"],
        "first check of 1,000 rows": ["-c", FIRST_CHECK],
        "driftwatch check of two files of 1,000 rows": [
            "-m", "driftwatch", "check", "--ref", "0.parquet", "--prod", "1.parquet", "--no-save",
        ],
    }  # fmt: skip
    runs: dict[str, list[float]] = {name: [] for name in commands}
    with TemporaryDirectory() as folder:
        for seed in (0, 1):
            write_rows(Path(folder) / f"{seed}.parquet", seed)
        environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
        for _ in range(15):
            for name, arguments in commands.items():
                found = measure(
                    [sys.executable, *arguments],
                    timeout_seconds=60,
                    environment=environment,
                    folder=Path(folder),
                )
                runs[name].append(found.cpu_seconds)
    medians = {name: statistics.median(found) for name, found in runs.items()}
    base = medians["import numpy, pyarrow"]
    for name, seconds in medians.items():
        print(f"{name:44} {seconds * 1000:6.0f} ms CPU  {seconds / base:5.2f} x the imports")
    target = Path(__file__).parent / "results" / "start.json"
    target.write_text(json.dumps(medians, indent=2) + "\n")


if __name__ == "__main__":
    main()
