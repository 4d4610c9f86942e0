"""The commands on streams: absorb, watch, evaluate, replay, doctor, reference."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from driftwatch.cli.monitors import StreamRequest

__all__ = ["Config", "Name", "Quiet", "add_commands", "request_of"]

Config = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="driftwatch.toml; the one of this folder if not given."),
]
Name = Annotated[str | None, typer.Option("--monitor", help="Name of the monitor.")]
StorePath = Annotated[
    str | None, typer.Option("--store", metavar="FILE", help="The SQLite file of the monitor.")
]
Ref = Annotated[
    list[str] | None,
    typer.Option(metavar="FILE", help="Reference data, or a .dwp profile. Repeatable."),
]
Time = Annotated[str | None, typer.Option(metavar="COLUMN", help="The column of event times.")]
Label = Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="A column of labels.")]
Id = Annotated[
    list[str] | None, typer.Option("--id", metavar="COLUMN", help="A column of identifiers.")
]
Window = Annotated[
    str | None, typer.Option(metavar="LENGTH", help="24h, 7d, or '10000 rows'. Default: 24h.")
]
Slide = Annotated[
    str | None, typer.Option(metavar="LENGTH", help="How far a window moves. Default: 1h.")
]
FalseAlarms = Annotated[
    str | None, typer.Option(metavar="BUDGET", help="Such as '1 per 30d', for all features.")
]
Format = Annotated[
    str,
    typer.Option("--format", metavar="FORM", help="text, json, markdown, html, junit or github."),
]
Output = Annotated[
    list[Path] | None, typer.Option(metavar="FILE", help="Also write it to this file. Repeatable.")
]
FailOn = Annotated[
    str,
    typer.Option(metavar="STATUS", help="Exit with 1 from this status on: warning or critical."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
Version = Annotated[
    str | None, typer.Option("--model-version", help="Only for this version of the model.")
]


def add_commands(app: typer.Typer, /) -> None:
    """Add the commands to the command line."""
    for command in (absorb, watch, evaluate, replay, doctor):
        app.command()(command)
    configuration = typer.Typer(help="The configuration file.", no_args_is_help=True)
    configuration.command("check")(config_check)
    app.add_typer(configuration, name="config")
    app.command()(init)
    app.command()(merge)
    app.command()(serve)
    app.command()(token)
    references = typer.Typer(help="The references a stream is compared with.", no_args_is_help=True)
    references.command("add")(reference_add)
    references.command("list")(reference_list)
    references.command("use")(reference_use)
    app.add_typer(references, name="reference")


def absorb(
    files: Annotated[list[str], typer.Argument(help="Files of rows, or .dwp profiles.")],
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    ref: Ref = None,
    time: Time = None,
    id_: Id = None,
    label: Label = None,
    window: Window = None,
    slide: Slide = None,
    false_alarms: FalseAlarms = None,
    evaluate: Annotated[
        bool, typer.Option("--evaluate", help="Then evaluate the window that is due.")
    ] = False,
    format_: Format = "text",
    output: Output = None,
    fail_on: FailOn = "warning",
    quiet: Quiet = False,
) -> None:
    """Take files into a stored window. A file that was taken in before changes nothing."""
    from driftwatch.cli.feeding import run_absorb
    from driftwatch.cli.showing import Showing

    request = request_of(
        config,
        monitor,
        store,
        reference=ref,
        time=time,
        id=id_,
        label=label,
        window=window,
        slide=slide,
        false_alarms=false_alarms,
    )
    showing = Showing(format_, tuple(output or ()), fail_on, quiet) if evaluate else None
    raise typer.Exit(int(run_absorb(request, files, showing, quiet=quiet)))


def watch(
    paths: Annotated[list[str], typer.Argument(help="Growing files (CSV, JSON lines) or folders.")],
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    ref: Ref = None,
    time: Time = None,
    id_: Id = None,
    label: Label = None,
    window: Window = None,
    slide: Slide = None,
    false_alarms: FalseAlarms = None,
    every: Annotated[str, typer.Option(metavar="TIME", help="Time between two looks.")] = "5s",
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
    format_: Format = "text",
    output: Output = None,
    fail_on: FailOn = "warning",
    quiet: Quiet = False,
) -> None:
    """Follow a growing file or a folder, and report on every window that ends."""
    from driftwatch.cli.feeding import run_watch
    from driftwatch.cli.showing import Showing

    request = request_of(
        config,
        monitor,
        store,
        reference=ref,
        time=time,
        id=id_,
        label=label,
        window=window,
        slide=slide,
        false_alarms=false_alarms,
    )
    showing = Showing(format_, tuple(output or ()), fail_on, quiet)
    raise typer.Exit(int(run_watch(request, paths, showing, every=every, once=once)))


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
    current: Annotated[
        bool, typer.Option("--current", help="Show the window as it is now; change nothing.")
    ] = False,
    format_: Format = "text",
    output: Output = None,
    fail_on: FailOn = "warning",
    quiet: Quiet = False,
) -> None:
    """Evaluate the window of a stored stream that is due: from cron, or with --every."""
    from driftwatch.cli.evaluating import run_evaluate
    from driftwatch.cli.showing import Showing

    request = request_of(
        config,
        monitor,
        store,
        reference=ref,
        window=window,
        slide=slide,
        false_alarms=false_alarms,
    )
    showing = Showing(format_, tuple(output or ()), fail_on, quiet)
    raise typer.Exit(int(run_evaluate(request, showing, every=every, current=current)))


def replay(
    files: Annotated[list[str], typer.Argument(help="Files of the history.")],
    ref: Ref = None,
    ref_first: Annotated[
        str | None,
        typer.Option(metavar="PART", help="The history's first 20% (or 5000 rows) as reference."),
    ] = None,
    features: Annotated[
        str | None, typer.Option(metavar="A,B", help="Columns to use. Default: all.")
    ] = None,
    time: Time = None,
    id_: Id = None,
    label: Label = None,
    window: Annotated[
        str, typer.Option(metavar="LENGTH", help="24h, 7d, or '10000 rows'.")
    ] = "24h",
    slide: Annotated[
        str | None, typer.Option(metavar="LENGTH", help="How far a window moves.")
    ] = "1h",
    pane: Annotated[
        str | None,
        typer.Option(
            metavar="LENGTH", help="Learn the reference's rhythm from panes of this length."
        ),
    ] = None,
    compare: Annotated[
        str, typer.Option(help="Compare with frozen, sliding or seasonal.")
    ] = "frozen",
    threshold: Annotated[
        list[str] | None, typer.Option(metavar="TEST=VALUE", help="As for check. Repeatable.")
    ] = None,
    false_alarms: Annotated[
        str, typer.Option(metavar="BUDGET", help="For all features together.")
    ] = "1 per 30d",
    change: Annotated[
        list[str] | None,
        typer.Option(metavar="WHEN", help="A known change: a time, or a row of the history."),
    ] = None,
    format_: Annotated[
        str, typer.Option("--format", metavar="FORM", help="text, json or html.")
    ] = "text",
    output: Output = None,
    reports: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write every report to this file, one JSON a line."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Replay a history: the alarms a monitor would have raised, and how late.

    Exit code 1 means that it would have raised one.
    """
    from driftwatch.cli.replaying import ReplayRequest, run_replay

    roles = {name: role for role, names in (("id", id_), ("label", label)) for name in names or ()}
    if time is not None:
        roles[time] = "time"
    request = ReplayRequest(
        files=files,
        reference=ref or None,
        reference_first=ref_first,
        features=None if features is None else tuple(n.strip() for n in features.split(",") if n),
        roles=roles,
        window=window,
        slide=slide,
        pane=pane,
        compare=compare,
        thresholds=tuple(threshold or ()),
        false_alarms=false_alarms,
        changes=tuple(change or ()),
        format=format_,
        outputs=tuple(output or ()),
        reports=reports,
    )
    raise typer.Exit(int(run_replay(request, quiet=quiet)))


def doctor(
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    window: Window = None,
    slide: Slide = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Look at configuration, store, clock, data and evaluations. Exit code 1: a problem."""
    from driftwatch.cli.doctoring import run_doctor

    request = request_of(config, monitor, store, window=window, slide=slide)
    raise typer.Exit(int(run_doctor(request, as_json=as_json)))


def reference_add(
    files: Annotated[
        list[str] | None, typer.Argument(help="Files of one data set, or a profile.")
    ] = None,
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    last: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="The last 28d (say) of the stream itself, instead of files."
        ),
    ] = None,
    use: Annotated[bool, typer.Option("--use", help="Put it to use at once.")] = False,
    model_version: Version = None,
    time: Time = None,
    id_: Id = None,
    label: Label = None,
    pane: Annotated[
        str | None,
        typer.Option(
            metavar="LENGTH", help="Learn the reference's rhythm from panes of this length."
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Add a reference to a monitor's store; prints its id."""
    from driftwatch.cli.reference_store import add_reference

    request = request_of(config, monitor, store, time=time, id=id_, label=label, pane=pane)
    add_reference(
        request, files or [], last=last, use=use, model_version=model_version, quiet=quiet
    )


def reference_list(config: Config = None, monitor: Name = None, store: StorePath = None) -> None:
    """List the references of a monitor."""
    from driftwatch.cli.reference_store import list_references

    list_references(request_of(config, monitor, store))


def reference_use(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The beginning of its id.")],
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    model_version: Version = None,
) -> None:
    """Compare with another reference from now on."""
    from driftwatch.cli.reference_store import use_reference

    use_reference(request_of(config, monitor, store), id_, model_version=model_version)


def init(
    file: Annotated[Path, typer.Argument(help="The file to write.")] = Path("driftwatch.toml"),
    name: Annotated[str, typer.Option(help="Name of the monitor.")] = "default",
    reference: Annotated[str, typer.Option(help="Path of the reference data.")] = "train.parquet",
    time: Time = None,
) -> None:
    """Write a configuration to begin with; every key is in it, with what it means."""
    from driftwatch.cli.configuring import write_config

    write_config(file, name=name, reference=reference, time=time)


def config_check(config: Config = None) -> None:
    """Read the configuration and say what is wrong with it, or what it means."""
    from driftwatch.cli.configuring import check_config

    check_config(config)


def merge(
    profiles: Annotated[list[str], typer.Argument(help="The .dwp profiles of the parts.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The .dwp file to write.")],
    quiet: Quiet = False,
) -> None:
    """Merge profiles, of replicas or parts, into one, as if it had seen all rows."""
    from driftwatch.cli.configuring import merge_profiles

    merge_profiles(profiles, output, quiet=quiet)


def serve(
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Let others in without tokens.")
    ] = False,
) -> None:
    """Collect the sketches of replicas, evaluate them, and answer questions, over HTTP."""
    from driftwatch.cli.serving import run_serve

    run_serve(config, host=host, port=port, insecure=insecure)


def token(
    scope: Annotated[
        list[str], typer.Option(metavar="SCOPE", help="ingest, read or admin. Repeatable.")
    ],
    name: Annotated[str, typer.Option(help="What logs call it.")] = "default",
) -> None:
    """Make a token for the collector; prints it, and the lines its configuration needs."""
    from driftwatch.cli.serving import make_token

    make_token(name, scope)


def request_of(
    config: Path | None, monitor: str | None, store: str | None, **settings: Any
) -> StreamRequest:
    """What the options say of a monitor."""
    from driftwatch.cli.monitors import StreamRequest

    given = {key: value for key, value in settings.items() if value not in (None, [], ())}
    return StreamRequest(config, monitor, store, given)
