"""What of a report becomes tags, and when its window ended."""

from __future__ import annotations

from datetime import datetime

from driftwatch.core.reports.report import DriftReport

__all__ = ["MOST_TAG", "end_of", "status_tags"]

MOST_TAG = 4_000
"""Characters of a tag."""


def end_of(report: DriftReport) -> datetime:
    """End of the window; of rows that were given, when they were checked."""
    end = None if report.window is None else report.window.period.end
    return report.created_at if end is None else end


def status_tags(report: DriftReport, /) -> dict[str, str]:
    """Status, drifted features and end of the window."""
    drifted = ", ".join(report.drifted_features).encode("utf-8", "replace").decode()
    return {
        "driftwatch.status": report.global_status.value,
        "driftwatch.drifted": drifted[:MOST_TAG],
        "driftwatch.window_end": end_of(report).isoformat(),
    }
