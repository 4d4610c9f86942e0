"""Reports and incidents in the words of a message."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from driftwatch.alerts.message import Line, Picture
from driftwatch.core.reports import spelling
from driftwatch.core.reports.performance import in_words
from driftwatch.core.reports.report import DriftReport, EarlySign, FeatureDrift, SchemaChange
from driftwatch.core.reports.spelling import shortened
from driftwatch.render import outline
from driftwatch.render.numbers import count, dates, number
from driftwatch.render.plain import plain

__all__ = ["facts_of", "lines_of", "moment", "pictures_of", "what_moved"]

_MOVED_LENGTH = 160
_NAMED_COLUMNS = 3
_CATEGORY_LENGTH = 40
_PICTURES = 2
_CELLS = 40
_SCHEMA = {
    "missing_column": ("column is gone", "columns are gone"),
    "new_column": ("column is new", "columns are new"),
    "type_changed": ("column has another type", "columns have other types"),
}


def moment(at: datetime, /) -> str:
    """A moment as people write it, in UTC."""
    return f"{spelling.moment(at, year=False)} UTC"


def lines_of(report: DriftReport, /) -> list[Line]:
    """Everything that moved, worst first; schema changes of one kind are one line."""
    lines = [*_metrics(report), *_schema(report), *map(_feature, _drifted(report))]
    if report.multivariate is not None and report.multivariate.status.is_drift:
        moved = plain(report.multivariate.explanation, _MOVED_LENGTH)
        lines.append(Line(report.multivariate.status.value, "dependence", moved))
    if report.window is not None:
        lines += [
            Line("WARNING", plain(sign.column), _early(sign), is_early=True)
            for sign in report.window.early
            if sign.column not in report.drifted_features
        ]
    return sorted(lines, key=lambda line: line.status != "CRITICAL")


def _drifted(report: DriftReport) -> Iterable[FeatureDrift]:
    """The features that drifted: worst first, and then by how far they are beyond a threshold."""
    return sorted(
        (feature for feature in report.features if feature.status.is_drift),
        key=lambda feature: (-feature.status.severity, -_beyond(feature)),
    )


def _early(sign: EarlySign) -> str:
    return plain(f"early sign: {sign.moved}", _MOVED_LENGTH)


def _metrics(report: DriftReport) -> Iterator[Line]:
    for metric in () if report.performance is None else report.performance.values():
        if metric.status is not None and metric.status.is_drift:
            yield Line(metric.status.value, plain(in_words(metric.name)), metric.moved)


def _schema(report: DriftReport) -> Iterator[Line]:
    alike: dict[str, list[SchemaChange]] = defaultdict(list)
    for change in report.schema_changes:
        if change.status.is_drift:
            alike[change.change].append(change)
    for kind, changes in alike.items():
        worst = max((change.status for change in changes), key=lambda s: s.severity)
        names = [plain(change.column) for change in changes[:_NAMED_COLUMNS]]
        one, many = _SCHEMA.get(kind, ("column changed", "columns changed"))
        more = f" and {len(changes) - _NAMED_COLUMNS} more" if len(changes) > _NAMED_COLUMNS else ""
        moved = one if len(changes) == 1 else f"{len(changes)} {many}"
        yield Line(worst.value, "schema", f"{moved}: {', '.join(names)}{more}")


def _feature(feature: FeatureDrift) -> Line:
    moved = plain(feature.explanation, _MOVED_LENGTH)
    drawn = feature.distribution
    line = Line(feature.status.value, outline.name_of(feature), moved)
    if drawn is None or not drawn.labels or _is_gone(feature):
        return line
    gap, place = max(
        (abs(now - before), place)
        for place, (before, now) in enumerate(zip(drawn.reference, drawn.current, strict=True))
    )
    if not gap:
        return line
    label = shortened(drawn.labels[place], _CATEGORY_LENGTH)
    before, now = drawn.reference[place], drawn.current[place]
    return Line(line.status, line.name, moved, label, before, now)


def _is_gone(feature: FeatureDrift) -> bool:
    """Whether it is its missing values that moved, and not its categories."""
    return feature.primary_test == "missing"


def _beyond(feature: FeatureDrift) -> float:
    """How far the deciding statistic is beyond its threshold, as a ratio."""
    result = feature.primary
    if result is None or result.statistic is None or result.threshold is None:
        return 0.0
    return result.statistic / max(result.threshold.warning, 1e-9)


def what_moved(report: DriftReport, lines: Sequence[Line], /) -> str:
    """The headline: which features, how much, and what became of the model.

    Args:
        report: The report.
        lines: What `lines_of` makes of it.
    """
    drifted = [line for line in lines if line.name not in ("dependence", "schema")]
    of_the_model = set(_metrics(report))
    metrics = [line for line in drifted if line in of_the_model]
    others = [line for line in drifted if line not in metrics and not line.is_early]
    early = [line for line in drifted if line.is_early]
    parts = []
    if others:
        first, more = others[0], len(others) - 1
        also = f" and {count(more, 'more feature')}" if more else ""
        moved = first.text[len(first.name) + 2 :]
        parts.append(f"{first.name} ({moved}){also} drifted")
    if early and not others:
        first, more = early[0], len(early) - 1
        also = f", and {count(more, 'more early sign')}" if more else ""
        parts.append(f"{first.name}: {first.moved}{also}")
    elif early:
        parts.append(count(len(early), "early sign"))
    if metrics:
        got = f"{metrics[0].name} {metrics[0].moved}"
        parts.append(f"the model got worse: {got}" if others else f"The model got worse: {got}")
    parts += [line.moved for line in lines if line.name == "schema"]
    if not parts:
        return plain(report.headline(), _MOVED_LENGTH)
    return ", and ".join(parts)


def facts_of(report: DriftReport, /) -> str:
    """Rows, window and version of the model in a line."""
    parts = [f"{report.rows_current:,} rows against {report.rows_reference:,}"]
    if report.window is not None and report.window.period.end is not None:
        period = report.window.period
        start = "" if period.start is None else f"{moment(period.start)[:-4]} – "
        parts.append(f"{start}{moment(period.end)}" if period.end else "")
    if report.model_version is not None:
        parts.append(f"model {plain(report.model_version)}")
    if report.undecided_features:
        parts.append(f"{len(report.undecided_features)} undecided, not listed")
    return " · ".join(part for part in parts if part)


def pictures_of(report: DriftReport, /) -> tuple[Picture, ...]:
    """The drifted features that are worth a drawing, worst first."""
    pictures = []
    for feature in _drifted(report):
        drawn = feature.distribution
        if drawn is None or len(drawn.reference) > _CELLS:
            continue
        if drawn.labels:
            labels = tuple(plain(label, 16) for label in drawn.labels)
        elif drawn.edges:
            ends = [drawn.edges[0], drawn.edges[-1]]
            labels = tuple(dates(ends) if feature.kind == "datetime" else map(number, ends))
        else:
            continue
        name = outline.name_of(feature)
        pictures.append(Picture(name, drawn.reference, drawn.current, labels))
    return tuple(pictures[:_PICTURES])
