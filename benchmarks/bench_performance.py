"""Is the performance of a model measured right, and is a worse one seen, and only that?

    python -m benchmarks.bench_performance                  # everything, about half an hour
    python -m benchmarks.bench_performance --only truth     # one part
    python -m benchmarks.bench_performance --quick          # a tenth of the repetitions

Parts: `oracle` (random cases beside scikit-learn), `coverage` (intervals against the truth of
known laws), `stationary` (a model that stays as it is), `power` (one that gets worse), `shuffled`
(labels shuffled), `truth` (the truth files of real data sets, and their random halves), `concept`
(streams of river whose concept changes and whose inputs do not; needs `river`), `cost` (CPU time
of a check and of observing, with and without performance, side by side).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import describe

Line = dict[str, Any]


def oracle(share: float) -> Iterator[Line]:
    from benchmarks.performance.oracle import random_cases

    yield from random_cases(max(20, int(200 * share)))


def coverage(share: float) -> Iterator[Line]:
    from benchmarks.performance.laws import REGRESSIONS, Binormal, separation
    from benchmarks.performance.verdicts import coverage as covered
    from benchmarks.performance.verdicts import regression_coverage

    runs = max(20, int(400 * share))
    seed = 0
    for rate in (0.5, 0.1, 0.01):
        for area in (0.75, 0.92):
            for rows in (200, 2_000, 20_000):
                seed += 1
                law = Binormal(separation(area), separation(area), rate)
                for name, held, without in covered(law, rows, runs, seed):
                    yield {
                        "positives": rate, "auc": area, "rows": rows, "metric": name,
                        "held": held, "too_few": without,
                    }  # fmt: skip
    for law_name in REGRESSIONS:
        for rows in (200, 2_000, 20_000):
            seed += 1
            for name, held, _ in regression_coverage(law_name, rows, runs, seed):
                yield {"errors": law_name, "rows": rows, "metric": name, "held": held}


def stationary(share: float) -> Iterator[Line]:
    from benchmarks.performance.verdicts import area_to, seen

    runs = max(30, int(300 * share))
    for area in (0.75, 0.83, 0.95):
        for rate in (0.5, 0.1, 0.01):
            for rows in (2_000, 20_000):
                before, after = area_to(area, 0.0, rate)
                warned, critical, fine = seen(before, after, rows, runs, seed=int(1000 * area))
                yield {
                    "auc": area, "positives": rate, "rows": rows, "runs": runs,
                    "warned": warned, "critical": critical, "ok": fine,
                }  # fmt: skip


def power(share: float) -> Iterator[Line]:
    from benchmarks.performance.laws import Binormal, separation
    from benchmarks.performance.verdicts import area_to, seen

    runs = max(30, int(300 * share))
    for rows in (2_000, 20_000):
        before, after = area_to(0.83, 0.03, 0.5)
        warned, critical, fine = seen(before, after, rows, runs, seed=7)
        yield {
            "fall": "AUC .83 by .03", "rows": rows, "runs": runs,
            "warned": warned, "critical": critical, "ok": fine,
        }  # fmt: skip
    trained, now = separation(0.83), 1.083  # accuracy .75 and .706
    before, after = Binormal(trained, trained, 0.5), Binormal(trained, now, 0.5)
    warned, critical, fine = seen(before, after, 2_000, runs, seed=8)
    yield {
        "fall": "accuracy .75 by .044", "rows": 2_000, "runs": runs,
        "warned": warned, "critical": critical, "ok": fine,
    }  # fmt: skip


def shuffled(_: float) -> Iterator[Line]:
    from benchmarks.performance.real import shuffled_labels

    yield from shuffled_labels()


def truth(_: float) -> Iterator[Line]:
    from benchmarks.performance.real import controls, truth_files

    yield from truth_files()
    yield from controls()


def concept(share: float) -> Iterator[Line]:
    from benchmarks.performance.concept import concept_drift

    yield from concept_drift(runs=max(1, int(10 * share)))


def cost(share: float) -> Iterator[Line]:
    from benchmarks.performance.cost import check_cost, observe_cost

    turns = max(3, int(7 * share))
    yield from check_cost(turns=turns)
    yield from observe_cost(turns=turns)


PARTS: dict[str, Callable[[float], Iterator[Line]]] = {
    "oracle": oracle,
    "coverage": coverage,
    "stationary": stationary,
    "power": power,
    "shuffled": shuffled,
    "truth": truth,
    "concept": concept,
    "cost": cost,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--only", help="parts, with commas between them")
    parser.add_argument("--quick", action="store_true", help="a tenth of the repetitions")
    options = parser.parse_args()
    chosen = options.only.split(",") if options.only else list(PARTS)
    results: dict[str, Any] = {}
    for name in chosen:
        began = time.monotonic()
        results[name] = []
        for line in PARTS[name](0.1 if options.quick else 1.0):
            # A share of no runs is no number, and JSON has none for it.
            results[name].append({k: None if v != v else v for k, v in line.items()})  # noqa: PLR0124
            shown = "  ".join(
                f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
                for key, value in line.items()
            )
            sys.stdout.write(f"{name}: {shown}\n")
            sys.stdout.flush()
        sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
    if not options.only and not options.quick:
        results["machine"] = describe(datetime.now(UTC))
        path = Path(__file__).parent / "results" / "performance.json"
        path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
