"""What the stored reports say, compared with what was injected."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from driftwatch.core.reports.performance import in_words
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.reports.results import Status
from driftwatch.demo.loans import Day, Injected
from driftwatch.demo.watching import OUTCOMES, SERVED
from driftwatch.errors import DataError
from driftwatch.evaluation.stored_reports import report_of
from driftwatch.protocols import Store

__all__ = ["Findings", "Sighting", "named_in", "reports_of"]

_MOST_REPORTS = 1_000


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something that a stored report called CRITICAL, for the first time.

    Attributes:
        monitor: Whose report.
        name: Name of the column or the metric.
        is_drop: Whether it says that the model is wrong more often.
        text: What the report says of it.
        window_end: End of the report's window, seconds since 1970.
        reported_at: When the report was made, by the simulated clock.
        windows: Windows of that monitor that hold rows of after the injection, up to this one.
        rows: Rows of after the injection that had come by the end of this window.
        early_at: When a report had an early sign of it before, by the simulated clock; None
            where none had.
    """

    monitor: str
    name: str
    is_drop: bool
    text: str
    window_end: float
    reported_at: float
    windows: int = 0
    rows: int = 0
    early_at: float | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found, and whether it is what was injected.

    Attributes:
        drift: The first report of each feature that was moved; None where it was never CRITICAL.
        drop: The first reports of the metrics that fell, and of the errors of rows.
        false: What was called CRITICAL, and was not injected, or not yet.
        warned: Names of what was WARNING and not injected, or not yet, with the number of reports.
        windows: Stored reports by monitor.
        rows_sent: Rows that were given to each monitor.
        rows_stored: Rows that the store has of each.
    """

    drift: dict[str, Sighting | None]
    drop: tuple[Sighting, ...]
    false: tuple[Sighting, ...]
    warned: dict[str, int]
    windows: dict[str, int]
    rows_sent: dict[str, int]
    rows_stored: dict[str, int]

    @property
    def is_right(self) -> bool:
        """Whether all that was injected was named, nothing else was, and no row was lost."""
        named = bool(self.drop) and all(self.drift.values())
        return named and not self.false and self.rows_sent == self.rows_stored

    @classmethod
    def of(cls, day: Day, store: Store, /) -> Findings:
        """Read the stored reports, and compare them with what was injected into a day.

        Raises:
            DataError: If a stored report cannot be read.
        """
        drift: dict[str, Sighting | None] = dict.fromkeys(day.injected.moved)
        drop: dict[str, Sighting] = {}
        false: list[Sighting] = []
        warned: Counter[str] = Counter()
        windows: dict[str, int] = {}
        for monitor in (SERVED, OUTCOMES):
            reports = reports_of(store, monitor)
            windows[monitor] = len(reports)
            for report in reports:
                for said in _said(report, Status.CRITICAL):
                    since = _injected_at(said, day.injected)
                    if since is None or said.window_end <= since:
                        false.append(said)
                    elif said.is_drop:
                        drop.setdefault(said.name, _counted(said, day, since, reports))
                    elif drift[said.name] is None:
                        drift[said.name] = _counted(said, day, since, reports)
                for said in _said(report, Status.WARNING):
                    since = _injected_at(said, day.injected)
                    if since is None or said.window_end <= since:
                        warned[said.name] += 1
        return cls(
            drift=drift,
            drop=tuple(drop.values()),
            false=tuple(false),
            warned=dict(warned),
            windows=windows,
            rows_sent=dict.fromkeys((SERVED, OUTCOMES), len(day.times)),
            rows_stored={name: store.overview(name).rows for name in (SERVED, OUTCOMES)},
        )


def reports_of(store: Store, monitor: str, /, *, limit: int = _MOST_REPORTS) -> list[DriftReport]:
    """The latest stored reports of a monitor, the oldest of them first."""
    stored = store.reports(monitor, limit=limit)
    return [report_of(each) for each in reversed(stored)]


def named_in(report: DriftReport, status: Status, /) -> list[str]:
    """Names of what a report gives a status."""
    return [said.name for said in _said(report, status)]


def _end_of(report: DriftReport) -> float:
    if report.window is None or report.window.period.end is None:
        raise DataError(f"a stored report of {report.monitor} names no window")
    return report.window.period.end.timestamp()


def _said(report: DriftReport, status: Status) -> list[Sighting]:
    """All that a report gives a status by name; the data set, if it is nothing with a name."""
    named = [
        (feature.name, feature.is_error, feature.explanation)
        for feature in report.features
        if feature.status is status
    ]
    named += [
        (change.column, False, str(change))
        for change in report.schema_changes
        if change.status is status
    ]
    named += [
        (in_words(metric.name), True, metric.moved)
        for metric in (report.performance or {}).values()
        if metric.status is status
    ]
    if not named and report.global_status is status:
        named = [("the data set", False, status.value)]
    made = report.created_at.timestamp()
    return [
        Sighting(report.monitor, name, is_drop, text, _end_of(report), made)
        for name, is_drop, text in named
    ]


def _injected_at(said: Sighting, injected: Injected) -> float | None:
    """From when on it is right to say so; None if it never is."""
    if said.is_drop:
        return injected.drop_at
    return injected.drift_at if said.name in injected.moved else None


def _counted(said: Sighting, day: Day, since: float, reports: list[DriftReport]) -> Sighting:
    """With how many windows and rows of after the injection it took, and what was seen early."""
    rows = day.between(since, said.window_end)
    before = [each for each in reports if since < _end_of(each) <= said.window_end]
    early = [
        report.created_at.timestamp()
        for report in before[:-1]
        if report.window is not None and said.name in {sign.column for sign in report.window.early}
    ]
    return replace(
        said,
        windows=len(before),
        rows=rows.stop - rows.start,
        early_at=early[0] if early else None,
    )
