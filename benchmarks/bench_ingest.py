"""Sorted chunks into a KLL against feeding it value by value; and how accurate both are.

    python -m benchmarks.bench_ingest --runs 200

Speed on one thread, interleaved, CPU time, median. Accuracy as the largest rank error of a
run, over the bound eps(k), for random, sorted and tied values.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.sketches.chunks import CHUNK
from driftwatch.core.sketches.quantiles import QuantileSketch, rank_error

Floats = NDArray[np.float64]


def by_chunks(values: Floats, k: int) -> QuantileSketch:
    sketch = QuantileSketch(k)
    for start in range(0, values.size, CHUNK):
        chunk = values[start : start + CHUNK] + 0.0
        chunk.sort()
        sketch.update_sorted(chunk)
    return sketch


def by_value(values: Floats, k: int) -> None:
    from datasketches import kll_doubles_sketch

    kll_doubles_sketch(k).update(values)


def cpu_seconds(work: object, *arguments: object) -> float:
    start = time.process_time()
    work(*arguments)  # type: ignore[operator]
    return time.process_time() - start


def speed(repeats: int) -> dict[str, float]:
    values = np.random.default_rng(0).lognormal(size=64 * CHUNK)
    chunks, single = [], []
    for _ in range(repeats):
        chunks.append(cpu_seconds(by_chunks, values, 800))
        single.append(cpu_seconds(by_value, values, 800))
    ours, theirs = statistics.median(chunks), statistics.median(single)
    return {
        "ours_ns_a_value": ours / values.size * 1e9,
        "update_ns_a_value": theirs / values.size * 1e9,
        "ratio": theirs / ours,
    }


def shaped(name: str, n: int, rng: np.random.Generator) -> Floats:
    values = rng.lognormal(0, 2, n)
    if name == "sorted":
        values.sort()
    return np.round(values) if name == "tied" else values


def accuracy(runs: int) -> list[dict[str, object]]:
    rng = np.random.default_rng(1)
    rows: list[dict[str, object]] = []
    for k in (800, 4096):
        for n in (65_536, 131_072, 1_000_000):
            for shape in ("random", "sorted", "tied"):
                ratios = []
                for _ in range(runs):
                    values = shaped(shape, n, rng)
                    cdf = by_chunks(values, k).cdf()
                    points, counts = np.unique(values, return_counts=True)
                    gap = np.abs(cdf.at(points) - np.cumsum(counts) / n).max()
                    ratios.append(float(gap) / rank_error(k))
                within = float(np.mean(np.array(ratios) <= 1))
                rows.append(
                    {"k": k, "n": n, "shape": shape, "within": within, "worst": max(ratios)}
                )
                print(rows[-1])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    if "NPY_DISABLE_CPU_FEATURES" not in os.environ:
        from driftwatch.cli import choose_sort

        choose_sort()
        if "NPY_DISABLE_CPU_FEATURES" in os.environ:  # numpy is imported already: start again
            again = [sys.executable, "-m", "benchmarks.bench_ingest", *sys.argv[1:]]
            os.execv(sys.executable, again)  # noqa: S606 - the same program
    result = {
        "numpy_features_off": os.environ.get("NPY_DISABLE_CPU_FEATURES", ""),
        "speed": speed(options.repeats),
        "accuracy": accuracy(options.runs),
    }
    print(result["speed"])
    target = Path(__file__).parent / "results" / "ingest.json"
    target.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
