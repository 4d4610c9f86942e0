"""What is wrong with a delivery that waits, kept beside it: for the next process, and `doctor`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from driftwatch.core.data.json_text import NotJSONError, json_value
from driftwatch.core.data.times import LATEST
from driftwatch.core.profiles.codec import LOCAL_LIMIT
from driftwatch.core.windows.delivery_codec import delivery_from_bytes
from driftwatch.errors import ProfileFormatError

__all__ = ["Trouble", "facts_of"]

_MOST = 400
_WHOLE = 2**53


def facts_of(data: bytes, /) -> tuple[str, int]:
    """Monitor and rows of a delivery; none if it cannot be read."""
    try:
        delivery = delivery_from_bytes(data, limit=LOCAL_LIMIT)
    except ProfileFormatError:
        return "", 0
    return delivery.monitor, delivery.rows


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a delivery has not arrived.

    Attributes:
        why: What came of the last attempt; in words that hold no secret.
        monitor: Whose rows; empty if the delivery cannot be read.
        rows: How many.
        turned_down: Whether the collector said that it does not take it, now or ever; otherwise
            there was no answer, or its store was away.
        attempts: How often it was sent in vain.
        since: When it was first, seconds since 1970; None if that was not written down.
        last: When it was last, likewise.

    Example:
        >>> once = Trouble("unreachable", "scores", 50, False, 1, 60.0, 60.0)
        >>> again = once.again("413", turned_down=True, now=90.0)
        >>> again.attempts, again.since, again.last, again.why, again.turned_down
        (2, 60.0, 90.0, '413', True)
        >>> Trouble.from_bytes(again.to_bytes()) == again, Trouble.from_bytes(b"{") is None
        (True, True)
    """

    why: str
    monitor: str
    rows: int
    turned_down: bool = True
    attempts: int = 1
    since: float | None = None
    last: float | None = None

    @classmethod
    def first(cls, why: str, data: bytes, /, *, turned_down: bool, now: float) -> Trouble:
        """The first attempt to send these bytes failed."""
        return cls(why[:_MOST], *facts_of(data), turned_down, 1, now, now)

    def again(self, why: str, /, *, turned_down: bool, now: float) -> Trouble:
        """One more attempt failed."""
        return replace(
            self,
            why=why[:_MOST],
            turned_down=turned_down,
            attempts=self.attempts + 1,
            since=now if self.since is None else self.since,
            last=now,
        )

    def to_bytes(self) -> bytes:
        """As JSON."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, data: bytes, /) -> Trouble | None:
        """Read what `to_bytes` wrote, and the first format, which had three of these facts.

        Returns:
            What was noted; None if it is something else.
        """
        try:
            said = json_value(data)
        except NotJSONError:
            return None
        if not isinstance(said, dict):
            return None
        why, monitor = said.get("why"), said.get("monitor")
        rows: Any = said.get("rows")
        attempts: Any = said.get("attempts", 1)
        if not isinstance(why, str) or not isinstance(monitor, str):
            return None
        if not _is_count(rows) or not _is_count(attempts):
            return None
        turned_down = said.get("turned_down") is not False
        since, last = _seconds(said, "since"), _seconds(said, "last")
        return cls(why[:_MOST], monitor, rows, turned_down, attempts, since, last)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _WHOLE


def _seconds(said: Mapping[str, Any], key: str) -> float | None:
    value = said.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= LATEST else None
