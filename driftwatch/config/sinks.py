"""Sinks that a configuration names."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from driftwatch.protocols import Sink

__all__ = ["check_sink", "load_sink"]


def check_sink(path: str, /) -> str:
    """Check the form of a sink's path; nothing is imported.

    Raises:
        ConfigError: If it does not look like ``package.module:name``.
    """
    if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", path):
        raise ConfigError(f"a sink is named like 'package.module:name'; got {path!r}", code="DW081")
    return path


def load_sink(path: str, folder: Path, /) -> Sink:
    """Import a sink by its path, ``package.module:name``.

    Args:
        path: Of an object that is a sink, or of a class, which is called without arguments.
        folder: Of the configuration; a module may stand beside it.

    Raises:
        ConfigError: If it cannot be imported, or is no sink.
    """
    module, _, name = check_sink(path).partition(":")
    beside = str(folder.resolve())
    sys.path.append(beside)  # last: nothing that is installed is hidden
    try:
        target = getattr(importlib.import_module(module), name)
        sink = target() if isinstance(target, type) else target
    except Exception as error:
        raise ConfigError(
            f"sink {path!r}: {type(error).__name__}: {error}", code="DW081"
        ) from error
    finally:
        sys.path.remove(beside)
    if not isinstance(getattr(sink, "name", None), str) or not hasattr(sink, "emit"):
        raise ConfigError(f"sink {path!r} has no name, or no emit(result)", code="DW081")
    return cast("Sink", sink)
