"""How often intervals hold the truth, how often verdicts are false, and what they see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from benchmarks.performance.laws import (
    FIRST_MOMENTS,
    REGRESSIONS,
    SECOND_MOMENTS,
    Binormal,
    production,
    reference_of,
    separation,
)
from driftwatch.core.performance.binary import binary_metrics
from driftwatch.core.performance.compare import PerformanceRules, performance_of
from driftwatch.core.performance.regression import regression_metrics
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.reports.performance import Performance

__all__ = ["coverage", "regression_coverage", "seen"]

_RULES = PerformanceRules(level=0.05, corrected=True)
_REFERENCE_ROWS = 20_000
_ROLES = {"prediction": "says", "score": "p", "label": "y"}


def _reference(law: Binormal, rng: np.random.Generator) -> Reference:
    return reference_of(law.draw(_REFERENCE_ROWS, rng), **_ROLES)


def coverage(law: Binormal, rows: int, runs: int, seed: int) -> Iterator[tuple[str, float, float]]:
    """Metric, share of intervals that hold the truth, and share of runs without one."""
    rng = np.random.default_rng(seed)
    reference = _reference(law, rng)
    assert reference.outcomes is not None  # noqa: S101
    held: Counter[str] = Counter()
    without: Counter[str] = Counter()
    truth = law.truth
    for _ in range(runs):
        profile = production(reference, law.draw(rows, rng))
        metrics = binary_metrics(profile.outcomes[reference.outcomes.spec.id])
        for name, true in truth.items():
            metric = metrics.get(name)
            if metric is None or metric.interval is None:
                without[name] += 1
            else:
                held[name] += metric.interval[0] <= true <= metric.interval[1]
    for name in truth:
        judged = runs - without[name]
        yield name, held[name] / judged if judged else float("nan"), without[name] / runs


def regression_coverage(
    law: str, rows: int, runs: int, seed: int
) -> Iterator[tuple[str, float, float]]:
    """The same of a regression whose errors follow a law."""
    rng = np.random.default_rng(seed)
    errors = REGRESSIONS[law]
    first = FIRST_MOMENTS.get(law) or float(np.abs(errors(rng, 20_000_000)).mean())
    truth = {
        "mae": first,
        "rmse": float(np.sqrt(SECOND_MOMENTS[law])),
        "r2": 1 - SECOND_MOMENTS[law] / (SECOND_MOMENTS[law] + 4),
    }

    def draw(size: int) -> dict[str, np.ndarray]:
        said = 50 + rng.normal(0, 2, size)
        return {"says": said, "y": said + errors(rng, size)}

    reference = reference_of(draw(_REFERENCE_ROWS), prediction="says", label="y", task="regression")
    assert reference.outcomes is not None  # noqa: S101
    held: Counter[str] = Counter()
    for _ in range(runs):
        profile = production(reference, draw(rows))
        metrics = regression_metrics(profile.outcomes[reference.outcomes.spec.id], None)
        for name, true in truth.items():
            interval = metrics[name].interval
            held[name] += interval is not None and interval[0] <= true <= interval[1]
    for name in truth:
        yield name, held[name] / runs, 0.0


def seen(
    before: Binormal, after: Binormal, rows: int, runs: int, seed: int
) -> tuple[float, float, float]:
    """Shares of runs in WARNING or CRITICAL, in CRITICAL, and in OK.

    Every third run has a new reference.
    """
    rng = np.random.default_rng(seed)
    statuses: Counter[str] = Counter()
    reference = _reference(before, rng)
    for run in range(runs):
        if run % 3 == 0:
            reference = _reference(before, rng)
        profile = production(reference, after.draw(rows, rng))
        performance: Performance | None = performance_of(reference, profile, _RULES, stretch=1)
        statuses[performance.status.value if performance is not None else "none"] += 1
    warned = statuses["WARNING"] + statuses["CRITICAL"]
    return warned / runs, statuses["CRITICAL"] / runs, statuses["OK"] / runs


def area_to(area: float, fall: float, rate: float) -> tuple[Binormal, Binormal]:
    """A model of an AUC, and the same model where the AUC has fallen."""
    trained = separation(area)
    return Binormal(trained, trained, rate), Binormal(trained, separation(area - fall), rate)
