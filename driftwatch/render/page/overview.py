"""The overview of a report's page: a line a feature, and what narrows it down without a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from driftwatch.core.reports.report import DriftReport, DriftResult, FeatureDrift, Status
from driftwatch.render import outline
from driftwatch.render.drawing.distributions import sparkline
from driftwatch.render.drawing.drawing import PAGE
from driftwatch.render.drawing.marks import badge, effect_bar, letter
from driftwatch.render.numbers import NONE, percent
from driftwatch.render.page.markup import EFFECT_ITEM, SIDE_ITEMS, breakable

__all__ = ["classes_of", "filter_css", "overview_card"]

_KINDS = {
    "numeric": "kn",
    "categorical": "kc",
    "boolean": "kb",
    "datetime": "kt",
    "text": "kx",
}
_OTHER = "ko"
_SHORT = {"numeric": "num", "categorical": "cat", "boolean": "bool", "datetime": "time"}
_MANY = 12
"""Beyond so many features there is a list of names from A to Z."""


def classes_of(feature: FeatureDrift, /) -> str:
    """Classes of everything that a filter shows or hides with a feature."""
    return f"row {letter(feature.status)} {_KINDS.get(feature.kind, _OTHER)}"


def overview_card(report: DriftReport, anchors: Mapping[str, str], /) -> str:
    """A line a feature, the worst first, with filters and a list of names."""
    features = outline.worst_first(report)
    if not features:
        return ""
    rows = "".join(_row(feature, anchors[feature.name]) for feature in features)
    return (
        f"<section class=card><h2>Overview</h2>{_filters(report, features)}"
        '<table class="stack ovt"><thead><tr><th scope=col>feature</th><th scope=col>status</th>'
        "<th scope=col>ref <small>/</small> prod</th><th scope=col>effect</th>"
        "<th scope=col class=n>value / threshold</th><th scope=col>what moved</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
        "<p class=none>No feature has this status and this kind.</p>"
        f"<ul class=key>{SIDE_ITEMS}{EFFECT_ITEM}</ul>"
        f"{_names(features, anchors)}</section>\n"
    )


def _row(feature: FeatureDrift, anchor: str) -> str:
    line = outline.row(feature)
    kind = escape(_SHORT.get(line.kind, line.kind))
    about = kind if feature.role == "feature" else f"{kind} · {escape(outline.role_of(feature))}"
    if feature.importance is not None:
        about += f" · weight {percent(feature.importance)}"
    drawn = "" if feature.distribution is None else sparkline(feature.distribution, PAGE)
    result = feature.primary
    bar = "" if result is None else _bar(result)
    moved = "" if feature.status is Status.OK else f"<div class=clamp>{escape(line.moved)}</div>"
    return (
        f'<tr class="{classes_of(feature)}"><th scope=row><a href=#{anchor}>'
        f"{breakable(line.name)}</a> <small>{about}</small></th>"
        f"<td class=n>{badge(feature.status)}</td><td class=mn>{drawn}</td><td class=ef>{bar}</td>"
        f'<td class="n vl">{_value(feature)}</td>'
        f"<td class=full>{moved}</td></tr>\n"
    )


def _bar(result: DriftResult) -> str:
    interval = result.confidence_interval or result.interval
    return effect_bar(result.statistic, result.threshold, interval=interval)


def _value(feature: FeatureDrift) -> str:
    """The test that decides, its statistic, and the threshold that its status is about."""
    result = feature.primary
    if result is None:
        return NONE
    value, threshold = outline.against(result)
    shown = f"{escape(outline.in_plain_words(result.method))} {escape(value)}"
    return shown if threshold == NONE else f"{shown} <span class=soft>/ {escape(threshold)}</span>"


def _filters(report: DriftReport, features: Sequence[FeatureDrift]) -> str:
    """Pills by status, and by kind where there are several; radio buttons, no script."""
    statuses = [_pill("fs", "tg a", "", len(features), "all", checked=True)]
    statuses += [
        _pill("fs", f"tg s{letter(s)}", letter(s), many, outline.status_text(s).lower())
        for s, many in outline.counts(features)
    ]
    found = _kinds(features)
    kinds = [_pill("fk", "tg a", "", len(features), "every kind", checked=True)]
    kinds += [_pill("fk", f"tg t{name[1]}", "", many, label) for name, label, many in found]
    shown = _group("Show features by status", statuses)
    shown += _group("Show features by kind", kinds) if len(found) > 1 else ""
    hint = (
        "<p class='soft screen'>To find a name, use the search of your browser (Ctrl+F, ⌘F)"
        " or the list below.</p>"
        if len(features) > _MANY
        else ""
    )
    return shown + hint


def _group(label: str, pills: Sequence[str]) -> str:
    return f'<div class=filter role=radiogroup aria-label="{label}">{"".join(pills)}</div>'


def _pill(
    name: str, classes: str, status: str, many: int, label: str, *, checked: bool = False
) -> str:
    return (
        f'<label class="pill {status}"><input type=radio name={name} class="{classes}"'
        f"{' checked' if checked else ''}><b>{many:,}</b> {escape(label)}</label>"
    )


def _kinds(features: Sequence[FeatureDrift]) -> list[tuple[str, str, int]]:
    """Class, words and number of features of each kind that occurs."""
    labels = {short: kind for kind, short in _KINDS.items()} | {_OTHER: "other"}
    of_each = [_KINDS.get(feature.kind, _OTHER) for feature in features]
    return [(name, label, of_each.count(name)) for name, label in labels.items() if name in of_each]


def filter_css(report: DriftReport, /) -> str:
    """The rules that make the filters of this report work, and say where nothing is left."""
    features = report.features
    statuses = [letter(status) for status, _ in outline.counts(features)]
    kinds = [name[1] for name, _, _ in _kinds(features)]
    rules = [f"body:has(.s{s}:checked) .row:not(.{s}){{display:none}}" for s in statuses]
    rules += [f"body:has(.t{k}:checked) .row:not(.k{k}){{display:none}}" for k in kinds]
    pairs = {(letter(f.status), _KINDS.get(f.kind, _OTHER)[1]) for f in features}
    rules += [
        f"body:has(.s{s}:checked):has(.t{k}:checked) .none{{display:block}}"
        for s in statuses
        for k in kinds
        if (s, k) not in pairs
    ]
    return "\n".join([*rules, ""])


def _names(features: Sequence[FeatureDrift], anchors: Mapping[str, str]) -> str:
    if len(features) <= _MANY:
        return ""
    ordered = sorted(features, key=lambda feature: outline.name_of(feature).casefold())
    items = "".join(
        f'<li class="{classes_of(feature)}"><a href=#{anchors[feature.name]}>'
        f"{breakable(outline.name_of(feature))}</a></li>"
        for feature in ordered
    )
    return f"<details><summary>All names, A to Z</summary><ul class=az>{items}</ul></details>"
