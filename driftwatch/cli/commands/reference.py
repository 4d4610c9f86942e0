"""``driftwatch reference add | list | use``: which reference a stream is compared with."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from driftwatch.cli.monitors import StreamRequest, configured, opened_store
from driftwatch.cli.options import (
    Config,
    Ids,
    Labels,
    Name,
    Quiet,
    StorePath,
    Time,
    Version,
    request_of,
)
from driftwatch.cli.output.progress_bar import progress_bar
from driftwatch.cli.output.writing import put, tell
from driftwatch.config.monitors import MonitorConfig
from driftwatch.core.data.durations import parse_duration, parse_length
from driftwatch.core.data.times import to_utc
from driftwatch.core.profiles.reference import Reference
from driftwatch.errors import ConfigError, DataError
from driftwatch.evaluation.history import profile_of_history
from driftwatch.profiling.files import find_files
from driftwatch.profiling.hash_keys import HashKey, key_for
from driftwatch.profiling.references import ReferenceOptions, build_reference
from driftwatch.protocols import Store

__all__ = [
    "add_reference",
    "list_references",
    "reference_add",
    "reference_list",
    "reference_use",
    "use_reference",
]


reference = typer.Typer(
    help="The references a stream is compared with.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@reference.command("add")
def reference_add(
    files: Annotated[
        list[str] | None, typer.Argument(help="Files of one data set, or a profile.")
    ] = None,
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    last: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="The last 28d (say) of the stream itself, instead of files."
        ),
    ] = None,
    use: Annotated[bool, typer.Option("--use", help="Put it to use at once.")] = False,
    model_version: Version = None,
    time: Time = None,
    id_: Ids = None,
    label: Labels = None,
    pane: Annotated[
        str | None,
        typer.Option(
            metavar="LENGTH", help="Learn the reference's rhythm from panes of this length."
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Add a reference to a monitor's store; prints its id."""
    request = request_of(config, monitor, store, time=time, id=id_, label=label, pane=pane)
    add_reference(
        request, files or [], last=last, use=use, model_version=model_version, quiet=quiet
    )


@reference.command("list")
def reference_list(config: Config = None, monitor: Name = None, store: StorePath = None) -> None:
    """List the references of a monitor."""
    list_references(request_of(config, monitor, store))


@reference.command("use")
def reference_use(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The beginning of its id.")],
    config: Config = None,
    monitor: Name = None,
    store: StorePath = None,
    model_version: Version = None,
) -> None:
    """Compare with another reference from now on."""
    use_reference(request_of(config, monitor, store), id_, model_version=model_version)


def add_reference(
    request: StreamRequest,
    files: list[str],
    /,
    *,
    last: str | None,
    use: bool,
    model_version: str | None,
    quiet: bool,
) -> None:
    """Add a reference to the store, and put it to use if that is wanted or none is.

    Args:
        request: Which monitor.
        files: Its data, or a profile.
        last: Instead of files, so much of the stream itself, counted back from its newest row.
        use: Whether to put it to use at once.
        model_version: For which version of the model; all if None.
        quiet: Whether stderr stays silent.
    """
    if bool(files) == (last is not None):
        raise ConfigError("give either files or --last, such as --last 28d", code="DW002")
    _, config, _ = configured(request)
    with opened_store(request, creates=True) as (name, store):
        key = key_for(None, store)
        if last is not None:
            reference = _of_the_stream(store, name, last, key)
        else:
            reference = _of_files(files, config, key, quiet=quiet)
        now = time.time()
        store.add_reference(name, reference.id, reference.profile.to_bytes(), now=now)
        in_use = store.references_in_use(name)
        first = not (in_use.get(model_version or "") or in_use.get(""))
        if use or first:
            store.use_reference(name, reference.id, model_version=model_version, now=now)
    put(f"{reference.id}\n")
    if not quiet:
        tell(
            f"{name}: {reference.profile.rows:,} rows, {len(reference.columns)} columns"
            f"{', now in use' if use or first else '; put it to use with `reference use`'}\n"
        )


def _of_files(files: list[str], config: MonitorConfig, key: HashKey, *, quiet: bool) -> Reference:
    paths = find_files(files)
    multivariate = config.multivariate
    options = ReferenceOptions(
        config.columns(),
        hash_key=key,
        pane=None if config.pane is None else parse_length(config.pane),
        multivariate=multivariate if isinstance(multivariate, bool) else tuple(multivariate),
    )
    with progress_bar(paths.label, paths.size_bytes, quiet=quiet) as progress:
        return build_reference(paths, options, progress=progress)


def _of_the_stream(store: Store, name: str, last: str, key: HashKey) -> Reference:
    latest = store.overview(name).latest
    if latest is None:
        raise DataError(f"the store has no rows of {name!r} with a time", code="DW100")
    start = float(latest) - parse_duration(last).total_seconds()
    return Reference(
        profile_of_history(store, name, start=start, end=float(latest) + 1, guard=key.guard)
    )


def list_references(request: StreamRequest, /) -> None:
    """Print every reference of a monitor, the oldest first."""
    with opened_store(request, reads_only=True) as (name, store):
        for row in store.references(name):
            used = ", ".join(version or "every version" for version in row.used_for)
            put(
                f"{row.id}  {to_utc(row.added):%Y-%m-%d %H:%M}  {row.bytes:>10,} bytes"
                f"{f'  in use for {used}' if used else ''}\n"
            )


def use_reference(request: StreamRequest, id_: str, /, *, model_version: str | None) -> None:
    """Point a model version at a reference, given by the beginning of its id."""
    with opened_store(request) as (name, store):
        ids = [row.id for row in store.references(name)]
        meant = [full for full in ids if full.startswith(id_)]
        if len(meant) != 1:
            problem = "is the beginning of several references" if meant else "is no reference"
            raise ConfigError(
                f"{id_!r} {problem} of {name!r}; known: {', '.join(ids) or 'none'}", code="DW048"
            )
        store.use_reference(name, meant[0], model_version=model_version, now=time.time())
        own = [version for version in store.references_in_use(name) if version]
    which = f" for model version {model_version}" if model_version is not None else ""
    tell(f"{name}: {meant[0]} is in use from now on{which}; detectors begin afresh\n")
    if model_version is None and own:
        tell(
            f"{name}: these model versions keep references of their own: {', '.join(own)} "
            "(--model-version changes them)\n"
        )
