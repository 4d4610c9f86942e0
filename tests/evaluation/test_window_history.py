"""What evaluations leave of their windows, and what is made up of reports that left nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from driftwatch import Reference, Status
from driftwatch.core.data.batch import Batch
from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.reports.history import Cell
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.reports.window_summary import WindowSummary
from driftwatch.core.windows.evaluation_record import Evaluation
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.core.windows.stored import StoredReport, StoredWindow
from driftwatch.evaluation.stored_reports import report_of
from driftwatch.evaluation.window_history import summarize_older_reports, summary_for_store
from driftwatch.profiling.references import ReferenceOptions, build_reference
from driftwatch.protocols import Store
from driftwatch.stores import open_store
from driftwatch.stores.sqlite.memory import MemoryStore
from driftwatch.stores.sqlite.store import SQLiteStore
from driftwatch.streams.replay import replay
from tests.evaluation.test_evaluator import World
from tests.small_stream import START
from tests.stores.test_contract import evaluation

HOURS = 14


@pytest.fixture
def watched(reference: Reference, spec: WindowSpec, batch_of: Callable[..., Batch]) -> SQLiteStore:
    """A store of half a day: the data moves, and late rows have the last window reported anew."""
    world = World(reference, spec, batch_of)
    evaluator = world.evaluator()
    for hour in range(HOURS):
        world.pass_hour(shift=1.0 if hour >= 7 else 0.0)
        evaluator.step()
    world.deliver_late(2, 700)
    evaluator.step()
    evaluator.close()
    return world.store


def kept(store: Store) -> Sequence[StoredWindow]:
    return store.windows("m", limit=999, numbers=True)


def forget_windows(store: SQLiteStore) -> None:
    with store._database.transaction() as db:
        db.execute("DELETE FROM windows")


def test_an_evaluation_leaves_what_its_report_says(watched: SQLiteStore) -> None:
    newest: dict[int, StoredReport] = {}
    for stored in watched.reports("m", limit=999):
        newest.setdefault(stored.pane, stored)
    windows = kept(watched)
    assert [each.pane for each in windows] == sorted(newest)
    assert len(windows) == HOURS - 1
    assert [each.revision for each in windows] == [0] * (HOURS - 2) + [1]
    for window in windows:
        stored, read = newest[window.pane], WindowSummary.unpacked(window.summary)
        report = report_of(stored)
        assert report.window is not None
        assert (window.created, window.event) == (stored.created, stored.event)
        assert window.status.value == read.status.value == stored.status
        assert window.shown == read.shown
        assert read.end is not None
        assert read.end == report.window.period.end
        assert window.at == read.end.timestamp()
        assert read.rows == report.rows_current
        assert read.headline == report.headline()
        assert [column.name for column in read.columns] == ["c", "x"]
        for feature in report.features:
            said, cell = Cell.of(feature), read.cell(feature.name)
            assert cell is not None
            assert (cell.status, cell.test) == (said.status, said.test)
            assert cell.statistic == pytest.approx(said.statistic, rel=1e-6)
    assert {window.event for window in windows} >= {None, "raised"}
    assert windows[-1].status is Status.CRITICAL
    assert windows[-1].shown > 1


def test_summaries_that_are_made_up_are_those_of_the_evaluations(watched: SQLiteStore) -> None:
    before = kept(watched)
    forget_windows(watched)
    assert summarize_older_reports(watched, "m", most=99)
    assert kept(watched) == before
    assert summarize_older_reports(watched, "m", most=99)
    assert kept(watched) == before


def test_no_more_are_made_up_than_is_asked_for_and_the_newest_first(watched: SQLiteStore) -> None:
    before = kept(watched)
    forget_windows(watched)
    assert not summarize_older_reports(watched, "m", most=0)
    assert kept(watched) == []
    assert not summarize_older_reports(watched, "m", most=5)
    assert kept(watched) == before[-5:]
    assert not summarize_older_reports(watched, "m", most=len(before) - 6)
    assert summarize_older_reports(watched, "m", most=1)  # and that was the last
    assert kept(watched) == before
    assert summarize_older_reports(watched, "m", most=0)
    assert summarize_older_reports(watched, "another", most=1)


def test_a_replay_leaves_no_window(monkeypatch: pytest.MonkeyPatch) -> None:
    times = pd.to_datetime(START + pd.RangeIndex(6_000) * 5.0, unit="s", utc=True)
    data = pd.DataFrame({"ts": times, "x": [float(n % 50) for n in range(6_000)]})
    left: list[Evaluation] = []
    record = MemoryStore.record

    def watch(store: MemoryStore, made: Evaluation) -> bool:
        left.append(made)
        kept_it = record(store, made)
        assert not kept(store)
        return kept_it

    monkeypatch.setattr(MemoryStore, "record", watch)
    timeline = replay(data, reference_for(data), WindowSpec.of("1h", "1h", lateness="0s"))
    assert len(timeline.moments) == len(left) == 9
    assert {(made.report, made.window) for made in left} == {(None, None)}


def reference_for(data: pd.DataFrame) -> Reference:
    return build_reference(data, ReferenceOptions(DeclaredColumns.of(roles={"ts": "time"})))


def test_a_store_that_is_only_read_stays_as_it_is(watched: SQLiteStore, tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = SQLiteStore(path)
    assert store.lease("m", "a", now=0.0, seconds=10) == 1
    for stored in reversed(watched.reports("m", limit=2)):
        store.record(evaluation(1, stored.pane, report=stored.body))
    store.close()
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    reader = open_store(path, reads_only=True)
    assert not summarize_older_reports(reader, "m", most=99)
    assert kept(reader) == []
    reader.close()
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_reports_that_cannot_be_read_hide_none_and_are_not_tried_again(
    watched: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = kept(watched)
    first = sound[-1].pane + 1
    for pane in range(first, first + 45):
        record(watched, pane, "bz2:damaged")
    with watched._database.transaction() as db:
        db.execute("UPDATE reports SET body='{}' WHERE pane=? AND revision=0", (sound[1].pane,))
    forget_windows(watched)
    assert not summarize_older_reports(watched, "m", most=44)
    assert kept(watched) == []
    assert not summarize_older_reports(watched, "m", most=11)
    assert kept(watched) == sound[-10:]
    assert summarize_older_reports(watched, "m", most=99)
    assert kept(watched) == [sound[0], *sound[2:]]
    (strip,) = watched.window_strip("m", since=0.0, until=9e9, columns=1)
    assert strip.windows == len(sound) - 1
    monkeypatch.setattr("driftwatch.evaluation.window_history.report_of", pytest.fail)
    assert summarize_older_reports(watched, "m", most=99)


def record(store: Store, pane: int, body: str) -> None:
    token = store.lease("m", "later", now=9e9, seconds=10)
    assert token is not None
    assert store.record(evaluation(token, pane, report=body, created=9e9))


def no_zone(report: dict[str, Any]) -> None:
    at = "2026-01-01T00:00:00"
    report["window"] |= {"start": at, "end": at, "since": None}


def no_year(report: dict[str, Any]) -> None:
    report["window"] |= {"start": "0001-01-01T00:00:00", "end": "0001-01-01T00:00:00"}


def no_number(report: dict[str, Any]) -> None:
    report["not_used"] = report["window"]["not_used"] = {"late": "many"}


def no_status(report: dict[str, Any]) -> None:
    report["global_status"] = "FINE"


def mixed_zones(report: dict[str, Any]) -> None:
    report["window"]["since"] = {"pane": 1, "windows": 2, "start": "2026-01-01T00:00:00"}


@pytest.mark.parametrize("change", [no_zone, no_year, no_number, no_status, mixed_zones])
def test_a_report_that_makes_no_sense_is_passed_over(
    watched: SQLiteStore, change: Callable[[dict[str, Any]], None]
) -> None:
    sound = kept(watched)
    body = json.loads(watched.reports("m", limit=1)[0].body)
    change(body)
    record(watched, sound[-1].pane + 1, json.dumps(body))
    forget_windows(watched)
    assert summarize_older_reports(watched, "m", most=99)
    assert kept(watched) == sound
    assert watched.unsummarized("m", limit=9) == []


def test_a_window_that_is_counted_in_rows_ends_when_it_was_reported(watched: SQLiteStore) -> None:
    report = report_of(watched.reports("m", limit=1)[0])
    assert report.window is not None
    period = replace(report.window.period, start=None, end=None)
    by_rows = replace(report, window=replace(report.window, period=period))
    summary = summary_for_store(by_rows, pane=4, revision=2, created=77.5, event="raised")
    assert (summary.at, summary.created, summary.pane, summary.revision) == (77.5, 77.5, 4, 2)
    assert summary.event == "raised"
    assert WindowSummary.unpacked(summary.summary).end is None


def test_a_summary_of_a_report_that_was_read_is_that_of_the_report(watched: SQLiteStore) -> None:
    for stored in watched.reports("m", limit=9):
        report = report_of(stored)
        again = DriftReport.from_dict(json.loads(report.to_json()))
        assert WindowSummary.of(report).packed() == WindowSummary.of(again).packed()
