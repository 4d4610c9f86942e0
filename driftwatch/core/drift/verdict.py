"""From evidence to status: the policy applied to every test of every feature at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.drift.evidence import Evidence
from driftwatch.core.drift.policy import Policy
from driftwatch.core.reports.report import DriftResult, Status
from driftwatch.core.statistics.significance import benjamini_hochberg

__all__ = ["global_status", "judge", "primary_test", "worst"]


def judge(evidence: Sequence[tuple[Evidence, bool]], policy: Policy, /) -> list[DriftResult]:
    """Turn evidence into results, correcting for the number of tests that decide.

    Args:
        evidence: What each test found, and whether it decides.
        policy: The rules.

    Returns:
        One result each, in the order given. Tests that do not decide have no status.
    """
    deciding = [found for found, gates in evidence if gates]
    # A budget is divided among the tests already.
    adjust = _as_it_is if policy.budget is not None else benjamini_hochberg
    warning = adjust([found.p_effect.warning for found in deciding])
    critical = adjust([found.p_effect.critical for found in deciding])
    adjusted = iter(zip(warning.tolist(), critical.tolist(), strict=True))
    results = []
    for found, gates in evidence:
        status = None
        if gates:
            p_warning, p_critical = next(adjusted)
            status = (
                _classic_status(found, policy)
                if policy.classic
                else _status(found, p_warning, p_critical, policy.level_of(found.method))
            )
        results.append(_result(found, policy, status))
    return results


def _as_it_is(p_values: Sequence[float]) -> NDArray[np.float64]:
    return np.asarray(p_values, dtype=np.float64)


def _status(evidence: Evidence, p_warning: float, p_critical: float, level: float) -> Status:
    if p_critical <= level:
        return Status.CRITICAL
    if p_warning <= level:
        return Status.WARNING
    # A threshold of zero asks for any drift at all, whose absence no data can show.
    if evidence.upper <= evidence.effect.warning or evidence.effect.warning == 0:
        return Status.OK
    return Status.UNDECIDED


def _classic_status(evidence: Evidence, policy: Policy) -> Status:
    if evidence.method in policy.levels:
        p = evidence.p_value if evidence.plain_p_value is None else evidence.plain_p_value
        return Status.WARNING if p < policy.levels[evidence.method] else Status.OK
    if evidence.statistic > evidence.effect.critical:
        return Status.CRITICAL
    return Status.WARNING if evidence.statistic > evidence.effect.warning else Status.OK


def _details(evidence: Evidence, status: Status | None) -> Mapping[str, Any]:
    if status is not Status.UNDECIDED:
        return evidence.details
    n, m = evidence.rows
    lacks = {"shortage": evidence.shortage, "rows": {"reference": n, "production": m}}
    return {**evidence.details, "undecided": lacks}


def _result(evidence: Evidence, policy: Policy, status: Status | None) -> DriftResult:
    return DriftResult(
        method=evidence.method,
        statistic=evidence.statistic,
        interval=evidence.interval,
        confidence_interval=evidence.confidence_interval,
        p_value=evidence.p_value,
        p_effect=evidence.p_effect,
        threshold=evidence.effect,
        level=policy.level_of(evidence.method),
        gates=status is not None,
        status=status,
        rows_needed=evidence.rows_needed if status is Status.UNDECIDED else None,
        details=_details(evidence, status),
    )


def worst(statuses: Iterable[Status], /) -> Status:
    """The most severe of some statuses; INSUFFICIENT_DATA of none."""
    return max(statuses, key=lambda status: status.severity, default=Status.INSUFFICIENT_DATA)


def primary_test(results: Mapping[str, DriftResult], /) -> str | None:
    """The deciding test with the worst status, the smallest p-value on ties."""
    deciding = [result for result in results.values() if result.status is not None]
    if not deciding:
        return None

    def rank(result: DriftResult) -> tuple[int, float, float]:
        assert result.status is not None  # noqa: S101 - filtered above
        p = result.p_effect.warning if result.p_effect is not None else 1.0
        return (-result.status.severity, p, result.p_value if result.p_value is not None else 1.0)

    return min(deciding, key=rank).method


def global_status(results: Iterable[DriftResult], others: Iterable[Status], /) -> Status:
    """Status of a data set from all its results and the statuses of schema changes."""
    statuses = [result.status for result in results if result.status is not None]
    drifted = [status for status in [*statuses, *others] if status.is_drift]
    if drifted:
        return worst(drifted)
    return Status.OK if Status.OK in statuses else Status.INSUFFICIENT_DATA
