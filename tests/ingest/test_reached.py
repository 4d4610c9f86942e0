"""How far a source is: the vote of its rows, whatever the batches; and its recent rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.ingest.reached import RecentTimes, VotedTime


def by_the_book(times: list[float], needed: int) -> list[float]:
    """The level before each row and after the last, row by row as the docstring has it."""
    level, candidate, votes, levels = -np.inf, np.inf, 0, [-np.inf]
    for time in times:
        if votes > 0 and time >= candidate:
            votes += 1
        elif votes > 0:
            votes -= 1
            if not votes and time >= level:
                candidate, votes = time, 1
        elif time < level:
            votes -= 1
        elif votes < 0:
            votes += 1
        else:
            candidate, votes = time, 1
        if votes >= needed:
            level, votes = candidate, 0
        elif votes <= -needed:
            level, votes = -np.inf, 0
        levels.append(level)
    return levels


TIMES = st.one_of(
    st.lists(st.integers(0, 20).map(float), max_size=200),
    st.lists(st.integers(0, 1).map(float), min_size=50, max_size=300),
    st.integers(0, 20).map(lambda x: [float(x)] * 120),
    st.lists(st.integers(0, 500).map(float), max_size=300).map(sorted),
    st.lists(st.integers(0, 500).map(float), max_size=100).map(lambda x: sorted(x, reverse=True)),
)


@given(st.lists(TIMES, max_size=4), st.sampled_from([2, 3, 10, 32, 70]), st.data())
def test_many_rows_at_a_time_vote_as_one_by_one(
    runs: list[list[float]], needed: int, data: st.DataObject
) -> None:
    times = [time for run in runs for time in run]
    expected = by_the_book(times, needed)
    voted, found, start = VotedTime(needed), [], 0
    while start < len(times):
        size = data.draw(st.integers(1, 150))
        part = np.array(times[start : start + size])
        if data.draw(st.booleans()):
            found += voted.before_each(part).tolist()
        else:
            voted.advance(part)
            found += expected[start : start + part.size]
        voted = VotedTime(needed).restore(voted.state())  # as after a restart
        start += size
    assert [*found, voted.level] == expected


@pytest.mark.parametrize("needed", [33, 40, 100, 130])
def test_long_stretches_vote_as_one_by_one(needed: int) -> None:
    """As the test above, of stretches that are longer than it draws."""
    rng = np.random.default_rng(needed)
    for _ in range(40):
        sizes = rng.integers(1, 300, 4)
        stretches = [
            rng.integers(0, 50, sizes[0]),
            np.sort(rng.integers(0, 50, sizes[1])),
            np.full(sizes[2], rng.integers(0, 50)),
            -np.arange(sizes[3]),
        ]
        times = np.concatenate([stretches[n] for n in rng.permutation(4)]).astype(np.float64)
        voted, found, start = VotedTime(needed), [], 0
        while start < times.size:
            end = start + int(rng.integers(1, 400))
            found += voted.before_each(times[start:end]).tolist()
            start = end
        assert [*found, voted.level] == by_the_book(times.tolist(), needed)


def test_a_majority_that_has_not_reached_the_level_takes_it_back() -> None:
    voted = VotedTime(100)
    voted.advance(np.arange(1_000.0, 1_250.0))
    assert voted.level == 1_100.0
    voted.advance(np.arange(0.0, 148.0))
    assert voted.level == 1_100.0
    voted.advance(np.arange(200.0, 300.0))
    assert voted.level == -np.inf


@pytest.mark.parametrize("seed", range(3))
def test_the_latest_of_rows_that_lie_together_is_reached_in_any_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    times = np.arange(0.0, 86_400.0, 60.0)
    recent = RecentTimes()
    recent.add(rng.permutation(times))
    reached = recent.reached(1e6)
    assert reached is not None
    assert reached >= 86_400 - 3_600


def test_a_night_without_rows_is_over_with_the_first_of_the_morning() -> None:
    recent = RecentTimes()
    recent.add(np.append(np.arange(0.0, 3_600.0, 10.0), 40_000.0))
    assert recent.reached(90_000.0) == 40_000.0
    recent.add(np.array([3_600.0]))  # unless that one was of another day
    assert recent.reached(90_000.0) == 3_600.0


def test_the_clock_is_as_far_as_a_source_can_be() -> None:
    recent = RecentTimes()
    assert recent.reached(10.0) is None
    recent.add(np.array([15.0]))
    assert recent.reached(10.0) == 10.0
