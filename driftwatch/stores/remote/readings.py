"""What a collector's answers say, each part checked: others may answer in its place."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from driftwatch.core.profiles.codec import LOCAL_LIMIT, decode
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.windows.stored import Overview, PaneRange
from driftwatch.errors import MISREAD, DriftWatchError
from driftwatch.transport.client import Answer

__all__ = [
    "MOST_BYTES",
    "StrangeAnswerError",
    "has_a_half",
    "is_healthy",
    "limit_in",
    "overview_in",
    "profile_in",
    "references_in",
    "report_in",
    "took_it",
]

MOST_BYTES = 64 << 20
"""Bytes of an answer, at most."""

_TAKEN = ("stored", "duplicate")
_PARTLY = "partly"
_MOST_RECEIPT = 4_096
_MOST_ROWS = 1 << 63
_TIMES = ("earliest", "latest")


class StrangeAnswerError(Exception):
    """An answer that no collector gives; says why without a word of it, which may be a secret."""


def took_it(answer: Answer, /) -> bool:
    """Whether a collector says that it has a delivery now.

    A login page or a proxy may answer 200 too, and has not taken anything.

    Example:
        >>> took_it(Answer(200, b'{"outcome":"stored"}')), took_it(Answer(200, b"<html>"))
        (True, False)
    """
    return _outcome(answer) in _TAKEN


def has_a_half(answer: Answer, /) -> bool:
    """Whether a collector says that it has a half of a delivery, and can only take halves.

    Example:
        >>> has_a_half(Answer(200, b'{"outcome":"partly"}'))
        True
    """
    return _outcome(answer) == _PARTLY


def _outcome(answer: Answer) -> object:
    return _short(answer).get("outcome") if answer.succeeded else None


def limit_in(answer: Answer, /) -> int | None:
    """Bytes that a delivery may have, if a collector says so; whatever else it says.

    Example:
        >>> limit_in(Answer(413, b'{"detail":"too long","limit_bytes":65536}'))
        65536
        >>> limit_in(Answer(413, b"<html>Request Entity Too Large</html>")) is None
        True
    """
    limit = _short(answer).get("limit_bytes")
    return limit if type(limit) is int and limit > 0 else None


def is_healthy(answer: Answer, /) -> bool:
    """Whether it is what a collector says of itself that can be reached.

    Example:
        >>> is_healthy(Answer(200, b'{"status":"ok"}')), is_healthy(Answer(502))
        (True, False)
    """
    return answer.status == 200 and _short(answer).get("status") == "ok"


def _short(answer: Answer) -> Mapping[str, Any]:
    """The object that an answer is; an empty one if it is none, or long."""
    if len(answer.body) <= _MOST_RECEIPT:
        with contextlib.suppress(StrangeAnswerError):
            return _object(_json(answer), "the answer")
    return {}


def report_in(answer: Answer, /) -> DriftReport:
    """The report that a collector gives.

    Raises:
        StrangeAnswerError: If it is none, or one that could not be shown.
    """
    data = _json(answer)
    report: DriftReport | None = None
    # Not raised from there: the error of a field has the field in it.
    with contextlib.suppress(DriftWatchError, *MISREAD):
        report = DriftReport.from_dict(data)
        str(report), report.headline(), report.to_json()
    if report is None:
        raise StrangeAnswerError("it is no drift report that this version reads")
    return report


def overview_in(answer: Answer, /) -> Overview:
    """What a collector says that it keeps of a monitor; what else it says is left out.

    Raises:
        StrangeAnswerError: If it does not say that.

    Example:
        >>> overview_in(Answer(200, b'{"panes":[],"counters":{"untimed":3},"rows":0}'))
        Overview(panes=(), counters={'untimed': 3})
    """
    said = _object(_json(answer), "the answer")
    panes = tuple(map(_pane, _list(said, "panes")))
    counters = _object(said.get("counters"), "counters")
    return Overview(panes, {name: _count(counters, name, "counters") for name in counters})


def references_in(answer: Answer, /) -> dict[str, str]:
    """Ids of references by the version of the model that they are used for.

    Raises:
        StrangeAnswerError: If it does not say that.

    Example:
        >>> references_in(Answer(200, b'{"references":[{"id":"a1","used_for":["","v2"]}]}'))
        {'': 'a1', 'v2': 'a1'}
    """
    used: dict[str, str] = {}
    for item in _list(_object(_json(answer), "the answer"), "references"):
        reference = _object(item, "a reference")
        for version in _list(reference, "used_for"):
            used[_text(version, "a version in used_for")] = _text(reference.get("id"), "an id")
    return used


def profile_in(answer: Answer, /) -> bytes:
    """The bytes of a profile, whole and undamaged.

    Raises:
        StrangeAnswerError: If they are not those of one.
    """
    _check_size(answer)
    with contextlib.suppress(DriftWatchError):
        decode(answer.body, limit=LOCAL_LIMIT)
        return answer.body
    raise StrangeAnswerError("it is no profile, or one that is damaged or cut short")


def _check_size(answer: Answer) -> None:
    if len(answer.body) > MOST_BYTES:
        raise StrangeAnswerError(f"it is longer than {MOST_BYTES >> 20} MiB")


def _json(answer: Answer) -> Any:
    import orjson

    _check_size(answer)
    with contextlib.suppress(orjson.JSONDecodeError):  # it has the whole body in it
        return orjson.loads(answer.body)
    raise StrangeAnswerError("it is no JSON, or cut short")


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise StrangeAnswerError(f"{what} should be an object; got {_kind(value)}")
    return value


def _list(within: Mapping[str, Any], key: str) -> list[Any]:
    value = within.get(key)
    if not isinstance(value, list):
        raise StrangeAnswerError(f"{key} should be a list; got {_kind(value)}")
    return value


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise StrangeAnswerError(f"{what} should be a text; got {_kind(value)}")
    return value


def _pane(value: Any) -> PaneRange:
    pane = _object(value, "each of panes")
    facts = {field.name: _fact(pane, field.name) for field in fields(PaneRange)}
    return PaneRange(**facts)


def _fact(pane: Mapping[str, Any], name: str) -> Any:
    return _time(pane, name) if name in _TIMES else _count(pane, name, "panes")


def _count(within: Mapping[str, Any], name: str, where: str) -> int:
    # The name of a counter is part of the answer, too, and so is not shown.
    value = within.get(name)
    if type(value) is not int or not -_MOST_ROWS <= value < _MOST_ROWS:
        raise StrangeAnswerError(f"a number in {where} should be a whole one; got {_kind(value)}")
    return value


def _time(pane: Mapping[str, Any], name: str) -> float | None:
    value: Any = pane.get(name)
    if value is None and name in pane:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value):
        raise StrangeAnswerError(f"{name} should be seconds, or null; got {_kind(value)}")
    return float(value)


def _kind(value: Any) -> str:
    """What JSON calls a value; never the value."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value"}
    return names.get(type(value), "nothing" if value is None else "another number")
