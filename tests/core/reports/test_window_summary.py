"""Summaries of windows: they tell what the report says, and damaged ones tell nothing wrong."""

from __future__ import annotations

import contextlib
import json
import math
import tracemalloc
import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from driftwatch import DriftReport, Status
from driftwatch.core.reports import window_summary
from driftwatch.core.reports.history import Cell
from driftwatch.core.reports.performance import Metric, Performance
from driftwatch.core.reports.results import DriftResult, FeatureDrift, Levels, Period
from driftwatch.core.reports.runs import Since
from driftwatch.core.reports.window import WindowFacts
from driftwatch.core.reports.window_summary import PackedSummary, WindowSummary, statuses_of
from driftwatch.errors import DataError
from tests.hostile_names import HOSTILE

START = datetime(2026, 1, 1, tzinfo=UTC)
LARGEST = float(np.finfo(np.float32).max)

NAMES = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=()), max_size=9)
ODD = st.sampled_from([0.0, 0.05, 1e300, -1e300, 1e39, 1e-320, math.inf, -math.inf, math.nan, 7.0])
NUMBERS = ODD | st.floats()
MAYBE = st.none() | NUMBERS
PAIRS = st.none() | st.tuples(NUMBERS, NUMBERS)
LEVELS = st.none() | st.builds(Levels, NUMBERS, NUMBERS)
STATUSES = st.sampled_from(Status)
METHODS = st.sampled_from(["ks", "psi", "missing", ""]) | NAMES


@st.composite
def features(draw: st.DrawFn, name: str) -> FeatureDrift:
    tests = {
        method: DriftResult(
            method,
            draw(MAYBE),
            interval=draw(PAIRS),
            confidence_interval=draw(PAIRS),
            threshold=draw(LEVELS),
        )
        for method in draw(st.lists(METHODS, max_size=2, unique=True))
    }
    primary = draw(st.sampled_from([None, "not there", *tests]))
    return FeatureDrift(
        name, draw(METHODS), draw(METHODS), draw(STATUSES), primary, None, draw(MAYBE), "", None,
        tests,
    )  # fmt: skip


@st.composite
def performances(draw: st.DrawFn) -> Performance:
    metrics = {
        name: Metric(
            name,
            draw(MAYBE),
            draw(MAYBE),
            draw(PAIRS),
            threshold=draw(LEVELS),
            status=draw(st.none() | STATUSES),
            higher_is_better=draw(st.sampled_from([None, True, False])),
        )
        for name in draw(st.lists(METHODS, max_size=3, unique=True))
    }
    return Performance("binary", draw(STATUSES), metrics)


@st.composite
def windows(draw: st.DrawFn) -> WindowFacts:
    end = START + timedelta(seconds=draw(st.integers(0, 10**9)))
    began = draw(st.sampled_from([None, START]))
    since = draw(
        st.none() | st.builds(Since, st.integers(-9, 1 << 62), st.integers(1, 99), st.just(began))
    )
    period = draw(st.sampled_from([Period(), Period(START, end)]))
    return WindowFacts(period, 7, not_used={"late": draw(st.integers(0, 10**12))}, since=since)


@st.composite
def reports(draw: st.DrawFn) -> DriftReport:
    names = draw(st.lists(NAMES, max_size=6, unique=True))
    return DriftReport(
        "m",
        draw(STATUSES),
        tuple(draw(features(name)) for name in names),
        START,
        1000,
        draw(st.integers(0, 10**12)),
        "reference",
        "production",
        current_period=Period(START, START),
        model_version=draw(st.none() | NAMES),
        window=draw(st.none() | windows()),
        performance=draw(st.none() | performances()),
    )


def near(value: float | None) -> float | None:
    """What four bytes hold of a number; those that they do not reach are the largest they hold."""
    if value is None or math.isnan(value):
        return None
    return float(np.float32(min(max(value, -LARGEST), LARGEST)))


def all_near(values: Sequence[float] | None) -> tuple[float, ...] | None:
    found = None if values is None else [near(value) for value in values]
    return None if found is None or None in found else tuple(map(float, found))  # type: ignore[arg-type]


def levels(limits: Levels | None) -> tuple[float, float] | None:
    return None if limits is None else (limits.warning, limits.critical)


def there_and_back(report: DriftReport) -> WindowSummary:
    return WindowSummary.unpacked(WindowSummary.of(report).packed())


@given(reports())
def test_a_summary_says_what_its_report_says(report: DriftReport) -> None:
    read = there_and_back(report)
    period = report.current_period if report.window is None else report.window.period
    since = None if report.window is None else report.window.since
    assert (read.status, read.rows, read.not_used) == (
        report.global_status,
        report.rows_current,
        sum(report.not_used.values()),
    )
    assert Period(read.start, read.end) == period
    assert read.drifted == sum(each.status.is_drift for each in report.features)
    assert read.undecided == sum(each.status is Status.UNDECIDED for each in report.features)
    assert (read.reference, read.since) == ("reference", since)
    assert isinstance(read.headline, str)
    assert [each.name for each in read.columns] == sorted(report)
    for place, status in enumerate(statuses_of(read)):
        assert [*Status][status] is report[read.columns[place].name].status
    for feature in report.features:
        said, cell = Cell.of(feature), read.cell(feature.name)
        assert cell is not None
        assert read.status_of(feature.name) is cell.status is feature.status
        assert cell.test == said.test
        assert (None if cell.statistic is None else near(cell.statistic)) == near(said.statistic)
        assert all_near(cell.interval) == all_near(said.interval)
        assert all_near(levels(cell.threshold)) == all_near(levels(said.threshold))
        assert near(read.missing(feature.name)) == near(feature.missing_current)
        (column,) = (each for each in read.columns if each.name == feature.name)
        assert (column.kind, column.role) == (feature.kind, feature.role)


@given(reports())
def test_metrics_that_decide_are_in_a_summary_as_they_are(report: DriftReport) -> None:
    deciding = {} if report.performance is None else report.performance
    expected = {
        whole(name): replace(Cell.of_metric(metric), p_value=None)
        for name, metric in deciding.items()
        if metric.status is not None
    }
    assert repr(there_and_back(report).metrics) == repr(expected)  # NaN is NaN there


def whole(name: str) -> str:
    """Two halves of a character, one after the other, are it in the JSON of facts."""
    return str(json.loads(json.dumps(name)))


@given(reports())
def test_what_is_shown_is_the_furthest_lower_end_of_an_interval(report: DriftReport) -> None:
    shown = [
        each.interval[0] / each.threshold.warning
        for each in map(Cell.of, report.features)
        if each.interval and each.threshold and each.threshold.warning > 0
    ]
    most = max([0.0, *(min(each, LARGEST) for each in shown if not math.isnan(each))])
    assert WindowSummary.of(report).shown == there_and_back(report).shown == most
    assert math.isfinite(most)


@pytest.mark.parametrize(
    ("low", "warning", "shown"),
    [(0.004, 0.001, 4.0), (1e300, 1e-300, LARGEST), (0.2, 0.0, 0.0), (-1.0, 0.1, 0.0)],
)
def test_what_is_shown_is_finite(low: float, warning: float, shown: float) -> None:
    result = DriftResult("ks", 0.5, confidence_interval=(low, 9.0), threshold=Levels(warning, 0.5))
    report = replace(wide(0), features=(replace(one("x"), tests={"ks": result}),))
    assert WindowSummary.of(report).shown == there_and_back(report).shown == shown


def test_a_summary_is_small() -> None:
    packed = WindowSummary.of(wide(500)).packed()
    assert len(packed.cells) == 2 * 500
    assert packed.numbers is not None
    assert len(packed.numbers) == 24 * 500
    assert len(packed.columns) < 3_000
    assert len(packed.facts) < 1_000


def wide(columns: int) -> DriftReport:
    features = tuple(one(f"column {n}") for n in range(columns))
    return DriftReport(
        "m", Status.WARNING, features, START, 9, 9, "r", "p",
        window=WindowFacts(Period(START, START + timedelta(hours=1)), 4, since=Since(3, 2, START)),
        performance=Performance(
            "binary", Status.OK, {"f1": Metric("f1", 0.5, 0.4, (0.3, 0.5), status=Status.OK)}
        ),
    )  # fmt: skip


def one(name: str, method: str = "ks") -> FeatureDrift:
    result = DriftResult(
        method, 0.3, confidence_interval=(0.2, 0.4), threshold=Levels(0.05, 0.1), gates=True
    )
    return FeatureDrift(
        name, "numeric", "feature", Status.WARNING, method, None, 0.05, "", None, {method: result}
    )


def test_numbers_are_those_that_people_wrote() -> None:
    read = there_and_back(wide(1))
    assert read.cell("column 0") == Cell(Status.WARNING, "ks", 0.3, (0.2, 0.4), Levels(0.05, 0.1))
    assert read.missing("column 0") == 0.05


def test_without_numbers_there_are_statuses_and_tests() -> None:
    packed = replace(WindowSummary.of(wide(2)).packed(), numbers=None)
    again = WindowSummary.unpacked(packed).packed()
    for bare in (packed, again, replace(again, numbers=b"")):  # as a store keeps it
        read = WindowSummary.unpacked(bare)
        assert read.numbers is None
        assert read.cell("column 1") == Cell(Status.WARNING, "ks")
        assert read.missing("column 1") is None


def test_of_a_column_that_was_not_tested_nothing_is_said() -> None:
    read = there_and_back(wide(1))
    assert (read.status_of("other"), read.cell("other"), read.missing("other")) == (None,) * 3


def test_the_names_of_the_255th_test_and_of_those_before_are_told() -> None:
    """More tests than a byte can number: what they found is told all the same."""
    names = [f"{n:03}" for n in range(300)]
    report = replace(wide(0), features=(*(one(n, method=n) for n in names), one("x", method="7")))
    report = replace(report, features=(*report.features, one("y", method="000")))
    read = there_and_back(report)
    found = [read.cell(name) for name in names]
    assert [cell and cell.test for cell in found] == [*names[:255], *[None] * 45]
    assert [cell and cell.statistic for cell in found] == [0.3] * 300
    last = read.cell("y")
    assert last is not None
    assert last.test == "000"


def test_halves_of_a_character_are_not_the_whole_of_it() -> None:
    halves, character = "\ud83d\ude00", "\U0001f600"
    read = there_and_back(replace(wide(0), features=(one(halves, "ks"), one(character, "psi"))))
    found = [read.cell(name) for name in (halves, character)]
    assert [cell and cell.test for cell in found] == ["ks", "psi"]


def test_columns_that_are_the_same_are_read_once() -> None:
    first, second = there_and_back(wide(3)), there_and_back(wide(3))
    assert first.columns is second.columns
    assert first.places is second.places


SOUND = WindowSummary.of(wide(3)).packed()
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from(["2026-01-01", "2026-01-01T00:00:00", "OK", 10**400, -1, math.inf]),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
FACTS: dict[str, Any] = json.loads(SOUND.facts)


@st.composite
def changed(draw: st.DrawFn, data: bytes) -> bytes:
    """Bytes of which some are others, gone, or more."""
    found = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(found)))
        found[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(found)


def expect_sense_or_our_error(packed: PackedSummary) -> None:
    try:
        read = WindowSummary.unpacked(packed)
    except DataError:
        return
    assert isinstance(read.status, Status)
    assert {at.tzinfo is None for at in (read.start, read.end) if at} <= {False}
    assert {type(n) for n in (read.rows, read.not_used, read.drifted, read.undecided)} == {int}
    assert isinstance(read.shown, float)
    assert len(statuses_of(read)) == len(read.columns)
    for column in read.columns:
        cell = read.cell(column.name)
        assert cell is not None
        assert read.status_of(column.name) is cell.status
        assert isinstance(read.missing(column.name), float | None)
    for metric in read.metrics.values():
        assert isinstance(metric.status, Status)
        assert isinstance(metric.effect, float | int | None)
    if read.since is not None:
        read.since.in_words(read.end)
    assert WindowSummary.unpacked(read.packed()).packed() == read.packed()


@given(st.data())
def test_damage_of_any_part_is_our_error_or_makes_sense(data: st.DataObject) -> None:
    part = data.draw(st.sampled_from(["facts", "columns", "cells", "numbers"]))
    found = getattr(SOUND, part)
    if part == "facts":
        change: Any = data.draw(changed(found.encode())).decode(errors="replace")
    else:
        change = data.draw(changed(found))
    expect_sense_or_our_error(replace(SOUND, **{part: change}))
    if part != "facts":
        expect_sense_or_our_error(summed(replace(SOUND, **{part: change})))


def summed(packed: PackedSummary) -> PackedSummary:
    """With the sums of what it has, as if a fault of ours had made it."""
    sums = [zlib.crc32(packed.cells), zlib.crc32(packed.numbers or b"")]
    return replace(packed, facts=json.dumps(FACTS | {"sums": sums}))


@pytest.mark.parametrize("part", ["cells", "numbers", "columns"])
def test_a_bit_that_has_changed_is_noticed(part: str) -> None:
    """Nobody could tell that a number is another."""
    data = bytearray(getattr(SOUND, part))
    for bit in range(8 * len(data)):
        data[bit // 8] ^= 1 << bit % 8
        damaged: dict[str, Any] = {part: bytes(data)}
        with contextlib.suppress(DataError):
            read = WindowSummary.unpacked(replace(SOUND, **damaged))
            assert read.packed() == SOUND  # some bits of zlib's mean nothing
        data[bit // 8] ^= 1 << bit % 8


@given(st.sampled_from([*FACTS]), JSON)
@example("rows", math.inf)
@example("shown", 10**400)
@example("start", "2026-01-01T00:00:00")
@example("end", "2026-01-01")
@example("since", {"pane": 1, "windows": 1, "start": "2026-01-01T00:00:00"})
@example("metrics", {"f1": ["OK", 0.5, [0.1, 0.2], [], None]})
@example("metrics", {"f1": ["OK", 10**400, None, None, None]})
def test_facts_of_any_kind_are_our_error_or_make_sense(name: str, value: Any) -> None:
    expect_sense_or_our_error(replace(SOUND, facts=json.dumps(FACTS | {name: value})))
    expect_sense_or_our_error(replace(SOUND, facts=json.dumps(value)))


@given(JSON)
@example([["a", "b"]] * 3)
@example([[1, None, 2.5]] * 3)
def test_columns_of_any_kind_are_our_error_or_make_sense(value: Any) -> None:
    columns = zlib.compress(json.dumps(value).encode())
    expect_sense_or_our_error(replace(SOUND, columns=columns))
    expect_sense_or_our_error(summed(replace(SOUND, columns=columns, cells=b"", numbers=b"")))


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"a":' * 100_000])
def test_what_is_too_deep_to_read_is_our_error(deep: str) -> None:
    for packed in (
        replace(SOUND, facts=deep),
        replace(SOUND, columns=zlib.compress(deep.encode())),
    ):
        with pytest.raises(DataError, match="damaged"):
            WindowSummary.unpacked(packed)


@pytest.mark.parametrize("cut", [1, 3, 4, 10])
def test_columns_that_are_cut_short_are_noticed(cut: int) -> None:
    """The last bytes are a sum over all of them, which is to be compared."""
    with pytest.raises(DataError, match="cut short"):
        WindowSummary.unpacked(replace(SOUND, columns=SOUND.columns[:-cut]))


def test_columns_without_end_are_not_unpacked() -> None:
    packer = zlib.compressobj(1)
    bomb = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(128)) + packer.flush()
    assert len(bomb) < 1 << 20
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="too long"):
            WindowSummary.unpacked(replace(SOUND, columns=bomb))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 48 << 20


def test_columns_that_do_not_go_with_the_rest_are_not_kept() -> None:
    many = zlib.compress(json.dumps([["x", "numeric", "feature"]] * 1_000).encode())
    window_summary._columns.cache_clear()
    for _ in range(3):
        with pytest.raises(DataError, match="two bytes a column"):
            WindowSummary.unpacked(replace(SOUND, columns=many))
    assert window_summary._columns.cache_info().currsize == 0
