"""Another key, a newer format, other sketches: not readable now, and never damage."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from driftwatch import Monitor, Reference
from driftwatch.cli.app import run
from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.profiles import codec
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.readable import check_readable
from driftwatch.core.sketches.sizes import SketchConfig
from driftwatch.core.windows.delivery_codec import delivery_from_bytes, delivery_to_bytes
from driftwatch.core.windows.segments import Delivery, Segment
from driftwatch.errors import HashKeyError, NotReadableError, ProfileFormatError, StoreError
from driftwatch.profiling.build import profile_data
from driftwatch.stores import open_store
from driftwatch.stores.compaction import compact

ROWS = 3_000
CONFIG = """
store = "s.db"

[monitors.m]
reference = "train.json"
window = "6h"
slide = "1h"
"""
Say = Callable[..., str]


def people(rows: int = ROWS) -> dict[str, list[Any]]:
    return {
        "email": [f"u{n % 40}@example.org" for n in range(rows)],
        "x": [float(n % 97) for n in range(rows)],
    }


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of rows that were hashed with the key ``right``, and a configuration for it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DRIFTWATCH_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("DRIFTWATCH_HASH_KEY", "right")
    table = people()
    lines = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    Path("train.json").write_text("\n".join(map(json.dumps, lines)))
    Path("driftwatch.toml").write_text(CONFIG)
    with Monitor("train.json", name="m", window="6h", store="s.db") as monitor:
        monitor.observe_many(people())
        assert monitor.flush() == ROWS
    return tmp_path


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    def said(*arguments: str) -> str:
        capsys.readouterr()
        run(arguments)
        found = capsys.readouterr()
        return found.out + found.err

    return said


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def stored(monitor: str = "m") -> tuple[int, int]:
    """Rows in the data, and entries of the quarantine."""
    store = open_store("s.db", reads_only=True)
    try:
        return store.overview(monitor).rows, len(store.quarantine())
    finally:
        store.close()


def test_a_reader_with_another_key_loses_no_row_and_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch, say: Say
) -> None:
    before = bytes_in(folder)
    monkeypatch.setenv("DRIFTWATCH_HASH_KEY", "wrong")
    report = json.loads(say("check", "--monitor", "m", "--format", "json"))
    assert report["not_used"] == {"hashed_with_another_key": ROWS}
    assert f"{ROWS:,} hashed with another key" in say("check", "--monitor", "m")
    assert f"not readable     {ROWS:,} rows hashed with another key" in say("doctor")
    assert bytes_in(folder) == before  # commands that change nothing have changed nothing
    for _ in range(2):
        say("evaluate")  # this one may write, and keeps house
    assert stored() == (ROWS, 0)
    monkeypatch.setenv("DRIFTWATCH_HASH_KEY", "right")
    report = json.loads(say("check", "--monitor", "m", "--format", "json"))
    assert report["not_used"] == {}
    assert report["rows"]["production"] == ROWS
    assert "not readable" not in say("doctor")


def test_the_monitor_reads_the_key_of_the_environment(folder: Path) -> None:
    """What `driftwatch evaluate` and a process that observes are to share."""
    monitor = Monitor("train.json")
    assert monitor.reference.profile.guard.key == b"right"
    assert Monitor("train.json", hash_key=b"given").reference.profile.guard.key == b"given"
    assert Monitor(monitor.reference.profile).reference.profile.guard.key == b"right"


def test_the_key_beside_the_store_is_used_where_none_is_set(
    folder: Path, monkeypatch: pytest.MonkeyPatch, say: Say
) -> None:
    """By the commands that read the store, too; those that change nothing make no key."""
    monkeypatch.delenv("DRIFTWATCH_HASH_KEY")
    before = bytes_in(folder)
    assert f"not readable     {ROWS:,} rows hashed with another key" in say("doctor")
    assert bytes_in(folder) == before
    Path("s.db.key").write_text("right")
    Path("s.db.key").chmod(0o600)
    assert "not readable" not in say("doctor")
    report = json.loads(say("check", "--monitor", "m", "--format", "json"))
    assert (report["not_used"], report["rows"]["production"]) == ({}, ROWS)


def test_another_key_is_one_kind_of_not_readable(folder: Path) -> None:
    body = Monitor("train.json").reference.profile.to_bytes()
    other = ValueGuard(b"wrong")
    reads: list[Callable[[], object]] = [
        lambda: check_readable(body, other),
        lambda: Profile.from_bytes(body, guard=other),
    ]
    for read in reads:
        with pytest.raises(HashKeyError, match=r"'email'.*DRIFTWATCH_HASH_KEY") as refused:
            read()
        assert isinstance(refused.value, NotReadableError)
        assert refused.value.reason == "hashed_with_another_key"


OLDER = """
import driftwatch.core.profiles.codec as codec
codec.FORMAT = {known}
from driftwatch.cli.app import run
raise SystemExit(run({arguments!r}))
"""


def older(*arguments: str) -> str:
    """What the command says in a program that knows no format but the first."""
    done = subprocess.run(
        [sys.executable, "-c", OLDER.format(known=1, arguments=list(arguments))],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_an_older_program_leaves_what_a_newer_one_wrote(
    folder: Path, monkeypatch: pytest.MonkeyPatch, say: Say
) -> None:
    monkeypatch.setattr(codec, "FORMAT", 2)  # the newer program
    with Monitor("train.json", name="m", window="6h", store="s.db") as monitor:
        monitor.observe_many(people(500))
        assert monitor.flush() == 500
    before = bytes_in(folder)
    report = json.loads(older("check", "--monitor", "m", "--format", "json"))
    assert report["not_used"] == {"of_a_newer_format": 500}
    assert report["rows"]["production"] == ROWS
    assert "500 rows of a newer format" in older("doctor")
    assert bytes_in(folder) == before
    older("evaluate")
    assert stored() == (ROWS + 500, 0)
    report = json.loads(say("check", "--monitor", "m", "--format", "json"))
    assert (report["not_used"], report["rows"]["production"]) == ({}, ROWS + 500)


def test_absorbing_again_after_a_wrong_key_finds_the_rows_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch, say: Say
) -> None:
    with Monitor("train.json", name="m", window="6h", store="s.db") as monitor:
        profile = monitor.reference.new_profile()
        profile.merge(_production(monitor.reference, people(700)))
        assert monitor.absorb(profile, at=monitor.seconds())
    monkeypatch.setenv("DRIFTWATCH_HASH_KEY", "wrong")
    say("check", "--monitor", "m")
    say("evaluate")
    monkeypatch.setenv("DRIFTWATCH_HASH_KEY", "right")
    with Monitor("train.json", name="m", window="6h", store="s.db") as monitor:
        assert not monitor.absorb(profile, at=monitor.seconds())
        assert monitor.check().rows_current == ROWS + 700


def _production(reference: Reference, data: dict[str, list[Any]]) -> Profile:
    from driftwatch.profiling.build import profile_like

    return profile_like(reference, data)


def test_housekeeping_merges_what_it_can_read_and_leaves_the_rest(folder: Path) -> None:
    store = open_store("s.db")
    reference = Monitor("train.json").reference
    other = Monitor("train.json", hash_key=b"other").reference
    coarse = Monitor("train.json", config=SketchConfig(k=100)).reference
    (pane,) = {s.segment.pane for s in _all(store)}
    bodies = [
        *(_production(side, people(20)).to_bytes() for side in (reference, other, coarse) * 2),
        b"DWP1 nonsense",
    ]
    for number, body in enumerate(bodies):
        segment = Segment(pane, 3600, 20, body, reference=reference.id)
        store.deliver(Delivery("m", "s", "e", number, (segment,)), now=0.0)
    rows = store.overview("m").rows
    gone = compact(store, "m", before=pane + 1, width=3600, guard=reference.profile.guard)
    # The first kind, one more of it and what was there; two of coarse sketches; others stay.
    assert gone == 3
    assert store.overview("m").rows == rows
    assert sorted(s.segment.rows for s in _all(store)) == [20, 20, 20, 40, ROWS + 40]
    assert store.quarantine() == []
    store.close()


def _all(store: Any) -> Any:
    return store.segments("m", width=3600, first=0, last=1 << 40)


def test_other_sketch_sizes_are_counted_and_left(folder: Path, say: Say) -> None:
    coarse = Monitor("train.json", config=SketchConfig(k=100)).reference
    store = open_store("s.db")
    (first,) = _all(store)
    segment = Segment(
        first.segment.pane, 3600, 20, _production(coarse, people(20)).to_bytes(),
        earliest=first.segment.earliest, latest=first.segment.latest, reference=coarse.id,
    )  # fmt: skip
    store.deliver(Delivery("m", "s", "e", 0, (segment,)), now=first.segment.latest)
    store.close()
    report = json.loads(say("check", "--monitor", "m", "--format", "json"))
    assert report["not_used"] == {"of_another_configuration": 20}
    assert stored() == (ROWS + 20, 0)


def changed(data: bytes, at: int, value: int) -> bytes:
    return data[:at] + bytes([value]) + data[at + 1 :]


def test_only_a_sound_checksum_makes_a_newer_format(monkeypatch: pytest.MonkeyPatch) -> None:
    data = profile_data({"x": [1.0, 2.0]}).to_bytes()
    with pytest.raises(ProfileFormatError, match="damaged") as damage:
        Profile.from_bytes(changed(data, 4, 2))  # a flipped bit in the number of the format
    assert not isinstance(damage.value, NotReadableError)
    header, sections = codec.decode(data)
    monkeypatch.setattr(codec, "FORMAT", 2)
    newer = codec.encode(header, sections)
    monkeypatch.setattr(codec, "FORMAT", 1)
    with pytest.raises(NotReadableError, match="upgrade"):
        Profile.from_bytes(newer)
    with pytest.raises(ProfileFormatError, match="damaged"):
        Profile.from_bytes(changed(newer, 40, 7))


def test_words_sizes_and_facts_of_a_newer_version_are_not_damage() -> None:
    header, sections = codec.decode(profile_data({"x": [1.0, 2.0]}).to_bytes())
    table = json.loads(sections["schema"])
    table["columns"][0]["kind"] = "geography"
    odd = codec.encode(header, {**sections, "schema": json.dumps(table).encode()})
    with pytest.raises(NotReadableError, match="'geography'"):
        Profile.from_bytes(odd)
    wide = {**header, "config": {**header["config"], "moments": 4}}
    with pytest.raises(NotReadableError, match="moments"):
        Profile.from_bytes(codec.encode(wide, sections))
    facts, bodies = codec.decode(
        delivery_to_bytes(Delivery("m", "s", "e", 0)), magic=codec.DELIVERY
    )
    with pytest.raises(NotReadableError, match="priority"):
        delivery_from_bytes(codec.encode({**facts, "priority": 1}, bodies, magic=codec.DELIVERY))
    del facts["epoch"]
    with pytest.raises(ProfileFormatError, match="lacks: epoch"):
        delivery_from_bytes(codec.encode(facts, bodies, magic=codec.DELIVERY))


def test_what_is_opened_for_reading_cannot_be_written(folder: Path) -> None:
    with sqlite3.connect("s.db") as direct:
        direct.execute("UPDATE segments SET body = substr(body, 1, 100)")
    direct.close()
    before = bytes_in(folder)
    store = open_store("s.db", reads_only=True)
    assert _all(store) == []  # damaged, and left out
    store.set_aside("m", 1, "not here")
    for write in (
        lambda: store.deliver(Delivery("m", "s", "e", 0), now=0.0),
        lambda: store.lease("m", "me", now=0.0, seconds=1.0),
        lambda: store.forget_quarantined(1),
    ):
        with pytest.raises(StoreError, match="opened for reading"):
            write()
    store.close()
    assert bytes_in(folder) == before
    with pytest.raises(StoreError, match="no store"):
        open_store("other.db", reads_only=True)
    assert not Path("other.db").exists()


def test_damage_is_counted_in_the_report_and_in_doctor(folder: Path, say: Say) -> None:
    with sqlite3.connect("s.db") as direct:
        direct.execute("UPDATE segments SET body = substr(body, 1, 100)")
    direct.close()
    assert f"{ROWS:,} rows damaged" in say("doctor")
    with Monitor("train.json", name="m", window="6h", store="s.db") as monitor:
        for _ in range(2):
            assert monitor.check().not_used == {"damaged_in_the_store": ROWS}
    assert stored() == (0, 1)
    assert "set aside" in say("doctor")


def test_a_damaged_segment_that_is_repaired_is_given_back(folder: Path, say: Say) -> None:
    store = open_store("s.db")
    (found,) = _all(store)
    store.set_aside("m", found.id, "for the test")
    assert store.overview("m").counters == {"damaged_in_the_store": ROWS}
    store.close()
    listed = json.loads(say("quarantine", "list", "--json"))
    assert [(row["id"], row["rows"], row["why"]) for row in listed] == [(1, ROWS, "for the test")]
    assert "segment-1.dwp" in say("quarantine", "export", "--all", "--output", "out")
    assert Path("out/segment-1.dwp").read_bytes() == found.segment.body
    assert f"1: {ROWS:,} rows given back" in say("quarantine", "restore", "1")
    store = open_store("s.db", reads_only=True)
    (again,) = _all(store)
    assert again.segment == found.segment
    assert store.overview("m").counters == {}
    assert store.counted("m", width=3600, first=0, last=1 << 40) == {}
    store.close()
    assert "nothing is set aside" in say("quarantine", "list")


def test_a_running_reader_sees_what_is_given_back(folder: Path, say: Say) -> None:
    with Monitor("train.json", name="m", window="6h", store="s.db") as monitor:
        (found,) = _all(monitor.store)
        monitor.store.set_aside("m", found.id, "for the test")
        assert monitor.check().rows_current == 0
        say("quarantine", "restore", "--all")
        assert monitor.check().rows_current == ROWS


def test_what_an_earlier_version_set_aside_for_its_key_is_given_back(
    folder: Path, say: Say
) -> None:
    """It kept neither the width of the pane nor the reference."""
    store = open_store("s.db")
    (found,) = _all(store)
    store.set_aside("m", found.id, "profile has columns hashed with another key")
    store.close()
    with sqlite3.connect("s.db") as direct:
        direct.execute("UPDATE quarantine SET facts = NULL")
        direct.execute("DELETE FROM counters")
        direct.execute("DELETE FROM counted")
    direct.close()
    say("quarantine", "restore", "--all")
    assert stored() == (ROWS, 0)
    report = json.loads(say("check", "--monitor", "m", "--format", "json"))
    assert (report["not_used"], report["rows"]["production"]) == ({}, ROWS)


def test_what_is_damaged_is_not_given_back_and_can_be_dropped(folder: Path) -> None:
    with sqlite3.connect("s.db") as direct:
        direct.execute("UPDATE segments SET body = substr(body, 1, 100)")
    direct.close()
    store = open_store("s.db")
    assert _all(store) == []
    store.close()
    assert run(["quarantine", "list"]) == 1
    assert run(["quarantine", "restore", "1"]) == 1
    assert run(["quarantine", "restore", "9"]) == 2
    assert run(["quarantine", "restore"]) == 2
    assert run(["quarantine", "resend", "--all"]) == 2
    assert stored() == (0, 1)
    assert run(["quarantine", "drop", "1"]) == 0
    assert run(["quarantine", "list"]) == 0
    assert stored() == (0, 0)


@pytest.mark.parametrize("has_log", [False, True])
def test_a_newer_store_is_refused_before_anything_is_touched(
    folder: Path, has_log: bool, say: Say
) -> None:
    direct = sqlite3.connect("s.db", isolation_level=None)
    direct.execute("PRAGMA user_version = 99")
    if has_log:  # another process has it open: the version is in the log alone
        assert Path("s.db-wal").stat().st_size
    else:
        direct.close()
    before = bytes_in(folder)
    for reads_only in (False, True):
        with pytest.raises(StoreError, match="newer version"):
            open_store("s.db", reads_only=reads_only)
    assert "newer version" in say("doctor")
    assert "newer version" in say("evaluate")
    after = bytes_in(folder)
    after.pop("s.db-shm", None), before.pop("s.db-shm", None)  # the index holds locks, and no data
    assert after == before
    direct.close()


def test_a_reader_brings_an_older_store_up_in_a_copy(folder: Path, say: Say) -> None:
    with sqlite3.connect("s.db") as direct:
        direct.execute("ALTER TABLE quarantine DROP COLUMN facts")
        direct.execute("DROP TABLE copies")
        direct.execute("DROP TABLE doubts")
        direct.execute("DROP TABLE turned_away")
        direct.execute("DROP TABLE windows")
        direct.execute("PRAGMA user_version=4")
    direct.close()
    before = bytes_in(folder)
    report = json.loads(say("check", "--monitor", "m", "--format", "json"))
    assert report["rows"]["production"] == ROWS
    assert bytes_in(folder) == before
