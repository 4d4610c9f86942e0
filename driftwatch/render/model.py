"""What every form of a report says of the model: its metrics, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from driftwatch.core.reports.performance import in_words
from driftwatch.core.reports.report import DriftReport, Metric, Performance, Status
from driftwatch.render.numbers import NONE, count, number, p_value, percent
from driftwatch.render.plain import SENTENCE_LENGTH, plain

__all__ = ["HEADINGS", "MetricRow", "confusion_tables", "metric_name", "metric_rows", "remarks"]

HEADINGS = ("status", "metric", "reference", "production", "95 % interval", "tolerated", "p")


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric in a table, ready to be shown and still to be escaped."""

    status: Status | None
    name: str
    reference: str
    production: str
    interval: str
    tolerated: str
    p_value: str
    note: str

    @property
    def sentence(self) -> str:
        """Both values, the interval and the note."""
        return f"{self.reference} → {self.production} {self.interval} {self.note}".strip()

    @property
    def texts(self) -> tuple[str, ...]:
        """The cells after the status."""
        return (
            self.name,
            self.reference,
            self.production,
            self.interval,
            self.tolerated,
            self.p_value,
        )


def metric_name(name: str, /) -> str:
    """A metric in words."""
    return plain(in_words(name))


def metric_rows(performance: Performance, /) -> list[MetricRow]:
    """Every metric, those that decide first and the worst of them first; none without labels."""
    if not performance.labelled[1]:
        return []
    ranked = sorted(
        performance.values(),
        key=lambda metric: -1 if metric.status is None else -2 - metric.status.severity,
    )
    return [_row(metric) for metric in ranked]


def _row(metric: Metric) -> MetricRow:
    note = plain(metric.note, SENTENCE_LENGTH)
    if metric.rows_needed is not None:
        decide = f"{count(metric.rows_needed, 'labelled row')} would decide"
        note = f"{note}; {decide}" if note else decide
    limit = metric.threshold
    return MetricRow(
        status=metric.status,
        name=metric_name(metric.name),
        reference=number(metric.reference, 4),
        production=number(metric.production, 4),
        interval=_interval(metric),
        tolerated=NONE
        if limit is None or not metric.gates
        else f"{number(limit.warning)} / {number(limit.critical)}",
        p_value=p_value(metric.p_value),
        note=note,
    )


def _interval(metric: Metric) -> str:
    if metric.interval is None:
        return NONE
    low, high = metric.interval
    return f"[{number(low, 4)}, {number(high, 4)}]"


def remarks(report: DriftReport, /) -> Iterator[str]:
    """What a reader must know of the metrics: labels, classes, and what they vary by."""
    performance = report.performance
    if performance is None:
        return
    share = performance.labelled_share
    labelled = count(performance.labelled[1], "labelled row")
    yield f"{labelled} ({percent(share)} of production)" if share is not None else labelled
    if performance.overdispersion > 1:
        factor = number(performance.overdispersion)
        yield f"errors of the reference's stretches vary {factor} times as much as random rows"
    yield from (f"{plain(note, SENTENCE_LENGTH)} [DW093]" for note in performance.notes)


def confusion_tables(performance: Performance, /) -> list[tuple[str, list[list[str]]]]:
    """The confusion of both sides as tables: labels down, predictions across, shares of labels."""
    tables = []
    names = [plain(name) or "(empty)" for name in performance.classes]
    for title, side in zip(("reference", "production"), performance.confusion, strict=False):
        others = any(row[-1] for row in side) or any(side[-1])
        size = len(names) + others
        labels = [*names, "(other)"][:size]
        rows = [["label", *labels, "rows"]]
        for label, row in zip(labels, side, strict=False):
            total = sum(row)
            shares = [percent(value / total) if total else NONE for value in row[:size]]
            rows.append([label, *shares, number(total, 7)])
        tables.append((title, rows))
    return tables
