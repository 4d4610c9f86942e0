"""``driftwatch dashboard``."""

from __future__ import annotations

import time
import webbrowser
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Annotated, Any

import typer

from driftwatch.cli.options import Config
from driftwatch.cli.output.writing import put, tell
from driftwatch.config.load import load_config
from driftwatch.config.monitors import MonitorConfig
from driftwatch.errors import ConfigError, DataError, MissingDependencyError
from driftwatch.evaluation.window_history import with_summaries
from driftwatch.protocols import Store
from driftwatch.stores import is_collector, open_store

__all__ = ["dashboard", "run_dashboard"]


def dashboard(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A store; those of the configuration if not given."),
    ] = None,
    config: Config = None,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port to listen on; 0 for a free one.")
    ] = 0,
    opens: Annotated[
        bool, typer.Option("--open/--no-open", help="Whether to open it in a browser.")
    ] = True,
) -> None:
    """Show the pages of a store without a collector: on this machine only, and read only.

    Nothing in the store changes, and the services that fill it go on. Where a collector runs, its
    own pages are at its address (`driftwatch serve`).
    """
    run_dashboard(file, config, port=port, opens=opens)


def run_dashboard(file: Path | None, config: Path | None, /, *, port: int, opens: bool) -> None:
    """Serve the pages until told to stop.

    Args:
        file: The store; those of the configuration if None.
        config: The configuration file; looked for if neither is given.
        port: Port to listen on; 0 for a free one.
        opens: Whether to open the first page in a browser.

    Raises:
        ConfigError: If the configuration names no store that is a file, or the port is taken.
        DataError: If no monitor is in the store.
        MissingDependencyError: If the libraries of the service are not installed.
        StoreError: If a store cannot be read.
    """
    try:
        from driftwatch.service.dashboard.shelf import shelf_of_files
        from driftwatch.service.dashboard.standalone import create_dashboard
        from driftwatch.service.server import let_requests_end, listening_on, server_of
    except ImportError as error:
        raise MissingDependencyError(
            f"dashboard needs {error.name}; pip install 'driftwatch-sketch[service]'"
        ) from error
    with ExitStack() as stack:
        found = _monitors(file, config, stack)
        title = str(file) if file is not None else "stores of the configuration"
        shelf = shelf_of_files(found, title, time.time)
        try:
            listening = stack.enter_context(listening_on("127.0.0.1", port))
        except OSError as error:
            raise ConfigError(
                f"port {port} cannot be listened on ({error.strerror or error}); name another",
                code="DW008",
            ) from error
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        put(f"{address}\n")
        tell(f"dashboard of {title}, read only; stop it with Ctrl-C\n")
        if opens:
            webbrowser.open(address)
        server = server_of(create_dashboard(shelf))
        try:
            server.run(sockets=[listening])
        finally:
            let_requests_end()


def _monitors(
    file: Path | None, config: Path | None, stack: ExitStack
) -> list[tuple[str, Store, Store, MonitorConfig | None]]:
    configured = {} if file is not None and config is None else _configured(config)
    places = {file} if file is not None else {place for place, _ in configured.values()}
    found: list[tuple[str, Store, Store, MonitorConfig | None]] = []
    for place in sorted(places):
        store = stack.enter_context(_opened(place))
        names = store.monitors()
        windows = with_summaries(store, names, progress=_told)
        known = {n: c for n, (where, c) in configured.items() if file is not None or where == place}
        shown = names if file is not None else list(known)
        found += [(name, store, windows, known.get(name)) for name in shown]
    if not found:
        raise DataError(
            f"there is no monitor in {file or 'the stores of the configuration'} yet: nothing has "
            "been delivered, and there is no reference",
            code="DW100",
        )
    return found


def _configured(config: Path | None) -> dict[str, tuple[Path, MonitorConfig]]:
    loaded = load_config(config)
    found = {}
    for name in loaded.monitors:
        _, settings = loaded.one(name)
        if settings.store is not None and not is_collector(settings.store):
            found[name] = (Path(str(settings.store_in(loaded.folder))), settings)
    if not found:
        raise ConfigError(
            "no monitor of the configuration has a store that is a file; name a file, or open the "
            "pages of the collector at its address",
            code="DW036",
        )
    return found


def _opened(place: Path) -> Any:
    return closing(open_store(place, must_exist=True, reads_only=True))


def _told(done: int) -> None:
    tell(f"\rreading reports of an earlier version: {done:,}")
