"""What `driftwatch.core.reports.presentation` asks for: results where they are looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from driftwatch.core.profiles.profile import Profile
from driftwatch.core.reports.over_time import OverTime
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.subject import Subject
from driftwatch.logs.lines import markup_lines
from driftwatch.process.atomic_files import write_atomically
from driftwatch.render import over_time
from driftwatch.render.html import to_html
from driftwatch.render.notebook import notebook_html, one_feature_html
from driftwatch.render.numbers import NONE, number
from driftwatch.render.plain import plain
from driftwatch.render.plots.features import plot_feature, plot_report
from driftwatch.render.plots.over_time import plot_history, plot_statistic

__all__ = [
    "feature_notebook",
    "monitor_notebook",
    "over_time_notebook",
    "over_time_text",
    "plot_feature",
    "plot_over_time",
    "plot_report",
    "profile_notebook",
    "report_notebook",
    "save_over_time",
    "save_report",
]

report_notebook = notebook_html
feature_notebook = one_feature_html
over_time_notebook = over_time.over_time_notebook
over_time_text = over_time.over_time_text

_MOST = 50
_NOTE = 400


def profile_notebook(profile: Profile, /) -> str:
    """A profile in a cell of a notebook: a line a column."""
    table = profile.describe(library="pyarrow")
    columns = [name for name in table.column_names if any(table[name].to_pylist())]
    rows = [
        tuple(number(v, 4) if isinstance(v, float) else "" if v is None else str(v) for v in row)
        for row in zip(*(table[name].to_pylist()[:_MOST] for name in columns), strict=True)
    ]
    more = len(profile.columns) - len(rows)
    return _cell(
        f"<p><b>Profile</b> of {profile.rows:,} rows, {len(profile.columns):,} columns</p>"
        + _table(columns, rows)
        + (f"<p>and {more:,} more columns</p>" if more > 0 else "")
    )


def monitor_notebook(subject: Subject, policy: Mapping[str, Any], window: str, /) -> str:
    """A monitor in a cell of a notebook: what it compares with, and by which rules."""
    profile = subject.reference.profile
    tested = [column.name for column in profile.schema if column.role.is_tested]
    rules = policy["gating"] or ["the defaults"]
    facts = [
        ("reference", f"{profile.rows:,} rows, {len(profile.columns):,} columns, {profile.period}"
         if profile.period.start else f"{profile.rows:,} rows, {len(profile.columns):,} columns"),
        ("tested", f"{len(tested):,}: {', '.join(tested)}"),
        ("thresholds", ", ".join(rules)),
        ("window of a stream", window),
        ("model version", subject.model_version or NONE),
    ]  # fmt: skip
    return _cell(f"<p><b>Monitor</b> {_text(subject.monitor)}</p>" + _table(("", ""), facts))


def save_report(report: DriftReport, path: str | Path, /) -> None:
    """Write a report as one page; raises DataError if that cannot be done."""
    write_atomically(Path(path), to_html(report).encode("utf-8", "replace"))


def save_over_time(result: OverTime, path: str | Path, /) -> None:
    """Write features x time as one page; raises DataError if that cannot be done."""
    write_atomically(Path(path), over_time.over_time_html(result).encode("utf-8", "replace"))


def plot_over_time(result: OverTime, feature: str | None, ax: Any, /) -> Any:
    """Draw features x time, or the statistic of one feature."""
    if feature is None:
        return plot_history(result.history, ax)
    return plot_statistic(result, feature, ax)


def _cell(body: str) -> str:
    return markup_lines(f"<div class=dw-cell>{body}</div>")


def _text(text: str) -> str:
    return escape(plain(text, _NOTE))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    headings = "".join(f"<th>{_text(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{headings}</tr></thead><tbody>{body}</tbody></table>"
