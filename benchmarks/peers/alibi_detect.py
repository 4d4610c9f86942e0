"""Alibi Detect 0.13.0: ``TabularDrift``, its detector for tables of numbers and categories.

Default arguments: two-sample Kolmogorov-Smirnov for numbers, chi-squared for categories, p < 0.05.
The detector takes one matrix of numbers, so texts are coded as integers by the categories of both
files, as its own examples do. Verdicts by feature are asked for (``drift_type="feature"``), which
Alibi Detect does not correct for the number of columns. ``profile`` is the frame, for a detector
keeps all rows of the reference. All rows are used. It needs NumPy 1.
"""

# The library is absent from the environment of the type checker.
# mypy: disable-error-code="import-not-found, import-untyped"

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from alibi_detect.cd import TabularDrift

from benchmarks.peers import Comparison
from benchmarks.peers.pandas_frames import read_frame

label = "Alibi Detect"


def profile(path: Path, /) -> pd.DataFrame:
    return read_frame(path)


def compare(reference: pd.DataFrame, current: pd.DataFrame, /) -> Comparison:
    before = np.empty(reference.shape)
    after = np.empty(current.shape)
    texts: dict[int, None] = {}
    for index, name in enumerate(reference.columns):
        if pd.api.types.is_numeric_dtype(reference[name]):
            before[:, index], after[:, index] = reference[name], current[name]
            continue
        codes, _ = pd.factorize(pd.concat([reference[name], current[name]]))
        before[:, index], after[:, index] = codes[: len(reference)], codes[len(reference) :]
        texts[index] = None
    detector = TabularDrift(before, categories_per_feature=texts)
    verdicts = detector.predict(after, drift_type="feature")["data"]
    return {
        name: {"drift": bool(drift), "score": float(p_value)}
        for name, drift, p_value in zip(
            reference.columns, verdicts["is_drift"], verdicts["p_val"], strict=True
        )
    }
