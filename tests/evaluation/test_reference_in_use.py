"""One place knows which reference is in use: restarts, promotions, versions side by side."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftwatch import Monitor, Reference, Status
from driftwatch.core.subject import Subject
from driftwatch.errors import ConfigError
from driftwatch.evaluation.reference_in_use import ReferenceInUse
from driftwatch.profiling.build import profile_data
from driftwatch.render import render
from driftwatch.stores.sqlite.memory import MemoryStore
from driftwatch.stores.sqlite.store import SQLiteStore
from tests.small_stream import HOUR, START, Clock


def data(centre: float, rows: int = 4_000, seed: int = 0) -> dict[str, Any]:
    return {"x": np.random.default_rng(seed).normal(centre, 1, rows)}


def made(centre: float, seed: int = 0) -> Reference:
    return Reference(profile_data(data(centre, seed=seed), reference=True))


OLD, NEW, OTHER = made(0.0), made(5.0), made(9.0)


def in_use(store: Any, reference: Reference, version: str | None = None, **more: Any) -> str:
    known = ReferenceInUse(Subject(reference, "m", version), store)
    known.adopt(**({"replace": False, "now": 1.0} | more))
    return known.current().id


def test_a_new_reference_comes_into_use_and_a_restart_undoes_no_promotion(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = MemoryStore()
    assert in_use(store, OLD) == OLD.id
    assert in_use(store, OLD) == OLD.id  # a restart
    assert not caplog.records
    assert in_use(store, NEW) == NEW.id  # trained anew
    assert f"{NEW.id} is in use from now on, in place of {OLD.id}" in caplog.text
    assert in_use(store, OLD) == NEW.id  # a replica that still has the old file
    assert "is not put to use" in caplog.text
    assert in_use(store, OLD, replace=True) == OLD.id
    assert in_use(store, NEW) == OLD.id  # replaced in its turn


def test_one_that_was_only_added_is_not_put_to_use_by_a_start() -> None:
    store = MemoryStore()
    assert in_use(store, OLD) == OLD.id
    store.add_reference("m", NEW.id, NEW.profile.to_bytes(), now=2.0)
    assert in_use(store, NEW) == OLD.id


def test_versions_have_references_of_their_own() -> None:
    store = MemoryStore()
    assert in_use(store, OLD) == OLD.id
    assert in_use(store, NEW, "v2") == NEW.id
    known = ReferenceInUse(Subject(OLD, "m"), store)
    assert known.current().id == OLD.id
    assert known.refresh()
    assert not known.refresh()
    assert {known.current(v).id for v in (None, "v1", "v9")} == {OLD.id}
    assert known.current("v2").id == NEW.id
    store.use_reference("m", OTHER.id, model_version=None, now=3.0)  # which nobody has
    known.refresh()
    assert known.current().id == OLD.id


def test_a_reference_that_cannot_be_read_is_said_and_not_used(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = MemoryStore()
    assert in_use(store, OLD) == OLD.id
    store.add_reference("m", "f" * 32, b"DWP1 nonsense", now=2.0)
    store.use_reference("m", "f" * 32, model_version=None, now=2.0)
    known = ReferenceInUse(Subject(OLD, "m"), store)
    for _ in range(3):
        known.refresh()
    assert known.current().id == OLD.id
    assert caplog.text.count("cannot be read") == 1


def monitor(store: Any, made_of: Reference, clock: Clock, **more: Any) -> Monitor:
    from datetime import UTC, datetime

    settings: dict[str, Any] = {"window": "6h", "slide": "1h", "name": "m", "store": store}
    return Monitor(
        made_of.profile, clock=lambda: datetime.fromtimestamp(clock.now, UTC), **settings | more
    )


def test_a_promotion_reaches_everything_in_a_running_process() -> None:
    store, clock = MemoryStore(), Clock(START + 9 * HOUR)
    with monitor(store, OLD, clock) as watched:
        watched.observe_many(data(0.0, 500), at=START)
        watched.flush()
        store.add_reference("m", NEW.id, NEW.profile.to_bytes(), now=START)
        store.use_reference("m", NEW.id, model_version=None, now=START)
        watched.observe_many(data(5.0, 500), at=START + 6 * HOUR)
        watched.flush()
        (before,) = store.segments("m", width=3600, first=0, last=1 << 40)[:1]
        assert before.segment.reference == OLD.id
        watched.observe_many(data(5.0, 500, seed=2), at=START + 6.5 * HOUR)
        watched.flush()  # of panes that were opened after the last flush
        last = store.segments("m", width=3600, first=0, last=1 << 40)[-1]
        assert last.segment.reference == NEW.id
        assert watched.check(data(5.0)).global_status is not Status.CRITICAL
        assert watched.check(data(0.0)).global_status is Status.CRITICAL
        assert watched.reference.id == watched.evaluator.reference.id == NEW.id
        watched.observe_many(data(5.0, 10), at=START + 8 * HOUR)
        # rows counted in the old cells stay valid: sketches take over
        result = watched.evaluate()
        assert result is not None
        assert result.report is not None
        assert result.report.window is not None
        assert result.report.window.references == tuple(sorted((OLD.id, NEW.id)))
        assert "sketches were compared" in result.report.headline()


def test_traffic_of_two_versions_is_judged_part_by_part() -> None:
    """Each version beside its own reference: no alarm where neither drifted."""
    store, clock = MemoryStore(), Clock(START + 9 * HOUR)
    store.add_reference("m", NEW.id, NEW.profile.to_bytes(), now=START)
    store.use_reference("m", NEW.id, model_version="v2", now=START)
    with monitor(store, OLD, clock) as watched:
        for hour in range(4):
            at = START + hour * HOUR
            watched.observe_many(data(0.0, 1_500, hour), at=at, model_version="v1")
            watched.observe_many(data(5.0, 1_000, hour + 50), at=at, model_version="v2")
        clean = watched.check()
        assert not clean.has_drift()
        assert clean.window is not None
        parts = {part.model_versions: (part.reference, part.rows) for part in clean.window.parts}
        assert parts == {("v1",): (OLD.id, 6_000), ("v2",): (NEW.id, 4_000)}
        for form in ("text", "json", "markdown", "html", "junit", "github"):
            assert "v2" in render(clean, form), form
        assert "v2: 4,000 rows" in clean.summary()
        again = type(clean).from_dict(json.loads(clean.to_json()))
        assert again.window == clean.window
        watched.observe_many(data(8.0, 9_000, 99), at=START + 4 * HOUR, model_version="v2")
        drifted = watched.check()
        assert drifted.global_status is Status.CRITICAL
        assert drifted.window is not None
        assert drifted.window.parts[0].model_versions == ("v2",)
        assert drifted.window.parts[0].drifted == ("x",)
        assert drifted.window.parts[1].status is not Status.CRITICAL


def test_the_mode_is_checked() -> None:
    with pytest.raises(ConfigError, match="'auto' or 'replace'"):
        Monitor(data(0.0), reference="keep")  # type: ignore[arg-type]


FEEDER = """
import sys, time
import numpy as np
from driftwatch import Monitor
path, reference, source, stop = sys.argv[1:]
monitor = Monitor(reference, store=path, name="m", window="6h", source=source, flush_every="1s")
rng = np.random.default_rng(len(source))
rows = 0
print(monitor.reference.id, flush=True)
from pathlib import Path
while not Path(stop).exists():
    monitor.observe_many({"x": rng.normal(5, 1, 50)})
    rows += 50
    time.sleep(0.02)
monitor.flush()
print(rows, monitor.reference.id, flush=True)
monitor.close()
"""


def test_a_promotion_while_two_processes_feed_and_a_third_restarts_with_the_old_file(
    tmp_path: Path,
) -> None:
    path, old = tmp_path / "s.db", tmp_path / "old.dwp"
    old.write_bytes(OLD.profile.to_bytes())
    stop = tmp_path / "stop"

    def start(source: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", FEEDER, str(path), str(old), source, str(stop)],
            stdout=subprocess.PIPE,
            text=True,
        )

    feeders = [start("a"), start("b")]
    try:
        for feeder in feeders:
            assert feeder.stdout is not None
            feeder.stdout.readline()
        store = SQLiteStore(path, timeout=20)
        from tests.waiting import until

        until(lambda: len(store.sources("m")) == 2)
        store.add_reference("m", NEW.id, NEW.profile.to_bytes(), now=1.0)
        store.use_reference("m", NEW.id, model_version=None, now=1.0)
        late = start("third")
        feeders.append(late)

        def newest() -> str:
            found = store.segments("m", width=3600, first=0, last=1 << 40)
            return {s.segment.reference for s in found[-4:]}.pop() if found else ""

        until(lambda: newest() == NEW.id and len(store.sources("m")) == 3)
        stop.touch()
        fed = 0
        for feeder in feeders:
            out, _ = feeder.communicate(timeout=60)
            rows, used = out.split()[-2:]
            assert used == NEW.id
            fed += int(rows)
        assert store.references_in_use("m") == {"": NEW.id}
        counters = store.overview("m").counters
        assert store.overview("m").rows + sum(counters.values()) == fed
        store.close()
    finally:
        for feeder in feeders:
            if feeder.poll() is None:
                feeder.kill()
                feeder.wait()


def test_a_promotion_for_another_version_counts_no_row_twice() -> None:
    """Flushes refresh what is in use, too: the evaluator must notice all the same."""
    store, clock = MemoryStore(), Clock(START + 9 * HOUR)
    with monitor(store, OLD, clock, window="4h") as watched:
        for hour in range(8):
            for version in ("v1", "v2"):
                frame = data(0.0, 500, hour)
                watched.observe_many(frame, at=START + hour * HOUR, model_version=version)
            if hour == 5:
                assert watched.evaluate() is not None
                store.add_reference("m", NEW.id, NEW.profile.to_bytes(), now=START)
                store.use_reference("m", NEW.id, model_version="v2", now=START)
        result = watched.evaluate()
        assert result is not None
        assert result.report is not None
        assert result.report.window is not None
        parts = {part.model_versions: part.rows for part in result.report.window.parts}
        assert parts == {("v1",): 2_000, ("v2",): 2_000}


def test_looking_at_a_stream_promotes_nothing(tmp_path: Path) -> None:
    path, clock = tmp_path / "s.db", Clock()
    with monitor(path, OLD, clock) as watched:
        watched.observe_many(data(0.0), at=START)
        watched.flush()
    with monitor(path, NEW, clock) as looking:
        looking.check()
        looking.check(data(5.0))
        assert looking.reference.id == OLD.id
    store = SQLiteStore(path)
    assert store.references_in_use("m") == {"": OLD.id}
    store.close()


def test_a_store_that_cannot_be_asked_does_not_stop_a_check_of_a_frame(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    watched = monitor(tmp_path / "nowhere" / "s.db", OLD, Clock())
    assert watched.check(data(9.0)).global_status is Status.CRITICAL
    assert "cannot say which reference is in use" in caplog.text


def test_replacing_happens_once(tmp_path: Path) -> None:
    path, clock = tmp_path / "s.db", Clock()
    with monitor(path, OLD, clock) as first:
        first.observe_many(data(0.0, 100), at=START)
    watched = monitor(path, NEW, clock, reference="replace")
    watched.observe_many(data(5.0, 100), at=START)
    store = SQLiteStore(path)
    assert store.references_in_use("m") == {"": NEW.id}
    store.use_reference("m", OLD.id, model_version=None, now=1.0)
    watched.close()
    watched.observe_many(data(5.0, 100), at=START)  # opens anew
    watched.close()
    assert store.references_in_use("m") == {"": OLD.id}
    store.close()


def test_a_reference_in_which_a_column_has_another_kind_is_a_schema_change() -> None:
    texts = Reference(profile_data({"x": ["a", "b"] * 500}, reference=True))
    store, clock = MemoryStore(), Clock(START + 9 * HOUR)
    with monitor(store, OLD, clock) as watched:
        watched.observe_many(data(0.0, 500), at=START + HOUR)
        watched.flush()
        store.add_reference("m", texts.id, texts.profile.to_bytes(), now=START)
        store.use_reference("m", texts.id, model_version=None, now=START)
        report = watched.check()
        assert report.rows_current == 500
        assert [change.column for change in report.schema_changes] == ["x"]
