"""Whether a histogram could stand in for sorting a chunk of doubles: nanoseconds a value.

python -m benchmarks.bench_order

A chunk of 65,536 doubles is sorted to count its cells and to keep every 2**h-th value for a KLL.
A histogram over equal widths would give both, with these steps: the bin of each value, how many
each bin has, which values lie in a bin that an edge of the grid cuts (to count those exactly), one
value a bin to be kept, and the least, the greatest and whether all are finite, which a sorted chunk
gives for nothing. What is kept of a bin has a rank that is off by as much as the bin holds: where
that is more than the step of a KLL, the bin's values have to be sorted after all. The reference's
step is 16 values, so that its chunks would be; production's is 128.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROWS, BINS, EDGES = 65_536, 16_384, 255
STEPS = {"reference": 16, "production": 128}


def nanoseconds(call: Callable[[], object]) -> float:
    """Median time of a call, by value of a chunk."""
    call()
    found = []
    for _ in range(101):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return statistics.median(found) * 1e9 / ROWS


def measured(values: NDArray[np.float64]) -> dict[str, float]:
    """What both ways take for a chunk, and how much of it lies in bins that are too heavy."""
    chunk, scaled = np.empty(ROWS), np.empty(ROWS)
    bins = np.empty(ROWS, dtype=np.int64)
    low, width = values.min(), (BINS - 1) / np.ptp(values)
    kept = np.empty(BINS)
    cut = np.zeros(BINS, dtype=bool)
    edges = np.quantile(values, np.arange(1, EDGES) / EDGES)
    cut[((edges - low) * width).astype(np.int64)] = True

    def by_sorting() -> None:
        np.add(values, 0.0, out=chunk)
        chunk.sort()

    def by_bins() -> None:
        np.subtract(values, low, out=scaled)
        np.multiply(scaled, width, out=scaled)
        bins[:] = scaled
        np.bincount(bins, minlength=BINS)
        np.sort(values[cut[bins]])
        kept[bins] = values
        values.min(), values.max(), np.isfinite(values).all()

    sort, histogram = nanoseconds(by_sorting), nanoseconds(by_bins)
    held = np.bincount(bins, minlength=BINS)
    heavy = {
        f"rows in bins of over {step}": held[held > step].sum() / ROWS for step in STEPS.values()
    }
    return {"sort": sort, "histogram": histogram, "ratio": histogram / sort, **heavy}


def main() -> None:
    rng = np.random.default_rng(0)
    chunks = {
        "normal": rng.normal(size=ROWS),
        "lognormal": rng.lognormal(size=ROWS),
        "uniform": rng.random(ROWS),
        "prices": np.round(rng.lognormal(3.0, 1.0, ROWS), 2),
        "heavy-tailed": rng.standard_t(1.5, ROWS),
        "with zeros": np.where(rng.random(ROWS) < 0.3, 0.0, rng.normal(size=ROWS)),
    }
    results = {name: measured(values) for name, values in chunks.items()}
    for name, found in results.items():
        print(f"{name:14}", "  ".join(f"{key} {value:.3g}" for key, value in found.items()))
    target = Path(__file__).parent / "results" / "order.json"
    target.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
