"""The cards of a report's page: what one feature did, its distribution, its tests."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from driftwatch.core.reports.report import DriftResult, FeatureDrift, Levels
from driftwatch.core.reports.results import QUANTILES
from driftwatch.render import outline
from driftwatch.render.drawing.categories import MOST, bars_of, category_table
from driftwatch.render.drawing.distributions import (
    cumulative,
    histogram,
    is_drawn_as_numbers,
    largest_gap,
    seen_range,
)
from driftwatch.render.drawing.drawing import panel
from driftwatch.render.drawing.marks import badge
from driftwatch.render.numbers import NONE, count, number, p_value, percent, statistic
from driftwatch.render.numbers import dates as date_texts
from driftwatch.render.page.markup import cells, scrolling
from driftwatch.render.page.overview import classes_of
from driftwatch.render.plain import plain

__all__ = ["feature_card", "feature_chart", "tests_table"]

_FEW = 6
"""Categories with bars in a card that is folded at first."""
_HEADINGS = (
    "test",
    "statistic",
    "sketch interval",
    "population 95 %",
    "p, no drift",
    "warning / critical",
    "p, within threshold",
    "status",
)


def feature_card(feature: FeatureDrift, anchor: str, /, *, full: bool) -> str:
    """The card of a feature.

    Args:
        feature: What was found about it.
        anchor: Its place in the page, which links name.
        full: Whether it is open, with cumulative shares, quantiles and every test in a row; else it
            is folded, with its tests on a line.
    """
    about = [plain(feature.kind), outline.role_of(feature)]
    if feature.importance is not None:
        about.append(f"importance {percent(feature.importance)}")
    why = "; ".join(filter(None, [outline.decision(feature), outline.missing(feature)]))
    moments = outline.moments(feature)
    words = f"<p>{escape(outline.sentence_of(feature))}</p><p class=soft>{escape(why)}</p>"
    words += f"<p class=soft>{escape(moments)}</p>" if moments else ""
    tests = _table_of_tests(feature) if full else _line_of_tests(feature)
    return (
        f'<details class="card say {classes_of(feature)}"{" open" if full else ""}>'
        f"<summary>{badge(feature.status)} <h3><bdi>{escape(outline.name_of(feature))}</bdi></h3> "
        f"<span class=soft>{escape(' · '.join(about))}</span></summary>"
        f"<div class=fc id={anchor}><div>{words}</div>"
        f"<div>{feature_chart(feature, anchor, full=full)}</div></div>{tests}</details>\n"
    )


def feature_chart(feature: FeatureDrift, anchor: str, /, *, full: bool) -> str:
    """The distribution of a feature on both sides; empty where it is not known.

    Args:
        feature: What was found about it.
        anchor: Names the buttons that choose between views.
        full: Whether there are views of cumulative shares and quantiles, too.
    """
    distribution = feature.distribution
    if distribution is None:
        return ""
    dates = feature.kind == "datetime"
    if not is_drawn_as_numbers(distribution):
        unseen = feature.tests["unseen"].statistic if "unseen" in feature.tests else None
        most = MOST if full else _FEW
        rows = bars_of(distribution, most=most, unseen=unseen or 0.0, dates=dates)
        return category_table(rows)
    first = panel(histogram(distribution, dates=dates, seen=seen_range(feature)))
    if not full:
        return first
    second = panel(cumulative(distribution, dates=dates, gap=largest_gap(feature)))
    views = [("Histogram", first), ("Cumulative", second)]
    if quantiles := _quantiles(feature, dates=dates):
        views.append(("Quantiles", quantiles))
    return _switched(anchor, views)


def _switched(name: str, views: Sequence[tuple[str, str]]) -> str:
    """One view at a time, chosen by radio buttons."""
    labels = "".join(
        f'<label><input type=radio name=v{name} class="tg r{number_}"'
        f"{' checked' if number_ == 1 else ''}>{title}</label>"
        for number_, (title, _) in enumerate(views, start=1)
    )
    shown = "".join(
        f"<div class=v{number_}>{view}</div>" for number_, (_, view) in enumerate(views, start=1)
    )
    return (
        f"<div class=sw><div class=tabs role=radiogroup aria-label=View>{labels}</div>{shown}</div>"
    )


def _quantiles(feature: FeatureDrift, *, dates: bool) -> str:
    known = feature.distribution.quantiles if feature.distribution is not None else None
    if known is None:
        return ""
    rows: list[tuple[str, float | None, float | None]] = [
        (_of_all(level), old, new) for level, old, new in zip(QUANTILES, *known, strict=True)
    ]
    ends = feature.summary_reference, feature.summary_current
    if ends[0] is not None and ends[1] is not None:
        rows = [
            ("least", ends[0].min, ends[1].min),
            *rows,
            ("greatest", ends[0].max, ends[1].max),
        ]

    def text(value: float | None) -> str:
        return NONE if value is None else date_texts([value])[0] if dates else number(value, 5)

    body = "".join(
        f"<tr><th scope=row>{name}</th>{cells([text(old), text(new)])}</tr>"
        for name, old, new in rows
    )
    return (
        "<table><thead><tr><th scope=col>quantile</th><th scope=col class=n>reference</th>"
        f"<th scope=col class=n>production</th></tr></thead><tbody>{body}</tbody></table>"
    )


def _of_all(level: float) -> str:
    return "median" if level == 0.5 else f"{100 * level:g} %"


def _line_of_tests(feature: FeatureDrift) -> str:
    """All tests in one line: enough for a feature that is well."""
    texts = []
    for result in feature.tests.values():
        value, threshold = outline.against(result)
        text = f"{outline.in_plain_words(result.method)} {value}"
        texts.append(f"{text} / {threshold}" if result.gates and threshold != NONE else text)
    return f"<p class=soft>Tests: {escape(', '.join(texts))}</p>" if texts else ""


def _table_of_tests(feature: FeatureDrift) -> str:
    if not feature.tests:
        return ""
    return (
        f"<details><summary>{count(len(feature.tests), 'test')}</summary>"
        f"{tests_table(feature)}</details>"
    )


def tests_table(feature: FeatureDrift, /) -> str:
    """Every test of a feature in a row, in a table that scrolls where it has no room."""
    head = "".join(f"<th scope=col>{heading}</th>" for heading in _HEADINGS)
    body = "".join(_test_row(result) for result in feature.tests.values())
    table = f"<table class=tests><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return scrolling(f"Tests of {outline.name_of(feature)}", table)


def _test_row(result: DriftResult) -> str:
    """A test that decides has the p-value of its verdict and a badge; others are only told."""
    texts = (
        statistic(result.statistic),
        _interval(result.interval),
        _interval(result.confidence_interval),
        p_value(outline.no_drift(result)),
        _levels(result.threshold),
    )
    ending = "<td></td><td class=soft>shown only</td>"
    if result.gates:
        within = None if result.p_effect is None else result.p_effect.of(result.status)
        status = "" if result.status is None else badge(result.status)
        ending = f"<td>{escape(p_value(within))}</td><td>{status}</td>"
    name = escape(outline.in_plain_words(result.method))
    return f"<tr><th scope=row>{name}</th>{cells(texts, '')}{ending}</tr>"


def _interval(pair: tuple[float, float] | None) -> str:
    if pair is None:
        return NONE
    low, high = pair
    return "exact" if low == high else f"[{number(low)}, {number(high)}]"


def _levels(levels: Levels | None) -> str:
    return NONE if levels is None else f"{number(levels.warning)} / {number(levels.critical)}"
