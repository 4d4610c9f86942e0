"""The store against a plain model, whatever happens in whatever order.

Sources push deliveries, push them again, out of order and late; processes crash between
being sent and being acknowledged; segments are compacted, rolled up and expired; the clock
jumps; leases are lost. After every step the accounting closes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from driftwatch import Column, Kind, Profile, Schema, SketchConfig
from driftwatch.core.data.batch import batches_of
from driftwatch.core.windows.evaluation_record import Evaluation
from driftwatch.core.windows.segments import CursorMove, Delivery, Outcome, Segment
from driftwatch.stores.compaction import compact
from driftwatch.stores.sqlite.store import SQLiteStore

WIDTH, WIDE = 3600, 4 * 3600
SCHEMA = Schema((Column("x", Kind.NUMERIC), Column("c", Kind.CATEGORICAL)))
CONFIG = SketchConfig(k=16, reference_k=32, exact_values=5, dictionary=3, exact_categories=6)
sources = st.sampled_from(["a", "b", "c"])
values = st.lists(st.integers(-50, 50), min_size=1, max_size=6)


def profile_of(data: list[int]) -> Profile:
    profile = Profile(SCHEMA, config=CONFIG)
    for batch in batches_of({"x": np.array(data, float), "c": [str(v % 9) for v in data]}):
        profile.update(batch)
    return profile


class StoreMachine(RuleBasedStateMachine):
    """The model: which rows were acknowledged, and which of them are in which pane."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "s.db"
        self.store = SQLiteStore(self.path)
        self.now = 1_000.0
        self.epochs = {"a": "a0", "b": "b0", "c": "c0"}
        self.sequences = {"a": 0, "b": 0, "c": 0}
        self.cursors = {"a": 0, "b": 0, "c": 0}
        self.unsent: list[Delivery] = []
        self.sent: list[Delivery] = []
        self.rows: dict[tuple[int, int], list[int]] = {}
        self._rows_of: dict[int, list[int]] = {}
        self.expired = 0
        self.counted = 0
        self.token = 0
        self.holder: str | None = None
        self.expires = 0.0
        self.waits: dict[str, tuple[tuple[int, float], float]] = {}
        self.reports: list[int] = []

    @initialize()
    def begin(self) -> None:
        self.make("a", 5, [1, 2, 3])

    # -- what sources do

    @rule(source=sources, pane=st.integers(0, 30), data=values)
    def make(self, source: str, pane: int, data: list[int]) -> None:
        """Pack some rows; whether they are ever sent is another matter."""
        number = self.sequences[source]
        self.sequences[source] += 1
        body = profile_of(data).to_bytes()
        one = Segment(pane, WIDTH, len(data), body, latest=float(pane * WIDTH), reference="r")
        self.unsent.append(
            Delivery("m", source, self.epochs[source], number, (one,), {"untimed": len(data) % 2})
        )
        self._rows_of[id(self.unsent[-1])] = data

    @precondition(lambda self: self.unsent)
    @rule(data=st.data())
    def push(self, data: st.DataObject) -> None:
        """Deliver one of the waiting deliveries, in any order."""
        one = self.unsent.pop(data.draw(st.integers(0, len(self.unsent) - 1)))
        assert self.store.deliver(one, now=self.now) is Outcome.STORED
        self.acknowledged(one)

    def acknowledged(self, one: Delivery) -> None:
        self.sent.append(one)
        for segment in one.segments:
            self.rows.setdefault((segment.width, segment.pane), []).extend(self._rows_of[id(one)])
        self.counted += one.counters.get("untimed", 0)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def push_again(self, data: st.DataObject) -> None:
        """At least once means: sometimes twice."""
        one = self.sent[data.draw(st.integers(0, len(self.sent) - 1))]
        assert self.store.deliver(one, now=self.now) is Outcome.DUPLICATE

    @precondition(lambda self: self.unsent)
    @rule()
    def crash_after_the_store_had_it(self) -> None:
        """The answer is lost; the source will try again, and must not count twice."""
        one = self.unsent[0]
        assert self.store.deliver(one, now=self.now) is Outcome.STORED
        assert self.store.deliver(one, now=self.now) is Outcome.DUPLICATE
        self.unsent.pop(0)
        self.acknowledged(one)

    @rule(source=sources)
    def crash_of_a_source(self, source: str) -> None:
        """What it had not sent is gone; it begins a new life."""
        self.unsent = [one for one in self.unsent if one.source != source]
        self.epochs[source] += "'"
        self.sequences[source] = 0

    @rule(source=sources, pane=st.integers(0, 30), data=values, stale=st.booleans())
    def push_with_a_cursor(self, source: str, pane: int, data: list[int], stale: bool) -> None:
        """Rows and progress in one step; a zombie with an old position changes nothing."""
        stands = self.cursors[source]
        start = stands + 1 if stale else stands
        number = self.sequences[source]
        self.sequences[source] += 1
        move = CursorMove(f"p-{source}", start, start + len(data))
        one = Segment(pane, WIDTH, len(data), profile_of(data).to_bytes(), reference="r")
        delivery = Delivery("m", source, self.epochs[source], number, (one,), cursors=(move,))
        outcome = self.store.deliver(delivery, now=self.now)
        assert outcome is (Outcome.FENCED if stale else Outcome.STORED)
        if not stale:
            self.cursors[source] = move.end
            self._rows_of[id(delivery)] = data
            self.acknowledged(delivery)

    # -- what happens to the store

    @rule()
    def restart(self) -> None:
        """Close the file and open it again."""
        self.store.close()
        self.waits.clear()
        self.store = SQLiteStore(self.path)
        assert self.store.damage is None

    @rule(before=st.integers(0, 31), upto=st.one_of(st.none(), st.integers(0, 60)))
    def compact(self, before: int, upto: int | None) -> None:
        compact(self.store, "m", before=before, width=WIDTH, upto=upto)

    @rule(before=st.integers(0, 8))
    def roll_up(self, before: int) -> None:
        """Hours into stretches of four."""
        compact(self.store, "m", before=before, width=WIDTH, into=WIDE)
        for width, pane in list(self.rows):
            if width == WIDTH and pane < before * 4:
                rows = self.rows.pop((width, pane))
                self.rows.setdefault((WIDE, pane // 4), []).extend(rows)

    @rule(before=st.integers(0, 31), width=st.sampled_from([WIDTH, WIDE]))
    def expire(self, before: int, width: int) -> None:
        gone = self.store.expire("m", width=width, before=before)
        mine = 0
        for key in list(self.rows):
            if key[0] == width and key[1] < before:
                mine += len(self.rows.pop(key))
        assert gone == mine
        self.expired += mine

    @rule(seconds=st.integers(-500, 5_000))
    def clock_jump(self, seconds: int) -> None:
        self.now = max(0.0, self.now + seconds)

    # -- what evaluators do

    @rule(holder=st.sampled_from(["e1", "e2"]))
    def take_the_lease(self, holder: str) -> None:
        token = self.store.lease("m", holder, now=self.now, seconds=60)
        held = self.holder not in (None, holder)
        if held and self.now < self.expires <= self.now + 600:
            lease = self.token, self.expires
            before, since = self.waits.get(holder, (None, self.now))
            if before != lease or self.now < since:
                since = self.now
                self.waits[holder] = lease, since
            if self.now - since < 60:
                assert token is None
                return
        assert token is not None
        assert token == self.token + (self.holder != holder)
        self.token, self.holder, self.expires = token, holder, self.now + 60

    @precondition(lambda self: self.token)
    @rule(pane=st.integers(0, 30), lost=st.booleans())
    def record(self, pane: int, lost: bool) -> None:
        token = self.token - 1 if lost else self.token
        kept = self.store.record(
            Evaluation("m", token, pane, 0, self.now, "OK", "{}", None, {"n": pane}, pane)
        )
        assert kept is not lost
        if kept and pane not in self.reports:
            self.reports.append(pane)

    # -- the accounting

    @invariant()
    def the_accounting_closes(self) -> None:
        facts = self.store.overview("m")
        kept = sum(len(rows) for rows in self.rows.values())
        assert facts.rows == kept
        assert facts.counters.get("untimed", 0) == self.counted
        assert facts.counters.get("expired", 0) == self.expired
        delivered = sum(source.rows for source in self.store.sources("m"))
        assert delivered == kept + self.expired
        for source, position in self.cursors.items():
            assert self.store.cursor("m", f"p-{source}") == position
        reports = [row.pane for row in self.store.reports("m", limit=999)]
        assert sorted(reports) == sorted(self.reports)

    def teardown(self) -> None:
        """Every pane holds exactly the rows that were acknowledged for it."""
        for width in (WIDTH, WIDE):
            found: dict[int, Profile] = {}
            for segment in self.store.segments("m", width=width, first=0, last=99):
                profile = Profile.from_bytes(segment.segment.body)
                pane = segment.segment.pane
                if pane in found:
                    found[pane].merge(profile)
                else:
                    found[pane] = profile
            assert set(found) == {pane for w, pane in self.rows if w == width}
            for pane, profile in found.items():
                assert profile.content_hash == profile_of(self.rows[width, pane]).content_hash
        assert self.store.quarantine() == []
        self.store.close()
        self.folder.cleanup()


def run(runs: int, steps: int) -> None:
    run_state_machine_as_test(
        StoreMachine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_accounting_closes() -> None:
    run(12, 30)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_accounting_closes_in_two_hundred_lives() -> None:
    run(200, 50)
