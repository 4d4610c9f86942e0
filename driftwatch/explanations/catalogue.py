"""All codes, and how one is found: by itself, by a log event, by a word of a report."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from driftwatch.errors import ConfigError, did_you_mean
from driftwatch.explanations.explanation import Explanation, Group
from driftwatch.explanations.pages import read_page
from driftwatch.logs.events import EVENTS, EventKind

__all__ = ["PAGES", "codes", "events_of", "explained", "group_of", "groups", "words"]

PAGES = (
    "settings",
    "data_files",
    "columns",
    "stores",
    "profiles",
    "collector",
    "kafka",
    "libraries",
    "alerting",
    "performance",
    "verdicts",
    "streams",
    "dashboard",
)
"""The pages, in the order of the tens of their codes."""

_NUMBER = re.compile(r"(?:DW)?(\d{1,3})", re.IGNORECASE)


@cache
def groups() -> tuple[Group, ...]:
    """The groups, in the order of their codes."""
    return tuple(map(read_page, PAGES))


@cache
def codes() -> Mapping[str, Explanation]:
    """Every explanation by its code, in their order."""
    return {each.code: each for group in groups() for each in group.explanations}


def explained(word: str, /) -> Explanation | EventKind:
    """What is meant by a code, the name of an event or a word of a report.

    Args:
        word: Such as ``DW031``, ``dw31`` or ``31``; ``store.trouble``; ``UNDECIDED``.

    Returns:
        The explanation; for the name of an event the event, whose code may have one.

    Raises:
        ConfigError: If there is none, with the nearest name.

    Example:
        >>> explained("31").code, explained("undecided").code, explained("store.trouble").code
        ('DW031', 'DW101', 'DW031')
    """
    said = word.strip()
    number = _NUMBER.fullmatch(said)
    if number is not None:
        found = codes().get(f"DW{int(number[1]):03}")
        if found is not None:
            return found
    if said.lower() in EVENTS:
        return EVENTS[said.lower()]
    named = _by_name().get(_plain(said))
    if named is not None:
        return named
    near = did_you_mean(said.upper() if number is None else f"DW{int(number[1]):03}", words())
    near = near or did_you_mean(said.lower(), words())
    raise ConfigError(
        f"nothing is called {word[:80]!r}{near}; `driftwatch explain` lists the codes", code="DW002"
    )


def words() -> tuple[str, ...]:
    """All that can be explained: codes, words of reports, events."""
    named = (name for each in codes().values() for name in each.names)
    return (*codes(), *named, *EVENTS)


def group_of(code: str, /) -> Group:
    """The group that a code of the catalogue is in."""
    return next(g for g in groups() if any(each.code == code for each in g.explanations))


def events_of(code: str, /) -> Iterator[EventKind]:
    """The events of the log that have a code if nothing more is known."""
    return (kind for kind in EVENTS.values() if kind.code == code)


@cache
def _by_name() -> Mapping[str, Explanation]:
    return {_plain(name): each for each in codes().values() for name in each.names}


def _plain(name: str) -> str:
    return name.casefold().replace("_", " ").replace("-", " ")
