"""What the demo says, in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from driftwatch.core.data.times import to_utc
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.reports.results import Status
from driftwatch.demo.findings import Findings, Sighting, named_in
from driftwatch.demo.loans import LABEL_HOURS, Day
from driftwatch.demo.serving import ServedModel
from driftwatch.demo.watching import CONFIG, OUTCOMES, SERVED

__all__ = ["told_findings", "told_injections", "told_places", "told_report", "told_start"]


def told_start(
    day: Day, served: ServedModel, url: str | None, /, *, fitted: int, reference: int
) -> str:
    """What runs where, and what is about to happen."""
    collector = (
        f"  The collector has its pages at {url}/\n"
        if url is not None
        else "  There is no collector, which needs driftwatch-sketch[service]: the monitors store\n"
        "  and evaluate in this process.\n"
    )
    return (
        f"A model that says who defaults on a loan was fitted on {fitted:,} generated rows;\n"
        f"{reference:,} others are the reference.\n"
        f"  {served.by} serves it on {served.url}\n"
        f"{collector}"
        f"A day of {len(day.times):,} applications passes, from {_time(day.start)} UTC on; who\n"
        f"defaults is known {LABEL_HOURS} hours later. Windows of three hours are evaluated every "
        "hour:\n"
        f"{SERVED} (what the model is asked and answers) and {OUTCOMES} (how right it was).\n"
        "A line for each report that differs from the one before:\n"
    )


def told_injections(day: Day, start: float, end: float, /) -> Iterator[str]:
    """What was done to the traffic of a stretch of time."""
    injected = day.injected
    if start <= injected.drift_at < end:
        how = "; ".join(f"{name} {text}" for name, text in injected.moved.items())
        yield f"  {_time(injected.drift_at)}  INJECTED: {how}\n"
    if start <= injected.drop_at < end:
        yield f"  {_time(injected.drop_at)}  INJECTED: {injected.drop}\n"


def told_report(report: DriftReport, /) -> str:
    """A stored report in a line."""
    period = None if report.window is None else report.window.period
    start, end = (None, None) if period is None else (period.start, period.end)
    stretch = f"{start:%H:%M}-{end:%H:%M}" if start is not None and end is not None else ""
    named = ", ".join(named_in(report, Status.CRITICAL) or named_in(report, Status.WARNING))
    text = f"{report.monitor:<14}  window {stretch}  {report.global_status.value:<9}  {named}"
    return f"  {report.created_at:%H:%M}  {text}".rstrip() + "\n"


def told_findings(day: Day, found: Findings, /, *, seconds: float) -> str:
    """What was injected, what the stored reports say of it, and whether that is right."""
    injected = day.injected
    lines = [f"\nThe day took {seconds:.0f} s. What was injected, and what the stored reports say:"]
    lines.append(f"  drift of {len(injected.moved)} features at {_time(injected.drift_at)}")
    for name, sighting in found.drift.items():
        lines += _told_sighting(name, sighting, injected.drift_at)
    lines.append(f"  performance drop at {_time(injected.drop_at)}")
    if not found.drop:
        lines.append("    NOT FOUND: no metric was CRITICAL")
    for sighting in found.drop:
        lines += _told_sighting(sighting.name, sighting, injected.drop_at)
    if found.false:
        names = ", ".join(
            f"{each.name} (window until {_time(each.window_end)})" for each in found.false
        )
        lines.append(f"  WRONG: CRITICAL without having been injected: {names}")
    else:
        lines.append(
            f"  none of the {sum(found.windows.values())} reports called anything else CRITICAL"
        )
    if found.warned:
        names = ", ".join(f"{name} ({times} times)" for name, times in found.warned.items())
        lines.append(f"  WARNING, and not injected: {names}")
    for name, sent in found.rows_sent.items():
        lines.append(f"  {name}: {sent:,} rows were sent, {found.rows_stored[name]:,} are stored")
    lines.append("As injected." if found.is_right else "NOT as injected.")
    return "\n".join(lines) + "\n"


def told_places(pages: dict[str, Path], url: str | None, /, *, folder: Path, kept: bool) -> str:
    """Where to look further."""
    lines = ["Look further:"]
    lines += [f"  report of {name}: {path}" for name, path in pages.items()]
    if url is not None:
        lines.append(f"  in a browser: {url}/")
    if kept:
        lines.append(
            f"  again, later: driftwatch report --monitor {SERVED} --config {folder / CONFIG}"
        )
    return "\n".join(lines) + "\n"


def _told_sighting(name: str, sighting: Sighting | None, since: float) -> list[str]:
    if sighting is None:
        return [f"    {name}: NOT FOUND"]
    took = (sighting.reported_at - since) / 3_600
    windows = f"{sighting.windows} window{'' if sighting.windows == 1 else 's'}"
    took_text = f"{took:g} h, {windows} and {sighting.rows:,} rows after it"
    early = "" if sighting.early_at is None else f"; an early sign at {_time(sighting.early_at)}"
    when = f"{_time(sighting.reported_at)} (window until {_time(sighting.window_end)})"
    return [f"    {name}: CRITICAL at {when}, {took_text}{early}", f"      {sighting.text}"]


def _time(seconds: float) -> str:
    return f"{to_utc(seconds):%H:%M}"
