"""Scores that are miscalibrated keep their order and lose their calibration; noise by class."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from driftwatch.errors import ConfigError, DataError
from driftwatch.simulation import label_flip, score_miscalibration

PROBABILITIES = st.lists(st.floats(0.001, 0.999), min_size=1, max_size=30)


@given(PROBABILITIES, st.floats(-0.5, 3), st.floats(-2, 2))
def test_order_stays_and_the_logit_moves_as_said(
    scores: list[float], intensity: float, shift: float
) -> None:
    before = np.array(scores)
    after = score_miscalibration(before, intensity, shift=shift)
    logits = np.log(before) - np.log1p(-before)
    np.testing.assert_allclose(after, expit((1 + intensity) * logits + shift), atol=1e-12)
    assert (np.diff(after[np.argsort(before)]) >= 0).all()


def test_ends_and_missing_values_stay_and_the_type_is_kept() -> None:
    frame = pd.DataFrame({"p": [0.0, 1.0, np.nan, 0.5], "y": ["a", "b", "a", "b"]})
    after = score_miscalibration(frame, 2.0, shift=0.5, columns=["p"])
    assert after["p"].tolist()[:2] == [0.0, 1.0]
    assert np.isnan(after["p"].iloc[2])
    assert after["y"].equals(frame["y"])
    assert frame["p"].iloc[3] == 0.5


@pytest.mark.parametrize("scores", [[1.5], [-0.1]])
def test_what_is_no_probability_is_refused(scores: list[float]) -> None:
    with pytest.raises(DataError, match="between 0 and 1"):
        score_miscalibration(np.array(scores))


def test_ranks_are_not_turned_round() -> None:
    with pytest.raises(ConfigError, match="above -1"):
        score_miscalibration(np.array([0.5]), -1.0)


def test_noise_of_one_class_leaves_the_others() -> None:
    labels = np.array(["a"] * 100 + ["b"] * 50 + ["c"] * 50)
    noisy = label_flip(labels, {"a": 0.3}, seed=4)
    changed = noisy != labels
    assert changed[:100].sum() == 30
    assert not changed[100:].any()
    with pytest.raises(ConfigError, match="no class 'z'"):
        label_flip(labels, {"z": 0.3})
