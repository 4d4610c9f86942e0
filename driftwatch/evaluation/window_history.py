"""The windows of a monitor over time, from the summaries that evaluations leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from driftwatch.core.reports.report import DriftReport
from driftwatch.core.reports.window_summary import WindowSummary
from driftwatch.core.windows.stored import StoredReport, StoredWindow
from driftwatch.errors import MISREAD, DataError, StoreError
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

    Those that cannot be read are passed over, once and for all.

    Args:
        store: Where they are; one that is only read is left as it is.
        monitor: Whose.
        most: How many at most: a report of 50 features takes some milliseconds.

    Returns:
        Whether all reports that can be read have a summary now.
    """
    done = 0
    while done < most:
        reports = store.unsummarized(monitor, limit=min(_TOGETHER, most - done))
        if not reports:
            return True
        made, unreadable = _summaries(reports)
        try:
            store.keep_windows(monitor, made)
            store.pass_over(monitor, unreadable)
        except StoreError:
            return False
        done += len(reports)
    return not store.unsummarized(monitor, limit=1)


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
            made, unreadable = _summaries(reports[start : start + _TOGETHER])
            memory.keep_windows(name, made)
            done += len(made) + len(unreadable)
            if progress is not None:
                progress(done)
    return memory


def _all_lacking(store: Store, monitor: str) -> Sequence[StoredReport]:
    return store.unsummarized(monitor, limit=_MOST)


def _summaries(
    reports: Sequence[StoredReport],
) -> tuple[list[StoredWindow], list[StoredReport]]:
    """Summaries, and the reports of which none can be made."""
    made, unreadable = [], []
    for stored in reports:
        try:
            summary = summary_for_store(
                report_of(stored),
                pane=stored.pane,
                revision=stored.revision,
                created=stored.created,
                event=stored.event,
            )
            WindowSummary.unpacked(summary.summary)
        except (DataError, *MISREAD):  # it is no JSON, or what it says makes no sense
            unreadable.append(stored)
        else:
            made.append(summary)
    return made, unreadable
