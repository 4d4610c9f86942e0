"""What of a report becomes tags, and when its window ended."""

from __future__ import annotations

from datetime import datetime

from driftwatch.core.reports.report import DriftReport
from driftwatch.integrations.mlflow.naming import tag_of

__all__ = ["end_of", "shortened", "status_tags"]

_MOST = 4_000
"""Characters of a tag."""


def end_of(report: DriftReport) -> datetime:
    """End of the window; of rows that were given, when they were checked."""
    end = None if report.window is None else report.window.period.end
    return report.created_at if end is None else end


def shortened(text: str, /) -> str:
    """A text as long as a tag may be, that can be encoded."""
    return text.encode("utf-8", "replace").decode()[:_MOST]


def status_tags(report: DriftReport, /) -> dict[str, str]:
    """Status, drifted features and end of the window, by names that are the monitor's own."""
    facts = {
        "window_end": end_of(report).isoformat(),
        "drifted": shortened(", ".join(report.drifted_features)),
        "status": report.global_status.value,  # last: what webhooks wait for
    }
    return {tag_of(report.monitor, what): value for what, value in facts.items()}
