"""What every store must do with summaries of windows: see `driftwatch.protocols.Windows`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from driftwatch.core.reports.results import Status
from driftwatch.core.reports.window_summary import PackedSummary
from driftwatch.core.windows.stored import StoredReport, StoredWindow, StripCell
from driftwatch.errors import StoreError
from driftwatch.protocols import Store
from driftwatch.stores import open_store
from driftwatch.stores.sqlite.store import SQLiteStore
from tests.stores.test_contract import evaluation

HOUR = 3600.0


def window(pane: int, **more: Any) -> StoredWindow:
    """Of an hour; every fact of it is one of its pane."""
    facts: dict[str, Any] = {
        "revision": 0,
        "created": 1.0,
        "at": pane * HOUR,
        "event": None,
        "summary": packed(f"{pane}"),
        "status": Status.OK,
        "shown": 0.25,
    }
    return StoredWindow(pane, **(facts | more))


def packed(text: str) -> PackedSummary:
    data = text.encode()
    return PackedSummary(f'{{"of":"{text}"}}', b"col" + data, b"cell" + data, b"num" + data)


def record(store: Store, pane: int, **more: Any) -> bool:
    """Keep a report and its window under the lease that is held."""
    token = store.lease("m", "a", now=0.0, seconds=10)
    assert token is not None
    mine = {name: value for name, value in more.items() if name in ("revision", "created", "event")}
    return store.record(evaluation(token, pane, window=window(pane, **more), **mine))


def kept(store: Store, monitor: str = "m") -> Sequence[StoredWindow]:
    return store.windows(monitor, limit=99, numbers=True)


def panes(windows: Any) -> list[int]:
    return [each.pane for each in windows]


def test_a_window_is_kept_with_its_evaluation(store: Store) -> None:
    first = window(7, status=Status.CRITICAL, shown=3.5, event="raised", created=8.0)
    assert record(store, 7, status=Status.CRITICAL, shown=3.5, event="raised", created=8.0)
    assert record(store, 8)
    assert kept(store) == [first, window(8)]
    assert kept(store, "another") == []
    assert store.lease("m", "a", now=0.0, seconds=10) == 1
    assert store.record(evaluation(1, 9))
    assert panes(kept(store)) == [7, 8]  # an evaluation may have none


def test_a_window_without_numbers_is_kept(store: Store) -> None:
    bare = PackedSummary("{}", b"c", b"", None)
    assert record(store, 1, summary=bare)
    (found,) = store.windows("m", limit=9)
    assert found.summary == bare
    (found,) = kept(store)
    assert not found.summary.numbers


def test_a_revision_takes_the_place_of_the_window_of_its_pane(store: Store) -> None:
    for pane in (1, 2):
        record(store, pane)
    revised = window(
        1, revision=1, created=9.0, summary=packed("again"), status=Status.WARNING, shown=1.5
    )
    assert record(
        store, 1, revision=1, created=9.0, summary=revised.summary, status=Status.WARNING, shown=1.5
    )
    assert kept(store) == [revised, window(2)]
    # A state that was lost makes an evaluator begin again: the report that is there stays.
    assert record(store, 1, created=99.0, summary=packed("lost"))
    assert record(store, 1, revision=1, created=99.0, summary=packed("lost"))
    assert kept(store) == [revised, window(2)]
    found = store.report_on("m", 1)
    assert found is not None
    assert (found.revision, found.created) == (1, 9.0)


def test_an_older_report_does_not_take_the_place_of_a_newer_window(store: Store) -> None:
    record(store, 1, revision=2)
    record(store, 1, revision=1, summary=packed("older"))
    assert kept(store) == [window(1, revision=2)]


def test_under_a_lost_lease_no_window_is_kept(store: Store) -> None:
    record(store, 1)
    assert store.lease("m", "b", now=99.0, seconds=10) == 2
    assert not store.record(evaluation(1, 1, revision=1, window=window(1, revision=1)))
    assert not store.record(evaluation(1, 2, window=window(2)))
    assert kept(store) == [window(1)]
    assert store.record(evaluation(2, 2, window=window(2)))
    assert panes(kept(store)) == [1, 2]


def test_windows_are_the_newest_of_a_stretch_and_the_oldest_comes_first(store: Store) -> None:
    record(store, 9, at=3 * HOUR)  # ends with another
    for pane in (5, 1, 4, 2, 3):
        record(store, pane)

    def found(**more: Any) -> list[int]:
        return panes(store.windows("m", limit=more.pop("limit", 99), **more))

    assert found() == [1, 2, 3, 9, 4, 5]
    assert found(limit=2) == [4, 5]
    assert found(limit=3) == [9, 4, 5]
    assert found(limit=4) == [3, 9, 4, 5]
    assert found(since=2 * HOUR, until=4 * HOUR) == [2, 3, 9, 4]
    assert found(since=2 * HOUR + 1, until=4 * HOUR - 1) == [3, 9]
    assert found(since=4 * HOUR) == [4, 5]
    assert found(until=2 * HOUR) == [1, 2]
    assert found(until=4 * HOUR, limit=2) == [9, 4]
    assert found(since=6 * HOUR) == found(until=0.0) == found(limit=0) == []


def test_numbers_are_read_where_they_are_asked_for(store: Store) -> None:
    record(store, 1)
    (without,) = store.windows("m", limit=9)
    assert without.summary.numbers is None
    (with_numbers,) = kept(store)
    assert with_numbers.summary == packed("1")


def test_a_strip_has_the_worst_of_each_part(store: Store) -> None:
    for pane, status, shown in (
        (1, Status.OK, 0.9),
        (2, Status.INSUFFICIENT_DATA, 0.0),
        (3, Status.WARNING, 1.5),
        (4, Status.UNDECIDED, 2.5),
        (7, Status.CRITICAL, 4.0),
        (8, Status.WARNING, 8.0),
    ):
        record(store, pane, status=status, shown=shown)
    assert store.window_strip("m", since=0.0, until=8 * HOUR, columns=4) == [
        StripCell(0, Status.OK, 0.9, 2, 2 * HOUR),
        StripCell(1, Status.WARNING, 2.5, 2, 4 * HOUR),
        StripCell(3, Status.CRITICAL, 8.0, 2, 8 * HOUR),
    ]
    assert store.window_strip("another", since=0.0, until=8 * HOUR, columns=4) == []


@pytest.mark.parametrize("start", [0.0, 1_767_225_600.0, -7_200.0])
def test_a_window_is_in_the_part_that_it_ends(store: Store, start: float) -> None:
    """Hours of a day: each is one window, and none is in the part that begins with its end."""
    for pane in range(25):
        record(store, pane, at=start + pane * HOUR)
    day = {"since": start, "until": start + 24 * HOUR}
    hours = store.window_strip("m", **day, columns=24)
    assert [(cell.place, cell.windows, cell.at) for cell in hours] == [
        (pane - 1, 1, start + pane * HOUR) for pane in range(1, 25)
    ]
    sixths = store.window_strip("m", **day, columns=6)
    assert [(cell.place, cell.windows) for cell in sixths] == [(place, 4) for place in range(6)]
    (whole,) = store.window_strip("m", **day, columns=1)
    assert (whole.place, whole.windows, whole.at) == (0, 24, start + 24 * HOUR)


def test_the_ends_of_a_strip(store: Store) -> None:
    for pane, at in enumerate((10.0, 10.0 + 1e-9, 20.0 - 1e-9, 20.0, 20.0 + 1e-6)):
        record(store, pane, at=at)
    cells = store.window_strip("m", since=10.0, until=20.0, columns=7)
    assert [(cell.place, cell.windows) for cell in cells] == [(0, 1), (6, 2)]
    record(store, 9, at=5e-324)  # so close to the beginning that no difference is seen
    assert store.window_strip("m", since=0.0, until=9.0, columns=3)[0].place == 0
    assert store.window_strip("m", since=20.0, until=20.0, columns=3) == []
    assert store.window_strip("m", since=20.0, until=10.0, columns=3) == []


def test_the_report_on_a_window_is_the_newest(store: Store) -> None:
    assert store.lease("m", "a", now=0.0, seconds=10) == 1
    for revision in (0, 1):
        store.record(evaluation(1, 3, revision=revision, report=f'{{"revision": {revision}}}'))
    store.record(evaluation(1, 4, event="raised", status="WARNING", created=5.0))
    assert store.report_on("m", 3) == StoredReport(3, 1, 1.0, "OK", None, '{"revision": 1}')
    assert store.report_on("m", 4) == StoredReport(4, 0, 5.0, "WARNING", "raised", "{}")
    assert store.report_on("m", 5) is None
    assert store.report_on("another", 3) is None


def test_reports_without_a_summary_are_told_the_newest_first(store: Store) -> None:
    assert store.lease("m", "a", now=0.0, seconds=10) == 1
    for pane in range(5):
        store.record(evaluation(1, pane, report=f'{{"pane": {pane}}}'))
    store.record(evaluation(1, 2, revision=1, event="raised", report='{"pane": "two"}'))
    record(store, 3, revision=1)

    def left(limit: int) -> list[tuple[int, int, str]]:
        found = store.unsummarized("m", limit=limit)
        return [(each.pane, each.revision, each.body) for each in found]

    whole = [(2, 1, '{"pane": "two"}'), *((n, 0, f'{{"pane": {n}}}') for n in (4, 1, 0))]
    assert left(99) == whole
    assert store.unsummarized("m", limit=1)[0] == store.report_on("m", 2)
    for limit in range(4):
        assert left(limit) == whole[:limit]
    store.keep_windows("m", [window(4)])
    assert left(2) == [whole[0], whole[2]]
    assert store.unsummarized("another", limit=9) == []


def test_what_is_kept_later_takes_the_place_of_nothing(store: Store) -> None:
    assert store.lease("m", "a", now=0.0, seconds=10) == 1
    store.record(evaluation(1, 1))
    record(store, 2, revision=1)
    made_up = [window(1, summary=packed("x")), window(2, summary=packed("y"))]
    store.keep_windows("m", made_up)
    assert kept(store) == [made_up[0], window(2, revision=1)]
    store.keep_windows("m", [window(1, summary=packed("z"), revision=5)])
    assert kept(store) == [made_up[0], window(2, revision=1)]
    store.keep_windows("m", [])
    assert record(store, 1, revision=1)  # but a new report does
    assert kept(store) == [window(1, revision=1), window(2, revision=1)]


def test_a_report_that_cannot_be_read_has_no_window_and_is_not_given_again(store: Store) -> None:
    assert store.lease("m", "a", now=0.0, seconds=10) == 1
    for pane in range(3):
        store.record(evaluation(1, pane, created=HOUR * pane))
    newest, *_, oldest = store.unsummarized("m", limit=9)
    store.pass_over("m", [newest])
    assert panes(store.unsummarized("m", limit=9)) == [1, 0]
    assert kept(store) == []
    assert store.window_strip("m", since=-1.0, until=9 * HOUR, columns=1) == []
    store.keep_windows("m", [window(0)])
    store.pass_over("m", [oldest])  # somebody else could read it
    assert kept(store) == [window(0)]
    assert record(store, 2, revision=1)  # late rows: it is reported anew
    assert panes(kept(store)) == [0, 2]
    assert store.forget_reports("m", before=9 * HOUR) == 4
    assert kept(store) == []


def test_windows_are_forgotten_with_their_reports_but_for_those_of_alarms(store: Store) -> None:
    for pane in range(5):
        record(store, pane, created=float(pane), event="raised" if pane == 1 else None)
    assert store.forget_reports("another", before=9.0) == 0
    assert store.forget_reports("m", before=3.0) == 2
    assert panes(kept(store)) == [1, 3, 4]
    assert sorted(panes(store.reports("m", limit=9))) == [1, 3, 4]
    assert store.unsummarized("m", limit=9) == []


def test_windows_outlive_the_process(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = open_store(path)
    record(store, 1)
    store.close()
    store = open_store(path)
    assert kept(store) == [window(1)]
    store.close()


def test_of_reports_that_are_not_given_no_body_is_read(tmp_path: Path) -> None:
    """One of 500 features is a megabyte, and there may be thousands."""
    store = SQLiteStore(tmp_path / "s.db")
    assert store.lease("m", "a", now=0.0, seconds=10) == 1
    for pane in range(3):
        store.record(evaluation(1, pane))
    with store._database.transaction() as db:
        db.execute("UPDATE reports SET body=? WHERE pane<>2", ("x" * 400_000,))
    with store._database.reading() as db:
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 100_000)
    assert panes(store.unsummarized("m", limit=1)) == [2]
    with pytest.raises(StoreError):
        store.unsummarized("m", limit=2)
    store.close()
