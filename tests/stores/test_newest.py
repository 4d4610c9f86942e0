"""The newest segment is found without a look at all of them: steps of SQLite are counted."""

from __future__ import annotations

import pytest

from driftwatch.core.windows.segments import Delivery, Segment
from driftwatch.stores.sqlite.database import Database
from driftwatch.stores.sqlite.segments import SegmentTables


def filled(database: Database, monitor: str, panes: int) -> None:
    segments = tuple(Segment(pane, 3600, 1, b"body") for pane in range(panes))
    SegmentTables(database).deliver(Delivery(monitor, "s", "e", 0, segments), now=0.0)


def steps(database: Database, monitor: str) -> tuple[int, int]:
    """The newest segment, and how many instructions SQLite went through for it."""
    taken = [0]

    def step() -> int:
        taken[0] += 1
        return 0

    with database.reading() as connection:
        connection.set_progress_handler(step, 1)
    found = SegmentTables(database).newest(monitor)
    with database.reading() as connection:
        connection.set_progress_handler(None, 1)
    return found, taken[0]


def test_it_costs_no_more_where_there_are_many_more() -> None:
    few, many = Database(None), Database(None)
    filled(few, "m", 300)
    filled(many, "m", 3_000)
    (first, small), (second, large) = steps(few, "m"), steps(many, "m")
    assert (first, second) == (300, 3_000)
    assert large <= 2 * small


@pytest.mark.parametrize("others", [0, 10, 255, 256, 257, 600])
def test_it_is_that_of_the_monitor_however_many_others_came_since(others: int) -> None:
    database = Database(None)
    filled(database, "m", 7)
    if others:
        filled(database, "other", others)
    tables = SegmentTables(database)
    assert tables.newest("m") == 7
    assert tables.newest("other") == (7 + others if others else 0)
    assert tables.newest("nobody") == 0
