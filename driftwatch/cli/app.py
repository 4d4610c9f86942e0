"""The command line put together: options in, exit code out."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from driftwatch.cli.exits import Exit, one_line
from driftwatch.errors import DriftWatchError

__all__ = ["app", "run"]

app = typer.Typer(
    name="driftwatch",
    help="Says whether production data still look like the data a model was trained on.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Files = Annotated[
    list[str],
    typer.Option(
        metavar="FILE",
        help="A file, folder or glob: parquet, CSV, JSON lines (compressed or not), or a "
        ".dwp profile. Repeat for several.",
    ),
]
Features = Annotated[
    str | None,
    typer.Option(metavar="A,B", help="Columns to use, separated by commas. Default: all."),
]
Time = Annotated[
    list[str] | None, typer.Option(metavar="COLUMN", help="A column of times. Not tested.")
]
Label = Annotated[
    list[str] | None, typer.Option(metavar="COLUMN", help="A column of labels. Not tested.")
]
Id = Annotated[
    list[str] | None,
    typer.Option("--id", metavar="COLUMN", help="A column of identifiers. Not tested."),
]
Format = Annotated[
    str,
    typer.Option("--format", metavar="FORM", help="text, json, markdown, html, junit or github."),
]
Output = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Also write the report to this file; its suffix says how. Repeatable.",
    ),
]
FailOn = Annotated[
    str,
    typer.Option(metavar="STATUS", help="Exit with 1 from this status on: warning or critical."),
]
Multivariate = Annotated[
    bool,
    typer.Option("--multivariate", help="Also watch how columns depend on each other."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]


@app.command()
def check(
    ref: Files,
    prod: Files,
    features: Features = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEST=VALUE",
            help="The drift that matters, for a test that then decides: ks=0.1 warns at 0.1 "
            "and is critical at 0.2; psi=0.1:0.25 gives both; ks_pvalue=0.01 sets the level. "
            "Repeatable.",
        ),
    ] = None,
    policy: Annotated[
        str, typer.Option(metavar="NAME", help="default, or classic for the textbook.")
    ] = "default",
    false_alarms: Annotated[
        str | None,
        typer.Option(
            metavar="BUDGET",
            help="For a check that is repeated: '1 per 30d' for all features together.",
        ),
    ] = None,
    every: Annotated[
        str, typer.Option(metavar="TIME", help="Time between repeated checks.")
    ] = "1h",
    time: Time = None,
    pane: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Learn the reference's rhythm from panes of this length, e.g. 1h."
        ),
    ] = None,
    multivariate: Multivariate = False,
    id_: Id = None,
    label: Label = None,
    format_: Format = "text",
    output: Output = None,
    fail_on: FailOn = "warning",
    save: Annotated[bool, typer.Option(help="Keep the report for `driftwatch report`.")] = True,
    quiet: Quiet = False,
) -> None:
    """Compare production files with reference files. Exit code 1 means drift.

    Exit codes: 0 no drift, 1 drift, 2 usage or bad input, 3 not enough data, 4 internal
    error. The report goes to stdout, everything else to stderr.
    """
    from driftwatch.cli.checking import CheckRequest, run_check

    request = CheckRequest(
        reference=ref,
        production=prod,
        features=_split(features),
        thresholds=tuple(threshold or ()),
        policy=policy,
        false_alarms=false_alarms,
        every=every,
        pane=pane,
        multivariate=multivariate,
        roles=_roles(time=time, id=id_, label=label),
    )
    from driftwatch.cli.showing import Showing

    showing = Showing(format_, tuple(output or ()), fail_on, quiet)
    raise typer.Exit(int(run_check(request, showing, save=save)))


@app.command()
def profile(
    files: Annotated[list[str], typer.Argument(help="Files, folders or globs of one data set.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The .dwp file to write.")],
    features: Features = None,
    time: Annotated[str | None, typer.Option(help="The column of times. Not tested.")] = None,
    pane: Annotated[
        str | None,
        typer.Option(help="Keep counts by pane of this length, e.g. 1h; needs --time."),
    ] = None,
    multivariate: Multivariate = False,
    id_: Id = None,
    label: Label = None,
    k: Annotated[
        int, typer.Option(help="Precision of the quantiles; 4096 makes a fine reference.")
    ] = 800,
    quiet: Quiet = False,
) -> None:
    """Sketch files into a small profile: a reference, or a part to merge."""
    from driftwatch.cli.profiles import ProfileRequest, run_profile

    request = ProfileRequest(
        files=files,
        output=output,
        features=_split(features),
        roles=_roles(time=[time] if time else None, id=id_, label=label),
        time=time,
        pane=pane,
        multivariate=multivariate,
        k=k,
    )
    run_profile(request, quiet=quiet)


@app.command()
def report(
    file: Annotated[
        Path | None, typer.Argument(help="A report as JSON; the last one if not given.")
    ] = None,
    format_: Format = "text",
    output: Output = None,
    fail_on: FailOn = "warning",
) -> None:
    """Show the last report again, or a given one, in another form."""
    from driftwatch.cli.last_report import load_report
    from driftwatch.cli.showing import Showing

    showing = Showing(format_, tuple(output or ()), fail_on, quiet=True)
    raise typer.Exit(int(showing.show(load_report(file))))


def _add_stream_commands() -> None:
    from driftwatch.cli.kafka_commands import add_kafka_commands
    from driftwatch.cli.stream_commands import add_commands

    add_commands(app)
    add_kafka_commands(app)


_add_stream_commands()


def _version(asked: bool) -> None:  # noqa: FBT001 - typer's callback
    if asked:
        from driftwatch import __version__

        typer.echo(f"driftwatch {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Options of the command itself."""


def run(arguments: Sequence[str], /) -> int:
    """Run the command and return its exit code; nothing but that and output leaves it."""
    try:
        result: Any = app(list(arguments) or ["--help"], standalone_mode=False)
    except DriftWatchError as error:
        return _complain(one_line(error), Exit.USAGE)
    except KeyboardInterrupt:
        return _complain("interrupted", Exit.USAGE)
    except BrokenPipeError:
        # Whoever read our output has seen enough; a traceback would help nobody.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(Exit.NO_DRIFT)
    except Exception as error:  # noqa: BLE001 - the edge: whatever is left is our fault
        show = getattr(error, "format_message", None)
        if show is not None and getattr(error, "exit_code", None) is not None:
            return _complain(one_line(ValueError(show())), Exit.USAGE)
        if os.environ.get("DRIFTWATCH_DEBUG"):
            traceback.print_exc()
        hint = "set DRIFTWATCH_DEBUG=1 for the traceback"
        return _complain(
            f"internal error: {type(error).__name__}: {one_line(error)} ({hint})", Exit.INTERNAL
        )
    return int(result or 0)


def _complain(message: str, code: Exit) -> int:
    sys.stderr.write(f"driftwatch: {message}\n")
    return int(code)


def _split(names: str | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(name.strip() for name in names.split(",") if name)


def _roles(**given: list[str] | None) -> dict[str, str]:
    return {name: role for role, names in given.items() for name in names or ()}
