from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.render.numbers import count, dates, numbers, p_value, when
from driftwatch.render.plain import plain


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "< 1e-300"),
        (5e-310, "< 1e-300"),
        (1e-300, "1.0e-300"),
        (2.34e-12, "2.3e-12"),
        (0.04321, "0.043"),
        (1.0, "1"),
    ],
)
def test_a_p_value_is_short_and_never_zero(value: float | None, text: str) -> None:
    assert p_value(value) == text


@given(st.floats(-1e6, 1e6), st.floats(0.001, 1000))
def test_numbers_side_by_side_differ(start: float, step: float) -> None:
    values = [start, start + step, start + 2 * step]

    assert len(set(numbers(values))) == len(set(values))


def test_dates_on_one_day_show_the_time() -> None:
    assert dates([0.0, 86_400.0]) == ["1970-01-01", "1970-01-02"]
    assert dates([0.0, 3600.0]) == ["01-01 00:00", "01-01 01:00"]


def test_moments_that_no_calendar_has_are_numbers() -> None:
    assert dates([0.0, 1e20]) == ["0", "1e+20"]


def test_counting_and_absent_moments() -> None:
    assert count(1, "row") == "1 row"
    assert count(0, "row") == "0 rows"
    assert when(None) == "–"


@given(st.text(), st.integers(1, 90))
def test_plain_text_is_one_printable_line_within_its_limit(text: str, limit: int) -> None:
    shown = plain(text, limit)

    assert len(shown) <= limit + 1
    assert len(shown.splitlines()) <= 1
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in shown)
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("in\x1b[31mcome\x1b[0m", "income"),
        ("\x1b]8;;file:///etc\x1b\\link\x1b]8;;\x07", "link"),
        ("\x9b31mred\x1b(B", "red"),
        ("two\r\n\t lines\u2028more", "two lines more"),
        ("abc\u202ecba\u2069", "abccba"),
        ("a\u200db می\u200cخواهم", "a\u200db می\u200cخواهم"),
        ("lone \x1b", "lone"),
    ],
)
def test_escapes_vanish_and_words_stay(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_text_made_of_nothing_visible_still_ends_in_an_ellipsis_when_cut() -> None:
    assert plain("\x00" * 10_000, 10) == "…"
