"""The number of rows against the reference's rhythm; features that move together."""

from __future__ import annotations

import numpy as np
import pytest

from driftwatch import DriftReport, Monitor, Status
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.evaluation.rules import EvaluationRules
from driftwatch.streams.replay import replay

RNG = np.random.default_rng(13)
START = np.datetime64("2026-01-01T00:00:00", "s")


@pytest.fixture(autouse=True)
def _own_numbers() -> None:
    """Every test draws the same numbers, in any order of the tests."""
    RNG.bit_generator.state = np.random.default_rng(13).bit_generator.state


def hours_of(rows_an_hour: list[int]) -> dict[str, object]:
    times = [
        START + np.timedelta64(hour, "h") + RNG.integers(0, 3_600, rows).astype("timedelta64[s]")
        for hour, rows in enumerate(rows_an_hour)
    ]
    at = np.concatenate(times)
    return {"ts": np.sort(at), "x": RNG.normal(size=at.size)}


def test_a_window_with_far_fewer_rows_than_usual_is_told_on_request() -> None:
    rhythm = [60 if 8 <= hour % 24 < 20 else 20 for hour in range(24 * 14)]
    monitor = Monitor(
        hours_of(rhythm), roles={"ts": "time"}, pane="1h", thresholds={"rows": [0.3, 0.8]}
    )
    usual = hours_of(rhythm[:24])
    half = hours_of([rows // 2 for rows in rhythm[:24]])
    none = hours_of([rows // 10 for rows in rhythm[:24]])
    reports = [monitor.check(data) for data in (usual, half, none)]
    volumes = [report.dataset.volume for report in reports]
    statuses = [volume.status for volume in volumes if volume is not None]
    assert statuses == [Status.OK, Status.WARNING, Status.CRITICAL]
    assert "usually" in reports[2].headline()
    assert reports[2].global_status is Status.CRITICAL
    assert DriftReport.from_dict(reports[2].to_dict()).dataset == reports[2].dataset
    quiet = Monitor(hours_of(rhythm), roles={"ts": "time"}, pane="1h").check(none)
    assert quiet.dataset.volume is None


def test_features_that_depend_on_each_other_are_one_line() -> None:
    def rows(shift: float) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
        income = RNG.normal(shift, 1, 8_000)
        return {
            "income": income,
            "salary": income + RNG.normal(0, 0.2, 8_000),
            "height": RNG.normal(shift, 1, 8_000),
        }

    monitor = Monitor(rows(0), multivariate=True)
    report = monitor.check(rows(1))
    follows = {feature.name: feature.follows for feature in report.features}
    leader = next(name for name in ("income", "salary") if follows[name] is None)
    other = ({"income", "salary"} - {leader}).pop()
    assert follows == {leader: None, other: leader, "height": None}
    lines = [line for line in report.summary().splitlines() if "CRITICAL  " in line]
    assert sum(leader in line and other in line for line in lines) == 1
    assert DriftReport.from_dict(report.to_dict()).followers(leader) == [other]
    alone = Monitor(rows(0)).check(rows(1))
    assert all(feature.follows is None for feature in alone.features)


def test_a_known_change_is_a_row_of_the_whole_history() -> None:
    from driftwatch.profiling.rows import DataSlice

    data = hours_of([30] * 60)
    reference = Monitor({"x": data["x"]}, roles={}).reference
    timeline = replay(
        DataSlice({"ts": data["ts"], "x": data["x"]}, 600),
        Monitor(data, roles={"ts": "time"}).reference,
        WindowSpec.of("6h", "1h", lateness="0s"),
        rules=EvaluationRules(Monitor(data).policy.repeated(WindowSpec.of("6h", "1h").slide)),
        changes=[900],
    )
    assert reference.profile.rows == 1_800
    pane = int(np.asarray(data["ts"])[900].astype("int64")) // 3_600
    assert timeline.changes[0].pane == pytest.approx(pane)
    assert timeline.changes[0].label == "900"
