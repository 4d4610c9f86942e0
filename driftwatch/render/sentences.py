"""The verdict in one sentence, as pages say it: what moved, how much, and the model."""

from __future__ import annotations

from driftwatch.core.reports.performance import in_words
from driftwatch.core.reports.report import DriftReport, FeatureDrift, Metric, Status
from driftwatch.core.reports.sentences import since_when
from driftwatch.render import outline
from driftwatch.render.numbers import count
from driftwatch.render.plain import SENTENCE_LENGTH, plain

__all__ = ["listed", "verdict_sentence"]

_NAMED = 4
"""So many features are named; more of them are counted."""
_MOST = 3
"""Of those that are counted, so many that moved most are named."""


def verdict_sentence(report: DriftReport, /) -> str:
    """Say in one sentence what a reader must know first."""
    match report.global_status:
        case Status.CRITICAL | Status.WARNING:
            return _dated(_drift(report), report)
        case Status.OK:
            return _fine(report)
        case Status.UNDECIDED:
            return f"Not decided: {plain(report.headline(), SENTENCE_LENGTH)}"
        case _:
            return _nothing(report)


def _dated(sentence: str, report: DriftReport) -> str:
    """The sentence, and since when that is so, where a history tells."""
    since = since_when(report)
    if not since or since in sentence:
        return sentence
    return f"{sentence.removesuffix('.')}. {since[:1].upper()}{since[1:]}."


def listed(names: list[str], /) -> str:
    """Names as a list in a sentence.

    Example:
        >>> listed(["age"]), listed(["age", "city", "plan"])
        ('age', 'age, city and plan')
    """
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _drift(report: DriftReport) -> str:
    features = [f for f in report.features if not f.is_error and f.status.is_drift]
    others = [text for text in (_model(report), _schema(report), _rest(report)) if text]
    if not features and not others:
        return plain(outline.verdict(report), SENTENCE_LENGTH)
    if not features:
        return f"No feature drifted, but {listed(others)}."
    if len(features) == 1 and not others:
        return _single(report, features[0])
    tested = sum(not feature.is_error for feature in report.features)
    if len(features) <= _NAMED:
        moved = f"{listed([outline.name_of(f) for f in features])} drifted"
    else:
        most = sorted(features, key=outline.ratio, reverse=True)[:_MOST]
        names = listed([outline.name_of(feature) for feature in most])
        moved = f"{len(features):,} of {tested:,} features drifted, {names} most"
    return f"{', and '.join([moved, listed(others)] if others else [moved])}."


def _single(report: DriftReport, feature: FeatureDrift) -> str:
    """One feature moved and nothing else: the sentence has room for how."""
    little = " a little" if feature.status is Status.WARNING else ""
    how = outline.sentence_of(feature)
    others = sum(not f.is_error for f in report.features) - 1
    alone = f", alone of {others + 1:,} features" if others else ""
    return f"{outline.name_of(feature)} drifted{little}{alone}: {how}"


def _model(report: DriftReport) -> str:
    performance = report.performance
    worst = performance.worst if performance is not None else None
    if worst is not None and worst.status is not None and worst.status.is_drift:
        return f"the model got worse: {_metric(worst)}"
    return "the errors of the model changed" if report.part_status("error").is_drift else ""


def _metric(metric: Metric) -> str:
    return f"{plain(in_words(metric.name))} {metric.moved}"


def _schema(report: DriftReport) -> str:
    changes = [change for change in outline.changes(report) if change.status.is_drift]
    if len(changes) == 1:
        return str(changes[0])
    return f"there are {len(changes):,} schema changes" if changes else ""


def _rest(report: DriftReport) -> str:
    """How columns depend on each other, and how many rows came."""
    texts = []
    if report.multivariate is not None and report.multivariate.status.is_drift:
        texts.append(outline.dependence_sentence(report.multivariate))
    volume = report.dataset.volume
    if volume is not None and volume.status.is_drift:
        texts.append(f"there are {volume}")
    return listed(texts) if texts else ""


def _fine(report: DriftReport) -> str:
    tested = count(sum(not feature.is_error for feature in report.features), "feature")
    open_ones = len(report.undecided_features)
    sure = f"; {open_ones:,} undecided" if open_ones else _RULED_OUT
    text = f"No drift that matters in {tested}{sure}"
    worst = report.performance.worst if report.performance is not None else None
    if worst is not None and worst.status is Status.OK:
        text += f"; {_metric(worst)}"
    return f"{text}."


_RULED_OUT = " (drift above the warning thresholds is ruled out)"


def _nothing(report: DriftReport) -> str:
    if not report.rows_current:
        why = report.headline().removeprefix("no row to compare")
        return (
            f"Nothing could be compared: there is no production row{plain(why, SENTENCE_LENGTH)}."
        )
    rows = f"{count(report.rows_current, 'row')} against {report.rows_reference:,}"
    why = "no feature to test" if not report.features else "too little data to tell"
    return f"Nothing could be compared: {rows}, {why}."
