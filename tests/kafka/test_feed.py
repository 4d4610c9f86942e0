"""A partition's feed: rows and progress together, whatever the messages are like."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.core.subject import Subject
from driftwatch.evaluation.reference_in_use import ReferenceInUse
from driftwatch.integrations.kafka.messages.decoding import Decoder
from driftwatch.integrations.kafka.partitions.feed import (
    FencedError,
    OtherTopicError,
    PartitionFeed,
    Target,
)
from driftwatch.integrations.kafka.partitions.setting_back import set_cursor
from driftwatch.stores.sqlite.memory import MemoryStore
from tests.kafka import working

HOUR = 3_600


@dataclass(frozen=True)
class Sent:
    offset: int
    value: bytes | None
    key: bytes | None = None
    timestamp: int = 0
    headers: Sequence[tuple[str, bytes]] = ()


WATCHED = working.monitor(None, window="1h", slide="1h", lateness="5m")


def feed(store: MemoryStore, *, most_panes: int | None = None, **more: Any) -> PartitionFeed:
    config = working.config("h:1", "t", model_version="$.version", **more)
    target = Target(
        store, ReferenceInUse(Subject(WATCHED.reference, "m"), store), WATCHED.spec, "m", time.time
    )
    made = PartitionFeed(target, "t/0", Decoder(config, WATCHED.reference.schema))
    if most_panes is not None:  # a backlog of few messages fills it
        made._accumulator.most_panes = most_panes
    return made


def messages(count: int, *, apart: float, versions: int = 1) -> list[Sent]:
    return [
        Sent(
            n,
            json.dumps(
                working.message(n)
                | {"ts": working.START - (count - n) * apart, "version": n % versions}
            ).encode(),
        )
        for n in range(count)
    ]


def take_all(found: PartitionFeed, sent: list[Sent], *, flush_every: int) -> None:
    """As a worker does: what was not taken is read again after a flush."""
    since = 0
    while found.next < len(sent):
        before = found.next
        found.take(sent[found.next : found.next + flush_every - since])
        since += found.next - before
        if since >= flush_every or found.is_full:
            found.flush()
            since = 0
    found.flush()


def test_more_panes_than_may_be_open_are_stored_with_the_cursor_or_not_at_all() -> None:
    """A message an hour: no row reaches the store before the offsets that say so."""
    store = MemoryStore()
    sent = messages(900, apart=HOUR)
    dying = feed(store, most_panes=400)
    assert not dying.take(sent)
    assert dying.is_full
    assert store.overview("m").rows == 0  # and it dies here, before a flush
    take_all(feed(store, most_panes=400), sent, flush_every=500)
    facts = store.overview("m")
    assert facts.rows == 900
    assert facts.counters == {"kafka_ok": 900}
    assert store.cursor("m", "kafka t/0") == 900
    store.close()


def test_a_zombie_with_many_panes_stores_nothing() -> None:
    store = MemoryStore()
    sent = messages(900, apart=HOUR)
    zombie, heir = feed(store, most_panes=400), feed(store, most_panes=400)
    zombie.take(sent)
    take_all(heir, sent, flush_every=500)
    with pytest.raises(FencedError):
        zombie.flush()
    assert store.overview("m").rows == 900
    store.close()


@pytest.mark.parametrize("flush_every", [7, 500, 4_000])
def test_rows_are_late_in_the_order_they_came_whatever_their_versions(flush_every: int) -> None:
    store = MemoryStore()
    take_all(feed(store), messages(4_000, apart=10.0, versions=3), flush_every=flush_every)
    assert store.overview("m").rows == 4_000
    assert store.overview("m").counters == {"kafka_ok": 4_000}
    store.close()


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 4 * HOUR), st.integers(0, 2)), min_size=1, max_size=60),
    st.lists(st.integers(1, 20), min_size=1, max_size=5),
)
def test_which_rows_are_too_late_depends_on_nothing_but_their_order(
    rows: list[tuple[int, int]], pieces: list[int]
) -> None:
    """In one go, or with a flush and another worker after every few messages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("driftwatch.ingest.cutting.TOO_LATE_VOTES", 5)  # so that few rows are enough
        _look_at_too_late(rows, pieces)


def _look_at_too_late(rows: list[tuple[int, int]], pieces: list[int]) -> None:
    sent = [
        Sent(n, json.dumps(working.message(n) | {"ts": working.START + t, "version": v}).encode())
        for n, (t, v) in enumerate(rows)
    ]
    found = []
    for cuts in ([len(sent)], pieces):
        store, start, turn = MemoryStore(), 0, 0
        while start < len(sent):
            following = feed(store)
            start = min(len(sent), start + cuts[turn % len(cuts)])
            following.take(sent[following.next : start])
            following.flush()
            turn += 1
        facts = store.overview("m")
        found.append((facts.rows, facts.counters.get("too_late", 0)))
        assert sum(found[-1]) == len(sent)
        store.close()
    assert found[0] == found[1]


@pytest.mark.parametrize("to", [0, 7, 40])
def test_a_cursor_that_is_set_has_no_mark_of_before(
    to: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read again is not too late, and marks of the new turn are kept with its cursor."""
    monkeypatch.setattr("driftwatch.ingest.cutting.TOO_LATE_VOTES", 5)
    store, sent = MemoryStore(), messages(40, apart=HOUR)
    take_all(feed(store), sent, flush_every=9)
    for place in (3, to):  # it stands where marks of before are of, at last, with 40
        assert set_cursor(store, "m", "t/0", to=place, now=time.time())
    again = [Sent(to + n, message.value) for n, message in enumerate(sent)]
    for start in range(0, 40, 8):  # another worker every time
        found = feed(store)
        assert found.next == to + start
        found.take(again[start : start + 8])
        found.flush()
    assert store.overview("m").counters == {"kafka_ok": 80}
    found = feed(store)
    found.take([Sent(to + 40, sent[0].value)])
    found.flush()
    assert store.overview("m").counters == {"kafka_ok": 81, "too_late": 1}
    store.close()


def test_where_to_begin_is_decided_once_even_at_the_very_start() -> None:
    store = MemoryStore()
    first = feed(store)
    assert first.is_new
    first.skip_to(0, "kafka_before_start")
    first.flush()
    assert not feed(store).is_new
    store.close()


def test_every_rejected_message_is_there_to_be_sent_on() -> None:
    store = MemoryStore()
    found = feed(store)
    found.take([Sent(n, b"junk") for n in range(5_000)])
    assert [each.message.offset for each in found.rejected] == list(range(5_000))
    store.close()


def test_a_topic_that_ends_before_what_was_read_is_another_one() -> None:
    store = MemoryStore()
    found = feed(store)
    take_all(found, messages(10, apart=1.0), flush_every=10)
    found.check_end(10)
    with pytest.raises(OtherTopicError, match="made anew"):
        found.check_end(9)
    store.close()


def one(number: int, **more: Any) -> Sent:
    return Sent(number, json.dumps(working.message(number) | more).encode())


@pytest.mark.parametrize("nested", [[], {}, [1], {"a": [1]}])
def test_a_list_or_an_object_as_a_value_takes_no_other_row_with_it(nested: Any) -> None:
    store = MemoryStore()
    found = feed(store)
    found.take([one(n) for n in range(500)])
    found.drain()
    found.take([one(500, inputs={"x": 1.0, "plan": nested})])
    found.flush()
    assert store.overview("m").rows == 501
    assert store.overview("m").counters == {"kafka_ok": 501}
    store.close()


def test_messages_that_hold_many_records_are_read_a_few_at_a_time() -> None:
    found = feed(MemoryStore())
    several = [{"x": float(n), "plan": "pro"} for n in range(3_000)]
    sent = [one(n, inputs=several, yhat=None) for n in range(5)]
    assert found._decoder.decode_all(sent).read == 2
    assert found.take(sent)
    assert (found.next, found.taken, found._accumulator.open_rows > 0) == (5, 5, True)
    found.flush()
    assert found._target.store.overview("m").rows == 15_000


def test_what_waits_is_sketched_before_it_takes_much_room() -> None:
    found = feed(MemoryStore())
    found.take([one(n) for n in range(6_000)])
    found.drain()
    waiting = []
    for start in range(0, 12_000, 100):
        plan = "x" * 20_000
        found.take(
            [one(n, inputs={"x": 1.0, "plan": plan}) for n in range(start + 6_000, start + 6_100)]
        )
        waiting.append(found._columns.waiting)
    assert max(waiting) < (32 << 20) / 20_000 + 300
    assert waiting[-1] != 12_000


def test_ordinary_traffic_and_then_a_backlog_open_no_more_panes_than_may_be_open() -> None:
    found = feed(MemoryStore())
    found._accumulator.most_panes = 50
    found.take([one(n) for n in range(6_000)])  # so that many are sketched together
    sent = [one(n, ts=working.START + (n - 6_000) * HOUR) for n in range(6_000, 9_000)]
    assert not found.take(sent)
    assert found._accumulator.open_panes <= 50 + 256
