"""The present run of drifted windows: when it began, and what ends it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch import Status
from driftwatch.core.reports.history import Cell, FeatureHistory, FeatureLine, Slot
from driftwatch.core.reports.runs import DriftRun, Since

STATUSES = st.lists(st.sampled_from(Status), max_size=20)


@given(STATUSES)
def test_a_run_begins_with_the_first_drift_after_the_last_quiet_window(
    statuses: list[Status],
) -> None:
    run = DriftRun()
    for window, status in enumerate(statuses):
        run.update(window, status)

    quiet = max((n for n, status in enumerate(statuses) if status is Status.OK), default=-1)
    drifted = [n for n, status in enumerate(statuses) if n > quiet and status.is_drift]
    assert run.windows == len(drifted)
    if drifted:
        assert run.began == drifted[0]


@given(STATUSES)
def test_a_feature_drifts_since_the_run_that_its_last_window_belongs_to(
    statuses: list[Status],
) -> None:
    line, run = FeatureLine("x", "numeric", "feature"), DriftRun()
    for window, status in enumerate(statuses):
        line.put(window, Cell(status))
        run.update(window, status)

    drifts = bool(statuses) and statuses[-1].is_drift
    assert line.drifted_since(len(statuses)) == (run.began if drifts else None)
    assert line.drifted_since(len(statuses) + 1) is None  # not tested in the last window


def test_only_windows_in_order_have_a_first_one() -> None:
    slots = [Slot("a", 10, Status.OK), Slot("b", 10, Status.CRITICAL)]
    run = DriftRun(1, 1)

    assert FeatureHistory(slots=slots, run=run).since is slots[1]
    assert FeatureHistory(slots=slots, run=run, is_ordered=False).since is None
    assert FeatureHistory(slots=slots[:1], run=run).since is None
    assert FeatureHistory().since is None


def test_the_year_is_said_where_it_is_another() -> None:
    since = Since(3, 40, datetime(2025, 12, 31, 23, tzinfo=UTC))

    assert since.in_words(datetime(2026, 1, 2, 1, 5, tzinfo=UTC)) == (
        "since 31 Dec 2025 23:00, 1 d 2 h ago"
    )
    assert since.in_words(None) == "since pane 3, 40 windows in a row"


@pytest.mark.parametrize("since", [Since(3, 40, datetime(2025, 12, 31, tzinfo=UTC)), Since(0, 1)])
def test_since_when_goes_through_json(since: Since) -> None:
    assert Since.from_dict(since.to_dict()) == since
    assert Since.from_dict(None) is None


@pytest.mark.parametrize("wrong", [{"pane": None, "windows": 1}, {"pane": 1, "windows": "2"}])
def test_what_is_no_run_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        Since.from_dict(wrong)
