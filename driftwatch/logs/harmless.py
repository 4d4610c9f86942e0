"""Foreign data in a log line cannot break it or be a command; and warnings have their code."""

from __future__ import annotations

import logging
import traceback

from driftwatch.errors import DriftWatchError, code_of
from driftwatch.logs.events import EVENTS
from driftwatch.logs.lines import shown_line, shown_lines

__all__ = ["HarmlessFacts"]


class HarmlessFacts(logging.Filter):
    r"""Makes the arguments of records fit for one line, before any handler sees them.

    Names, errors and paths stand in messages as arguments; numbers, and texts in which nothing is
    wrong, stay as they are. A traceback that holds something of the kind is given to the standard
    formatters in the text they would make of it, without that.

    A record has the code of what it is about among its facts, and warnings and errors at the end of
    their line, too: the one it was given, else that of the error it tells of, else that of its
    event.

    Example:
        >>> facts = ("a\n::error::b", 3)
        >>> record = logging.LogRecord("driftwatch", 30, "", 0, "driftwatch: %s %d", facts, None)
        >>> record.driftwatch = {"event": "rows.lost"}
        >>> HarmlessFacts().filter(record), record.getMessage()
        (True, 'driftwatch: a ::error::b 3 [DW118]')
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; it always goes on."""
        try:
            _give_code(record)
            if isinstance(record.args, tuple):
                record.args = tuple(map(_harmless, record.args))
            if record.exc_info and record.exc_info[0] is not None and not record.exc_text:
                told = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
                harmless = shown_lines(told)
                if harmless != told:
                    record.exc_text = harmless
        except Exception:  # noqa: BLE001 - a caller's object, whose own text raises
            return True
        return True


def _give_code(record: logging.LogRecord) -> None:
    facts = getattr(record, "driftwatch", None)
    known = facts if isinstance(facts, dict) else {}
    code = known.get("code") or _code_of_error(record) or _code_of_event(known.get("event"))
    if code is None and record.exc_info and record.exc_info[1] is not None:
        code = code_of(record.exc_info[1])
    if code is None:
        return
    record.driftwatch = {"event": "message", **known, "code": code}
    end = f" [{code}]"
    is_warning = record.levelno >= logging.WARNING
    if is_warning and isinstance(record.msg, str) and not record.msg.endswith(end):
        record.msg += end


def _code_of_error(record: logging.LogRecord) -> str | None:
    told = [*record.args] if isinstance(record.args, tuple) else []
    told += record.exc_info[1:2] if record.exc_info else []
    return next((each.code for each in told if isinstance(each, DriftWatchError)), None)


def _code_of_event(name: object) -> str | None:
    kind = EVENTS.get(name) if isinstance(name, str) else None
    return None if kind is None else kind.code


def _harmless(fact: object) -> object:
    if fact is None or isinstance(fact, int | float):
        return fact
    told = str(fact)
    harmless = shown_line(told)
    return fact if harmless == told else harmless
