"""pandas and SciPy (pandas 3.1.1, SciPy 1.17.1): the checks people write by hand.

Numbers: ``ks_2samp``, ``wasserstein_distance`` and PSI over the deciles of the reference, with the
usual threshold of 0.2 on the PSI giving the verdict (a p-value alone flags every difference at a
million rows). Texts: ``chi2_contingency`` of the two columns of counts, p < 0.05. ``profile`` is
the frame: such scripts keep no summary. All rows are used.
"""

# The library is absent from the environment of the type checker.
# mypy: disable-error-code="import-not-found, import-untyped"

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency, ks_2samp, wasserstein_distance

from benchmarks.peers import ColumnDrift, Comparison
from benchmarks.peers.pandas_frames import read_frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

label = "pandas + SciPy"


def profile(path: Path, /) -> pd.DataFrame:
    return read_frame(path)


def compare(reference: pd.DataFrame, current: pd.DataFrame, /) -> Comparison:
    return {
        name: _numbers(reference[name].to_numpy(), current[name].to_numpy())
        if pd.api.types.is_numeric_dtype(reference[name])
        else _texts(reference[name], current[name])
        for name in reference.columns
    }


def _numbers(reference: NDArray[np.float64], current: NDArray[np.float64]) -> ColumnDrift:
    ks = float(ks_2samp(reference, current).statistic)
    wasserstein_distance(reference, current)
    psi = _psi(reference, current)
    return {"drift": psi > 0.2, "score": psi, "ks": ks}


def _psi(reference: NDArray[np.float64], current: NDArray[np.float64]) -> float:
    # Deciles coincide where many values are equal.
    edges = np.unique(np.quantile(reference, np.linspace(0.1, 0.9, 9)))
    shares = [
        np.bincount(np.searchsorted(edges, values, side="right"), minlength=edges.size + 1)
        / values.size
        for values in (reference, current)
    ]
    before, after = np.clip(shares, 1e-6, None)
    return float(np.sum((after - before) * np.log(after / before)))


def _texts(reference: pd.Series, current: pd.Series) -> ColumnDrift:
    counts = pd.concat([reference.value_counts(), current.value_counts()], axis=1).fillna(0)
    result = chi2_contingency(counts.to_numpy().T)
    drift = bool(result.pvalue < 0.05)
    return {"drift": drift, "score": float(result.pvalue), "chi2": float(result.statistic)}
