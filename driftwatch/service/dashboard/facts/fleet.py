"""The fleet: a line a monitor, those that need somebody first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from driftwatch.core.reports.performance import in_words
from driftwatch.core.reports.results import Status
from driftwatch.core.reports.window_summary import WindowSummary
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.core.windows.stored import StoredWindow
from driftwatch.errors import DataError, DriftWatchError
from driftwatch.evaluation.window_history import summarize_older_reports
from driftwatch.service.dashboard.asked import Asked
from driftwatch.service.dashboard.facts.gaps import have_windows_stopped, is_silent, usual_gap
from driftwatch.service.dashboard.facts.incident_list import IncidentFacts, incidents_of
from driftwatch.service.dashboard.facts.troubles import trouble_of
from driftwatch.service.dashboard.shelf import Shown

__all__ = ["Fleet", "FleetLine", "fleet_facts", "fleet_line"]

_COLUMNS = 60
_NAMED = 4
_ORDER = {
    "CRITICAL": 0,
    "NO DATA": 1,
    "WARNING": 2,
    "UNDECIDED": 3,
    "OK": 4,
    "INSUFFICIENT_DATA": 5,
}


@dataclass(frozen=True, slots=True)
class FleetLine:
    """One monitor.

    Attributes:
        name: Its name.
        status: Of its newest window; ``NO DATA`` where nothing has come for long.
        windows: Windows of the stretch of time.
        strip: Of equal parts of the stretch: the worst status, None where there was no window.
        shown: Of the same parts: the largest drift that is shown, in units of its threshold.
        headline: What the newest window says, as half a sentence.
        drifted: Features that drifted in it.
        moved: Names of some of those, CRITICAL ones first.
        undecided: Features that more rows would decide.
        tested: Features that were tested.
        metric: A metric of the model that decides, in words; empty without labels.
        value: Its value now.
        before: Its value in the reference.
        last_data: When rows came last, seconds since 1970; None if none ever came.
        usual_gap: Seconds between two deliveries, as far as is known.
        has_stopped: Whether rows come, and no windows.
        rows: Rows of the newest window.
        window: How windows are cut, in words.
        owner: Who looks after it.
        ended: When the newest window ended, seconds since 1970.
        since: Since when its windows drift, seconds since 1970.
        incident: The open incident; None if there is none.
        trouble: Why it cannot be shown; empty if it can.
    """

    name: str
    status: str
    windows: int = 0
    strip: tuple[Status | None, ...] = ()
    shown: tuple[float | None, ...] = ()
    headline: str = ""
    drifted: int = 0
    moved: tuple[str, ...] = ()
    undecided: int = 0
    tested: int = 0
    metric: str = ""
    value: float | None = None
    before: float | None = None
    last_data: float | None = None
    usual_gap: float | None = None
    has_stopped: bool = False
    rows: int = 0
    window: str = ""
    owner: str = ""
    ended: float | None = None
    since: float | None = None
    incident: IncidentFacts | None = None
    trouble: str = ""

    @property
    def needs_somebody(self) -> bool:
        """Whether it is CRITICAL or without data."""
        return self.status in ("CRITICAL", "NO DATA")

    @property
    def is_taken(self) -> bool:
        """Whether somebody has acknowledged or silenced its incident."""
        incident = self.incident
        return incident is not None and (incident.acknowledged is not None or incident.is_silent)


@dataclass(frozen=True, slots=True)
class Fleet:
    """All monitors that a visitor may see.

    Attributes:
        lines: Those that the filters leave, in order.
        every: All of them, those that need somebody first.
        counts: How many there are of each status, without the filter by status.
        total: How many there are without any filter.
        owners: Who looks after any of them.
        now: Seconds since 1970.
    """

    lines: tuple[FleetLine, ...]
    every: tuple[FleetLine, ...]
    counts: dict[str, int]
    total: int
    owners: tuple[str, ...]
    now: float

    @property
    def urgent(self) -> list[FleetLine]:
        """Those that need somebody, whatever the filters leave."""
        return [line for line in self.every if line.needs_somebody]

    @property
    def waiting(self) -> list[FleetLine]:
        """Those that need somebody and nobody has taken."""
        return [line for line in self.urgent if not line.is_taken]


def fleet_facts(monitors: Iterable[Shown], asked: Asked, /, *, now: float) -> Fleet:
    """Look at all monitors; some milliseconds each, no report is read."""
    every = [fleet_line(shown, asked, now=now) for shown in monitors]
    text, owner = asked.q.casefold(), asked.query.get("owner", "")
    found = [
        line
        for line in every
        if text in line.name.casefold() and (not owner or line.owner == owner)
    ]
    counts: dict[str, int] = {}
    for line in found:
        counts[line.status] = counts.get(line.status, 0) + 1
    if wanted := asked.query.get("status", "").upper().replace("_", " "):
        found = [line for line in found if line.status.replace("_", " ") == wanted]
    return Fleet(
        tuple(_ordered(found, asked)),
        tuple(sorted(every, key=_urgency)),
        dict(sorted(counts.items(), key=lambda item: _ORDER.get(item[0], 9))),
        len(every),
        tuple(sorted({line.owner for line in every if line.owner})),
        now,
    )


def _ordered(lines: Sequence[FleetLine], asked: Asked) -> list[FleetLine]:
    keys = {
        "name": lambda line: line.name.casefold(),
        "drifted": lambda line: -line.drifted,
        "age": lambda line: line.last_data if line.last_data is not None else -1.0,
        "rows": lambda line: -line.rows,
    }
    ordered = sorted(lines, key=_urgency)
    if asked.sort in keys:
        ordered = sorted(ordered, key=keys[asked.sort])
    return ordered[::-1] if asked.descends else ordered


def _urgency(line: FleetLine) -> tuple[int, bool, float, str]:
    began = line.since if line.since is not None else line.last_data
    return _ORDER.get(line.status, 9), line.is_taken, began or 0.0, line.name


def fleet_line(shown: Shown, asked: Asked, /, *, now: float) -> FleetLine:
    """One monitor; what cannot be read of it is told and holds up nobody else."""
    try:
        return _line(shown, asked, now)
    except DriftWatchError as error:
        return FleetLine(
            shown.name, "NO DATA", window=shown.window, owner=shown.owner, trouble=trouble_of(error)
        )


def _line(shown: Shown, asked: Asked, now: float) -> FleetLine:
    newest = _newest(shown, asked)
    summary = WindowSummary.unpacked(newest[0].summary) if newest else None
    columns = _columns(shown, asked)
    cells = shown.windows.window_strip(
        shown.name, since=asked.since, until=asked.until, columns=columns
    )
    sources = shown.store.sources(shown.name)
    heard = max((source.heard for source in sources), default=None)
    status = Status.INSUFFICIENT_DATA if summary is None else summary.status
    word = status.value
    silent = is_silent(shown, heard, now=now)
    stopped = bool(newest) and have_windows_stopped(shown, newest[0].at, now=now)
    if asked.is_now and (silent or stopped):
        word = "NO DATA"
    strip: list[Status | None] = [None] * columns
    drawn: list[float | None] = [None] * columns
    for cell in cells:
        strip[cell.place], drawn[cell.place] = cell.status, cell.shown
    incidents = incidents_of(shown, now=now, open_only=True)
    line = FleetLine(
        shown.name,
        word,
        windows=sum(cell.windows for cell in cells),
        strip=tuple(strip),
        shown=tuple(drawn),
        last_data=heard,
        usual_gap=usual_gap(shown),
        has_stopped=stopped and not silent,
        window=shown.window,
        owner=shown.owner,
        incident=incidents[0] if incidents else None,
    )
    return line if summary is None else _with_summary(line, summary, newest[0].at)


def _newest(shown: Shown, asked: Asked) -> Sequence[StoredWindow]:
    """The newest window; of a store that an earlier version has written it is made up first."""
    found = shown.windows.windows(shown.name, until=asked.until, limit=1)
    if not found and shown.windows is shown.store:
        summarize_older_reports(shown.store, shown.name, most=1)
        found = shown.windows.windows(shown.name, until=asked.until, limit=1)
    return found


def _with_summary(line: FleetLine, summary: WindowSummary, ended: float) -> FleetLine:
    metric, value, before = "", None, None
    if summary.metrics:
        name, cell = max(summary.metrics.items(), key=lambda item: item[1].status.severity)
        metric, value, before = in_words(name), cell.statistic, cell.reference
    since = None
    if summary.since is not None and summary.since.start is not None:
        since = summary.since.start.timestamp()
    return replace(
        line,
        headline=summary.headline,
        drifted=summary.drifted,
        moved=_moved(summary),
        undecided=summary.undecided,
        tested=summary.tested,
        metric=metric,
        value=value,
        before=before,
        rows=summary.rows,
        ended=ended,
        since=since,
    )


def _moved(summary: WindowSummary) -> tuple[str, ...]:
    """Features that drifted, the worst first."""
    if not summary.drifted:
        return ()
    known = [(summary.status_of(c.name), c.name) for c in summary.columns if c.role != "error"]
    drifted = [(status, name) for status, name in known if status is not None and status.is_drift]
    return tuple(name for _, name in sorted(drifted, key=lambda pair: -pair[0].severity)[:_NAMED])


def _columns(shown: Shown, asked: Asked) -> int:
    """As many parts as there are windows, and at most so many as can be seen."""
    if shown.config is None:
        return _COLUMNS
    try:
        slide = WindowSpec.of(shown.config.window, shown.config.slide).slide.total_seconds()
    except DataError:
        return _COLUMNS
    return max(1, min(_COLUMNS, round((asked.until - asked.since) / slide)))
