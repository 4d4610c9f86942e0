"""Features of a monitor in one window, with what became of them in the windows before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from driftwatch.core.reports.history import Cell
from driftwatch.core.reports.results import Levels, Status
from driftwatch.core.reports.window_summary import Column
from driftwatch.service.dashboard.asked import PAGE_ROWS, Asked
from driftwatch.service.dashboard.facts.window_lines import EvaluatedWindow, WindowLines

__all__ = ["FeatureRow", "FeatureRows", "all_features", "feature_rows"]


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """One feature in the window that is looked at.

    Attributes:
        name: Its name.
        kind: What its values are.
        role: What it is for.
        status: What became of it; None where it was not tested in that window.
        test: The test that decided.
        statistic: Its value.
        interval: Where the value of the population lies.
        threshold: From which values on it is WARNING and CRITICAL.
        missing: Share of rows without a value.
        since: When its present drift began, seconds since 1970; None if it does not drift.
        is_older: Whether it began before that: there are windows before those that were read.
        place: Number of its column in the lines.
    """

    name: str
    kind: str
    role: str
    status: Status | None
    test: str | None = None
    statistic: float | None = None
    interval: tuple[float, float] | None = None
    threshold: Levels | None = None
    missing: float | None = None
    since: float | None = None
    is_older: bool = False
    place: int = 0

    @property
    def ratio(self) -> float:
        """The statistic in units of its warning threshold; 0 where there is none."""
        if self.statistic is None or self.threshold is None or not self.threshold.warning > 0:
            return 0.0
        return self.statistic / self.threshold.warning

    @property
    def limit(self) -> float | None:
        """The threshold that the status is about."""
        return None if self.threshold is None else self.threshold.of(self.status)


@dataclass(frozen=True, slots=True)
class FeatureRows:
    """The features that the filters leave, of one page of the table.

    Attributes:
        rows: Those of this page, in order.
        found: How many the filters leave.
        total: How many there are without filters.
        counts: How many of each status, without the filter by status.
        kinds: How many of each kind, likewise.
        page: Number of this page.
        pages: How many pages there are.
    """

    rows: tuple[FeatureRow, ...]
    found: int
    total: int
    counts: dict[Status, int]
    kinds: dict[str, int]
    page: int
    pages: int


def feature_rows(lines: WindowLines, window: EvaluatedWindow, asked: Asked, /) -> FeatureRows:
    """The table of features as the address asks for it.

    Args:
        lines: All windows up to the one that is looked at.
        window: That window, with numbers.
        asked: Filters, order and page.
    """
    every = _every(lines, window)
    text = asked.q.casefold()
    named = [row for row in every if text in row.name.casefold()]
    of_kind = [row for row in named if not asked.kind or row.kind == asked.kind]
    counts: dict[Status, int] = {}
    for row in of_kind:
        status = row.status or Status.INSUFFICIENT_DATA
        counts[status] = counts.get(status, 0) + 1
    kinds: dict[str, int] = {}
    for row in named:
        kinds[row.kind] = kinds.get(row.kind, 0) + 1
    found = [
        row
        for row in of_kind
        if asked.status is None or (row.status or Status.INSUFFICIENT_DATA) is asked.status
    ]
    pages = max(1, -(-len(found) // PAGE_ROWS))
    page = min(asked.page, pages)
    first = (page - 1) * PAGE_ROWS
    return FeatureRows(
        tuple(_ordered(found, asked)[first : first + PAGE_ROWS]),
        len(found),
        len(every),
        dict(sorted(counts.items(), key=lambda item: -item[0].severity)),
        dict(sorted(kinds.items())),
        page,
        pages,
    )


def all_features(lines: WindowLines, window: EvaluatedWindow, /) -> list[FeatureRow]:
    """Every feature in a window, the worst first.

    Args:
        lines: All windows up to the one that is looked at.
        window: That window, with numbers.
    """
    return sorted(_every(lines, window), key=_urgency)


def _every(lines: WindowLines, window: EvaluatedWindow) -> list[FeatureRow]:
    since = lines.drifting_since()
    return [
        _row(column, place, window, lines.began(since[place]))
        for place, column in enumerate(lines.columns)
    ]


def _row(
    column: Column, place: int, window: EvaluatedWindow, began: tuple[float | None, bool]
) -> FeatureRow:
    cell = window.summary.cell(column.name)
    known = cell or Cell(Status.INSUFFICIENT_DATA)
    return FeatureRow(
        column.name,
        column.kind,
        column.role,
        None if cell is None else cell.status,
        known.test,
        known.statistic,
        known.interval,
        known.threshold,
        window.summary.missing(column.name),
        *began,
        place,
    )


def _ordered(rows: Sequence[FeatureRow], asked: Asked) -> list[FeatureRow]:
    worst_first = sorted(rows, key=_urgency)
    keys = {
        "name": lambda row: row.name.casefold(),
        "effect": lambda row: -row.ratio,
        "since": lambda row: (row.since is None, row.since or 0.0),
    }
    if asked.sort in keys:
        worst_first = sorted(worst_first, key=keys[asked.sort])
    return worst_first[::-1] if asked.descends else worst_first


def _urgency(row: FeatureRow) -> tuple[int, float, str]:
    return -(row.status or Status.INSUFFICIENT_DATA).severity, -row.ratio, row.name
