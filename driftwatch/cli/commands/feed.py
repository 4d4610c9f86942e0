"""``driftwatch ingest`` and ``watch``: files into a stored window."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from driftwatch.cli.commands.evaluate import evaluate_once
from driftwatch.cli.monitors import StreamRequest, opened
from driftwatch.cli.options import (
    Config,
    Decimal,
    Delimiter,
    Encoding,
    FailOn,
    FalseAlarms,
    Format,
    Ids,
    Labels,
    Name,
    Null,
    Output,
    Quiet,
    Ref,
    Slide,
    StorePath,
    Time,
    Window,
    csv_format,
    request_of,
)
from driftwatch.cli.output.exits import Exit
from driftwatch.cli.output.progress_bar import progress_bar
from driftwatch.cli.output.showing import Showing
from driftwatch.cli.output.writing import tell
from driftwatch.core.data.durations import parse_duration
from driftwatch.errors import ConfigError, DataError, DriftWatchError
from driftwatch.ingest.file_feeder import FileFeeder, Ingested
from driftwatch.monitor import Monitor
from driftwatch.process.end_signals import as_by_ctrl_c
from driftwatch.profiling.delimited import CsvFormat
from driftwatch.profiling.files import DataFiles, find_files, is_data
from driftwatch.profiling.json_files import is_document
from driftwatch.profiling.locations import Location, is_url, shown_url, size_of
from driftwatch.profiling.opened import ARCHIVE

__all__ = ["ingest", "run_ingest", "run_watch", "watch"]


def ingest(
    files: Annotated[list[str], typer.Argument(help="Files or URLs of rows, or .dwp profiles.")],
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    ref: Ref = None,
    time: Time = None,
    id_: Ids = None,
    label: Labels = None,
    window: Window = None,
    slide: Slide = None,
    false_alarms: FalseAlarms = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    null: Null = None,
    evaluate: Annotated[
        bool, typer.Option("--evaluate", help="Then evaluate the window that is due.")
    ] = False,
    format_: Format = "text",
    output: Output = None,
    fail_on: FailOn = "warning",
    quiet: Quiet = False,
) -> None:
    """Take files into a stored window. A file that was taken in before changes nothing."""
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
    csv = csv_format(delimiter, decimal, encoding, null)
    raise typer.Exit(int(run_ingest(request, find_files(files, csv=csv), showing, quiet=quiet)))


def watch(
    paths: Annotated[list[str], typer.Argument(help="Growing files (CSV, JSON lines) or folders.")],
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    ref: Ref = None,
    time: Time = None,
    id_: Ids = None,
    label: Labels = None,
    window: Window = None,
    slide: Slide = None,
    false_alarms: FalseAlarms = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    null: Null = None,
    every: Annotated[str, typer.Option(metavar="TIME", help="Time between two looks.")] = "5s",
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
    format_: Format = "text",
    output: Output = None,
    fail_on: FailOn = "warning",
    quiet: Quiet = False,
) -> None:
    """Follow a growing file or a folder, and report on every window that ends."""
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
    csv = csv_format(delimiter, decimal, encoding, null)
    raise typer.Exit(int(run_watch(request, paths, showing, every=every, once=once, csv=csv)))


_SETTLED = 2.0
"""A file that was written to in the last seconds may not be whole yet."""
_GROWING = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")


def run_ingest(
    request: StreamRequest, paths: DataFiles, showing: Showing | None, /, *, quiet: bool
) -> Exit:
    """Feed files or profiles; then evaluate what is due, if a way of showing it is given."""
    with opened(request, tells=showing is not None) as (monitor, _):
        feeder = _feeder(monitor, paths.csv)
        for path in paths.paths:
            with progress_bar(path.name, size_of(path), quiet=quiet) as progress:
                if paths.format == "profile":
                    rows = _absorb_profile(monitor, path)
                else:
                    rows = feeder.ingest(path, progress=progress)
            tell(f"{_outcome(rows)}\n")
        if showing is None:
            return Exit.NO_DRIFT
        return evaluate_once(monitor, showing)


def run_watch(
    request: StreamRequest,
    paths: list[str],
    showing: Showing,
    /,
    *,
    every: str,
    once: bool,
    csv: CsvFormat | None = None,
) -> Exit:
    """Follow growing files and folders, evaluate what is due, until interrupted."""
    seconds = parse_duration(every).total_seconds()
    for url in filter(is_url, paths):
        raise ConfigError(
            f"{shown_url(url)}: watch follows files of this machine; take files that are "
            "elsewhere in with `driftwatch ingest`, from cron"
        )
    seen: dict[Path, tuple[int, float]] = {}
    worst = Exit.NO_DRIFT
    with as_by_ctrl_c(), opened(request, tells=True) as (monitor, _):
        feeder = _feeder(monitor, csv)
        try:
            while True:
                _feed_all(monitor, feeder, paths, seen)
                outcome = evaluate_once(monitor, showing, silent_without_news=True)
                worst = max(worst, outcome) if outcome is Exit.DRIFT else worst
                if once:
                    return worst
                time.sleep(seconds)
        except KeyboardInterrupt:
            return worst


def _feed_all(
    monitor: Monitor, feeder: FileFeeder, paths: list[str], seen: dict[Path, tuple[int, float]]
) -> None:
    """Take in what has grown; what is wrong with one file keeps no other from its turn."""
    for path in _listed(paths):
        try:
            ingested = _fed(monitor, feeder, path, seen)
        except DriftWatchError as error:
            tell(f"driftwatch: {error}\n")
            continue
        if ingested is not None and (ingested.rows or ingested.counters):
            tell(f"{_outcome(ingested)}\n")


def _feeder(monitor: Monitor, csv: CsvFormat | None) -> FileFeeder:
    monitor.stream.adopt_reference()
    return FileFeeder(
        monitor.store,
        monitor.reference,
        monitor.spec,
        monitor=monitor.name,
        clock=monitor.seconds,
        csv=csv,
    )


def _absorb_profile(monitor: Monitor, path: Location) -> Ingested:
    from driftwatch.profiling.references import saved_profile

    profile = saved_profile(path, monitor.reference.profile.guard)
    if profile is None:
        raise DataError(f"{path} is no profile", code="DW049")
    known = not monitor.absorb(profile)
    return Ingested(path, 0 if known else profile.rows, known=known)


def _listed(paths: list[str]) -> list[Path]:
    listed: list[Path] = []
    for text in paths:
        path = Path(text)
        if path.is_dir():
            listed += sorted(item for item in path.iterdir() if _is_data(item))
        elif path.exists():
            listed.append(path)
    return listed


def _is_data(path: Path) -> bool:
    return path.is_file() and (is_data(path) or path.suffix.lower() == ARCHIVE)


def _is_whole(path: Path) -> bool:
    """Whether a file does not grow, since it is one document."""
    return path.suffix.lower() == ".json" and is_document(path)


def _fed(
    monitor: Monitor, feeder: FileFeeder, path: Path, seen: dict[Path, tuple[int, float]]
) -> Ingested | None:
    """What a look at a file brought; None if it has not changed or is not whole yet."""
    facts = path.stat()
    key = (facts.st_size, facts.st_mtime)
    if seen.get(path) == key:
        return None
    if path.suffix.lower() in _GROWING and not _is_whole(path):
        ingested = feeder.follow(path)
        if ingested.rows == 0 or path.stat().st_size == facts.st_size:
            seen[path] = key
        return ingested
    if time.time() - facts.st_mtime < _SETTLED:
        return None
    seen[path] = key
    if path.suffix.lower() == ".dwp":
        return _absorb_profile(monitor, path)
    return feeder.ingest(path)


def _outcome(ingested: Ingested) -> str:
    if ingested.known:
        return f"{ingested.path}: taken in before, nothing changed"
    unused = "".join(
        f", {count:,} {name.replace('_', ' ')}" for name, count in ingested.counters.items()
    )
    return f"{ingested.path}: {ingested.rows:,} rows taken in{unused}"
