"""The whole report of one window, as `driftwatch report --format html` writes it."""

from __future__ import annotations

import secrets

from starlette.responses import Response

from driftwatch.errors import DataError
from driftwatch.evaluation.stored_reports import report_of
from driftwatch.render.html import report_cards
from driftwatch.render.page.overview import filter_css
from driftwatch.service.dashboard.frame import Frame, NotFoundError
from driftwatch.service.dashboard.pages import markup_of
from driftwatch.service.dashboard.shelf import Shown
from driftwatch.transport.paths import in_path

__all__ = ["window_page"]

_FARTHEST = 2**63
"""Beyond any number that a store keeps."""


def window_page(frame: Frame, shown: Shown, pane: int, /) -> Response:
    """The page.

    Raises:
        NotFoundError: If no report on the window is kept.
    """
    stored = shown.store.report_on(shown.name, pane) if abs(pane) < _FARTHEST else None
    home = f"/m/{in_path(shown.name)}"
    if stored is None:
        raise NotFoundError(
            frame,
            f"No report on a window that ends with pane {pane} is kept.",
            [(shown.name, home)],
        )
    try:
        report = report_of(stored)
    except DataError as error:
        raise NotFoundError(frame, str(error), [(shown.name, home)]) from error
    around = [(window.pane, window.at) for window in shown.windows.windows(shown.name, limit=2_500)]
    panes = [each for each, _ in around]
    place = panes.index(pane) if pane in panes else None
    return frame.show(
        "window.html",
        trail=[("/", "Fleet"), (home, shown.name), ("", f"window {pane}")],
        json=f"/v1/monitors/{in_path(shown.name)}/windows/{pane}",
        nonce=secrets.token_urlsafe(16),
        show_range=False,
        report=report,
        home=home,
        before=around[place - 1] if place else None,
        after=around[place + 1] if place is not None and place + 1 < len(around) else None,
        filters=markup_of(filter_css(report)),
        cards=markup_of(report_cards(report)),
    )
