"""Ninety days of hourly evaluations of a sliding window, with and without a rhythm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.special import kolmogorov, ndtr, ndtri

from driftwatch.core.drift.policy import Policy
from driftwatch.core.statistics.budget import AlarmBudget
from driftwatch.core.statistics.variability import block_distances

__all__ = ["Alarms", "no_drift_for_90_days", "rhythm_for_90_days"]

Counts = NDArray[np.int64]
HOURS = 90 * 24
ROWS = 500
_MISSING = 0.02


@dataclass(frozen=True, slots=True)
class Alarms:
    """What a series of evaluations raised, on average over the runs.

    Attributes:
        episodes: Stretches of evaluations that alarm.
        evaluations: Evaluations that alarm.
        runs_with_any: Share of the runs with at least one.
    """

    episodes: float
    evaluations: float
    runs_with_any: float


def no_drift_for_90_days(*, runs: int, seed: int, budget: str | None = "1 per 90d") -> Alarms:
    """Twenty features without drift, tested for any drift at all over 24 hours, each hour.

    Twelve are continuous, four small counts, four mostly zeros; of every one 2 % of the rows
    have no value, and that rate is tested as well, for the budget is shared with it. Without
    a budget every evaluation tests at 5 %, as a cron job does.
    """
    rng = np.random.default_rng(seed)
    features = _features()
    level = _level(len(features), budget)
    found = []
    for _ in range(runs):
        alarms = np.zeros(HOURS - 23, dtype=bool)
        for shares in features:
            reference = rng.multinomial(100_000, shares)
            panes = rng.multinomial(ROWS, shares, HOURS)
            alarms |= _alarms(reference, panes, window=24, level=level, effect=0.0)
            gone = rng.binomial(100_000, _MISSING), rng.binomial(ROWS, _MISSING, HOURS)
            alarms |= _missing_alarms(*gone, window=24, level=level)
        found.append(alarms)
    return _summary(found)


def rhythm_for_90_days(*, runs: int, seed: int, window: int, natural: bool) -> Alarms:
    """Five features whose mean follows the hour of the day by 0.1 standard deviations.

    The reference is 28 days in hourly panes. With `natural`, drift within what the
    reference does by itself is none.
    """
    rng = np.random.default_rng(seed)
    found = []
    days, features = 28, 5
    level = _level(features, "1 per 90d")
    edges = ndtri(np.arange(1, 100) / 100)
    for _ in range(runs):
        alarms = np.zeros(HOURS - window + 1, dtype=bool)
        for _feature in range(features):
            by_hour = rng.normal(0, 0.1, 24)
            shares = np.diff(ndtr(edges - by_hour[:, None]), prepend=0, append=1, axis=1)
            history = np.concatenate([rng.multinomial(ROWS, shares) for _ in range(days)])
            panes = np.concatenate([rng.multinomial(ROWS, shares) for _ in range(HOURS // 24)])
            effect = block_distances(history, panes=window, ordered=True)["ks"] if natural else 0.0
            reference = history.sum(axis=0)
            alarms |= _alarms(reference, panes, window=window, level=level, effect=effect)
        found.append(alarms)
    return _summary(found)


def _features() -> list[NDArray[np.float64]]:
    continuous = [np.full(100, 0.01) for _ in range(12)]
    counts = [np.exp(-3.0) * 3.0 ** np.arange(12) / np.cumprod([1, *range(1, 12)])] * 4
    zeros = [np.concatenate(([0.6], np.full(40, 0.01)))] * 4
    return [shares / shares.sum() for shares in (*continuous, *counts, *zeros)]


def _level(features: int, budget: str | None) -> float:
    if budget is None:
        return 0.05
    policy = Policy.of({"ks": 0.0}, budget=AlarmBudget.of(budget, every=timedelta(hours=1)))
    return policy.shared_by(2 * features).level


def _alarms(
    reference: Counts, panes: Counts, *, window: int, level: float, effect: float
) -> NDArray[np.bool_]:
    """Which evaluations alarm; the arithmetic of `KolmogorovSmirnov` on exact counts."""
    ends = np.cumsum(panes, axis=0)
    windows = ends[window - 1 :] - np.vstack((np.zeros_like(ends[:1]), ends[:-window]))
    n, m = int(reference.sum()), int(windows[0].sum())
    gaps = np.abs(np.cumsum(windows / m - reference / n, axis=1)).max(axis=1)
    size = n * m / (n + m)
    alarming: NDArray[np.bool_] = kolmogorov(np.sqrt(size) * np.maximum(gaps - effect, 0)) <= level
    return alarming


def _missing_alarms(
    reference: int, panes: Counts, *, window: int, level: float
) -> NDArray[np.bool_]:
    """Which evaluations alarm on missing values; the arithmetic of `missing_rate`."""
    n, m = 100_000, ROWS * window
    ends = np.concatenate(([0], np.cumsum(panes)))
    current = ends[window:] - ends[:-window]
    before, after = (reference + 0.5) / (n + 1), (current + 0.5) / (m + 1)
    spread = np.sqrt(before * (1 - before) / n + after * (1 - after) / m)
    alarming: NDArray[np.bool_] = 2 * ndtr(-np.abs(current / m - reference / n) / spread) <= level
    return alarming


def _summary(runs: list[NDArray[np.bool_]]) -> Alarms:
    starts = [int(a[0]) + int((a[1:] & ~a[:-1]).sum()) for a in runs]
    return Alarms(
        episodes=float(np.mean(starts)),
        evaluations=float(np.mean([a.sum() for a in runs])),
        runs_with_any=float(np.mean([a.any() for a in runs])),
    )
