"""The JSON behind the dashboard's pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError

from driftwatch.core.reports.history import Cell
from driftwatch.core.reports.results import Levels
from driftwatch.errors import DataError, DriftWatchError, StoreError
from driftwatch.service.api.answers import problems
from driftwatch.service.api.requests import REPORT_ANSWER, Name
from driftwatch.service.api.view_answers import (
    FeatureAnswer,
    FeatureInWindow,
    FleetAnswer,
    IncidentAnswer,
    MetricInWindow,
    Page,
    ReferencesOfMonitor,
    WhyAnswer,
    WindowAnswer,
)
from driftwatch.service.dashboard.asked import MOST_PAGES, Asked, asked_of
from driftwatch.service.dashboard.facts.comparing import chosen_side, compared
from driftwatch.service.dashboard.facts.feature_lines import FeaturePoint, feature_points
from driftwatch.service.dashboard.facts.features import FeatureRow, all_features
from driftwatch.service.dashboard.facts.fleet import fleet_facts
from driftwatch.service.dashboard.facts.incident_list import (
    IncidentFacts,
    incident_facts,
    incidents_of,
    messages_of,
    one_incident,
    what_happened,
)
from driftwatch.service.dashboard.facts.references import references_of
from driftwatch.service.dashboard.facts.replicas import ReplicasOfMonitor, replicas_of
from driftwatch.service.dashboard.facts.troubles import trouble_of
from driftwatch.service.dashboard.facts.why import why_no_data
from driftwatch.service.dashboard.facts.window_lines import EvaluatedWindow, window_lines
from driftwatch.service.dashboard.one_at_a_time import HEAVY_WORK, asked_from_here
from driftwatch.service.dashboard.shelf import Shelf, Shown
from driftwatch.service.problems import CodedError
from driftwatch.service.security.guard import Guard, covers
from driftwatch.service.security.tokens import Scope
from driftwatch.transport.paths import name_in_path

__all__ = ["view_routes"]

_Row = TypeVar("_Row")

PageNumber = Annotated[int, Query(ge=1, le=MOST_PAGES, description="Which page, from 1.")]
PageSize = Annotated[int, Query(ge=1, le=1_000, description="Rows of a page.")]
Since = Annotated[str, Query(alias="from", description="Windows that end from then on; ISO, UTC.")]
Until = Annotated[str, Query(alias="to", description="Windows that end until then; ISO, UTC.")]
Stretch = Annotated[str, Query(alias="range", description="Instead: 24h, 7d, 30d or 90d.")]
At = Annotated[str, Query(description="The last window that ended until then; the newest if not.")]


def view_routes(guard: Guard, shelf: Shelf, /) -> APIRouter:
    """The routes behind the dashboard's pages.

    Args:
        guard: Who may do what.
        shelf: The monitors of the pages.
    """
    router = APIRouter(dependencies=[guard.needs(Scope.READ, name_of=name_in_path)])
    _of_all(router, shelf)
    _of_windows(router, shelf)
    _of_one(router, shelf)
    return router


def _of_all(router: APIRouter, shelf: Shelf) -> None:
    @router.get("/fleet", responses=problems())
    def fleet(
        request: Request,
        range_: Stretch = "",
        since: Since = "",
        until: Until = "",
        page: PageNumber = 1,
        page_size: PageSize = 200,
    ) -> FleetAnswer:
        """Every monitor with its status, those that need somebody first."""
        facts = fleet_facts(_monitors(shelf, request), _asked(request, shelf), now=shelf.clock())
        found = Page.of(list(facts.lines), page, page_size)
        return FleetAnswer(**found.__dict__, counts=facts.counts, now=facts.now)

    @router.get("/incidents", responses=problems())
    def incidents(
        request: Request, page: PageNumber = 1, page_size: PageSize = 200
    ) -> Page[IncidentFacts]:
        """Incidents of all monitors, those that are open first, then the newest."""
        now = shelf.clock()
        every = _of_each(_monitors(shelf, request), lambda shown: incidents_of(shown, now=now))
        every.sort(key=lambda incident: (not incident.is_open, -incident.opened))
        return Page.of(every, page, page_size)

    @router.get("/replicas", responses=problems())
    def replicas(
        request: Request, page: PageNumber = 1, page_size: PageSize = 200
    ) -> Page[ReplicasOfMonitor]:
        """Who delivers, of every monitor."""
        now = shelf.clock()
        every = [replicas_of(shown, now=now) for shown in _monitors(shelf, request)]
        return Page.of(every, page, page_size)

    @router.get("/references", responses=problems())
    def references(
        request: Request, page: PageNumber = 1, page_size: PageSize = 200
    ) -> Page[ReferencesOfMonitor]:
        """The references of every monitor."""
        every = _of_each(
            _monitors(shelf, request),
            lambda shown: [
                ReferencesOfMonitor(monitor=shown.name, references=references_of(shown))
            ],
        )
        return Page.of(every, page, page_size)

    @router.get(
        "/compare",
        dependencies=[Depends(asked_from_here)],
        responses=REPORT_ANSWER | problems(404, 409),
        response_class=Response,
    )
    def compare(
        request: Request,
        a_monitor: Annotated[str, Query(description="Monitor of the first window.")],
        a: Annotated[str, Query(description="Its last pane.")],
        b_monitor: Annotated[str, Query(description="Monitor of the second window.")],
        b: Annotated[str, Query(description="Its last pane.")],
        a_version: Annotated[str, Query(description="Of the model; all if empty.")] = "",
        b_version: Annotated[str, Query(description="Of the model; all if empty.")] = "",
    ) -> Response:
        """Compare two windows: the first stands where a report has the reference."""
        with HEAVY_WORK.inside():
            monitors = _monitors(shelf, request)
            before = chosen_side(monitors, a_monitor, a, a_version)
            after = chosen_side(monitors, b_monitor, b, b_version)
            if before is None or after is None:
                raise HTTPException(404, "there is no such window")
            try:
                report = compared(before, after, now=shelf.clock())
            except StoreError:
                raise
            except DriftWatchError as error:
                raise CodedError(409, str(error), error.code) from error
            return Response(report.to_json(), media_type="application/json")


def _of_windows(router: APIRouter, shelf: Shelf) -> None:
    @router.get("/monitors/{name}/windows", responses=problems(404))
    def windows(
        request: Request,
        name: Name,
        range_: Stretch = "",
        since: Since = "",
        until: Until = "",
        page: PageNumber = 1,
        page_size: PageSize = 200,
    ) -> Page[WindowAnswer]:
        """Windows that were evaluated, the newest first."""
        asked, shown = _asked(request, shelf), _named(shelf, name)
        lines = window_lines(shown, since=asked.since, until=asked.until)
        return Page.of([_window(each) for each in reversed(lines.windows)], page, page_size)

    @router.get(
        "/monitors/{name}/windows/{pane}",
        responses=REPORT_ANSWER | problems(404),
        response_class=Response,
    )
    def report(
        name: Name,
        pane: Annotated[int, Path(ge=-(2**63), lt=2**63, description="Last pane of the window.")],
    ) -> Response:
        """Give the whole report on a window."""
        shown = _named(shelf, name)
        stored = shown.store.report_on(shown.name, pane)
        if stored is None:
            raise HTTPException(404, "no report on such a window is kept")
        return Response(stored.body, media_type="application/json")

    @router.get("/monitors/{name}/features", responses=problems(404))
    def features(
        request: Request,
        name: Name,
        at: At = "",
        page: PageNumber = 1,
        page_size: PageSize = 200,
    ) -> Page[FeatureInWindow]:
        """Every feature as it stands in a window, the worst first."""
        asked, shown = _asked(request, shelf), _named(shelf, name)
        lines = window_lines(shown, since=asked.stretch[0], until=asked.stretch[1], numbers=True)
        window = lines.at(asked.at)
        if window is None:
            return Page.of([], page, page_size)
        rows = all_features(lines.until(window), window)
        return Page.of([_feature(row) for row in rows], page, page_size)

    @router.get("/monitors/{name}/features/{feature}", responses=problems(404))
    def feature(
        request: Request,
        name: Name,
        feature: Annotated[str, Path(description="Its name, encoded as pages do.")],
        range_: Stretch = "",
        since: Since = "",
        until: Until = "",
        page: PageNumber = 1,
        page_size: PageSize = 200,
    ) -> Page[FeatureAnswer]:
        """A feature in every window, the newest first."""
        asked, shown = _asked(request, shelf), _named(shelf, name)
        lines = window_lines(shown, since=asked.since, until=asked.until, numbers=True)
        wanted = name_in_path(feature)
        if wanted not in [column.name for column in lines.columns]:
            raise HTTPException(404, "no such feature was tested in these windows")
        points = [_point(point) for point in reversed(feature_points(lines, wanted))]
        return Page.of(points, page, page_size)


def _of_one(router: APIRouter, shelf: Shelf) -> None:
    @router.get("/monitors/{name}/why", responses=problems(404))
    def why(name: Name) -> WhyAnswer:
        """Say why there are no data: everything on their way, in order."""
        found = why_no_data(_named(shelf, name), now=shelf.clock())
        return WhyAnswer(monitor=found.monitor, headline=found.headline, checks=list(found.checks))

    @router.get("/monitors/{name}/incidents", responses=problems(404))
    def incidents(
        name: Name, page: PageNumber = 1, page_size: PageSize = 200
    ) -> Page[IncidentFacts]:
        """The incidents of a monitor, the newest first."""
        return Page.of(incidents_of(_named(shelf, name), now=shelf.clock()), page, page_size)

    @router.get("/monitors/{name}/incidents/{number}", responses=problems(404))
    def incident(name: Name, number: int) -> IncidentAnswer:
        """One incident: what happened, what was said, what was sent."""
        shown = _named(shelf, name)
        try:
            found = one_incident(shown, number)
        except DataError as error:
            raise CodedError(404, str(error), error.code) from error
        if found is None:
            raise HTTPException(404, "there is no such incident")
        stored, whole = found
        return IncidentAnswer(
            incident=incident_facts(shown, stored, now=shelf.clock()),
            text=whole.text,
            happened=what_happened(shown, whole),
            messages=messages_of(shown, number),
        )


def _monitors(shelf: Shelf, request: Request) -> list[Shown]:
    return [shown for shown in shelf if covers(request, shown.name)]


def _of_each(monitors: Iterable[Shown], rows_of: Callable[[Shown], list[_Row]]) -> list[_Row]:
    """Rows of all monitors whose stores can be read; of the others the log tells."""
    found: list[_Row] = []
    for shown in monitors:
        try:
            found += rows_of(shown)
        except StoreError as error:
            trouble_of(error)
    return found


def _named(shelf: Shelf, name: str) -> Shown:
    shown = shelf.get(name_in_path(name))
    if shown is None:
        raise HTTPException(404, "no such monitor is configured here")
    return shown


def _asked(request: Request, shelf: Shelf) -> Asked:
    asked = asked_of(request.query_params, now=shelf.clock(), until=shelf.until)
    if asked.complaints:
        wrong = [
            {"type": "value_error", "loc": ("query",), "msg": each, "input": None}
            for each in asked.complaints
        ]
        raise RequestValidationError(wrong)
    return asked


def _window(window: EvaluatedWindow) -> WindowAnswer:
    summary = window.summary
    return WindowAnswer(
        pane=window.pane,
        ended=window.at,
        evaluated=window.created,
        status=summary.status.value,
        event=window.event,
        headline=summary.headline,
        rows=summary.rows,
        not_used=summary.not_used,
        tested=summary.tested,
        drifted=summary.drifted,
        undecided=summary.undecided,
        shown_drift=summary.shown,
        model_version=summary.model_version,
        reference_data_hash=summary.reference,
        metrics={name: _metric(cell) for name, cell in summary.metrics.items()},
    )


def _metric(cell: Cell) -> MetricInWindow:
    warning, critical = _levels(cell.threshold)
    return MetricInWindow(
        status=cell.status.value,
        production=cell.statistic,
        interval=cell.interval,
        reference=cell.reference,
        warning=warning,
        critical=critical,
    )


def _feature(row: FeatureRow) -> FeatureInWindow:
    warning, critical = _levels(row.threshold)
    return FeatureInWindow(
        name=row.name,
        kind=row.kind,
        role=row.role,
        status=None if row.status is None else row.status.value,
        test=row.test,
        statistic=row.statistic,
        interval=row.interval,
        warning=warning,
        critical=critical,
        missing=row.missing,
        since=row.since,
        is_older=row.is_older,
    )


def _point(point: FeaturePoint) -> FeatureAnswer:
    warning, critical = _levels(point.threshold)
    return FeatureAnswer(
        pane=point.pane,
        ended=point.at,
        status=None if point.status is None else point.status.value,
        test=point.test,
        statistic=point.statistic,
        interval=point.interval,
        warning=warning,
        critical=critical,
        missing=point.missing,
    )


def _levels(levels: Levels | None) -> tuple[float | None, float | None]:
    return (None, None) if levels is None else (levels.warning, levels.critical)
