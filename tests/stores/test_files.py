"""Which file a store is: never another's, never one that is gone, never one that cannot be one."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from driftwatch import Monitor
from driftwatch.core.windows.segments import CursorMove, Delivery, Outcome, Segment
from driftwatch.errors import ConfigError, DriftWatchError, StoreError
from driftwatch.stores import open_store
from driftwatch.stores.sqlite import file_systems
from driftwatch.stores.sqlite.file_systems import network_file_system
from driftwatch.stores.sqlite.ownership import APPLICATION_ID
from driftwatch.stores.sqlite.store import SQLiteStore
from driftwatch.stores.sqlite.tables import MIGRATIONS


def delivery(number: int) -> Delivery:
    body = bytes([number]) * 500
    move = CursorMove(f"p{number}", 0, 10)
    return Delivery("m", "a", "e", number, (Segment(number, 3600, 10, body),), cursors=(move,))


def database(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


def csv(path: Path) -> None:
    path.write_text("x,y\n" + "1,2\n" * 5_000)


FOREIGN: dict[str, Callable[[Path], object]] = {
    "csv": csv,
    "short": lambda path: path.write_bytes(b"x\n"),
    "pickle": lambda path: path.write_bytes(b"\x80\x05" + bytes(5_000)),
    "another program's database": lambda path: database(
        path, "PRAGMA application_id=12345", "CREATE TABLE t (x)", "INSERT INTO t VALUES (1)"
    ),
    "a database without a mark": lambda path: database(
        path, "CREATE TABLE segments (x)", "CREATE TABLE users (name)", "PRAGMA user_version=3"
    ),
    "a database with a log": lambda path: database(
        path, "PRAGMA journal_mode=WAL", "CREATE TABLE t (x)", "INSERT INTO t VALUES (1)"
    ),
    "our tables under another mark": lambda path: database(
        path,
        *(statement for script in MIGRATIONS for statement in script.split(";")),
        "PRAGMA application_id=77",
    ),
    "half a header": lambda path: path.write_bytes(b"SQLite format 3\0" + bytes(40)),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_file_of_somebody_else_is_refused_and_left_alone(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "train.csv"
    FOREIGN[kind](path)
    os.utime(path, ns=(1_000_000_000, 1_000_000_000))
    before = path.read_bytes()
    said = r"not a store of DriftWatch: it .* Nothing was"
    with pytest.raises(StoreError, match=said):
        SQLiteStore(path)
    for reads_only in (False, True):
        with pytest.raises(StoreError, match=said):
            open_store(f"sqlite://{path}", reads_only=reads_only)
    assert path.read_bytes() == before
    assert path.stat().st_mtime_ns == 1_000_000_000
    assert [file.name for file in tmp_path.iterdir()] == ["train.csv"]


def test_a_database_that_others_have_open_is_refused_with_its_log(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE t (x)")
        before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
        with pytest.raises(StoreError, match="not a store of DriftWatch"):
            SQLiteStore(path)
        assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_store_has_our_mark_from_its_first_byte(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    (tmp_path / "empty.db").touch()
    for file in (path, tmp_path / "empty.db"):
        store = SQLiteStore(file)
        assert int.from_bytes(file.read_bytes()[68:72], "big") == APPLICATION_ID
        store.close()


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
@pytest.mark.parametrize("is_logged", [False, True])
def test_stores_from_before_the_mark_still_open(
    tmp_path: Path, version: int, *, is_logged: bool
) -> None:
    path = tmp_path / "s.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        if is_logged:  # everything is still in the log, as after a kill
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA wal_autocheckpoint=0")
        for script in MIGRATIONS[:version]:
            db.executescript(script)
        db.execute(f"PRAGMA user_version={version}")
        db.execute("INSERT INTO cursors VALUES ('m', 'p', 7)")
        if is_logged:
            for name in ("s.db", "s.db-wal"):
                (tmp_path / f"copy-{name}").write_bytes((tmp_path / name).read_bytes())
            (tmp_path / "copy-s.db-wal").rename(tmp_path / "t.db-wal")
            path = (tmp_path / "copy-s.db").rename(tmp_path / "t.db")
    store = SQLiteStore(path)
    assert store.damage is None
    assert store.cursor("m", "p") == 7
    assert store.deliver(delivery(1), now=1.0) is Outcome.STORED
    store.close()
    assert int.from_bytes(path.read_bytes()[68:72], "big") == APPLICATION_ID


def remove(path: Path) -> None:
    for file in path.parent.glob("s.db*"):
        file.unlink()


def replace(path: Path) -> None:
    remove(path)
    SQLiteStore(path).close()


def move(path: Path) -> None:
    path.rename(path.with_name("elsewhere.db"))


@pytest.mark.parametrize("gone", [remove, replace, move, Path.unlink])
def test_rows_go_to_the_file_that_is_there(
    tmp_path: Path, gone: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "s.db"
    store = SQLiteStore(path)
    for number in range(3):
        store.deliver(delivery(number), now=1.0)
    last = store.newest("m")
    gone(path)
    with caplog.at_level(logging.WARNING, "driftwatch"):
        for number in range(3, 6):
            assert store.deliver(delivery(number), now=1.0) is Outcome.STORED
    assert sum("removed or replaced" in record.message for record in caplog.records) == 1
    assert store.newest("m") > last  # readers ask for what is above what they have seen
    store.close()
    again = SQLiteStore(path)
    assert again.damage is None
    assert again.overview("m").rows == 30
    assert again.cursor("m", "p5") == 10
    again.close()


def test_a_file_that_goes_in_the_middle_of_a_delivery_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = SQLiteStore(path)
    with pytest.raises(StoreError, match="removed or replaced"), store._database.transaction():
        remove(path)
    inner = store._database._expect_file
    calls: list[int] = []

    def gone_once() -> None:
        if not calls:
            remove(path)
        calls.append(1)
        inner()

    store._database._expect_file = gone_once  # type: ignore[method-assign]
    assert store.deliver(delivery(1), now=1.0) is Outcome.STORED
    store.close()
    again = SQLiteStore(path)
    assert again.overview("m").rows == 10
    again.close()


def test_a_log_that_is_removed_takes_nothing_with_it(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = SQLiteStore(path)
    for number in range(3):
        store.deliver(delivery(number), now=1.0)
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink()
    store.deliver(delivery(3), now=1.0)
    other = SQLiteStore(path)
    assert other.overview("m").rows == 40
    other.close()
    store.close()


def test_a_file_that_is_replaced_by_another_program_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = SQLiteStore(path)
    remove(path)
    csv(path)
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(StoreError, match="not a store of DriftWatch"):
            store.deliver(delivery(1), now=1.0)
    assert path.read_bytes() == before
    path.unlink()
    assert store.deliver(delivery(1), now=1.0) is Outcome.STORED
    store.close()


@pytest.mark.parametrize("version", [4, len(MIGRATIONS)])
def test_a_reader_reads_the_file_that_is_there(tmp_path: Path, version: int) -> None:
    path = tmp_path / "s.db"
    SQLiteStore(path).close()
    if version < len(MIGRATIONS):  # read in a copy
        path.unlink()
        scripts = [script.split(";") for script in MIGRATIONS[:version]]
        database(path, *(one for script in scripts for one in script))
        database(path, f"PRAGMA user_version={version}")
    reader = SQLiteStore(path, reads_only=True)
    assert reader.overview("m").rows == 0
    remove(path)
    with pytest.raises(StoreError, match=r"s\.db"):
        reader.overview("m")
    assert list(tmp_path.iterdir()) == []
    csv(path)
    with pytest.raises(StoreError, match="not a store of DriftWatch"):
        reader.overview("m")
    path.unlink()
    store = SQLiteStore(path)
    store.deliver(delivery(1), now=1.0)
    assert reader.overview("m").rows == 10
    store.close()
    reader.close()


def test_to_look_at_a_store_in_use_drops_none_of_its_locks(tmp_path: Path) -> None:
    """POSIX drops a process's locks of a file when it closes any handle of it."""
    path = tmp_path / "s.db"
    store = SQLiteStore(path)
    store.deliver(delivery(1), now=1.0)
    SQLiteStore(path, reads_only=True).close()
    SQLiteStore(path).close()
    code = (
        "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); "
        "db.execute('PRAGMA user_version').fetchone(); db.close()"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    # The last to leave a store removes its log: that was not the other process.
    assert path.with_name("s.db-wal").exists()
    store.close()


def test_to_look_at_the_file_costs_little(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "s.db")
    looks = 2_000
    start = time.process_time()
    for _ in range(looks):
        assert store._database._is_there()
    assert (time.process_time() - start) / looks < 200e-6
    store.close()


MOUNTS = """\
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 27 0:30 / {nfs} rw,relatime shared:1 - nfs4 server:/share rw,vers=4.2
31 30 0:31 / {nfs}/local rw - tmpfs tmpfs rw
32 27 0:32 / /data/a\\040b rw - fuse.sshfs host:/ rw
33 27 0:33 / /data/containers rw - fuse.fuse-overlayfs overlay rw
34 27 0:34 / /data/smb rw - cifs //host/share rw
35 27 0:35 / /data/vm rw - 9p share rw
nonsense
"""


def test_file_systems_of_other_machines_are_known(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS.format(nfs="/data/nfs"))
    kinds = {
        "/data/nfs/s.db": "nfs4",
        "/data/nfs/deep/er/s.db": "nfs4",
        "/data/nfs/local/s.db": None,
        "/data/nfs2/s.db": None,
        "/data/a b/s.db": "fuse.sshfs",
        "/data/containers/s.db": None,
        "/data/smb/s.db": "cifs",
        "/data/vm/s.db": "9p",
        "/srv/s.db": None,
    }
    assert {path: network_file_system(Path(path), mounts=mounts) for path in kinds} == kinds
    assert network_file_system(Path("/data/nfs/s.db"), mounts=tmp_path / "none") is None


def test_on_a_network_a_store_has_no_write_ahead_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "share" / "s.db"
    path.parent.mkdir()
    local = SQLiteStore(path)  # begun on a local disk, and moved
    local.deliver(delivery(0), now=1.0)
    local.close()
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS.format(nfs=path.parent.resolve()))
    monkeypatch.setattr(file_systems, "_MOUNTS", mounts)
    with caplog.at_level(logging.WARNING, "driftwatch"):
        store, other = SQLiteStore(path), SQLiteStore(path)
    assert "write-ahead logging does not work" in caplog.text
    reader = SQLiteStore(path, reads_only=True)
    for one in (store, reader):
        assert one.notice is not None
        assert "nfs4" in one.notice
    reader.close()
    for number in range(1, 4):
        assert store.deliver(delivery(number), now=1.0) is Outcome.STORED
        assert other.deliver(delivery(number), now=1.0) is Outcome.DUPLICATE
    assert other.overview("m").rows == 40
    assert not path.with_name("s.db-wal").exists()
    assert not path.with_name("s.db-shm").exists()
    store.close()
    other.close()


BAD_NAMES: dict[str, tuple[str, type[DriftWatchError]]] = {
    "nul": ("\0x", ConfigError),
    "half a character": ("\ud800.db", ConfigError),
    "here": (".", ConfigError),
    "the root": ("/", ConfigError),
    "a folder": ("{folder}", StoreError),
    "below a file": ("{folder}/file/s.db", StoreError),
    "no such folder": ("{folder}/none/s.db", StoreError),
    "too long": ("{folder}/" + "x" * 300, StoreError),
    "a very long path": ("{folder}" + "/x" * 3_000, StoreError),
    "a device": ("/dev/null", StoreError),
}


def observe(store: str) -> None:
    monitor = Monitor({"x": [1.0, 2.0, 3.0] * 50}, store=store, window="1h")
    monitor.observe({"x": 1.0})
    monitor.flush()


@pytest.mark.parametrize("kind", BAD_NAMES)
def test_a_name_that_cannot_be_is_one_clear_error(tmp_path: Path, kind: str) -> None:
    (tmp_path / "file").write_text("x")
    template, error = BAD_NAMES[kind]
    name = template.replace("{folder}", str(tmp_path))
    for must_exist in (False, True):
        with pytest.raises(error):
            open_store(name, must_exist=must_exist)
    with pytest.raises(error):
        SQLiteStore(name)
    with pytest.raises(error):
        observe(name)


def test_a_pipe_is_no_store_and_nobody_waits_for_its_other_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StoreError, match="no regular file"):
        SQLiteStore(tmp_path / "pipe")


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.EIO, errno.ELOOP])
def test_what_the_system_refuses_is_one_clear_error(
    tmp_path: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.db"
    SQLiteStore(path).close()

    def refuse(*_: object, **__: object) -> object:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(StoreError, match="cannot be opened"):
        SQLiteStore(path)


@pytest.mark.parametrize("name", ["\ud800", "a\udcffb"])
def test_names_that_are_no_texts_are_one_clear_error(tmp_path: Path, name: str) -> None:
    for where in (None, tmp_path / "s.db"):
        store = SQLiteStore(where)
        with pytest.raises(StoreError, match="whole Unicode"):
            store.deliver(Delivery(name, "a", "e", 0), now=1.0)
        with pytest.raises(StoreError, match="whole Unicode"):
            store.cursor("m", name)
        with pytest.raises(StoreError, match="64 bits"):
            store.deliver(Delivery("m", "a", "e", 1 << 70), now=1.0)
        assert store.deliver(Delivery("m", "a", "e", 0), now=1.0) is Outcome.STORED
        assert store.damage is None
        store.close()
