"""References: what is in use, what was, and what a new one from the stream would change."""

from __future__ import annotations

from dataclasses import dataclass

from driftwatch.core.assess import assess
from driftwatch.core.data.times import to_utc
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.subject import Subject
from driftwatch.errors import DataError, DriftWatchError
from driftwatch.evaluation.history import profile_of_history
from driftwatch.profiling.hash_keys import key_for
from driftwatch.service.dashboard.facts.comparing import Side, profile_of_side
from driftwatch.service.dashboard.facts.window_lines import EvaluatedWindow, window_lines
from driftwatch.service.dashboard.shelf import Shown

__all__ = ["KeptReference", "Preview", "preview_of", "reference_of_stretch", "references_of"]


@dataclass(frozen=True, slots=True)
class KeptReference:
    """A reference.

    Attributes:
        id: Its content id.
        added: When it came, seconds since 1970.
        bytes: Bytes of its profile.
        used_for: Model versions that it is in use for; an empty text for all others.
        rows: Its rows; known of the one in use only.
    """

    id: str
    added: float
    bytes: int
    used_for: tuple[str, ...]
    rows: int | None = None

    @property
    def is_in_use(self) -> bool:
        """Whether any version is compared with it."""
        return bool(self.used_for)


@dataclass(frozen=True, slots=True)
class Preview:
    """What would change if a stretch of the stream became the reference.

    Attributes:
        id: Content id of what would come into use.
        instead_of: Id of what is in use now; empty if nothing is.
        start: Beginning of the stretch, seconds since 1970.
        end: Its end.
        rows: Rows in it.
        change: The present reference against the new one, as a report: what it would forgive.
        newest: The newest window against the new reference; None where there is no window left.
        halves: The first half of the stretch against the second: drift in it would become the
            usual thing; None where a half is empty.
        drifted: Windows of the stretch that drifted from the present reference.
        windows: Windows that ended in it.
    """

    id: str
    instead_of: str
    start: float
    end: float
    rows: int
    change: DriftReport | None
    newest: DriftReport | None
    halves: DriftReport | None
    drifted: int
    windows: int

    @property
    def warns(self) -> bool:
        """Whether the stretch itself drifts."""
        return self.halves is not None and self.halves.global_status.is_drift


def references_of(shown: Shown, /) -> list[KeptReference]:
    """The references of a monitor, the newest first."""
    current = shown.reference()
    found = []
    for row in reversed(shown.store.references(shown.name)):
        rows = None
        if current is not None and current.id == row.id:
            rows = current.profile.rows
        found.append(KeptReference(row.id, row.added, row.bytes, row.used_for, rows))
    return found


def reference_of_stretch(shown: Shown, /, *, start: float, end: float) -> Reference:
    """A reference made of what the store has kept of a stretch of time.

    Raises:
        DataError: If there are no rows.
        MergeError: If they are of different configurations.
    """
    guard = key_for(None, shown.store, makes=False).guard
    profile = profile_of_history(shown.store, shown.name, start=start, end=end, guard=guard)
    return Reference(profile)


def preview_of(shown: Shown, /, *, start: float, end: float, now: float) -> Preview:
    """Compute what a stretch would change as a reference; changes nothing.

    Cost: some merges of all panes of the stretch, and three checks.

    Raises:
        DataError: If the stretch has no rows.
    """
    new = reference_of_stretch(shown, start=start, end=end)
    current = shown.reference()
    lines = window_lines(shown, since=start, until=end)
    middle = (start + end) / 2
    return Preview(
        new.id,
        shown.store.references_in_use(shown.name).get("", ""),
        start,
        end,
        new.profile.rows,
        None if current is None else _assessed(shown, current, new, now),
        _newest(shown, new, now),
        _halves(shown, start, middle, end, now),
        sum(window.summary.status.is_drift for window in lines.windows),
        len(lines.windows),
    )


def _assessed(shown: Shown, before: Reference, after: Reference, now: float) -> DriftReport | None:
    try:
        subject = Subject(before, monitor=shown.name)
        return assess(subject, after.profile, policy=shown.policy(), created_at=to_utc(now))
    except DriftWatchError:
        return None


def _newest(shown: Shown, new: Reference, now: float) -> DriftReport | None:
    stored = shown.windows.windows(shown.name, limit=1)
    if not stored:
        return None
    try:
        side = Side(shown, EvaluatedWindow.of(stored[0]))
        subject = Subject(new, monitor=shown.name)
        profile = profile_of_side(side)
        return assess(subject, profile, policy=shown.policy(), created_at=to_utc(now))
    except DriftWatchError:
        return None


def _halves(
    shown: Shown, start: float, middle: float, end: float, now: float
) -> DriftReport | None:
    try:
        first = reference_of_stretch(shown, start=start, end=middle)
        second = reference_of_stretch(shown, start=middle, end=end)
    except DataError:
        return None
    return _assessed(shown, first, second, now)
