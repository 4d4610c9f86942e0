"""What the rows of each table look like: to tell a sound row from a damaged one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["ROW_TABLES", "SHAPES", "completed", "is_sound"]

_LATEST = 250_000_000_000.0
"""Seconds since 1970 that a date can still be made of."""


def _id(value: Any) -> bool:
    return isinstance(value, int) and value > 0


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _number(value: Any) -> bool:
    return isinstance(value, int)


def _count(value: Any) -> bool:
    return isinstance(value, int) and value >= 0


def _time(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) < _LATEST


def _real(value: Any) -> bool:
    return isinstance(value, int | float)


def _severity(value: Any) -> bool:
    return isinstance(value, int) and -1 <= value <= 4  # below 0: the report cannot be read


def _blob(value: Any) -> bool:
    return isinstance(value, bytes)


def _json(value: Any) -> bool:
    try:
        json.loads(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return isinstance(value, str)


def _or_none(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or check(value)


SHAPES: Mapping[str, Mapping[str, Callable[[Any], bool]]] = {
    "segments": {
        "id": _id,
        "monitor": _text,
        "width": _id,
        "pane": _number,
        "rows": _count,
        "late": _count,
        "earliest": _or_none(_time),
        "latest": _or_none(_time),
        "reference": _text,
        "model_version": _or_none(_text),
        "covers": _count,
        "digest": _blob,
        "body": _blob,
    },
    "accepted": {
        "monitor": _text,
        "source": _text,
        "epoch": _text,
        "low": _count,
        "high": _count,
    },
    "sources": {
        "monitor": _text,
        "source": _text,
        "epoch": _text,
        "heard": _time,
        "sent": _time,
        "latest": _or_none(_time),
        "rows": _count,
        "deliveries": _count,
    },
    "cursors": {"monitor": _text, "name": _text, "position": _number},
    "copies": {"monitor": _text, "name": _text, "position": _number},
    "doubts": {"monitor": _text, "upto": _count},
    "turned_away": {
        "monitor": _text,
        "source": _text,
        "epoch": _text,
        "sequence": _count,
        "rows": _count,
        "why": _text,
        "first": _time,
        "last": _time,
    },
    "counters": {"monitor": _text, "name": _text, "value": _number},
    "counted": {
        "monitor": _text,
        "width": _count,
        "pane": _number,
        "name": _text,
        "value": _number,
    },
    "refs": {"monitor": _text, "id": _text, "added": _time, "body": _blob},
    "uses": {"monitor": _text, "model_version": _text, "valid_from": _time, "reference": _text},
    "reports": {
        "id": _id,
        "monitor": _text,
        "pane": _number,
        "revision": _count,
        "created": _time,
        "status": _text,
        "event": _or_none(_text),
        "body": _text,
    },
    "windows": {
        "id": _id,
        "monitor": _text,
        "pane": _number,
        "revision": _count,
        "created": _time,
        "at": _time,
        "severity": _severity,
        "shown": _real,
        "event": _or_none(_text),
        "facts": _json,
        "columns": _blob,
        "cells": _blob,
        "numbers": _blob,
    },
    "states": {"monitor": _text, "pane": _number, "body": _json},
    "leases": {"monitor": _text, "holder": _text, "token": _count, "expires": _time},
    "quarantine": {
        "id": _id,
        "monitor": _text,
        "what": _text,
        "rows": _number,
        "reason": _text,
        "body": _or_none(_blob),
        "facts": _or_none(_json),
    },
    "outbox": {
        "id": _id,
        "monitor": _text,
        "sink": _text,
        "event_id": _text,
        "pane": _number,
        "revision": _count,
        "event": _or_none(_text),
        "created": _time,
        "attempts": _count,
        "due": _time,
        "error": _or_none(_text),
        "message": _or_none(_json),
    },
    "incidents": {
        "monitor": _text,
        "number": _count,
        "opened": _time,
        "resolved": _or_none(_time),
        "status": _text,
        "body": _json,
    },
    "actions": {
        "id": _id,
        "monitor": _text,
        "incident": _count,
        "kind": _text,
        "at": _time,
        "by": _text,
        "until": _or_none(_time),
        "text": _text,
    },
    "sent": {
        "id": _id,
        "monitor": _text,
        "incident": _number,
        "key": _text,
        "sink": _text,
        "kind": _text,
        "created": _time,
        "delivered": _time,
        "attempts": _count,
    },
}
"""Columns of every table of the newest version, in their order, with what they may hold."""

ROW_TABLES = frozenset(
    ["segments", "refs", "uses", "reports", "windows", "quarantine", "outbox", "actions", "sent"]
)
"""Tables whose rows have a number of SQLite's; the others are kept in the order of their keys."""

_WITH_A_LATER_COLUMN = frozenset(["quarantine", "outbox"])
"""Tables that got their last column in a later version; rows of before are without it."""


def completed(table: str, row: Sequence[Any], /) -> Sequence[Any]:
    """A row as the newest version has it, of a version that may have lacked its last column.

    Example:
        >>> completed("quarantine", (1, "m", "database", 0, "malformed", None))[-2:]
        (None, None)
    """
    if table in _WITH_A_LATER_COLUMN and len(row) == len(SHAPES[table]) - 1:
        return (*row, None)
    return row


def is_sound(table: str, row: Sequence[Any], /) -> bool:
    """Whether a row can be one of a table, as far as its types and ranges say.

    Example:
        >>> is_sound("cursors", ("m", "p", 7)), is_sound("cursors", ("m", "p", None))
        (True, False)
    """
    checks = SHAPES[table].values()
    return len(row) == len(checks) and all(
        check(value) for check, value in zip(checks, row, strict=True)
    )
