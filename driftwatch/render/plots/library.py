"""matplotlib, where it is installed; the colours of a status."""

from __future__ import annotations

import importlib
from typing import Any

from driftwatch.core.reports.results import Status
from driftwatch.errors import MissingDependencyError

__all__ = ["CURRENT", "REFERENCE", "STATUS_COLORS", "axes_for", "plain_label"]

REFERENCE, CURRENT = "#6f92bd", "#d0651a"
STATUS_COLORS = {
    Status.CRITICAL: "#d6453c",
    Status.WARNING: "#a87400",
    Status.UNDECIDED: "#4683c9",
    Status.OK: "#2f8f57",
    Status.INSUFFICIENT_DATA: "#7d8793",
}
"""Mid tones, which are seen on white and on black."""


def axes_for(ax: Any, size: tuple[float, float], /) -> Any:
    """The axes to draw into: those that are given, or of a new figure of pyplot.

    Args:
        ax: Axes, or None.
        size: Of a new figure, width and height in inches.

    Raises:
        MissingDependencyError: If matplotlib is not installed.
    """
    if ax is not None:
        return ax
    try:
        pyplot = importlib.import_module("matplotlib.pyplot")
    except ImportError as error:
        raise MissingDependencyError(
            "plots need matplotlib: pip install 'driftwatch-sketch[plot]'"
        ) from error
    return pyplot.subplots(figsize=size, layout="constrained")[1]


def plain_label(text: str, /) -> str:
    """A text that matplotlib does not take for a formula."""
    return text.replace("$", r"\$")
