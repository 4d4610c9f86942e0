"""whylogs 1.6.4: ``why.log`` of each file, then ``calculate_drift_scores`` of the two profiles.

``profile`` is a profile of mergeable sketches, the only peer where it is more than the frame.
Default algorithms: Kolmogorov-Smirnov where a column has a distribution, chi-squared of the
frequent items elsewhere, both on the sketches; drift is whylogs' own category ``DRIFT`` (p < 0.05).
All rows are used. It needs NumPy 1.
"""

# The library is absent from the environment of the type checker.
# mypy: disable-error-code="import-not-found, import-untyped"

from __future__ import annotations

import math
from pathlib import Path

import whylogs as why
from whylogs.core import DatasetProfileView
from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores

from benchmarks.peers import Comparison
from benchmarks.peers.pandas_frames import read_frame

label = "whylogs"


def profile(path: Path, /) -> DatasetProfileView:
    return why.log(read_frame(path)).view()


def compare(reference: DatasetProfileView, current: DatasetProfileView, /) -> Comparison:
    scores = calculate_drift_scores(current, reference, with_thresholds=True)
    return {
        name: {"drift": None, "score": math.nan}
        if score is None
        else {"drift": score["drift_category"] == "DRIFT", "score": float(score["pvalue"])}
        for name, score in scores.items()
    }
