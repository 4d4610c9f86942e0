"""One self-contained HTML page: no script, no network; the verdict first, then the worst."""

from __future__ import annotations

from html import escape

from driftwatch.core.reports.report import DriftReport
from driftwatch.logs.lines import markup_lines
from driftwatch.render import outline
from driftwatch.render.drawing.marks import badge
from driftwatch.render.drawing.stylesheet import REPORT_CSS, STYLESHEET
from driftwatch.render.page.features import feature_card
from driftwatch.render.page.markup import document, pairs
from driftwatch.render.page.model import performance_card
from driftwatch.render.page.overview import filter_css, overview_card
from driftwatch.render.page.verdict import verdict_card
from driftwatch.render.plain import plain

__all__ = ["report_cards", "to_html"]

_MOST_FULL = 50
"""So many cards of drifted features are open, with all there is to say."""


def to_html(report: DriftReport) -> str:
    """Return the report as one HTML file.

    The file needs nothing else: styles and drawings are inside, there is no script, and a
    content security policy keeps it so. About 5 KB a feature that drifted, 2.5 KB each other.
    """
    title = f"{report.global_status.value} · {plain(report.monitor)}"
    style = f"{STYLESHEET}{REPORT_CSS}{filter_css(report)}"
    return markup_lines(document(title, style, report_cards(report)))


def report_cards(report: DriftReport, /) -> str:
    """Everything that the page shows, for a page with our style sheet and `filter_css`."""
    features = outline.worst_first(report)
    anchors = {feature.name: f"f{index}" for index, feature in enumerate(features)}
    cards = "".join(
        feature_card(
            feature,
            anchors[feature.name],
            full=feature.status.is_drift and index < _MOST_FULL,
        )
        for index, feature in enumerate(features)
    )
    return (
        f"{verdict_card(report, anchors)}{_schema(report)}{performance_card(report)}"
        f"{overview_card(report, anchors)}"
        f"{f'<h2 class=sr>Features</h2>{cards}' if cards else ''}{_end(report)}"
    )


def _schema(report: DriftReport) -> str:
    rows = "".join(
        f"<tr><td>{badge(change.status)}</td><td><bdi>{escape(outline.change_line(change))}</bdi></td></tr>"
        for change in outline.changes(report)
    )
    if not rows:
        return ""
    return (
        "<section class=card id=schema><h2>Schema changes</h2><table><thead><tr>"
        "<th scope=col>status</th><th scope=col>change</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></section>\n"
    )


def _end(report: DriftReport) -> str:
    """What few readers need: policy, hashes, and the columns that were not tested."""
    skipped = outline.skipped(report)
    parts = (
        "<details><summary>What was compared, policy and hashes</summary>"
        f"{pairs(outline.facts(report))}</details>"
    )
    if skipped:
        parts += (
            f"<details><summary>Columns not tested: {len(skipped):,}</summary>"
            f"{pairs(skipped)}</details>"
        )
    return f'<section class="card end"><h2>How it was decided</h2>{parts}</section>\n'
