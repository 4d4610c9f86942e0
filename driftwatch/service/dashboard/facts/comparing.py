"""Any two windows against each other: of one monitor, of two, or of two versions of a model."""

from __future__ import annotations

from dataclasses import dataclass

from driftwatch.core.assess import assess
from driftwatch.core.data.times import to_utc
from driftwatch.core.drift.policy import Policy
from driftwatch.core.profiles.profile import Profile, merged
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.subject import Subject
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import DataError
from driftwatch.evaluation.history import profile_of_history
from driftwatch.profiling.hash_keys import key_for
from driftwatch.service.dashboard.facts.window_lines import EvaluatedWindow
from driftwatch.service.dashboard.shelf import Shown

__all__ = ["Side", "compared", "versions_of"]


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
        DataError: If a side has no rows any more: old panes are rolled up, and then forgotten.
        MergeError: If segments of a side are of different configurations.
    """
    first, second = (profile_of_side(side) for side in (before, after))
    subject = Subject(Reference(first), monitor=after.shown.name, model_version=after.version)
    return assess(subject, second, policy=Policy(), created_at=to_utc(now))


def profile_of_side(side: Side, /) -> Profile:
    """The sketches of a window, merged.

    Panes of some days ago have been rolled up into days and weeks: of an older window they are
    those that begin in it.

    Raises:
        DataError: If there are none.
    """
    shown, summary = side.shown, side.window.summary
    first, last, width = _panes(side)
    guard = key_for(None, shown.store, makes=False).guard
    found = [
        Profile.from_bytes(stored.segment.body, guard=guard)
        for stored in shown.store.segments(shown.name, width=width, first=first, last=last)
        if side.version is None or (stored.segment.model_version or "") == side.version
    ]
    total = merged(found)
    if total is None and side.version is None and summary.start and summary.end:
        start, end = summary.start.timestamp(), summary.end.timestamp()
        total = profile_of_history(shown.store, shown.name, start=start, end=end, guard=guard)
    if total is None or not total.rows:
        of_version = f" of model version {side.version}" if side.version is not None else ""
        raise DataError(
            f"no rows{of_version} are kept any more of the window of {shown.name} that ends with "
            f"pane {side.window.pane}",
            code="DW100",
        )
    return total


def _panes(side: Side) -> tuple[int, int, int]:
    """First and last pane of a window, and how wide its panes are."""
    shown, window = side.shown, side.window
    if shown.config is not None:
        spec = WindowSpec.of(shown.config.window, shown.config.slide)
        return spec.first_of(window.pane), window.pane, spec.width
    start, end = window.summary.start, window.summary.end
    widths = [pane.width for pane in shown.store.overview(shown.name).panes]
    width = widths[0] if widths else 1
    if start is None or end is None:
        return window.pane, window.pane, width
    width = round(end.timestamp() / (window.pane + 1))
    return int(start.timestamp()) // width, window.pane, width


def versions_of(shown: Shown, window: EvaluatedWindow, /) -> list[str]:
    """Versions of the model whose rows are in a window."""
    first, last, width = _panes(Side(shown, window))
    keys = shown.store.segment_keys(shown.name, width=width, before=last + 1)
    found = {key.model_version or "" for key in keys if key.pane >= first}
    return sorted(found - {""})
