"""``driftwatch report``: the last report again, in another form."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from driftwatch.cli.options import FailOn, Format, Output
from driftwatch.cli.output.last_report import load_report
from driftwatch.cli.output.showing import Showing

__all__ = ["report"]


def report(
    file: Annotated[
        Path | None, typer.Argument(help="A report as JSON; the last one if not given.")
    ] = None,
    format_: Format = "text",
    output: Output = None,
    fail_on: FailOn = "warning",
) -> None:
    """Show the last report again, or a given one, in another form."""
    showing = Showing(format_, tuple(output or ()), fail_on, quiet=True)
    raise typer.Exit(int(showing.show(load_report(file))))
