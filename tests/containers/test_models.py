"""A model is given columns with an odd value as it was trained on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from driftwatch import Monitor


class Model:
    """Predicts by the sign of a number."""

    feature_names_in_ = np.array(["x"])

    def predict(self, rows: Any) -> np.ndarray[Any, Any]:
        values = np.asarray(rows, dtype=object)[:, 0].astype(float)
        return (values > 0).astype(int)


@pytest.mark.parametrize("odd", ["unknown", [1], None])
def test_one_odd_value_breaks_no_model(odd: Any) -> None:
    values: list[Any] = np.random.default_rng(0).normal(size=400).tolist()
    values[7] = odd
    monitor = Monitor({"x": values, "y": [0, 1] * 200}, model=Model(), label="y")
    assert monitor.check({"x": values, "y": [0, 1] * 200}).rows_current == 400
