"""The account of the soak closes where nothing is wrong, and says what is wrong elsewhere."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.soak.account import Account
from benchmarks.soak.kafka_account import kafka_account
from benchmarks.soak.notes import Key, Noted
from benchmarks.soak.stores import Kept
from benchmarks.soak.traffic import ROWS_A_BODY, Answered, Forked
from benchmarks.soak.web_account import web_account

LIFE, PID, CHILD = "a1", 7, 8
FIRST, SECOND, THIRD, OF_A_CHILD = Key("e", 0), Key("e", 1), Key("e", 2), Key("c", 0)


def facts() -> dict[str, Any]:
    """A worker that answered 40 rows, 2 of which it counted, and whose child observed 5."""
    worker = Noted(
        LIFE,
        PID,
        rows={FIRST: 20, SECOND: 10, THIRD: 8},
        counters={FIRST: {}, SECOND: {"from_the_future": 2}, THIRD: {"failed_flushes": 1}},
        done={FIRST, SECOND, THIRD},
        flushes=[10.0, 12.0, 14.0],
    )
    child = Noted(LIFE, CHILD, {OF_A_CHILD: 5}, {OF_A_CHILD: {}}, {OF_A_CHILD}, [13.0])
    counters = Counter({"from_the_future": 2})
    return {
        "answered": {(LIFE, PID): Answered([9.0] * (40 // ROWS_A_BODY))},
        "forks": [Forked(LIFE, CHILD, observed=5, flushed=5, error=None)],
        "notes": [worker, child],
        "killed": {},
        "final": Kept(15, counters, frozenset({SECOND, OF_A_CHILD})),
        "replaced": [Kept(20, Counter(), frozenset({FIRST}))],
        "refused": frozenset({THIRD}),
        "unanswered": 0,
    }


def closed(given: dict[str, Any]) -> Account:
    given = dict(given)
    places = [given.pop(name) for name in ("answered", "forks", "notes", "killed")]
    return web_account(*places, **given)


def test_it_closes() -> None:
    account = closed(facts())
    assert account.faults == []
    assert account.acknowledged == 45
    rows = {line.what: line.rows for line in account.lines if line.sums and line.rows}
    assert rows == {
        "in windows": 15,
        "in a store that was taken away": 20,
        "refused, and kept in the spool": 8,
        "counted: from_the_future": 2,
    }


def test_what_a_killed_process_held_since_its_last_flush_but_one_may_be_missing() -> None:
    given = facts() | {"killed": {PID: 15.0}}
    given["answered"][LIFE, PID].times += [13.0, 14.5]  # eight rows more
    assert closed(given).faults == []
    given["answered"][LIFE, PID].times[-2] = 11.0  # the second flush must have had these
    assert closed(given).faults == [f"worker {PID} (killed): 8 rows are missing, at most 4 may be"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"refused": frozenset()}, "deliveries on disk are nowhere"),
        ({"final": Kept(15, Counter({"from_the_future": 2}), frozenset({SECOND}))}, "child 8"),
        ({"final": replace(facts()["final"], rows=16)}, "the store has 16 rows"),
        ({"final": replace(facts()["final"], counters=Counter())}, "counter from_the_future"),
        ({"answered": {(LIFE, PID): Answered([9.0] * 11)}}, "4 rows are missing"),
        ({"answered": {(LIFE, PID): Answered([9.0] * 9)}}, "4 rows more than were answered"),
        ({"forks": [Forked(LIFE, CHILD, observed=6, flushed=5, error=None)]}, "6 rows observed"),
    ],
)  # fmt: skip
def test_it_says_what_is_wrong(change: dict[str, Any], said: str) -> None:
    assert any(said in fault for fault in closed(facts() | change).faults)


def test_requests_without_an_answer_may_have_been_observed() -> None:
    assert (
        closed(facts() | {"answered": {(LIFE, PID): Answered([9.0] * 9, ROWS_A_BODY)}}).faults == []
    )


SENT = {"ok": 90, "bad": 6, "null": 4}
STORED = Counter({"kafka_ok": 90, "kafka_bad_json": 6, "kafka_null": 4, "from_the_future": 10})


def test_the_account_of_messages_closes() -> None:
    account = kafka_account(SENT, {0: 60, 1: 40}, {0: 60, 1: 40}, Kept(80, STORED))
    assert account.faults == []
    assert account.difference == 0


@pytest.mark.parametrize(
    ("cursors", "kept"),
    [
        ({0: 60, 1: 39}, Kept(80, STORED)),
        ({0: 60, 1: 40}, Kept(81, STORED)),
        ({0: 60, 1: 40}, Kept(80, STORED - Counter({"from_the_future": 1}))),
        ({0: 60, 1: 40}, Kept(79, STORED + Counter({"kafka_ok": -1, "kafka_null": 1}))),
    ],
)
def test_it_says_what_is_wrong_with_messages(cursors: dict[int, int], kept: Kept) -> None:
    assert kafka_account(SENT, cursors, {0: 60, 1: 40}, kept).faults
