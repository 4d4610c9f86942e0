"""Panes and windows: how a stream is cut by event time, or by rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.durations import format_duration, parse_duration, parse_length
from driftwatch.core.reports.results import Period
from driftwatch.errors import ConfigError

__all__ = ["COMPARISONS", "MOST_WINDOW_PANES", "WindowSpec"]

COMPARISONS = ("frozen", "sliding", "seasonal")
"""What a window may be compared with."""

MOST_WINDOW_PANES = 10_000
"""A window of more panes than this is cut too finely to be worth its bookkeeping."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """A window of `panes` panes, each `width` seconds of UTC time or `width` rows long.

    Pane number i is the half-open stretch ``[i * width, (i + 1) * width)`` of seconds since
    1970, so that every process and every replica cuts alike. A window slides by one pane; a
    tumbling window is a window of one. By rows, pane i holds the rows ``[i * width,
    (i + 1) * width)`` in the order in which their source saw them.

    Attributes:
        width: Seconds, or rows, of a pane.
        panes: Panes of a window.
        lateness: Seconds for which a pane stays open to late rows.
        by_rows: Whether panes are counted in rows.

    Raises:
        ConfigError: If the window is not a whole number of panes.

    Example:
        >>> spec = WindowSpec.of("24h", "1h")
        >>> spec.panes, spec.pane_at(datetime(2026, 1, 1, 13, 30, tzinfo=UTC).timestamp())
        (24, 490909)
        >>> print(spec)
        24h every 1h
    """

    width: int
    panes: int = 1
    lateness: int = 0
    by_rows: bool = False

    def __post_init__(self) -> None:
        if self.width < 1 or self.lateness < 0:
            raise ConfigError(
                f"a pane must last at least a second or a row; got {self.width}", code="DW007"
            )
        if not 1 <= self.panes <= MOST_WINDOW_PANES:
            raise ConfigError(
                f"a window of {self.panes:,} panes; 1 to {MOST_WINDOW_PANES:,} are possible, so "
                "choose a longer slide",
                code="DW007",
            )

    @classmethod
    def of(cls, window: str, slide: str | None = None, *, lateness: str | None = None) -> Self:
        """Read a window like ``24h`` (or ``10000 rows``) that moves by ``1h`` (``1000 rows``).

        Args:
            window: Length of the window.
            slide: How far it moves; its own length, so that it tumbles, if not given.
            lateness: How long a pane stays open to late rows; a tenth of the slide, and at
                least five minutes, if not given.

        Raises:
            ConfigError: If one is not readable, or the window is no multiple of the slide.
        """
        length, by_rows = _length(window)
        step, step_by_rows = _length(slide) if slide is not None else (length, by_rows)
        if by_rows != step_by_rows:
            raise ConfigError(
                f"window {window!r} and slide {slide!r}: one is rows, one is time", code="DW007"
            )
        if length % step:
            raise ConfigError(
                f"window {window!r} must be a multiple of slide {slide!r}", code="DW007"
            )
        if by_rows:
            if lateness is not None:
                raise ConfigError(
                    "lateness is for windows by time; rows are never late", code="DW007"
                )
            return cls(step, length // step, by_rows=True)
        late = max(step // 10, 300) if lateness is None else _seconds(lateness)
        return cls(step, length // step, late)

    def pane_at(self, seconds: float, /) -> int:
        """Number of the pane that holds an instant."""
        return int(seconds // self.width)

    def panes_at(self, seconds: NDArray[np.float64], /) -> NDArray[np.int64]:
        """Numbers of the panes that hold some instants."""
        return np.floor(seconds / self.width).astype(np.int64)

    def start_of(self, pane: int, /) -> int:
        """Second at which a pane begins."""
        return pane * self.width

    def end_of(self, pane: int, /) -> int:
        """Second at which a pane ends."""
        return (pane + 1) * self.width

    def first_of(self, last: int, /) -> int:
        """First pane of the window that ends with pane `last`."""
        return last - self.panes + 1

    def period(self, last: int, /, *, oldest: int | None = None) -> Period:
        """From when to when the window lasts that ends with pane `last`; by rows, unknown.

        A stream that began inside the window, with pane `oldest`, has not lasted as long.
        """
        if self.by_rows:
            return Period()
        first = self.first_of(last)
        if oldest is not None:
            first = min(max(first, oldest), last)
        start = _EPOCH + timedelta(seconds=first * self.width)
        return Period(start, _EPOCH + timedelta(seconds=self.end_of(last)))

    @property
    def slide(self) -> timedelta:
        """Time from one evaluation to the next; by rows, unknown and taken for an hour."""
        return timedelta(seconds=3600 if self.by_rows else self.width)

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        unit = "rows" if self.by_rows else "seconds"
        return {"width": self.width, "panes": self.panes, "unit": unit, "lateness": self.lateness}

    def __str__(self) -> str:
        if self.by_rows:
            return f"{self.panes * self.width} rows every {self.width} rows"
        window = format_duration(timedelta(seconds=self.panes * self.width))
        return f"{window} every {format_duration(self.slide)}"


def _length(text: str) -> tuple[int, bool]:
    length = parse_length(text)
    if isinstance(length, int):
        return length, True
    return int(length.total_seconds()), False


def _seconds(text: str) -> int:
    if text.strip() in ("0", "0s"):
        return 0
    return int(parse_duration(text).total_seconds())
