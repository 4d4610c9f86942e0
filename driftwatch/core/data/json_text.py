"""JSON as programs write it: also with NaN and Infinity, which the standard does not have."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import orjson

__all__ = ["NotJSONError", "json_value", "without_mark"]


_MARK = b"\xef\xbb\xbf"
"""What some programs put before texts that they write; no part of them."""


def without_mark(text: bytes, /) -> bytes:
    """A text without the byte order mark that it may begin with."""
    return text.removeprefix(_MARK)


class NotJSONError(ValueError):
    """Bytes are no JSON."""


def json_value(text: bytes | str, /) -> Any:
    """The value of a JSON text.

    ``NaN`` and ``Infinity``, which Python's and others' writers leave in their texts, and numbers
    beyond all doubles are floats: a record that holds one is a record, and the value is counted as
    missing.

    Raises:
        NotJSONError: If it is none, or objects are in each other without end.

    Cost: that of orjson; some ten times as much where that refuses it.

    Example:
        >>> json_value(b'{"age": NaN, "plan": "pro"}')
        {'age': nan, 'plan': 'pro'}
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    if isinstance(text, bytes) and text.startswith(_MARK):
        text = without_mark(text)
        with contextlib.suppress(orjson.JSONDecodeError):
            return orjson.loads(text)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotJSONError(str(error)) from None
