"""What every store must do, run over each of them: see `driftwatch.protocols.Store`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from driftwatch import Reference
from driftwatch.core.data.batch import batches_of
from driftwatch.core.windows.evaluation_record import Evaluation
from driftwatch.core.windows.halves import halves_of
from driftwatch.core.windows.segments import CursorMove, Delivery, Outcome, Segment
from driftwatch.core.windows.stored import SavedState
from driftwatch.profiling.build import profile_data
from driftwatch.protocols import Store
from driftwatch.stores.compaction import compact

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


def in_use(store: Store, version: str | None) -> str | None:
    ids = store.references_in_use("m")
    return ids.get(version or "") or ids.get("")


def evaluation(token: int, pane: int, **more: Any) -> Evaluation:
    facts: dict[str, Any] = {
        "revision": 0,
        "created": 1.0,
        "status": "OK",
        "report": "{}",
        "event": None,
    }
    return Evaluation("m", token, pane, state={"a": 1}, consumed=pane, **(facts | more))


def test_a_delivery_is_taken_once(store: Store, reference: Reference) -> None:
    one = Delivery("m", "a", "e", 0, (segment(reference, 1, 10), segment(reference, 2, 5)))
    assert store.deliver(one, now=1.0) is Outcome.STORED
    assert store.deliver(one, now=2.0) is Outcome.DUPLICATE
    other_life = Delivery("m", "a", "f", 0, (segment(reference, 1, 3),), {"untimed": 2})
    assert store.deliver(other_life, now=3.0) is Outcome.STORED
    facts = store.overview("m")
    assert facts.rows == 18
    assert facts.counters == {"untimed": 2}
    (source,) = store.sources("m")
    assert (source.rows, source.deliveries, source.heard) == (18, 2, 3.0)
    assert store.overview("another").rows == 0


def test_a_source_is_as_far_as_it_says(store: Store, reference: Reference) -> None:
    """The latest of its rows, unless it says that most are not so far; and that may go back."""

    def deliver(number: int, latest: float, reached: float | None) -> float | None:
        rows = (segment(reference, 1, 5, earliest=0.0, latest=latest),)
        store.deliver(Delivery("m", "a", "e", number, rows, reached=reached), now=float(number))
        return store.sources("m")[0].latest

    assert deliver(0, 100.0, None) == 100.0
    assert deliver(1, 90.0, None) == 100.0
    assert deliver(2, 900.0, 120.0) == 120.0
    assert deliver(3, 2_000.0, None) == 2_000.0
    assert deliver(4, 150.0, 140.0) == 140.0
    assert deliver(5, 160.0, 999.0) == 160.0
    overview = store.overview("m")
    assert overview.latest == 2_000.0


def test_sources_are_forgotten_but_not_what_they_delivered(
    store: Store, reference: Reference
) -> None:
    for number, name in enumerate(("a", "b", "c")):
        moves = (CursorMove(name, 0, 7),)
        rows = (segment(reference, 1, 5),)
        store.deliver(Delivery("m", name, "e", 0, rows, cursors=moves), now=float(number))
    assert store.forget_sources("m", before=1.0) == 1
    assert [source.source for source in store.sources("m")] == ["b", "c"]
    assert store.forget_sources("m", before=99.0) == 1
    assert [source.source for source in store.sources("m")] == ["c"]
    assert store.overview("m").rows == 15
    assert store.cursor("m", "a") == 7
    again = Delivery("m", "a", "e", 0, (segment(reference, 1, 5),))
    assert store.deliver(again, now=9.0) is Outcome.DUPLICATE


@pytest.mark.parametrize("seed", range(20))
def test_a_whole_and_its_halves_count_once_in_any_order(store: Store, seed: int) -> None:
    """Several senders have the same delivery, cut it or not, and lose some of the answers."""
    rng = np.random.default_rng(seed)
    panes = tuple(Segment(pane, WIDTH, pane + 1, b"") for pane in range(6))
    whole = Delivery("m", "pod", "e", 3, panes, {"untimed": 7}, (), 1.0)
    waiting = [whole, whole, whole]
    neighbours = [replace(whole, sequence=2), replace(whole, epoch="e2"), replace(whole, epoch="f")]
    for other in neighbours:
        assert store.deliver(replace(other, segments=(), counters={}), now=1.0) is Outcome.STORED
    while waiting:
        sent = waiting.pop(int(rng.integers(len(waiting))))
        halves = halves_of(sent)
        if halves is not None and rng.random() < 0.4:
            waiting += halves  # and perhaps the whole is on its way all the same
            if rng.random() < 0.5:
                waiting.append(sent)
            continue
        outcome = store.deliver(sent, now=1.0)
        if outcome is Outcome.PARTLY:
            assert halves is not None
            waiting += halves
        elif rng.random() < 0.3:
            waiting.append(sent)  # the answer was lost
    facts = store.overview("m")
    assert (facts.rows, facts.counters) == (21, {"untimed": 7})
    assert [pane.segments for pane in facts.panes] == [6]


def test_a_cursor_moves_with_its_rows_or_not_at_all(store: Store, reference: Reference) -> None:
    rows = (segment(reference, 1, 10),)
    first = Delivery("m", "a", "e", 0, rows, cursors=(CursorMove("p0", 0, 10),))
    assert store.deliver(first, now=0.0) is Outcome.STORED
    assert store.cursor("m", "p0") == 10
    zombie = Delivery(
        "m", "b", "z", 0, rows, cursors=(CursorMove("p1", 0, 4), CursorMove("p0", 0, 9))
    )
    assert store.deliver(zombie, now=0.0) is Outcome.FENCED
    assert (store.cursor("m", "p0"), store.cursor("m", "p1")) == (10, 0)
    assert store.overview("m").rows == 10
    # The key was not used up: from the right place the same delivery is taken.
    again = Delivery("m", "b", "z", 0, rows, cursors=(CursorMove("p0", 10, 20),))
    assert store.deliver(again, now=0.0) is Outcome.STORED


def test_compaction_leaves_what_came_later_alone(store: Store, reference: Reference) -> None:
    for number in range(3):
        store.deliver(Delivery("m", "a", "e", number, (segment(reference, 1, 5),)), now=0.0)
    assert compact(store, "m", before=2, width=WIDTH, upto=2) == 1
    (untouched, compacted) = store.segments("m", width=WIDTH, first=1, last=1)
    assert (untouched.id, untouched.covers) == (3, 0)
    assert compacted.covers == 2
    assert compact(store, "m", before=1, width=WIDTH) == 0


def test_what_is_counted_belongs_to_the_panes_that_it_came_with(
    store: Store, reference: Reference
) -> None:
    def deliver(sequence: int, panes: dict[int, int], **counters: int) -> None:
        parts = tuple(segment(reference, pane, rows) for pane, rows in panes.items())
        store.deliver(Delivery("m", "a", "e", sequence, parts, counters), now=0.0)

    def counted(first: int, last: int) -> dict[str, int]:
        return dict(store.counted("m", width=WIDTH, first=first, last=last))

    deliver(0, {}, untimed=4, late=1)  # before there is a pane
    assert counted(-100, 100) == {}
    deliver(1, {7: 10, 8: 30}, untimed=3)
    deliver(1, {7: 10, 8: 30}, untimed=3)  # a second time
    assert counted(7, 7) == {"untimed": 4, "late": 1}
    assert counted(8, 8) == {"untimed": 3}
    deliver(2, {7: 20, 8: 20}, untimed=5, switched=-2)
    deliver(3, {}, untimed=6)
    assert counted(7, 7) == {"untimed": 6, "late": 1, "switched": -1}
    assert counted(8, 8) == {"untimed": 12, "switched": -1}
    assert store.overview("m").counters == {"untimed": 18, "late": 1, "switched": -2}
    assert counted(7, 8) == store.overview("m").counters
    assert counted(9, 99) == {}
    assert store.counted("another", width=WIDTH, first=0, last=99) == {}
    store.expire("m", width=WIDTH, before=8)
    assert counted(0, 99) == {"untimed": 12, "switched": -1}


def test_expiry_is_counted(store: Store, reference: Reference) -> None:
    for pane in range(4):
        store.deliver(Delivery("m", "a", "e", pane, (segment(reference, pane, 5),)), now=0.0)
    assert store.expire("m", width=WIDTH, before=3) == 15
    assert store.expire("m", width=WIDTH, before=3) == 0
    assert store.overview("m").counters == {"expired": 15}
    assert store.overview("m").rows == 5


def test_references_and_their_use(store: Store, reference: Reference) -> None:
    body = reference.profile.to_bytes()
    assert in_use(store, None) is None
    for id_ in ("r1", "r2"):
        store.add_reference("m", id_, body, now=1.0)
    store.add_reference("m", "r1", b"other", now=2.0)
    assert store.reference("m", "r1") == body
    assert store.reference("m", "none") is None
    store.use_reference("m", "r1", model_version=None, now=3.0)
    store.use_reference("m", "r2", model_version="v2", now=4.0)
    assert in_use(store, None) == "r1"
    assert in_use(store, "v2") == "r2"
    assert in_use(store, "v9") == "r1"
    store.use_reference("m", "r2", model_version=None, now=5.0)
    store.use_reference("m", "r1", model_version=None, now=6.0)
    assert in_use(store, None) == "r1"
    assert [(r.id, r.used_for) for r in store.references("m")] == [
        ("r1", ("",)),
        ("r2", ("v2",)),
    ]


def test_the_lease_elects_one_and_fences_the_other(store: Store) -> None:
    assert store.lease("m", "a", now=0.0, seconds=10) == 1
    assert store.lease("m", "b", now=5.0, seconds=10) is None
    assert store.lease("m", "a", now=9.0, seconds=10) == 1
    assert store.record(evaluation(1, 3))
    assert store.lease("m", "b", now=20.0, seconds=10) == 2  # a fell silent
    assert not store.record(evaluation(1, 4, status="CRITICAL"))
    assert store.record(evaluation(2, 4))
    assert [r.pane for r in store.reports("m", limit=9)] == [4, 3]
    assert store.state("m") == SavedState(4, {"a": 1})
    store.release("m", 2)
    assert store.lease("m", "a", now=20.0, seconds=10) == 3
    # A lease from a clock that was ahead by years does not last for years.
    assert store.lease("m", "a", now=1e9, seconds=10) == 3
    assert store.lease("m", "b", now=30.0, seconds=10) == 4


def test_a_lease_from_a_clock_that_is_ahead_lasts_no_longer_than_another(store: Store) -> None:
    assert store.lease("m", "a", now=50.0, seconds=10) == 1  # by its own clock, and then it dies
    assert store.lease("m", "b", now=0.0, seconds=10) is None
    assert store.lease("m", "c", now=5.0, seconds=10) is None
    assert store.lease("m", "b", now=9.0, seconds=10) is None
    assert store.lease("m", "b", now=10.0, seconds=10) == 2
    assert store.lease("m", "c", now=15.0, seconds=10) is None  # b has it since


def test_a_lease_that_is_renewed_by_a_clock_that_is_ahead_is_held(store: Store) -> None:
    for second in range(0, 60, 4):
        assert store.lease("m", "a", now=50.0 + second, seconds=10) == 1
        assert store.lease("m", "b", now=float(second), seconds=10) is None


def test_alarms_are_found_and_outlive_other_reports(store: Store) -> None:
    assert store.lease("m", "a", now=0.0, seconds=10) == 1
    for pane in range(5):
        store.record(evaluation(1, pane, event="raised" if pane == 2 else None))
    assert [r.pane for r in store.reports("m", limit=9, alarms_only=True)] == [2]
    assert store.forget_reports("m", before=9.0) == 4
    assert [r.pane for r in store.reports("m", limit=9)] == [2]


def test_a_reference_that_is_new_comes_into_use_and_a_replaced_one_does_not(store: Store) -> None:
    def adopted(id_: str, version: str | None = None) -> str:
        return store.adopt_reference("m", id_, id_.encode(), model_version=version, now=1.0)

    assert adopted("r1") == "r1"
    assert adopted("r1") == "r1"
    assert adopted("r2") == "r2"
    assert adopted("r1") == "r2"
    assert adopted("r3", "v3") == "r3"
    assert adopted("r2", "v4") == "r2"
    assert store.references_in_use("m") == {"": "r2", "v3": "r3"}
    assert store.references_in_use("another") == {}


def test_results_wait_for_their_sinks_in_order_until_they_are_taken(store: Store) -> None:
    assert store.lease("m", "a", now=0.0, seconds=100.0) == 1
    for pane in (1, 2):
        assert store.record(evaluation(1, pane, sinks=("s", "t")))
    assert not store.record(evaluation(9, 3, sinks=("s",)))  # without the lease nothing is left
    first = store.take_due("m", "s", now=5.0, hold=60.0)
    assert first is not None
    assert (first.pane, first.report, first.event_id) == (1, "{}", "m/1/0/1")
    assert store.take_due("m", "s", now=6.0, hold=60.0) is None
    store.postpone(first, due=7.0, error="away")
    again = store.take_due("m", "s", now=7.0, hold=60.0)
    assert again is not None
    assert (again.id, again.attempts, again.error) == (first.id, 1, "away")
    store.delivered(again, now=0.0)
    second = store.take_due("m", "s", now=8.0, hold=60.0)
    assert second is not None
    store.give_up(second)
    assert store.overview("m").counters == {"not_taken_by s": 1}
    assert [(entry.sink, entry.pane) for entry in store.outbox("m")] == [("t", 1), ("t", 2)]


def test_several_segments_are_replaced_by_one_or_not_at_all(
    store: Store, reference: Reference
) -> None:
    for number in range(3):
        store.deliver(Delivery("m", "a", "e", number, (segment(reference, 1, 5),)), now=0.0)
    keys = store.segment_keys("m", width=WIDTH, before=2)
    assert [(key.id, key.pane, key.reference) for key in keys] == [
        (number, 1, reference.id) for number in (1, 2, 3)
    ]
    old = store.segments("m", width=WIDTH, first=1, last=1)
    assert store.replace_segments("m", old[:2], segment(reference, 1, 10))
    assert not store.replace_segments("m", old, segment(reference, 1, 15))
    assert store.overview("m").rows == 15
    assert [s.covers for s in store.segments("m", width=WIDTH, first=1, last=1)] == [0, 2]
    store.set_aside("m", 3, "for the test")
    assert [(q.rows, q.reason) for q in store.quarantine("m")] == [(5, "for the test")]
    assert store.panes("m", width=WIDTH, first=0, last=9) == [1]
    assert store.monitors() == ["m"]
    assert (store.damage, store.evaluates_elsewhere) == (None, False)


def test_what_was_turned_away_is_known_until_it_is_taken_or_comes_no_more(
    store: Store, reference: Reference
) -> None:
    panes = tuple(segment(reference, pane, 10) for pane in range(2))
    whole = Delivery("m", "a", "e", 0, panes)
    other = replace(whole, source="b")
    for now, each in ((100.0, whole), (160.0, whole), (200.0, other)):
        store.turn_away(each, "no key" * 100, now=now)
    found = [
        (away.source, away.rows, away.first, away.last)
        for away in store.turned_away("m", now=300.0)
    ]
    assert found == [("a", 20, 100.0, 160.0), ("b", 20, 200.0, 200.0)]
    assert store.turned_away("other", now=300.0) == []
    halves = halves_of(whole)
    assert halves is not None
    for half in halves:
        store.turn_away(half, "no key", now=250.0)
    assert [away.epoch for away in store.turned_away("m", now=300.0)] == ["e", "e~0", "e~1"]
    for half in halves:
        assert store.deliver(half, now=300.0) is Outcome.STORED
    assert [away.source for away in store.turned_away("m", now=300.0)] == ["b"]
    assert store.turned_away("m", now=200.0 + 86_401) == []
    for sequence in range(1_100):
        store.turn_away(replace(whole, sequence=sequence + 1), "no key", now=400.0 + sequence)
    assert len(store.turned_away("m", now=1_500.0)) == 1_000
