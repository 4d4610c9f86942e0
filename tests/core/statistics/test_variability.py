from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from driftwatch import Monitor, Status
from driftwatch.core.statistics.variability import block_distances, overdispersion
from driftwatch.errors import ConfigError

START = datetime(2024, 1, 1, tzinfo=UTC)


def independent(rng: np.random.Generator, panes: int) -> Any:
    return rng.multinomial(500, np.full(20, 0.05), panes)


def rhythm(rng: np.random.Generator, days: int) -> Any:
    slope = np.linspace(-1, 1, 20)
    shares = np.exp(0.5 * np.sin(2 * np.pi * np.arange(24) / 24)[:, None] * slope)
    shares /= shares.sum(axis=1, keepdims=True)
    return np.concatenate([rng.multinomial(500, shares) for _ in range(days)])


def test_independent_rows_are_not_overdispersed() -> None:
    found = overdispersion(independent(np.random.default_rng(1), 240), panes=24, ordered=True)
    assert 1.0 <= found < 1.8


def test_a_rhythm_is_overdispersed_from_pane_to_pane_but_not_from_day_to_day() -> None:
    counts = rhythm(np.random.default_rng(2), 20)
    hourly = overdispersion(counts, panes=1, ordered=True)
    assert hourly > 5
    days = np.add.reduceat(counts, np.arange(0, counts.shape[0], 24), axis=0)
    assert overdispersion(days, panes=1, ordered=True) < 2


def test_block_distances_equal_those_written_out() -> None:
    counts = rhythm(np.random.default_rng(3), 3)
    best = 0.0
    for start in range(counts.shape[0] - 5):
        block = counts[start : start + 6].sum(axis=0)
        rest = counts.sum(axis=0) - block
        best = max(best, np.abs(np.cumsum(block / block.sum() - rest / rest.sum())).max())
    assert block_distances(counts, panes=6, ordered=True)["ks"] == pytest.approx(best)


def test_a_whole_day_hides_the_rhythm_that_six_hours_show() -> None:
    counts = rhythm(np.random.default_rng(4), 20)
    short, long = (block_distances(counts, panes=p, ordered=True)["ks"] for p in (6, 24))
    assert short > 3 * long


def test_divergences_are_compared_over_bins() -> None:
    counts = rhythm(np.random.default_rng(5), 10)
    bins = np.arange(0, 20, 2)
    fine = block_distances(counts, panes=6, ordered=True)
    coarse = block_distances(counts, panes=6, ordered=True, bins=bins)
    assert coarse["ks"] == fine["ks"]
    assert coarse["psi"] < fine["psi"]


@pytest.mark.parametrize("panes", [0, 1])
def test_one_pane_says_nothing(panes: int) -> None:
    assert block_distances(np.ones((panes, 3), dtype=np.int64), panes=1, ordered=True) == {}


def test_empty_panes_and_empty_cells_do_no_harm() -> None:
    counts = np.zeros((10, 4), dtype=np.int64)
    counts[::2, 1] = 5
    found = block_distances(counts, panes=1, ordered=False)
    assert found["tvd"] == 0.0
    assert overdispersion(counts, panes=4, ordered=False) == 1.0


def frame(days: int, *, first: int = 0, shift: float = 0.0, hours: int = 24) -> dict[str, Any]:
    rng = np.random.default_rng(first)
    minutes = [1440 * day + minute for day in range(days) for minute in range(60 * hours)]
    times = [START + timedelta(days=first, minutes=m) for m in minutes]
    hour = np.array([at.hour for at in times])
    values = rng.normal(size=len(times)) + 0.6 * np.sin(2 * np.pi * hour / 24) + shift
    return {"ts": times, "x": values}


def test_half_a_day_is_drift_unless_the_reference_knows_its_rhythm() -> None:
    morning = frame(1, first=40, hours=12)
    bare = Monitor(frame(14)).check(morning).feature_drift()["x"]
    aware = Monitor(frame(14), pane="1h").check(morning).feature_drift()["x"]
    assert bare.status.is_drift
    assert not aware.status.is_drift
    assert aware.tests["ks"].threshold is not None
    assert aware.tests["ks"].threshold.warning > 0.1


def test_a_real_shift_still_shows() -> None:
    broken = frame(1, first=40, hours=12, shift=1.5)
    report = Monitor(frame(14), pane="1h").check(broken)
    assert report.feature_drift()["x"].status is Status.CRITICAL


def test_panes_need_a_time_column() -> None:
    with pytest.raises(ConfigError, match="time column"):
        Monitor({"x": [1.0, 2.0, 3.0]}, pane="1h")


def test_a_saved_profile_without_panes_says_how_to_make_one() -> None:
    saved = Monitor(frame(1)).reference.profile
    with pytest.raises(ConfigError, match="driftwatch profile --time"):
        Monitor(saved, pane="1h")


def test_a_saved_profile_keeps_its_panes() -> None:
    saved = Monitor(frame(14), pane="1h").reference.profile.to_bytes()
    report = Monitor(saved).check(frame(1, first=40, hours=12))
    assert not report.feature_drift()["x"].status.is_drift
