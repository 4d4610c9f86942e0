"""Histories: the same verdicts as live, changes found, shuffled copies quiet."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from driftwatch import Monitor, Status
from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.data.durations import parse_length
from driftwatch.core.data.times import to_utc
from driftwatch.core.drift.policy import Policy
from driftwatch.core.reports.results import Period
from driftwatch.core.reports.timeline import ChangePoint, Moment, Timeline
from driftwatch.core.statistics.budget import AlarmBudget
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import ConfigError, DataError
from driftwatch.evaluation.rules import EvaluationRules
from driftwatch.profiling.references import ReferenceOptions, build_reference
from driftwatch.profiling.rows import DataSlice, count_rows, read_batches
from driftwatch.render.drawing.timeline import timeline_html, timeline_text
from driftwatch.streams.replay import replay
from tests.small_stream import HOUR, START

DATA = Path(__file__).parents[3] / "shared" / "data" / "parquet"
SPEC = WindowSpec.of("6h", "1h", lateness="0s")


def rules(budget: str = "1 per 30d", every: str = "1h") -> EvaluationRules:
    found = AlarmBudget.of(budget, every=every)
    return EvaluationRules(Policy.of(None, budget=found), run_length=found.run_length)


def history(hours: int, change: int | None = None, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = hours * 300
    times = pd.to_datetime(START + np.sort(rng.uniform(0, hours * HOUR, rows)), unit="s", utc=True)
    x = rng.normal(size=rows)
    if change is not None:
        x[np.asarray(times.astype("int64")) >= int((START + change * HOUR) * 1e9)] += 1.0
    return pd.DataFrame({"ts": times.astype("datetime64[us, UTC]"), "x": x})


def reference_of(data: Any) -> Any:
    return build_reference(data, ReferenceOptions(DeclaredColumns.of(roles={"ts": "time"})))


def test_a_change_is_found_and_timed() -> None:
    data = history(72, change=48)
    reference = reference_of(history(72, seed=9))
    change = pd.Timestamp(START + 48 * HOUR, unit="s", tz="UTC").to_pydatetime()
    timeline = replay(data, reference, SPEC, rules=rules(), changes=[change, 48 * 300 + 50])
    assert len(timeline.moments) == 72
    (episode,) = timeline.episodes
    assert episode.features == ("x",)
    assert not episode.over
    assert episode.level is Status.CRITICAL
    for found in timeline.changes:
        assert found.delay is not None
        assert 0 <= found.delay <= 3
        assert not found.ongoing
    assert timeline.counters == {}
    assert timeline.rows == len(data)
    since, last = timeline.since, timeline.moments[-1].period.end
    assert since is not None
    first = next(m for m in timeline.moments if m.pane == since.pane)
    assert first.status.is_drift
    assert timeline.moments[timeline.moments.index(first) - 1].since is None
    assert timeline.to_dict()["since"] == since.to_dict()
    said = f"drift at the end, {since.in_words(last)}"
    assert said in timeline_text(timeline)
    assert said in timeline_html(timeline)


def test_the_order_of_rows_does_not_matter() -> None:
    data = history(40, change=25)
    reference = reference_of(history(40, seed=9))
    shuffled = data.sample(frac=1, random_state=1)
    straight, mixed = (replay(part, reference, SPEC, rules=rules()) for part in (data, shuffled))
    # Sketch noise, which has no seed, may move what is close to a bound between OK and UNDECIDED.
    drifted = [[m.status.is_drift for m in timeline.moments] for timeline in (straight, mixed)]
    assert drifted[0] == drifted[1]
    assert any(drifted[0])
    assert [m.rows for m in straight.moments] == [m.rows for m in mixed.moments]


def test_replay_says_what_the_monitor_would_have_said_live() -> None:
    data = history(30, change=18)
    clock = [START]

    live = Monitor(
        history(72, seed=9),
        roles={"ts": "time"},
        window="6h",
        lateness="0s",
        clock=lambda: to_utc(clock[0]),
    )
    said = []
    hours = (data["ts"].astype("int64").to_numpy() / 1e6 - START) // HOUR
    for hour in range(30):
        clock[0] = START + (hour + 1) * HOUR
        live.observe_many(data[hours == hour])
        clock[0] = START + (hour + 1) * HOUR + 3 * HOUR  # nothing more comes: the pane is over
        live.flush()
        result = live.evaluator.step()
        if result is not None and result.report is not None:
            said.append((result.pane, result.report.global_status, result.event))
    live.close()
    timeline = replay(data, live.reference, SPEC, rules=rules())
    replayed = {m.pane: (m.status.value, m.event) for m in timeline.moments}
    assert len(said) >= 28
    for pane, status, event in said:
        assert replayed[pane] == (status.value, event.value if event else None)


def test_histories_that_cannot_be_replayed() -> None:
    data = history(10)
    reference = reference_of(data)
    timeless = build_reference(data[["x"]], ReferenceOptions())
    with pytest.raises(ConfigError, match="needs a time column"):
        replay(data, timeless, SPEC)
    with pytest.raises(ConfigError, match="no column 'ts'"):
        replay(data[["x"]], reference, SPEC)
    with pytest.raises(DataError, match="none with a time"):
        replay(data.assign(ts=pd.NaT), reference, SPEC)
    with pytest.raises(ConfigError, match="is not in the history"):
        replay(data, reference, SPEC, changes=[10**9])
    assert replay(data, timeless, WindowSpec.of("600 rows", "300 rows")).moments


CHANGED_AT = START + 7 * HOUR


@pytest.mark.parametrize(
    "change",
    [
        to_utc(CHANGED_AT), to_utc(CHANGED_AT).replace(tzinfo=None), CHANGED_AT, CHANGED_AT * 1e3,
        to_utc(CHANGED_AT).isoformat(), f"{CHANGED_AT:.0f}", np.datetime64(int(CHANGED_AT), "s"),
        pd.Timestamp(CHANGED_AT, unit="s"), np.int64(7 * 300 + 50), 7 * 300 + 50,
    ],
)  # fmt: skip
def test_a_change_is_read_as_times_of_rows_are(change: Any) -> None:
    data = history(10)
    (found,) = replay(data, reference_of(data), SPEC, changes=[change]).changes
    assert found.pane == SPEC.pane_at(CHANGED_AT)


@pytest.mark.parametrize(
    "change",
    [pd.NaT, np.nan, np.inf, "soon", None, True, [1], -9e10, np.datetime64("NaT"), b"\xff"],
)
def test_what_is_no_change_is_said_before_the_history_is_read(change: Any) -> None:
    data = history(10)
    with pytest.raises(
        ConfigError, match="a change is a number of a row of the history, or a time"
    ):
        replay(data, reference_of(data), SPEC, changes=[change])


def test_a_change_in_a_row_without_a_time_is_said() -> None:
    data = history(10)
    data.loc[500, "ts"] = pd.NaT
    with pytest.raises(ConfigError, match="change 500: that row has no time"):
        replay(data, reference_of(history(10)), SPEC, changes=[500])


def test_slices_of_a_data_set() -> None:
    data = history(10)
    assert count_rows(data) == 3_000
    for start, stop in ((0, 10), (1_000, 1_500), (2_990, None), (0, None), (3_000, None)):
        part = DataSlice(data, start, stop)
        rows = sum(batch.rows for batch in read_batches(part))
        assert rows == len(data.iloc[start:stop])
        if rows:
            frames = pd.concat([b.arrays["x"].to_pandas() for b in read_batches(part)])
            assert frames.tolist() == data["x"].iloc[start:stop].tolist()


def moment(pane: int, status: Status, event: str | None = None, *drifted: str) -> Moment:
    return Moment(pane, Period(), 10, status, event, drifted, drifted, ("x: 5% more",), 1.5)


def test_episodes_delays_and_how_they_are_shown() -> None:
    moments = (
        moment(0, Status.OK),
        moment(1, Status.WARNING, "raised", "<x>"),
        moment(2, Status.OK),
        moment(3, Status.OK, "cleared"),
        moment(4, Status.CRITICAL, "raised", "<x>", "y"),
        moment(5, Status.INSUFFICIENT_DATA),
    )
    timeline = Timeline(
        "m",
        "6h every 1h",
        6,
        moments,
        changes=(ChangePoint.of("4", 4, moments), ChangePoint.of("2", 2, moments)),
        rows=60,
        counters={"untimed": 3},
    )
    first, second = timeline.episodes
    assert (first.first.pane, first.last.pane, first.over) == (1, 3, True)
    assert (second.level, second.over, second.features) == (Status.CRITICAL, False, ("<x>", "y"))
    assert (timeline.changes[0].delay, timeline.changes[0].ongoing) == (0, False)
    assert timeline.changes[1].ongoing
    text = timeline_text(timeline)
    assert "2 alarms in 6 windows" in text
    assert "·▒··█" in text
    assert "3 rows without a time" in text
    page = timeline_html(timeline)
    assert "&lt;x&gt;" in page
    assert "<x>" not in page
    assert "script" not in page.replace("default-src", "")
    assert timeline.to_dict()["statuses"]["OK"] == 3
    empty = Timeline("m", "6h", 6, ())
    assert "no alarm in 0 windows" in timeline_text(empty)
    assert "<svg" not in timeline_html(empty)


def real(
    name: str, window: str, slide: str, share: int, change: int, roles: dict[str, str], budget: str
) -> tuple[Timeline, int]:
    path = DATA / f"{name}.parquet"
    if not path.exists():
        pytest.skip("the shared data sets are not here")
    # Months and seasons that a reference of less than a year has not seen are drift, and are not
    # what these histories are about.
    data = pd.read_parquet(path).drop(columns=["mnth", "season"], errors="ignore")
    first = len(data) * share // 100
    spec = WindowSpec.of(window, slide)
    options = ReferenceOptions(DeclaredColumns.of(roles=roles), pane=parse_length(slide))
    reference = build_reference(DataSlice(data, 0, first), options)
    every = spec.slide if not spec.by_rows else timedelta(hours=1)
    judged = AlarmBudget.of(budget, every=every)
    timeline = replay(
        DataSlice(data, first),
        reference,
        spec,
        rules=EvaluationRules(Policy.of(None, budget=judged), run_length=judged.run_length),
        changes=[change],
    )
    return timeline, timeline.changes[0].pane


LONG = [
    ("elec2", "336 rows", "48 rows", 20, 17_424, {"class": "label"}, "1 per 30d"),
    ("bike_sharing", "28d", "1d", 40, 8_645, {"dteday": "time"}, "1 per 365d"),
]
REAL = [
    ("pedestrians_covid", "28d", "7d", 20, 1_018, {"ds": "time"}, "1 per 365d"),
    *(pytest.param(*one, marks=pytest.mark.slow) for one in LONG),
]


@pytest.mark.parametrize(("name", "window", "slide", "share", "change", "roles", "budget"), REAL)
def test_known_changes_of_real_streams_are_noticed_within_a_window(
    name: str, window: str, slide: str, share: int, change: int, roles: dict[str, str], budget: str
) -> None:
    """The first part is the reference; its own rhythm is learned from its panes."""
    timeline, pane = real(name, window, slide, share, change, roles, budget)
    found = timeline.changes[0]
    assert found.delay is not None
    assert found.delay < timeline.panes
    assert not found.ongoing
    before = [e for e in timeline.episodes if e.first.pane < pane]
    assert len(before) <= 1
