"""What an evaluation says in the log: the window, what drifted in it, the alarm, the incident."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from driftwatch.core.reports.report import DriftReport
from driftwatch.core.reports.results import to_iso
from driftwatch.core.windows.alarm import Event
from driftwatch.evaluation.alerting import AlertNews
from driftwatch.evaluation.watermark import Laggard, told
from driftwatch.logs.events import event
from driftwatch.render.plain import plain

__all__ = ["log_evaluation", "log_housekeeping", "log_laggards", "log_lost_state"]

_LOG = logging.getLogger("driftwatch")


def log_evaluation(
    monitor: str, change: Event | None, report: DriftReport | None, news: AlertNews, /
) -> None:
    """Log what an evaluation came to; errors of handlers of the host's are not raised.

    Changes of the alarm and of incidents are warnings, so that they are heard where nothing is
    set up; windows and features are INFO.

    Args:
        monitor: Name of the monitor.
        change: What became of the alarm; None if nothing.
        report: The report; None if no window was due.
        news: What became of the incident.
    """
    with contextlib.suppress(Exception):
        if report is not None and _LOG.isEnabledFor(logging.INFO):
            _log_window(monitor, report, news.number)
    with contextlib.suppress(Exception):
        if change is not None:
            _log_alarm(monitor, change, report)
    for message in news.messages:
        with contextlib.suppress(Exception):
            _LOG.warning(
                "driftwatch: %s: incident %d %s: %s",
                plain(monitor),
                message.incident,
                message.kind.replace("_", " "),
                message.title,
                extra=event(
                    f"incident.{message.kind}",
                    monitor=monitor,
                    incident=message.incident,
                    status=message.status,
                    title=message.title,
                    key=message.key,
                ),
            )


def log_laggards(
    monitor: str, laggards: Sequence[Laggard], noted: Mapping[str, Sequence[float]], /
) -> None:
    """Log which sources have fallen far behind, and for which windows wait no longer; once.

    Args:
        monitor: Name of the monitor.
        laggards: Those of now.
        noted: Those of the last time, `Laggard.to_list` by name.
    """
    for each in laggards:
        if not each.is_news(noted):
            continue
        (said,) = told([each])
        with contextlib.suppress(Exception):
            _LOG.warning(
                "driftwatch: %s: %s",
                plain(monitor),
                plain(str(said), 400),
                extra=event(
                    "source.lagging",
                    monitor=monitor,
                    source=each.source,
                    behind_seconds=each.behind,
                ),
            )


def log_lost_state(monitor: str, /) -> None:
    """Log that nothing can be made of what was known of alarm and incidents."""
    _LOG.warning(
        "driftwatch: %s: what was stored of its alarm, detectors and incidents is damaged; they "
        "begin anew",
        plain(monitor),
        extra=event("store.trouble", code="DW032"),
    )


def log_housekeeping(monitor: str, error: Exception, /) -> None:
    """Log why the store could not be tidied."""
    _LOG.warning(
        "driftwatch: %s: housekeeping: %s",
        monitor,
        error,
        extra=event("housekeeping.failed", monitor=monitor),
    )


def _log_alarm(monitor: str, change: Event, report: DriftReport | None) -> None:
    what = "" if report is None else f": {report.global_status}: {report.headline()}"
    status = None if report is None else report.global_status.value
    _LOG.warning(
        "driftwatch: %s: alarm %s%s",
        plain(monitor),
        change.value,
        what,
        extra=event(f"alarm.{change.value}", monitor=monitor, status=status),
    )


def _log_window(monitor: str, report: DriftReport, incident: int | None) -> None:
    facts = _facts(monitor, report, incident)
    _LOG.info(
        "driftwatch: %s: %s: %s",
        plain(monitor),
        report.global_status,
        report.headline(),
        extra=event(
            "window.evaluated",
            **facts,
            status=report.global_status.value,
            rows=report.rows_current,
            drifted=len(report.drifted_features),
        ),
    )
    for feature in report.features:
        if not feature.status.is_drift:
            continue
        primary = feature.primary
        limits = None if primary is None else primary.threshold
        _LOG.info(
            "driftwatch: %s: %s %s: %s",
            plain(monitor),
            feature.status,
            plain(feature.name),
            plain(feature.explanation, 400),
            extra=event(
                "feature.drift",
                **facts,
                feature=feature.name,
                status=feature.status.value,
                test=feature.primary_test,
                score=None if primary is None else primary.statistic,
                threshold=None if limits is None else limits.of(feature.status),
                moved=plain(feature.explanation, 400),
            ),
        )
    for metric in () if report.performance is None else report.performance.values():
        if metric.status is None or not metric.status.is_drift:
            continue
        _LOG.info(
            "driftwatch: %s: %s %s",
            plain(monitor),
            metric.status,
            metric.name,
            extra=event(
                "performance.drop",
                **facts,
                metric=metric.name,
                status=metric.status.value,
                score=metric.production,
                reference=metric.reference,
                threshold=None if metric.threshold is None else metric.threshold.of(metric.status),
            ),
        )


def _facts(monitor: str, report: DriftReport, incident: int | None) -> dict[str, Any]:
    period = None if report.window is None else report.window.period
    return {
        "monitor": monitor,
        "model_version": report.model_version,
        "window_start": None if period is None else to_iso(period.start),
        "window_end": None if period is None else to_iso(period.end),
        "incident": incident,
    }
