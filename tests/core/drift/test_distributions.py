"""What a report keeps of a distribution, for charts."""

from __future__ import annotations

import json

import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.reports.results import QUANTILES, Distribution

RNG = np.random.default_rng(7)
BEFORE = RNG.lognormal(0, 1.5, 20_000)
AFTER = RNG.lognormal(0.3, 1.5, 12_000)


def kept(before: np.ndarray, after: np.ndarray) -> Distribution:
    report = Monitor({"x": before}).check({"x": after})
    distribution = report.feature_drift()["x"].distribution
    assert distribution is not None
    return distribution


def test_cells_and_what_is_beyond_them_are_all_rows() -> None:
    drawn = kept(BEFORE, AFTER)
    assert drawn.edges is not None
    assert drawn.beyond is not None

    for side, (below, above), values in zip(
        (drawn.reference, drawn.current), drawn.beyond, (BEFORE, AFTER), strict=True
    ):
        assert sum(side) + below + above == pytest.approx(1, abs=1e-3)
        assert below == pytest.approx(np.mean(values < drawn.edges[0]), abs=0.01)
        assert above == pytest.approx(np.mean(values > drawn.edges[-1]), abs=0.01)
        assert above > 0.003  # the long tail is cut


def test_quantiles_are_those_of_the_rows() -> None:
    drawn = kept(BEFORE, AFTER)
    assert drawn.quantiles is not None

    for known, values in zip(drawn.quantiles, (BEFORE, AFTER), strict=True):
        ranks = np.searchsorted(np.sort(values), known) / values.size
        assert ranks == pytest.approx(QUANTILES, abs=0.01)


def test_both_survive_json_and_reports_of_before_lack_them() -> None:
    report = Monitor({"x": BEFORE, "c": ["a", "b"] * 10_000}).check(
        {"x": AFTER, "c": ["a", "c"] * 6_000}
    )
    data = json.loads(report.to_json())
    assert DriftReport.from_dict(data) == report

    for name in ("x", "c"):
        for key in ("beyond", "quantiles"):
            del data["per_feature_metrics"][name]["distribution"][key]
    old = DriftReport.from_dict(data).feature_drift()["x"].distribution
    assert old is not None
    assert (old.beyond, old.quantiles) == (None, None)
