"""How a stream is judged."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

from driftwatch.core.drift.policy import Policy
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
        lease_seconds: For how long an evaluator that falls silent keeps others waiting.
    """

    policy: Policy = field(default_factory=Policy)
    compare: str = "frozen"
    run_length: float = 720.0
    tolerance: float = 0.05
    clear_after: int = 3
    retention: Retention | None = field(default_factory=Retention)
    lease_seconds: float = 60.0

    @classmethod
    def of(cls, policy: Policy, /, *, compare: str = "frozen") -> Self:
        """The rules of a policy, whose budget holds for detectors, too."""
        rules = cls(policy, compare)
        length = rules.run_length if policy.budget is None else policy.budget.run_length
        return replace(rules, run_length=length)
