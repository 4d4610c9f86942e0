"""The demo put together."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from driftwatch.core.reports.results import Status
from driftwatch.demo.clock import SimulatedClock
from driftwatch.demo.endings import working_folder
from driftwatch.demo.findings import Findings, named_in, reports_of
from driftwatch.demo.loans import Day, Loans
from driftwatch.demo.serving import served_model
from driftwatch.demo.telling import (
    told_findings,
    told_injections,
    told_places,
    told_report,
    told_start,
)
from driftwatch.demo.traffic import AFTER_HOURS, Traffic
from driftwatch.demo.watching import OUTCOMES, SERVED, Watching, prepare, watching
from driftwatch.process.atomic_files import write_atomically
from driftwatch.render import render

__all__ = ["DemoSettings", "run"]

Say = Callable[[str], None]
_HOUR = 3_600.0


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """How the demo is run.

    Attributes:
        now: Seconds since 1970; the demo's clock goes up to the last full hour before.
        seed: Of everything that is drawn.
        keep: A new folder for store, configuration and pages, which stays; a temporary one if None.
    """

    now: float
    seed: int = 7
    keep: Path | None = None


def run(
    settings: DemoSettings,
    /,
    *,
    say: Say,
    look_around: Callable[[], None] | None = None,
) -> Findings:
    """Serve, watch and change a day of traffic, and say what was found.

    Args:
        settings: How.
        say: Takes lines as they come.
        look_around: Called at the end, while all servers still run; returns when they may end.

    Returns:
        What was found. Everything that was started has ended then.

    Raises:
        ConfigError: If the folder to be kept cannot be used.
        DriftWatchError: If a server or a store does not answer.
    """
    began = time.monotonic()
    loans = Loans(settings.seed)
    model, fitted = loans.trained_model()
    with ExitStack() as stack:
        stack.enter_context(_alarms_not_logged())
        folder = stack.enter_context(working_folder(settings.keep))
        reference = loans.reference(model)
        prepare(folder, reference)
        day = loans.day((settings.now // _HOUR - AFTER_HOURS) * _HOUR)
        clock = SimulatedClock(day.start)
        watch = stack.enter_context(watching(folder, clock))
        served = stack.enter_context(served_model(model, watch.served))
        say(told_start(day, served, watch.url, fitted=fitted, reference=len(reference["age"])))
        _pass(day, Traffic(day, served, watch, clock), watch, say)
        with watch.store() as store:
            findings = Findings.of(day, store)
        say(told_findings(day, findings, seconds=time.monotonic() - began))
        if look_around is not None or settings.keep is not None:
            pages = _write_pages(folder, watch)
            url = None if look_around is None else watch.url  # it ends with this otherwise
            say(told_places(pages, url, folder=folder, kept=settings.keep is not None))
        if look_around is not None:
            look_around()
    return findings


def _pass(day: Day, traffic: Traffic, watch: Watching, say: Say) -> None:
    """Let the day pass, and say what is injected, and what is reported that was not before."""
    said: dict[str, tuple[str, ...]] = {}
    for end in traffic.hours():
        for line in told_injections(day, end - _HOUR, end):
            say(line)
        with watch.store() as store:
            latest = [
                report
                for monitor in (SERVED, OUTCOMES)
                for report in reports_of(store, monitor, limit=1)
            ]
        for report in latest:
            now = (report.global_status.value, *sorted(named_in(report, Status.CRITICAL)))
            if said.get(report.monitor) != now:
                said[report.monitor] = now
                say(told_report(report))


@contextmanager
def _alarms_not_logged() -> Iterator[None]:
    """Keep lines about alarms and incidents out of the log: the reports are told anyway."""

    def is_other(record: logging.LogRecord) -> bool:
        name = str(getattr(record, "driftwatch", {}).get("event", ""))
        return not name.startswith(("alarm.", "incident."))

    log = logging.getLogger("driftwatch")
    log.addFilter(is_other)
    try:
        yield
    finally:
        log.removeFilter(is_other)


def _write_pages(folder: Path, watch: Watching) -> dict[str, Path]:
    """Pages of the last reports that called something CRITICAL, or else of the last."""
    pages = {}
    with watch.store() as store:
        for monitor in (SERVED, OUTCOMES):
            reports = reports_of(store, monitor)
            critical = [each for each in reports if each.global_status is Status.CRITICAL]
            if reports:
                pages[monitor] = folder / f"{monitor}.html"
                page = render((critical or reports)[-1], "html")
                write_atomically(pages[monitor], page.encode("utf-8", "replace"))
    return pages
