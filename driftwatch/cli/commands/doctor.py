"""``driftwatch doctor``: is everything there that a verdict needs?"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Mapping
from typing import Annotated

import orjson
import typer

from driftwatch.alerts.incidents import Incident, standing_of
from driftwatch.cli.completion import words
from driftwatch.cli.findings_of_collectors import of_collector
from driftwatch.cli.monitors import StreamRequest, configured
from driftwatch.cli.options import Config, Name, Slide, StorePath, Window, request_of
from driftwatch.cli.output.exits import Exit
from driftwatch.cli.output.findings import (
    FORMS,
    Finding,
    ago,
    check_form,
    put_findings,
    stamp,
)
from driftwatch.config.kafka import KafkaConfig
from driftwatch.core.data.durations import parse_duration
from driftwatch.core.data.times import to_utc
from driftwatch.core.profiles.readable import check_readable
from driftwatch.core.reports.results import Status
from driftwatch.core.windows.counters import (
    NOTED,
    UNREADABLE,
    USED_MESSAGES,
    notes_in,
    settled,
    unreadable_sources,
)
from driftwatch.core.windows.model_versions import COUNTED_TOGETHER
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.core.windows.stored import OutboxEntry, Overview, StoredReport, TurnedAway
from driftwatch.errors import (
    DataError,
    DriftWatchError,
    HashKeyError,
    NotReadableError,
    ProfileFormatError,
)
from driftwatch.evaluation.not_read import DAMAGED, rows_not_read
from driftwatch.evaluation.stored_reports import report_of
from driftwatch.evaluation.watermark import StreamExtent, extent_of, told
from driftwatch.profiling.hash_keys import key_for
from driftwatch.profiling.locations import shown_url
from driftwatch.protocols import Store
from driftwatch.render.plain import SENTENCE_LENGTH, plain
from driftwatch.stores import is_collector, open_store

__all__ = ["doctor", "run_doctor"]


def doctor(
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    window: Window = None,
    slide: Slide = None,
    form: Annotated[
        str,
        typer.Option(
            "--format", metavar="FORM", help="text or json.", autocompletion=words(*FORMS)
        ),
    ] = "text",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Look at configuration, store, clock, data and evaluations. Exit code 1: a problem.

    The store is opened for reading: nothing in it changes. Where a collector has it, what of this
    machine waits for the collector is looked at. On a terminal the word that begins each line is
    coloured, unless NO_COLOR is set.

    Rows that could not be used are a problem for a day, and then history. Drift is no problem, and
    not ok: windows, alarms and incidents that have it are DRIFT, and leave the exit code as it is.
    """
    request = request_of(config, monitor, store, window=window, slide=slide)
    raise typer.Exit(int(run_doctor(request, form="json" if as_json else form)))


_SKEW = 5.0
_DAY = 86_400
_MOST_NAMED = 3
_UNREAD = {
    DAMAGED: "DW032",
    "hashed_with_another_key": HashKeyError.code,
    "of_a_newer_format": NotReadableError.code,
}
"""Why rows cannot be read, and the code of it."""
_PANE = re.compile(r"^pane -?\d+:? ")


def run_doctor(request: StreamRequest, /, *, form: str) -> Exit:
    """Look at configuration, store, clock, data and evaluations, and say what is wrong.

    Raises:
        ConfigError: If findings cannot be written so.
    """
    check_form(form)
    findings = _findings(request)
    put_findings(findings, form)
    return Exit.NO_DRIFT if all(finding.ok for finding in findings) else Exit.DRIFT


def _findings(request: StreamRequest) -> list[Finding]:
    try:
        name, config, folder = configured(request)
        spec = WindowSpec.of(config.window, config.slide, lateness=config.lateness)
        every = parse_duration(config.every)
    except DriftWatchError as error:
        return [Finding("configuration", str(error), ok=False, code=error.code)]
    findings = [Finding("configuration", f"monitor {name!r}, window {spec}")]
    if is_collector(config.store):
        return [*findings, *of_collector(config, name, folder)]
    try:
        store = open_store(config.store_in(folder), reads_only=True)
    except DriftWatchError as error:
        return [*findings, Finding("store", str(error), ok=False, code=error.code)]
    try:
        facts = store.overview(name)  # every segment of the monitor is counted for it
        findings += _of_store(store, name, config.reference, facts)
        findings += _of_the_unread(store, name, facts)
        findings += _of_the_turned_away(store, name)
        idle = None if config.idle_after is None else parse_duration(config.idle_after)
        now, state = time.time(), store.state(name)
        progress = extent_of(
            store,
            name,
            spec,
            now=now,
            idle_after=None if idle is None else idle.total_seconds(),
            noted={} if state is None else state.laggards,
            facts=facts,
        )
        findings += _of_stream(store, name, spec, progress, now, facts)
        findings += _of_evaluations(store, name, spec, every.total_seconds(), progress)
        findings += _of_incidents(store, name)
        if config.kafka is not None:
            findings += _of_kafka(store, name, config.kafka)
    except DriftWatchError as error:
        findings.append(Finding("store", str(error), ok=False, code=error.code))
    finally:
        store.close()
    return findings


def _of_store(
    store: Store, name: str, named: str | list[str] | None, facts: Overview
) -> list[Finding]:
    size = sum(pane.bytes for pane in facts.panes)
    segments = sum(pane.segments for pane in facts.panes)
    findings = [Finding("store", f"{store!r}: {segments:,} segments, {size:,} bytes of sketches")]
    if notice := getattr(store, "notice", None):
        findings.append(Finding("file system", notice, code="DW035"))
    damage = store.damage
    aside = store.quarantine(name)
    if damage or aside:
        text = damage or "; ".join(f"{row.what}: {row.reason}" for row in aside[-3:])
        findings.append(Finding("set aside", f"{len(aside)} times: {text}", ok=False, code="DW032"))
    in_use = store.references_in_use(name)
    used = in_use.get("")
    known = len(store.references(name))
    if not in_use and named is not None:
        paths = [named] if isinstance(named, str) else named
        findings.append(Finding("reference", f"{', '.join(map(shown_url, paths))}, not read yet"))
    elif not in_use:
        findings.append(
            Finding(
                "reference",
                "none in use; add one with `driftwatch reference add`",
                ok=False,
                code="DW048",
            )
        )
    elif used is not None:
        findings.append(Finding("reference", f"{used} in use, {known} kept"))
    findings += [
        Finding("reference", f"{id_} in use for model version {version}")
        for version, id_ in in_use.items()
        if version
    ]
    findings += _of_sinks(store, name)
    return findings


def _of_the_turned_away(store: Store, name: str) -> list[Finding]:
    """Deliveries that came here, and wait at their senders since they cannot be taken yet."""
    now = time.time()
    by_reason: dict[str, list[TurnedAway]] = {}
    for each in store.turned_away(name, now=now):
        by_reason.setdefault(_PANE.sub("", each.why), []).append(each)
    findings = []
    for why, some in sorted(by_reason.items(), key=lambda item: -len(item[1]))[:_MOST_NAMED]:
        rows = sum(each.rows for each in some)
        sources = list(dict.fromkeys(each.source for each in some))
        more = f" and {len(sources) - _MOST_NAMED} others" if len(sources) > _MOST_NAMED else ""
        again = ago(now - max(each.last for each in some))
        text = (
            f"{len(some):,} deliveries of {rows:,} rows wait at {', '.join(sources[:_MOST_NAMED])}"
            f"{more} since {stamp(some[0].first)}, tried again {again}: {why}"
        )
        findings.append(
            Finding("turned away", plain(text, SENTENCE_LENGTH), ok=False, code="DW055")
        )
    return findings


def _of_the_unread(store: Store, name: str, facts: Overview) -> list[Finding]:
    """Rows and references that are there, and cannot be read with this key and this version."""
    guard = key_for(None, store, makes=False).guard
    findings = []
    for reason, rows in rows_not_read(store, name, guard=guard, facts=facts).items():
        text = f"{rows:,} rows {reason.replace('_', ' ')}"
        if reason != DAMAGED:
            text += ": left as they are, and in no report; a reader that is right reads them"
        findings.append(Finding("not readable", text, ok=False, code=_UNREAD.get(reason, "DW113")))
    for id_ in set(store.references_in_use(name).values()):
        try:
            check_readable(store.reference(name, id_) or b"", guard)
        except ProfileFormatError as error:
            findings.append(
                Finding("not readable", f"reference {id_}: {error}", ok=False, code=error.code)
            )
    return findings


def _of_sinks(store: Store, name: str) -> list[Finding]:
    """Results that sinks have not taken: all of a sink's wait for the first."""
    first: dict[str, OutboxEntry] = {}
    waiting: Counter[str] = Counter()
    for entry in store.outbox(name):
        first.setdefault(entry.sink, entry)
        waiting[entry.sink] += 1
    findings = []
    for sink, entry in first.items():
        words = (
            f"{sink}: {waiting[sink]} results wait, the first {ago(time.time() - entry.created)}"
        )
        if entry.error is not None:
            words += f"; tried {entry.attempts} times, last: {entry.error}"
        findings.append(
            Finding(
                "sink",
                words,
                ok=entry.error is None,
                code=None if entry.error is None else "DW083",
            )
        )
    return findings


def _of_stream(
    store: Store,
    name: str,
    spec: WindowSpec,
    progress: StreamExtent | None,
    now: float,
    facts: Overview,
) -> list[Finding]:
    from driftwatch.integrations.kafka.partitions.setting_back import partition_of

    sources = store.sources(name)
    if not sources:
        return [Finding("data", "nothing has been delivered yet", ok=False, code="DW117")]
    heard = max(source.heard for source in sources)
    text = f"{facts.rows:,} rows from {len(sources)} sources, last heard {ago(now - heard)}"
    if facts.latest is not None:
        text += f", last event {stamp(facts.latest)}"
    live = [source for source in sources if heard - source.heard <= _DAY]
    gone = sorted({s.source for s in sources} - {s.source for s in live})
    if gone:
        more = f" and {len(gone) - _MOST_NAMED} others" if len(gone) > _MOST_NAMED else ""
        names = ", ".join(map(plain, gone[:_MOST_NAMED]))
        text += f"; not heard for a day, and soon forgotten: {names}{more}"
    findings = [Finding("data", text), *_of_counters(store, name, spec, facts, progress)]
    heard_of = {partition_of(source.source) for source in live}
    gone_partitions = {partition_of(source) for source in gone} - heard_of
    findings += [
        Finding(
            "messages",
            f"most of the last 1,000 of {source} cannot be read",
            ok=False,
            code="DW065",
        )
        for source in unreadable_sources(facts.counters)
        if source not in gone_partitions
    ]
    if progress is None:
        findings.append(
            Finding(
                "window",
                f"no segment has panes of {spec.width} s or rows",
                ok=False,
                code="DW007",
            )
        )
    else:
        findings += [
            Finding("source", str(s), ok=False, code="DW112") for s in told(progress.laggards)
        ]
    skew = max(abs(s.heard - s.sent) for s in live)
    ahead = max(0.0, heard - now)
    agree = skew <= _SKEW and ahead <= _SKEW
    findings.append(
        Finding(
            "clock",
            f"{to_utc(now):%Y-%m-%d %H:%M:%S} UTC; sources differ by up to {skew:.1f} s"
            + (f"; the store was written {ahead:.0f} s from now" if ahead > 1 else ""),
            ok=agree,
            code=None if agree else "DW119",
        )
    )
    return findings


def _of_counters(
    store: Store, name: str, spec: WindowSpec, facts: Overview, progress: StreamExtent | None
) -> list[Finding]:
    """What was counted instead of used: a problem while it goes on, and history afterwards."""
    recent: Mapping[str, int] = facts.counters
    if progress is not None:
        panes = spec.panes if spec.by_rows else max(spec.panes, _DAY // spec.width)
        last = progress.newest
        recent = store.counted(name, width=spec.width, first=last - panes + 1, last=1 << 62)
    recent = settled(recent)
    findings = [
        Finding("noted", plain(note, SENTENCE_LENGTH), code="DW115") for note in notes_in(recent)
    ]
    lately = "in the last window" if spec.by_rows else "in the last day of the stream"
    for reason, count in settled(facts.counters).items():
        words = reason.replace("_", " ")
        if reason.startswith((UNREADABLE, NOTED, COUNTED_TOGETHER)):
            continue
        if reason in USED_MESSAGES:
            findings.append(Finding("messages", f"{count:,} {words}"))
        elif reason == "expired":
            findings.append(Finding("retention", f"{count:,} rows have expired"))
        elif new := recent.get(reason, 0):
            since = "" if new == count else f", {count:,} in all"
            findings.append(
                Finding("not used", f"{new:,} {words} {lately}{since}", ok=False, code="DW110")
            )
        else:
            findings.append(Finding("not used", f"{count:,} {words}, none {lately}"))
    return findings


def _of_evaluations(
    store: Store, name: str, spec: WindowSpec, every: float, progress: StreamExtent | None
) -> list[Finding]:
    reports = store.reports(name, limit=1)
    complete = progress.complete if progress is not None else None
    if not reports:
        if complete is None:
            return [Finding("evaluation", "none yet; no window has ended")]
        return [
            Finding(
                "evaluation",
                "none yet, and one is due: run `driftwatch evaluate`",
                ok=False,
                code="DW117",
            )
        ]
    last = reports[0]
    age = time.time() - last.created
    text = f"{last.status}, {ago(age)}"
    drift = Status(last.status).is_drift
    if complete is not None and complete > last.pane:
        late = age > max(2 * every, spec.slide.total_seconds() + every)
        text += "; the next is due now" + (": is an evaluator running?" if late else "")
        code = "DW117" if late else _of_drift(drift)
        findings = [Finding("evaluation", text, ok=not late, drift=drift, code=code)]
    else:
        if not spec.by_rows:
            text += f"; the next when {stamp(spec.end_of(last.pane + 1))} has passed"
        findings = [Finding("evaluation", text, drift=drift, code=_of_drift(drift))]
    findings += _left_out(last)
    state = store.state(name)
    alarm = (state.alarm if state is not None else None) or "OK"
    is_on = alarm != "OK"
    said = f"on: {last.status}; see `driftwatch report --monitor {name}`" if is_on else "off"
    return [*findings, Finding("alarm", said, drift=is_on, code="DW085" if is_on else None)]


def _of_drift(drift: bool) -> str | None:  # noqa: FBT001 - what is asked
    return "DW104" if drift else None


def _left_out(last: StoredReport) -> list[Finding]:
    """What the last window lacks, for it is stored and could not be read or merged."""
    try:
        window = report_of(last).window
    except DataError as error:
        return [
            Finding("evaluation", plain(str(error), SENTENCE_LENGTH), ok=False, code=error.code)
        ]
    return [
        Finding(
            "left out",
            f"of the last window, {times:,} times: {plain(why, 400)}",
            ok=False,
            code="DW113",
        )
        for why, times in ({} if window is None else window.left_out).items()
    ]


def _of_incidents(store: Store, name: str) -> list[Finding]:
    findings = []
    for stored in store.incidents(name, limit=3, open_only=True):
        incident = Incident.from_dict(orjson.loads(stored.body))
        actions = store.actions(name, incident=stored.number)
        said = standing_of(actions, stored.number, after=incident.reopened)
        who = "nobody has acknowledged it"
        if said.acknowledged is not None:
            who = f"acknowledged by {plain(said.acknowledged)}"
        silent = "; silent" if said.silenced_until > time.time() else ""
        text = f"{stored.number}, {stored.status}: {incident.title}; {who}{silent}"
        findings.append(Finding("incident", text, drift=True, code="DW086"))
    return findings


def _of_kafka(store: Store, name: str, kafka: KafkaConfig) -> list[Finding]:
    """What the brokers say of what a worker reads, and how far it is."""
    from driftwatch.integrations.kafka.examination import examine
    from driftwatch.integrations.kafka.standing import standing_of

    group = kafka.group or f"driftwatch-{name}"
    try:
        answers = asyncio.run(examine(kafka, group))
        if all(answer.ok for answer in answers if answer.needed):
            answers += asyncio.run(standing_of(kafka, group, store, name))
    except DriftWatchError as error:
        return [Finding("kafka", str(error), ok=False, code=error.code)]
    except Exception as error:  # noqa: BLE001 - what brokers and networks make of a question
        return [Finding("kafka", f"{type(error).__name__}: {error}", ok=False, code="DW061")]
    return [
        Finding("kafka", plain(a.text, SENTENCE_LENGTH), ok=a.ok, code=None if a.ok else a.code)
        for a in answers
    ]
