"""Which partitions were there when reading of a topic began, whoever asks and when."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from driftwatch.core.subject import Subject
from driftwatch.core.windows.segments import Delivery, Outcome
from driftwatch.evaluation.reference_in_use import ReferenceInUse
from driftwatch.integrations.kafka.messages.decoding import Decoder
from driftwatch.integrations.kafka.partitions.feed import OtherTopicError, PartitionFeed, Target
from driftwatch.integrations.kafka.partitions.first_offset import Bounds, begin, partitions_at_first
from driftwatch.stores.sqlite.memory import MemoryStore
from driftwatch.stores.sqlite.store import SQLiteStore
from tests.kafka import working


def target(store: Any, name: str = "m") -> Target:
    watched = working.monitor(None)
    made = Target(
        store,
        ReferenceInUse(Subject(watched.reference, name), store),
        watched.spec,
        name,
        lambda: working.START,
    )
    watched.close()
    return made


def feed(where: Target, number: int, topic: str = "t") -> PartitionFeed:
    config = working.config("h:1", topic)
    decoder = Decoder(config, where.references.current().schema)
    return PartitionFeed(where, f"{topic}/{number}", decoder)


def test_the_first_word_holds_for_all_and_after_any_restart(tmp_path: Path) -> None:
    with closing(SQLiteStore(tmp_path / "s.db")) as store:
        assert partitions_at_first(target(store), "t", 3) == 3
        assert partitions_at_first(target(store), "t", 5) == 3
    with closing(SQLiteStore(tmp_path / "s.db")) as store:
        assert partitions_at_first(target(store), "t", 8) == 3
        assert partitions_at_first(target(store), "u", 2) == 2  # another topic
        assert partitions_at_first(target(store, "n"), "t", 4) == 4  # another monitor


def test_it_is_no_source_that_is_to_be_heard_from_again() -> None:
    with closing(MemoryStore()) as store:
        where = target(store)
        partitions_at_first(where, "t", 2)
        for number in (0, 1):
            begin(feed(where, number), Bounds(0, 9), at_end=True)
        assert {each.source for each in store.sources("m")} == {"kafka t/0", "kafka t/1"}


class Meeting(MemoryStore):
    """A store whose users all look before any of them writes."""

    def __init__(self, users: int) -> None:
        super().__init__()
        self.barrier = threading.Barrier(users)
        self.outcomes: list[Outcome] = []

    def deliver(self, delivery: Delivery, /, *, now: float) -> Outcome:
        self.barrier.wait(30)
        outcome = super().deliver(delivery, now=now)
        self.outcomes.append(outcome)
        return outcome


def test_workers_that_begin_at_once_agree_though_they_see_different_numbers() -> None:
    with closing(Meeting(3)) as store, ThreadPoolExecutor(3) as pool:
        where = target(store)
        asked = [pool.submit(partitions_at_first, where, "t", count) for count in (2, 3, 4)]
        answers = {each.result(30) for each in asked}
        assert len(answers) == 1
        assert sorted(store.outcomes) == [Outcome.FENCED, Outcome.FENCED, Outcome.STORED]


@pytest.mark.parametrize("messages", [0, 7])
def test_partitions_that_were_begun_without_the_word_are_those_of_the_beginning(
    messages: int,
) -> None:
    with closing(MemoryStore()) as store:
        where = target(store)
        for number in (0, 2):
            begun = feed(where, number)
            begin(begun, Bounds(messages, 9), at_end=False)
            begun.flush()
        assert partitions_at_first(where, "t", 4) == 3  # partition 3 is new
        assert partitions_at_first(where, "u", 4) == 4


def test_a_partition_is_begun_once_and_read_on_where_it_stands() -> None:
    with closing(MemoryStore()) as store:
        where = target(store)
        late, early = feed(where, 0), feed(where, 1)
        begin(late, Bounds(2, 9), at_end=True)
        begin(early, Bounds(2, 9), at_end=False)
        assert (late.next, early.next) == (9, 2)
        begin(feed(where, 0), Bounds(2, 20), at_end=True)
        assert store.cursor("m", "kafka t/0") == 9  # at once: whoever comes next must not be later
        overtaken = feed(where, 0)
        begin(overtaken, Bounds(15, 20), at_end=True)
        assert overtaken.next == 15
        overtaken.flush()
        early.flush()
        assert store.overview("m").counters == {"kafka_before_start": 11, "kafka_gap": 6}
        with pytest.raises(OtherTopicError, match="ends at offset 10, and 15 were read before"):
            begin(feed(where, 0), Bounds(0, 10), at_end=True)
