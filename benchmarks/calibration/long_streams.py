"""Ninety days without drift, through the whole of a stream: how many alarms there are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.drift.policy import Policy
from driftwatch.core.statistics.budget import AlarmBudget
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.evaluation.rules import EvaluationRules
from driftwatch.profiling.references import ReferenceOptions, build_reference
from driftwatch.streams.replay import replay

__all__ = ["episodes_of_90_days"]

HOURS = 90 * 24
ROWS = 100
"""Rows an hour."""


def _data(rng: np.random.Generator, hours: int) -> dict[str, NDArray[Any]]:
    size = hours * ROWS
    start = np.datetime64("2026-01-01", "us")
    data: dict[str, NDArray[Any]] = {
        "ts": start + (np.arange(size) * 3_600_000_000 // ROWS).astype("timedelta64[us]")
    }
    data |= {f"normal{i}": rng.normal(size=size) for i in range(8)}
    data |= {f"skewed{i}": rng.lognormal(0, 1, size) for i in range(3)}
    data |= {f"count{i}": rng.poisson(3, size) for i in range(3)}
    data |= {
        f"zeros{i}": np.where(rng.random(size) < 0.6, 0.0, rng.exponential(1, size))
        for i in range(2)
    }
    data |= {f"rate{i}": (rng.random(size) < 0.02).astype(int) for i in range(2)}
    data |= {f"category{i}": rng.choice(list("abcdefgh"), size) for i in range(2)}
    return data


def episodes_of_90_days(thresholds: Mapping[str, Any] | None, *, seed: int) -> int:
    """Alarm episodes of 2,160 hourly evaluations of 24 h windows, 20 features, no drift.

    Args:
        thresholds: As a user writes them.
        seed: Of the rows.
    """
    rng = np.random.default_rng(seed)
    options = ReferenceOptions(DeclaredColumns.of(roles={"ts": "time"}), pane=timedelta(hours=1))
    reference = build_reference(_data(rng, 28 * 24), options)
    spec = WindowSpec.of("24h", "1h", lateness="0s")
    budget = AlarmBudget.of("1 per 90d", every=spec.slide)
    rules = EvaluationRules(Policy.of(thresholds, budget=budget), run_length=budget.run_length)
    return len(replay(_data(rng, HOURS), reference, spec, rules=rules).episodes)
