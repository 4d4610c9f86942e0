"""Any two windows against each other: choose two, see what differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from driftwatch.core.reports.report import DriftReport
from driftwatch.errors import DriftWatchError
from driftwatch.render import outline
from driftwatch.render.drawing.distributions import sparkline
from driftwatch.render.drawing.drawing import PAGE
from driftwatch.render.plain import SENTENCE_LENGTH, plain
from driftwatch.render.sentences import listed
from driftwatch.service.dashboard.facts.comparing import Side, chosen_side, compared, versions_of
from driftwatch.service.dashboard.facts.troubles import trouble_of
from driftwatch.service.dashboard.facts.window_lines import EvaluatedWindow, window_lines
from driftwatch.service.dashboard.frame import Frame
from driftwatch.service.dashboard.pages import markup_of
from driftwatch.service.dashboard.shelf import Shown

__all__ = ["compare_page"]

_CHOICES = 300
_NAMED = 4


@dataclass(frozen=True, slots=True)
class _Choice:
    """What can be chosen for one side, and what is.

    Attributes:
        key: ``a`` or ``b``.
        shown: The monitor.
        windows: Its windows, the newest first.
        window: The one that is chosen.
        versions: Versions of the model in that one.
        version: The one that is chosen; empty for all.
        missing: What the address asks for, and is not there.
    """

    key: str
    shown: Shown
    windows: Sequence[EvaluatedWindow]
    window: EvaluatedWindow | None
    versions: Sequence[str]
    version: str
    missing: tuple[str, ...] = ()

    @property
    def side(self) -> Side | None:
        """What is compared; None while no window is chosen."""
        if self.window is None:
            return None
        return Side(self.shown, self.window, self.version or None)


def compare_page(frame: Frame, /) -> Response:
    """The page; the newest window against the one before it, if nothing is asked."""
    monitors = frame.monitors
    if not monitors:
        return frame.show(
            "compare.html",
            **_common(frame),
            choices=[],
            missing=[],
            report=None,
            headline="There is no monitor yet.",
            rows=[],
        )
    query = frame.asked.query
    newest = _choice(frame, "b", query.get("b_monitor", query.get("m", "")), query.get("b", ""))
    first = _choice(
        frame,
        "a",
        query.get("a_monitor", query.get("m", newest.shown.name)),
        query.get("a", ""),
        than=newest.window,
    )
    report, trouble = None, ""
    before, after = first.side, newest.side
    if before is None or after is None:
        trouble = "There is no window yet to compare."
    else:
        try:
            report = compared(before, after, now=frame.now)
        except DriftWatchError as error:
            trouble = trouble_of(error)
    return frame.show(
        "compare.html",
        **_common(frame),
        choices=[first, newest],
        missing=[*first.missing, *newest.missing],
        report=report,
        headline=_headline(report) if report is not None else plain(trouble, SENTENCE_LENGTH),
        rows=_rows(report),
    )


def _common(frame: Frame) -> dict[str, Any]:
    return {
        "section": "/compare",
        "trail": [("/", "Fleet"), ("", "Compare")],
        "names": [shown.name for shown in frame.monitors],
    }


def _choice(
    frame: Frame, key: str, name: str, pane: str, *, than: EvaluatedWindow | None = None
) -> _Choice:
    """What one side is, and what it could be.

    Args:
        frame: The visit.
        key: ``a`` or ``b``.
        name: Of the monitor, as the address has it; the first if it is none.
        pane: Last pane of the window, likewise; the newest window if it is none.
        than: The window of the other side; the newest that ends before it begins is the usual one.
    """
    monitors = frame.monitors
    shown = next((each for each in monitors if each.name == name), monitors[0])
    lines = window_lines(shown, since=frame.asked.since, until=frame.asked.until)
    windows = lines.windows[::-1]
    window = next((each for each in windows if str(each.pane) == pane), None)
    if window is None and pane:  # one of another stretch of time
        side = chosen_side([shown], shown.name, pane, "")
        window = None if side is None else side.window
    missing = [f"monitor ‘{plain(name)}’"] if name and name != shown.name else []
    missing += [f"window ‘{plain(pane)}’"] if pane and window is None else []
    if window is None and windows:
        window = windows[0] if than is None else _before(windows, than)
    versions = [] if window is None else versions_of(shown, window)
    version = frame.asked.query.get(f"{key}_version", "")
    missing += [f"model version ‘{plain(version)}’"] if version and version not in versions else []
    offered = windows[:_CHOICES]
    if window is not None and window not in offered:
        offered = (*offered, window)
    version = version if version in versions else ""
    return _Choice(key, shown, offered, window, versions, version, tuple(missing))


def _before(windows: Sequence[EvaluatedWindow], than: EvaluatedWindow) -> EvaluatedWindow:
    """The newest window that ends before another begins; the oldest if there is none."""
    begins = than.summary.start
    until = than.created if begins is None else begins.timestamp()
    return next((each for each in windows if each.at <= until and each != than), windows[-1])


def _headline(report: DriftReport) -> str:
    drifted = [f for f in outline.worst_first(report) if f.status.is_drift]
    tested = len(report.features)
    if not drifted:
        return f"The second window differs from the first in none of {tested:,} features."
    names = listed([outline.name_of(feature) for feature in drifted[:_NAMED]])
    more = f" and {len(drifted) - _NAMED:,} more" if len(drifted) > _NAMED else ""
    return f"{len(drifted):,} of {tested:,} features differ: {names}{more}."


def _rows(report: DriftReport | None) -> list[dict[str, object]]:
    if report is None:
        return []
    return [
        {
            "feature": feature,
            "row": outline.row(feature),
            "drawn": ""
            if feature.distribution is None
            else markup_of(sparkline(feature.distribution, PAGE)),
            "moved": outline.sentence_of(feature) if feature.status.is_drift else "",
        }
        for feature in outline.worst_first(report)
    ]
