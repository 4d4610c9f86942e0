"""A report in words: its headline, and the verdict in a few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.core.reports.remarks import (
    codes_at_end,
    not_used,
    undecided_remarks,
    verdict_remarks,
    window_remarks,
)
from driftwatch.core.reports.results import FeatureDrift, Status

if TYPE_CHECKING:
    from driftwatch.core.reports.report import DriftReport

__all__ = ["headline_of", "since_when", "summary_of"]


def summary_of(report: DriftReport, /) -> str:
    """Return the verdict in a few plain lines of text."""
    end = codes_at_end(verdict_remarks(report))
    lines = [f"{report.global_status}: {report.headline()}{end}"]
    lines += [
        f"  {f.status}  {', '.join([f.name, *report.followers(f.name)])}: {f.explanation}"
        for f in _drifted(report)
        if f.follows is None
    ]
    if report.performance is not None:
        lines.append(f"  {report.performance.status}  performance: {report.performance}")
    lines += [f"  {c.status}  {c} [{c.code}]" for c in report.schema_changes]
    if report.multivariate is not None and report.multivariate.status.is_drift:
        lines.append(f"  {report.multivariate.status}  {report.multivariate.explanation}")
    if report.window is not None:
        lines += [f"  early sign  {sign}" for sign in report.window.early]
    if report.undecided_features:
        end = codes_at_end(undecided_remarks(report))
        lines.append(f"  undecided: {', '.join(report.undecided_features)}{end}")
    if report.skipped:
        lines.append(f"  not tested: {', '.join(f'{k} ({v})' for k, v in report.skipped.items())}")
    return "\n".join(lines)


def headline_of(report: DriftReport, /) -> str:
    """Return the verdict as half a sentence, without the status word."""
    production = f"{report.rows_current:,} production row{'s' * (report.rows_current != 1)}"
    rows = f"({production} against {report.rows_reference:,})"
    if not report.rows_current:
        others = [remark.text for remark in window_remarks(report)]
        unused = not_used(report)
        return "; ".join(["no row to compare", *([unused] if unused else others)])
    if not report.features:
        return f"no feature to test {rows}"
    if remarks := window_remarks(report):
        rows = f"{rows}; {'; '.join(remark.text for remark in remarks)}"
    features = [feature for feature in report.features if not feature.is_error]
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


def _drifted(report: DriftReport) -> list[FeatureDrift]:
    return [feature for feature in report.features if feature.status.is_drift]
