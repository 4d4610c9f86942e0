"""Numbers with decimal commas become numbers with points, and nothing else is touched."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.profiling.delimited import CsvLayout

LAYOUT = CsvLayout(("x",), ";", ",", "utf-8", 1, ())
TEXTS = st.one_of(
    st.text("0123456789,", max_size=8),
    st.text("019,. +-\t", max_size=8),
    st.text("1,é∑a", max_size=6),
    st.sampled_from(["1.234,5", "1.234", "12,50", "1.234.567", "Berlin, Mitte", "10.0.0.1", ""]),
)


def read(column: pa.Array) -> pa.Array:
    return LAYOUT.batch(pa.record_batch([column], names=["x"])).arrays["x"]


def expected(text: str) -> str:
    body = text.strip()
    whole, comma, fraction = body[body.startswith(("+", "-")) :].partition(",")
    first, *groups = whole.split(".")
    in_groups = 1 <= len(first) <= 3 and all(len(group) == 3 for group in groups)
    if not all(part.isdecimal() for part in [*groups, *filter(None, [first])]):
        return text
    if comma:
        is_number = fraction.isdecimal() and (in_groups or not groups)
    else:
        is_number = in_groups and len(groups) in (1, 2)
    return text.replace(".", "").replace(",", ".") if is_number else text


@given(values=st.lists(st.none() | TEXTS, max_size=12), skipped=st.integers(0, 12))
def test_numbers_get_points_and_other_texts_stay(values: list[str | None], skipped: int) -> None:
    column = pa.array(values, pa.large_string()).slice(skipped)
    found = read(column)
    found.validate(full=True)
    assert found.to_pylist() == [v if v is None else expected(v) for v in values[skipped:]]


def test_columns_without_commas_in_numbers_are_handed_on_without_a_copy() -> None:
    for values in (["12", "7", None], ["Oslo", "Bergen"], ["Berlin, Mitte", "a.b"], [None], []):
        column = pa.array(values, pa.large_string())
        text, kept = column.buffers()[2], read(column).buffers()[2]
        assert kept is text is None or kept.address == text.address


def test_pieces_of_a_batch_are_read_each_on_its_own() -> None:
    column = pa.array(["1,5", None, "2,25", "-,5", "x"] * 3, pa.large_string())
    found = [
        value for start in range(0, 15, 4) for value in read(column.slice(start, 4)).to_pylist()
    ]
    assert found == ["1.5", None, "2.25", "-.5", "x"] * 3


def test_columns_of_nothing_but_numbers_and_gaps() -> None:
    values = ["1,5", None, "-2,25", "+,5", None, None, "12,0", "-100,125", ",7"]
    column = pa.array(values, pa.large_string())
    wanted = [v if v is None else v.replace(",", ".") for v in values]
    for start in range(len(values) + 1):
        found = read(column.slice(start, 5))
        found.validate(full=True)
        assert found.to_pylist() == wanted[start : start + 5]
    for odd in ("1,", "-,", "1,2,3", "1-,5", "1/,5", ",", "1 2,5", "1,5e3", "--1,5"):
        assert read(pa.array([*values, odd], pa.large_string())).to_pylist() == [*wanted, odd]
