"""``driftwatch alert``: incidents, what people say of them, and a test of the back ends."""

from __future__ import annotations

import getpass
import math
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import orjson
import typer

from driftwatch.alerts.incidents import Happening, Incident, standing_of
from driftwatch.alerts.message import Line, Message
from driftwatch.alerts.wording import moment
from driftwatch.cli.monitors import configured, opened_store
from driftwatch.cli.options import Config, Name, StorePath, request_of
from driftwatch.cli.output.exits import Exit
from driftwatch.cli.output.writing import put, put_json
from driftwatch.core.data.durations import parse_duration
from driftwatch.core.data.instants import instant_of
from driftwatch.core.data.times import to_utc
from driftwatch.core.reports.spelling import length_of_time
from driftwatch.core.windows.stored import StoredAction, StoredIncident
from driftwatch.errors import ConfigError
from driftwatch.integrations.alerting.configured import notifiers_of
from driftwatch.protocols import Store
from driftwatch.render.plain import plain

__all__ = ["alert"]

alert = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="List incidents, say what you do about them, and try the back ends.",
)

_END = float("inf")
"""A silence that lasts until the incident is over."""
_ALL = 100_000
_LONGEST_SILENCE = timedelta(days=366)

_Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
_Number = Annotated[
    int | None, typer.Option("--incident", metavar="N", help="Number; the open one if not given.")
]
_By = Annotated[str | None, typer.Option("--by", help="Who says so; you, if not given.")]
_Note = Annotated[str | None, typer.Option("--note", help="A note that goes with it.")]


@alert.command("list")
def list_(
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    as_json: _Json = False,
) -> None:
    """List the open incident. Exit code 1: there is one."""
    with opened_store(request_of(config, monitor, store), reads_only=True) as (name, opened):
        found = opened.incidents(name, limit=10, open_only=True)
        _show(name, opened, found, as_json=as_json)
    raise typer.Exit(int(Exit.DRIFT if found else Exit.NO_DRIFT))


@alert.command()
def history(
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    last: Annotated[int, typer.Option(min=1, max=1000, help="How many incidents.")] = 10,
    as_json: _Json = False,
) -> None:
    """Show incidents, what happened in them, and which messages were told, or are to be."""
    with opened_store(request_of(config, monitor, store), reads_only=True) as (name, opened):
        found = opened.incidents(name, limit=last)
        _show(name, opened, found, as_json=as_json, whole=True)
    raise typer.Exit(int(Exit.NO_DRIFT))


@alert.command()
def ack(
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    incident: _Number = None,
    by: _By = None,
    note: _Note = None,
    undo: Annotated[bool, typer.Option("--undo", help="Nobody looks after it.")] = False,
) -> None:
    """Say that you look after an incident: it is not repeated; worse and over are still told."""
    with opened_store(request_of(config, monitor, store)) as (name, opened):
        number = _number(name, opened, incident, is_open=True)
        kind = "unack" if undo else "ack"
        _act(opened, name, StoredAction(number, kind, time.time(), plain(by or _me())), note)
        put(f"{name}: incident {number} {'not ' if undo else ''}acknowledged\n")


@alert.command()
def silence(
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    incident: _Number = None,
    for_: Annotated[
        str | None, typer.Option("--for", metavar="LENGTH", help="Such as 4h or 2d.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Such as 2026-12-01T08:00, in UTC.")
    ] = None,
    all_: Annotated[
        bool, typer.Option("--all", help="The monitor, whatever opens; needs --for or --until.")
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="End the silence.")] = False,
    by: _By = None,
    note: _Note = None,
) -> None:
    """Tell nobody: for a time, or until the incident is over. Its end is told all the same."""
    if all_ and incident is not None:
        raise ConfigError(
            "give --all for the monitor, or --incident for one of them, not both", code="DW088"
        )
    if undo and (for_ is not None or until is not None):
        raise ConfigError(
            "--undo ends a silence at once: it takes no --for and no --until", code="DW088"
        )
    end = _end(for_, until)
    if all_ and end is None and not undo:
        raise ConfigError(
            "how long is the monitor to be silent? Give --for 4h, or --until TIME", code="DW088"
        )
    with opened_store(request_of(config, monitor, store)) as (name, opened):
        number = 0 if all_ else _number(name, opened, incident, is_open=True)
        kind = "unsilence" if undo else "silence"
        _act(opened, name, StoredAction(number, kind, time.time(), plain(by or _me()), end), note)
        what = "monitor" if all_ else f"incident {number}"
        when = "until it is over" if end is None else f"until {moment(to_utc(end))}"
        put(f"{name}: {what} {'not silent any more' if undo else f'silent {when}'}\n")
        if undo:
            put(_still_silent(name, opened, number))


@alert.command()
def own(
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    incident: _Number = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="WHO", help="Who looks after it from now on.")
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="The monitor's owner does again.")] = False,
    by: _By = None,
    note: _Note = None,
) -> None:
    """Give an incident an owner, whom messages name in the place of the monitor's."""
    who = plain(to or "")
    if bool(who) is undo:
        raise ConfigError(
            "say who owns the incident: --to ana, or --undo for the monitor's owner", code="DW088"
        )
    with opened_store(request_of(config, monitor, store)) as (name, opened):
        number = _number(name, opened, incident)
        action = StoredAction(number, "owner", time.time(), plain(by or _me()), None, who)
        _act(opened, name, action, note)
        put(f"{name}: incident {number} owned by {who or 'the owner of the monitor'}\n")


@alert.command("note")
def note_(
    text: Annotated[str, typer.Argument(help="What is to be kept.")],
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    incident: _Number = None,
    by: _By = None,
) -> None:
    """Note something about an incident; nothing else changes."""
    if not plain(text):
        raise ConfigError("a note has some text", code="DW088")
    with opened_store(request_of(config, monitor, store)) as (name, opened):
        number = _number(name, opened, incident)
        _note_of(opened, name, number, time.time(), plain(by or _me()), text)
        put(f"{name}: incident {number} noted\n")


@alert.command("test")
def try_(config: Config = None, monitor: Name = None, store: StorePath = None) -> None:
    """Send a test message through every back end. Exit code 1: one of them failed."""
    name, settings, folder = configured(request_of(config, monitor, store))
    notifiers = [] if settings.alerts is None else notifiers_of(settings.alerts, folder)
    if not notifiers:
        raise ConfigError(
            f"monitor {name!r} has no back end: add [monitors.{name}.alerts.slack], mail or "
            "webhook",
            code="DW081",
        )
    now = datetime.now(UTC)
    message = Message(
        kind="test",
        key=f"{name}/0/{now:%Y%m%dT%H%M%S%f}/0/test",
        monitor=plain(name),
        incident=0,
        status="TEST",
        title="a test message",
        text="This is how a message looks. Nothing has happened.",
        at=now,
        lines=(Line("WARNING", "age", "an example: median 39 → 36"),),
        rule=settings.alerts.alerts([]).in_words() if settings.alerts else "",
    )
    failed = False
    for notifier in notifiers:
        try:
            notifier.send(message)
            put(f"{notifier.name}: sent\n")
        except Exception as error:  # noqa: BLE001 - a back end may raise anything
            failed = True
            put(f"{notifier.name}: {plain(str(error), 300)}\n")
    raise typer.Exit(int(Exit.DRIFT if failed else Exit.NO_DRIFT))


def _number(name: str, store: Store, given: int | None, *, is_open: bool = False) -> int:
    """The number of an incident that there is; of one that is open, where `is_open` asks for it."""
    if given is None:
        found = store.incidents(name, limit=1, open_only=True)
        if not found:
            raise ConfigError(
                f"monitor {name!r} has no open incident; name one with --incident", code="DW088"
            )
        return found[0].number
    one = next((each for each in store.incidents(name, limit=_ALL) if each.number == given), None)
    if one is None:
        raise ConfigError(f"monitor {name!r} has no incident {given}", code="DW088")
    if is_open and one.resolved is not None:
        raise ConfigError(
            f"incident {given} of monitor {name!r} is over since {moment(to_utc(one.resolved))}: "
            "nothing more is told of it; `driftwatch alert note` keeps a note with it",
            code="DW088",
        )
    return given


def _act(store: Store, name: str, action: StoredAction, note: str | None) -> None:
    store.act(name, action)
    if note:
        _note_of(store, name, action.incident, action.at, action.by, note)


def _note_of(store: Store, name: str, number: int, at: float, by: str, text: str) -> None:
    store.act(name, StoredAction(number, "note", at, by, None, plain(text, 1_000)))


def _still_silent(name: str, store: Store, ended: int) -> str:
    """What is silent yet when the silence of an incident, or the monitor's (0), was ended."""
    now = time.time()
    if ended:
        of_monitor = [each for each in store.actions(name, incident=ended) if not each.incident]
        until = standing_of(of_monitor, ended).silenced_until
        if until <= now:
            return ""
        return (
            f"{name}: the whole monitor is still silent until {moment(to_utc(until))}; end that "
            "with --all --undo\n"
        )
    lines = []
    for stored in store.incidents(name, limit=1, open_only=True):
        incident = Incident.from_dict(orjson.loads(stored.body))
        actions = [each for each in store.actions(name, incident=stored.number) if each.incident]
        until = standing_of(actions, stored.number, after=incident.reopened).silenced_until
        if until > now:
            when = "it is over" if until == _END else moment(to_utc(until))
            lines.append(
                f"{name}: incident {stored.number} is still silent until {when}; end that with "
                f"--undo --incident {stored.number}\n"
            )
    return "".join(lines)


def _end(for_: str | None, until: str | None) -> float | None:
    """When a silence ends, seconds since 1970; None: when the incident is over."""
    if for_ is not None and until is not None:
        raise ConfigError("give --for or --until, not both", code="DW088")
    now = datetime.now(UTC)
    if for_ is not None:
        left = parse_duration(for_)
    elif until is not None:
        at = instant_of(until)
        if math.isnan(at):
            raise ConfigError(f"--until {until!r} is no time like 2026-12-01T08:00", code="DW088")
        left = timedelta(seconds=at - now.timestamp())
        if left <= timedelta(0):
            raise ConfigError(f"--until {until} has passed", code="DW088")
    else:
        return None
    if left > _LONGEST_SILENCE:
        raise ConfigError(
            f"a silence lasts {_LONGEST_SILENCE.days} days at most; got "
            f"{f'--for {for_}' if for_ is not None else f'--until {until}'}",
            code="DW088",
        )
    return (now + left).timestamp()


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"


def _show(
    name: str,
    store: Store,
    found: Any,
    /,
    *,
    as_json: bool,
    whole: bool = False,
) -> None:
    pairs = [(each, Incident.from_dict(orjson.loads(each.body))) for each in found]
    if as_json:
        rows = [
            {
                **incident.to_dict(),
                "happenings": [
                    {**asdict(happening), "delivery": delivery}
                    for happening, delivery in _deliveries(name, store, incident)
                ],
                **_said(name, store, incident),
            }
            for _, incident in pairs
        ]
        put_json(rows)
        return
    if not pairs:
        put(f"{plain(name)}: no {'' if whole else 'open '}incident\n")
    for stored, incident in pairs:
        _write(name, store, stored, incident, whole=whole)


def _said(name: str, store: Store, incident: Incident) -> dict[str, Any]:
    actions = store.actions(name, incident=incident.number)
    said = standing_of(actions, incident.number, after=incident.reopened)
    until = said.silenced_until
    return {
        "acknowledged": said.acknowledged,
        "silenced_until": None if until <= time.time() else ("end" if until == _END else until),
        "owner": said.owner,
        "notes": list(said.notes),
    }


def _deliveries(
    name: str, store: Store, incident: Incident
) -> list[tuple[Happening, Literal["", "told", "to be told", "logged only"]]]:
    """What happened in an incident, and what has become of the message about it, if there is one.

    It is told when one back end has taken it, also within one message about several; it is to be
    told while it waits; and only the log has it where there was no back end, or where none took it.
    """
    taken = [(m.key, m.kind, m.created) for m in store.sent(name, limit=_ALL)]
    waiting = [
        (m.event_id, m.event, m.created) for m in store.outbox(name) if m.message is not None
    ]
    found: list[tuple[Happening, Literal["", "told", "to be told", "logged only"]]] = []
    number = incident.told  # of the newest message; happenings that are not kept are the oldest
    for each in reversed(incident.happenings):
        if not each.told:
            found.append((each, ""))
            continue
        key = f"{name}/{incident.number}/{int(incident.opened)}/{number}/{each.what}"
        number -= 1
        if _has(taken, key, each.at):
            found.append((each, "told"))
        else:
            found.append((each, "to be told" if _has(waiting, key, each.at) else "logged only"))
    return found[::-1]


def _has(messages: Sequence[tuple[str, str | None, float]], key: str, at: float) -> bool:
    """Whether a message is among some, itself or in one about several."""
    return any(
        each == key or (kind == "several" and created >= at) for each, kind, created in messages
    )


def _write(
    name: str, store: Store, stored: StoredIncident, incident: Incident, *, whole: bool
) -> None:
    said = _said(name, store, incident)
    now = time.time()
    end = stored.resolved
    state = f"open for {length_of_time(now - incident.opened)}"
    if end is not None:
        state = f"over after {length_of_time(end - incident.opened)}, {moment(to_utc(end))}"
    lines = [f"{plain(name)}: incident {incident.number}  {incident.status}  {state}"]
    lines.append(f"  {incident.text or incident.title}")
    lines += [f"  {line.sign} {line.text}" for line in incident.lines[:8]]
    if said["acknowledged"]:
        lines.append(f"  acknowledged by {plain(str(said['acknowledged']))}")
    if said["owner"]:
        lines.append(f"  owner: {plain(str(said['owner']))}")
    if said["silenced_until"] is not None:
        until = said["silenced_until"]
        when = "it is over" if until == "end" else moment(to_utc(float(until)))
        lines.append(f"  silent until {when}")
    lines += [f"  note: {plain(text, 400)}" for text in said["notes"]]
    if whole:
        lines += [
            f"  {moment(to_utc(each.at))}  "
            + (f"{delivery} ({each.what.replace('_', ' ')}): " if delivery else "")
            + each.text
            for each, delivery in _deliveries(name, store, incident)
        ]
        sent = [m for m in store.sent(name, limit=_ALL) if m.incident == incident.number]
        lines += [
            f"  {moment(to_utc(m.delivered))}  {m.kind} taken by {plain(m.sink)}"
            + (f" after {m.attempts} attempts that failed" if m.attempts else "")
            for m in reversed(sent)
        ]
    put("\n".join(lines) + "\n")
