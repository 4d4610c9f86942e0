"""Why there are no data: everything on their way, in order; what fails first is the answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from driftwatch.core.data.times import to_utc
from driftwatch.core.reports.spelling import length_of_time, percent
from driftwatch.core.windows.counters import notes_in, unreadable_sources, unused_rows
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.core.windows.stored import Overview, Source
from driftwatch.errors import StoreError
from driftwatch.evaluation.watermark import extent_of
from driftwatch.render import outline
from driftwatch.render.numbers import count, moment
from driftwatch.render.plain import SENTENCE_LENGTH, plain
from driftwatch.service.dashboard.facts.gaps import have_windows_stopped, is_silent, usual_gap
from driftwatch.service.dashboard.facts.troubles import trouble_of
from driftwatch.service.dashboard.shelf import Shown

__all__ = ["Check", "WhyNoData", "why_no_data"]

_SKEW = 5.0
_MANY_UNUSED = 0.05


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that data need.

    Attributes:
        name: What was looked at.
        text: What was found.
        todo: What to do about it; empty where it is well.
        ok: Whether it is well; None where that cannot be said.
    """

    name: str
    text: str
    todo: str = ""
    ok: bool | None = None


@dataclass(frozen=True, slots=True)
class WhyNoData:
    """All checks of a monitor, from the store to the newest verdict.

    Attributes:
        monitor: Whose.
        checks: In the order in which data pass.
    """

    monitor: str
    checks: tuple[Check, ...]

    @property
    def first_failure(self) -> Check | None:
        """What fails first; None if nothing does."""
        return next((check for check in self.checks if check.ok is False), None)

    @property
    def headline(self) -> str:
        """The answer in a sentence."""
        failed = self.first_failure
        if failed is None:
            return "Data come in, are used, and are evaluated."
        return f"{failed.text[:1].upper()}{failed.text[1:]}."


def why_no_data(shown: Shown, /, *, now: float) -> WhyNoData:
    """Look at everything; counts all segments of the monitor once.

    Args:
        shown: The monitor.
        now: Seconds since 1970.
    """
    checks: list[Check] = []
    try:
        checks += _checks(shown, now)
    except StoreError as error:
        checks.append(_fails("store", trouble_of(error), "see `driftwatch doctor`"))
    return WhyNoData(shown.name, tuple(checks))


def _well(name: str, text: str) -> Check:
    return Check(name, text, ok=True)


def _fails(name: str, text: str, todo: str) -> Check:
    return Check(name, text, todo, ok=False)


def _told(name: str, text: str, todo: str = "") -> Check:
    return Check(name, text, todo)


def _checks(shown: Shown, now: float) -> Iterator[Check]:
    store = shown.store
    facts = store.overview(shown.name)
    yield _well("store", "the store answers")
    if store.damage is not None:
        yield _told(
            "store",
            f"it was damaged: {plain(store.damage, SENTENCE_LENGTH)}",
            "see `driftwatch quarantine list`",
        )
    yield from _reference(shown)
    sources = store.sources(shown.name)
    yield from _turned_away(shown, now)
    yield from _sources(shown, sources, now)
    yield from _clocks(sources)
    yield from _used(facts)
    yield from _evaluated(shown, facts, now)


def _reference(shown: Shown) -> Iterator[Check]:
    in_use = shown.store.references_in_use(shown.name)
    if in_use:
        versions = [version for version in in_use if version]
        more = f", others for {len(versions):,} versions of the model" if versions else ""
        first = in_use.get("") or next(iter(in_use.values()))
        yield _well("reference", f"{first[:12]} is in use{more}")
    else:
        todo = "add one with `driftwatch reference add FILE`, or name it in the configuration"
        yield _fails("reference", "there is no reference to compare with", todo)


def _turned_away(shown: Shown, now: float) -> Iterator[Check]:
    away = shown.store.turned_away(shown.name, now=now)
    if away:
        rows = sum(each.rows for each in away)
        last = away[-1]
        yield _fails(
            "deliveries",
            f"{count(len(away), 'delivery').replace('deliverys', 'deliveries')} of {rows:,} rows "
            f"came and could not be taken, the last from {plain(last.source)}: "
            f"{plain(last.why, SENTENCE_LENGTH)}",
            "they wait at their senders, and are taken once the cause is mended",
        )


def _sources(shown: Shown, sources: list[Source], now: float) -> Iterator[Check]:
    if not sources:
        todo = (
            "check that the service runs with the middleware, or the worker with its topic, and "
            "that they name this monitor and this store or collector"
        )
        yield _fails("sources", "nobody has ever delivered anything", todo)
        return
    newest = max(sources, key=lambda source: source.heard)
    silent = now - newest.heard
    gap = usual_gap(shown)
    words = (
        f"{count(len(sources), 'source')}, last heard {length_of_time(silent)} ago "
        f"({plain(newest.source)}, {moment(to_utc(newest.heard), year=False)})"
    )
    if gap is not None and is_silent(shown, newest.heard, now=now):
        yield _fails(
            "sources",
            f"no source has been heard for {length_of_time(silent)} (usual gap "
            f"{length_of_time(gap)})",
            f"look at {plain(newest.source)}: whether it runs, gets requests, and reaches us; its "
            "spool keeps what it could not send",
        )
        return
    yield _well("sources", words)


def _clocks(sources: list[Source]) -> Iterator[Check]:
    off = [source for source in sources if abs(source.sent - source.heard) > _SKEW]
    if off:
        worst = max(off, key=lambda source: abs(source.sent - source.heard))
        by = length_of_time(abs(worst.sent - worst.heard))
        direction = "ahead of" if worst.sent > worst.heard else "behind"
        yield _told(
            "clocks",
            f"the clock of {plain(worst.source)} was {by} {direction} ours at its last delivery",
            "rows from the future are not used: synchronise its clock",
        )
    elif sources:
        yield _well("clocks", "clocks of all sources agree with ours to some seconds")


def _used(facts: Overview) -> Iterator[Check]:
    unused = unused_rows(facts.counters)
    total = sum(unused.values())
    expired = facts.counters.get("expired", 0)
    came = facts.rows + expired + total
    for source in unreadable_sources(facts.counters):
        yield _fails(
            "messages",
            f"most of the last 1,000 messages of {plain(source)} cannot be read",
            "compare one of them with what the configuration says of its form",
        )
    if not came:
        return
    if not total:
        yield _well("rows", f"all of {count(came, 'row')} were used")
        return
    reason, most = max(unused.items(), key=lambda item: item[1])
    share = total / came
    text = (
        f"{total:,} of {count(came, 'row')} ({percent(share)}) could not be used, "
        f"most of them ({most:,}): {outline.in_plain_words(reason)}"
    )
    if share <= _MANY_UNUSED:
        yield _well("rows", text)
    else:
        yield _fails("rows", text, "`driftwatch explain` says more; mend what sends them")
    for note in notes_in(facts.counters)[:3]:
        yield _told("remark", plain(note, SENTENCE_LENGTH))


def _evaluated(shown: Shown, facts: Overview, now: float) -> Iterator[Check]:
    newest = shown.windows.windows(shown.name, limit=1)
    if newest:
        seconds = now - newest[0].created
        ago = length_of_time(seconds) if seconds >= 60 else f"{max(0, int(seconds))} s"
        text = f"the newest window ended {moment(to_utc(newest[0].at), year=False)}"
        if have_windows_stopped(shown, newest[0].at, now=now):
            yield _fails(
                "evaluation",
                f"{text}, and none has since",
                "windows wait for rows that are late, for a source that is behind the others, or "
                "for a process that evaluates: see `driftwatch doctor`",
            )
            return
        yield _well("evaluation", f"{text}, evaluated {ago} ago")
        return
    if not facts.rows:
        yield _told("evaluation", "no window yet: there are no rows")
        return
    waits = "its panes must end first, and late rows may still come"
    if shown.config is not None:
        spec = WindowSpec.of(
            shown.config.window, shown.config.slide, lateness=shown.config.lateness
        )
        extent = extent_of(shown.store, shown.name, spec, now=now, facts=facts)
        if extent is not None and extent.complete is None and not spec.by_rows:
            end = moment(to_utc(float(spec.end_of(extent.newest))), year=False)
            waits = f"the first verdict comes at {end}, when its pane has ended"
    yield _told("evaluation", f"no window has been evaluated yet: {waits}")
