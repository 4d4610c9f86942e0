"""Foreign data in a log line cannot break it, and are no command to whoever reads it."""

from __future__ import annotations

import logging
import traceback

from driftwatch.logs.lines import shown_line, shown_lines

__all__ = ["HarmlessFacts"]


class HarmlessFacts(logging.Filter):
    r"""Makes the arguments of records fit for one line, before any handler sees them.

    Names, errors and paths stand in messages as arguments; numbers, and texts in which nothing is
    wrong, stay as they are. A traceback that holds something of the kind is given to the standard
    formatters in the text they would make of it, without that.

    Example:
        >>> facts = ("a\n::error::b", 3)
        >>> record = logging.LogRecord("driftwatch", 30, "", 0, "driftwatch: %s %d", facts, None)
        >>> HarmlessFacts().filter(record), record.getMessage()
        (True, 'driftwatch: a ::error::b 3')
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; it always goes on."""
        try:
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


def _harmless(fact: object) -> object:
    if fact is None or isinstance(fact, int | float):
        return fact
    told = str(fact)
    harmless = shown_line(told)
    return fact if harmless == told else harmless
