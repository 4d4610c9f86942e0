"""What starting costs, against ``import numpy``: CPU time of whole processes, median.

python -m benchmarks.bench_start
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.processes import measure

FIRST_CHECK = (
    "import numpy as np; from driftwatch import Monitor; "
    "data = {'x': np.random.default_rng(0).normal(size=1000)}; Monitor(data).check(data)"
)


def main() -> None:
    commands = {
        "import numpy": ["-c", "import numpy"],
        "from driftwatch import Monitor": ["-c", "from driftwatch import Monitor"],
        "driftwatch --help": ["-m", "driftwatch", "--help"],
        "first check of 1,000 rows": ["-c", FIRST_CHECK],
    }
    runs: dict[str, list[float]] = {name: [] for name in commands}
    with TemporaryDirectory() as folder:
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
    base = medians["import numpy"]
    for name, seconds in medians.items():
        print(f"{name:32} {seconds * 1000:6.0f} ms CPU  {seconds / base:5.2f} x import numpy")
    target = Path(__file__).parent / "results" / "start.json"
    target.write_text(json.dumps(medians, indent=2) + "\n")


if __name__ == "__main__":
    main()
