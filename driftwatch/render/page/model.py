"""The performance part of a report's page: metrics, curves, confusion."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from driftwatch.core.reports.report import DriftReport
from driftwatch.render.drawing.curves import curve_chart
from driftwatch.render.drawing.marks import badge, letter
from driftwatch.render.model import MetricRow, confusion_tables, metric_rows, remarks
from driftwatch.render.page.markup import SIDES, cells, scrolling

__all__ = ["performance_card"]

_HEADINGS = ("reference", "production", "95 % interval", "tolerated", "p")


def performance_card(report: DriftReport, /) -> str:
    """Metrics of both sides with their verdicts, then curves and confusion; empty without any."""
    performance = report.performance
    if performance is None:
        return ""
    said = "".join(f"<p class=soft>{escape(remark)}</p>" for remark in remarks(report))
    rows = metric_rows(performance)
    table = scrolling("Metrics of the model", _metrics(rows)) if rows else ""
    curves = "".join(map(curve_chart, performance.curves.values()))
    drawn = f"<div class=curves>{curves}</div>\n{SIDES}" if curves else ""
    confusion = "".join(
        f"<p class=soft>{escape(title)}</p>{scrolling(f'Confusion, {title}', _confusion(texts))}"
        for title, texts in confusion_tables(performance)
    )
    if confusion:
        confusion = f"<details><summary>Confusion of classes</summary>{confusion}</details>"
    return (
        f'<section class="card {letter(performance.status)}" id=performance>'
        f"<h2>Performance {badge(performance.status)}</h2>{said}{table}{drawn}{confusion}"
        "</section>\n"
    )


def _metrics(rows: Sequence[MetricRow]) -> str:
    head = "".join(f"<th scope=col class=n>{heading}</th>" for heading in _HEADINGS)
    body = "".join(_metric(row) for row in rows)
    return (
        '<table class="stack perf"><thead><tr><th scope=col>metric</th><th scope=col>status</th>'
        f"{head}<th scope=col>note</th></tr></thead><tbody>{body}</tbody></table>"
    )


def _metric(row: MetricRow) -> str:
    name, *values = row.texts
    status = badge(row.status) if row.status is not None else "<span class=soft>no verdict</span>"
    told = "" if row.status is not None else " class=told"
    return (
        f"<tr{told}><th scope=row>{escape(name)}</th><td>{status}</td>{cells(values)}"
        f'<td class="note full">{escape(row.note)}</td></tr>'
    )


def _confusion(texts: Sequence[Sequence[str]]) -> str:
    """Labels down, predictions across."""
    head, *rows = texts
    heads = "".join(f"<th scope=col class=n><bdi>{escape(text)}</bdi></th>" for text in head[1:])
    body = "".join(
        f"<tr><th scope=row><bdi>{escape(name)}</bdi></th>{cells(values)}</tr>"
        for name, *values in rows
    )
    return (
        f"<table><thead><tr><th scope=col>{escape(head[0])}</th>{heads}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )
