"""Drift over time for people: lines of text, a cell of a notebook, one self-contained page."""

from __future__ import annotations

from html import escape

from driftwatch.core.reports.over_time import OverTime
from driftwatch.logs.lines import markup_lines, shown_lines
from driftwatch.render.drawing.feature_strips import NOTEBOOK_CSS, feature_table, strip_lines
from driftwatch.render.drawing.marks import badge, letter
from driftwatch.render.drawing.stylesheet import STYLESHEET
from driftwatch.render.numbers import count
from driftwatch.render.page.markup import STRIP_KEY, document
from driftwatch.render.plain import plain

__all__ = ["KEY", "over_time_html", "over_time_notebook", "over_time_text"]

KEY = "· OK   ▒ WARNING   █ CRITICAL   ? undecided"
"""What the signs of a line of text mean."""
_LENGTH = 400


def over_time_text(result: OverTime, /, *, width: int = 100) -> str:
    """Return features x time as lines of text, a sign a stretch; it ends with one newline."""
    lines = [_headline(result)]
    if result.stretches:
        lines += ["", *(f"  {line}" for line in strip_lines(result.history, width=width))]
        lines += ["", f"  {KEY}"]
    lines += [f"  {told}" for told in _not_used(result)]
    return shown_lines("\n".join(lines)) + "\n"


def over_time_notebook(result: OverTime, /) -> str:
    """Return features x time as the HTML of a notebook's cell, with a style of its own."""
    notes = "".join(f"<p>{escape(told)}</p>" for told in _not_used(result))
    table = feature_table(result.history, notebook=True)
    return markup_lines(
        f"<div class=dw-time tabindex=0><style>\n{NOTEBOOK_CSS}</style>"
        f"<p><b>{result.status.value.replace('_', ' ')}</b> "
        f"{escape(plain(_headline(result), _LENGTH))}</p>{table}{notes}"
        "</div>"
    )


def over_time_html(result: OverTime, /) -> str:
    """Return features x time as one HTML file without scripts or anything from outside."""
    notes = "".join(f"<p class=soft>{escape(told)}</p>" for told in _not_used(result))
    name, headline = escape(plain(result.monitor)), escape(plain(_headline(result), _LENGTH))
    body = (
        f'<section class="card say {letter(result.status)}"><p class=name>{badge(result.status)} '
        f"<b><bdi>{name}</bdi></b> drift over time</p>\n<h1>{headline}</h1>\n{notes}</section>\n"
        f"<section class=card><h2>Features</h2>{feature_table(result.history)}{STRIP_KEY}"
        "</section>\n"
    )
    title = f"Over time · {plain(result.monitor)}"
    return markup_lines(document(title, STYLESHEET, body))


def _headline(result: OverTime) -> str:
    drifted = sum(report.global_status.is_drift for report in result.reports)
    rows = sum(report.rows_current for report in result.reports)
    return (
        f"Drift in {drifted:,} of {count(len(result), 'stretch').replace('stretchs', 'stretches')} "
        f"({plain(result.by)}, {count(rows, 'row')}){_since(result)}"
    )


def _since(result: OverTime) -> str:
    """With which stretch the drift began that the last one still has; empty where it has none."""
    history = result.history
    if (since := history.since) is None:
        return ""
    return f"; since {plain(since.label)}{' without a break' if history.run.windows > 1 else ''}"


def _not_used(result: OverTime) -> list[str]:
    words = {"untimed": "without a time"}
    return [f"{rows:,} rows {words.get(why, plain(why))}" for why, rows in result.not_used.items()]
