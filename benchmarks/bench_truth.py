"""Every split of every real data set against its truth file: intervals, classic values, verdicts.

    python -m benchmarks.bench_truth

Reads `shared/data` beside the repository and says so where it is absent. Three tables:
how many intervals hold the statistic of the full rows and how wide they are; how far the
classic policy is from the truth files where the state is exact; and the verdicts of random
halves (no drift), three times shuffled anew, and of the splits with drift, with the defaults of
`Monitor`.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import describe
from benchmarks.truth import (
    DATA,
    Split,
    Statistic,
    check_all_columns,
    compare,
    compare_classic,
    find_splits,
    load,
    shuffled,
)
from driftwatch import DriftReport, Monitor, Status

_DECIDES = 1_000
_LARGE = 10_000
_SHUFFLES = 3


def intervals(found: Iterable[Statistic]) -> list[dict[str, Any]]:
    """Coverage and widths, one row a method."""
    rows: dict[str, list[Statistic]] = defaultdict(list)
    for one in found:
        rows[one.method].append(one)
    return [
        {
            "method": method,
            "columns": len(all_of),
            "inside": sum(one.is_inside for one in all_of),
            "widest": max(one.width for one in all_of),
        }
        for method, all_of in sorted(rows.items())
    ]


def differences(found: Iterable[Statistic]) -> list[dict[str, Any]]:
    """Largest difference, relative above one, absolute below; one row a method."""
    rows: dict[str, list[float]] = defaultdict(list)
    for one in found:
        rows[one.method].append(abs(one.exact - one.reported) / max(1.0, abs(one.exact)))
    return [
        {"method": method, "columns": len(all_of), "largest": max(all_of)}
        for method, all_of in sorted(rows.items())
    ]


def verdicts(kind: str, split: Split, report: DriftReport) -> Iterable[tuple[str, Status]]:
    """What to count: (heading, status) of the columns that the heading is about."""
    rows = min(split.reference.num_rows, split.current.num_rows)
    for name, feature in report.feature_drift().items():
        if kind == "control":
            yield "control: all features", feature.status
            if rows >= _LARGE:
                yield f"control: features with {_LARGE:,} rows a side", feature.status
        elif kind == "drift" and _is_large(split.columns.get(name, {})):
            size = "at least" if rows >= _DECIDES else "below"
            yield f"drift, exact effect of 0.2 or more, {size} {_DECIDES:,} rows", feature.status


def shuffled_controls(split: Split) -> Iterable[str]:
    """Statuses of the features of random halves; what drifts there is told on stderr."""
    for seed in range(_SHUFFLES):
        before, after = shuffled(split, seed)
        for feature in Monitor(before).check(after).features:
            yield feature.status.value
            if feature.status.is_drift:
                print(f"{split.name} {feature.name}: {feature.explanation}", file=sys.stderr)


def _is_large(facts: Any) -> bool:
    if facts.get("status") != "ok":
        return False
    if facts["kind"] == "numeric":
        return bool(facts["numeric"]["ks"]["stat"] >= 0.2)
    exact = facts.get("categorical") or {}
    few = max(exact.get("k_ref", 256), exact.get("k_prod", 256)) <= 255
    return few and float(exact["tvd"]) >= 0.2


def main() -> None:
    names = list(find_splits())
    if not names:
        sys.exit(f"the real data sets are not here ({DATA})")
    statistics: list[Statistic] = []
    classic: list[Statistic] = []
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for name, split_name in names:
        split = load(name, split_name)
        statistics += compare(split, check_all_columns(split))
        classic += compare_classic(split)
        if split_name == "control":
            counted["control, shuffled: all features"].update(shuffled_controls(split))
        report = Monitor(split.reference).check(split.current)
        for heading, status in verdicts(split_name, split, report):
            counted[heading][status.value] += 1
        print(f"{name} {split_name}: {report.headline()}", file=sys.stderr)
    result: dict[str, Any] = {
        "machine": describe(datetime.now(UTC)),
        "splits": len(names),
        "intervals": intervals(statistics),
        "classic": differences(classic),
        "verdicts": {heading: dict(statuses) for heading, statuses in sorted(counted.items())},
    }
    for row in result["intervals"]:
        share = row["inside"] / row["columns"]
        print(f"{row['method']:20} inside {row['inside']}/{row['columns']} = {share:.1%}", end="")
        print(f"  widest interval {row['widest']:.4f}")
    for row in result["classic"]:
        print(f"classic {row['method']:20} {row['columns']:4} columns, off by {row['largest']:.1e}")
    for heading, statuses in result["verdicts"].items():
        print(f"{heading}: {statuses}")
    target = Path(__file__).parent / "results" / "truth.json"
    target.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
