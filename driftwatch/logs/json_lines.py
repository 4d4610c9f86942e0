"""One JSON object a line."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Any

from driftwatch.logs.events import EVENTS, EventKind

__all__ = ["JsonFormatter", "json_schema", "set_up"]

_MOST = 10_000
"""Characters of one text in a line."""


class JsonFormatter(logging.Formatter):
    """Writes a record as one JSON object on one line: time, level, logger, event, message, facts.

    Numbers that JSON has not become null, and every text is cut at 10,000 characters. Records of
    other loggers have the event ``message``.

    Example:
        >>> record = logging.LogRecord("driftwatch", 30, "", 0, "alarm %s", ("raised",), None)
        >>> JsonFormatter().format(record)[-43:]
        '"event":"message","message":"alarm raised"}'
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        import orjson

        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        facts = getattr(record, "driftwatch", None)
        line: dict[str, Any] = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "event": "message",
            "message": _sound(record.getMessage()),
        }
        if isinstance(facts, dict):
            line |= {_sound(str(name)): _sound(value) for name, value in facts.items()}
        if record.exc_info:
            line["exception"] = _sound(self.formatException(record.exc_info))
        return orjson.dumps(line, default=_other, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def _sound(value: Any) -> Any:
    """Text that UTF-8 can hold, not too long; anything else as it is."""
    if not isinstance(value, str):
        return value
    return value[:_MOST].encode("utf-8", "replace").decode()


def _other(value: Any) -> str:
    return str(_sound(str(value)))


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a line: what every event has, and its facts."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of DriftWatch's log",
        "type": "object",
        "required": ["time", "level", "logger", "event", "message"],
        "properties": {
            "time": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"},
            "level": {"enum": ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]},
            "logger": {"type": "string"},
            "message": {"type": "string"},
            "exception": {"type": "string"},
        },
        "oneOf": [_of(kind) for kind in EVENTS.values()],
    }


def _of(kind: EventKind) -> dict[str, Any]:
    facts = {name: {"type": type_} for name, type_ in kind.facts.items()}
    maybe = {name: {"type": [type_, "null"]} for name, type_ in kind.maybe.items()}
    return {
        "title": kind.name,
        "description": kind.meaning,
        "required": list(kind.facts),
        "properties": {"event": {"const": kind.name}, **facts, **maybe},
    }


def set_up(form: str, /) -> None:
    """Send the log to stderr, for a process that is DriftWatch's own.

    Args:
        form: ``"json"``: from INFO on, one object a line; ``"text"``: nothing is changed, and
            warnings appear as the standard library writes them.
    """
    if form == "text":
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("driftwatch").setLevel(logging.INFO)
