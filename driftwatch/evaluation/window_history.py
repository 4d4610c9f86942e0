"""The windows of a monitor over time, from the summaries that evaluations leave."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from driftwatch.core.reports.report import DriftReport
from driftwatch.core.reports.window_summary import WindowSummary
from driftwatch.core.windows.stored import StoredReport, StoredWindow
from driftwatch.errors import DataError, StoreError
from driftwatch.evaluation.stored_reports import report_of
from driftwatch.protocols import Store
from driftwatch.stores import open_store

__all__ = ["summarize_older_reports", "summary_for_store", "with_summaries"]

_TOGETHER = 20
_MOST = 2_500


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


def with_summaries(
    store: Store, monitors: Sequence[str], /, *, progress: Callable[[int], None] | None = None
) -> Store:
    """A store with a summary of every report, for pages over a store that is only read.

    Args:
        store: Where the reports are.
        monitors: Whose.
        progress: Called with how many summaries were made so far.

    Returns:
        The store itself, or one in memory with summaries alone, where an earlier version has stored
        reports without them.
    """
    lacking = {name: reports for name in monitors if (reports := _all_lacking(store, name))}
    if not lacking:
        return store
    memory, done = open_store(None), 0
    for name in monitors:
        memory.keep_windows(name, store.windows(name, limit=_MOST, numbers=True))
        reports = lacking.get(name, [])
        for start in range(0, len(reports), _TOGETHER):
            made = _summaries(reports[start : start + _TOGETHER])
            memory.keep_windows(name, made)
            done += len(made)
            if progress is not None:
                progress(done)
    return memory


def _all_lacking(store: Store, monitor: str) -> Sequence[StoredReport]:
    return store.unsummarized(monitor, limit=_MOST)


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
