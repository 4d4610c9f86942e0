"""Two windows against each other, and what a stretch would change as a reference."""

from __future__ import annotations

from pathlib import Path

import pytest

from driftwatch.config.load import load_config
from driftwatch.core.reports.results import Status
from driftwatch.errors import DataError
from driftwatch.service.dashboard.facts.comparing import Side, compared, profile_of_side
from driftwatch.service.dashboard.facts.references import preview_of, reference_of_stretch
from driftwatch.service.dashboard.facts.window_lines import EvaluatedWindow, window_lines
from driftwatch.service.dashboard.shelf import Shown
from driftwatch.stores import open_store
from tests.service.dashboard.seeding import DAY, DRIFT_BEGAN, NOW

MOVED = {"debt_ratio", "country"}
MIDNIGHT = DRIFT_BEGAN // DAY * DAY
"""Before the drift; a window that ends then is a whole day."""


@pytest.fixture(scope="module")
def credit(seeded: Path) -> Shown:
    store = open_store(seeded / "credit.db", reads_only=True)
    config = load_config(seeded / "driftwatch.toml").monitors["credit"]
    return Shown("credit", store, store, config)


def window_at(shown: Shown, moment: float) -> EvaluatedWindow:
    found = window_lines(shown, since=None, until=None).at(moment)
    assert found is not None
    return found


def names_that_drifted(before: Side, after: Side) -> set[str]:
    report = compared(before, after, now=NOW)
    return {f.name for f in report.features if f.role == "feature" and f.status.is_drift}


def test_a_window_does_not_differ_from_itself(credit: Shown) -> None:
    side = Side(credit, window_at(credit, NOW))
    report = compared(side, side, now=NOW)
    assert report.rows_reference == report.rows_current == side.window.summary.rows
    assert {feature.status for feature in report.features} <= {Status.OK, Status.UNDECIDED}
    for feature in report.features:
        low, _ = feature.tests["ks"].interval or (0.0, 1.0) if "ks" in feature.tests else (0.0, 0.0)
        assert low == 0  # nothing is shown beyond the error of the sketches


def test_windows_before_and_after_a_drift_differ_in_what_moved(credit: Shown) -> None:
    before = Side(credit, window_at(credit, MIDNIGHT))
    after = Side(credit, window_at(credit, NOW))
    assert names_that_drifted(before, after) == MOVED
    assert names_that_drifted(after, before) == MOVED
    report = compared(before, after, now=NOW)
    debt = report["debt_ratio"]
    assert debt.summary_reference is not None
    assert debt.summary_current is not None
    assert debt.summary_reference.mean is not None
    assert debt.summary_current.mean is not None
    assert debt.summary_current.mean > debt.summary_reference.mean + 0.2  # the second is after


def test_of_an_older_window_all_rows_are_compared_or_none(credit: Shown) -> None:
    """Panes of more than some days ago are rolled up into days, which begin and end elsewhere."""
    made, refused = [], []
    for window in window_lines(credit, since=None, until=None).windows:
        try:
            profile = profile_of_side(Side(credit, window))
        except DataError as error:
            refused.append(str(error))
        else:
            assert profile.rows == window.summary.rows
            made.append(window)
    assert len(made) > 20
    assert len(refused) > 20
    assert all("rolled up" in why for why in refused)


def test_a_version_that_no_row_has_is_told(credit: Shown) -> None:
    with pytest.raises(DataError, match="no rows of model version v9"):
        profile_of_side(Side(credit, window_at(credit, NOW), "v9"))


def test_the_preview_is_of_what_would_come_into_use(credit: Shown) -> None:
    start, end = NOW - 7 * DAY, NOW
    preview = preview_of(credit, start=start, end=end, now=NOW)
    assert preview.id == reference_of_stretch(credit, start=start, end=end).id
    assert preview.rows == reference_of_stretch(credit, start=start, end=end).profile.rows
    assert preview.windows == preview.drifted > 0
    assert not preview.warns  # all of it is after the drift began
    assert preview.newest is not None
    assert not preview.newest.global_status.is_drift


def test_a_stretch_that_drifts_in_itself_warns(credit: Shown) -> None:
    preview = preview_of(credit, start=DRIFT_BEGAN - 6 * DAY, end=DRIFT_BEGAN + 6 * DAY, now=NOW)
    assert preview.warns
    assert preview.halves is not None
    drifted = {f.name for f in preview.halves.features if f.status.is_drift}
    assert drifted >= MOVED
    assert 0 < preview.drifted < preview.windows


def test_a_stretch_without_rows_is_no_reference(credit: Shown) -> None:
    with pytest.raises(DataError, match="no rows"):
        preview_of(credit, start=NOW - 400 * DAY, end=NOW - 300 * DAY, now=NOW)
