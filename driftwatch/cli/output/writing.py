"""All that the command writes: lines of which none is a command to a terminal or a runner."""

from __future__ import annotations

import os
import sys
from typing import Any

from driftwatch.logs.lines import json_lines, shown_lines

__all__ = ["coloured", "put", "put_document", "put_json", "tell", "terminal_width", "wants_colour"]

_STYLES = {
    "green": "\x1b[32m",
    "yellow": "\x1b[33m",
    "red": "\x1b[31m",
    "bold red": "\x1b[1;31m",
}


def put(text: str, /) -> None:
    """Write lines to stdout; what is no part of a line, and what would be a command, is not."""
    put_document(shown_lines(text))


def put_document(text: str, /) -> None:
    """Write to stdout what a renderer made, whose own rules hold for it.

    A terminal that cannot show a character shows a question mark instead of a traceback.
    """
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def coloured(text: str, style: str, /) -> str:
    """Text of our own in colour where stdout is a terminal that shows some; for `put_document`.

    Args:
        text: Few words, which must say the same without the colour.
        style: ``green``, ``yellow``, ``red`` or ``bold red``.
    """
    return f"{_STYLES[style]}{text}\x1b[0m" if wants_colour() else text


def wants_colour() -> bool:
    """Return whether stdout is a terminal that shows colours and NO_COLOR is not set."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()


def terminal_width() -> int:
    """Columns of the terminal that stdout is; 120 where it is none."""
    if not sys.stdout.isatty():
        return 120
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except OSError:
        return 80


def put_json(data: Any, /) -> None:
    """Write plain data to stdout as JSON, indented: exactly those values when it is read."""
    import json

    import orjson

    try:
        text = orjson.dumps(data, option=orjson.OPT_INDENT_2).decode()
    except TypeError:  # a name with half a surrogate pair, which UTF-8 cannot hold
        text = json.dumps(data, allow_nan=False, indent=2)
    put_document(f"{json_lines(text)}\n")


def tell(text: str, /) -> None:
    """Write lines to stderr, as `put` does to stdout."""
    sys.stderr.write(shown_lines(text))
    sys.stderr.flush()
