"""Windows: a merged window is what its panes say, whatever came when."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch import Column, Kind, Profile, Schema, SketchConfig
from driftwatch.core.data.batch import batches_of
from driftwatch.core.windows.sliding_merge import SlidingMerge
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import ConfigError

SCHEMA = Schema((Column("x", Kind.NUMERIC), Column("c", Kind.CATEGORICAL)))
CONFIG = SketchConfig(k=16, reference_k=32, exact_values=5, dictionary=3, exact_categories=6)


def profile(values: list[int]) -> Profile:
    made = Profile(SCHEMA, config=CONFIG)
    for batch in batches_of({"x": [float(v) for v in values], "c": [str(v % 9) for v in values]}):
        made.update(batch)
    return made


def merged(profiles: list[Profile]) -> Profile | None:
    if not profiles:
        return None
    first = profiles[0].copy()
    for other in profiles[1:]:
        first.merge(other)
    return first


def same(left: Profile | None, right: Profile | None, values: list[int]) -> None:
    """Exact parts equal, quantiles within the stated error of the exact ones."""
    if left is None or right is None:
        assert left is right
        return
    assert left.rows == right.rows
    assert left.content_hash == right.content_hash
    for name in ("x", "c"):
        assert left[name].missing == right[name].missing
    mine, theirs = left["x"].numbers, right["x"].numbers
    assert mine is not None
    assert theirs is not None
    assert (mine.count, mine.moments.minimum, mine.moments.maximum) == (
        theirs.count,
        theirs.moments.minimum,
        theirs.moments.maximum,
    )
    assert mine.moments.total == theirs.moments.total  # integers: exact
    found, expected = left["c"].categories, right["c"].categories
    assert found is not None
    assert expected is not None
    assert found.frequencies is not None
    assert expected.frequencies is not None
    assert found.frequencies.count == expected.frequencies.count
    exact = np.sort(np.array(values, dtype=float))
    points = np.unique(exact)
    truth = np.searchsorted(exact, points, side="right") / exact.size
    # 99 % bound of one sketch, doubled: this is asked thousands of times.
    assert np.abs(mine.cdf().at(points) - truth).max() <= 2 * mine.quantiles.rank_error + 1e-12


steps = st.lists(
    st.tuples(
        st.integers(1, 3),  # how far the window moves
        st.lists(st.integers(-99, 99), max_size=12),  # rows of the newest pane
        st.lists(  # late deltas: how many panes back, and rows
            st.tuples(st.integers(0, 14), st.lists(st.integers(-99, 99), min_size=1, max_size=4)),
            max_size=2,
        ),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=150)
@given(size=st.sampled_from([1, 2, 3, 4, 6, 7, 12]), history=steps)
def test_a_sliding_window_is_the_merge_of_its_panes(
    size: int, history: list[tuple[int, list[int], list[tuple[int, list[int]]]]]
) -> None:
    parts: dict[int, list[list[int]]] = {}

    def load(pane: int) -> Profile | None:
        return merged([profile(rows) for rows in parts.get(pane, [])])

    sliding = SlidingMerge(size, load)
    last = 100
    for forward, rows, late in history:
        last += forward
        if rows:
            parts.setdefault(last, []).append(rows)
        for back, late_rows in late:
            if back:  # a delta of a pane that the window may have merged already
                parts.setdefault(last - back, []).append(late_rows)
                if back >= forward:
                    sliding.add(last - back, profile(late_rows))
        inside = [part for pane in range(last - size + 1, last + 1) for part in parts.get(pane, [])]
        expected = merged([profile(part) for part in inside])
        same(sliding.window(last), expected, [v for part in inside for v in part])


@pytest.mark.parametrize("size", [24, 168])
def test_merges_and_memory_stay_small(size: int) -> None:
    part = profile([1, 2, 3])
    sliding = SlidingMerge(size, lambda _pane: part)
    sliding.window(1000)
    worst, before = 0, sliding.merges
    for pane in range(1001, 1001 + 4 * size):
        at = sliding.merges
        sliding.window(pane)
        worst = max(worst, sliding.merges - at)
    assert (sliding.merges - before) / (4 * size) < 3.2
    assert worst < 4 * np.sqrt(size) + 4
    assert sliding.held < 2 * np.sqrt(size) + 6


def test_a_window_that_stands_still_is_merged_once() -> None:
    sliding = SlidingMerge(4, lambda pane: profile([pane]))
    found, before = sliding.window(10), sliding.merges
    assert sliding.window(10) is found
    assert sliding.merges == before
    sliding.add(9, profile([5]))
    late = sliding.window(10)
    assert late is not None
    assert late.rows == 5


def test_what_is_given_out_is_never_changed() -> None:
    sliding = SlidingMerge(4, lambda pane: profile([pane]))
    found = sliding.window(10)
    assert found is not None
    before = found.to_bytes()
    for pane in range(11, 30):
        sliding.add(pane - 1, profile([5]))
        sliding.window(pane)
    assert found.to_bytes() == before


@pytest.mark.parametrize(
    ("window", "slide", "panes", "width"),
    [("24h", "1h", 24, 3600), ("7d", "1d", 7, 86_400), ("90s", None, 1, 90), ("1h", "1h", 1, 3600)],
)
def test_windows_by_time(window: str, slide: str | None, panes: int, width: int) -> None:
    spec = WindowSpec.of(window, slide)
    assert (spec.panes, spec.width, spec.by_rows) == (panes, width, False)


def test_panes_are_half_open_and_utc() -> None:
    spec = WindowSpec.of("2h", "1h")
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
    assert spec.pane_at(noon) == spec.pane_at(noon + 3599.999) == spec.pane_at(noon - 0.001) + 1
    period = spec.period(spec.pane_at(noon))
    assert period.start == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert period.end == datetime(2026, 3, 1, 13, tzinfo=UTC)
    assert spec.panes_at(np.array([-1.0, 0.0])).tolist() == [-1, 0]


@pytest.mark.parametrize(
    ("window", "slide", "says"),
    [
        ("24h", "7h", "must be a multiple"),
        ("24h", "100 rows", "one is rows"),
        ("soon", "1h", "looks like"),
        ("52w", "1s", "choose a longer slide"),
        ("1000 rows", "300 rows", "must be a multiple"),
        ("0 rows", None, "looks like"),
    ],
)
def test_windows_that_cannot_be(window: str, slide: str | None, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        WindowSpec.of(window, slide)


def test_rows_are_never_late() -> None:
    assert WindowSpec.of("1000 rows", "100 rows").panes == 10
    with pytest.raises(ConfigError, match="lateness"):
        WindowSpec.of("1000 rows", "100 rows", lateness="1h")
