"""When a monitor has been quiet for too long: no rows, or no windows."""

from __future__ import annotations

from driftwatch.core.data.durations import parse_duration
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.service.dashboard.shelf import Shown

__all__ = ["have_windows_stopped", "is_silent", "usual_gap"]

_GAPS = 3
"""Usual gaps after which something is missing."""


def usual_gap(shown: Shown, /) -> float | None:
    """Seconds between two deliveries, at most, where all is well.

    Rows come at least once a pane. None where panes are counted in rows, or the configuration is
    not known: nobody can say then how long a gap may be.
    """
    spec = _spec(shown)
    if spec is None or shown.config is None:
        return None
    return max(float(spec.width), parse_duration(shown.config.flush_every).total_seconds())


def is_silent(shown: Shown, heard: float | None, /, *, now: float) -> bool:
    """Whether rows are missing.

    Args:
        shown: The monitor.
        heard: When any came last, seconds since 1970; None if none ever did.
        now: Seconds since 1970.
    """
    if shown.config is None:
        return False
    gap = usual_gap(shown)
    return heard is None or (gap is not None and now - heard > _GAPS * gap)


def have_windows_stopped(shown: Shown, newest: float, /, *, now: float) -> bool:
    """Whether windows are missing though rows may come.

    Args:
        shown: The monitor.
        newest: When the newest window ended, seconds since 1970.
        now: Seconds since 1970.
    """
    spec = _spec(shown)
    return spec is not None and now - newest > (_GAPS + 1) * spec.width + spec.lateness


def _spec(shown: Shown) -> WindowSpec | None:
    config = shown.config
    if config is None:
        return None
    spec = WindowSpec.of(config.window, config.slide, lateness=config.lateness)
    return None if spec.by_rows else spec
