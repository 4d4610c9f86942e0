"""One JSON object a line."""

from __future__ import annotations

import logging
import sys
import threading
from datetime import UTC, datetime
from typing import Any

from driftwatch.logs.events import EVENTS, EventKind, event
from driftwatch.logs.lines import json_lines, shown_lines
from driftwatch.logs.plain_data import plain_data, plain_text

__all__ = ["JsonFormatter", "json_schema", "say", "set_up"]

_LOG = logging.getLogger("driftwatch")
_LEVELS = {
    "CRITICAL": logging.CRITICAL,
    "ERROR": logging.ERROR,
    "WARNING": logging.WARNING,
    "INFO": logging.INFO,
    "DEBUG": logging.DEBUG,
}


class JsonFormatter(logging.Formatter):
    """Writes a record as one JSON object on one line: time, level, logger, event, message, facts.

    It never raises, whatever it is given. Numbers that JSON has not become null, integers beyond
    64 bits the nearest floating-point number, keys texts, and every text is cut at 10,000
    characters; of facts with more than 10,000 parts the rest is left out. A level between two of
    the standard ones is the lower. Records of other loggers have the event ``message``.

    Example:
        >>> record = logging.LogRecord("driftwatch", 30, "", 0, "alarm %s", ("raised",), None)
        >>> JsonFormatter().format(record)[-43:]
        '"event":"message","message":"alarm raised"}'
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        import orjson

        facts = getattr(record, "driftwatch", None)
        known = plain_data(facts) if isinstance(facts, dict) else {}
        name = known.get("event")
        line: dict[str, Any] = {
            "time": _time_of(record),
            "level": _level_of(record),
            "logger": plain_text(record.name),
            "event": name if isinstance(name, str) else "message",
            "message": _message_of(record, known.get("code")),
        }
        if record.exc_info:
            line["exception"] = self._exception_of(record)
        line |= {fact: value for fact, value in known.items() if fact not in line}
        return json_lines(orjson.dumps(line).decode())

    def _exception_of(self, record: logging.LogRecord) -> str:
        try:
            return plain_text(self.formatException(record.exc_info))  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001 - an error whose own text raises
            return f"an error that cannot be written: {type(error).__name__}"


def _time_of(record: logging.LogRecord) -> str:
    try:
        at = datetime.fromtimestamp(record.created, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        at = datetime.now(UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _level_of(record: logging.LogRecord) -> str:
    given: object = record.levelno
    number = given if isinstance(given, int) else logging.INFO
    return next((name for name, least in _LEVELS.items() if number >= least), "DEBUG")


def _message_of(record: logging.LogRecord, code: object) -> str:
    """The message; its code is a fact of its own."""
    try:
        return plain_text(record.getMessage().removesuffix(f" [{code}]"))
    except Exception:  # noqa: BLE001 - arguments that do not fit, or cannot be written
        return plain_text(record.msg)


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a line: what every event has, and its facts."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of DriftWatch's log",
        "type": "object",
        "required": ["time", "level", "logger", "event", "message"],
        "properties": {
            "time": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"},
            "level": {"enum": [*reversed(_LEVELS)]},
            "logger": {"type": "string"},
            "message": {"type": "string"},
            "exception": {"type": "string"},
            "code": {
                "type": "string",
                "pattern": r"^DW\d{3}$",
                "description": "what `driftwatch explain` says more of; of warnings and errors",
            },
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
        form: ``"json"``: from INFO on, one object a line, also of warnings and of errors that end a
            thread or the process; ``"text"``: nothing is changed, and warnings appear as the
            standard library writes them.
    """
    if form == "text":
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    _LOG.setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    sys.excepthook = lambda *error: _LOG.critical("driftwatch: ended by an error", exc_info=error)
    threading.excepthook = _of_a_thread
    sys.unraisablehook = _of_nobody


def _of_a_thread(died: threading.ExceptHookArgs) -> None:
    if died.exc_type is SystemExit:
        return
    error = died.exc_value
    name = "a thread" if died.thread is None else died.thread.name
    _LOG.error("driftwatch: %s ended by an error", name, exc_info=error)


def _of_nobody(lost: Any) -> None:
    _LOG.error("driftwatch: an error that nobody could take", exc_info=lost.exc_value)


def say(line: str, /, level: int = logging.INFO, *, code: str | None = None) -> None:
    """Tell something on stderr: as a line of text, or as a record where the log is JSON there.

    Args:
        line: The text.
        level: Of the record.
        code: What `driftwatch explain` says more of, which ends the line.
    """
    handlers = logging.getLogger().handlers
    if any(isinstance(handler.formatter, JsonFormatter) for handler in handlers):
        _LOG.log(level, "%s", line, extra=event("message", **({"code": code} if code else {})))
    else:
        sys.stderr.write(f"{shown_lines(line)}{f' [{code}]' if code else ''}\n")
        sys.stderr.flush()
