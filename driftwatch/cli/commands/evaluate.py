"""``driftwatch evaluate``: what is due, once, as from cron, or again and again."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import Annotated

import typer

from driftwatch.cli.monitors import StreamRequest, every_monitor, opened, opened_store
from driftwatch.cli.options import (
    Config,
    FailOn,
    FalseAlarms,
    Format,
    LogFormat,
    Name,
    Output,
    Quiet,
    Ref,
    Slide,
    StorePath,
    Window,
    request_of,
    set_up_logs,
)
from driftwatch.cli.output.exits import Exit
from driftwatch.cli.output.last_report import save_report
from driftwatch.cli.output.showing import Showing
from driftwatch.core.data.durations import parse_duration
from driftwatch.core.reports.report import Status
from driftwatch.errors import DataError, DriftWatchError, StoreError
from driftwatch.logs import say
from driftwatch.monitor import Monitor
from driftwatch.process.end_signals import as_by_ctrl_c

__all__ = ["evaluate", "evaluate_once", "run_evaluate"]


_LAST_SINK_SECONDS = 30.0
"""At most so long for sinks to take what they are given, before the command ends."""
_SINK_SECONDS = 5.0
"""The same where the command goes on, and so do the threads that deliver."""


def evaluate(
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    ref: Ref = None,
    window: Window = None,
    slide: Slide = None,
    false_alarms: FalseAlarms = None,
    every: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Again and again, until interrupted or SIGTERM."),
    ] = None,
    format_: Format = "text",
    output: Output = None,
    fail_on: FailOn = "warning",
    log_format: LogFormat = "text",
    quiet: Quiet = False,
) -> None:
    """Evaluate the window of a stored stream that is due: from cron, or with --every.

    Without --monitor that of every monitor of the configuration; each report is named then.

    `driftwatch check` without files shows the window that is open now.

    Exit codes: 1 the window drifted, or an incident is open, also where nothing is due (with
    --fail-on critical only one that is critical); 0 neither; 2 usage or bad input; 3 not enough
    data; 4 internal error. What is to be told is waited for, at most 30 s.
    """
    set_up_logs(log_format)
    request = request_of(
        config,
        monitor,
        store,
        reference=ref,
        window=window,
        slide=slide,
        false_alarms=false_alarms,
    )
    requests = every_monitor(request)
    showing = Showing(
        format_,
        tuple(output or ()),
        fail_on,
        quiet or log_format == "json",
        of_several=len(requests) > 1,
    )
    raise typer.Exit(int(run_evaluate(requests, showing, every=every)))


def run_evaluate(
    requests: Sequence[StreamRequest], showing: Showing, /, *, every: str | None
) -> Exit:
    """Evaluate the windows that are due; with `every` again and again until interrupted.

    Args:
        requests: Which monitors.
        showing: How to show their reports.
        every: Time from one look to the next; None for one look.

    Returns:
        ``DRIFT`` if one drifted, or has an incident; else the worst of the others.
    """
    if every is None and len(requests) == 1:
        return _look_once(requests[0], showing)
    if every is None:
        return _worst(_look_or_say(request, showing) for request in requests)
    with as_by_ctrl_c(), ExitStack() as stack:
        monitors = [stack.enter_context(opened(r, tells=True))[0] for r in requests]
        worst = Exit.NO_DRIFT
        try:
            for outcome in _looks(monitors, showing, parse_duration(every).total_seconds()):
                worst = Exit.DRIFT if outcome is Exit.DRIFT else worst
        except KeyboardInterrupt:
            found = [_has_incident(request, showing) for request in requests]
            return Exit.DRIFT if any(found) else worst
    return worst


def _looks(monitors: Sequence[Monitor], showing: Showing, seconds: float) -> Iterator[Exit]:
    """Yield the results of one evaluation after the other, without end."""
    while True:
        for monitor in monitors:
            try:
                yield evaluate_once(monitor, showing, silent_without_news=True)
            except StoreError as error:
                say(f"driftwatch: {monitor.name}: {error}; trying again", logging.WARNING)
        time.sleep(seconds)


def _look_once(request: StreamRequest, showing: Showing) -> Exit:
    with opened(request, tells=True) as (monitor, _):
        outcome = evaluate_once(monitor, showing)
    return Exit.DRIFT if _has_incident(request, showing) else outcome


def _look_or_say(request: StreamRequest, showing: Showing) -> Exit:
    """Evaluate one of several monitors: what is wrong with it keeps none from its turn."""
    try:
        return _look_once(request, showing)
    except DriftWatchError as error:
        say(f"driftwatch: {request.monitor}: {error}", logging.ERROR)
        return Exit.USAGE


def _worst(outcomes: Iterable[Exit]) -> Exit:
    found = list(outcomes)
    return Exit.DRIFT if Exit.DRIFT in found else max(found)


def _has_incident(request: StreamRequest, showing: Showing) -> bool:
    """Whether an incident is open that is as bad as what the exit code is to tell."""
    with opened_store(request, reads_only=True) as (name, store):
        found = store.incidents(name, limit=1, open_only=True)
    if not found or (showing.fail_on == "critical" and found[0].status != Status.CRITICAL.value):
        return False
    say(f"{name}: incident {found[0].number} is open; see `driftwatch alert list`")
    return True


def evaluate_once(
    monitor: Monitor, showing: Showing, /, *, silent_without_news: bool = False
) -> Exit:
    """Evaluate what is due and show the report.

    Args:
        monitor: Whose stream.
        showing: How to show its report.
        silent_without_news: Whether this is one look of many: nothing is said where nothing is due,
            and sinks, to which threads deliver meanwhile, are waited for less long.
    """
    result = monitor.evaluate()
    seconds = _SINK_SECONDS if silent_without_news else _LAST_SINK_SECONDS
    if not monitor.evaluator.sinks.finish(seconds):
        say(
            f"{monitor.name}: results wait for a sink and are tried again by the next evaluation; "
            "see `driftwatch doctor`",
            logging.WARNING,
        )
    if result is None:
        if not silent_without_news:
            empty = (
                "" if monitor.store.overview(monitor.name).panes else "; its store has no rows yet"
            )
            say(f"{monitor.name}: nothing is due{empty}")
        return Exit.NO_DRIFT
    if result.report is None:
        return Exit.NO_DRIFT
    try:
        save_report(result.report)
    except DataError as error:
        say(f"driftwatch: the report was not kept: {error}", logging.WARNING)
    return showing.show(result.report)
