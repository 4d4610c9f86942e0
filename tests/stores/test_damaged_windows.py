"""Summaries of windows in a file that is damaged: what is sound of them is taken over."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from driftwatch.core.reports.results import Status
from driftwatch.core.reports.window_summary import PackedSummary, WindowSummary
from driftwatch.stores.sqlite.shapes import SHAPES, is_sound
from driftwatch.stores.sqlite.store import SQLiteStore
from tests.core.reports.test_window_summary import wide
from tests.stores.test_contract import evaluation
from tests.stores.test_damage import DAMAGE, fill, set_bytes, sql
from tests.stores.test_windows_contract import kept, window

PANES = 12


@cache
def summary(pane: int) -> PackedSummary:
    """Of a row that is smaller than a page, or goes over several."""
    columns = pane if pane % 2 else 500 + pane
    return WindowSummary.of(replace(wide(columns), rows_current=pane)).packed()


WINDOWS = [
    window(
        pane,
        revision=pane % 2,
        summary=summary(pane),
        status=[*Status][pane % 5],
        shown=float(pane),  # a whole number, which SQLite keeps as one
        event="raised" if pane == 5 else None,
    )
    for pane in range(PANES)
]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A store with segments, reports, their windows, and one report that cannot be read."""
    path = tmp_path_factory.mktemp("sound") / "s.db"
    fill(path)
    store = SQLiteStore(path)
    token = store.lease("m", "here", now=1.0, seconds=1.0)
    assert token is not None
    for each in WINDOWS:
        for revision in range(each.revision + 1):
            of_it = window(each.pane) if revision < each.revision else each
            facts = {"revision": revision, "event": of_it.event}
            assert store.record(evaluation(token, each.pane, window=of_it, **facts))
    assert store.record(evaluation(token, PANES, report="{}"))
    store.pass_over("m", store.unsummarized("m", limit=9))
    store.close()
    return path.read_bytes()


@pytest.fixture
def path(sound: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "s.db"
    path.write_bytes(sound)
    return path


@pytest.mark.parametrize("kind", DAMAGE)
def test_windows_are_taken_over_from_a_damaged_file(path: Path, kind: str) -> None:
    DAMAGE[kind](path)
    store = SQLiteStore(path)
    assert store.damage is not None
    assert kept(store) == WINDOWS
    assert store.unsummarized("m", limit=9) == []
    token = store.lease("m", "here", now=2.0, seconds=1.0)
    assert token is not None
    revised = window(3, revision=2, summary=summary(99))
    assert store.record(evaluation(token, 3, revision=2, window=revised))
    assert kept(store) == [*WINDOWS[:3], revised, *WINDOWS[4:]]
    assert store.forget_reports("m", before=9.0) > 0
    assert kept(store) == [WINDOWS[5]]
    store.close()


IMPOSSIBLE = {
    "severity=9": "a status that is none",
    "severity=-2": "another",
    "created=1e300": "a time beyond all dates",
    "at=-1e12": "a time before all dates",
    "revision=-1": "a revision before the first",
    "facts='{'": "facts that are no JSON",
    "event=CAST(x'72ff' AS TEXT)": "a text that is no Unicode",
}


@pytest.mark.parametrize("change", IMPOSSIBLE)
@pytest.mark.parametrize("running", [False, True])
def test_a_window_that_cannot_be_one_is_left_out_and_made_up_again(
    path: Path, change: str, running: bool
) -> None:
    early = SQLiteStore(path) if running else None
    sql(path, f"UPDATE windows SET {change} WHERE pane=4")  # noqa: S608
    store = early or SQLiteStore(path)
    if early is None:
        assert store.damage is not None
    found = kept(store)
    if running and not change.startswith(("severity=9", "event")):  # nobody stumbles over it yet
        assert [each for each in found if each.pane != 4] == [*WINDOWS[:4], *WINDOWS[5:]]
        store.close()
        store = SQLiteStore(path)
        assert store.damage is not None
    assert kept(store) == [*WINDOWS[:4], *WINDOWS[5:]]
    assert [each.pane for each in store.unsummarized("m", limit=9)] == [4]
    store.close()


@pytest.mark.parametrize("part", ["numbers", "cells", "columns"])
def test_a_window_whose_bytes_are_others_is_left_out_and_made_up_again(
    path: Path, part: str
) -> None:
    sql(path, f"UPDATE windows SET {part}=zeroblob(length({part})) WHERE pane=6")  # noqa: S608
    set_bytes(path, 3, b"X")  # and what makes somebody look
    store = SQLiteStore(path)
    assert store.damage is not None
    assert kept(store) == [*WINDOWS[:6], *WINDOWS[7:]]
    assert [each.pane for each in store.unsummarized("m", limit=9)] == [6]
    store.close()


ROW: dict[str, Any] = {
    "id": 1,
    "monitor": "m",
    "pane": -3,
    "revision": 0,
    "created": 1.5,
    "at": 7,
    "severity": 4,
    "shown": 0.5,
    "event": None,
    "facts": "{}",
    "columns": b"",
    "cells": b"",
    "numbers": b"",
}
WRONG: dict[str, list[Any]] = {
    "id": [0, None, "1"],
    "monitor": [None, b"m", 1],
    "pane": [None, 1.5, "1"],
    "revision": [None, -1, 1.5],
    "created": [None, "1", 1e300, float("nan")],
    "at": [None, b"", -1e300],
    "severity": [None, 5, -2, 1.0, "OK"],
    "shown": [None, "much"],
    "event": [b"raised", 1],
    "facts": [None, "", "{", b"{}"],
    "columns": [None, "text", 1],
    "cells": [None, "text"],
    "numbers": [None, 1.5],
}


def test_the_shape_of_a_window_is_known() -> None:
    assert list(ROW) == list(WRONG) == list(SHAPES["windows"])
    for others in ({}, {"event": "raised"}, {"severity": -1}, {"shown": 7}, {"at": -7.25}):
        assert is_sound("windows", list((ROW | others).values()))
    for name, values in WRONG.items():
        for value in values:
            row = list((ROW | {name: value}).values())
            assert not is_sound("windows", row), (name, value)
    assert not is_sound("windows", list(ROW.values())[:-1])
    assert not is_sound("windows", [*ROW.values(), b""])


def test_what_is_kept_is_of_that_shape(path: Path) -> None:
    store = SQLiteStore(path)
    with store._database.reading() as db:
        rows = db.execute("SELECT * FROM windows").fetchall()
    store.close()
    assert len(rows) == PANES + 1
    assert all(is_sound("windows", row) for row in rows)
