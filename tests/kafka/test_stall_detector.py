"""When a partition counts as standing still."""

from __future__ import annotations

import pytest

from driftwatch.integrations.kafka.cancellation import StalledError
from driftwatch.integrations.kafka.partitions.stall_detector import Place, Progress


def turns(progress: Progress, *places: Place, count: int, start: float = 0.0, **how: bool) -> None:
    """So many turns of a second in which partitions stand at the same places."""
    for number in range(count):
        progress.note(places, now=start + number, elapsed=1.0, **how)


def test_a_partition_that_stands_still_is_noticed_though_others_move() -> None:
    progress = Progress(10.0, since=0.0)
    for number in range(11):
        turns(progress, Place("t/0", number, 1_000), Place("t/1", 5, 6), count=1)
    with pytest.raises(StalledError, match="no message of t/1 for 10 s"):
        turns(progress, Place("t/0", 11, 1_000), Place("t/1", 5, 6), count=1)
    assert progress.at == 0.0


@pytest.mark.parametrize(
    "place",
    [Place("t/0", 5, 5), Place("t/0", 5, 0), Place("t/0", 5, 9, paused=True)],
    ids=["read to its end", "of an unknown end", "paused"],
)
def test_a_partition_that_cannot_move_is_no_stall(place: Place) -> None:
    progress = Progress(10.0, since=0.0)
    turns(progress, place, count=100)
    assert progress.at == 99.0


def test_a_partition_that_moves_now_and_then_is_no_stall() -> None:
    progress = Progress(10.0, since=0.0)
    for number in range(10):
        turns(progress, Place("t/0", number, 1_000), count=10, start=10.0 * number)
    assert progress.at == 90.0  # when it last moved


def test_a_partition_that_was_paused_has_its_time_from_then_on() -> None:
    progress = Progress(10.0, since=0.0)
    for number in range(5):
        turns(progress, Place("t/0", 5, 9), count=9, start=10.0 * number)
        turns(progress, Place("t/0", 5, 9, paused=True), count=1, start=10.0 * number + 9)
    with pytest.raises(StalledError):
        turns(progress, Place("t/0", 5, 9), count=11, start=50.0)


def test_where_many_messages_come_at_once_a_partition_may_wait_for_its_turn() -> None:
    progress = Progress(10.0, since=0.0)
    waiting = [Place(f"t/{number}", 0, 9) for number in range(10)]
    turns(progress, *waiting, count=100, full=True)
    assert progress.at == 0.0
    with pytest.raises(StalledError):
        turns(progress, *waiting, count=10, full=True)


def test_a_turn_that_took_long_for_other_reasons_is_no_stall() -> None:
    progress = Progress(10.0, since=0.0)
    for _ in range(2):
        progress.note([Place("t/0", 5, 9)], now=1_000.0, elapsed=1_000.0)


def test_time_since_the_last_progress_outlives_a_connection() -> None:
    """Connecting anew is no progress; a message, or nothing to read, is."""
    progress = Progress(10.0, since=100.0)
    progress.note([Place("t/0", 5, 9), Place("t/1", 7, 7)], now=500.0, elapsed=1.0)
    assert progress.at == 100.0
    progress.note([Place("t/0", 6, 9), Place("t/1", 7, 7)], now=501.0, elapsed=1.0)
    assert progress.at == 501.0


def test_partitions_that_are_gone_are_forgotten() -> None:
    progress = Progress(10.0, since=0.0)
    turns(progress, Place("t/0", 5, 9), count=10)
    progress.note([], now=10.0, elapsed=1.0)
    assert progress.at == 10.0
    turns(progress, Place("t/0", 5, 9), count=10, start=11.0)
