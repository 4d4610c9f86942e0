"""Stored reports of single windows, read once while people look at them."""

from __future__ import annotations

import threading
from collections import OrderedDict

from driftwatch.core.reports.report import DriftReport
from driftwatch.errors import MISREAD, DataError
from driftwatch.evaluation.stored_reports import report_of
from driftwatch.service.dashboard.facts.window_lines import EvaluatedWindow
from driftwatch.service.dashboard.shelf import Shown

__all__ = ["report_on"]

_MOST_VALUES = 4_000
"""Features of all reports that are kept: some forty megabytes."""
_KEPT: OrderedDict[tuple[str, str, int, float], DriftReport] = OrderedDict()
_LOCK = threading.Lock()


def report_on(shown: Shown, window: EvaluatedWindow | None, /) -> DriftReport | None:
    """The whole report on a window; None where it is not kept any more, or damaged.

    Raises:
        StoreError: If the store cannot be read.
    """
    if window is None:
        return None
    key = str(id(shown.store)), shown.name, window.pane, window.created
    with _LOCK:
        if key in _KEPT:
            _KEPT.move_to_end(key)
            return _KEPT[key]
    stored = shown.store.report_on(shown.name, window.pane)
    if stored is None:
        return None
    try:
        report = report_of(stored)
    except (DataError, *MISREAD):
        return None
    with _LOCK:
        _KEPT[key] = report
        while sum(len(each.features) for each in _KEPT.values()) > _MOST_VALUES and len(_KEPT) > 1:
            _KEPT.popitem(last=False)
    return report
