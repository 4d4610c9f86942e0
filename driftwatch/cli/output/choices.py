"""Options whose values are words: one of those that are known, or an error that names them."""

from __future__ import annotations

from collections.abc import Iterable

from driftwatch.core.reports.report import LEVELS
from driftwatch.errors import ConfigError

__all__ = ["check_choice", "check_fail_on"]


def check_choice(option: str, value: str, known: Iterable[str], /, *, beside: str = "") -> None:
    """Do nothing, or say which values an option has.

    Args:
        option: The option, as it is written.
        value: What it was given.
        known: The values that it has.
        beside: Another option with which it has these values only.

    Raises:
        ConfigError: If it has no such value.
    """
    choices = list(known)
    if value not in choices:
        also = f" with {beside}" if beside else ""
        known_ones = ", ".join(choices)
        raise ConfigError(f"{option} {value!r}{also}; known: {known_ones}", code="DW002")


def check_fail_on(level: str, /) -> None:
    """Do nothing, or say from which status on ``--fail-on`` can make the exit code 1.

    Raises:
        ConfigError: If it is none of these.
    """
    check_choice("--fail-on", level, LEVELS)
