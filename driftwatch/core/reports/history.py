"""Features x time: what became of every feature and metric in every window of a history."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from driftwatch.core.data.frames import table_of_rows
from driftwatch.core.reports.performance import Metric, in_words
from driftwatch.core.reports.results import FeatureDrift, Levels, Status
from driftwatch.core.reports.runs import DriftRun, status_for_runs

if TYPE_CHECKING:
    import pyarrow as pa

    from driftwatch.core.reports.report import DriftReport

__all__ = ["HISTORY_COLUMNS", "Cell", "FeatureHistory", "FeatureLine", "Slot"]

HISTORY_COLUMNS: Mapping[str, str] = {
    "window": "text",
    "start": "time",
    "end": "time",
    "rows": "count",
    "window_status": "text",
    "feature": "text",
    "kind": "text",
    "role": "text",
    "status": "text",
    "test": "text",
    "statistic": "number",
    "interval_low": "number",
    "interval_high": "number",
    "threshold_warning": "number",
    "threshold_critical": "number",
    "p_value": "number",
    "reference": "number",
}
"""Columns of the table of a history, one row a window and feature, and what they hold.

A metric of the model that decides has a row as well: its kind is ``metric``, its role
``performance`` and its test ``realised``, since it is made of labels; the statistic is its value,
the thresholds are the values from which on it is WARNING and CRITICAL, ``reference`` is its value
in the reference, which features have not.
"""

_METRIC = "metric"
_NUMBERS = 7
_NONE = math.nan


@dataclass(frozen=True, slots=True)
class Slot:
    """One window of a history.

    Attributes:
        label: What it is called: its start, its rows, or the value that its rows have.
        rows: Rows in it.
        status: Of the data set.
        start: When it begins; None where it is no stretch of time.
        end: When it ends; the moment itself is not in it.
    """

    label: str
    rows: int
    status: Status
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One feature, or metric of the model, in one window: its status, and what decided.

    Attributes:
        status: Of the feature.
        test: Name of the test; None where none decided. Of a metric ``realised``.
        statistic: As estimated; the value of a metric.
        interval: Of the population, 95 %, where it is known; otherwise from sketch error.
        threshold: Effect sizes for WARNING and CRITICAL; values of a metric.
        p_value: Of "no drift at all"; of a metric "it is no worse than the warning threshold".
        reference: The metric's value in the reference; None of a feature.
    """

    status: Status
    test: str | None = None
    statistic: float | None = None
    interval: tuple[float, float] | None = None
    threshold: Levels | None = None
    p_value: float | None = None
    reference: float | None = None

    @property
    def effect(self) -> float | None:
        """The statistic, or by how much a metric got worse."""
        if self.statistic is None or self.reference is None or self.threshold is None:
            return self.statistic
        gain = self.statistic - self.reference
        return gain if self.threshold.warning > self.reference else -gain

    @property
    def effects(self) -> Levels | None:
        """Effects from which on it is WARNING and CRITICAL."""
        if self.reference is None or self.threshold is None:
            return self.threshold
        before = self.reference
        return self.threshold.map(lambda value: abs(value - before))

    @classmethod
    def of_metric(cls, metric: Metric, /) -> Cell:
        """What a report says of a metric that decides."""
        return cls(
            metric.status or Status.INSUFFICIENT_DATA,
            "realised",
            metric.production,
            metric.interval,
            metric.bounds,
            metric.p_value,
            metric.reference,
        )

    @classmethod
    def of(cls, feature: FeatureDrift, /) -> Cell:
        """What a report says of a feature."""
        result = feature.primary
        if result is None:
            return cls(feature.status)
        return cls(
            feature.status,
            result.method,
            result.statistic,
            result.confidence_interval or result.interval,
            result.threshold,
            result.p_value,
        )


@dataclass(slots=True)
class FeatureLine:
    """One feature, or metric of the model, in all windows, in some seventy bytes a window.

    Attributes:
        name: Its name.
        kind: What its values are.
        role: What it is for.
        statuses: Of every window; None where it was not tested.
        run: The run of drifted windows that lasts until the last one.
    """

    name: str
    kind: str
    role: str
    statuses: list[Status | None] = field(default_factory=list)
    run: DriftRun = field(default_factory=DriftRun)
    _tests: list[str | None] = field(default_factory=list)
    _numbers: array[float] = field(default_factory=lambda: array("d"))

    @property
    def title(self) -> str:
        """The name of a feature; of a metric, in words."""
        return in_words(self.name) if self.kind == _METRIC else self.name

    def put(self, place: int, cell: Cell, /, *, is_quiet: bool = False) -> None:
        """Add the cell of a window; windows that were left out have none.

        Args:
            place: Number of the window.
            cell: What became of the feature there.
            is_quiet: Whether no drift above a warning threshold is estimated.
        """
        self.run.update(place, status_for_runs(cell.status, is_quiet=is_quiet))
        absent = place - len(self.statuses)
        self.statuses += [None] * absent
        self._tests += [None] * absent
        self._numbers.extend([_NONE] * (absent * _NUMBERS))
        self.statuses.append(cell.status)
        self._tests.append(cell.test)
        low, high = cell.interval or (_NONE, _NONE)
        levels = cell.threshold or Levels(_NONE, _NONE)
        limits = (levels.warning, levels.critical)
        numbers = (cell.statistic, low, high, *limits, cell.p_value, cell.reference)
        self._numbers.extend(_NONE if number is None else number for number in numbers)

    def cell(self, place: int, /) -> Cell | None:
        """The cell of a window; None where the feature was not tested."""
        status = self.statuses[place] if place < len(self.statuses) else None
        if status is None:
            return None
        start = place * _NUMBERS
        statistic, low, high, warning, critical, p_value, reference = (
            None if math.isnan(number) else number
            for number in self._numbers[start : start + _NUMBERS]
        )
        return Cell(
            status,
            self._tests[place],
            statistic,
            None if low is None or high is None else (low, high),
            None if warning is None or critical is None else Levels(warning, critical),
            p_value,
            reference,
        )

    @property
    def worst(self) -> Status:
        """The worst status of all windows."""
        return max((s for s in self.statuses if s is not None), default=Status.INSUFFICIENT_DATA)

    @property
    def first_drift(self) -> int | None:
        """The first window in which it drifted."""
        places = (n for n, s in enumerate(self.statuses) if s is not None and s.is_drift)
        return next(places, None)

    def drifted_since(self, windows: int, /) -> int | None:
        """The window from which on it has drifted without a break to the last; None if not."""
        last = self.statuses[-1] if len(self.statuses) == windows and windows else None
        return self.run.began if last is not None and last.is_drift else None


@dataclass(slots=True)
class FeatureHistory:
    """What became of every feature and metric in every window; grows window by window.

    Attributes:
        slots: The windows, in order.
        lines: The features by name, in the order in which they were first tested.
        metrics: The metrics of the model that decide, by name.
        is_ordered: Whether one window comes after the other.
        run: The run of drifted windows that lasts until the last one.

    Example:
        >>> from driftwatch import Monitor
        >>> history = FeatureHistory()
        >>> for most in (100, 50):
        ...     report = Monitor({"age": [*range(100)] * 10}).check({"age": [*range(most)] * 10})
        ...     history.add(f"up to {most}", report)
        >>> [str(status) for status in history.lines["age"].statuses]
        ['OK', 'CRITICAL']
    """

    slots: list[Slot] = field(default_factory=list)
    lines: dict[str, FeatureLine] = field(default_factory=dict)
    metrics: dict[str, FeatureLine] = field(default_factory=dict)
    is_ordered: bool = True
    run: DriftRun = field(default_factory=DriftRun)

    def add(
        self,
        label: str,
        report: DriftReport,
        /,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> None:
        """Add the window that comes next."""
        place = len(self.slots)
        self.run.update(place, status_for_runs(report.global_status, is_quiet=report.is_quiet))
        self.slots.append(Slot(label, report.rows_current, report.global_status, start, end))
        for feature in report.features:
            new = FeatureLine(feature.name, feature.kind, feature.role)
            line = self.lines.setdefault(feature.name, new)
            line.put(place, Cell.of(feature), is_quiet=not feature.may_have_moved)

        for metric in () if report.performance is None else report.performance.values():
            if metric.status is not None:
                new = FeatureLine(metric.name, _METRIC, "performance")
                self.metrics.setdefault(metric.name, new).put(place, Cell.of_metric(metric))

    @property
    def since(self) -> Slot | None:
        """The first window of the unbroken run of drifted ones; None if the last does not drift."""
        if not self.is_ordered or not self.slots or not self.slots[-1].status.is_drift:
            return None
        return None if self.run.began is None else self.slots[self.run.began]

    def present(self, line: FeatureLine, /) -> Cell | None:
        """How a feature stands: in the last window, or where there is no order in the worst."""
        places = range(len(line.statuses))
        if self.is_ordered or not places:
            return line.cell(len(self.slots) - 1)
        known = [place for place in places if line.statuses[place] is not None]
        return line.cell(max(known, key=lambda p: line.statuses[p] or Status.INSUFFICIENT_DATA))

    def drifted_in(self, line: FeatureLine, /) -> str:
        """Since when a feature drifts, or in which windows where they have no order; or nothing."""
        if self.is_ordered:
            since = line.drifted_since(len(self.slots))
            return "" if since is None else self.slots[since].label
        pairs = zip(self.slots, line.statuses, strict=False)
        return ", ".join(slot.label for slot, s in pairs if s is not None and s.is_drift)

    def ranked(self) -> list[FeatureLine]:
        """The features, worst first; of those alike the one that drifted earlier, then by name."""

        def rank(line: FeatureLine) -> tuple[int, float, int, str]:
            first = line.first_drift
            drifted = sum(status is not None and status.is_drift for status in line.statuses)
            earliest = math.inf if first is None else first
            return (-line.worst.severity, earliest, -drifted, line.name)

        return sorted(self.lines.values(), key=rank)

    def table(self) -> pa.Table:
        """One row a window and feature or metric, in the order of `HISTORY_COLUMNS`."""
        return table_of_rows(self._rows(), HISTORY_COLUMNS)

    def _rows(self) -> Iterator[dict[str, Any]]:
        for place, slot in enumerate(self.slots):
            for line in (*self.lines.values(), *self.metrics.values()):
                cell = line.cell(place)
                if cell is None:
                    continue
                low, high = cell.interval or (None, None)
                yield {
                    "window": slot.label,
                    "start": slot.start,
                    "end": slot.end,
                    "rows": slot.rows,
                    "window_status": slot.status.value,
                    "feature": line.name,
                    "kind": line.kind,
                    "role": line.role,
                    "status": cell.status.value,
                    "test": cell.test,
                    "statistic": cell.statistic,
                    "interval_low": low,
                    "interval_high": high,
                    "threshold_warning": cell.threshold.warning if cell.threshold else None,
                    "threshold_critical": cell.threshold.critical if cell.threshold else None,
                    "p_value": cell.p_value,
                    "reference": cell.reference,
                }
