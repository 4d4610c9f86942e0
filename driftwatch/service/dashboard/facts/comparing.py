"""Any two windows against each other: of one monitor, of two, or of two versions of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from driftwatch.core.assess import assess
from driftwatch.core.data.times import to_utc
from driftwatch.core.profiles.profile import Profile, merged
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.reports.window_summary import WindowSummary
from driftwatch.core.subject import Subject
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import DataError
from driftwatch.evaluation.history import profile_of_history
from driftwatch.profiling.hash_keys import key_for
from driftwatch.service.dashboard.facts.window_lines import EvaluatedWindow, window_lines
from driftwatch.service.dashboard.shelf import Shown

__all__ = ["Side", "chosen_side", "compared", "profile_of_side", "versions_of"]

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Side:
    """One of two windows.

    Attributes:
        shown: The monitor.
        window: The window.
        version: Rows of this version of the model only; of all if None.
    """

    shown: Shown
    window: EvaluatedWindow
    version: str | None = None


def compared(before: Side, after: Side, /, *, now: float) -> DriftReport:
    """Compare the rows of two windows, from their sketches; nothing is stored.

    The first side stands where a report has the reference. Cost: that of merging the panes of
    both windows, and of a check.

    Raises:
        DataError: If a side is not kept any more: old panes are rolled up, and then forgotten.
        MergeError: If segments of a side are of different configurations.
    """
    first, second = (profile_of_side(side) for side in (before, after))
    subject = Subject(Reference(first), monitor=after.shown.name, model_version=after.version)
    return assess(subject, second, policy=after.shown.policy(), created_at=to_utc(now))


def profile_of_side(side: Side, /) -> Profile:
    """The sketches of a window, merged: all of its rows, and no others.

    Raises:
        DataError: If that cannot be made any more: panes of some days ago have been rolled up into
            days and weeks, which begin and end elsewhere.
    """
    shown, summary = side.shown, side.window.summary
    first, last, width = _panes(side)
    guard = key_for(None, shown.store, makes=False).guard
    segments = shown.store.segments(shown.name, width=width, first=first, last=last)
    if sum(each.segment.rows for each in segments) < summary.rows:
        if side.version is None and _is_of_whole_days(summary):
            start, end = (each.timestamp() for each in (summary.start, summary.end) if each)
            return profile_of_history(shown.store, shown.name, start=start, end=end, guard=guard)
        raise DataError(
            f"the rows of the window of {shown.name} that ends with pane {side.window.pane} are "
            "not kept by themselves any more: panes of some days ago have been rolled up into "
            "days; choose a newer window, or one of whole days",
            code="DW100",
        )
    total = merged(
        Profile.from_bytes(each.segment.body, guard=guard)
        for each in segments
        if side.version is None or (each.segment.model_version or "") == side.version
    )
    if total is None or not total.rows:
        of_version = f" of model version {side.version}" if side.version is not None else ""
        raise DataError(
            f"the window of {shown.name} that ends with pane {side.window.pane} has no "
            f"rows{of_version}",
            code="DW100",
        )
    return total


def _is_of_whole_days(summary: WindowSummary) -> bool:
    ends = [each.timestamp() for each in (summary.start, summary.end) if each is not None]
    return len(ends) == 2 and not any(end % _DAY for end in ends)


def _panes(side: Side) -> tuple[int, int, int]:
    """First and last pane of a window, and how wide its panes are."""
    shown, window, summary = side.shown, side.window, side.window.summary
    if shown.config is not None:
        spec = WindowSpec.of(shown.config.window, shown.config.slide)
        return spec.first_of(window.pane), window.pane, spec.width
    if summary.start is None or summary.end is None:  # panes are counted in rows
        widths = [pane.width for pane in shown.store.overview(shown.name).panes]
        width = min(widths, default=1)
        return window.pane - max(1, -(-summary.rows // width)) + 1, window.pane, width
    width = round(summary.end.timestamp() / (window.pane + 1))
    return int(summary.start.timestamp()) // width, window.pane, width


def chosen_side(monitors: Sequence[Shown], name: str, pane: str, version: str, /) -> Side | None:
    """A side as an address names it; None if there is no such window."""
    shown = next((each for each in monitors if each.name == name), None)
    if shown is None:
        return None
    windows = window_lines(shown, since=None, until=None).windows
    window = next((each for each in windows if str(each.pane) == pane), None)
    return None if window is None else Side(shown, window, version or None)


def versions_of(shown: Shown, window: EvaluatedWindow, /) -> list[str]:
    """Versions of the model whose rows are in a window."""
    first, last, width = _panes(Side(shown, window))
    keys = shown.store.segment_keys(shown.name, width=width, before=last + 1)
    found = {key.model_version or "" for key in keys if key.pane >= first}
    return sorted(found - {""})
