"""From two estimates of a metric to a status: whether the model got worse, by how much."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from driftwatch.core.performance.estimate import Estimate
from driftwatch.core.performance.metrics import MetricRule
from driftwatch.core.reports.performance import Metric
from driftwatch.core.reports.results import Levels, Status
from driftwatch.core.statistics.kolmogorov import normal_quantile
from driftwatch.core.statistics.significance import normal_sf

__all__ = ["Change", "holm", "judged"]

_OK_LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Change:
    """A metric of both sides.

    Attributes:
        rule: What is known of the metric.
        before: The reference.
        after: Production.
        tolerated: How much worse is a WARNING, and CRITICAL.
        rows: Labelled production rows.
        overdispersion: By how much more than random rows the errors vary.
    """

    rule: MetricRule
    before: Estimate
    after: Estimate
    tolerated: Levels
    rows: float
    overdispersion: float = 1.0

    @property
    def variances(self) -> tuple[float, float]:
        """Variance of the metric of both sides.

        Where nothing has changed rows of both sides vary alike. A side whose own rows vary less,
        since rare large losses are not among them, is taken to vary as both do together: a small
        reference that has seen none of them is not sure of itself.
        """
        sides = (self.before, self.after)
        first, second = (side.error**2 for side in sides)
        rows = [side.rows for side in sides]
        if all(map(math.isfinite, rows)) and min(rows) > 0:
            alike = sum(side.variance_of_a_row * side.rows for side in sides) / sum(rows)
            first, second = max(first, alike / rows[0]), max(second, alike / rows[1])
        return first * self.overdispersion, second * self.overdispersion

    @property
    def error(self) -> float:
        """Standard error of the difference."""
        return math.sqrt(sum(self.variances))

    @property
    def drops(self) -> tuple[float, float]:
        """By how much it got worse: least and most of what the sketches allow."""
        before = self.before.bracket or (self.before.value, self.before.value)
        after = self.after.bracket or (self.after.value, self.after.value)
        if self.rule.higher_is_better:
            return before[0] - after[1], before[1] - after[0]
        return after[0] - before[1], after[1] - before[0]

    @property
    def drop(self) -> float:
        """By how much it got worse."""
        change = self.before.value - self.after.value
        return change if self.rule.higher_is_better else -change

    @property
    def can_be_judged(self) -> bool:
        """Whether both sides have a value and an error, and the metric a direction."""
        finite = math.isfinite(self.drop) and math.isfinite(self.error)
        return finite and self.error > 0 and self.rule.higher_is_better is not None

    def p_worse(self, by: float, /) -> float:
        """P-value of "it is worse by no more than this"."""
        return normal_sf((self.drops[0] - by) / self.error)

    def p_better(self, than: float, /) -> float:
        """P-value of "it is worse by at least this"."""
        return normal_sf((than - self.drops[1]) / self.error)

    def rows_needed(self, level: float, /) -> int | None:
        """Labelled rows that would decide, if it stayed as it is; None where no number would.

        Args:
            level: Significance level of this metric alone.
        """
        limit = self.tolerated.warning
        worse, better = self.drops[0] - limit, limit - self.drops[1]
        room, z = max((worse, normal_quantile(level)), (better, normal_quantile(_OK_LEVEL)))
        if room <= 0 or not self.rows:
            return None
        first, second = self.variances
        rest = (room / z) ** 2 - first
        needed = self.rows * second / rest if rest > 0 else math.inf
        return math.ceil(max(needed, self.rows + 1)) if needed < 1e12 else None


def holm(p_values: Sequence[float], /) -> list[float]:
    """Adjusted p-values by Holm: the chance that any of them is a false one stays at the level.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    adjusted, least = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = least
    return adjusted


def judged(
    metrics: Sequence[tuple[Metric, Change]], /, *, level: float, corrected: bool
) -> list[Metric]:
    """The metrics with what becomes of them.

    Args:
        metrics: Metrics and their changes; those that gate decide.
        level: Significance level.
        corrected: Whether to correct for the number of metrics that decide; a budget has been
            divided among them already.
    """
    deciding = [change for metric, change in metrics if metric.gates and change.can_be_judged]
    warning = [change.p_worse(change.tolerated.warning) for change in deciding]
    critical = [change.p_worse(change.tolerated.critical) for change in deciding]
    if corrected:
        warning, critical = holm(warning), holm(critical)
    p_values = iter(zip(warning, critical, strict=True))
    results = []
    for metric, change in metrics:
        if not metric.gates:
            results.append(metric)
        elif not change.can_be_judged:
            results.append(replace(metric, status=_without_error(change)))
        else:
            p_warning, p_critical = next(p_values)
            status = _status(change, p_warning, p_critical, level)
            needed = None
            if status is Status.UNDECIDED:
                needed = change.rows_needed(level / (len(deciding) if corrected else 1))
            results.append(replace(metric, p_value=p_warning, status=status, rows_needed=needed))
    return results


def _without_error(change: Change) -> Status:
    """A metric that does not vary is judged by its value; one that is unknown, not at all."""
    sure = math.isfinite(change.error) or change.before.by_value or change.after.by_value
    if not math.isfinite(change.drop) or not sure or change.rule.higher_is_better is None:
        return Status.INSUFFICIENT_DATA
    if change.drop > change.tolerated.critical:
        return Status.CRITICAL
    return Status.WARNING if change.drop > change.tolerated.warning else Status.OK


def _status(change: Change, p_warning: float, p_critical: float, level: float) -> Status:
    if p_critical <= level:
        return Status.CRITICAL
    if p_warning <= level:
        return Status.WARNING
    return Status.OK if change.p_better(change.tolerated.warning) <= _OK_LEVEL else Status.UNDECIDED
