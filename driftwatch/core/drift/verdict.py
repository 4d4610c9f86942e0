"""From evidence to status: the policy applied to every test of every feature at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from driftwatch.core.drift.evidence import Evidence
from driftwatch.core.drift.policy import Policy
from driftwatch.core.reports.report import DatasetDrift, DriftResult, FeatureDrift, Levels, Status
from driftwatch.core.statistics.significance import benjamini_hochberg

_MOST_UNDECIDED = 0.25

__all__ = ["global_status", "judge", "primary_test", "worst"]


def judge(evidence: Sequence[tuple[Evidence, bool]], policy: Policy, /) -> list[DriftResult]:
    """Turn evidence into results, correcting for the number of tests that decide.

    Drift is shown where "no drift at all" is rejected; of a check on its own with the false
    discoveries among all deciding tests held to the level. It is a WARNING, or CRITICAL, where
    in addition it exceeds the effect with the level's confidence.

    Args:
        evidence: The evidence of each test, and whether the test decides.
        policy: The rules.

    Returns:
        One result each, in the order given. Tests that do not decide have no status.
    """
    deciding = [item.p_value for item, gates in evidence if gates]
    # A budget is divided among the tests already.
    corrected = policy.correction == "benjamini_hochberg"
    adjusted = iter(benjamini_hochberg(deciding) if corrected else deciding)
    results = []
    for item, gates in evidence:
        if not gates:
            results.append(_result(item, policy, None, None))
            continue
        p_value = float(next(adjusted))
        decide = _classic_status if policy.classic else _status
        status = decide(item, p_value, policy)
        results.append(_result(item, policy, status, p_value if corrected else None))
    return results


def _status(evidence: Evidence, p_value: float, policy: Policy) -> Status | None:
    """Status by the adjusted p-value of no drift, and the p-values of no more than the effect."""
    by_p_value = evidence.method in policy.levels
    shown = p_value <= policy.level_of(evidence.method)
    if shown and evidence.p_effect.critical <= policy.level:
        return Status.CRITICAL
    if shown and (by_p_value or evidence.p_effect.warning <= policy.level):
        return Status.WARNING
    if by_p_value:
        return Status.OK
    # A threshold of zero asks for any drift at all, whose absence no data can show.
    if evidence.upper <= evidence.effect.warning or evidence.effect.warning == 0:
        return Status.OK if evidence.proves_ok else None
    return Status.UNDECIDED if evidence.proves_ok else None


def _classic_status(evidence: Evidence, p_value: float, policy: Policy) -> Status:
    if evidence.method in policy.levels:
        p = evidence.p_value if evidence.plain_p_value is None else evidence.plain_p_value
        return Status.WARNING if p < policy.levels[evidence.method] else Status.OK
    if evidence.statistic > evidence.effect.critical:
        return Status.CRITICAL
    return Status.WARNING if evidence.statistic > evidence.effect.warning else Status.OK


def _result(
    evidence: Evidence, policy: Policy, status: Status | None, p_adjusted: float | None
) -> DriftResult:
    p_value = evidence.p_value
    if policy.classic and evidence.plain_p_value is not None:
        p_value = evidence.plain_p_value
    undecided = None
    if status is Status.UNDECIDED:
        undecided = evidence.undecided(p_value if p_adjusted is None else p_adjusted)
    return DriftResult(
        method=evidence.method,
        statistic=evidence.statistic,
        interval=evidence.interval,
        confidence_interval=evidence.confidence_interval,
        p_value=p_value,
        p_adjusted=p_adjusted,
        p_effect=evidence.p_effect,
        threshold=evidence.effect,
        level=policy.level_of(evidence.method),
        gates=status is not None,
        status=status,
        rows_needed=evidence.rows_needed if undecided else None,
        undecided=undecided,
        details=evidence.details,
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


def global_status(
    features: Sequence[FeatureDrift],
    others: Iterable[Status],
    dataset: DatasetDrift,
    share_drifted: Levels | None = None,
    /,
) -> Status:
    """Status of a data set.

    CRITICAL or WARNING if a feature or anything else is; else UNDECIDED if more than a quarter of
    the features could not be decided, or if one that certainly drifted is estimated above its
    threshold; else OK.

    Args:
        features: The tested features.
        others: Statuses of schema changes, dependence and the like.
        dataset: Shares of the features that drifted, or could not be decided.
        share_drifted: Shares of drifted features from which on the features are a WARNING, and
            CRITICAL, instead of the worst of them.
    """
    statuses = [feature.status for feature in features]
    alarming = [status for status in statuses if status.is_drift]
    if share_drifted is not None:
        alarming = _by_share(dataset, share_drifted)
    alarming += [status for status in others if status.is_drift]
    if alarming:
        return worst(alarming)
    if all(status is Status.INSUFFICIENT_DATA for status in statuses):
        return Status.INSUFFICIENT_DATA
    many = (dataset.undecided_share or 0.0) > _MOST_UNDECIDED
    if many or any(map(_drifted_of_unknown_size, features)):
        return Status.UNDECIDED
    return Status.OK


def _by_share(dataset: DatasetDrift, levels: Levels) -> list[Status]:
    share = dataset.weighted_share_drifted
    share = dataset.share_drifted if share is None else share
    if not share or share < levels.warning:  # 0 asks for any feature that drifted
        return []
    return [Status.CRITICAL if share >= levels.critical else Status.WARNING]


def _drifted_of_unknown_size(feature: FeatureDrift) -> bool:
    """Whether drift is certain and its estimate is above the threshold."""
    return any(
        result.undecided is not None
        and result.undecided.kind == "size_not_shown"
        and result.threshold is not None
        and (result.undecided.estimate or 0.0) > result.threshold.warning
        for result in feature.tests.values()
    )
