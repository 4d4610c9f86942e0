"""SVG drawings of curves in the unit square: ROC, precision and recall, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from driftwatch.core.reports.report import Curve

__all__ = ["curve_chart"]

_SIZE = 240
_LOW, _HIGH = 30, 212
_TITLES = {
    "roc": ("ROC curve", "false positive rate", "true positive rate"),
    "precision_recall": ("Precision and recall", "recall", "precision"),
    "calibration": ("Calibration", "mean score", "share of positives"),
}


def curve_chart(curve: Curve, /) -> str:
    """Return a figure with the curve of the reference and of production.

    Args:
        curve: Points of both sides between 0 and 1.
    """
    title, across, up = _TITLES.get(curve.name, (curve.name, "", ""))
    diagonal = ""
    if curve.name in ("roc", "calibration"):
        diagonal = f'<path class="grid diag" d="M{_LOW} {_HIGH}L{_HIGH} {_LOW}"/>'
    frame = f'<path class=axis d="M{_LOW} {_LOW}V{_HIGH}H{_HIGH}"/>'
    marks = (
        f"<text class=e x={_LOW - 4} y={_HIGH}>0</text><text class=e x={_LOW - 4} y={_LOW + 8}>1"
        f"</text><text class=e x={_HIGH} y={_HIGH + 14}>1</text>"
        f"<text class=m x={(_LOW + _HIGH) // 2} y={_HIGH + 22}>{escape(across)}</text>"
        f'<text class=m transform="translate(14 {(_LOW + _HIGH) // 2})rotate(-90)">'
        f"{escape(up)}</text>"
    )
    lines = "".join(
        f'<path class={kind} d="{_line(points)}"/>'
        for kind, points in (("refl", curve.reference), ("cur", curve.production))
        if points
    )
    return (
        f'<figure><svg class=sq role=img viewBox="0 0 {_SIZE} {_SIZE}" '
        f'aria-label="{escape(title, quote=True)}: reference (blue) and production">'
        f"{frame}{diagonal}{marks}{lines}</svg><figcaption>{escape(title)}</figcaption></figure>"
    )


def _line(points: Sequence[tuple[float, float]]) -> str:
    places = [
        f"{_LOW + min(max(x, 0.0), 1.0) * (_HIGH - _LOW):.1f} "
        f"{_HIGH - min(max(y, 0.0), 1.0) * (_HIGH - _LOW):.1f}"
        for x, y in points
    ]
    return "M" + "L".join(places)
