"""What a shell completes: the words of options, and the names of monitors."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

__all__ = ["monitor_names", "words"]

_FILES = ("driftwatch.toml", "pyproject.toml")
# Shells treat what they are given in different ways; other names are typed by hand.
_HARMLESS = re.compile(r"[\w.][\w.\-]*")


def words(*known: str) -> Callable[[str], list[str]]:
    """Complete one of some words; `autocompletion` of an option.

    Example:
        >>> words("text", "json")("j")
        ['json']
    """

    def completed(incomplete: str) -> list[str]:
        return [word for word in known if word.startswith(incomplete)]

    return completed


def monitor_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of a monitor from the configuration that is named, or is in this folder.

    Only the file's table of monitors is looked at. What cannot be read has no names: a completion
    says nothing of errors.
    """
    named = ctx.params.get("config")
    for path in [Path(named)] if named else [Path(name) for name in _FILES]:
        if path.is_file():
            return [name for name in _names_in(path) if name.startswith(incomplete)]
    return []


def _names_in(path: Path) -> list[str]:
    try:
        data: Any = tomllib.loads(path.read_text("utf-8"))
        if path.name == "pyproject.toml":
            data = data["tool"]["driftwatch"]
        return [name for name in data["monitors"] if _HARMLESS.fullmatch(name)]
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return []
