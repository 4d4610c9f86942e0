"""The write side: every row in exactly one place, every delivery exactly once."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch import Reference
from driftwatch.core.data.batch import Batch, batches_of
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.windows.segments import Delivery, Outcome
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.core.windows.stored import Overview
from driftwatch.errors import StoreError
from driftwatch.ingest.accumulator import Accumulator
from driftwatch.ingest.cutting import MAX_SKEW
from driftwatch.protocols import Store
from driftwatch.stores import open_store
from driftwatch.stores.sqlite.memory import MemoryStore
from tests.small_stream import HOUR, START, Clock

MakeBatch = Callable[..., Batch]


def accumulator(
    reference: Reference, spec: WindowSpec, clock: Clock, store: Any = None, **more: Any
) -> Accumulator:
    store = store if store is not None else open_store(None)
    return Accumulator(reference, spec, store, monitor="m", source="s", clock=clock, **more)


def stored(store: Store) -> Overview:
    return store.overview("m")


def test_rows_go_to_the_pane_of_their_time(
    reference: Reference, spec: WindowSpec, clock: Clock, batch_of: MakeBatch
) -> None:
    store = MemoryStore()
    feed = accumulator(reference, spec, clock, store)
    clock.now = START + 5 * HOUR
    feed.add(batch_of(400), times=START + np.repeat(np.arange(4) * HOUR, 100))
    assert feed.open_rows == 400
    assert feed.flush() == 400
    assert feed.open_rows == 0
    first = spec.pane_at(START)
    for pane in range(first, first + 4):
        (found,) = store.segments("m", width=spec.width, first=pane, last=pane)
        assert found.segment.rows == Profile.from_bytes(found.segment.body).rows == 100
        assert found.segment.reference == reference.id


def test_late_too_late_future_and_untimed_rows_are_counted(
    reference: Reference, spec: WindowSpec, clock: Clock, batch_of: MakeBatch
) -> None:
    store = MemoryStore()
    feed = accumulator(reference, spec, clock, store)
    clock.now = START + 2.25 * HOUR
    times = [
        *[START + 2.25 * HOUR] * 1_000,  # in time; so far the source is from now on
        START + 1.5 * HOUR,  # its pane ended 15 minutes ago: late
        START + 0.5 * HOUR,  # 75 minutes ago: too late
        np.nan,
        clock.now + MAX_SKEW + 1,
        clock.now + MAX_SKEW - 1,  # a little ahead: clocks differ
    ]
    feed.add(batch_of(1_005), times=np.array(times))
    feed.flush()
    facts = stored(store)
    assert facts.rows == 1_002
    assert facts.panes[0].late == 1
    assert facts.counters == {"untimed": 1, "from_the_future": 1, "too_late": 1}


def test_one_producer_nine_minutes_ahead_makes_no_other_late(
    reference: Reference, clock: Clock, batch_of: MakeBatch
) -> None:
    """Four producers in turn, one of them ahead; read when it is long past, and as it happens."""
    spec = WindowSpec.of("10m", "1m")
    true = START + np.arange(8_000.0)
    said = true + np.where(np.arange(8_000) // 50 % 4 == 1, 540.0, 0.0)
    for live in (False, True):
        store = MemoryStore()
        feed = accumulator(reference, spec, clock, store)
        clock.now = START + 10 * HOUR
        for start in range(0, 8_000, 80):
            if live:
                clock.now = true[start + 79] + 1.0
            feed.add(batch_of(80), times=said[start : start + 80])
            feed.flush()
            (source,) = store.sources("m")
            if start >= 800:
                assert source.latest is not None
                assert true[start] - 120 <= source.latest <= true[start + 79] + 1.0
        facts = stored(store)
        assert (facts.rows, facts.counters) == (8_000, {})
        assert sum(pane.late for pane in facts.panes) < 80


@pytest.mark.parametrize("together", [True, False])
def test_a_few_messages_of_today_in_a_backlog_drop_none_of_it(
    reference: Reference, spec: WindowSpec, clock: Clock, batch_of: MakeBatch, *, together: bool
) -> None:
    store = MemoryStore()
    feed = accumulator(reference, spec, clock, store)
    clock.now = START + 720 * HOUR
    old = START + np.linspace(0, 48 * HOUR, 20_000)
    at = np.full(20, 7_100) if together else np.linspace(0, 19_999, 20).astype(int)
    times = np.insert(old, at, clock.now)
    for start in range(0, times.size, 501):
        feed.add(batch_of(min(501, times.size - start)), times=times[start : start + 501])
        feed.flush()
        (source,) = store.sources("m")
        assert source.latest is not None
        if start:
            assert source.latest <= START + 48 * HOUR
    facts = stored(store)
    assert (facts.rows, facts.counters) == (20_020, {})
    assert (source.latest or 0.0) >= START + 47.9 * HOUR


def test_rows_that_come_long_after_the_bulk_are_too_late_and_counted(
    reference: Reference, spec: WindowSpec, clock: Clock, batch_of: MakeBatch
) -> None:
    store = MemoryStore()
    feed = accumulator(reference, spec, clock, store)
    clock.now = START + 10 * HOUR
    times = START + np.linspace(0, 10 * HOUR, 20_000)
    times[10_000::100] -= 4 * HOUR
    feed.add(batch_of(20_000), times=times)
    feed.flush()
    assert stored(store).counters["too_late"] == 100


@settings(max_examples=60)
@given(
    offsets=st.lists(
        st.one_of(st.floats(-20_000, 20_000), st.just(float("nan"))), min_size=1, max_size=60
    ),
    cuts=st.lists(st.integers(1, 20), max_size=8),
)
def test_what_becomes_of_a_row_does_not_depend_on_batches(
    reference: Reference, offsets: list[float], cuts: list[int]
) -> None:
    spec = WindowSpec.of("6h", "1h", lateness="30m")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("driftwatch.ingest.cutting.TOO_LATE_VOTES", 5)  # so that few rows are enough
        patch.setattr("driftwatch.ingest.cutting._LATE_VOTES", 2)
        results = [_in_pieces(reference, spec, offsets, each) for each in ([], cuts)]
    assert results[0] == results[1]


def _in_pieces(
    reference: Reference, spec: WindowSpec, offsets: list[float], cuts: list[int]
) -> tuple[Any, ...]:
    store = MemoryStore()
    feed = accumulator(reference, spec, Clock(START), store)
    start = 0
    for size in [*cuts, len(offsets)]:
        part = offsets[start : start + size]
        if part:
            batch = next(batches_of({"x": part, "c": ["a"] * len(part)}))
            feed.add(batch, times=START + np.array(part))
        start += size
    feed.flush()
    facts = stored(store)
    late = sum(pane.late for pane in facts.panes)
    assert facts.rows + sum(facts.counters.values()) == len(offsets)
    return facts.rows, late, facts.counters


def test_a_clock_that_was_ahead_does_not_make_everything_late(
    reference: Reference, spec: WindowSpec, clock: Clock, batch_of: MakeBatch
) -> None:
    store = MemoryStore()
    feed = accumulator(reference, spec, clock, store)
    clock.now = START + 1000 * HOUR
    feed.add(batch_of(10))  # no time of their own: now, which is wrong
    clock.now = START
    feed.add(batch_of(10))
    feed.flush()
    assert stored(store).rows == 20
    assert stored(store).counters == {"clock_set_back": 1}


def test_rows_are_cut_by_number_across_restarts(
    reference: Reference, clock: Clock, batch_of: MakeBatch
) -> None:
    spec = WindowSpec.of("300 rows", "100 rows")
    store = MemoryStore()
    feed = accumulator(reference, spec, clock, store)
    feed.add(batch_of(250))
    feed.flush()
    again = accumulator(reference, spec, clock, store)
    again.add(batch_of(130))
    again.flush()
    found = store.segments("m", width=100, first=0, last=9)
    by_pane: dict[int, int] = {}
    for segment in found:
        pane = segment.segment.pane
        by_pane[pane] = by_pane.get(pane, 0) + segment.segment.rows
    assert by_pane == {0: 100, 1: 100, 2: 100, 3: 80}
    feed.add(batch_of(10))  # the first process is still there, with the same name
    with pytest.raises(StoreError, match="another process feeds monitor 'm'"):
        feed.flush()


class Flaky(MemoryStore):
    """A store that fails before, or after, it has taken a delivery."""

    def __init__(self) -> None:
        super().__init__()
        self.fail: list[str] = []

    def deliver(self, delivery: Delivery, /, *, now: float) -> Outcome:
        how = self.fail.pop(0) if self.fail else ""
        if how == "before":
            raise StoreError("away")
        outcome = super().deliver(delivery, now=now)
        if how == "after":
            raise StoreError("the answer was lost")
        return outcome


@settings(max_examples=40)
@given(fail=st.lists(st.sampled_from(["before", "after", ""]), max_size=6))
def test_failing_deliveries_lose_nothing_and_count_nothing_twice(
    reference: Reference, fail: list[str]
) -> None:
    store = Flaky()
    spec = WindowSpec.of("6h", "1h")
    clock = Clock()
    feed = accumulator(reference, spec, clock, store)
    whole = reference.new_profile()
    for turn, how in enumerate([*fail, ""]):
        batch = next(batches_of({"x": [float(turn), 2.0], "c": ["a", "b"]}))
        whole.update(batch)
        clock.now += HOUR / 3
        feed.add(batch)
        store.fail = [how]
        try:
            feed.flush()
        except StoreError:
            assert feed.open_rows > 0
    feed.flush()
    assert stored(store).rows == whole.rows
    merged = reference.new_profile()
    for segment in store.segments("m", width=3600, first=0, last=1 << 40):
        merged.merge(Profile.from_bytes(segment.segment.body))
    assert merged.content_hash == whole.content_hash


def test_too_many_open_panes_are_delivered_or_the_oldest_dropped(
    reference: Reference, clock: Clock, batch_of: MakeBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "driftwatch.ingest.accumulator._OPEN_COLUMNS", 8
    )  # four panes of two columns
    spec = WindowSpec.of("1h", "1m", lateness="1d")
    store = Flaky()
    feed = accumulator(reference, spec, clock, store)
    clock.now = START + HOUR
    feed.add(batch_of(100), times=np.arange(START, START + 600, 6.0, dtype=np.float64))
    assert feed.open_rows < 100
    store.fail = ["before"] * 50
    feed.add(batch_of(100), times=np.arange(START, START + 600, 6.0, dtype=np.float64))
    store.fail = []
    feed.flush()
    facts = stored(store)
    assert facts.rows + facts.counters["dropped_while_the_store_was_away"] == 200


def test_unstored_rows_are_seen_and_not_changed(
    reference: Reference, spec: WindowSpec, clock: Clock, batch_of: MakeBatch
) -> None:
    store = Flaky()
    feed = accumulator(reference, spec, clock, store)
    pane = spec.pane_at(START)
    assert feed.unstored(pane, pane) == []
    assert feed.latest_pane() is None
    feed.add(batch_of(50))
    store.fail = ["before"]
    with pytest.raises(StoreError):
        feed.flush()
    feed.add(batch_of(30))
    for _ in range(2):
        ((_, found),) = feed.unstored(pane, pane)
        assert found.rows == 80
    assert feed.latest_pane() == pane
    assert feed.flush() == 80


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_delivers_only_its_own_rows(
    reference: Reference, spec: WindowSpec, clock: Clock, batch_of: MakeBatch, tmp_path: Any
) -> None:
    path = tmp_path / "s.db"
    store = open_store(path)
    feed = accumulator(reference, spec, clock, store)
    feed.add(batch_of(50))
    child = os.fork()
    if child == 0:  # pragma: no cover - the child is not measured
        code = 1
        try:
            feed.add(batch_of(7))
            code = 0 if feed.flush() == 7 else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert feed.flush() == 50
    assert stored(store).rows == 57
    store.close()


def test_an_error_in_one_pane_takes_no_row_of_another_with_it(
    reference: Reference,
    spec: WindowSpec,
    clock: Clock,
    batch_of: MakeBatch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    feed = accumulator(reference, spec, clock, MemoryStore())
    batch = batch_of(30)
    times = clock() - 3 * spec.width + np.repeat(np.arange(3.0), 10) * spec.width
    run, runs = feed._pool.run, []

    def failing(tasks: Any, *, rows: int) -> None:
        runs.append(rows)
        if len(runs) == 1:
            raise ArithmeticError("in the first pane, for the test")
        run(tasks, rows=rows)

    monkeypatch.setattr(feed._pool, "run", failing)
    with pytest.raises(ArithmeticError):
        feed.add(batch, times=times)
    assert runs == [10, 10, 10]
    assert feed.open_rows == 20
    assert feed.tally.counts() == {"lost_with_a_failed_batch": 10}


def test_a_model_version_that_no_encoding_has_wedges_nothing(
    reference: Reference, spec: WindowSpec, batch_of: Callable[..., Batch]
) -> None:
    store, clock = MemoryStore(), Clock()
    feed = Accumulator(reference, spec, store, monitor="m", source="s", clock=clock)
    for version in ("\ud800", "v" * 10_000, "v1"):
        feed.add(batch_of(10), model_version=version)
        assert feed.flush() == 10
    assert store.overview("m").rows == 30
