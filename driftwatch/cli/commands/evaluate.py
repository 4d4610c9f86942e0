"""``driftwatch evaluate``: what is due, once, as from cron, or again and again."""

from __future__ import annotations

import logging
import time
from typing import Annotated

import typer

from driftwatch.cli.monitors import StreamRequest, opened
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
from driftwatch.errors import DataError, StoreError
from driftwatch.logs import say
from driftwatch.monitor import Monitor

__all__ = ["evaluate", "evaluate_once", "run_evaluate"]


_SINK_SECONDS = 5.0
"""For sinks to take what they are given, before the command ends."""


def evaluate(
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    ref: Ref = None,
    window: Window = None,
    slide: Slide = None,
    false_alarms: FalseAlarms = None,
    every: Annotated[
        str | None, typer.Option(metavar="TIME", help="Again and again, until interrupted.")
    ] = None,
    format_: Format = "text",
    output: Output = None,
    fail_on: FailOn = "warning",
    log_format: LogFormat = "text",
    quiet: Quiet = False,
) -> None:
    """Evaluate the window of a stored stream that is due: from cron, or with --every.

    `driftwatch check` without files shows the window that is open now.
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
    showing = Showing(format_, tuple(output or ()), fail_on, quiet or log_format == "json")
    raise typer.Exit(int(run_evaluate(request, showing, every=every)))


def run_evaluate(request: StreamRequest, showing: Showing, /, *, every: str | None) -> Exit:
    """Evaluate the window that is due; with `every` again and again until interrupted.

    Args:
        request: Which monitor.
        showing: How to show its report.
        every: Time from one look to the next; None for one look.
    """
    with opened(request, tells=True) as (monitor, _):
        if every is None:
            return evaluate_once(monitor, showing)
        seconds = parse_duration(every).total_seconds()
        worst = Exit.NO_DRIFT
        while True:
            try:
                outcome = evaluate_once(monitor, showing, silent_without_news=True)
                worst = Exit.DRIFT if outcome is Exit.DRIFT else worst
            except StoreError as error:
                say(f"driftwatch: {error}; trying again", logging.WARNING)
            try:
                time.sleep(seconds)
            except KeyboardInterrupt:
                return worst


def evaluate_once(
    monitor: Monitor, showing: Showing, /, *, silent_without_news: bool = False
) -> Exit:
    """Evaluate what is due and show the report."""
    result = monitor.evaluate()
    if not monitor.evaluator.sinks.finish(_SINK_SECONDS):
        say(
            f"{monitor.name}: results wait for a sink and are tried again by the next evaluation; "
            "see `driftwatch doctor`",
            logging.WARNING,
        )
    if result is None:
        if not silent_without_news:
            say(f"{monitor.name}: nothing is due")
        return Exit.NO_DRIFT
    if result.report is None:
        return Exit.NO_DRIFT
    try:
        save_report(result.report)
    except DataError as error:
        say(f"driftwatch: the report was not kept: {error}", logging.WARNING)
    return showing.show(result.report)
