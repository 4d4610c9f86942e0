"""``driftwatch check``: two sides of files in, a report out."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from driftwatch.cli.completion import words
from driftwatch.cli.options import (
    Config,
    Decimal,
    Delimiter,
    Encoding,
    Exclude,
    FailOn,
    Features,
    Files,
    Format,
    Ids,
    Kinds,
    Labels,
    Multivariate,
    Name,
    NotNull,
    Null,
    Output,
    Positive,
    Predictions,
    Quiet,
    Scores,
    StorePath,
    Task,
    Times,
    Weights,
    column_options,
    csv_format,
    parse_thresholds,
    request_of,
)
from driftwatch.cli.output.exits import Exit
from driftwatch.cli.output.last_report import save_report
from driftwatch.cli.output.progress_bar import progress_bar
from driftwatch.cli.output.showing import Showing
from driftwatch.cli.output.writing import tell
from driftwatch.core.drift.policy import PolicyName
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.statistics.special import import_without_package
from driftwatch.errors import ConfigError, DataError, DriftWatchError
from driftwatch.monitor import Monitor
from driftwatch.profiling.delimited import CsvFormat
from driftwatch.profiling.files import DataFiles, find_files
from driftwatch.profiling.references import names_in

if TYPE_CHECKING:
    from driftwatch.cli.monitors import StreamRequest
    from driftwatch.core.reports.over_time import OverTime
    from driftwatch.integrations.mlflow import MLflowDestination

__all__ = ["CheckRequest", "check", "check_window", "run_check", "run_over_time"]


def check(
    ref: Files = None,
    prod: Files = None,
    features: Features = None,
    exclude: Exclude = None,
    kind: Kinds = None,
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
        str,
        typer.Option(
            metavar="NAME",
            help="default, or classic for the textbook.",
            autocompletion=words("default", "classic"),
        ),
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
    time: Times = None,
    pane: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Learn the reference's rhythm from panes of this length, e.g. 1h."
        ),
    ] = None,
    multivariate: Multivariate = False,
    id_: Ids = None,
    label: Labels = None,
    prediction: Predictions = None,
    score: Scores = None,
    positive: Positive = None,
    task: Task = None,
    weight: Weights = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    null: Null = None,
    not_null: NotNull = None,
    format_: Format = "text",
    output: Output = None,
    fail_on: FailOn = "warning",
    save: Annotated[bool, typer.Option(help="Keep the report for `driftwatch report`.")] = True,
    mlflow_run: Annotated[
        str | None,
        typer.Option(
            "--mlflow-run",
            metavar="ID",
            help="Log the report to this run of MLflow; 'new': a new one.",
        ),
    ] = None,
    mlflow_model: Annotated[
        str | None,
        typer.Option(
            "--mlflow-model",
            metavar="MODEL",
            help="Say in the report which version models:/NAME@ALIAS is, tag it with the status, "
            "and link the metrics to it.",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="LENGTH",
            help="Check one stretch of production after the other, and draw features x time: 7d, "
            "day, week, month (with --time), '1000 rows', or a column for one stretch a value. "
            "--output also writes .csv and .parquet.",
        ),
    ] = None,
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    quiet: Quiet = False,
) -> None:
    """Compare production files with reference files. Exit code 1 means drift.

    Without files: the window of a stored stream that is open now; nothing of it changes.

    Exit codes: 0 no drift, 1 drift, 2 usage or bad input, 3 not enough data, 4 internal
    error. The report goes to stdout, everything else to stderr.
    """
    outputs = tuple(output or ())
    showing = None if by is not None else Showing(format_, outputs, fail_on, quiet)
    columns = column_options(
        features,
        exclude,
        kind,
        time=time,
        id=id_,
        label=label,
        prediction=prediction,
        score=score,
        weight=weight,
        positive=positive,
        task=task,
        null=null,
        not_null=not_null,
    )
    if by is not None and (not prod or mlflow_run is not None or mlflow_model is not None):
        raise typer.BadParameter("--by cuts the files of --prod, and goes without MLflow")
    if not prod:
        if config is None and monitor is None and store is None:
            raise typer.BadParameter(
                "name files with --ref and --prod, or a stream with --monitor, --config or --store"
            )
        if ref or columns or threshold or pane or false_alarms:
            raise typer.BadParameter(
                "the open window is compared as its monitor is configured: --ref, --features, "
                "--exclude, --kind, --threshold, --false-alarms, --pane and roles go with --prod"
            )
        window = request_of(config, monitor, store)
        destination = _mlflow(mlflow_run, mlflow_model)
        assert showing is not None  # noqa: S101 - --by goes with files
        raise typer.Exit(int(check_window(window, showing, destination)))
    if config is not None or monitor is not None or store is not None:
        raise typer.BadParameter("--config, --monitor and --store go without --ref and --prod")
    if not ref:
        raise typer.BadParameter("--prod is compared with --ref: name the reference's files, too")
    request = CheckRequest(
        reference=ref,
        production=prod,
        thresholds=tuple(threshold or ()),
        policy=policy,
        false_alarms=false_alarms,
        every=every,
        pane=pane,
        multivariate=multivariate,
        columns=columns,
        csv=csv_format(delimiter, decimal, encoding, null),
    )
    if showing is None:
        from driftwatch.cli.output.over_time import ShowingOverTime

        over_time = ShowingOverTime(format_, outputs, fail_on)
        raise typer.Exit(int(over_time.show(run_over_time(request, str(by), quiet=quiet))))
    destination = _mlflow(mlflow_run, mlflow_model)
    report = run_check(request, showing, destination, save=save)
    raise typer.Exit(int(_tell(report, showing, destination)))


def check_window(
    request: StreamRequest, showing: Showing, destination: MLflowDestination | None, /
) -> Exit:
    """Show the window that is open now, and log it where MLflow is to have it."""
    from driftwatch.cli.monitors import opened

    with opened(request, remote=True) as (monitor, _):
        report = monitor.check()
        if destination is not None:
            report = destination.with_version(report)
        return _tell(report, showing, destination)


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What to compare, and by which rules."""

    reference: list[str]
    production: list[str]
    thresholds: tuple[str, ...]
    policy: str
    columns: Mapping[str, Any]
    false_alarms: str | None
    every: str
    pane: str | None
    multivariate: bool
    csv: CsvFormat


def run_check(
    request: CheckRequest,
    showing: Showing,
    destination: MLflowDestination | None = None,
    /,
    *,
    save: bool,
) -> DriftReport:
    """Run the check and keep its report, with the version of the model that MLflow has."""
    report = _report(request, quiet=showing.quiet)
    if destination is not None:
        report = destination.with_version(report)
    if save:
        try:
            save_report(report)
        except DataError as error:
            # The answer is there; that it could not be kept must not hide it.
            tell(f"driftwatch: the report was not kept: {error}\n")
    return report


def _mlflow(run: str | None, model: str | None) -> MLflowDestination | None:
    """Where in MLflow the report is to go; what is wrong with that is said before the work begins.

    Raises:
        ConfigError: If the run or the model version is not named as it must be, or the server's
            address is none.
        MissingDependencyError: If MLflow is not installed.
    """
    if run is None and model is None:
        return None
    if run is not None and not run.strip():
        raise ConfigError("--mlflow-run is empty: give the id of a run, or 'new'")
    from driftwatch.integrations.mlflow import MLflowDestination

    return MLflowDestination(None if run == "new" else run, model)


def _tell(report: DriftReport, showing: Showing, destination: MLflowDestination | None) -> Exit:
    """Show the report and log it to MLflow; that this cannot be done now hides no answer."""
    code = showing.show(report)
    if destination is not None:
        try:
            line = f"logged to the run {destination.log(report)} of MLflow"
        except DriftWatchError as error:
            tell(f"driftwatch: MLflow: {error}\n")
        else:
            tell("" if showing.quiet else f"{line}\n")
    return code


def run_over_time(request: CheckRequest, by: str, /, *, quiet: bool) -> OverTime:
    """Check the production files stretch by stretch.

    Args:
        request: What to compare. A column of times that the reference lacks only cuts.
        by: How to cut, as `Monitor.over_time` takes it, or a number of rows in text.
        quiet: Whether no progress is shown.
    """
    before = find_files(request.reference, csv=request.csv)
    roles: Mapping[str, str] = request.columns.get("roles", {})
    times = [name for name, role in roles.items() if role == "time"]
    beside = [name for name in times if name not in names_in(before)]
    known = {name: role for name, role in roles.items() if name not in beside}
    request = replace(request, columns={**request.columns, "roles": known})
    with _importing_meanwhile():
        monitor = _monitor(request, before, quiet=quiet)
        after = find_files(request.production, csv=request.csv)
        with progress_bar(f"production {after.label}", after.size_bytes, quiet=quiet) as progress:
            return monitor.over_time(
                after,
                by=int(by) if by.isascii() and by.isdigit() else by,
                time=next(iter([*beside, *times]), None),
                progress=progress,
            )


def _report(request: CheckRequest, *, quiet: bool) -> DriftReport:
    with _importing_meanwhile():
        return _compared(request, quiet=quiet)


@contextmanager
def _importing_meanwhile() -> Iterator[None]:
    """What the tests will need is imported quickly, or else while Python waits for files."""
    if import_without_package():
        yield
        return
    # The thread is waited for in any case: one that is still in a library when the process ends
    # aborts it.
    importing = Thread(
        target=importlib.import_module, args=("scipy.special",), name="driftwatch-import"
    )
    importing.start()
    try:
        yield
    finally:
        importing.join()


def _compared(request: CheckRequest, *, quiet: bool) -> DriftReport:
    before = find_files(request.reference, csv=request.csv)
    after = find_files(request.production, csv=request.csv)
    monitor = _monitor(request, before, quiet=quiet)
    with progress_bar(f"production {after.label}", after.size_bytes, quiet=quiet) as progress:
        return monitor.check(after, progress=progress)


def _monitor(request: CheckRequest, before: DataFiles, *, quiet: bool) -> Monitor:
    columns = dict(request.columns)
    if before.format == "profile" and request.csv.null:
        columns.pop("missing_words")  # the profile has its own; these are for the other files
    with progress_bar(f"reference {before.label}", before.size_bytes, quiet=quiet) as progress:
        return Monitor(
            before,
            thresholds=parse_thresholds(request.thresholds) or None,
            policy=cast("PolicyName", request.policy),
            false_alarms=request.false_alarms,
            every=request.every,
            pane=request.pane,
            multivariate=request.multivariate,
            progress=progress,
            **columns,
        )
