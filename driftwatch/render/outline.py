"""What every form of a report says, in the order and in the words it says it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from driftwatch.core.reports.remarks import (
    codes_at_end,
    early_remarks,
    verdict_remarks,
    window_remarks,
)
from driftwatch.core.reports.report import (
    DependenceDrift,
    DriftReport,
    DriftResult,
    FeatureDrift,
    Period,
    SchemaChange,
    Status,
)
from driftwatch.render.numbers import (
    NONE,
    count,
    number,
    p_value,
    percent,
    share_change,
    statistic,
    when,
)
from driftwatch.render.numbers import dates as date_texts
from driftwatch.render.plain import SENTENCE_LENGTH, plain

__all__ = [
    "Row",
    "against",
    "change_line",
    "changes",
    "counts",
    "decision",
    "dependence_sentence",
    "facts",
    "in_plain_words",
    "missing",
    "moments",
    "name_of",
    "no_drift",
    "role_of",
    "row",
    "rows_needed",
    "sentence_of",
    "shown",
    "skipped",
    "status_text",
    "together",
    "undecided",
    "verdict",
    "worst_first",
]

_MOST_NAMES = 20
_WHY_UNDECIDED = {
    "DW102": "more production rows would not decide, a larger reference or finer sketches may",
    "DW103": "there is drift, of about the size of the threshold",
}
_POLICY_LENGTH = 2000

MANY = 30
"""Beyond so many features, those that are OK are counted instead of listed."""


@dataclass(frozen=True, slots=True)
class Row:
    """One feature in a table, ready to be shown and still to be escaped."""

    status: Status
    name: str
    kind: str
    test: str
    statistic: str
    p_value: str
    importance: str
    moved: str
    moments: str


def row(feature: FeatureDrift) -> Row:
    """Return the line of a table that stands for `feature`."""
    primary = feature.primary
    return Row(
        status=feature.status,
        name=name_of(feature),
        kind=plain(feature.kind),
        test=plain(feature.primary_test or NONE),
        statistic=_against_threshold(primary) if primary else NONE,
        p_value=p_value(no_drift(primary)) if primary else NONE,
        importance=percent(feature.importance),
        moved=_explanation(feature),
        moments=moments(feature),
    )


def moments(feature: FeatureDrift) -> str:
    """Return mean, deviation and range of both sides; empty without numbers."""
    before, after = feature.summary_reference, feature.summary_current
    if before is None or after is None:
        return ""
    dates = feature.kind == "datetime"

    def both(old: float | None, new: float | None) -> str:
        if dates and old is not None and new is not None:
            return " → ".join(date_texts([old, new]))
        return f"{number(old, 4)} → {number(new, 4)}"

    pairs = [("mean", before.mean, after.mean)]
    if not dates:
        pairs.append(("sd", before.std, after.std))
    pairs += [("least", before.min, after.min), ("greatest", before.max, after.max)]
    known = [(name, old, new) for name, old, new in pairs if (old, new) != (None, None)]
    return ", ".join(f"{name} {both(old, new)}" for name, old, new in known)


def missing(feature: FeatureDrift) -> str:
    """Return the share of rows without a value on both sides; empty where neither is known."""
    before, after = feature.missing_reference, feature.missing_current
    if before is None and after is None:
        return ""
    return f"missing {share_change(before, after)}"


def no_drift(result: DriftResult) -> float | None:
    """Return the p-value of "no drift at all" that the verdict used: adjusted where it adjusts."""
    return result.p_value if result.p_adjusted is None else result.p_adjusted


def in_plain_words(name: str) -> str:
    """Return a name of ours, such as a reason, as words."""
    return plain(name.replace("_", " "))


def name_of(feature: FeatureDrift) -> str:
    """Return the name of a feature as it is shown."""
    return _name(feature.name)


def role_of(feature: FeatureDrift) -> str:
    """Return the role of a feature as it is shown."""
    return plain(feature.role)


def against(result: DriftResult) -> tuple[str, str]:
    """Return a statistic and the threshold its status is about, with digits to tell them apart."""
    if result.statistic is None or result.threshold is None:
        return statistic(result.statistic), NONE
    bound = result.threshold.of(result.status)
    value, threshold = statistic(result.statistic), number(bound)
    if result.statistic != bound and _is(value, bound):
        return number(result.statistic, 6), number(bound, 6)
    return value, threshold


def _is(text: str, value: float) -> bool:
    """Whether a text reads as a number."""
    try:
        return float(text) == value
    except ValueError:
        return False


def sentence_of(feature: FeatureDrift) -> str:
    """Return what moved, and for a feature that is undecided what would decide it."""
    sentence = _explanation(feature)
    rows = rows_needed(feature)
    if rows is None or f"{rows:,}" in sentence:
        return sentence
    return f"{sentence}{' ' if sentence else ''}({rows:,} production rows would decide.)"


def status_text(status: Status) -> str:
    """Return the status in words that may break over two lines."""
    return status.value.replace("_", " ")


def verdict(report: DriftReport) -> str:
    """Return the headline, and what else a reader must not overlook."""
    extra = [report.headline()]
    if report.schema_changes:
        extra.append(count(len(report.schema_changes), "schema change"))
    if report.multivariate is not None and report.multivariate.status.is_drift:
        extra.append(dependence_sentence(report.multivariate))
    extra += together(report)
    if report.undecided_features and report.global_status is not Status.UNDECIDED:
        extra.append(f"{len(report.undecided_features)} undecided")
    return f"{'; '.join(extra)}{codes_at_end(verdict_remarks(report))}"


def together(report: DriftReport) -> list[str]:
    """Return how many features moved with others they depend on, where any did."""
    many = sum(feature.follows is not None for feature in report.features)
    return [f"{many} of them with others they depend on"] if many else []


def remarks(report: DriftReport) -> list[str]:
    """Return what else a reader must know of the rows: the window, what it lacks, early signs."""
    return [
        f"{plain(remark.text, SENTENCE_LENGTH)} [{remark.code}]"
        for remark in [*window_remarks(report), *early_remarks(report)]
    ]


def worst_first(report: DriftReport) -> list[FeatureDrift]:
    """Return the features by severity; in the report's order where that is equal."""
    return sorted(report.features, key=lambda feature: -feature.status.severity)


def shown(report: DriftReport) -> tuple[list[FeatureDrift], int]:
    """Return the features worth a line in a short table, and how many OK ones it leaves out."""
    features = worst_first(report)
    if len(features) <= MANY:
        return features, 0
    listed = [feature for feature in features if feature.status is not Status.OK]
    return listed, len(features) - len(listed)


def counts(features: Iterable[FeatureDrift]) -> list[tuple[Status, int]]:
    """Return how many of `features` have each status that occurs, worst first."""
    statuses = [feature.status for feature in features]
    ranked = sorted(Status, key=lambda status: -status.severity)
    return [(status, statuses.count(status)) for status in ranked if status in statuses]


def ratio(feature: FeatureDrift) -> float:
    """Return the deciding statistic in units of its warning threshold; 0 where there is none."""
    result = feature.primary
    if result is None or result.threshold is None or not result.threshold.warning > 0:
        return 0.0
    return (result.statistic or 0.0) / result.threshold.warning


def rows_needed(feature: FeatureDrift) -> int | None:
    """Return the production rows that would settle an undecided feature, if known."""
    if feature.status is not Status.UNDECIDED:
        return None
    needed = [
        result.rows_needed
        for result in feature.tests.values()
        if result.status is Status.UNDECIDED and result.rows_needed is not None
    ]
    return max(needed, default=None)


def undecided(report: DriftReport) -> list[str]:
    """Each undecided feature with the rows that would decide it; those that no rows would decide
    together, with why.
    """
    texts = []
    others: dict[str, list[str]] = {}
    for feature in report.features:
        code = feature.undecided_code
        if code is None:
            continue
        rows = rows_needed(feature)
        if rows is not None:
            texts.append(f"{name_of(feature)} ({rows:,} production rows needed) [{code}]")
        else:
            others.setdefault(code, []).append(name_of(feature))
    for code, names in others.items():
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        why = f": {_WHY_UNDECIDED[code]}" if code in _WHY_UNDECIDED else ""
        texts.append(f"{', '.join(names[:_MOST_NAMES])}{more}{why} [{code}]")
    return texts


def changes(report: DriftReport) -> list[SchemaChange]:
    """Return the schema changes, worst first, with names that can be shown."""
    return [
        replace(
            change,
            column=_name(change.column),
            reference=plain(change.reference) if change.reference else change.reference,
            current=plain(change.current) if change.current else change.current,
        )
        for change in sorted(report.schema_changes, key=lambda change: -change.status.severity)
    ]


def change_line(change: SchemaChange) -> str:
    """Return a schema change in words, with its code."""
    return f"{change} [{change.code}]"


def skipped(report: DriftReport) -> list[tuple[str, str]]:
    """Return the columns that were not tested, each with the reason."""
    return [
        (_name(name), plain(reason, SENTENCE_LENGTH)) for name, reason in report.skipped.items()
    ]


def decision(feature: FeatureDrift) -> str:
    """Return the numbers behind the status: statistic, threshold, p-value and level."""
    result = feature.primary
    if result is None:
        return ""
    parts = [f"{plain(result.method)} {_against_threshold(result)}"]
    if result.p_effect is not None and result.threshold is not None:
        p = result.p_effect.of(feature.status)
        bound = result.threshold.of(feature.status)
        parts.append(f"p = {p_value(p)} against a drift of at most {number(bound)}")
    elif result.p_value is not None:
        parts.append(f"p = {p_value(no_drift(result))} against no drift")
    if result.level is not None:
        parts.append(f"level {number(result.level)}")
    return ", ".join(parts).replace("p = < ", "p < ")


def facts(report: DriftReport) -> Iterator[tuple[str, str]]:
    """Yield what was compared, how and when, as pairs of a label and a text."""
    yield "Reference", _side(report.rows_reference, report.reference_period)
    yield "Production", _side(report.rows_current, report.current_period)
    yield "Reference data hash", plain(report.reference_data_hash) or NONE
    yield "Production data hash", plain(report.production_data_hash) or NONE
    if report.model_version is not None:
        yield "Model version", plain(report.model_version) or NONE
    dataset = report.dataset
    if dataset.share_drifted is not None:
        text = percent(dataset.share_drifted)
        if dataset.weighted_share_drifted is not None:
            text += f"; {percent(dataset.weighted_share_drifted)} weighted by importance"
        yield "Share drifted", text
    if dataset.volume is not None:
        yield "Volume", f"{status_text(dataset.volume.status)}: {dataset.volume}"
    if dataset.undecided_share:
        yield "Share undecided", percent(dataset.undecided_share)
    if dataset.p_value is not None:
        yield "All features together", f"p = {p_value(dataset.p_value)}".replace("= <", "<")
    if report.multivariate is not None:
        yield "Dependence of columns", _dependence(report.multivariate)
    if report.policy:
        policy = "; ".join(f"{plain(key)}: {_setting(v)}" for key, v in report.policy.items())
        yield "Policy", plain(policy, _POLICY_LENGTH)
    yield "Checked", when(report.created_at)


def dependence_sentence(dependence: DependenceDrift) -> str:
    """Return how the dependence of two columns changed."""
    return plain(dependence.explanation, SENTENCE_LENGTH)


def _dependence(dependence: DependenceDrift) -> str:
    p = dependence.p_effect.of(dependence.status)
    bound = dependence.threshold.of(dependence.status)
    pairs = count(dependence.pairs_tested, "pair")
    text = (
        f"{status_text(dependence.status)}; {pairs}, p = {p_value(p)} against a change of any "
        f"correlation of at most {number(bound)}; {dependence_sentence(dependence)}"
    )
    return text.replace("p = < ", "p < ")


def _name(name: str) -> str:
    return plain(name) or "(no name)"


def _explanation(feature: FeatureDrift) -> str:
    sentence = plain(feature.explanation, SENTENCE_LENGTH)
    return sentence if feature.follows is None else f"with {_name(feature.follows)}: {sentence}"


def _side(rows: int, period: Period) -> str:
    text = count(rows, "row")
    if period.start is None and period.end is None:
        return text
    return f"{text}, {when(period.start)} to {when(period.end)}"


def _setting(value: object) -> str:
    match value:
        case {"warning": warning, "critical": critical, **rest} if not rest:
            return f"{_setting(warning)} / {_setting(critical)}"
        case Mapping() | list() | tuple() if not value:
            return "none"
        case Mapping():
            return ", ".join(f"{_setting(key)} {_setting(item)}" for key, item in value.items())
        case list() | tuple():
            return " / ".join(map(_setting, value))
        case bool() | None:
            return {True: "yes", False: "no", None: "none"}[value]
        case float():
            return number(value, 6)
        case _:
            return plain(str(value))


def _against_threshold(result: DriftResult) -> str:
    if result.statistic is None or result.threshold is None:
        return number(result.statistic)
    bound = result.threshold.of(result.status)
    left, right = number(result.statistic), number(bound)
    if left == right:
        # 0.1004 and 0.1 differ, and the sign must not be read as a rounding error.
        left, right = number(result.statistic, 6), number(bound, 6)
    sign = ">" if result.statistic > bound else "<" if result.statistic < bound else "="
    return f"{left} {sign} {right}"
