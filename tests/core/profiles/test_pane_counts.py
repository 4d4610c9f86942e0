from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from driftwatch import Column, Kind, Monitor
from driftwatch.core.data.batch import batches_of
from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.profiles.pane_counts import MOST_PANES, PaneCounts
from driftwatch.core.sketches.grid import Grid
from driftwatch.errors import ConfigError, ProfileFormatError, UnknownColumnError

START = datetime(2024, 1, 1, tzinfo=UTC)
COLUMNS = {"x": Column("x", Kind.NUMERIC), "c": Column("c", Kind.CATEGORICAL)}
HOUR = 3600


def panes(width: int = HOUR) -> PaneCounts:
    return PaneCounts("ts", width, {"x": Grid(np.array([0.0, 1.0])), "c": ("a", "b")})


def fed(
    rows: list[tuple[datetime | None, float | None, str | None]], width: int = HOUR
) -> PaneCounts:
    counts = panes(width)
    data: dict[str, list[Any]] = {
        "ts": [row[0] for row in rows],
        "x": [row[1] for row in rows],
        "c": [row[2] for row in rows],
    }
    for batch in batches_of(data):
        counts.update(batch, COLUMNS, ValueGuard())
    return counts


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def test_rows_are_counted_in_their_panes_and_cells() -> None:
    found = fed([(at(0), 0.5, "a"), (at(0.99), 2.0, "z"), (at(2), None, None), (at(0.5), 0.0, "b")])
    assert list(found.rows.values()) == [3, 1]
    assert found.matrix("x").tolist() == [[1, 1, 1], [0, 0, 0]]
    assert found.matrix("c").tolist() == [[1, 1, 1], [0, 0, 0]]


def test_panes_are_half_open_and_in_order_of_time() -> None:
    found = fed(
        [(at(1), 0.0, "a"), (at(0), 0.0, "a"), (at(1) - timedelta(microseconds=1), 0.0, "a")]
    )
    assert [found.rows[pane] for pane in sorted(found.rows)] == [2, 1]


def test_times_before_1970_have_panes_too() -> None:
    early = datetime(1969, 12, 31, 23, 59, tzinfo=UTC)
    assert list(fed([(early, 0.0, "a")]).rows) == [-1]


def test_rows_without_a_time_are_counted_apart() -> None:
    found = fed([(at(0), 0.0, "a"), (None, 0.0, "a"), (None, 1.0, "b")])
    assert (sum(found.rows.values()), found.untimed) == (1, 2)


def test_many_panes_are_rolled_up_and_nothing_is_lost() -> None:
    found = fed([(at(hour), 0.5, "a") for hour in range(1_000)])
    assert len(found.rows) <= MOST_PANES
    assert found.width == 4 * HOUR
    assert sum(found.rows.values()) == int(found.matrix("x").sum()) == 1_000
    assert set(found.rows.values()) == {4}


def test_merged_panes_are_those_of_all_rows() -> None:
    rows: list[Any] = [(at(hour / 3), hour % 5 - 2.0, "abz"[hour % 3]) for hour in range(300)]
    both, left, right = fed(rows), fed(rows[:100]), fed(rows[100:])
    merged, other_way = left.merged(right), right.merged(left)
    for found in (merged, other_way):
        assert found is not None
        assert found.to_sections() == both.to_sections()
    assert left.to_sections() == fed(rows[:100]).to_sections()


def test_panes_of_other_widths_meet_at_the_wider_one() -> None:
    fine, coarse = (
        fed([(at(0.1), 0.5, "a"), (at(1.1), 0.5, "a")]),
        fed([(at(0), 0.5, "b")], 2 * HOUR),
    )
    merged = fine.merged(coarse)
    assert merged is not None
    assert (merged.width, list(merged.rows.values())) == (2 * HOUR, [3])
    assert fine.merged(fed([(at(0), 0.5, "b")], 3 * HOUR)) is None


def test_panes_of_other_cells_do_not_merge() -> None:
    assert panes().merged(PaneCounts("ts", HOUR, {})) is None
    assert panes().merged(None) is None


def test_panes_survive_their_bytes() -> None:
    found = fed([(at(hour), 0.5, "a") for hour in range(10)])
    again = PaneCounts.from_sections(found.to_sections())
    assert again is not None
    assert again.to_sections() == found.to_sections()
    assert PaneCounts.from_sections({}) is None


@pytest.mark.parametrize(
    "change",
    [
        {"panes": b"{"},
        {"panes/0": b"\0" * 8},
        {"panes/0": (-np.ones(30, dtype="<i8")).tobytes()},
    ],
)
def test_damaged_panes_are_refused(change: dict[str, bytes]) -> None:
    sections = fed([(at(hour), 0.5, "a") for hour in range(10)]).to_sections()
    with pytest.raises(ProfileFormatError):
        PaneCounts.from_sections(sections | change)


def test_what_is_no_time_is_counted_and_takes_no_other_with_it() -> None:
    counted = panes()
    times = ["yesterday", "1970-01-01T00:30:00", None, 1_800]
    counted.update(next(batches_of({"ts": times, "x": [1.0] * 4})), COLUMNS, ValueGuard())
    assert (dict(counted.rows), counted.untimed) == ({0: 2}, 2)
    data = {"ts": ["yesterday", "today"] * 50, "x": [1.0] * 100}
    with pytest.raises(ConfigError, match="holds no times, but such as 'yesterday'; write them"):
        Monitor(data, roles={"ts": "time"}, pane="1h")
    people = {"ts": ["ann@example.com", "bob@example.com"] * 50, "x": [1.0] * 100}
    with pytest.raises(ConfigError, match="holds no times; write them"):
        Monitor(people, roles={"ts": "time"}, pane="1h")
    with pytest.raises(UnknownColumnError):
        panes().update(next(batches_of({"x": [1.0]})), COLUMNS, ValueGuard())
    with pytest.raises(ConfigError, match="at least a second"):
        panes(0)
