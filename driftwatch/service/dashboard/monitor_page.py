"""The page of a monitor: verdict, status over time, performance, features x time, rows not used."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from markupsafe import Markup
from starlette.responses import Response

from driftwatch.core.data.times import to_utc
from driftwatch.core.reports.performance import in_words
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.reports.results import Levels, Status
from driftwatch.render import outline
from driftwatch.render.advice import advice
from driftwatch.render.drawing.marks import strip
from driftwatch.render.drawing.over_time import Mark, Point, metric_over_time
from driftwatch.render.numbers import moment
from driftwatch.render.plain import plain
from driftwatch.render.sentences import verdict_sentence
from driftwatch.service.dashboard.facts.changes import Change, changes_in
from driftwatch.service.dashboard.facts.features import feature_rows
from driftwatch.service.dashboard.facts.fleet import fleet_line
from driftwatch.service.dashboard.facts.reports import report_on
from driftwatch.service.dashboard.facts.window_lines import (
    EvaluatedWindow,
    WindowLines,
    window_lines,
)
from driftwatch.service.dashboard.frame import Frame
from driftwatch.service.dashboard.pages import markup_of
from driftwatch.service.dashboard.shelf import Shown
from driftwatch.transport.paths import in_path

__all__ = ["empty_page", "marks_of", "monitor_page", "status_strip"]

_CELLS = 240
_TABLE_ROWS = 240


def monitor_page(frame: Frame, shown: Shown, /) -> Response:
    """The page."""
    asked = frame.asked
    lines = window_lines(shown, since=asked.stretch[0], until=asked.stretch[1])
    trail = [("/", "Fleet"), ("", shown.name)]
    json = asked.link(f"/v1/monitors/{in_path(shown.name)}/windows")
    window = lines.at(asked.at)
    if window is None:
        return empty_page(frame, shown, lines, trail, json)
    line = fleet_line(shown, asked, now=frame.now)
    numbered = _with_numbers(shown, window)
    past = lines if window is lines.newest else lines.until(window)
    report = report_on(shown, window)
    changes = changes_in(shown, lines, now=frame.now)
    rows = feature_rows(past, numbered, asked)
    return frame.show(
        "monitor.html",
        trail=trail,
        json=json,
        shown=shown,
        line=line,
        window=window,
        is_newest=window is lines.newest and asked.is_now,
        summary=window.summary,
        verdict="" if report is None else verdict_sentence(report),
        todo=[] if report is None else advice(report),
        report=report,
        lines=past,
        whole=lines,
        strip_of_all=status_strip(frame, lines, changes),
        metrics=_metrics(frame, lines, changes),
        rows=rows,
        strips=[markup_of(strip(past.line(row.place), label=plain(row.name))) for row in rows.rows],
        parts=_parts(report),
        not_used=[] if report is None else _not_used(report),
        sources=shown.store.sources(shown.name)[:50],
    )


def empty_page(
    frame: Frame, shown: Shown, lines: WindowLines, trail: Sequence[tuple[str, str]], json: str, /
) -> Response:
    """That there is no window to show, and where there are some."""
    return frame.show(
        "monitor_empty.html",
        trail=trail,
        json=json,
        shown=shown,
        line=fleet_line(shown, frame.asked, now=frame.now),
        first=lines.windows[0].at if lines.windows else None,
        data_until=_newest_at_all(shown),
    )


def _newest_at_all(shown: Shown) -> float | None:
    stored = shown.windows.windows(shown.name, limit=1)
    return stored[0].at if stored else None


def _with_numbers(shown: Shown, window: EvaluatedWindow) -> EvaluatedWindow:
    """The same window with the numbers of its columns, which lists are read without."""
    stored = shown.windows.windows(
        shown.name, since=window.at, until=window.at, limit=10, numbers=True
    )
    same = [each for each in stored if each.pane == window.pane]
    return EvaluatedWindow.of(same[0]) if same else window


def status_strip(frame: Frame, lines: WindowLines, changes: Sequence[Change], /) -> Markup:
    """The status of every window, 40 pixels high, with a link a cell and marks of what happened."""
    statuses = lines.strip()
    length = max(len(statuses), 1)
    drawn = strip(statuses, label="Status over time")
    inner = drawn.replace("class=strip ", 'width="100%" height=40 class=strip ', 1)
    marks = "".join(_mark(change, lines) for change in changes)
    cells, many = [], min(_CELLS, length)
    worst: dict[int, EvaluatedWindow] = {}
    for place, window in zip(lines.places, lines.windows, strict=True):
        cell = place * many // length
        known = worst.get(cell)
        if known is None or window.summary.status >= known.summary.status:
            worst[cell] = window
    wide = 100 / many
    chosen = lines.at(frame.asked.at)
    for cell, window in worst.items():
        summary = window.summary
        said = (
            f"{moment(to_utc(window.at), year=False)} · {outline.status_text(summary.status)} · "
            f"{summary.rows:,} rows · {summary.drifted:,} drifted"
        )
        here = " aria-current=true" if window is chosen and frame.asked.at is not None else ""
        address = escape(frame.asked.here(at=_iso(window.at)), quote=True)
        cells.append(
            f'<a href="{address}"{here}><title>{escape(said)}</title><rect class=hit '
            f'x="{cell * wide:.3f}%" width="{wide:.3f}%" height=40 /></a>'
        )
    return markup_of(f"<svg class=strips>{inner}{marks}{''.join(cells)}</svg>")


def _mark(change: Change, lines: WindowLines) -> str:
    first, last = lines.windows[0].at, lines.windows[-1].at
    place = 100 * (change.at - first) / ((last - first) or 1.0)
    kind = "incl" if change.what == "incident" else "mark"
    return f'<line class={kind} x1="{place:.2f}%" x2="{place:.2f}%" y1=-2 y2=42 />'


def _iso(at: float) -> str:
    return f"{to_utc(float(math.ceil(at))):%Y-%m-%dT%H:%M:%SZ}"  # not before the window has ended


def marks_of(changes: Sequence[Change], /) -> list[Mark]:
    """What happened, as charts mark it."""
    return [Mark(change.at, plain(change.label, 24), change.until) for change in changes]


def _metrics(
    frame: Frame, lines: WindowLines, changes: Sequence[Change]
) -> list[dict[str, object]]:
    """A chart a metric that decides, with its numbers."""
    names = list(dict.fromkeys(name for w in lines.windows for name in w.summary.metrics))
    if frame.asked.metric in names:
        names = [frame.asked.metric]
    charts: list[dict[str, object]] = []
    for name in names:
        known = [(window, window.summary.metrics.get(name)) for window in lines.windows]
        cells = [cell for _, cell in known if cell is not None]
        levels: Levels | None = cells[-1].threshold
        drawn = metric_over_time(
            [
                Point(w.at, None) if cell is None else Point(w.at, cell.statistic, cell.interval)
                for w, cell in known
            ],
            label=in_words(name),
            reference=cells[-1].reference,
            tolerated=None if levels is None else levels.warning,
            marks=marks_of(changes),
        )
        charts.append(
            {
                "name": in_words(name),
                "key": name,
                "drawing": drawn,
                "status": cells[-1].status,
                "rows": [(w.at, cell) for w, cell in known if cell is not None][-_TABLE_ROWS:],
            }
        )
    return sorted(charts, key=lambda chart: -_severity(chart["status"]))


def _severity(status: object) -> int:
    return status.severity if isinstance(status, Status) else -1


def _parts(report: DriftReport | None) -> list[str]:
    """Rows by version of the model, where they are compared with several references."""
    if report is None or report.window is None:
        return []
    return [str(part) for part in report.window.parts]


def _not_used(report: DriftReport) -> list[tuple[str, int]]:
    used = sorted(report.not_used.items(), key=lambda item: -item[1])
    return [(outline.in_plain_words(reason), rows) for reason, rows in used]
