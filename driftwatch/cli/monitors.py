"""Options of the commands that work on a stored stream -> a monitor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from driftwatch.config.load import Config, load_config
from driftwatch.config.monitors import MonitorConfig
from driftwatch.errors import ConfigError
from driftwatch.monitor import Monitor
from driftwatch.protocols import Notifier, Store
from driftwatch.stores import is_collector, open_store

__all__ = ["StreamRequest", "configured", "every_monitor", "opened", "opened_store"]


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """Which monitor, from a configuration or from options.

    Attributes:
        config: The configuration file; looked for where neither it nor a store is named.
        monitor: Name of the monitor.
        store: The store, where there is no configuration.
        settings: Other keys of the monitor that were given as options, which go before the
            configuration's.
    """

    config: Path | None
    monitor: str | None
    store: str | None
    settings: dict[str, Any]


def configured(request: StreamRequest, /) -> tuple[str, MonitorConfig, Path]:
    """Name, configuration and folder of the monitor that is meant.

    Raises:
        ConfigError: If the configuration cannot be read, or does not say which.
    """
    options = {key: value for key, value in request.settings.items() if value is not None}
    if request.config is None and request.store is not None:
        name = request.monitor or "default"
        return name, MonitorConfig.model_validate({"store": request.store, **options}), Path()
    config: Config = load_config(request.config)
    name, settings = config.one(request.monitor)
    if request.store is not None:
        options["store"] = request.store
    given = settings.model_dump(exclude_unset=True, by_alias=True)
    settings = MonitorConfig.model_validate({**given, "store": settings.store, **options})
    if settings.store is None:
        raise ConfigError(
            f'monitor {name!r} has no store: name one (store = "driftwatch.db")', code="DW036"
        )
    return name, settings, config.folder


def every_monitor(request: StreamRequest, /) -> list[StreamRequest]:
    """A request for each monitor of the configuration, where none is named; else the request.

    Raises:
        ConfigError: If the configuration cannot be read, or has no monitor.
    """
    if request.monitor is not None or (request.config is None and request.store is not None):
        return [request]
    names = list(load_config(request.config).monitors)
    return [replace(request, monitor=name) for name in names] or [request]


@contextmanager
def opened_store(
    request: StreamRequest, /, *, creates: bool = False, reads_only: bool = False
) -> Iterator[tuple[str, Store]]:
    """Open the store of the monitor that is meant, without its reference; gives its name, too.

    Args:
        request: Which monitor.
        creates: Whether a store that is not there is made; a command that only reads has nothing to
            read then.
        reads_only: Whether nothing in it can change.

    Raises:
        ConfigError: If a collector has it.
        StoreError: If it cannot be opened, or is not there.
    """
    name, config, folder = configured(request)
    _refuse_collector(name, config)
    store = open_store(config.store_in(folder), must_exist=not creates, reads_only=reads_only)
    try:
        yield name, store
    finally:
        store.close()


def _refuse_collector(name: str, config: MonitorConfig) -> None:
    if is_collector(config.store):
        raise ConfigError(
            f"the store of {name!r} is behind the collector {config.store}: run this where the "
            "store is, and name its file",
            code="DW036",
        )


@contextmanager
def opened(
    request: StreamRequest, /, *, remote: bool = False, tells: bool = False
) -> Iterator[tuple[Monitor, MonitorConfig]]:
    """Open the monitor that is meant, and close it with its store.

    Args:
        request: Which one.
        remote: Whether a collector's will do, as it is only looked at; a store that is here is
            opened such that nothing in it can change.
        tells: Whether windows are evaluated, and messages about them sent. Only then are back ends
            made, and their secrets read: all that a configuration is for need not have them.

    Raises:
        ConfigError: If it will not, or the monitor cannot be opened.
        StoreError: If there is no store to look at.
    """
    name, config, folder = configured(request)
    store: Store | None = None
    if not remote:
        _refuse_collector(name, config)
    elif not is_collector(config.store):
        store = open_store(config.store_in(folder), reads_only=True)
    notifiers: list[Notifier] = []
    if tells and config.alerts is not None:
        from driftwatch.integrations.alerting.configured import notifiers_of

        notifiers = notifiers_of(config.alerts, folder)
    try:
        monitor = config.monitor(name, folder=folder, notifiers=notifiers, store=store)
        try:
            yield monitor, config
        finally:
            monitor.close()
    finally:
        if store is not None:
            store.close()
