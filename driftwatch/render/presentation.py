"""What `driftwatch.core.reports.presentation` asks for: results where they are looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from driftwatch.core.profiles.profile import Profile
from driftwatch.core.reports.over_time import OverTime
from driftwatch.core.reports.report import DriftReport, FeatureDrift
from driftwatch.core.subject import Subject
from driftwatch.logs.lines import markup_lines
from driftwatch.process.atomic_files import write_atomically
from driftwatch.render import outline, over_time
from driftwatch.render.drawing.charts import CHART_CSS, chart
from driftwatch.render.html import to_html
from driftwatch.render.numbers import NONE, number, p_value, percent
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

over_time_notebook = over_time.over_time_notebook
over_time_text = over_time.over_time_text

_MOST = 50
_NOTE = 400


def report_notebook(report: DriftReport, /) -> str:
    """A report in a cell of a notebook: the verdict, and a line a feature."""
    features = report.features[:_MOST]
    rows = [(f.status.value, f.name, f.kind, f.primary_test or "", f.explanation) for f in features]
    more = len(report.features) - len(features)
    notes = [f"and {more} more features"] if more > 0 else []
    notes += [str(change) for change in report.schema_changes]
    if report.multivariate is not None and report.multivariate.status.is_drift:
        notes.append(report.multivariate.explanation)
    if report.skipped:
        notes.append(f"not tested: {', '.join(report.skipped)}")
    return _cell(
        f"<p><b>{report.global_status}</b> {_text(report.headline())}</p>"
        + _table(("status", "feature", "kind", "decided by", "what moved"), rows)
        + "".join(f"<p>{_text(note)}</p>" for note in notes)
    )


def feature_notebook(feature: FeatureDrift, /) -> str:
    """A feature in a cell of a notebook: what moved, both sides drawn, and its tests."""
    drawing = ""
    if feature.distribution is not None:
        drawn = chart(feature.distribution, dates=feature.kind == "datetime")
        drawing = f'<div style="max-width:30rem">{drawn}</div>'
    rows = [
        (
            result.method,
            number(result.statistic),
            NONE
            if result.threshold is None
            else f"{number(result.threshold.warning)} / {number(result.threshold.critical)}",
            p_value(outline.no_drift(result)),
            NONE if result.status is None else outline.status_text(result.status),
        )
        for result in feature.tests.values()
    ]
    missing = (
        f"{feature.kind} {feature.role}; missing: reference "
        f"{percent(feature.missing_reference)}, production {percent(feature.missing_current)}"
    )
    return _cell(
        f"<p><b>{feature.status}</b> {_text(feature.name)}: "
        f"{_text(outline.sentence_of(feature))}</p><p>{_text(missing)}</p>"
        f"<style>\n{_NOTEBOOK_COLOURS}{CHART_CSS}</style>{drawing}"
        + _table(("test", "statistic", "threshold", "p, no drift", "status"), rows)
    )


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


_NOTEBOOK_COLOURS = """\
.dw-cell{--reference:#6f92bd;--current:#d0651a;--soft:currentColor;--line:#88888888}
"""


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
