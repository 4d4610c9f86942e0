"""scouter-ml 0.25.0: a data profile of each file by its Rust profiler, compared with nothing.

Moments, quantiles, distinct values and a histogram of numbers; counts of texts. Default arguments,
frames of Polars. It accepts no missing values, and where many values of a column are equal its
quantiles call themselves until the stack is full.
"""

# The library is absent from the environment of the type checker.
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import json
import sys
from typing import Any

from scouter.profile import DataProfiler

from benchmarks.peers.polars_frames import read


def main() -> None:
    profiler = DataProfiler()
    rows, profiles = [], []
    for path in sys.argv[1:3]:
        frame = read(path)
        rows.append(frame.height)
        profiles.append(profiler.create_data_profile(frame))
    columns: dict[str, dict[str, Any]] = {}
    for name, feature in profiles[0].features.items():
        numbers = feature.numeric_stats
        columns[name] = {} if numbers is None else {"median": numbers.quantiles.q50}
    print(json.dumps({"rows": rows, "columns": columns}))


if __name__ == "__main__":
    main()
