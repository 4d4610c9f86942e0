"""``driftwatch report``: a report again, in another form."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer

from driftwatch.alerts.wording import moment
from driftwatch.cli.monitors import StreamRequest, opened_store
from driftwatch.cli.options import Config, FailOn, Format, Name, Output, StorePath, request_of
from driftwatch.cli.output.exits import Exit
from driftwatch.cli.output.last_report import load_report
from driftwatch.cli.output.showing import Showing
from driftwatch.cli.output.writing import put, put_json, tell
from driftwatch.core.data.times import to_utc
from driftwatch.errors import ConfigError, DataError
from driftwatch.evaluation.stored_reports import report_of
from driftwatch.render.plain import SENTENCE_LENGTH, plain

__all__ = ["report"]


def report(
    file: Annotated[
        Path | None, typer.Argument(help="A report as JSON; the last one if not given.")
    ] = None,
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    last: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=10_000, help="List the last N stored reports."),
    ] = None,
    format_: Format = "text",
    output: Output = None,
    fail_on: FailOn = "warning",
) -> None:
    """Show the last report again, or a given one, in another form.

    With --monitor (and --config or --store) the newest stored report of a stream; with --last N
    a line for each of the last N, or with --format json a list of them.
    """
    showing = Showing(format_, tuple(output or ()), fail_on, quiet=True)
    if monitor is None and config is None and store is None:
        if last is not None:
            raise ConfigError(
                "--last lists the reports of a stream: name it with --monitor", code="DW002"
            )
        raise typer.Exit(int(showing.show(load_report(file))))
    if file is not None:
        raise ConfigError("give a file, or --monitor, not both", code="DW002")
    raise typer.Exit(int(_stored(request_of(config, monitor, store), last, showing)))


def _stored(request: StreamRequest, last: int | None, showing: Showing) -> Exit:
    if last is not None and (showing.format not in ("text", "json") or showing.outputs):
        raise ConfigError(
            "--last lists reports on stdout, as text or with --format json; other forms and "
            "--output are for a single report",
            code="DW002",
        )
    with opened_store(request, reads_only=True) as (name, store):
        reports = store.reports(name, limit=last or 1)
    if not reports:
        raise DataError(f"the store has no report of {name!r} yet", code="DW019")
    if last is None:
        return showing.show(report_of(reports[0]))
    rows = []
    for stored in reversed(reports):
        try:
            each = report_of(stored)
        except DataError as error:  # the others are listed
            tell(f"{plain(str(error), SENTENCE_LENGTH)}\n")
            continue
        if showing.format == "json":
            rows.append(orjson.loads(stored.body))
            continue
        window = each.window
        end = None if window is None else window.period.end
        when = moment(end or to_utc(stored.created))
        event = f"  alarm {stored.event}" if stored.event else ""
        put(f"{when}  {each.global_status:<17} {each.headline()}{event}\n")
    if showing.format == "json":
        put_json(rows)
    return showing.code(report_of(reports[0]))
