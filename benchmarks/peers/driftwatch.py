"""DriftWatch, from this checkout: ``Monitor(reference_data=path).check(path)``.

A path is all that it needs: both files are read in batches. ``profile`` therefore only hands the
path on, and the whole work falls to ``compare``, where a fair user of the library does it too.
All rows are used.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from benchmarks.peers import ColumnDrift, Comparison
from driftwatch import Monitor

label = "DriftWatch"

DRIFT = ("WARNING", "CRITICAL")


def profile(path: Path, /) -> Path:
    return path


def compare(reference: Path, current: Path, /) -> Comparison:
    report = Monitor(reference_data=reference).check(current).to_dict()
    return {
        name: _verdict(feature["status"], feature["tests"].get(feature["primary_test"]))
        for name, feature in report["per_feature_metrics"].items()
    }


def _verdict(status: str, primary: dict[str, Any] | None) -> ColumnDrift:
    statistic = primary["statistic"] if primary else None
    return {
        # A check that has seen too few rows says so, rather than yes or no.
        "drift": status in DRIFT if status in (*DRIFT, "OK") else None,
        "score": math.nan if statistic is None else float(statistic),
    }
