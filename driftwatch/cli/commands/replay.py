"""``driftwatch replay``: the reports and alarms that a monitor would have made of a history."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated, Any

import orjson
import typer

from driftwatch.alerts.settings import Alerts
from driftwatch.cli.options import (
    Config,
    Exclude,
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
    Task,
    Time,
    Weights,
    column_options,
    parse_thresholds,
)
from driftwatch.cli.output.exits import Exit
from driftwatch.cli.output.progress_bar import progress_bar
from driftwatch.config.load import load_config
from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.data.durations import parse_length
from driftwatch.core.data.privacy import hash_key
from driftwatch.core.data.schema import Role
from driftwatch.core.drift.policy import Policy
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.reports.timeline import Timeline
from driftwatch.core.statistics.budget import AlarmBudget
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import ConfigError
from driftwatch.evaluation.rules import EvaluationRules
from driftwatch.process.atomic_files import write_atomically
from driftwatch.profiling.files import find_files
from driftwatch.profiling.references import ReferenceOptions, build_reference
from driftwatch.profiling.rows import DataSlice, count_rows
from driftwatch.render.drawing.timeline import timeline_html, timeline_text
from driftwatch.streams.replay import replay as replayed

__all__ = ["ReplayRequest", "replay", "run_replay"]


def replay(
    files: Annotated[list[str], typer.Argument(help="Files of the history.")],
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
        typer.Option(
            metavar="WHEN",
            help="A known change: a time, or a row, counted from the start of the files.",
        ),
    ] = None,
    format_: Annotated[
        str, typer.Option("--format", metavar="FORM", help="text, json or html.")
    ] = "text",
    output: Output = None,
    config: Config = None,
    monitor: Annotated[
        str | None, typer.Option("--monitor", help="Whose alerts of the configuration to try.")
    ] = None,
    reports: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write every report to this file, one JSON a line."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Replay a history: the alarms a monitor would have raised, and how late.

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
    request = ReplayRequest(
        files=files,
        reference=ref or None,
        reference_first=ref_first,
        columns=DeclaredColumns.of(**columns),
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
        alerts=_alerts(config, monitor),
    )
    raise typer.Exit(int(run_replay(request, quiet=quiet)))


_FORMS = {".html": "html", ".htm": "html", ".json": "json", ".txt": "text"}


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """Which history, how to cut it, and how to judge it."""

    files: list[str]
    reference: list[str] | None
    reference_first: str | None
    columns: DeclaredColumns
    window: str
    slide: str | None
    pane: str | None
    compare: str
    thresholds: tuple[str, ...]
    false_alarms: str
    changes: tuple[str, ...]
    format: str
    outputs: tuple[Path, ...]
    reports: Path | None
    alerts: Alerts


def _alerts(config: Path | None, monitor: str | None) -> Alerts:
    """The rules of a configuration's alerts, told to nobody; the defaults if none is named."""
    if config is None and monitor is None:
        return Alerts()
    _, settings = load_config(config).one(monitor)
    return Alerts() if settings.alerts is None else settings.alerts.alerts([])


def run_replay(request: ReplayRequest, /, *, quiet: bool) -> Exit:
    """Replay the history, show its timeline and write it where it is wanted."""
    if request.format not in ("text", "json", "html"):
        raise ConfigError(f"--format {request.format!r}; known: text, json, html")
    for path in request.outputs:
        _form(path)
    spec = WindowSpec.of(request.window, request.slide)
    files = find_files(request.files)
    data, reference = _sides(request)
    label = files.label
    with progress_bar("reference", files.size_bytes, quiet=quiet) as progress:
        built = build_reference(
            reference,
            ReferenceOptions(
                request.columns,
                hash_key=hash_key(),
                pane=_pane(request),
            ),
            progress=progress,
        )
    every = spec.slide
    budget = AlarmBudget.of(request.false_alarms, every=every)
    policy = Policy.of(parse_thresholds(request.thresholds) or None, budget=budget)
    rules = EvaluationRules(
        policy, request.compare, budget.run_length, alerts=request.alerts.for_a_history()
    )
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


def _sides(request: ReplayRequest) -> tuple[Any, Any]:
    """The history, and the data of its reference."""
    if (request.reference is None) == (request.reference_first is None):
        raise ConfigError(
            "give the reference with --ref FILE, or as the history's first part "
            "with --ref-first 20% (or a number of rows)"
        )
    if request.reference is not None:
        return request.files, request.reference
    text = (request.reference_first or "").strip()
    try:
        if text.endswith("%"):
            rows = int(count_rows(request.files) * float(text[:-1]) / 100)
        else:
            rows = int(text.removesuffix("rows").replace(",", ""))
    except ValueError:
        rows = 0
    if rows < 1:
        raise ConfigError(f"--ref-first {text!r} must look like 20% or '5000 rows'")
    return DataSlice(request.files, rows), DataSlice(request.files, 0, rows)


def _pane(request: ReplayRequest) -> Any:
    """Length of the reference's panes: the slide's, unless it is given or a profile is given."""
    if request.pane is not None:
        return parse_length(request.pane)
    given = request.reference
    if given is not None and find_files(given).format == "profile":
        return None
    has_time = Role.TIME in request.columns.roles.values()
    length = parse_length(request.slide or request.window)
    return length if isinstance(length, int) or has_time else None


def _change(text: str) -> int | datetime:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(
            f"--change {text!r} must be a row of the history or a time like 2026-01-31T12:00"
        ) from error


def _show(timeline: Timeline, request: ReplayRequest) -> None:
    for path in request.outputs:
        write_atomically(path, _written(timeline, _form(path)).encode("utf-8", "replace"))
    text = _written(timeline, request.format)
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))


def _written(timeline: Timeline, form: str) -> str:
    if form == "html":
        return timeline_html(timeline)
    if form == "json":
        return orjson.dumps(timeline.to_dict(), option=orjson.OPT_INDENT_2).decode() + "\n"
    return timeline_text(timeline)


def _form(path: Path) -> str:
    try:
        return _FORMS[path.suffix.lower()]
    except KeyError:
        raise ConfigError(
            f"cannot tell the form of {path} from its suffix; known: {', '.join(_FORMS)}"
        ) from None
