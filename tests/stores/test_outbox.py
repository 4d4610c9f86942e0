"""The outbox where two processes work on the messages of one monitor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from driftwatch.evaluation.sink_delivery import _merged
from tests.integrations.alerting.test_back_ends import outbox


class Phone:
    """A back end that nobody asks."""

    name = "phone"

    def send(self, message: Any, /) -> None:
        raise AssertionError


def test_what_was_merged_of_others_meanwhile_is_not_given_up(tmp_path: Path) -> None:
    _, store, _ = outbox(tmp_path, Phone(), 30)
    old = store.take_due("m", "phone", now=0.0, hold=60.0)
    assert store.merge_waiting("m", "phone", keep=20, merge=_merged) == 10
    store.give_up(old)
    assert [entry.event for entry in store.outbox("m")] == ["several"] + 20 * ["opened"]
    assert store.overview("m").counters == {}
    merged = store.outbox("m")[0]
    store.give_up(merged)
    store.give_up(merged)  # what is gone is counted once
    assert [entry.event for entry in store.outbox("m")] == 20 * ["opened"]
    assert store.overview("m").counters == {"not_taken_by phone": 1}
    store.close()
