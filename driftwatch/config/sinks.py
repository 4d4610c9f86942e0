"""Sinks that a configuration names."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from driftwatch.protocols import Sink

__all__ = ["load_sink"]


def load_sink(path: str, /) -> Sink:
    """Import a sink by its path, ``package.module:name``.

    Args:
        path: Of an object that is a sink, or of a class, which is called without arguments.

    Raises:
        ConfigError: If it cannot be imported, or is no sink.
    """
    module, _, name = path.partition(":")
    if not module or not name:
        raise ConfigError(f"a sink is named like 'package.module:name'; got {path!r}")
    try:
        found = getattr(importlib.import_module(module), name)
        sink = found() if isinstance(found, type) else found
    except Exception as error:
        raise ConfigError(f"sink {path!r}: {type(error).__name__}: {error}") from error
    if not isinstance(getattr(sink, "name", None), str) or not hasattr(sink, "emit"):
        raise ConfigError(f"sink {path!r} has no name, or no emit(result)")
    return cast("Sink", sink)
