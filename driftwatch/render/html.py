"""One self-contained HTML page: no script, no network, worst feature first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape

from driftwatch.core.reports.report import DriftReport, DriftResult, FeatureDrift, Levels, Status
from driftwatch.logs.lines import markup_lines
from driftwatch.render import outline
from driftwatch.render.drawing.charts import chart
from driftwatch.render.drawing.curves import curve_chart
from driftwatch.render.drawing.stylesheet import STYLESHEET
from driftwatch.render.model import HEADINGS, confusion_tables, metric_rows, remarks
from driftwatch.render.numbers import NONE, count, number, p_value, percent
from driftwatch.render.plain import plain

__all__ = ["to_html"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

_TEST_HEADINGS = (
    "test",
    "statistic",
    "interval",
    "population 95 %",
    "p, no drift",
    "p, below warning",
    "p, below critical",
    "threshold",
    "level",
    "gates",
    "status",
)


def to_html(report: DriftReport) -> str:
    """Return the report as one HTML file.

    The file needs nothing else: styles and drawings are inside, there is no script, and a
    content security policy keeps it so. About 3.5 KB a feature with nine tests.
    """
    monitor = escape(plain(report.monitor))
    return markup_lines(
        "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
        f'<meta http-equiv=Content-Security-Policy content="{_POLICY}">\n'
        '<meta name=viewport content="width=device-width,initial-scale=1">\n'
        f"<title>{report.global_status.value} · {monitor} · DriftWatch</title>\n"
        f"<style>\n{STYLESHEET}</style>\n</head>\n<body>\n<main>\n"
        f"{_header(report, monitor)}{_changes(report)}{_performance(report)}{_overview(report)}"
        f"{_features(report)}{_skipped(report)}</main>\n</body>\n</html>\n"
    )


def _header(report: DriftReport, monitor: str) -> str:
    counts = " ".join(
        f"<b class={status.value[0]}>{count:,} {outline.status_text(status)}</b>"
        for status, count in outline.counts(report)
    )
    facts = "".join(
        f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>" for label, text in outline.facts(report)
    )
    return (
        f"<header class={report.global_status.value[0]}>\n<h1>Drift report: {monitor}</h1>\n"
        f"<p class=verdict>{_badge(report.global_status)} {escape(outline.verdict(report))}</p>\n"
        f"<p class=counts>{counts}</p>\n<dl>{facts}</dl>\n</header>\n"
    )


def _changes(report: DriftReport) -> str:
    rows = [(_badge(change.status), escape(str(change))) for change in outline.changes(report)]
    return _card("Schema changes", ("status", "change"), rows, kind=" two")


def _performance(report: DriftReport) -> str:
    performance = report.performance
    if performance is None:
        return ""
    rows = [
        [NONE if row.status is None else _badge(row.status), *map(escape, [*row.texts, row.note])]
        for row in metric_rows(performance)
    ]
    table = _table([*HEADINGS, "note"], rows) if rows else ""
    said = "".join(f"<p class=why>{escape(remark)}</p>" for remark in remarks(report))
    curves = "".join(map(curve_chart, performance.curves.values()))
    drawn = f"<div class=curves>{curves}</div>\n" if curves else ""
    confusion = "".join(
        f"<div class=wide><p class=why>{escape(title)}</p>"
        f"{_table(map(escape, head), (map(escape, row) for row in body))}</div>"
        for title, (head, *body) in confusion_tables(performance)
    )
    if confusion:
        confusion = f"<details><summary>Confusion of classes</summary>{confusion}</details>"
    return (
        f"<h2>Performance {_badge(performance.status)}</h2>\n"
        f'<div class="card">{said}<div class="wide metrics">{table}</div>'
        f"{drawn}{confusion}</div>\n"
    )


def _skipped(report: DriftReport) -> str:
    rows = [(escape(name), escape(reason)) for name, reason in outline.skipped(report)]
    return _card("Columns not tested", ("column", "reason"), rows, kind=" two")


def _overview(report: DriftReport) -> str:
    features = outline.worst_first(report)
    weighed = any(feature.importance is not None for feature in features)
    rows = []
    for index, feature in enumerate(features):
        line = outline.row(feature)
        cells = [
            _badge(line.status),
            f"<a href=#f{index}>{_breakable(line.name)}</a>",
            *map(escape, (line.kind, line.test, line.statistic, line.p_value)),
            *([escape(line.importance)] if weighed else []),
            "" if line.status is Status.OK else escape(line.moved),
        ]
        rows.append(cells)
    headings = ["status", "feature", "kind", "decided by", "statistic", "p, no drift"]
    headings += ["importance"] if weighed else []
    return _card("Overview", [*headings, "what moved"], rows, kind=" over")


def _features(report: DriftReport) -> str:
    features = outline.worst_first(report)
    if not features:
        return ""
    return "<h2>Features</h2>\n<p class=key><i></i>reference<i></i>production</p>\n" + "".join(
        _feature(index, feature) for index, feature in enumerate(features)
    )


def _feature(index: int, feature: FeatureDrift) -> str:
    about = [plain(feature.kind), plain(feature.role)]
    if feature.importance is not None:
        about.append(f"importance {percent(feature.importance)}")
    missing = (
        f"Missing: reference {percent(feature.missing_reference)}, "
        f"production {percent(feature.missing_current)}"
    )
    drawing = ""
    if feature.distribution is not None:
        drawing = chart(feature.distribution, dates=feature.kind == "datetime")
        drawing = f"<figure>{drawing}</figure>"
    return (
        f"<section id=f{index} class={feature.status.value[0]}>\n"
        f"<div><h3>{_badge(feature.status)} {escape(outline.name_of(feature))} "
        f"<small>{escape(' · '.join(about))}</small></h3>"
        f"<p>{escape(outline.sentence_of(feature))}</p>"
        f"<p class=why>{escape(outline.decision(feature))}</p>"
        f"<p class=why>{escape(missing)}</p>{_moments(feature)}</div>\n"
        f"{drawing}{_tests(feature)}</section>\n"
    )


def _moments(feature: FeatureDrift) -> str:
    text = outline.moments(feature)
    return f"<p class=why>{escape(text)}</p>" if text else ""


def _tests(feature: FeatureDrift) -> str:
    if not feature.tests:
        return ""
    many = len(feature.tests)
    table = _table(_TEST_HEADINGS, (_test_cells(result) for result in feature.tests.values()))
    return (
        f"<details><summary>{count(many, 'test')} (pairs: warning / critical)</summary>"
        f"<div class=wide>{table}</div></details>\n"
    )


def _test_cells(result: DriftResult) -> list[str]:
    status = _badge(result.status) if result.status else NONE
    texts = (
        plain(result.method),
        number(result.statistic, 4),
        _interval(result.interval),
        _interval(result.confidence_interval),
        p_value(outline.no_drift(result)),
        p_value(result.p_effect.warning if result.p_effect else None),
        p_value(result.p_effect.critical if result.p_effect else None),
        _levels(result.threshold, number),
        number(result.level),
        "yes" if result.gates else "no",
    )
    return [*map(escape, texts), status]


def _interval(pair: tuple[float, float] | None) -> str:
    if pair is None:
        return NONE
    low, high = pair
    return "exact" if low == high else f"[{number(low, 4)}, {number(high, 4)}]"


def _levels(levels: Levels | None, shown: Callable[[float], str]) -> str:
    return NONE if levels is None else f"{shown(levels.warning)} / {shown(levels.critical)}"


def _card(title: str, headings: Iterable[str], rows: Sequence[Sequence[str]], *, kind: str) -> str:
    if not rows:
        return ""
    return f'<h2>{title}</h2>\n<div class="card wide{kind}">{_table(headings, rows)}</div>\n'


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{heading}</th>" for heading in headings)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>" for cells in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>"


def _breakable(name: str) -> str:
    return escape(name).replace("_", "_<wbr>")


def _badge(status: Status) -> str:
    return f"<b class={status.value[0]}>{outline.status_text(status)}</b>"
