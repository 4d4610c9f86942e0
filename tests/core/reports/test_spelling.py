"""One spelling of numbers, shares and categories: short, and never more certain than they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import driftwatch
from driftwatch.core.reports.performance import Metric
from driftwatch.core.reports.spelling import (
    apart,
    number,
    percent,
    points,
    quoted,
    share_change,
    shortened,
)

SHARES = st.floats(0, 1)


def read(text: str) -> float:
    """The share that a text tells, or the bound of one."""
    found = re.fullmatch(r"(?:[<>] )?(\d{1,3}(?:\.\d)?) %", text)
    assert found is not None, text
    return float(found[1]) / 100


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("nan"), "–"),
        (float("inf"), "inf"),
        (1.7976e308, "1.8e+308"),
        (None, "–"),
        (0.0, "0"),
        (-0.31234, "-0.312"),
        (100.0, "100"),
        (1234.5, "1234"),
        (9999.6, "10k"),
        (56_789.0, "56.8k"),
        (999_950.0, "1M"),
        (-2.5e9, "-2.5G"),
        (3e20, "3e+20"),
        (1.5e-9, "1.5e-09"),
    ],
)
def test_a_number_is_short(value: float | None, text: str) -> None:
    assert number(value) == text


@given(st.floats(-1e300, 1e300))
def test_a_number_is_near_what_it_stands_for(value: float) -> None:
    text = number(value)
    unit = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}.get(text[-1], 1.0)
    shown = float(text.rstrip("kMGT")) * unit

    assert shown == pytest.approx(value, rel=0.006)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, "–"),
        (0.0, "0 %"),
        (1e-9, "< 0.1 %"),
        (0.0314, "3.1 %"),
        (0.31, "31 %"),
        (1.0, "100 %"),
    ],
)
def test_only_nothing_is_zero_percent(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_only_everything_is_a_hundred_percent() -> None:
    assert percent(0.9996) == "> 99.9 %"
    assert percent(0.995) == "99.5 %"


@given(SHARES)
@example(0.0995)
@example(0.99)
@example(0.999)
@example(0.001)
def test_a_share_is_near_what_it_is_read_as(share: float) -> None:
    text = percent(share)

    assert read(text) == pytest.approx(share, abs=0.0051 if 0.0995 <= share <= 0.99 else 0.00101)
    assert (text == "0 %") == (share == 0)
    assert (text == "100 %") == (share == 1)
    assert ".0 " not in text
    if text.startswith(("<", ">")):
        assert (share < read(text)) == text.startswith("<")


@given(SHARES, SHARES)
def test_of_two_shares_the_greater_is_told_as_no_less(one: float, other: float) -> None:
    less, greater = sorted((one, other))

    def rank(text: str) -> tuple[float, int]:
        return read(text), {"<": -1, ">": 1}.get(text[0], 0)

    assert rank(percent(less)) <= rank(percent(greater))
    assert all(map(rank, share_change(less, greater).split(" → ")))


@given(SHARES, SHARES)
def test_shares_that_differ_by_a_point_differ_in_their_texts(one: float, other: float) -> None:
    before, after = share_change(one, other).split(" → ")

    assert read(before) == pytest.approx(one, abs=0.0051)
    assert read(after) == pytest.approx(other, abs=0.0051)
    if abs(one - other) > 0.00101:
        assert before != after
    if one == other:
        assert before == after


def test_what_is_no_share_is_no_number_and_rounding_errors_are_none() -> None:
    assert percent(float("nan")) == "–"
    assert share_change(None, 0.5) == "– → 50 %"
    assert percent(-1e-17) == "0 %"
    assert percent(1 + 1e-12) == "100 %"


@given(st.floats(-1, 1))
def test_points_have_a_true_minus(difference: float) -> None:
    text = points(difference)

    assert float(text.replace("−", "-")) == pytest.approx(100 * difference, abs=0.0501)
    assert "-" not in text
    assert (text == "0") == (difference == 0)


@given(st.floats(0.001, 1000), st.floats(1e-4, 0.5))
def test_two_numbers_that_differ_are_told_apart(value: float, more: float) -> None:
    before, after, end = apart(value, value * (1 + more), value)

    assert before != after
    assert end == before


def test_values_of_a_metric_stay_short_where_its_interval_is_near() -> None:
    assert Metric("f1", 0.9, 0.88712, interval=(0.8871, 0.9)).moved == "0.9 → 0.887 [0.887, 0.9]"
    assert Metric("f1", 0.99931, 0.99912).moved == "0.9993 → 0.9991"
    assert Metric("f1", None, 0.5).moved == "– → 0.5"


@given(st.text(), st.integers(6, 90))
def test_a_category_is_one_line_within_its_limit(name: str, limit: int) -> None:
    shown = shortened(name, limit)

    assert 0 < len(shown) <= max(limit, len("(empty)"))
    assert len(shown.splitlines()) == 1


def test_categories_that_differ_at_their_ends_are_told_apart() -> None:
    one, other = (quoted("a/very/long/path/" * 8 + end) for end in ("north", "south"))

    assert one != other
    assert one.startswith("‘a/very/")
    assert one.endswith("north’")
    assert len(one) <= 82
    assert quoted(" \x1b[31m ") == "(empty)"


def test_no_module_spells_shares_by_itself() -> None:
    """A share in words comes from one function: no format of Python's, no product with 100."""
    own = re.compile(r"\{[^{}\n]*:\+?,?\.\d[%]\}|\{[^{}\n]*:\.\d[f]\} %")
    package = Path(driftwatch.__file__).parent
    found = [
        f"{path.relative_to(package)}: {line.strip()}"
        for path in package.rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if own.search(line)
    ]

    assert not found
