"""Parameters of commands that are taken as they were typed, without a validator for each."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

__all__ = ["without_validators"]

_TEXTS = (str, list[str])
_PATHS = (Path, list[Path])
_USUAL = ("file_okay", "dir_okay", "readable")
_CHECKS = ("exists", "writable", "resolve_path", "allow_dash", "path_type", "parser")


def without_validators(command: Any, /) -> None:
    """Let a command, and each command below it, take texts and paths as they were typed.

    Typer from 0.29 on makes a validator of pydantic for every parameter: 0.1 s of CPU to import
    it, and 5 ms each, for `driftwatch check` as long as reading two small files. A text that was
    typed needs none.

    Args:
        command: A command as Typer makes it. What comes out of its parameters stays the same:
            what is not given is None or nothing, a path that is there and cannot be read is an
            error, numbers and whatever else is checked go to the validator. Where another version
            of Typer works in another way, nothing is done.
    """
    # Not only those in `params`: the option --help is made when a context is first there.
    for parameter in command.get_params(command.context_class(command)):
        with contextlib.suppress(AttributeError):  # made in another way: left as it is
            parameter.get_runtime_param = _AsTyped(parameter).itself
    for below in (getattr(command, "commands", None) or {}).values():
        if below is not None:
            without_validators(below)


class _AsTyped:
    """The conversion of one parameter: its own, where the validator's would change nothing."""

    def __init__(self, parameter: Any) -> None:
        described = parameter.type_descriptor
        self._validator = parameter.get_runtime_param
        asked = described.parameter_info
        self._is_text = described.annotation in _TEXTS and not asked.parser
        self._is_path = (
            described.annotation in _PATHS
            and not any(getattr(asked, check, None) for check in _CHECKS)
            and all(getattr(asked, usual) for usual in _USUAL)
        )

    def itself(self) -> _AsTyped:
        return self

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """What Typer's own conversion returns for a value; called with names, as Typer does."""
        several = param.multiple or param.nargs == -1
        if value is None:
            return () if several else None
        texts = value if several else (value,)
        if isinstance(texts, (list, tuple)) and all(isinstance(text, str) for text in texts):
            if self._is_text:
                return list(texts) if several else value
            if self._is_path and all(map(_may_be_read, texts)):
                return [Path(text) for text in texts] if several else Path(value)
        return self._validator().coerce(value, param=param, ctx=ctx)


def _may_be_read(path: str) -> bool:
    """Whether there is nothing at a path, or something that may be read."""
    try:
        Path(path).stat()
    except OSError:
        return True
    except ValueError:  # of what can be no path
        return False
    return os.access(path, os.R_OK)
