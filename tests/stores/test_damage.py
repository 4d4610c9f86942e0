"""Damage of every kind, before a store is opened and while it is in use."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from driftwatch import Monitor, Reference
from driftwatch.core.windows.segments import CursorMove, Delivery, Outcome, Segment
from driftwatch.errors import StoreError
from driftwatch.profiling.build import profile_data
from driftwatch.stores.compaction import compact
from driftwatch.stores.sqlite.shapes import ROW_TABLES, SHAPES, is_sound
from driftwatch.stores.sqlite.soundness import expected_schema
from driftwatch.stores.sqlite.store import SQLiteStore
from driftwatch.stores.sqlite.tables import MIGRATIONS
from tests.stores.test_sqlite import segment

COUNT = 30


def delivery(number: int) -> Delivery:
    body = bytes([number]) * (400 + 300 * number)
    one = Segment(number, 3600, 10, body, 0, number * 3600.0, number * 3600.0 + 5, "r")
    move = CursorMove("p", number, number + 1)
    return Delivery("m", "a", "e", number, (one,), {"late": 1}, (move,))


def fill(path: Path) -> None:
    store = SQLiteStore(path)
    for number in range(COUNT):
        store.deliver(delivery(number), now=1.0)
    store.adopt_reference("m", "r", b"profile" * 100, model_version=None, now=1.0)
    assert store.lease("m", "here", now=1.0, seconds=1.0) == 1
    store.close()


def change(path: Path, before: bytes, after: bytes) -> None:
    data = path.read_bytes()
    assert before in data
    assert len(before) == len(after)
    path.write_bytes(data.replace(before, after))


def sql(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


def set_bytes(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "a column that is renamed": lambda path: sql(
        path, "ALTER TABLE segments RENAME COLUMN pane TO plane"
    ),
    "a table that is renamed": lambda path: sql(path, "ALTER TABLE refs RENAME TO refz"),
    "a table that is gone": lambda path: sql(path, "DROP TABLE leases"),
    "an index that is gone": lambda path: sql(path, "DROP INDEX segments_by_pane"),
    "a trigger": lambda path: sql(
        path, "CREATE TRIGGER t AFTER INSERT ON segments BEGIN DELETE FROM segments; END"
    ),
    "a byte of the schema": lambda path: change(
        path, b"CREATE TABLE segments", b"CREATE TAB\xc5E segments"
    ),
    "a byte in the definition of a column": lambda path: change(
        path, b"holder TEXT NOT NULL", b"ho\xffder TEXT NOT NULL"
    ),
    "a text of a reference": lambda path: sql(
        path, "UPDATE uses SET reference=CAST(x'72ff' AS TEXT)"
    ),
    "a text of a segment": lambda path: sql(
        path, "UPDATE segments SET monitor=CAST(x'6dff' AS TEXT) WHERE id=3"
    ),
    "a state that is not JSON": lambda path: sql(
        path, "INSERT OR REPLACE INTO states VALUES ('m', 1, '{\"a\": ')"
    ),
    "a time beyond all dates": lambda path: sql(path, "UPDATE sources SET latest=1e300"),
    "the version": lambda path: set_bytes(path, 60, bytes([0, 0, 0, 2])),
    "a version below zero": lambda path: set_bytes(path, 60, b"\xff\0\0\0"),
    "the encoding": lambda path: set_bytes(path, 56, bytes([0, 0, 0, 2])),
    "the page size": lambda path: set_bytes(path, 16, b"\x12\x34"),
    "the page size, to another": lambda path: set_bytes(path, 16, b"\x20\x00"),
    "the format": lambda path: set_bytes(path, 18, b"\x07"),
    "the schema format": lambda path: set_bytes(path, 44, b"\x09"),
    "a letter of the header": lambda path: set_bytes(path, 3, b"X"),
    "a letter of the mark": lambda path: set_bytes(path, 69, b"x"),
}
LOST = {"a text of a segment": 1}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_set_aside_and_every_sound_segment_taken_over(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "s.db"
    fill(path)
    DAMAGE[kind](path)
    with caplog.at_level(logging.WARNING, "driftwatch"):
        store = SQLiteStore(path)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert store.damage is not None
    assert "set aside as s.db.corrupt-1" in store.damage
    (note,) = (row for row in store.quarantine() if row.what == "database")
    assert note.reason == store.damage
    assert (tmp_path / "s.db.corrupt-1").exists()
    assert store.overview("m").rows == 10 * (COUNT - LOST.get(kind, 0))
    assert store.cursor("m", "p") == COUNT
    for number in range(COUNT):
        assert store.deliver(delivery(number), now=2.0) is not Outcome.STORED
    assert store.deliver(delivery(COUNT), now=2.0) is Outcome.STORED
    store.close()
    again = SQLiteStore(path)
    assert again.damage is None
    again.close()


AT_REST = ("the ", "a version", "a letter", "a byte", "a trigger")
RUNNING = [kind for kind in DAMAGE if not kind.startswith(AT_REST)]


@pytest.mark.parametrize("kind", RUNNING)
def test_damage_under_a_running_process_costs_no_call(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "s.db"
    fill(path)
    store = SQLiteStore(path)
    DAMAGE[kind](path)
    assert store.deliver(delivery(COUNT), now=2.0) is Outcome.STORED
    store.references_in_use("m")
    store.lease("m", "here", now=1.0, seconds=1.0)
    store.segments("m", width=3600, first=0, last=COUNT)
    store.state("m")
    assert store.overview("m").rows == 10 * (COUNT + 1 - LOST.get(kind, 0))
    store.close()


def test_a_mistake_of_a_caller_sets_nothing_aside(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    fill(path)
    store = SQLiteStore(path)
    wrong = Delivery("m", "a", "e", COUNT, (Segment(1, 3600, None, b"x"),))  # type: ignore[arg-type]
    with pytest.raises(StoreError, match=r"NOT NULL|datatype"):
        store.deliver(wrong, now=1.0)
    with pytest.raises(ValueError, match="of a caller"), store._database.transaction():
        raise ValueError("of a caller")
    assert store.damage is None
    assert [file.name for file in tmp_path.glob("*corrupt*")] == []
    store.close()


def test_a_flush_goes_through_whatever_happened_to_the_file(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    start = datetime(2026, 1, 1, tzinfo=UTC)
    monitor = Monitor(
        {"x": [float(k % 50) for k in range(500)]}, store=path, window="1h", clock=lambda: start
    )
    for turn in range(3):
        for k in range(20):
            monitor.observe({"x": float(k)}, at=start + timedelta(seconds=k))
        assert monitor.flush() == 20
        if turn == 0:
            sql(path, "UPDATE uses SET reference=CAST(x'72ff' AS TEXT)")
        elif turn == 1:
            sql(path, "ALTER TABLE cursors RENAME COLUMN position TO place")
    monitor.close()
    store = SQLiteStore(path)
    (name,) = store.monitors()
    assert store.overview(name).rows == 60
    store.close()


def test_what_compaction_merged_does_not_come_back(tmp_path: Path) -> None:
    data = {"x": [float(k % 50) for k in range(500)], "c": ["a", "b"] * 250}
    reference = Reference(profile_data(data, reference=True))
    path = tmp_path / "s.db"
    store = SQLiteStore(path)
    for number in range(12):
        one = segment(reference, number // 3, 5, number)
        store.deliver(Delivery("m", "a", "e", number, (one,)), now=0.0)
    store.set_aside("m", 12, "for the test")
    compact(store, "m", before=3, width=3600)
    assert store.expire("m", width=3600, before=1) == 15
    rows = store.overview("m").rows
    newest = store.newest("m")
    store.close()
    set_bytes(path, 3, b"X")
    store = SQLiteStore(path)
    assert store.damage is not None
    assert store.overview("m").rows == rows == 40
    assert [row.rows for row in store.quarantine("m") if row.what != "database"] == [5]
    again = Delivery("m", "new", "n", 0, (segment(reference, 1, 3, 99),))
    assert store.deliver(again, now=0.0) is Outcome.STORED
    assert store.newest("m") > newest
    store.close()


def test_what_is_still_in_the_log_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = SQLiteStore(path)
    with store._database.reading() as db:
        db.execute("PRAGMA wal_autocheckpoint=0")
    for number in range(COUNT):
        store.deliver(delivery(number), now=1.0)
    copy = tmp_path / "copy"
    copy.mkdir()
    for end in ("", "-wal"):
        (copy / f"s.db{end}").write_bytes(path.with_name(f"s.db{end}").read_bytes())
    store.close()
    set_bytes(copy / "s.db", 3, b"X")
    salvaged = SQLiteStore(copy / "s.db")
    assert salvaged.overview("m").rows == 10 * COUNT
    assert salvaged.cursor("m", "p") == COUNT
    salvaged.close()


@pytest.mark.parametrize("table", ["accepted", "cursors", "copies", "sources"])
def test_notes_of_deliveries_that_are_damaged_count_nothing_twice(
    tmp_path: Path, table: str
) -> None:
    path = tmp_path / "s.db"
    fill(path)
    with contextlib.closing(sqlite3.connect(path)) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name=?", (table,)).fetchone()
    set_bytes(path, (root - 1) * 4096, bytes(4096))
    store = SQLiteStore(path)
    assert store.cursor("m", "p") == COUNT
    for number in range(COUNT):
        again = Delivery("m", "a", "e", number, delivery(number).segments)
        assert store.deliver(again, now=2.0) is Outcome.DUPLICATE
    assert store.overview("m").rows == 10 * COUNT
    store.close()


def test_a_number_that_has_changed_in_the_notes_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    fill(path)
    sql(path, "UPDATE accepted SET high=4")
    store = SQLiteStore(path)
    for number in range(COUNT):
        again = Delivery("m", "a", "e", number, delivery(number).segments)
        assert store.deliver(again, now=2.0) is Outcome.DUPLICATE
    store.close()


def test_keys_of_a_source_that_was_lost_with_the_damage_are_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    fill(path)
    store = SQLiteStore(path)
    assert store.deliver(Delivery("m", "b", "e", 0), now=1.0) is Outcome.STORED
    store.close()
    lost = "DELETE FROM sources WHERE source='a'"
    sql(path, "UPDATE accepted SET epoch='r' WHERE source='a'", lost, "DROP TABLE leases")
    store = SQLiteStore(path)
    assert store.damage is not None
    for number in range(COUNT):
        again = Delivery("m", "a", "e", number, delivery(number).segments)
        assert store.deliver(again, now=2.0) is Outcome.DUPLICATE
    assert store.overview("m").rows == 10 * COUNT
    store.close()


def test_a_segment_says_whose_rows_it_has(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    fill(path)
    sql(path, "UPDATE segments SET pane=9999999 WHERE id=2")
    sql(path, "UPDATE segments SET rows=-1 WHERE id=3")
    store = SQLiteStore(path)
    assert store.overview("m").rows == 10 * (COUNT - 2)
    assert store.overview("m").panes[0].last == COUNT - 1
    assert [row.rows for row in store.quarantine("m")] == [10, 0]
    store.close()
    again = SQLiteStore(path)
    assert again.damage is None
    again.close()


def test_segments_from_before_the_seal_are_read(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    fill(path)
    sql(path, "UPDATE segments SET digest=substr(digest, 1, 16)")
    store = SQLiteStore(path)
    assert len(store.segments("m", width=3600, first=0, last=99)) == COUNT
    assert store.quarantine() == []
    store.close()


def test_many_who_find_the_same_damage_make_one_new_store(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    fill(path)
    stores = [SQLiteStore(path, timeout=30) for _ in range(4)]
    sql(path, "ALTER TABLE accepted RENAME COLUMN low TO lower_")

    def work(store: SQLiteStore, name: str) -> None:
        for number in range(10):
            one = (Segment(number, 3600, 1, name.encode() * 50),)
            store.deliver(Delivery("m", name, "e", number, one), now=1.0)

    threads = [
        threading.Thread(target=work, args=(store, f"s{k}")) for k, store in enumerate(stores)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()
    store = SQLiteStore(path)
    assert len(list(tmp_path.glob("*corrupt-*"))) == len(list(tmp_path.glob("*corrupt-1*")))
    assert store.overview("m").rows == 10 * COUNT + 40
    store.close()


def test_shapes_are_those_of_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    fill(path)
    names = {name for kind, name, _ in expected_schema(len(MIGRATIONS)) if kind == "table"}
    assert names - {"sqlite_sequence"} == set(SHAPES)
    with contextlib.closing(sqlite3.connect(path)) as db:
        for table, shape in SHAPES.items():
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            assert columns == list(shape)
            rowless = db.execute(
                "SELECT sql LIKE '%WITHOUT ROWID%' FROM sqlite_master WHERE name=?", (table,)
            ).fetchone()[0]
            assert bool(rowless) is (table not in ROW_TABLES)
            for row in db.execute(f"SELECT * FROM {table}"):  # noqa: S608 - our names
                assert is_sound(table, row)


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_a_damaged_segment_of_an_older_store_is_counted_and_kept_with_where_it_was(
    tmp_path: Path, version: int
) -> None:
    path = tmp_path / "s.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        for script in MIGRATIONS[:version]:
            db.executescript(script)
        db.execute(f"PRAGMA user_version={version}")
        db.execute(
            "INSERT INTO segments VALUES "
            "(1, 'm', 3600, 7, 10, 0, NULL, NULL, 'r', NULL, 0, zeroblob(16), x'01')"
        )
        db.execute(
            "INSERT INTO quarantine (monitor, what, rows, reason, body) "
            "VALUES ('n', 'segment of pane 3', 4, 'old', x'02')"
        )
    store = SQLiteStore(path)
    assert store.damage is None
    old, new = store.quarantine()
    assert (old.rows, old.facts) == (4, None)
    assert (new.rows, new.facts and new.facts["pane"]) == (10, 7)
    assert store.overview("m").counters == {"damaged_in_the_store": 10}
    assert store.counted("m", width=3600, first=7, last=7) == {"damaged_in_the_store": 10}
    store.close()


@pytest.mark.parametrize("lacks_facts", [False, True])
def test_what_was_set_aside_is_salvaged_with_where_it_was(
    tmp_path: Path, lacks_facts: bool
) -> None:
    path = tmp_path / "s.db"
    fill(path)
    store = SQLiteStore(path)
    store.set_aside("m", 3, "for the test")
    before = store.quarantine("m")
    store.close()
    if lacks_facts:
        sql(
            path,
            "ALTER TABLE quarantine DROP COLUMN facts",
            "DROP TABLE copies",
            "DROP TABLE doubts",
            "PRAGMA user_version=4",
        )
    set_bytes(path, 21, b"\x00")  # in the header
    store = SQLiteStore(path)
    assert store.damage is not None
    (found, database) = store.quarantine("m")
    assert found == (replace(before[0], facts=None) if lacks_facts else before[0])
    assert database.what == "database"
    assert store.overview("m").rows == 10 * (COUNT - 1)
    store.close()


@pytest.mark.parametrize("change", ["width=-1", "width=0", "rows=1 << 62", "rows=-1", "late=-9"])
def test_what_a_damaged_segment_says_of_itself_does_not_damage_the_counters(
    tmp_path: Path, change: str
) -> None:
    path = tmp_path / "s.db"
    fill(path)
    sql(path, f"UPDATE segments SET {change} WHERE id IN (2, 3, 4)")  # noqa: S608
    for _ in range(2):
        store = SQLiteStore(path)
        assert store.damage is None
        assert len(store.quarantine("m")) == 3
        store.close()


# A segment under another name is nobody's, to a reader: whoever opens the file to write finds it.
@pytest.mark.parametrize("kind", [kind for kind in DAMAGE if kind not in LOST])
def test_a_reader_of_a_damaged_file_leaves_everything_as_it_is(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "s.db"
    fill(path)
    DAMAGE[kind](path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    def look() -> None:
        store = SQLiteStore(path, reads_only=True)
        try:
            store.segments("m", width=3600, first=0, last=COUNT)  # looked at when they are read
        finally:
            store.close()

    with pytest.raises(StoreError, match=r"is damaged .* opened to be written it is set aside"):
        look()
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
