"""``driftwatch replay``: the reports and alarms that a monitor would have made of a history."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated, Any

import orjson
import typer

from driftwatch.cli.completion import monitor_names, words
from driftwatch.cli.options import (
    Config,
    Exclude,
    FalseAlarms,
    Features,
    Ids,
    Kinds,
    Labels,
    Output,
    Positive,
    Predictions,
    Quiet,
    Ref,
    Scores,
    Slide,
    Task,
    Time,
    Weights,
    Window,
    column_options,
    parse_thresholds,
)
from driftwatch.cli.output.choices import check_choice
from driftwatch.cli.output.exits import Exit
from driftwatch.cli.output.history_files import HISTORY_FORMATS, form_of, write_forms
from driftwatch.cli.output.progress_bar import progress_bar
from driftwatch.cli.output.writing import put_document
from driftwatch.config.load import load_config
from driftwatch.config.monitors import MonitorConfig
from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.data.durations import parse_length
from driftwatch.core.data.instants import instant_of
from driftwatch.core.data.schema import Role
from driftwatch.core.data.times import to_utc
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.reports.timeline import Timeline
from driftwatch.errors import ConfigError
from driftwatch.logs.lines import json_lines
from driftwatch.profiling.files import DataFiles, find_files
from driftwatch.profiling.hash_keys import key_for
from driftwatch.profiling.references import ReferenceOptions, build_reference, names_in
from driftwatch.profiling.rows import DataSlice, count_rows
from driftwatch.render.drawing.timeline import timeline_html, timeline_text
from driftwatch.streams.replay import replay as replayed

__all__ = ["ReplayRequest", "replay", "run_replay"]


def replay(
    files: Annotated[list[str], typer.Argument(help="Files of the history; paths or URLs.")],
    ref: Ref = None,
    ref_first: Annotated[
        str | None,
        typer.Option(metavar="PART", help="The history's first 20% (or '5000 rows') as reference."),
    ] = None,
    features: Features = None,
    exclude: Exclude = None,
    kind: Kinds = None,
    time: Time = None,
    id_: Ids = None,
    label: Labels = None,
    prediction: Predictions = None,
    score: Scores = None,
    positive: Positive = None,
    task: Task = None,
    weight: Weights = None,
    window: Window = None,
    slide: Slide = None,
    pane: Annotated[
        str | None,
        typer.Option(
            metavar="LENGTH", help="Learn the reference's rhythm from panes of this length."
        ),
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(
            help="Compare with frozen, sliding or seasonal. Default: frozen.",
            autocompletion=words("frozen", "sliding", "seasonal"),
        ),
    ] = None,
    threshold: Annotated[
        list[str] | None, typer.Option(metavar="TEST=VALUE", help="As for check. Repeatable.")
    ] = None,
    false_alarms: FalseAlarms = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHEN",
            help="A known change: a time, or a row, counted from the start of the files.",
        ),
    ] = None,
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORM",
            help="text, json or html.",
            autocompletion=words("text", "json", "html"),
        ),
    ] = "text",
    output: Output = None,
    config: Config = None,
    monitor: Annotated[
        str | None,
        typer.Option(
            "--monitor",
            help="Whose settings of the configuration to try.",
            autocompletion=monitor_names,
        ),
    ] = None,
    reports: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write every report to this file, one JSON a line."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Replay a history: the alarms a monitor would have raised, and how late.

    With --config (and --monitor) it is judged as that monitor's stream is: its reference, columns,
    window, thresholds and alerts, but for what is said here. Otherwise windows are of 24h, moved by
    1h, with a budget of one false alarm in 30 days.

    Exit code 1 means that it would have raised one.
    """
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
    )
    options = {
        "window": window,
        "slide": slide,
        "pane": pane,
        "compare": compare,
        "thresholds": parse_thresholds(tuple(threshold or ())) or None,
        "false_alarms": false_alarms,
    }
    said = {key: value for key, value in options.items() if value is not None}
    settings, folder = _settings(config, monitor, said)
    if ref is None and ref_first is None:
        ref = settings.reference_in(folder)
    request = ReplayRequest(
        files=files,
        reference=ref or None,
        reference_first=ref_first,
        columns=_columns(settings, columns),
        settings=settings,
        of_a_monitor=config is not None or monitor is not None,
        changes=tuple(change or ()),
        format=format_,
        outputs=tuple(output or ()),
        reports=reports,
    )
    raise typer.Exit(int(run_replay(request, quiet=quiet)))


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """Which history, how to cut it, and how to judge it."""

    files: list[str]
    reference: list[str] | None
    reference_first: str | None
    columns: DeclaredColumns
    settings: MonitorConfig
    of_a_monitor: bool
    changes: tuple[str, ...]
    format: str
    outputs: tuple[Path, ...]
    reports: Path | None


_BUDGET = "1 per 30d"


def _settings(
    config: Path | None, monitor: str | None, said: dict[str, Any]
) -> tuple[MonitorConfig, Path]:
    """The monitor's settings, where options do not say otherwise, and the folder they are from."""
    if config is None and monitor is None:
        return MonitorConfig.model_validate({"false_alarms": _BUDGET, **said}), Path()
    loaded = load_config(config)
    _, settings = loaded.one(monitor)
    given = settings.model_dump(exclude_unset=True, by_alias=True)
    if "thresholds" in said:
        said = {**said, "thresholds": {**(settings.thresholds or {}), **said["thresholds"]}}
    return MonitorConfig.model_validate({**given, **said}), loaded.folder


def _columns(settings: MonitorConfig, said: dict[str, Any]) -> DeclaredColumns:
    """The monitor's columns; a role that options give to a column is given to no other."""
    own, named = settings.columns(), said.get("roles", {})
    roles = {name: role for name, role in settings.roles().items() if role not in named.values()}
    return DeclaredColumns.of(
        said.get("features", own.features),
        exclude=said.get("exclude", own.exclude),
        roles={**roles, **named},
        kinds={**settings.kinds, **said.get("kinds", {})},
        rules=settings.rules,
        missing_words=said.get("missing_words", settings.missing_words),
        score=said.get("score", None if "score" in named.values() else settings.score),
        positive=said.get("positive", settings.positive),
        task=said.get("task", settings.task),
    )


def run_replay(request: ReplayRequest, /, *, quiet: bool) -> Exit:
    """Replay the history, show its timeline and write it where it is wanted."""
    check_choice("--format", request.format, HISTORY_FORMATS)
    for path in request.outputs:
        form_of(path)
    settings = request.settings
    rules = settings.judging()
    rules = replace(rules, alerts=rules.alerts.for_a_history())
    spec, _ = settings.judged()
    multivariate = settings.multivariate
    files = find_files(request.files)
    data, reference = _sides(request, files)
    time, columns = _clock(request.columns, reference)
    label = files.label
    with progress_bar("reference", files.size_bytes, quiet=quiet) as progress:
        built = build_reference(
            reference,
            ReferenceOptions(
                columns,
                hash_key=key_for(),
                pane=_pane(request, reference, columns),
                multivariate=multivariate
                if isinstance(multivariate, bool)
                else tuple(multivariate),
            ),
            progress=progress,
        )
    rules.alerts.check_features(built.profile.columns)
    with ExitStack() as files_open, ExitStack() as stack:
        lines = None
        if request.reports is not None:
            lines = files_open.enter_context(request.reports.open("wb"))
        reading = stack.enter_context(progress_bar(label, files.size_bytes, quiet=quiet))
        timeline = replayed(
            data,
            built,
            spec,
            rules=rules,
            changes=[_change(text) for text in request.changes],
            time=time,
            monitor=label,
            progress=reading,
            on_report=None if lines is None else _writer(lines),
            on_window=_window_bar(stack, quiet=quiet),
        )
    _show(timeline, request)
    return Exit.DRIFT if timeline.episodes else Exit.NO_DRIFT


def _writer(lines: IO[bytes]) -> Callable[[DriftReport], None]:
    def write(report: DriftReport) -> None:
        lines.write(report.to_json().encode("utf-8", "replace") + b"\n")

    return write


def _window_bar(stack: ExitStack, *, quiet: bool) -> Callable[[int, int], None]:
    """A bar over the windows, which are counted only when the history has been read."""
    bars: list[Callable[[int, int], None]] = []

    def advance(_done: int, total: int) -> None:
        if not bars:
            stack.close()  # the bar of the reading goes before
            bars.append(stack.enter_context(progress_bar("windows", total, quiet=quiet, unit="")))
        bars[0](1, 1)

    return advance


def _sides(request: ReplayRequest, files: DataFiles) -> tuple[Any, DataFiles | DataSlice]:
    """The history, and the data of its reference."""
    if (request.reference is None) == (request.reference_first is None):
        raise ConfigError(
            "give the reference with --ref FILE, or as the history's first part "
            "with --ref-first 20% (or a number of rows)",
            code="DW048",
        )
    if request.reference is not None:
        return files, find_files(request.reference)
    text = (request.reference_first or "").strip()
    try:
        if text.endswith("%"):
            rows = int(count_rows(files) * float(text[:-1]) / 100)
        else:
            rows = int(text.removesuffix("rows").replace(",", ""))
    except ValueError:
        rows = 0
    if rows < 1:
        raise ConfigError(f"--ref-first {text!r} must look like 20% or '5000 rows'", code="DW002")
    return DataSlice(files, rows), DataSlice(files, 0, rows)


def _clock(
    columns: DeclaredColumns, reference: DataFiles | DataSlice
) -> tuple[str | None, DeclaredColumns]:
    """The column of the history's times, and the columns of the reference.

    Times only say when a row was: a reference need not have them.
    """
    times = [name for name, role in columns.roles.items() if role is Role.TIME]
    if not times or not isinstance(reference, DataFiles):
        return next(iter(times), None), columns
    there = names_in(reference)
    absent = [name for name in times if name not in there]
    roles = {name: role for name, role in columns.roles.items() if name not in absent}
    return [*absent, *times][0], replace(columns, roles=roles)


def _pane(
    request: ReplayRequest, reference: DataFiles | DataSlice, columns: DeclaredColumns
) -> Any:
    """Length of the reference's panes: as given; without a monitor's settings the slide's.

    A reference that is a profile has panes, or has not.
    """
    settings = request.settings
    if settings.pane is not None or request.of_a_monitor:
        return None if settings.pane is None else parse_length(settings.pane)
    if isinstance(reference, DataFiles) and reference.format == "profile":
        return None
    has_time = Role.TIME in columns.roles.values()
    length = parse_length(settings.slide or settings.window)
    return length if isinstance(length, int) or has_time else None


def _change(text: str) -> int | datetime:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return to_utc(instant_of(text))
    except (ValueError, OverflowError, OSError):  # none, or beyond the calendar
        raise ConfigError(
            f"--change {text!r} must be a row of the history or a time like 2026-01-31T12:00",
            code="DW002",
        ) from None


def _show(timeline: Timeline, request: ReplayRequest) -> None:
    write_forms(request.outputs, lambda form: _written(timeline, form), timeline.history.table)
    put_document(_written(timeline, request.format))


def _written(timeline: Timeline, form: str) -> str:
    if form == "html":
        return timeline_html(timeline)
    if form == "json":
        data = orjson.dumps(timeline.to_dict(), option=orjson.OPT_INDENT_2).decode()
        return json_lines(data) + "\n"
    return timeline_text(timeline)
