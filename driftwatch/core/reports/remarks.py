"""What a report says as a warning, each with the code of which `driftwatch explain` says more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from driftwatch.core.reports.results import Status
from driftwatch.core.reports.spelling import percent

if TYPE_CHECKING:
    from driftwatch.core.reports.report import DriftReport

__all__ = [
    "Remark",
    "codes_at_end",
    "early_remarks",
    "not_used",
    "remarks_of",
    "undecided_remarks",
    "verdict_remarks",
    "window_remarks",
]

_NOT_COMPARABLE = "not comparable"
"""Beginning of the reason why a column was not tested, if its values are hidden from one side."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that a reader of a report must know.

    Attributes:
        code: Such as ``DW110``.
        text: In words, without a full stop.
    """

    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.text} [{self.code}]"

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def codes_at_end(remarks: Iterable[Remark], /) -> str:
    """The codes of remarks that stand in one line, for its end; empty without any.

    Example:
        >>> codes_at_end([Remark("DW110", "a"), Remark("DW111", "b"), Remark("DW110", "c")])
        ' [DW110, DW111]'
    """
    codes = dict.fromkeys(remark.code for remark in remarks)
    return f" [{', '.join(codes)}]" if codes else ""


def remarks_of(report: DriftReport, /) -> Iterator[Remark]:
    """Everything that a report says as a warning, beside drift itself."""
    yield from verdict_remarks(report)
    yield from early_remarks(report)
    yield from (Remark(change.code, str(change)) for change in report.schema_changes)
    yield from undecided_remarks(report)
    for name, reason in report.skipped.items():
        if reason.startswith(_NOT_COMPARABLE):
            yield Remark("DW109", f"{name}: {reason}")
    if report.performance is not None:
        yield from (Remark("DW093", note) for note in report.performance.notes)


def verdict_remarks(report: DriftReport, /) -> list[Remark]:
    """What the line of the verdict says as a warning."""
    is_open = report.global_status is Status.UNDECIDED and not report.undecided_features
    lacks_data = is_open or report.global_status is Status.INSUFFICIENT_DATA
    nothing = [Remark("DW100", report.headline())] if lacks_data else []
    return nothing + window_remarks(report)


def early_remarks(report: DriftReport, /) -> list[Remark]:
    """What detectors saw before a window could show it."""
    signs = () if report.window is None else report.window.early
    return [Remark("DW116", f"early sign: {sign}") for sign in signs]


def undecided_remarks(report: DriftReport, /) -> list[Remark]:
    """Each undecided feature with the reason."""
    return [
        Remark(feature.undecided_code, f"{feature.name}: {feature.explanation}")
        for feature in report.features
        if feature.undecided_code is not None
    ]


def window_remarks(report: DriftReport, /) -> list[Remark]:
    """What a reader of the verdict must know of the window: its rows, and what they lack."""
    volume = report.dataset.volume
    is_unusual = volume is not None and volume.status.is_drift
    unusual = [Remark("DW108", str(volume))] if is_unusual else []
    window = report.window
    if window is None:
        return unusual
    remarks = unusual + window.remarks(report.rows_current)
    if unused := not_used(report):
        remarks.append(Remark("DW110", unused))
    remarks += [Remark("DW115", note) for note in window.notes]
    if window.parts:
        parts = "; ".join(str(part) for part in window.parts)
        text = (
            f"{len(window.parts)} parts of the window have references of their own, and the first "
            f"is shown: {parts}"
        )
        remarks.append(Remark("DW114", text))
    elif len(window.references) > 1:
        text = (
            f"rows were counted for {len(window.references)} references, so that sketches were "
            "compared instead of counts"
        )
        remarks.append(Remark("DW114", text))
    return remarks


def not_used(report: DriftReport, /) -> str:
    """How many rows could not be used, and why; empty if none."""
    lost = sum(report.not_used.values())
    if not lost:
        return ""
    by_reason = sorted(report.not_used.items(), key=lambda item: -item[1])
    reasons = ", ".join(f"{rows:,} {why.replace('_', ' ')}" for why, rows in by_reason[:3])
    more = f" and {len(by_reason) - 3} other reasons" if len(by_reason) > 3 else ""
    share = percent(lost / (lost + report.rows_current))
    return f"{lost:,} rows ({share}) could not be used: {reasons}{more}"
