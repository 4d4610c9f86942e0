"""NannyML 0.13.1: ``UnivariateDriftCalculator``, fitted on the reference, run on production.

Default arguments: Jensen-Shannon distance of every column, ten chunks, thresholds at three standard
deviations of the reference's chunks. A column drifts when any chunk of production alerts; the score
is the mean distance of the chunks. ``profile`` is the frame, since a fitted calculator cannot be
made of production. All rows are used. It needs pandas 2, and statsmodels, which it does not
declare.
"""

# The library is absent from the environment of the type checker.
# mypy: disable-error-code="import-not-found, import-untyped"

from __future__ import annotations

from pathlib import Path

import nannyml
import pandas as pd

from benchmarks.peers import Comparison
from benchmarks.peers.pandas_frames import read_frame

label = "NannyML"


def profile(path: Path, /) -> pd.DataFrame:
    return read_frame(path)


def compare(reference: pd.DataFrame, current: pd.DataFrame, /) -> Comparison:
    names = list(reference.columns)
    calculator = nannyml.UnivariateDriftCalculator(column_names=names)
    result = calculator.fit(reference).calculate(current)
    chunks = result.filter(period="analysis").to_df()
    return {
        name: {
            "drift": bool(chunks[name, "jensen_shannon", "alert"].any()),
            "score": float(chunks[name, "jensen_shannon", "value"].mean()),
        }
        for name in names
    }
