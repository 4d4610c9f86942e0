"""What the address of a page asks for: its stretch of time, its filters, its order.

A link is the view: everything that a page depends on stands in its query, and one stretch of time
holds for every panel. What is not understood gives the usual thing, and a line that says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from driftwatch.core.data.instants import instant_of
from driftwatch.core.data.times import to_utc
from driftwatch.core.reports.results import Status
from driftwatch.render.numbers import moment
from driftwatch.render.plain import plain

__all__ = ["MOST_PAGES", "PAGE_ROWS", "RANGES", "Asked", "asked_of"]

_DAY = 86_400.0
RANGES = {"24h": _DAY, "7d": 7 * _DAY, "30d": 30 * _DAY, "90d": 90 * _DAY}
"""Stretches of time that have a name, in seconds."""
_USUAL = "30d"
_NO_DATA = "no_data"
"""What a monitor can be, and a window cannot."""
_FIRST, _LAST = 0.0, 253_370_764_800.0
"""Moments that can be asked for: from 1970 to the year 9998."""
PAGE_ROWS = 50
"""Rows of a table on one page."""
_LONGEST = 200
MOST_PAGES = 10_000
"""Number of the last page that can be asked for."""
_ONCE = ("said", "undo", "of")
"""What a form has done, which is said once."""
_KEPT = ("range", "from", "to")
"""What every link carries on."""
_REFRESH = (10, 60, 300)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for.

    Attributes:
        since: Beginning of the stretch of time, seconds since 1970.
        until: Its end.
        range: Its name; empty of one that is given by its ends.
        at: End of the window that is looked at, seconds since 1970; the newest if None.
        q: What names must contain.
        status: Which status only; None for all.
        kind: Which kind only; empty for all.
        sort: Name of the column that orders.
        descends: Whether from its end.
        page: Of the table, from 1.
        metric: Which metric of the model.
        refresh: Seconds after which the page is loaded again; 0 for never.
        complaints: What was not understood, a sentence each.
        query: Everything that the address says, as it is.
    """

    since: float
    until: float
    range: str = _USUAL
    at: float | None = None
    q: str = ""
    status: Status | None = None
    kind: str = ""
    sort: str = ""
    descends: bool = False
    page: int = 1
    metric: str = ""
    refresh: int = 0
    complaints: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def in_words(self) -> str:
        """The stretch of time for a heading."""
        if self.range:
            return {"24h": "24 hours"}.get(self.range, f"{self.range[:-1]} days")
        return f"{moment(to_utc(self.since))} to {moment(to_utc(self.until))}"

    @property
    def stretch(self) -> tuple[float, float]:
        """Both ends of the windows to read: one that is looked at before them moves them back."""
        if self.at is None or self.at >= self.since:
            return self.since, self.until
        return max(_FIRST, self.at - (self.until - self.since)), self.at

    @property
    def is_now(self) -> bool:
        """Whether the stretch of time ends now, and not at a moment that the address names."""
        return "to" not in self.query and self.at is None

    def link(self, path: str, /, **changes: object) -> str:
        """The address of another page that carries the stretch of time on."""
        kept = {key: value for key, value in self.query.items() if key in _KEPT}
        return _address(path, kept, changes)

    def here(self, /, **changes: object) -> str:
        """The address of this page with some keys changed; None removes one."""
        changes.setdefault("page", None)
        kept = {key: value for key, value in self.query.items() if key not in _ONCE}
        return _address("", kept, changes)


def _address(path: str, query: dict[str, str], changes: Mapping[str, object]) -> str:
    for key, value in changes.items():
        name = key.rstrip("_")
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    asked = urlencode(query)
    return f"{path}?{asked}" if asked or not path else path


def asked_of(query: Mapping[str, str], /, *, now: float, until: float | None = None) -> Asked:
    """Read a query; unknown keys are ignored.

    Args:
        query: Keys and values.
        now: Seconds since 1970.
        until: When stretches of time end that name no end; now if None.

    Example:
        >>> asked = asked_of({"range": "7d", "status": "critical", "sort": "-name"}, now=1e9)
        >>> asked.until - asked.since, str(asked.status), asked.sort, asked.descends
        (604800.0, 'CRITICAL', 'name', True)
    """
    known = {key: value[:_LONGEST] for key, value in query.items() if value}
    complaints: list[str] = []
    since, until, name = _stretch(known, now if until is None else until, complaints)
    at = _instant(known, "at", complaints)
    sort = known.get("sort", "")
    return Asked(
        since,
        until,
        name,
        at,
        known.get("q", "").strip(),
        _status(known, complaints),
        known.get("kind", ""),
        sort.lstrip("-"),
        sort.startswith("-"),
        _page(known, complaints),
        known.get("metric", ""),
        _refresh(known),
        tuple(complaints),
        known,
    )


def _stretch(known: dict[str, str], now: float, complaints: list[str]) -> tuple[float, float, str]:
    since, until = _instant(known, "from", complaints), _instant(known, "to", complaints)
    if since is not None or until is not None:
        until = now if until is None else until
        since = max(_FIRST, until - RANGES[_USUAL]) if since is None else since
        if since < until:
            return since, until, ""
        complaints.append("The stretch of time ends before it begins: the last 30 days are shown.")
        for key in _KEPT:
            known.pop(key, None)
    name = known.get("range", _USUAL)
    if name not in RANGES:
        ranges = ", ".join(RANGES)
        complaints.append(f"There is no range ‘{plain(name)}’ ({ranges}): 30 days are shown.")
        known.pop("range", None)
        name = _USUAL
    return now - RANGES[name], now, name


def _instant(known: dict[str, str], key: str, complaints: list[str]) -> float | None:
    if key not in known:
        return None
    found = instant_of(known[key])
    if math.isfinite(found) and _FIRST <= found <= _LAST:
        return float(found)
    complaints.append(
        f"‘{plain(known.pop(key))}’ is no time like 2026-11-20T06:00Z: {key} is left out."
    )
    return None


def _status(known: dict[str, str], complaints: list[str]) -> Status | None:
    if known.get("status", _NO_DATA) == _NO_DATA:
        return None
    try:
        return Status(known["status"].upper())
    except ValueError:
        complaints.append(f"There is no status ‘{plain(known.pop('status'))}’: all are shown.")
        return None


def _page(known: dict[str, str], complaints: list[str]) -> int:
    text = known.get("page", "1")
    if text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_PAGES:
        return int(text)
    complaints.append(f"There is no page ‘{plain(known.pop('page'))}’: the first is shown.")
    return 1


def _refresh(known: dict[str, str]) -> int:
    text = known.get("refresh", "")
    return int(text) if text in map(str, _REFRESH) else 0
