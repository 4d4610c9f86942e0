"""What to do first: one to three lines, by cause. What is not known is not guessed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from itertools import islice

from driftwatch.core.reports.report import DriftReport, FeatureDrift, Status
from driftwatch.render import outline
from driftwatch.render.numbers import count, number, percent, share_change

__all__ = ["Advice", "advice"]

_LINES = 3
_NAMED = 3
_OLD_DAYS = 180
"""A reference that ended so long before production began is worth a word."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One line: words, the features it is about, and more words.

    Attributes:
        before: Words before the names, not escaped.
        features: Names of features as they are in the report, to be shown as links.
        after: Words after them.
        more: How many features are not named.
        part: The part of the page between the words, where it is about no feature.
    """

    before: str
    features: tuple[str, ...] = ()
    after: str = ""
    more: int = 0
    part: str = ""


def advice(report: DriftReport, /) -> list[Advice]:
    """What to do first, the most urgent cause first; at least one line."""
    lines = list(islice(_causes(report), _LINES))
    if len(lines) < _LINES:
        lines += _undecided(report)
    return lines or [Advice("Nothing to do.")]


def _causes(report: DriftReport) -> Iterator[Advice]:
    yield from _no_data(report)
    yield from _schema(report)
    yield from _missing(report)
    yield from _rules(report)
    yield from _out_of_range(report)
    told = {name for line in _explained(report) for name in line}
    yield from _common_cause(report)
    yield from _model(report)
    yield from _old_reference(report)
    yield from _look_first(report, told)


def _no_data(report: DriftReport) -> Iterator[Advice]:
    if report.not_used:
        reason, rows = max(report.not_used.items(), key=lambda item: item[1])
        if not report.rows_current or rows > 0.05 * report.rows_current:
            words = outline.in_plain_words(reason)
            yield Advice(
                f"Mend what sends the rows: {count(rows, 'row')} could not be used, {words}."
            )
            return
    if not report.rows_current:
        yield Advice("Find out why no row came: what sends them, and the columns they name.")
    elif report.global_status is Status.INSUFFICIENT_DATA:
        yield Advice("Check a longer stretch: there are too few rows to compare.")


def _schema(report: DriftReport) -> Iterator[Advice]:
    changes = [change for change in outline.changes(report) if change.status.is_drift]
    if changes:
        text = "; ".join(map(str, changes[:_NAMED]))
        more = f" and {len(changes) - _NAMED} more" if len(changes) > _NAMED else ""
        before = f"Mend the columns before reading anything else: {text}{more}. See "
        yield Advice(before, after=".", part="schema")


def _missing(report: DriftReport) -> Iterator[Advice]:
    """Values that are missing, or no longer are; not of columns that changed altogether."""
    changed = {change.column for change in report.schema_changes if change.status.is_drift}
    found = [f for f in _moved_by(report, "missing") if f.name not in changed]
    fewer = [f for f in found if (f.missing_current or 0.0) < (f.missing_reference or 0.0)]
    more = [f for f in found if f not in fewer]
    for words, some in (("values are missing: ", more), ("fewer values are missing: ", fewer)):
        shares = [share_change(f.missing_reference, f.missing_current) for f in some]
        if some:
            yield _of(f"Find out why {words}", some, f" ({', '.join(shares[:_NAMED])}).")


def _rules(report: DriftReport) -> Iterator[Advice]:
    found = _moved_by(report, "rule")
    if found:
        yield _of("Find out why values break the rule that was set for ", found, ".")


def _out_of_range(report: DriftReport) -> Iterator[Advice]:
    found = _beyond_the_reference(report)
    if found:
        found.sort(key=lambda f: -(f.tests["out_of_range"].statistic or 0.0))
        shares = [percent(f.tests["out_of_range"].statistic) for f in found[:_NAMED]]
        told = f"{', '.join(dict.fromkeys(shares))} of rows"
        yield _of(
            "Check units and sources of ",
            found,
            f": {told} lie where the reference has no values, and a model extrapolates there.",
        )


def _common_cause(report: DriftReport) -> Iterator[Advice]:
    leaders = [f for f in report.features if report.followers(f.name)]
    for leader in leaders[:1]:
        others = len(report.followers(leader.name))
        yield Advice(
            "Look at ",
            (leader.name,),
            f" first: {count(others, 'other feature')} that depend{'s' * (others == 1)} on it "
            "moved with it.",
        )


def _model(report: DriftReport) -> Iterator[Advice]:
    if report.performance is None or not report.performance.status.is_drift:
        return
    if not any(feature.status.is_drift for feature in _but_errors(report)):
        yield Advice("Look at the labels, and at how they are joined: no feature moved.")
    else:
        yield Advice(
            "Make sure that labels are complete and joined to the right rows, then see the ",
            after=".",
            part="performance",
        )


def _old_reference(report: DriftReport) -> Iterator[Advice]:
    end, start = report.reference_period.end, report.current_period.start
    if not report.drifted_features or end is None or start is None:
        return
    days = (start.astimezone(UTC) - end.astimezone(UTC)).days
    if days > _OLD_DAYS:
        yield Advice(
            f"The reference ended {days:,} days before these rows: "
            "where the change is wanted, take a newer reference."
        )


def _look_first(report: DriftReport, told: set[str]) -> Iterator[Advice]:
    """The feature that moved most by its own threshold, of those that nothing was said of.

    Errors of the model are looked at where nothing else has changed.
    """
    drifted = [f for f in _but_errors(report) if f.status.is_drift and f.name not in told]
    if report.drift_types == ["error"]:
        drifted = [f for f in report.features if f.status.is_drift]
    ranked = sorted(drifted, key=outline.ratio, reverse=True)
    if ranked and outline.ratio(ranked[0]) > 0:
        first = ranked[0]
        many = f"{number(outline.ratio(first), 2)} times its warning threshold"
        which = (
            "it moved by"
            if len(ranked) == 1
            else f"of {'the others' if told else 'all'} it moved most,"
        )
        yield Advice("Then look at " if told else "Look at ", (first.name,), f": {which} {many}.")


def _undecided(report: DriftReport) -> Iterator[Advice]:
    found = [feature for feature in report.features if feature.status is Status.UNDECIDED]
    if report.global_status is not Status.UNDECIDED:
        if found:
            verb, end = ("is", "s") if len(found) == 1 else ("are", "")
            many = count(len(found), "feature")
            yield _of(f"{many} {verb} undecided and need{end} no action: ", found, ".")
    elif found:
        yield _of(f"{_what_decides(found)} ", found, ".")
    else:
        empty = [f for f in report.features if f.status is Status.INSUFFICIENT_DATA]
        yield _of("Find out why there are too few values to compare: ", empty, ".")


def _what_decides(found: Sequence[FeatureDrift]) -> str:
    """What to do about features that are undecided, up to their names."""
    needed = [rows for feature in found if (rows := outline.rows_needed(feature)) is not None]
    if needed:
        return f"Wait for more rows: about {max(needed):,} would decide"
    reasons = [result.undecided for feature in found for result in feature.tests.values()]
    lacks = {reason.lacks for reason in reasons if reason is not None}
    if "reference" in lacks:
        return "Take a larger reference, which would decide"
    if "sketch" in lacks:
        return "Take finer sketches, which would decide"
    return "Wait: drift is too near the threshold to decide"


def _explained(report: DriftReport) -> Iterator[Sequence[str]]:
    """Names of the features that a cause before accounts for."""
    for found in (
        _moved_by(report, "missing"),
        _moved_by(report, "rule"),
        _beyond_the_reference(report),
    ):
        yield [feature.name for feature in found]
    yield [f.name for f in report.features if f.follows is not None or report.followers(f.name)]


def _but_errors(report: DriftReport) -> list[FeatureDrift]:
    """All features but errors of the model, which are an effect; the worst first."""
    return [feature for feature in outline.worst_first(report) if not feature.is_error]


def _beyond_the_reference(report: DriftReport) -> list[FeatureDrift]:
    """Features with rows out of the reference's range; what a model answers is not extrapolated."""
    return [f for f in _moved_by(report, "out_of_range") if f.role == "feature"]


def _moved_by(report: DriftReport, method: str) -> list[FeatureDrift]:
    """Features of which a test shows drift, the worst first."""
    return [
        feature
        for feature in _but_errors(report)
        if (result := feature.tests.get(method)) is not None
        and result.status is not None
        and result.status.is_drift
    ]


def _of(before: str, features: Sequence[FeatureDrift], after: str) -> Advice:
    names = tuple(feature.name for feature in features[:_NAMED])
    return Advice(before, names, after, more=len(features) - len(names))
