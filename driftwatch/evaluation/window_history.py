"""The windows of a monitor over time, from the summaries that evaluations leave."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from driftwatch.core.reports.report import DriftReport
from driftwatch.core.reports.window_summary import WindowSummary
from driftwatch.core.windows.stored import StoredReport, StoredWindow
from driftwatch.errors import DataError, StoreError
from driftwatch.evaluation.stored_reports import report_of
from driftwatch.protocols import Store

__all__ = ["summarize_older_reports", "summary_for_store"]

_TOGETHER = 20


def summary_for_store(
    report: DriftReport, /, *, pane: int, revision: int, created: float, event: str | None
) -> StoredWindow:
    """The summary of a report, as a store keeps it.

    Args:
        report: What was found.
        pane: Last pane of its window.
        revision: Of the report.
        created: When it was made, seconds since 1970.
        event: What it changed about the alarm; None if nothing.
    """
    summary = WindowSummary.of(report)
    at = created if summary.end is None else summary.end.timestamp()
    return StoredWindow(
        pane, revision, created, at, event, summary.packed(), summary.status, summary.shown
    )


def summarize_older_reports(store: Store, monitor: str, /, *, most: int) -> bool:
    """Make up summaries of reports that an earlier version has stored, the newest first.

    Args:
        store: Where they are; one that is only read is left as it is.
        monitor: Whose.
        most: How many at most: a report of 50 features takes some milliseconds.

    Returns:
        Whether all reports have a summary now.
    """
    done = 0
    while done < most:
        reports = store.unsummarized(monitor, limit=min(_TOGETHER, most - done))
        if not reports:
            return True
        made = _summaries(reports)
        if not made:  # none of them can be read; they would come again and again
            return True
        try:
            store.keep_windows(monitor, made)
        except StoreError:
            return False
        done += len(made)
    return False


def _summaries(reports: Sequence[StoredReport]) -> list[StoredWindow]:
    made = []
    for stored in reports:
        with contextlib.suppress(DataError):
            made.append(
                summary_for_store(
                    report_of(stored),
                    pane=stored.pane,
                    revision=stored.revision,
                    created=stored.created,
                    event=stored.event,
                )
            )
    return made
