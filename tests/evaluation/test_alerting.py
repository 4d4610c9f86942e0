"""Alerts beside the evaluation: streams that cannot be read, errors, long outages of back ends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from driftwatch import Reference
from driftwatch.alerts.message import Message
from driftwatch.alerts.settings import Alerts, Rule
from driftwatch.core.data.batch import Batch
from driftwatch.core.subject import Subject
from driftwatch.core.windows.evaluation_record import Evaluation
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.evaluation.evaluator import Evaluator
from driftwatch.evaluation.rules import EvaluationRules
from driftwatch.evaluation.sink_delivery import SinkDelivery, outgoing
from driftwatch.ingest.accumulator import Accumulator
from driftwatch.stores.sqlite.memory import MemoryStore
from tests.small_stream import HOUR, START, Clock
from tests.waiting import until

MakeBatch = Callable[..., Batch]


class BackEnd:
    """Takes messages, once it no longer fails."""

    name = "phone"

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.taken: list[Message] = []

    def send(self, message: Message) -> None:
        if self.fails:
            raise ConnectionError("away")
        self.taken.append(message)


def test_a_stream_of_which_no_row_can_be_used_opens_an_incident(
    reference: Reference, spec: WindowSpec, batch_of: MakeBatch
) -> None:
    store, clock, phone = MemoryStore(), Clock(), BackEnd()
    feed = Accumulator(reference, spec, store, monitor="m", source="s", clock=clock)
    alerts = Alerts(to=[phone], rules=[Rule("not_used_share > 0.2")])
    evaluator = Evaluator(
        store, Subject(reference, "m"), spec, clock=clock, rules=EvaluationRules(alerts=alerts)
    )
    for _ in range(3):
        feed.add(batch_of(100), times=np.full(100, np.nan))
        feed.flush()
        evaluator.step()
        clock.now += HOUR
    evaluator.close()
    # The clock that jumps may have what is being sent sent again.
    assert {(message.kind, message.title) for message in phone.taken} == {
        ("opened", "rows 100 % could not be used (not_used_share > 0.2)")
    }


def test_whatever_goes_wrong_with_alerts_windows_are_judged(
    reference: Reference,
    spec: WindowSpec,
    batch_of: MakeBatch,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, clock = MemoryStore(), Clock()
    feed = Accumulator(reference, spec, store, monitor="m", source="s", clock=clock)
    evaluator = Evaluator(store, Subject(reference, "m"), spec, clock=clock)

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    for method in ("read", "consume", "settle"):
        monkeypatch.setattr(evaluator.alerting.desk, method, broken)
    reports = 0
    with caplog.at_level(logging.ERROR, "driftwatch"):
        for hour in range(3):
            clock.now = START + hour * HOUR + HOUR - 1
            feed.add(batch_of(50), times=np.full(50, START + hour * HOUR))
            feed.flush()
            clock.now += HOUR
            result = evaluator.step()
            reports += result is not None and result.report is not None
    evaluator.close()
    assert reports == 2  # of the third hour late rows may still come
    assert "incidents: ZeroDivisionError" in caplog.text


MESSAGE = Message(
    "opened",
    "k",
    "m",
    1,
    "WARNING",
    "age drifted",
    "age drifted.",
    datetime(2026, 1, 1, tzinfo=UTC),
)


def put(store: MemoryStore, number: int, created: float) -> None:
    message = replace(MESSAGE, key=f"k{number}", title=f"message {number}")
    token = store.lease("m", "a", now=created, seconds=1e6)
    assert token is not None
    assert store.record(
        Evaluation(
            "m", token, number, 0, created, "OK", None, None, {}, number, (),
            messages=(outgoing(message),), notifiers=("phone",),
        )
    )  # fmt: skip


def test_of_a_back_end_that_is_away_for_two_weeks_everything_is_told_in_few_messages() -> None:
    store, clock, phone = MemoryStore(), Clock(0.0), BackEnd(fails=True)
    delivery = SinkDelivery(store, "m", [], [phone], clock=clock)
    for number in range(60):
        put(store, number, clock.now)
        clock.now += 6 * HOUR
        delivery.deliver_due("phone")
        assert len(store.outbox("m")) <= 21
    phone.fails = False
    clock.now += HOUR
    delivery.deliver_due("phone")
    assert store.outbox("m") == []
    (several,) = [message for message in phone.taken if message.kind == "several"]
    assert phone.taken[0] is several
    assert len(several.lines) + several.more + len(phone.taken) - 1 == 60
    assert [m.title for m in phone.taken[1:]] == [f"message {n}" for n in range(40, 60)]


def test_what_a_back_end_did_not_take_for_a_week_is_given_up_counted_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, clock, phone = MemoryStore(), Clock(0.0), BackEnd(fails=True)
    delivery = SinkDelivery(store, "m", [], [phone], clock=clock)
    for number in range(30):
        put(store, number, clock.now)
    delivery.deliver_due("phone")
    clock.now += 7 * 24 * HOUR + 1
    delivery.deliver_due("phone")
    assert store.outbox("m") == []
    assert store.overview("m").counters == {"not_taken_by phone": 21}
    assert "never took" in caplog.text


def test_a_thread_that_ended_is_started_again() -> None:
    store, clock, phone = MemoryStore(), Clock(0.0), BackEnd()
    delivery = SinkDelivery(store, "m", [], [phone], clock=clock)
    delivery.wake()
    (thread,) = delivery._threads.values()
    for event in delivery._news.values():
        event.set()
    closed = delivery._closed
    closed.set()
    thread.join(5)
    assert not thread.is_alive()
    closed.clear()
    put(store, 1, clock.now)
    delivery.wake()
    until(lambda: phone.taken)
    delivery.close()


def test_what_is_due_when_a_process_closes_is_delivered_first() -> None:
    class Slow(BackEnd):
        def send(self, message: Message) -> None:
            started.set()
            assert may_go_on.wait(60)
            super().send(message)

    started, may_go_on = threading.Event(), threading.Event()
    store, clock, phone = MemoryStore(), Clock(0.0), Slow()
    delivery = SinkDelivery(store, "m", [], [phone], clock=clock)
    put(store, 1, clock.now)
    put(store, 2, clock.now)
    delivery.wake()
    assert started.wait(60)
    closing = threading.Thread(target=delivery.close, args=(60.0,))
    closing.start()
    may_go_on.set()
    closing.join(60)
    assert [message.title for message in phone.taken] == ["message 1", "message 2"]
    assert store.outbox("m") == []


def test_what_every_process_cuts_off_is_given_up_at_last() -> None:
    store, clock = MemoryStore(), Clock(0.0)
    put(store, 1, clock.now)
    for _ in range(20):  # processes that are killed while they send
        assert store.take_due("m", "phone", now=clock.now, hold=1.0) is not None
        clock.now += 12 * HOUR
    phone = BackEnd()
    SinkDelivery(store, "m", [], [phone], clock=clock).deliver_due("phone")
    assert phone.taken == []
    assert store.overview("m").counters == {"not_taken_by phone": 1}
