"""Frouros 0.9.0: one detector for each column and method, fitted on the reference.

Frouros has no check of a whole table, so the same measures as in the hand-written peer are taken
with its detectors: ``KSTest``, ``PSI`` and ``EMD`` for numbers, ``ChiSquareTest`` for texts, all
with default arguments. The verdict is p < 0.05 of the two tests; the distances come without a
threshold. ``profile`` is the frame, for a detector keeps all rows of the reference. All rows are
used.
"""

# The library is absent from the environment of the type checker.
# mypy: disable-error-code="import-not-found, import-untyped"

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from frouros.detectors.data_drift import EMD, PSI, ChiSquareTest, KSTest

from benchmarks.peers import ColumnDrift, Comparison
from benchmarks.peers.pandas_frames import read_frame

if TYPE_CHECKING:
    import numpy as np

label = "Frouros"


def profile(path: Path, /) -> pd.DataFrame:
    return read_frame(path)


def compare(reference: pd.DataFrame, current: pd.DataFrame, /) -> Comparison:
    return {
        name: _column(reference[name].to_numpy(), current[name].to_numpy())
        for name in reference.columns
    }


def _column(reference: np.ndarray, current: np.ndarray) -> ColumnDrift:
    if reference.dtype.kind != "f":
        return _test(ChiSquareTest(), reference, current)
    for distance in (PSI(), EMD()):
        distance.fit(X=reference)
        distance.compare(X=current)
    return _test(KSTest(), reference, current)


def _test(
    detector: KSTest | ChiSquareTest, reference: np.ndarray, current: np.ndarray
) -> ColumnDrift:
    detector.fit(X=reference)
    result, _ = detector.compare(X=current)
    return {"drift": bool(result.p_value < 0.05), "score": float(result.p_value)}
