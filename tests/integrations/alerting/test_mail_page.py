"""Bars in a mail are as long as the shares that they stand for, on a screen of any width."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.alerts.message import Line
from driftwatch.integrations.alerting.mail_page import mail_html
from tests.integrations.alerting.test_back_ends import MESSAGE

REFERENCE, PRODUCTION, TRACK = "#6f92bd", "#b84a08", "#eef1f4"


class Cells(HTMLParser):
    """The cells that are drawn in a page: colour and width as an attribute and as a style."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.drawn: list[tuple[str, str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "td" and given.get("bgcolor") in (REFERENCE, PRODUCTION, TRACK):
            style = dict(part.split(":", 1) for part in given["style"].split(";"))
            self.drawn.append((given["bgcolor"], given["width"], style["width"]))


def bars(before: float, after: float) -> list[tuple[str, float]]:
    """Colours and widths in per cent of the bars of one feature."""
    line = Line("CRITICAL", "plan", "more of ‘b’", "b", before, after)
    drawn = Cells(mail_html(replace(MESSAGE, lines=(line,)), {})).drawn
    assert all(width == styled and width.endswith("%") for _, width, styled in drawn)
    return [(color, float(width.rstrip("%"))) for color, width, _ in drawn]


def test_nothing_draws_nothing_and_everything_fills_the_track() -> None:
    assert bars(0.0, 1.0) == [(TRACK, 100.0), (PRODUCTION, 100.0)]
    assert bars(0.14, 0.57) == [(REFERENCE, 14.0), (TRACK, 86.0), (PRODUCTION, 57.0), (TRACK, 43.0)]


@given(st.floats(0.0, 1.0, exclude_min=True), st.floats(0.0, 1.0, exclude_min=True))
def test_bars_are_shares_of_one_track_and_what_is_not_nothing_is_seen(
    before: float, after: float
) -> None:
    drawn = bars(before, after)
    assert sum(width for _, width in drawn) == pytest.approx(200.0, abs=0.2)
    widths = {color: width for color, width in drawn if color != TRACK}
    for color, share in ((REFERENCE, before), (PRODUCTION, after)):
        assert widths[color] == pytest.approx(max(0.5, 100 * share), abs=0.06)
