"""The SQLite store: exactly once, compaction that changes nothing, damage survived."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch import Profile, Reference
from driftwatch.core.data.batch import batches_of
from driftwatch.core.windows.segments import Delivery, Outcome, Segment
from driftwatch.core.windows.stored import StoredAction
from driftwatch.errors import ConfigError, StoreError
from driftwatch.profiling.build import profile_data
from driftwatch.stores import open_store
from driftwatch.stores.compaction import compact
from driftwatch.stores.sqlite.memory import MemoryStore
from driftwatch.stores.sqlite.store import SQLiteStore
from driftwatch.stores.sqlite.tables import MIGRATIONS

WIDTH = 3600


@pytest.fixture(scope="module")
def reference() -> Reference:
    rng = np.random.default_rng(0)
    data = {"x": rng.normal(size=5_000).round(2), "c": rng.choice(list("abcd"), 5_000)}
    return Reference(profile_data(data, reference=True))


def segment(reference: Reference, pane: int, rows: int, seed: int = 0, **more: Any) -> Segment:
    rng = np.random.default_rng(seed)
    profile = reference.new_profile()
    for batch in batches_of({"x": rng.integers(0, 1000, rows), "c": rng.choice(list("ab"), rows)}):
        profile.update(batch)
    return Segment(pane, WIDTH, rows, profile.to_bytes(), reference=reference.id, **more)


@given(order=st.lists(st.integers(0, 12), max_size=40))
def test_keys_are_remembered_as_ranges(order: list[int]) -> None:
    store = MemoryStore()
    seen: set[int] = set()
    for number in order:
        outcome = store.deliver(Delivery("m", "a", "e", number), now=0.0)
        assert outcome is (Outcome.DUPLICATE if number in seen else Outcome.STORED)
        seen.add(number)
    with store._database.reading() as db:
        ranges = db.execute("SELECT low, high FROM accepted ORDER BY low").fetchall()
    kept = [n for low, high in ranges for n in range(low, high + 1)]
    assert kept == sorted(seen)
    assert all(later[0] > earlier[1] + 1 for earlier, later in pairwise(ranges))


def merged(store: Any, width: int = WIDTH) -> Profile:
    found = store.segments("m", width=width, first=-(1 << 40), last=1 << 40)
    whole = Profile.from_bytes(found[0].segment.body)
    for other in found[1:]:
        whole.merge(Profile.from_bytes(other.segment.body))
    return whole


@settings(max_examples=30)
@given(
    parts=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 40)), min_size=1, max_size=15),
    wide=st.sampled_from([None, 6 * WIDTH]),
)
def test_compaction_changes_no_count(
    reference: Reference, parts: list[tuple[int, int]], wide: int | None
) -> None:
    store = MemoryStore()
    for number, (pane, rows) in enumerate(parts):
        one = segment(
            reference, pane, rows, number, late=1, earliest=pane * 9.0, latest=pane * 10.0
        )
        store.deliver(Delivery("m", "a", "e", number, (one,)), now=0.0)
    before, facts = merged(store), store.overview("m")
    gone = compact(store, "m", before=1 << 30, width=WIDTH, into=wide)
    after, width = merged(store, wide or WIDTH), wide or WIDTH
    assert after.rows == before.rows
    assert after.content_hash == before.content_hash
    mine, theirs = after["x"].numbers, before["x"].numbers
    assert mine is not None
    assert theirs is not None
    assert mine.moments.total == theirs.moments.total
    assert (mine.moments.minimum, mine.moments.maximum) == (
        theirs.moments.minimum,
        theirs.moments.maximum,
    )
    assert mine.grid is not None
    assert theirs.grid is not None
    assert mine.grid.counts.tolist() == theirs.grid.counts.tolist()
    now = store.overview("m")
    panes = {pane * WIDTH // width for pane, _ in parts}
    assert now.panes[0].segments == len(panes) == len(parts) - gone
    assert (now.rows, now.earliest, now.latest) == (facts.rows, facts.earliest, facts.latest)
    assert now.panes[0].late == facts.panes[0].late
    for number in range(len(parts)):  # what was accepted stays accepted
        assert store.deliver(Delivery("m", "a", "e", number), now=0.0) is Outcome.DUPLICATE
    covers = [found.covers for found in store.segments("m", width=width, first=-9, last=99)]
    assert max(covers) <= len(parts)


def test_many_threads_and_connections(tmp_path: Path, reference: Reference) -> None:
    path = tmp_path / "s.db"
    stores = [SQLiteStore(path, timeout=30) for _ in range(3)]
    one = segment(reference, 1, 5)

    def work(name: str, store: SQLiteStore) -> None:
        for number in range(20):
            for _ in range(2):
                store.deliver(Delivery("m", name, "e", number, (one,)), now=0.0)

    threads = [threading.Thread(target=work, args=(f"s{i}", stores[i % 3])) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stores[0].overview("m").rows == 6 * 20 * 5
    for store in stores:
        store.close()
        store.close()
    with pytest.raises(StoreError, match="closed"):
        stores[0].newest("m")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_processes_may_open_a_new_file_at_the_same_moment(tmp_path: Path) -> None:
    code = (
        "import sys; from driftwatch.stores.sqlite.store import SQLiteStore\n"
        "for line in sys.stdin: SQLiteStore(line.strip()).close(); print('opened', flush=True)"
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for number in range(40):
        for child in children:
            assert child.stdin is not None
            print(tmp_path / f"{number}.db", file=child.stdin, flush=True)
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "opened\n"
    for child in children:
        child.communicate()
        assert child.returncode == 0


def test_a_child_of_a_busy_parent_is_not_stuck(tmp_path: Path, reference: Reference) -> None:
    """The parent forks while one of its threads is in the middle of a transaction."""
    store = SQLiteStore(tmp_path / "s.db", timeout=30)
    one = segment(reference, 1, 5)
    inside, leave = threading.Event(), threading.Event()

    def busy() -> None:
        with store._database.transaction():
            inside.set()
            leave.wait(30)

    thread = threading.Thread(target=busy)
    thread.start()
    assert inside.wait(30)
    threading.Timer(0.05, leave.set).start()  # whichever is first, the child must not be stuck
    child = os.fork()
    if child == 0:  # pragma: no cover - the child is not measured
        code = 1
        try:
            code = 0 if store.deliver(Delivery("m", "child", "e", 0, (one,)), now=0.0) else 2
        finally:
            os._exit(code)
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store.deliver(Delivery("m", "parent", "e", 0, (one,)), now=0.0) is Outcome.STORED
    assert store.overview("m").rows == 10
    store.close()


def test_a_changed_segment_is_set_aside(tmp_path: Path, reference: Reference) -> None:
    store = SQLiteStore(tmp_path / "s.db")
    for number in range(3):
        store.deliver(Delivery("m", "a", "e", number, (segment(reference, 1, 5),)), now=0.0)
    with sqlite3.connect(tmp_path / "s.db") as direct:
        direct.execute("UPDATE segments SET body = substr(body, 1, 100) WHERE id = 2")
    direct.close()
    assert [s.id for s in store.segments("m", width=WIDTH, first=1, last=1)] == [1, 3]
    (aside,) = store.quarantine("m")
    assert (aside.rows, aside.monitor) == (5, "m")
    assert "changed" in aside.reason
    assert store.overview("m").rows == 10
    store.close()


def filled(path: Path, reference: Reference, segments: int = 40) -> None:
    store = SQLiteStore(path)
    for number in range(segments):
        store.deliver(Delivery("m", "a", "e", number, (segment(reference, number, 50),)), now=0.0)
    store.close()


@pytest.mark.parametrize("damage", ["the first bytes", "half", "a page", "empty"])
def test_a_damaged_file_is_set_aside_and_work_goes_on(
    tmp_path: Path, reference: Reference, damage: str
) -> None:
    path = tmp_path / "s.db"
    filled(path, reference)
    data = bytearray(path.read_bytes())
    match damage:
        case "the first bytes":
            path.write_bytes(b"\xff\xff" + data[2:])
        case "half":
            path.write_bytes(data[: len(data) // 2])
        case "a page":
            middle = len(data) // 2 // 4096 * 4096
            data[middle : middle + 4096] = b"\xff" * 4096
            path.write_bytes(data)
        case _:
            path.write_bytes(b"")
    store = SQLiteStore(path)
    if damage == "empty":  # an empty file is a new store
        assert store.damage is None
    else:
        assert store.damage is not None
        assert "set aside as s.db.corrupt-1" in store.damage
        assert (tmp_path / "s.db.corrupt-1").exists()
        assert any(row.what == "database" for row in store.quarantine("m"))
    if damage != "empty":  # what can be read is taken over
        lost = {"the first bytes": 0, "half": 40 * 50, "a page": 8 * 50}[damage]
        assert store.overview("m").rows >= 40 * 50 - lost
    assert store.deliver(Delivery("m", "b", "n", 0, (segment(reference, 1, 7),)), now=0.0)
    store.segments("m", width=WIDTH, first=0, last=99)
    store.close()
    again = SQLiteStore(path)
    assert again.damage is None
    again.close()


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    SQLiteStore(path).close()
    with sqlite3.connect(path) as direct:
        direct.execute("PRAGMA user_version = 99")
    direct.close()
    with pytest.raises(StoreError, match="newer version"):
        SQLiteStore(path)


def test_locked_full_and_missing_are_clear_errors(tmp_path: Path, reference: Reference) -> None:
    path = tmp_path / "s.db"
    store = SQLiteStore(path, timeout=0.01)
    one = Delivery("m", "a", "e", 0, (segment(reference, 1, 2000),))
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="is locked"):
            store.deliver(one, now=0.0)
        other.execute("ROLLBACK")
    other.close()
    with store._database.reading() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreError, match="no space left"):
        store.deliver(one, now=0.0)
    assert store.overview("m").rows == 0
    with store._database.reading() as db:
        db.execute("PRAGMA max_page_count=1000000")
    assert store.deliver(one, now=0.0) is Outcome.STORED
    store.close()
    with pytest.raises(StoreError, match="cannot be written"):
        SQLiteStore(tmp_path / "nowhere" / "s.db")


def test_a_read_only_file_is_a_clear_error(tmp_path: Path, reference: Reference) -> None:
    path = tmp_path / "s.db"
    filled(path, reference, 2)
    store = SQLiteStore(path)
    with store._database.reading() as db:
        db.execute("PRAGMA query_only=1")
    with pytest.raises(StoreError, match="cannot be written"):
        store.deliver(Delivery("m", "z", "z", 0), now=0.0)
    assert store.overview("m").rows == 100
    store.close()


def test_how_a_store_is_named(tmp_path: Path) -> None:
    assert isinstance(open_store(None), MemoryStore)
    assert isinstance(open_store(":memory:"), MemoryStore)
    found = open_store(f"sqlite://{tmp_path}/s.db")
    assert isinstance(found, SQLiteStore)
    assert found.path == tmp_path / "s.db"
    assert open_store(found) is found
    found.close()
    with pytest.raises(ConfigError, match="postgresql"):
        open_store("postgresql://user:secret@host/db")


def test_a_store_of_the_version_before_alerts_is_brought_up(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with contextlib.closing(sqlite3.connect(path)) as db:
        for script in MIGRATIONS[:2]:
            db.executescript(script)
        db.execute("PRAGMA user_version=2")
        db.execute(
            "INSERT INTO outbox (monitor, sink, event_id, pane, revision, created, attempts, due) "
            "VALUES ('m', 's', 'm/1/0/1', 1, 0, 0.0, 0, 0.0)"
        )
        db.commit()
    store = SQLiteStore(path)
    (entry,) = store.outbox("m")
    assert (entry.sink, entry.message) == ("s", None)
    assert store.incidents("m", limit=5) == []
    store.act("m", StoredAction(0, "silence", 1.0, "me", 2.0))
    assert store.actions("m", incident=7) == [StoredAction(0, "silence", 1.0, "me", 2.0)]
    assert store.sent("m", limit=5) == []
    assert store.counted("m", width=3600, first=0, last=9) == {}
    store.close()
