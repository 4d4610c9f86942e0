"""Deepchecks 0.19.1: the check ``FeatureDrift``, with its default condition.

Default methods: Kolmogorov-Smirnov statistic for numbers (of the values between the quantiles
0.025 and 0.975), Cramér's V for categories; the condition passes up to 0.2. Deepchecks samples
100,000 rows by default; ``n_samples`` is set to the number of rows so that it uses all, as the
others do. No display is rendered. ``profile`` is its ``Dataset``, a frame with roles. It needs
NumPy 1, pandas 2 and scikit-learn before 1.6.
"""

# The library is absent from the environment of the type checker.
# mypy: disable-error-code="import-not-found, import-untyped"

from __future__ import annotations

from pathlib import Path

from deepchecks.tabular import Dataset
from deepchecks.tabular.checks import FeatureDrift

from benchmarks.peers import Comparison
from benchmarks.peers.pandas_frames import read_frame

label = "Deepchecks"

LIMIT = 0.2  # the default of `add_condition_drift_score_less_than`, for numbers and categories


def profile(path: Path, /) -> Dataset:
    frame = read_frame(path)
    return Dataset(frame, cat_features=list(frame.select_dtypes(exclude="number")))


def compare(reference: Dataset, current: Dataset, /) -> Comparison:
    check = FeatureDrift(n_samples=max(reference.n_samples, current.n_samples))
    result = check.run(reference, current, with_display=False)
    return {
        name: {"drift": bool(column["Drift score"] >= LIMIT), "score": float(column["Drift score"])}
        for name, column in result.value.items()
    }
