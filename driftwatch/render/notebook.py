"""Reports in notebooks: HTML that looks right on light and dark themes, with or without its styles.

Themes of notebooks do not follow the system, so that texts have the colour of the text around, and
only signs, borders and marks are coloured, in tones that are seen on white and on black. Drawings
have a fill on every shape, for a notebook that is not trusted loses its style sheets.
"""

from __future__ import annotations

from html import escape
from itertools import islice

from driftwatch.core.reports.report import DriftReport, FeatureDrift, Levels, Status
from driftwatch.errors import ConfigError, did_you_mean
from driftwatch.logs.lines import markup_lines
from driftwatch.render import outline
from driftwatch.render.drawing.categories import bars_of, category_svg
from driftwatch.render.drawing.distributions import (
    cumulative,
    histogram,
    is_drawn_as_numbers,
    largest_gap,
    seen_range,
    sparkline,
)
from driftwatch.render.drawing.drawing import NOTEBOOK, inline
from driftwatch.render.drawing.marks import SIGNS, letter
from driftwatch.render.numbers import NONE, count, number, p_value, statistic
from driftwatch.render.sentences import verdict_sentence

__all__ = ["feature_html", "notebook_html", "one_feature_html"]

_STYLE = """\
.dw{font:13px/1.45 system-ui,sans-serif;max-width:1000px;color:inherit}
.dw p{margin:4px 0;overflow-wrap:anywhere}.dw .v{font-size:16px;font-weight:600}
.dw table{border-collapse:collapse;font-size:12px;font-variant-numeric:tabular-nums;
border:0;margin:4px 0}
.dw .all{width:100%}
.dw th,.dw td{text-align:left!important;padding:4px 10px 4px 0!important;border:0!important;
border-bottom:1px solid #8884!important;vertical-align:middle!important;background:none!important;
color:inherit;white-space:normal;overflow-wrap:anywhere}
.dw th{overflow-wrap:break-word!important;max-width:220px}
.dw .r{text-align:right!important;white-space:nowrap}
.dw b.s{border:1px solid var(--k);border-radius:9px;padding:0 7px;font-size:11px;white-space:nowrap}
.dw .C{--k:#d6453c}.dw .W{--k:#a87400}.dw .U{--k:#4683c9}.dw .O{--k:#2f8f57}.dw .I{--k:#7d8793}
.dw .s i{color:var(--k);font-style:normal}.dw .q{opacity:.82}
.dw summary{cursor:pointer;padding:3px 0}.dw svg{display:block;max-width:100%}
.dw td svg{max-width:none}.dw .w{overflow-x:auto}
"""
_ROWS = 100
"""So many features have a line; of more, those that are OK are counted."""
_CHARTS = 100_000
"""Bytes of charts; those of other features are asked for one by one."""
_CATEGORIES = 6
_KEY = (
    '<span style="color:#6f92bd">■</span> reference <span style="color:#d0651a">━</span> production'
)


def notebook_html(report: DriftReport, /) -> str:
    """The verdict, a line a feature with a small chart, and all charts folded.

    At most 200 KB for a hundred features, however many there are.

    Args:
        report: What a check found.
    """
    shown, left = _shown(report)
    facts = [
        f"{report.rows_current:,} production rows against {report.rows_reference:,}",
        *outline.remarks(report),
    ]
    if report.undecided_features and report.global_status is not Status.UNDECIDED:
        facts.append(f"{len(report.undecided_features):,} undecided")
    notes = [
        f"{outline.status_text(change.status)}: {outline.change_line(change)}"
        for change in outline.changes(report)
    ]
    notes += [f"{count(left, 'more feature')}"] if left else []
    if skipped := outline.skipped(report):
        named = ", ".join(name for name, _ in islice(skipped, _CATEGORIES))
        more = f" and {len(skipped) - _CATEGORIES:,} more" if len(skipped) > _CATEGORIES else ""
        notes.append(f"not tested: {named}{more}")
    after = "".join(f'<p class="q">{escape(note)}</p>' for note in notes)
    return _within(
        f'<p class="v">{_badge(report.global_status)} {escape(verdict_sentence(report))}</p>'
        f'<p class="q">{escape(" · ".join(facts))} · {_KEY}</p>{_table(shown)}{after}'
        f"{_charts(shown)}"
    )


def feature_html(report: DriftReport, name: str, /) -> str:
    """One feature of a report: what it did, its chart, its tests.

    Args:
        report: What a check found.
        name: Of the feature.

    Raises:
        ConfigError: If the report has no such feature.
    """
    features = report.feature_drift()
    if name not in features:
        raise ConfigError(f"no feature {name!r} in this report{did_you_mean(name, features)}")
    return one_feature_html(features[name])


def one_feature_html(feature: FeatureDrift, /) -> str:
    """What one feature did, its chart, its tests."""
    about = [outline.in_plain_words(feature.kind), outline.role_of(feature)]
    why = [outline.decision(feature), outline.missing(feature), outline.moments(feature)]
    body = (
        f'<p class="v">{_badge(feature.status)} <bdi>{escape(outline.name_of(feature))}</bdi>: '
        f"{escape(outline.sentence_of(feature))}</p>"
        f'<p class="q">{escape(" · ".join(filter(None, [*about, *why])))} · {_KEY}</p>'
        f"{_chart(feature)}"
    )
    if feature.distribution is not None and is_drawn_as_numbers(feature.distribution):
        dates = feature.kind == "datetime"
        drawn = inline(cumulative(feature.distribution, dates=dates, gap=largest_gap(feature)))
        body += f"<details><summary>Cumulative shares</summary>{drawn}</details>"
    return _within(f"{body}{_tests(feature)}")


def _within(body: str) -> str:
    return markup_lines(f'<div class="dw"><style>{_STYLE}</style>{body}</div>')


def _scrolling(label: str) -> str:
    named = escape(label, quote=True)
    return f'<div class="w" tabindex="0" role="group" aria-label="{named}">'


def _badge(status: Status) -> str:
    word = outline.status_text(status)
    return f'<b class="s {letter(status)}"><i>{SIGNS[status]}</i> {word}</b>'


def _shown(report: DriftReport) -> tuple[list[FeatureDrift], int]:
    """Features that have a line, the worst first, and how many are left out."""
    features = outline.worst_first(report)
    return features[:_ROWS], max(len(features) - _ROWS, 0)


def _table(features: list[FeatureDrift]) -> str:
    if not features:
        return ""
    rows = "".join(map(_row, features))
    return (
        f'{_scrolling("All features")}<table class="all"><thead><tr><th>status</th><th>feature</th>'
        '<th>distribution</th><th class="r">value / threshold</th><th>what moved</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(feature: FeatureDrift) -> str:
    drawn = ""
    if feature.distribution is not None:
        drawn = sparkline(feature.distribution, NOTEBOOK, width=72, height=18)
    line = outline.row(feature)
    moved = "" if feature.status is Status.OK else escape(line.moved)
    return (
        f"<tr><td>{_badge(feature.status)}</td><th><bdi>{escape(line.name)}</bdi></th>"
        f'<td>{drawn}</td><td class="r">{escape(_value(feature))}</td><td>{moved}</td></tr>\n'
    )


def _value(feature: FeatureDrift) -> str:
    if feature.primary is None:
        return NONE
    value, threshold = outline.against(feature.primary)
    shown = f"{outline.in_plain_words(feature.primary.method)} {value}"
    return shown if threshold == NONE else f"{shown} / {threshold}"


def _charts(features: list[FeatureDrift]) -> str:
    drawn: list[str] = []
    room = _CHARTS
    for feature in features:
        if chart := _chart(feature, categories=_CATEGORIES):
            chart = f"<p><b><bdi>{escape(outline.name_of(feature))}</bdi></b></p>{chart}"
            room -= len(chart.encode("utf-8", "replace"))
            if room < 0:
                break
            drawn.append(chart)
    if not drawn:
        return ""
    title = f"Charts of {'the first ' if room < 0 else ''}{count(len(drawn), 'feature')}"
    return f"<details><summary>{title}</summary>{''.join(drawn)}</details>"


def _chart(feature: FeatureDrift, *, categories: int = 12) -> str:
    distribution = feature.distribution
    if distribution is None:
        return ""
    dates = feature.kind == "datetime"
    if is_drawn_as_numbers(distribution):
        return inline(histogram(distribution, dates=dates, seen=seen_range(feature), height=90))
    unseen = feature.tests["unseen"].statistic if "unseen" in feature.tests else None
    return category_svg(bars_of(distribution, most=categories, unseen=unseen or 0.0, dates=dates))


def _tests(feature: FeatureDrift) -> str:
    rows = ""
    for result in feature.tests.values():
        interval = result.confidence_interval
        between = NONE if interval is None else f"[{number(interval[0])}, {number(interval[1])}]"
        texts = (
            statistic(result.statistic),
            between,
            p_value(outline.no_drift(result)),
            _levels(result.threshold),
        )
        values = "".join(f'<td class="r">{escape(text)}</td>' for text in texts)
        status = _badge(result.status) if result.status is not None else ""
        name = escape(outline.in_plain_words(result.method))
        rows += f"<tr><th>{name}</th>{values}<td>{status}</td></tr>"
    if not rows:
        return ""
    return (
        f"<details open><summary>{count(len(feature.tests), 'test')}</summary>"
        f"{_scrolling(f'Tests of {outline.name_of(feature)}')}<table><thead><tr><th>test</th>"
        '<th class="r">statistic</th>'
        '<th class="r">population 95 %</th><th class="r">p, no drift</th>'
        '<th class="r">warning / critical</th><th>status</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div></details>"
    )


def _levels(levels: Levels | None) -> str:
    return NONE if levels is None else f"{number(levels.warning)} / {number(levels.critical)}"
