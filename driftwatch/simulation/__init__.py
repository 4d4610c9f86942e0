"""Drift on demand: copies of your data, changed by a known amount, for tests and power studies.

Every function takes the data first and gives the same type back: a NumPy array of one or
two dimensions, a list, a dict of arrays, a pandas or polars frame or series, a PyArrow
table or chunked array. The input is never changed, rows and columns keep their order and
their labels, columns that are not touched keep their type, and missing values stay missing.

    mean_shift         numeric    every value moves by `intensity` standard deviations
    variance_increase  numeric    deviations from the mean grow by `intensity`
    noise_injection    numeric    Gaussian noise of `intensity` standard deviations
    unit_change        numeric    a share of the rows is multiplied by `factor`
    category_shift     category   a share of the rows moves to another category
    label_flip         labels     a share of the labels, or of a class, becomes another class
    score_miscalibration scores   probabilities become too sure, or too high
    missingness        any        a share of the values becomes missing

All of them are functions of their arguments: the same `seed` gives the same result. A
`numpy.random.Generator` is also taken as `seed` and moves on with every call; `None`
draws fresh entropy. NumPy arrays and lists have no column names: `columns` counts from 0.
"""

from __future__ import annotations

from driftwatch.simulation.categorical import category_shift
from driftwatch.simulation.gaps import missingness
from driftwatch.simulation.labels import label_flip
from driftwatch.simulation.numeric import (
    mean_shift,
    noise_injection,
    unit_change,
    variance_increase,
)
from driftwatch.simulation.scores import score_miscalibration

__all__ = [
    "category_shift",
    "label_flip",
    "mean_shift",
    "missingness",
    "noise_injection",
    "score_miscalibration",
    "unit_change",
    "variance_increase",
]
