"""Rows that equal others repeat nothing: only in a damaged store may they be taken for it.

A quiet service delivers the same bytes again and again: one record with the same values.
"""

from __future__ import annotations

from pathlib import Path

from driftwatch.core.windows.segments import Delivery, Outcome, Segment
from driftwatch.stores.sqlite.store import SQLiteStore

SEGMENT = Segment(7, 3600, 10, b"always the same bytes")


def delivery(source: str, number: int) -> Delivery:
    return Delivery("m", source, f"life of {source}", number, (SEGMENT,))


def opened_again(store: SQLiteStore) -> SQLiteStore:
    store.close()
    return SQLiteStore(store.path)


def test_they_count_after_a_source_is_forgotten_and_after_it_comes_back(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "s.db")
    for number in range(3):
        store.deliver(delivery("gone", number), now=0.0)
    store.deliver(delivery("new", 0), now=900.0)
    assert store.forget_sources("m", before=800.0) == 1
    store = opened_again(store)
    assert store.deliver(delivery("new", 1), now=900.0) is Outcome.STORED
    assert store.deliver(delivery("gone", 2), now=900.0) is Outcome.DUPLICATE  # that is one
    assert store.deliver(delivery("gone", 3), now=900.0) is Outcome.STORED
    store = opened_again(store)
    assert store.deliver(delivery("gone", 4), now=900.0) is Outcome.STORED
    assert {source.source: source.deliveries for source in store.sources("m")} == {
        "gone": 5, "new": 2
    }  # fmt: skip
    assert store.overview("m").rows == 70
    store.close()


def test_they_count_in_a_file_that_came_while_the_source_was_alive(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "s.db")
    store.deliver(delivery("a", 0), now=0.0)
    for path in tmp_path.iterdir():
        path.unlink()
    for number in range(1, 4):
        assert store.deliver(delivery("a", number), now=0.0) is Outcome.STORED
        SQLiteStore(store.path).close()  # another process looks at the new file
    assert store.overview("m").rows == 30
    store.close()
