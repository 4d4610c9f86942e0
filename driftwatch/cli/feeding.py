"""``driftwatch absorb`` and ``watch``: files into a stored window."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from driftwatch.cli.evaluating import evaluate_once
from driftwatch.cli.exits import Exit
from driftwatch.cli.monitors import StreamRequest, opened
from driftwatch.cli.progress import progress_bar
from driftwatch.cli.showing import Showing
from driftwatch.durations import parse_duration
from driftwatch.errors import DataError, DriftWatchError
from driftwatch.files import find_files
from driftwatch.following import Absorbed, FileFeeder
from driftwatch.monitor import Monitor

__all__ = ["run_absorb", "run_watch"]

_SETTLED = 2.0
"""A file that was written to in the last seconds may not be whole yet."""
_SUFFIXES = (".parquet", ".pq", ".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".dwp", ".gz")


def run_absorb(
    request: StreamRequest, files: list[str], showing: Showing | None, /, *, quiet: bool
) -> Exit:
    """Feed files or profiles; then evaluate what is due, if a way of showing it is given."""
    found = find_files(files)
    with opened(request) as (monitor, _):
        feeder = _feeder(monitor)
        for path in found.paths:
            with progress_bar(path.name, path.stat().st_size, quiet=quiet) as progress:
                if found.format == "profile":
                    rows = _absorb_profile(monitor, path)
                else:
                    rows = feeder.absorb(path, progress=progress)
            sys.stderr.write(f"{_said(rows)}\n")
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
) -> Exit:
    """Follow growing files and folders, evaluate what is due, until interrupted."""
    seconds = parse_duration(every).total_seconds()
    seen: dict[Path, tuple[int, float]] = {}
    worst = Exit.NO_DRIFT
    with opened(request) as (monitor, _):
        feeder = _feeder(monitor)
        while True:
            for path in _listed(paths):
                try:
                    found = _fed(monitor, feeder, path, seen)
                except DriftWatchError as error:
                    sys.stderr.write(f"driftwatch: {error}\n")
                    continue
                if found is not None and (found.rows or found.counters):
                    sys.stderr.write(f"{_said(found)}\n")
            said = evaluate_once(monitor, showing, silent_without_news=True)
            worst = max(worst, said) if said is Exit.DRIFT else worst
            if once:
                return worst
            try:
                time.sleep(seconds)
            except KeyboardInterrupt:
                return worst


def _feeder(monitor: Monitor) -> FileFeeder:
    stream = monitor.stream
    return FileFeeder(
        stream.store,
        monitor.reference,
        monitor.spec,
        monitor=monitor.name,
        clock=time.time,
    )


def _absorb_profile(monitor: Monitor, path: Path) -> Absorbed:
    from driftwatch.references import saved_profile

    profile = saved_profile(str(path), monitor.reference.profile.guard.key)
    if profile is None:
        raise DataError(f"{path} is no profile")
    known = not monitor.absorb(profile)
    return Absorbed(path, 0 if known else profile.rows, known=known)


def _listed(paths: list[str]) -> list[Path]:
    found: list[Path] = []
    for text in paths:
        path = Path(text)
        if path.is_dir():
            found += sorted(p for p in path.iterdir() if p.suffix.lower() in _SUFFIXES)
        elif path.exists():
            found.append(path)
    return found


def _fed(
    monitor: Monitor, feeder: FileFeeder, path: Path, seen: dict[Path, tuple[int, float]]
) -> Absorbed | None:
    """What a look at a file brought; None if it has not changed or is not whole yet."""
    facts = path.stat()
    key = (facts.st_size, facts.st_mtime)
    if seen.get(path) == key:
        return None
    if path.suffix.lower() in (".csv", ".tsv", ".jsonl", ".ndjson", ".json"):
        found = feeder.follow(path)
        if found.rows == 0 or path.stat().st_size == facts.st_size:
            seen[path] = key
        return found
    if time.time() - facts.st_mtime < _SETTLED:
        return None
    seen[path] = key
    if path.suffix.lower() == ".dwp":
        return _absorb_profile(monitor, path)
    return feeder.absorb(path)


def _said(found: Absorbed) -> str:
    if found.known:
        return f"{found.path}: absorbed before, nothing changed"
    unused = "".join(
        f", {count:,} {name.replace('_', ' ')}" for name, count in found.counters.items()
    )
    return f"{found.path}: {found.rows:,} rows absorbed{unused}"
