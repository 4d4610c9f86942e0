"""How a stream is judged."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Self

from driftwatch.alerts.settings import Alerts
from driftwatch.core.drift.policy import Policy
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import ConfigError
from driftwatch.evaluation.retention import Retention

__all__ = ["EvaluationRules"]


@dataclass(frozen=True, slots=True)
class EvaluationRules:
    """How a stream is judged.

    Attributes:
        policy: The rules of a window's verdict.
        compare: What a window is compared with: ``frozen`` (the reference), ``sliding`` (the
            window before it) or ``seasonal`` (the same hours of the weeks before).
        run_length: Panes from one false early sign to the next, at least, on average; 0 to
            do without detectors.
        tolerance: Change of a share of rows that is no drift to a detector.
        clear_after: Quiet panes after which an alarm is over.
        retention: For how long the store keeps what; None to leave it alone.
        alerts: Who is told of what.
        lease_seconds: For how long an evaluator that falls silent keeps others waiting.
        idle_after: Seconds for which a window waits for a source that is silent, or far behind the
            others; as long as a pane and the lateness last if None.
    """

    policy: Policy = field(default_factory=Policy)
    compare: str = "frozen"
    run_length: float = 720.0
    tolerance: float = 0.05
    clear_after: int = 3
    retention: Retention | None = field(default_factory=Retention)
    alerts: Alerts = field(default_factory=Alerts)
    lease_seconds: float = 60.0
    idle_after: float | None = None

    @classmethod
    def of(
        cls,
        policy: Policy,
        spec: WindowSpec,
        /,
        *,
        compare: str = "frozen",
        alerts: Any = None,
        idle: timedelta | None = None,
        kept: timedelta | None = None,
    ) -> Self:
        """The rules of a policy, whose budget holds for detectors, too.

        Args:
            policy: The rules of a window's verdict.
            spec: How the stream is cut.
            compare: What a window is compared with.
            alerts: `Alerts`, a list of back ends, or None.
            idle: For how long a window waits for a source that is silent or far behind; as long as
                a pane and the lateness last if not given.
            kept: For how long reports are kept that changed no alarm; 90 days if not given.

        Raises:
            ConfigError: If the alerts cannot be used, or wait for rows that the stream does not.
        """
        told = Alerts.of(alerts)
        own = [method.name for method in policy.methods]
        told.check_names([*own, *policy.own_metrics])
        if told.delay_seconds() > spec.lateness:
            raise ConfigError(
                f"alerts wait {told.delay} for late rows, and the stream for "
                f"{spec.lateness} s only: give it the same lateness",
                code="DW080",
            )
        retention = Retention() if kept is None else Retention(reports=kept)
        seconds = None if idle is None else idle.total_seconds()
        rules = cls(policy, compare, alerts=told, retention=retention, idle_after=seconds)
        length = rules.run_length if policy.budget is None else policy.budget.run_length
        return replace(rules, run_length=length)
