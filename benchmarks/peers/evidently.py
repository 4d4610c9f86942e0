"""Evidently 0.7.23: ``Report([DataDriftPreset()])``, its default drift check of a whole table.

From 1,000 reference rows on, the default is a Wasserstein distance normed by the standard
deviation for numbers and a Jensen-Shannon distance for categories, drift from 0.1. ``profile`` is
the frame: the reference of Evidently is raw data. All rows are used; no HTML is rendered. It needs
pandas 2.
"""

# The library is absent from the environment of the type checker.
# mypy: disable-error-code="import-not-found, import-untyped"

from __future__ import annotations

from pathlib import Path

import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset

from benchmarks.peers import Comparison
from benchmarks.peers.pandas_frames import read_frame

label = "Evidently"


def profile(path: Path, /) -> pd.DataFrame:
    return read_frame(path)


def compare(reference: pd.DataFrame, current: pd.DataFrame, /) -> Comparison:
    result = Report([DataDriftPreset()]).run(current, reference)
    verdicts: Comparison = {}
    for metric in result.dict()["metrics"]:
        config, value = metric["config"], metric["value"]
        if "column" not in config:
            continue  # the share of drifted columns
        # Below 1,000 rows the default methods are tests, whose small values mean drift.
        is_p_value = "p_value" in config["method"]
        threshold = config["threshold"]
        drift = value < threshold if is_p_value else value >= threshold
        verdicts[config["column"]] = {"drift": bool(drift), "score": float(value)}
    return verdicts
