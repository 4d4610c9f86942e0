"""What a report says of the dependence of columns, and its JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from driftwatch.core.reports.results import Levels, Status

__all__ = ["DependenceDrift", "PairDrift"]


@dataclass(frozen=True, slots=True)
class PairDrift:
    """How strongly two columns depend on each other, then and now.

    Attributes:
        first: A column, or ``column=category``.
        second: Another.
        kind: ``rank`` (a correlation of ranks), ``extremes`` (of how extreme both are) or
            ``category``.
        reference: Correlation of the scores in the reference.
        current: The same in production.
    """

    first: str
    second: str
    kind: str
    reference: float
    current: float

    def __str__(self) -> str:
        subject = f"{self.first} and {self.second}"
        change = f"correlation {self.reference:+.2f} → {self.current:+.2f}"
        if self.reference * self.current < 0:
            return f"{subject} depend on each other the other way round: {change}"
        more = "more" if abs(self.current) > abs(self.reference) else "less"
        how = " in their extremes" if self.kind == "extremes" else ""
        return f"{subject} depend {more} on each other{how}: {change}"

    def to_dict(self) -> dict[str, Any]:
        return {
            "first": self.first,
            "second": self.second,
            "kind": self.kind,
            "reference": self.reference,
            "production": self.current,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], /) -> Self:
        return cls(
            str(data["first"]),
            str(data["second"]),
            str(data["kind"]),
            float(data["reference"]),
            float(data["production"]),
        )


@dataclass(frozen=True, slots=True)
class DependenceDrift:
    """Drift in how columns depend on each other, beside that of each column alone.

    Attributes:
        status: Verdict over all pairs.
        statistic: Change of the correlation of the first pair.
        p_value: Of "no dependence changed", over all pairs.
        p_effect: Of "none changed by more than the threshold".
        threshold: Changes of a correlation to warn of, and to call critical.
        level: Significance level the verdict used.
        pairs_tested: Number of pairs.
        pairs: Those that changed most surely, first the surest.
    """

    status: Status
    statistic: float
    p_value: float
    p_effect: Levels
    threshold: Levels
    level: float
    pairs_tested: int
    pairs: tuple[PairDrift, ...]

    @property
    def explanation(self) -> str:
        """The first pair in a sentence."""
        return str(self.pairs[0])

    def to_dict(self) -> dict[str, Any]:
        return {
            "status": self.status.value,
            "statistic": self.statistic,
            "p_value": self.p_value,
            "p_effect": self.p_effect.to_dict(),
            "threshold": self.threshold.to_dict(),
            "level": self.level,
            "pairs_tested": self.pairs_tested,
            "pairs": [pair.to_dict() for pair in self.pairs],
            "explanation": self.explanation,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None, /) -> Self | None:
        if data is None:
            return None
        p_effect = Levels.from_dict(data["p_effect"])
        threshold = Levels.from_dict(data["threshold"])
        pairs = tuple(map(PairDrift.from_dict, data["pairs"]))
        if p_effect is None or threshold is None or not pairs:
            raise ValueError("multivariate lacks p_effect, threshold or pairs")
        return cls(
            status=Status(data["status"]),
            statistic=float(data["statistic"]),
            p_value=float(data["p_value"]),
            p_effect=p_effect,
            threshold=threshold,
            level=float(data["level"]),
            pairs_tested=int(data["pairs_tested"]),
            pairs=pairs,
        )
