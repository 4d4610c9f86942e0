"""``driftwatch replay``: what a monitor would have said about a history."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import orjson

from driftwatch.atomic import write_atomically
from driftwatch.cli.checking import parse_thresholds
from driftwatch.cli.exits import Exit
from driftwatch.cli.progress import progress_bar
from driftwatch.core.drift.budget import AlarmBudget
from driftwatch.core.drift.policy import Policy
from driftwatch.core.privacy import hash_key
from driftwatch.core.report import DriftReport
from driftwatch.core.schema import Role
from driftwatch.core.timeline import Timeline
from driftwatch.core.windows import WindowSpec
from driftwatch.durations import parse_length
from driftwatch.errors import ConfigError
from driftwatch.evaluate import EvaluationRules
from driftwatch.files import find_files
from driftwatch.profiling import DataSlice, count_rows
from driftwatch.references import ReferenceOptions, build_reference
from driftwatch.render.timeline import timeline_html, timeline_text
from driftwatch.replay import replay

__all__ = ["ReplayRequest", "run_replay"]

_FORMS = {".html": "html", ".htm": "html", ".json": "json", ".txt": "text"}


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """Which history, how to cut it, and how to judge it."""

    files: list[str]
    reference: list[str] | None
    reference_first: str | None
    features: tuple[str, ...] | None
    roles: Mapping[str, str]
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
                features=request.features,
                roles={name: Role(role) for name, role in request.roles.items()},
                hash_key=hash_key(),
                pane=_pane(request),
            ),
            progress=progress,
        )
    every = spec.slide
    budget = AlarmBudget.of(request.false_alarms, every=every)
    policy = Policy.of(parse_thresholds(request.thresholds) or None, budget=budget)
    rules = EvaluationRules(policy, compare=request.compare, run_length=budget.run_length)
    with ExitStack() as files_open, ExitStack() as stack:
        lines = None
        if request.reports is not None:
            lines = files_open.enter_context(request.reports.open("wb"))
        reading = stack.enter_context(progress_bar(label, files.size_bytes, quiet=quiet))
        timeline = replay(
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
            rows = int(text)
    except ValueError:
        rows = 0
    if rows < 1:
        raise ConfigError(f"--ref-first {text!r} must look like 20% or 5000 (rows)")
    return DataSlice(request.files, rows), DataSlice(request.files, 0, rows)


def _pane(request: ReplayRequest) -> Any:
    """Length of the reference's panes: the slide's, unless it is said or a profile is given."""
    if request.pane is not None:
        return parse_length(request.pane)
    given = request.reference
    if given is not None and find_files(given).format == "profile":
        return None
    has_time = "time" in request.roles.values()
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
