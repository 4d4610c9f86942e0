"""Drift over time: the reports on one stretch of the data after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from driftwatch.core.data.frames import Library, as_frame
from driftwatch.core.reports.history import FeatureHistory
from driftwatch.core.reports.presentation import presentation
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.reports.results import Status, to_iso
from driftwatch.errors import UnknownColumnError
from driftwatch.logs.lines import shown_repr

__all__ = ["OverTime", "Stretch"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some rows that were checked together.

    Attributes:
        label: What it is called: its first day or hour, the numbers of its rows, or the value
            that they have in common.
        report: What the check of these rows found.
        start: When it begins, aware UTC; None where rows were not cut by time.
        end: When it ends; that moment is in the next one.
    """

    label: str
    report: DriftReport
    start: datetime | None = None
    end: datetime | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "start": to_iso(self.start),
            "end": to_iso(self.end),
            "report": self.report.to_dict(),
        }


@dataclass(frozen=True, slots=True, repr=False)
class OverTime:
    """What `Monitor.over_time` found: a report for every stretch of the data, in order.

    In a notebook it shows itself as a table of features with a strip of statuses each, and printed
    as lines of text. It is a value: nothing of it changes.

    Attributes:
        monitor: Name of the monitor.
        by: How the rows were cut, in words.
        stretches: The stretches with their reports. A stretch of time without a row has none.
        not_used: Rows that belong to no stretch, by reason: ``untimed`` ones.
        is_ordered: Whether one stretch comes after the other, as those of a column's values do not.

    Example:
        >>> from driftwatch import Monitor
        >>> monitor = Monitor({"age": [*range(100)] * 10})
        >>> days = ["2026-01-01"] * 1000 + ["2026-01-02"] * 500
        >>> ages = [*range(100)] * 10 + [*range(50)] * 10
        >>> result = monitor.over_time({"day": days, "age": ages}, time="day", by="1d")
        >>> [(stretch.label, str(stretch.report.global_status)) for stretch in result]
        [('2026-01-01', 'OK'), ('2026-01-02', 'CRITICAL')]
    """

    monitor: str
    by: str
    stretches: tuple[Stretch, ...]
    not_used: Mapping[str, int] = field(default_factory=dict)
    is_ordered: bool = True

    @property
    def reports(self) -> tuple[DriftReport, ...]:
        """The reports, in order: each is what `Monitor.check` says of these rows alone."""
        return tuple(stretch.report for stretch in self.stretches)

    @property
    def status(self) -> Status:
        """The worst status of all stretches."""
        return max(
            (report.global_status for report in self.reports), default=Status.INSUFFICIENT_DATA
        )

    @property
    def history(self) -> FeatureHistory:
        """Features x time, for drawing; made anew each time."""
        history = FeatureHistory(is_ordered=self.is_ordered)
        for stretch in self.stretches:
            history.add(stretch.label, stretch.report, stretch.start, stretch.end)
        return history

    def __len__(self) -> int:
        return len(self.stretches)

    def __iter__(self) -> Iterator[Stretch]:
        return iter(self.stretches)

    def __getitem__(self, label: str | int) -> DriftReport:
        """Return the report of a stretch by its label, or by its place.

        Raises:
            IndexError: If there is no such place.
            UnknownColumnError: If there is no stretch of that label (a KeyError).
        """
        if isinstance(label, int):
            return self.stretches[label].report
        for stretch in self.stretches:
            if stretch.label == label:
                return stretch.report
        raise UnknownColumnError(label, [s.label for s in self.stretches], "the stretches")

    def to_frame(self, *, library: Library | None = None) -> Any:
        """Return one row a stretch and feature, or metric of the model, as a data frame.

        Args:
            library: ``"pandas"``, ``"polars"`` or ``"pyarrow"`` (a table); the first of them that
                is installed if None. What is not installed, or not asked for, is not imported.

        Returns:
            Columns as `driftwatch.core.reports.history.HISTORY_COLUMNS` lists them, with the test
            that decided and its statistic; ``start`` and ``end`` are UTC.

        Raises:
            ConfigError: If there is no such library.
            MissingDependencyError: If it is not installed.

        Example:
            >>> from driftwatch import Monitor
            >>> monitor = Monitor({"age": [*range(100)] * 10})
            >>> ages = [*range(100)] * 10 + [*range(50)] * 10
            >>> table = monitor.over_time({"age": ages}, by=1000).to_frame(library="pyarrow")
            >>> table.select(["window", "feature", "status"]).to_pylist()[1]
            {'window': 'rows 1,000 to 1,499', 'feature': 'age', 'status': 'CRITICAL'}
        """
        return as_frame(self.history.table(), library)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, for JSON: of each report its own documented form."""
        history = self.history
        since = history.since
        return {
            "schema_version": 1,
            "monitor": self.monitor,
            "by": self.by,
            "status": self.status.value,
            "since": None
            if since is None
            else {
                "label": since.label,
                "start": to_iso(since.start),
                "stretches": history.run.windows,
            },
            "not_used": dict(self.not_used),
            "stretches": [stretch.to_dict() for stretch in self.stretches],
        }

    def plot(self, feature: str | None = None, *, ax: Any = None) -> Any:
        """Draw features x time with matplotlib, or a statistic or metric over time.

        Args:
            feature: Name of a feature, for the statistic that decides, or of a metric of the model
                such as ``"roc_auc"``; with its interval and both thresholds. Without it a coloured
                cell a feature and stretch: the 30 worst features, and the metrics.
            ax: Axes to draw into; those of a new figure of pyplot if None.

        Returns:
            The axes. Cost: some tens of milliseconds.

        Raises:
            MissingDependencyError: If matplotlib is not installed.
            UnknownColumnError: If there is no such metric, and the feature was never tested.

        Example:
            >>> from driftwatch import Monitor
            >>> monitor = Monitor({"age": [*range(100)] * 10})
            >>> result = monitor.over_time({"age": [*range(100)] * 10 + [*range(50)] * 10}, by=500)
            >>> result.plot("age").get_ylabel()
            'ks'
        """
        return presentation().plot_over_time(self, feature, ax)

    def save_html(self, path: str | Path, /) -> None:
        """Write features x time as one HTML file, which needs nothing else and holds no script.

        Raises:
            DataError: If it cannot be written.
        """
        presentation().save_over_time(self, path)

    def __str__(self) -> str:
        return presentation().over_time_text(self).rstrip("\n")

    def __repr__(self) -> str:
        drifted = sum(report.global_status.is_drift for report in self.reports)
        labels = f", {self.stretches[0].label} … {self.stretches[-1].label}" if self else ""
        text = f"{self.monitor}: {drifted} of {len(self)} stretches drifted ({self.by}{labels})"
        return shown_repr(f"<OverTime {text}")

    def _repr_html_(self) -> str:
        return presentation().over_time_notebook(self)
