"""popmon 1.4.12: ``df_stability_metrics`` with the reference's histograms as external reference.

The metrics without the HTML report. popmon counts over time, so each file is one date of a
constant column; histograms of the reference set the bins of production. (1.4.12 rejects a frame as
reference, contrary to its documentation, hence the histograms.) A column drifts when its worst
traffic light is red, by default a z-score beyond 7; the score is the z-score of the chi-squared
comparison. Metrics by which popmon compares a date with the one before it are computed too: the
pipeline has no switch for them. ``profile`` is the frame, because production is binned by the
reference. All rows are used. It needs pandas 2.
"""

# The library is absent from the environment of the type checker.
# mypy: disable-error-code="import-not-found, import-untyped"

from __future__ import annotations

from pathlib import Path

import pandas as pd
import popmon

from benchmarks.peers import Comparison
from benchmarks.peers.pandas_frames import read_frame

label = "popmon"

RED = 2


def profile(path: Path, /) -> pd.DataFrame:
    return read_frame(path).assign(date=pd.Timestamp("2024-01-01"))


def compare(reference: pd.DataFrame, current: pd.DataFrame, /) -> Comparison:
    names = [name for name in reference.columns if name != "date"]
    histograms = reference.pm_make_histograms(
        features=[f"date:{name}" for name in names], time_axis="date"
    )
    metrics = popmon.df_stability_metrics(
        current, time_axis="date", reference_type="external", reference=histograms
    )
    return {
        name: {
            "drift": bool((metrics["traffic_lights"][name] == RED).to_numpy().any()),
            "score": float(metrics["comparisons"][name]["ref_chi2_zscore"].iloc[-1]),
        }
        for name in names
    }
