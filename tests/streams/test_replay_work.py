"""What a replay does for a window is done once: counted, not timed."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.drift.policy import Policy
from driftwatch.core.profiles.column_profile import ColumnProfile
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.sketches import sizes
from driftwatch.core.statistics.budget import AlarmBudget
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.evaluation.rules import EvaluationRules
from driftwatch.profiling.references import ReferenceOptions, build_reference
from driftwatch.streams.replay import replay
from tests.counting import count_calls
from tests.small_stream import HOUR, START

HOURS = 48
SPEC = WindowSpec.of("6h", "1h", lateness="0s")


def rows(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    times = START + np.sort(rng.uniform(0, HOURS * HOUR, HOURS * 40))
    return {"at": (times * 1e6).astype("datetime64[us]"), "x": rng.normal(size=times.size)}


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Calls during a replay of 48 panes, by what is called."""
    reference = build_reference(rows(0), ReferenceOptions(DeclaredColumns.of(roles={"at": "time"})))
    calls: Counter[str] = Counter()
    count_calls(monkeypatch, calls, Profile, "from_bytes")
    count_calls(monkeypatch, calls, ColumnProfile, "content_hash")
    count_calls(monkeypatch, calls, DriftReport, "to_json")
    count_calls(monkeypatch, calls, sizes, "asdict")
    budget = AlarmBudget.of("1 per 30d", every="1h")
    rules = EvaluationRules(Policy.of(None, budget=budget), run_length=budget.run_length)
    timeline = replay(rows(1), reference, SPEC, rules=rules, time="at")
    assert len(timeline.moments) == HOURS
    return calls


def test_a_pane_is_read_when_it_comes_and_when_it_leaves(work: Counter[str]) -> None:
    """The detector looks at the pane that the window has just read."""
    assert work["from_bytes"] <= 2 * HOURS


def test_no_report_is_written_that_nobody_reads(work: Counter[str]) -> None:
    assert work["to_json"] == 0


def test_a_reference_is_hashed_once(work: Counter[str]) -> None:
    """Both columns of a window are hashed for its report; the reference is named in each."""
    assert work["content_hash"] <= 2 * (HOURS + 1)


def test_sizes_of_sketches_are_not_hashed_anew_for_every_profile(work: Counter[str]) -> None:
    assert work["asdict"] < HOURS + 10  # those that are written into the panes
