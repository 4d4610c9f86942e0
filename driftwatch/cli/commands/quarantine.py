"""``driftwatch quarantine``: what was set aside or turned down, and its way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from driftwatch.cli.monitors import StreamRequest, configured, opened_store
from driftwatch.cli.options import Config, Name, StorePath, request_of
from driftwatch.cli.output.exits import Exit
from driftwatch.cli.output.writing import put, put_json, tell
from driftwatch.core.data.times import to_utc
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.core.windows.stored import Quarantined
from driftwatch.errors import ConfigError, DriftWatchError, StoreError
from driftwatch.evaluation.not_read import give_back
from driftwatch.process.atomic_files import write_atomically
from driftwatch.profiling.hash_keys import key_for
from driftwatch.render.plain import SENTENCE_LENGTH, plain
from driftwatch.stores import is_collector
from driftwatch.stores.remote import RemoteStore
from driftwatch.stores.remote.client import CollectorClient
from driftwatch.stores.remote.kept_back import KeptBack, kept_back
from driftwatch.stores.remote.spool import Spool, spool_of

__all__ = ["quarantine"]

quarantine = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="List what was set aside or turned down, export it, give it back and send it again.",
)

_Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID...", help="Numbers of segments; names of deliveries."),
]
_Entry = TypeVar("_Entry", KeptBack, Quarantined)
_All = Annotated[bool, typer.Option("--all", help="All of it.")]
_Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
_Spool = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER", help="A folder of deliveries to a collector, instead of a monitor."
    ),
]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where to look: a store, or a folder of deliveries with the collector they are for."""

    request: StreamRequest
    folder: Path | None = None
    collector: str | None = None


@quarantine.command("list")
def list_(
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    spool: _Spool = None,
    as_json: _Json = False,
) -> None:
    """List segments of a store that were set aside as damaged, or deliveries that have not arrived.

    Deliveries wait for their turn, are stuck since they got no answer, are held since the collector
    does not take them now, or were refused. Nothing is changed. What is in the data and cannot be
    read with the key or the version at hand is not set aside: `driftwatch doctor` names it.

    Examples: driftwatch quarantine list --store driftwatch.db;
    driftwatch quarantine list --spool /var/lib/driftwatch/spool --json

    Exit codes: 0 there is nothing; 1 there is something; 2 usage or bad input.
    """
    place = _place(config, monitor, store, spool)
    if place.folder is not None:
        rows = [_row(entry) for entry in kept_back(place.folder)]
    else:
        with opened_store(place.request, reads_only=True) as (name, opened):
            rows = [_row(entry) for entry in opened.quarantine(name)]
    if as_json:
        put_json(rows)
    else:
        for row in rows:
            said = plain(f"{row['what']}: {row['why']}".rstrip(": "), SENTENCE_LENGTH)
            put(f"{row['id']}  {row['state']:<9} {row['rows']:>9,} rows  {said}\n")
        if not rows:
            put("nothing is set aside\n")
    raise typer.Exit(int(Exit.DRIFT if rows else Exit.NO_DRIFT))


@quarantine.command()
def export(
    ids: _Ids = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where to write the files.")
    ] = Path(),
    all_: _All = False,
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    spool: _Spool = None,
) -> None:
    """Write the bytes of it to files, segments as .dwp and deliveries as .dws; changes nothing.

    Example: driftwatch quarantine export --all --output aside --store driftwatch.db

    Exit codes: 0 written; 2 usage or bad input.
    """
    place = _place(config, monitor, store, spool)
    output.mkdir(parents=True, exist_ok=True)
    if place.folder is not None:
        for entry in _deliveries(place.folder, ids, all_):
            _write(output / f"{entry.name}.dws", _bytes_of(entry.path))
        return
    with opened_store(place.request, reads_only=True) as (name, opened):
        for aside in _segments(opened.quarantine(name), ids, all_):
            body = opened.quarantined(aside.id)
            if body is None:
                tell(f"{aside.id}: {plain(aside.what)}: no bytes of it are kept\n")
            else:
                _write(output / f"segment-{aside.id}.dwp", body)


@quarantine.command()
def restore(
    ids: _Ids = None,
    all_: _All = False,
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    spool: _Spool = None,
) -> None:
    """Give it back: a segment into the data of its store, a refused delivery to those that wait.

    Only what is sound goes back; damaged segments would be set aside again. A delivery is sent by
    the next process that uses the folder; `resend` sends it at once.

    Example: driftwatch quarantine restore 3 4 --store driftwatch.db

    Exit codes: 0 all of it; 1 some of it cannot be given back; 2 usage or bad input.
    """
    place = _place(config, monitor, store, spool)
    if place.folder is not None:
        chosen = [e for e in _deliveries(place.folder, ids, all_) if e.state == "refused"]
        raise typer.Exit(
            int(_each(chosen, "waits", lambda e: Spool(e.folder).give_back(e.name) and e.rows))
        )
    _, settings, _ = configured(place.request)
    width = WindowSpec.of(settings.window, settings.slide, lateness=settings.lateness).width
    with opened_store(place.request) as (name, opened):
        guard = key_for(None, opened).guard
        used = opened.references_in_use(name).get("", "")
        code = _each(
            _segments(opened.quarantine(name), ids, all_),
            "given back",
            lambda e: give_back(opened, e, guard=guard, width=width, reference=used),
        )
    raise typer.Exit(int(code))


@quarantine.command()
def resend(
    ids: _Ids = None,
    all_: _All = False,
    config: Config = None,
    monitor: Name = None,
    spool: _Spool = None,
    collector: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The collector, where the folder is given by --spool."),
    ] = None,
) -> None:
    """Send deliveries that were held or refused to their collector again, now.

    Do so once the reason is gone: the collector has its hash key, the monitor, its reference or its
    newer version again. It counts each delivery once, however often it comes. The token is that of
    $DRIFTWATCH_TOKEN.

    Example: driftwatch quarantine resend --all --config driftwatch.toml

    Exit codes: 0 all arrived; 1 some did not, and stay; 2 usage or bad input.
    """
    place = _place(config, monitor, None, spool)
    if place.folder is None:
        raise ConfigError(
            "resend is for deliveries to a collector; restore is for segments", code="DW002"
        )
    url = collector or place.collector
    if url is None:
        raise ConfigError(
            "where to? Name the collector with --collector, or give --config", code="DW002"
        )
    with _sending(url, place.folder) as remote:
        chosen = _deliveries(place.folder, ids, all_)

        def sent(entry: KeptBack) -> int:
            if entry.folder.resolve() != remote.spool.folder.resolve():
                raise ConfigError(f"it is in {entry.folder}, which is not for {url}", code="DW039")
            remote.spool.give_back(entry.name)
            left = remote.sender.send_these([entry.name])
            if left:
                raise StoreError(f"not taken ({_why_now(entry.folder, left[0])})", code="DW055")
            return entry.rows

        code = _each(chosen, "arrived", sent)
    raise typer.Exit(int(code))


@quarantine.command()
def drop(
    ids: _Ids = None,
    all_: _All = False,
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    spool: _Spool = None,
) -> None:
    """Forget segments that were set aside, or deliveries that were refused, for good.

    Their rows stay counted as lost. What waits or is held is left alone.

    Example: driftwatch quarantine drop 3 --store driftwatch.db

    Exit codes: 0 forgotten; 1 some of it was not there any more; 2 usage or bad input.
    """
    place = _place(config, monitor, store, spool)
    if place.folder is not None:
        chosen = [e for e in _deliveries(place.folder, ids, all_) if e.state == "refused"]
        raise typer.Exit(
            int(_each(chosen, "forgotten", lambda e: Spool(e.folder).drop(e.name) and e.rows))
        )
    with opened_store(place.request) as (name, opened):
        code = _each(
            _segments(opened.quarantine(name), ids, all_),
            "forgotten",
            lambda e: opened.forget_quarantined(e.id) and e.rows,
        )
    raise typer.Exit(int(code))


def _place(
    config: Path | None, monitor: str | None, store: str | None, spool: Path | None
) -> _Place:
    """Where the options say to look.

    Raises:
        ConfigError: If they say two places, or a folder that is not there.
    """
    request = request_of(config, monitor, store)
    if spool is not None:
        if store is not None:
            raise ConfigError("give --spool, or --store, not both", code="DW002")
        if not spool.is_dir():
            raise ConfigError(f"--spool {spool}: there is no such folder", code="DW011")
        return _Place(request, spool)
    _, settings, folder = configured(request)
    if settings.store is None or not is_collector(settings.store):
        return _Place(request)
    named = None if settings.spool is None else folder / settings.spool
    url = CollectorClient(settings.store).url
    return _Place(request, spool_of(url, named), url)


@contextmanager
def _sending(url: str, folder: Path) -> Iterator[RemoteStore]:
    mine = spool_of(CollectorClient(url).url, folder)
    remote = RemoteStore(url, spool=folder.parent if mine.name == folder.name else folder)
    try:
        yield remote
    finally:
        remote.close()


def _why_now(folder: Path, name: str) -> str:
    now = [e.why for e in kept_back(folder) if e.name == name and e.why]
    return now[0] if now else "the collector cannot be reached, or another process sends it"


def _deliveries(folder: Path, ids: list[str] | None, all_: bool) -> list[KeptBack]:  # noqa: FBT001
    return _chosen(kept_back(folder), lambda e, text: e.name.startswith(text), ids, all_)


def _segments(
    entries: list[Quarantined],
    ids: list[str] | None,
    all_: bool,  # noqa: FBT001 - an option of the command
) -> list[Quarantined]:
    return _chosen(entries, lambda e, text: str(e.id) == text, ids, all_)


def _chosen(
    entries: list[_Entry],
    is_meant: Callable[[_Entry, str], bool],
    ids: list[str] | None,
    all_: bool,  # noqa: FBT001 - an option of the command
) -> list[_Entry]:
    """The entries that the options mean.

    Raises:
        ConfigError: If they mean none, or say nothing.
    """
    if bool(ids) == all_:
        raise ConfigError(
            "name what you mean by its id, which `quarantine list` shows, or --all", code="DW002"
        )
    for text in ids or ():
        if not any(is_meant(entry, text) for entry in entries):
            raise ConfigError(
                f"there is no {text!r}; see `driftwatch quarantine list`", code="DW039"
            )
    return [e for e in entries if all_ or any(is_meant(e, text) for text in ids or ())]


def _each(entries: Sequence[_Entry], done: str, act: Callable[[_Entry], int | bool]) -> Exit:
    """Do something with every entry; what goes wrong with one keeps none from its turn."""
    code = Exit.NO_DRIFT
    for entry in entries:
        name = _row(entry)["id"]
        try:
            rows = act(entry)
        except DriftWatchError as error:
            tell(f"{name}: {plain(str(error), SENTENCE_LENGTH)}\n")
            code = Exit.DRIFT
            continue
        if rows is False:
            tell(f"{name}: not there any more\n")
            code = Exit.DRIFT
        else:
            put(f"{name}: {rows:,} rows {done}\n")
    return code


def _row(entry: KeptBack | Quarantined) -> dict[str, Any]:
    """What is shown of an entry."""
    if isinstance(entry, Quarantined):
        return {
            "id": entry.id,
            "state": "damaged",
            "monitor": entry.monitor,
            "what": entry.what,
            "rows": entry.rows,
            "bytes": entry.bytes,
            "why": entry.reason,
            "facts": entry.facts,
        }
    made = "" if entry.made < 0 else f", made {to_utc(entry.made):%Y-%m-%d %H:%M} UTC"
    return {
        "id": entry.name,
        "state": entry.state,
        "monitor": entry.monitor,
        "what": f"delivery of {entry.monitor or 'what cannot be read'}{made}",
        "rows": entry.rows,
        "bytes": entry.bytes,
        "why": entry.why,
        "file": str(entry.path),
    }


def _write(path: Path, body: bytes) -> None:
    write_atomically(path, body, private=True)
    put(f"{path}\n")


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be read: {error.strerror or error}", code="DW013"
        ) from error
