"""The top of a report's page: the verdict, what to do first, and the facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from driftwatch.core.reports.report import DriftReport, Status
from driftwatch.render import outline
from driftwatch.render.advice import Advice, advice
from driftwatch.render.drawing.marks import badge, letter
from driftwatch.render.numbers import count, moment, percent
from driftwatch.render.page.markup import breakable
from driftwatch.render.plain import plain
from driftwatch.render.sentences import listed, verdict_sentence

__all__ = ["verdict_card"]

_PLURAL = {"feature": "features", "prediction": "predictions", "error": "errors"}
_PARTS = {"schema": "schema changes", "performance": "performance"}


def verdict_card(report: DriftReport, anchors: Mapping[str, str], /) -> str:
    """The verdict in one sentence, up to three things to do, and what was compared.

    Args:
        report: What was found.
        anchors: Where the page shows each feature, by name.
    """
    status = report.global_status
    lines = "".join(f"<li>{_line(line, anchors)}</li>" for line in advice(report))
    facts = "".join(
        f"<div><dt>{escape(term)}</dt><dd>{escape(text)} <small>{escape(more)}</small></dd></div>"
        for term, text, more in _facts(report)
    )
    return (
        f'<section class="card say {letter(status)}">'
        f"<p class=name>{badge(status)} <b><bdi>{escape(plain(report.monitor))}</bdi></b> "
        f"drift report · {moment(report.created_at)} UTC</p>\n"
        f"<h1>{escape(verdict_sentence(report))}</h1>\n"
        f"{_remarks(report)}"
        f"<ol class=todo>{lines}</ol>\n<dl class=facts>{facts}</dl></section>\n"
    )


def _remarks(report: DriftReport) -> str:
    """What else must not be overlooked, in one line; empty where there is nothing."""
    texts = [*outline.together(report), *outline.remarks(report)]
    return f"<p class=soft>{escape('; '.join(texts))}</p>\n" if texts else ""


def _line(line: Advice, anchors: Mapping[str, str]) -> str:
    names = ", ".join(
        f"<a href=#{anchors[name]}>{breakable(plain(name) or '(no name)')}</a>"
        for name in line.features
        if name in anchors
    )
    more = f" and {line.more:,} more" if line.more > 0 else ""
    part = f"<a href=#{line.part}>{_PARTS[line.part]}</a>" if line.part else ""
    return f"{escape(line.before)}{names}{more}{part}{escape(line.after)}"


def _facts(report: DriftReport) -> Iterator[tuple[str, str, str]]:
    """Terms with their value and what more there is to say."""
    yield "Production", f"{report.rows_current:,}", f"rows{_labelled(report)}"
    yield "Reference", f"{report.rows_reference:,}", "rows"
    features = [feature for feature in report.features if not feature.is_error]
    drifted = sum(feature.status.is_drift for feature in features)
    by_status = ", ".join(
        f"{many:,} {outline.status_text(status).lower()}"
        for status, many in outline.counts(features)
        if status is not Status.OK
    )
    yield "Drifted", f"{drifted:,} of {len(features):,}", by_status or "nothing else open"
    schema = "" if "schema" in report.drift_types else "schema as before"
    yield (
        "What drifted",
        listed([_PLURAL.get(part, part) for part in report.drift_types] or ["nothing"]),
        schema,
    )
    if report.model_version is not None:
        yield "Model", plain(report.model_version) or "–", "version"
    if report.performance is not None:
        is_known = report.performance.worst is not None and report.performance.labelled_share != 0
        yield (
            "Performance",
            outline.status_text(report.performance.status),
            count(len(report.performance), "metric") if is_known else "no labels",
        )


def _labelled(report: DriftReport) -> str:
    share = None if report.performance is None else report.performance.labelled_share
    if share is None:
        return ""
    return ", all labelled" if share == 1 else f", {percent(share)} labelled"
