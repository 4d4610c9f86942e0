"""What callers give, checked before anything is done with it: each wrong argument is one error."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from driftwatch.core.data.schema import Schema
from driftwatch.errors import ConfigError, shown

__all__ = ["LONGEST_NAME", "check_arguments", "column_name", "column_names"]

LONGEST_NAME = 200
"""Characters of the name of a monitor or a source, at most."""


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.isprintable() and _has_bytes(value)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and _is_text(value)


def _has_bytes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_path(value: object) -> bool:
    return isinstance(value, str | Path) and "\0" not in str(value) and _has_bytes(str(value))


def _is_store(value: object) -> bool:
    return _is_path(value) or hasattr(value, "overview") or hasattr(value, "send")


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _of(*types: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, types)


def _one_of(*texts: str) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and value in texts


_LENGTH = "a length such as '24h' or '500 rows'"
_NAME = f"a text of 1 to {LONGEST_NAME} printable characters"
_EXPECTED: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "name": (_is_name, _NAME),
    "source": (_is_name, _NAME),
    "window": (_is_text, _LENGTH),
    "slide": (_is_text, _LENGTH),
    "pane": (_is_text, _LENGTH),
    "lateness": (_is_text, "a length such as '30m'"),
    "flush_every": (_is_text, "a length such as '10s'"),
    "every": (_is_text, "a length such as '1h'"),
    "idle_after": (_is_text, "a length such as '2h'"),
    "keep_reports": (_is_text, "a length such as '90d'"),
    "false_alarms": (_is_text, "a rate such as '1 per 30d'"),
    "policy": (_is_text, "'default' or 'classic'"),
    "compare": (_is_text, "'frozen', or what a window is compared with"),
    "reference": (_one_of("auto", "replace"), "'auto' or 'replace'"),
    "task": (_is_text, "the name of a task, such as 'binary'"),
    "thresholds": (_of(Mapping), "a dict such as {'psi': 0.2}"),
    "metrics": (_of(Mapping), "functions by name"),
    "schema": (_of(Schema), "a driftwatch.Schema"),
    "config": (lambda value: hasattr(value, "reference_k"), "a driftwatch.SketchConfig"),
    "hash_key": (_of(bytes), "bytes"),
    "clock": (callable, "a function that returns a datetime"),
    "progress": (callable, "a function of rows and bytes"),
    "store": (_is_store, "a path, or a store"),
    "spool": (_is_path, "a path"),
    "alerts": (lambda value: _is_list(value) or hasattr(value, "to"), "a list of back ends"),
    "positive": (lambda value: not hasattr(value, "__len__") or isinstance(value, str), "a class"),
    "tests": (_is_list, "a list of tests"),
    "sinks": (_is_list, "a list of sinks"),
}


def check_arguments(given: Mapping[str, Any], /) -> None:
    """Check the types of what a caller gave to `driftwatch.Monitor`; None is an argument not given.

    Args:
        given: Values by the names of the arguments; names that are not known are not looked at.

    Raises:
        ConfigError: If one is not what it must be.
    """
    for name, (is_it, expected) in _EXPECTED.items():
        value = given.get(name)
        if value is not None and not is_it(value):
            got = type(value).__name__ if name == "hash_key" else shown(value)
            raise ConfigError(f"{name} must be {expected}; got {got}")


def column_names(what: str, names: Iterable[object], /) -> tuple[str, ...]:
    """Names of columns by their texts, as columns are called that have no text for a name.

    Raises:
        ConfigError: If they are no names, or not several.
    """
    if isinstance(names, str | bytes | Mapping):
        kind = "text" if isinstance(names, str) else type(names).__name__
        raise ConfigError(f"{what} must be a list of names; got the {kind} {shown(names)}")
    try:
        found = list(names)
    except TypeError:
        raise ConfigError(f"{what} must be a list of names; got {shown(names)}") from None
    return tuple(column_name(what, name) for name in found)


def column_name(what: str, name: object, /) -> str:
    """The text of a column's name.

    Raises:
        ConfigError: If it is no name.
    """
    is_number = hasattr(name, "__float__") and not hasattr(name, "__len__")
    if isinstance(name, str) or (is_number and not math.isnan(float(name))):  # type: ignore[arg-type]
        return str(name)
    raise ConfigError(f"{what}: the name of a column is a text; got {shown(name)}")
