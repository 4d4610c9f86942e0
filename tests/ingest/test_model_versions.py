"""Names of model versions are a client's: whatever they are, no row is lost and nothing grows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from driftwatch import Monitor
from driftwatch.cli.app import run
from driftwatch.core.data.batch import Batch, batches_of
from driftwatch.core.windows.delivery_codec import delivery_from_bytes
from driftwatch.core.windows.model_versions import MOST_VERSIONS, OTHER_VERSIONS
from driftwatch.core.windows.segments import Delivery, Segment
from driftwatch.errors import ConfigError
from driftwatch.ingest.accumulator import Accumulator
from driftwatch.stores.compaction import compact
from driftwatch.stores.sqlite.memory import MemoryStore

REFERENCE: dict[str, list[Any]] = {
    "x": [float(n % 97) for n in range(500)],
    "c": ["abc"[n % 3] for n in range(500)],
}
RECORD: dict[str, Any] = {"x": 1.0, "c": "a"}
ODD = ["", " ", "a\n", "v" * 201, "v" * 300, "a\u202eb", "a\x00b", "\ud800", "\x1b[31m", 7]


@pytest.mark.parametrize("version", ODD, ids=ascii)
def test_a_version_that_a_client_names_spoils_no_delivery(version: Any, tmp_path: Path) -> None:
    """A collector refuses a whole delivery for one text that it cannot read."""
    monitor = Monitor(REFERENCE, name="m", store="http://127.0.0.1:9", spool=tmp_path)
    monitor.observe(RECORD)
    monitor.observe(RECORD, model_version=version)
    monitor.flush(within=0.01)
    monitor.close()
    (path,) = tmp_path.rglob("*.dws")
    assert delivery_from_bytes(path.read_bytes()).rows == 2


@pytest.mark.parametrize("argument", ["name", "source"])
def test_names_that_no_collector_takes_are_refused_at_once(argument: str) -> None:
    named: dict[str, Any] = {argument: "n" * 201}
    with pytest.raises(ConfigError, match=f"{argument} must be a text of 1 to 200 printable"):
        Monitor(REFERENCE, **named)


def versions_in(store: Any) -> dict[tuple[int, int], set[str | None]]:
    """Versions by width and number of a pane."""
    found: dict[tuple[int, int], set[str | None]] = {}
    for width in (3600, 86_400):
        for stored in store.segments("m", width=width, first=0, last=1 << 40):
            place = width, stored.segment.pane
            found.setdefault(place, set()).add(stored.segment.model_version)
    return found


def test_versions_that_clients_invent_do_not_fill_memory_or_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A request a version, from several processes, flush after flush: no row is lost by it."""
    monkeypatch.chdir(tmp_path)
    made: dict[str, Any] = {"name": "m", "window": "6h", "slide": "1h", "store": "s.db"}
    monitor = Monitor(REFERENCE, **made)
    for number in range(3):
        for request in range(100):
            monitor.observe(RECORD, model_version=f"{number}-{request}")
        monitor.stream.drain()
        assert monitor.stream.accumulator.open_panes <= 2 * (MOST_VERSIONS + 1)  # an hour may end
        assert monitor.flush() == 100
    for versions in versions_in(monitor.store).values():
        assert len(versions) <= MOST_VERSIONS + 1
        assert OTHER_VERSIONS in versions
    report = monitor.check()
    assert (report.rows_current, report.not_used) == (300, {})
    assert report.window is not None
    (note,) = report.window.notes
    assert re.search(r"\d+ rows of further model versions, beyond 32 a pane", note)
    monitor.close()
    Path("driftwatch.toml").write_text(
        'store = "s.db"\n[monitors.m]\nwindow = "6h"\nslide = "1h"\n'
    )
    run(["doctor"])
    said = capsys.readouterr().out
    assert "ok       noted" in said
    assert "rows of further model versions" in said
    assert "not used" not in said


def test_a_record_a_version_is_no_batch_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of further versions are sketched together; each is counted where it would have been."""
    batches: list[int] = []
    add = Accumulator.add

    def counting(self: Accumulator, batch: Batch, **said: Any) -> None:
        batches.append(batch.rows)
        add(self, batch, **said)

    monkeypatch.setattr(Accumulator, "add", counting)
    hour = 1_767_225_600.0
    with Monitor(REFERENCE, name="m", window="6h", slide="1h") as monitor:
        for n in range(1_000):
            monitor.observe(RECORD, model_version=f"v{n}", at=hour + 3600 * (n % 2))
        monitor.observe(RECORD, model_version="v990", at=hour)
        monitor.observe(RECORD, model_version="v3", at=hour + 3600)
        monitor.observe(RECORD, model_version="v3", at=float("nan"))
        monitor.observe(RECORD, at=hour)
        monitor.flush()
        assert sum(batches) == 1_004
        assert len(batches) <= 2 * MOST_VERSIONS + 2
        stored = list(monitor.store.segments("m", width=3600, first=0, last=1 << 40))
        rows = {(s.segment.pane % 2, s.segment.model_version): s.segment.rows for s in stored}
        first = int(hour // 3600) % 2
        expected = {((first + n) % 2, f"v{n}"): 1 for n in range(2 * MOST_VERSIONS)}
        expected[(first + 1) % 2, "v3"] = 2
        expected[first, OTHER_VERSIONS] = 500 - MOST_VERSIONS + 1
        expected[(first + 1) % 2, OTHER_VERSIONS] = 500 - MOST_VERSIONS
        assert rows == expected | {(first, None): 1}
        together = 1_001 - 2 * MOST_VERSIONS
        assert monitor.counters == {"of_other_versions": together, "untimed": 1}


def test_a_version_with_a_reference_of_its_own_keeps_its_name() -> None:
    store = MemoryStore()
    reference = Monitor(REFERENCE).reference
    other = Monitor({**REFERENCE, "x": [value + 1 for value in REFERENCE["x"]]}).reference
    body = reference.new_profile().to_bytes()
    store.add_reference("m", other.id, other.profile.to_bytes(), now=0.0)
    store.use_reference("m", other.id, model_version="ours", now=0.0)
    names = [*(f"v{number}" for number in range(2 * MOST_VERSIONS)), "ours", "v1", "v99"]
    for number, name in enumerate(names):
        segment = Segment(7, 3600, 10, body, reference=reference.id, model_version=name)
        store.deliver(Delivery("m", "s", "e", number, (segment,)), now=0.0)
    found = [s.segment.model_version for s in store.segments("m", width=3600, first=7, last=7)]
    assert found == [
        *names[:MOST_VERSIONS], *[OTHER_VERSIONS] * MOST_VERSIONS, "ours", "v1", OTHER_VERSIONS
    ]  # fmt: skip
    assert store.overview("m").counters == {"of_other_versions": 10 * (MOST_VERSIONS + 1)}


def test_a_day_has_no_more_versions_than_an_hour() -> None:
    store = MemoryStore()
    reference = Monitor(REFERENCE).reference
    profile = reference.new_profile()
    profile.update(next(iter(batches_of(REFERENCE))))
    for hour in range(4):
        segments = tuple(
            Segment(hour, 3600, 500, profile.to_bytes(), 0, reference=reference.id,
                    model_version=f"{hour}-{number}")
            for number in range(20)
        )  # fmt: skip
        store.deliver(Delivery("m", "s", "e", hour, segments), now=0.0)
    guard = reference.profile.guard
    compact(store, "m", before=1, width=3600, into=86_400, guard=guard)
    (versions,) = versions_in(store).values()
    assert len(versions) == MOST_VERSIONS + 1
    assert store.overview("m").rows == 4 * 20 * 500
