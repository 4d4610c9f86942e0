"""Counters are there whatever the store does."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.errors import StoreError
from driftwatch.streams.stored_counters import StoredCounters

DATA = {"x": np.random.default_rng(0).normal(size=300)}


def test_what_was_said_last_stands_where_nothing_is_said() -> None:
    said: list[Any] = [{"late": 1}, StoreError("gone"), {"late": 3}]

    def ask() -> Any:
        answer = said.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    counters = StoredCounters(lambda: ask, patience=60)
    assert [dict(counters.get()) for _ in range(3)] == [{"late": 1}, {"late": 1}, {"late": 3}]


def test_a_store_that_hangs_is_asked_by_one_thread_at_a_time() -> None:
    asked, may_go_on = [], threading.Event()

    def ask() -> dict[str, int]:
        asked.append(threading.current_thread())
        assert may_go_on.wait(60)
        return {"late": 1}

    counters = StoredCounters(lambda: ask, patience=0.01)
    assert [dict(counters.get()) for _ in range(5)] == [{}] * 5
    assert len(asked) == 1
    may_go_on.set()
    asked[0].join(60)
    assert dict(counters.get()) == {"late": 1}


@pytest.mark.parametrize("where", ["refuses", "hangs", "is a folder that is not there"])
def test_counters_never_raise(where: str, tmp_path: Path) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        if where == "hangs":
            listening.listen()
        port = listening.getsockname()[1]
        store = str(tmp_path / "no" / "such" / "folder" / "m.db")
        if where != "is a folder that is not there":
            store = f"http://127.0.0.1:{port}"
        monitor = Monitor(DATA, store=store)
        monitor.count_unobserved("not_json", 3)
        assert monitor.counters["not_json"] == 3
