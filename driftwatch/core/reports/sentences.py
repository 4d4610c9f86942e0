"""A report in words: its headline, and the verdict in a few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.core.reports.results import FeatureDrift, Status
from driftwatch.core.reports.spelling import percent

if TYPE_CHECKING:
    from driftwatch.core.reports.report import DriftReport

__all__ = ["headline_of", "remarks_of", "since_when", "summary_of"]


def summary_of(report: DriftReport, /) -> str:
    """Return the verdict in a few plain lines of text."""
    lines = [f"{report.global_status}: {report.headline()}"]
    lines += [
        f"  {f.status}  {', '.join([f.name, *report.followers(f.name)])}: {f.explanation}"
        for f in _drifted(report)
        if f.follows is None
    ]
    if report.performance is not None:
        lines.append(f"  {report.performance.status}  performance: {report.performance}")
    lines += [f"  {change.status}  {change}" for change in report.schema_changes]
    if report.multivariate is not None and report.multivariate.status.is_drift:
        lines.append(f"  {report.multivariate.status}  {report.multivariate.explanation}")
    if report.window is not None:
        lines += [f"  early sign  {sign}" for sign in report.window.early]
    if report.undecided_features:
        lines.append(f"  undecided: {', '.join(report.undecided_features)}")
    if report.skipped:
        lines.append(f"  not tested: {', '.join(f'{k} ({v})' for k, v in report.skipped.items())}")
    return "\n".join(lines)


def headline_of(report: DriftReport, /) -> str:
    """Return the verdict as half a sentence, without the status word."""
    production = f"{report.rows_current:,} production row{'s' * (report.rows_current != 1)}"
    rows = f"({production} against {report.rows_reference:,})"
    if not report.rows_current:
        unused = _not_used(report)
        return "; ".join(["no row to compare", *([unused] if unused else remarks_of(report))])
    if not report.features:
        return f"no feature to test {rows}"
    if remarks := remarks_of(report):
        rows = f"{rows}; {'; '.join(remarks)}"
    features = [feature for feature in report.features if feature.role != "error"]
    drifted, tested = sum(f.status.is_drift for f in features), len(features)
    undecided = sum(f.status is Status.UNDECIDED for f in features)
    also = f"{of_the_model}; " if (of_the_model := _of_the_model(report)) else ""
    if report.global_status is Status.INSUFFICIENT_DATA:
        return f"{also}too little data to compare any feature {rows}"
    if report.global_status is Status.UNDECIDED:
        also += f"{drifted} drifted, " if drifted else ""
        if not undecided:
            empty = sum(f.status is Status.INSUFFICIENT_DATA for f in features)
            return f"{also}too little data in {empty} of {tested} features {rows}"
        return f"{also}{undecided} of {tested} features undecided{_would_decide(report)} {rows}"
    since = f"; {since}" if (since := since_when(report)) else ""
    return f"{also}{drifted} of {tested} features drifted {rows}{since}"


def since_when(report: DriftReport, /) -> str:
    """Since when windows drift without a break; empty where no history tells."""
    if report.window is None or report.window.since is None:
        return ""
    return report.window.since.in_words(report.window.period.end)


def _of_the_model(report: DriftReport) -> str:
    """What the labels say of the model, where it got worse or its errors changed."""
    if report.performance is not None and report.performance.status.is_drift:
        return report.performance.headline()
    return "the errors changed" if report.part_status("error").is_drift else ""


def _would_decide(report: DriftReport) -> str:
    """What would decide the features that are undecided."""
    results = [
        result
        for feature in report.features
        if feature.status is Status.UNDECIDED
        for result in feature.tests.values()
        if result.undecided is not None
    ]
    needed = [result.rows_needed for result in results if result.rows_needed is not None]
    if needed:
        return f": about {max(needed):,} production rows would decide"
    lacks = {result.undecided.lacks for result in results if result.undecided is not None}
    if "reference" in lacks:
        return ": a larger reference would decide"
    if "sketch" in lacks:
        return ": finer sketches would decide"
    return ": their drift is at the threshold" if results else ""


def remarks_of(report: DriftReport, /) -> list[str]:
    """What a reader of the verdict must know of the window: its rows, and what they lack."""
    volume = report.dataset.volume
    unusual = [str(volume)] if volume is not None and volume.status.is_drift else []
    if report.window is None:
        return unusual
    remarks = unusual + report.window.remarks(report.rows_current)
    if unused := _not_used(report):
        remarks.append(unused)
    remarks += report.window.notes
    if report.window.parts:
        parts = "; ".join(str(part) for part in report.window.parts)
        remarks.append(
            f"{len(report.window.parts)} parts of the window have references of their own, and "
            f"the first is shown: {parts}"
        )
    elif len(report.window.references) > 1:
        remarks.append(
            f"rows were counted for {len(report.window.references)} references, so that "
            "sketches were compared instead of counts"
        )
    return remarks


def _not_used(report: DriftReport) -> str:
    lost = sum(report.not_used.values())
    if not lost:
        return ""
    by_reason = sorted(report.not_used.items(), key=lambda item: -item[1])
    reasons = ", ".join(f"{rows:,} {why.replace('_', ' ')}" for why, rows in by_reason[:3])
    more = f" and {len(by_reason) - 3} other reasons" if len(by_reason) > 3 else ""
    share = percent(lost / (lost + report.rows_current))
    return f"{lost:,} rows ({share}) could not be used: {reasons}{more}"


def _drifted(report: DriftReport) -> list[FeatureDrift]:
    return [feature for feature in report.features if feature.status.is_drift]
