"""How often verdicts are wrong and how soon they are right: the whole table, seeded.

    python -m benchmarks.bench_calibration            # about an hour
    python -m benchmarks.bench_calibration --quick    # a tenth of the repetitions

Every line is a simulation whose answer is known. Power stands beside the rate of false
alarms at the same settings. Sketch noise has no seed, so figures vary a little.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration import (
    boundary,
    dependence,
    detectors,
    faults,
    intervals,
    long_streams,
    nulls,
    windows,
)
from benchmarks.machine import describe
from driftwatch import Monitor, Status
from driftwatch.core.subject import Subject


@dataclass(frozen=True, slots=True)
class Line:
    """One measured figure beside what it should be."""

    measure: str
    target: str
    value: float
    met: bool


def at_most(measure: str, value: float, bound: float) -> Line:
    return Line(measure, f"<= {bound:g}", float(value), bool(value <= bound))


def at_least(measure: str, value: float, bound: float) -> Line:
    return Line(measure, f">= {bound:g}", float(value), bool(value >= bound))


def between(measure: str, value: float, low: float, high: float) -> Line:
    return Line(measure, f"{low:g} .. {high:g}", value, low <= value <= high)


def shown(measure: str, value: float) -> Line:
    return Line(measure, "shown", value, met=True)


def single_checks(runs: int) -> Iterator[Line]:
    for grid, how in ((False, "KLL alone"), (True, "with the grid")):
        null = nulls.point_null(n=10**6, m=10**6, distance=0, runs=runs, grid=grid, seed=1)
        yield at_most(f"point null, n = m = 10^6, k = 800, {how}: false alarms", null, 0.05)
        null = nulls.point_null(n=10**5, m=20_000, distance=0, runs=runs, grid=grid, seed=2)
        yield at_most(f"point null, n = 10^5, m = 2 x 10^4, {how}: false alarms", null, 0.05)
        power = nulls.point_null(n=10**5, m=20_000, distance=0.04, runs=runs, grid=grid, seed=3)
        yield at_least(f"point null, D = 0.04, same, {how}: power", power, 0.95)
    small = nulls.verdicts_at(distance=0.04, runs=runs, seed=4)
    alarms = small[Status.WARNING] + small[Status.CRITICAL]
    yield at_most("default effects, D = 0.04: WARNING", alarms, 0.05)
    large = nulls.verdicts_at(distance=0.10, runs=runs, seed=5)
    alarms = large[Status.WARNING] + large[Status.CRITICAL]
    yield at_least("default effects, D = 0.10: WARNING or CRITICAL", alarms, 0.95)
    sizes = nulls.boundary_sizes(runs=25 * runs, seed=6)
    for kind in ("psi", "jensen_shannon", "hellinger", "chi2"):
        of_kind = [size for (name, *_), size in sizes.items() if name == kind]
        yield between(f"size at the boundary, {kind}, smallest", min(of_kind), 0.03, 0.07)
        yield between(f"size at the boundary, {kind}, largest", max(of_kind), 0.03, 0.07)


def sharper(runs: int) -> Iterator[Line]:
    """Kolmogorov-Smirnov against a tolerated distance of 0.05."""
    for n, m in boundary.SIZES:
        for shape in boundary.SHAPES:
            sizes = boundary.rejections(shape, n, m, runs=runs, seed=18)
            for level, size in sizes.items():
                most = level + 2 * math.sqrt(level * (1 - level) / runs)
                yield at_most(f"KS, D = .05, {shape}, {n:,}/{m:,}: size at {level:g}", size, most)
    for shape, least in (("shift", 0.55), ("scale", 0.73)):
        power = boundary.power(shape, distance=0.07, size=5_000, runs=runs, seed=19)
        yield at_least(f"KS, D = .07, {shape}, n = m = 5,000: power", power, least)
    clean = boundary.clean_ok(size=3_000, runs=runs, seed=20)
    yield at_least("KS, no drift, n = m = 3,000: OK", clean, 0.80)


def whole_checks(runs: int) -> Iterator[Line]:
    shown_ = faults.of_many_features(runs=runs, shift=0.3, seed=21)
    yield at_least("one of 25 features shifted by 0.3 sd, 2,000/500: shown", shown_, 0.75)
    alarms = faults.of_many_features(runs=runs, shift=0.0, seed=22)
    yield at_most("the same without a shift: reports with drift", alarms, 0.05)
    for name in faults.FAULTS:
        feature = faults.fault(name, seed=23)
        yield at_least(f"{name}: drift (1) or not", float(feature.status.is_drift), 1)
    tails = [status.is_drift for _, status in faults.clean_long_tails(seeds=max(1, runs // 12))]
    yield at_most(f"{len(tails)} clean long tails: WARNING or worse", float(sum(tails)), 0)


def series(runs: int) -> Iterator[Line]:
    found = windows.no_drift_for_90_days(runs=runs, seed=7)
    yield between(
        "90 days, hourly, 24 h window, 20 features, budget 1 per 90d: alarm episodes",
        found.episodes, 0.05, 1.0,
    )  # fmt: skip
    naive = windows.no_drift_for_90_days(runs=max(2, runs // 10), seed=7, budget=None)
    yield shown("the same at 5 % an evaluation: alarm episodes", naive.episodes)
    for window in (24, 6):
        found = windows.rhythm_for_90_days(runs=runs, seed=8, window=window, natural=True)
        yield at_most(f"rhythm of 0.1 sd, {window} h window: alarm episodes", found.episodes, 0.15)
        bare = windows.rhythm_for_90_days(runs=runs, seed=8, window=window, natural=False)
        yield shown("the same without natural variability: alarm episodes", bare.episodes)
    calm = detectors.rhythm_alarms(runs=max(2, runs // 2), seed=9, natural=True)
    yield at_most("rhythm of 0.1 sd, e-detector: alarms", calm, 0.15)
    bare_alarms = detectors.rhythm_alarms(runs=max(2, runs // 10), seed=9, natural=False)
    yield shown("the same without overdispersion: alarms", bare_alarms)


def long_streams_of(runs: int) -> Iterator[Line]:
    """The whole of a stream, every gating test counted."""
    for name, thresholds in (
        ("defaults", None),
        ("psi 0.2, ks_pvalue 0.05", {"psi": 0.2, "ks_pvalue": 0.05}),
    ):
        counts = [long_streams.episodes_of_90_days(thresholds, seed=24 + i) for i in range(runs)]
        mean = statistics.mean(counts)
        yield at_most(f"90 days of 20 features, {name}: alarm episodes a run", mean, 1)


def sequential(runs: int) -> Iterator[Line]:
    for tolerance, most in ((0.0, 3), (0.05, 8)):
        found = detectors.delays(distance=0.1, tolerance=tolerance, runs=5 * runs, seed=10)
        name = f"e-detector, D = 0.1, tolerance {tolerance:g}: median delay in panes"
        yield at_most(name, statistics.median(found), most)
    alarms = detectors.null_alarms(features=1, runs=runs, seed=11)
    yield at_most(f"e-detector, {runs} null runs of 2,160 panes: runs with an alarm", alarms, 1)
    alarms = detectors.null_alarms(features=20, runs=max(1, runs // 4), seed=12)
    yield at_most(f"the same, 20 features, {max(1, runs // 4)} runs", alarms, 1)


def correlations(runs: int) -> Iterator[Line]:
    size = dependence.rejections(runs=runs, seed=13)
    yield at_most("dependence, d = 20, n = 20,000, m = 2,000: size at 5 %", size, 0.07)
    shifted = dependence.rejections(runs=runs, seed=14, shift=1.0)
    yield at_most("the same, every fourth column shifted by 1 sd: size", shifted, 0.07)
    power = dependence.rejections(runs=runs, seed=15, change=0.1)
    yield at_least("the same, one correlation changed by 0.1: power", power, 0.65)


def certified(runs: int) -> Iterator[Line]:
    for method, share in intervals.coverage(runs=runs, seed=16).items():
        yield at_least(f"coverage of the interval, {method}", share, 0.98)


def cost() -> Iterator[Line]:
    """CPU time of all default tests on 100 features of a cached reference."""
    from driftwatch.core.assess import assess
    from driftwatch.profiling.build import profile_like

    rng = np.random.default_rng(17)

    def rows(count: int) -> dict[str, NDArray[Any]]:
        numbers = {f"n{i}": rng.normal(size=count) for i in range(80)}
        return numbers | {f"c{i}": rng.choice(list("abcdefghij"), count) for i in range(20)}

    monitor = Monitor(rows(50_000))
    profile = profile_like(monitor.reference, rows(12_000))

    def once() -> float:
        start = time.process_time()
        assess(
            Subject(monitor.reference), profile, policy=monitor.policy, created_at=datetime.now(UTC)
        )
        return 1_000 * (time.process_time() - start)

    once()
    yield at_most(
        "100 features, all tests, CPU ms", statistics.median(once() for _ in range(5)), 150
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the repetitions")
    scale = 10 if parser.parse_args().quick else 1
    lines: list[Line] = []
    for part in (
        sharper(1500 // scale),
        whole_checks(120 // scale),
        single_checks(200 // scale),
        series(40 // scale),
        long_streams_of(1),
        sequential(40 // scale),
        correlations(400 // scale),
        certified(40 // scale),
        cost(),
    ):
        for line in part:
            lines.append(line)
            mark = "" if line.met else "  MISSED"
            print(f"{line.measure:76} {line.target:>12} {line.value:10.4g}{mark}")
            sys.stdout.flush()
    result = {"machine": describe(datetime.now(UTC)), "lines": [asdict(line) for line in lines]}
    if scale == 1:
        target = Path(__file__).parent / "results" / "calibration.json"
        target.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
