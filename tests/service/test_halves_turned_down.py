"""What is cut in halves and what is turned down are accounted for together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from driftwatch.cli.app import run
from driftwatch.core.windows.counters import settled
from driftwatch.core.windows.delivery_codec import delivery_from_bytes
from driftwatch.core.windows.segments import Delivery
from driftwatch.stores.remote import RemoteStore
from driftwatch.stores.remote.kept_back import kept_back
from driftwatch.stores.remote.trouble import Trouble
from tests.service.conftest import NOW
from tests.service.test_head_of_line import of_panes
from tests.service.test_remote import STORED, Scripted, scripted

__all__ = ["scripted"]

Make = Callable[..., Delivery]


def store_to(scripted: Scripted, folder: Path) -> RemoteStore:
    store = RemoteStore(scripted.url, spool=folder)
    store.sender._closed.set()  # nobody sends but this test
    return store


def test_flush_does_not_count_the_half_that_was_turned_down(
    scripted: Scripted, tmp_path: Path, delivery: Make
) -> None:
    store = store_to(scripted, tmp_path)
    for answer in (400, 409):
        scripted.script = [(413, {}), (answer, {"Retry-After": "600"}), (200, {})]
        turned_down = store.begin_flush()
        store.deliver(replace(of_panes(delivery(answer), 2), sent_at=NOW), now=NOW)
        store.flush(0.2)
        store.sender.send_these(store.spool.names()[-1:])  # what waits behind the one of 409
        assert turned_down() == 50, answer
        store.sender._limit = None


def test_a_store_that_is_away_turns_nothing_down(
    scripted: Scripted, tmp_path: Path, delivery: Make
) -> None:
    store = store_to(scripted, tmp_path)
    turned_down = store.begin_flush()
    for status, state, rows in ((503, "stuck", 0), (409, "held", 50), (503, "stuck", 0)):
        scripted.script = [(status, {"Retry-After": "600"})]
        scripted.said = b'{"detail":"the store cannot be used just now"}'
        if not store.spool.names():
            store.deliver(delivery(0), now=NOW)
        store.sender.send_these(store.spool.names())
        (entry,) = kept_back(tmp_path)
        assert (entry.state, entry.why) == (state, f"{status}: the store cannot be used just now")
        assert store.held_up("scores") == turned_down() == rows
    assert entry.trouble is not None
    assert entry.trouble.attempts == 3
    scripted.said = STORED
    assert store.sender.send_these([entry.name]) == []
    assert turned_down() == 0
    assert not list(tmp_path.rglob("*.why"))


@pytest.mark.parametrize("status", [400, 413])
def test_the_account_closes_when_what_was_refused_is_sent_again_in_halves(
    status: int,
    scripted: Scripted,
    tmp_path: Path,
    delivery: Make,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = store_to(scripted, tmp_path)
    scripted.script = [(400, {})]
    store.deliver(of_panes(delivery(0), 2), now=NOW)
    assert store.flush(60.0)
    told = Counter(store.sender.lost)
    assert told["refused_by_the_collector"] == 100
    resend = ["quarantine", "resend", "--all", "--collector", scripted.url]
    resend += ["--spool", str(tmp_path)]
    scripted.script = [(413, {}), (status, {})]  # the first half is refused once more
    assert run(resend) == 1
    assert f"not taken ({status}" in capsys.readouterr().err
    half = delivery_from_bytes(scripted.bodies[-1])
    assert settled(told + Counter(half.counters))["refused_by_the_collector"] == 50
    assert [entry.rows for entry in kept_back(tmp_path)] == [50]
    assert run(resend) == 0
    assert "50 rows arrived" in capsys.readouterr().out
    other = delivery_from_bytes(scripted.bodies[-1])
    account = told + Counter(half.counters) + Counter(other.counters)
    assert settled(account) == {"untimed": 1}
    assert kept_back(tmp_path) == []


def test_a_note_of_the_first_format_is_read_and_goes_on() -> None:
    old = b'{"why": "409: no reference yet", "monitor": "scores", "rows": 21}'
    trouble = Trouble.from_bytes(old)
    assert trouble is not None
    assert (trouble.attempts, trouble.since, trouble.turned_down) == (1, None, True)
    again = trouble.again("unreachable", turned_down=False, now=5.0)
    assert (again.attempts, again.since, again.monitor, again.rows) == (2, 5.0, "scores", 21)
    assert Trouble.from_bytes(again.to_bytes()) == again
    for damaged in (b"[]", b"{}", b'{"why": 1, "monitor": "", "rows": 0}', b"\xff"):
        assert Trouble.from_bytes(damaged) is None
