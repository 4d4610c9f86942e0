"""The rules of a verdict: which tests decide, how much drift matters, at what level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal, Self

from driftwatch.core.data.schema import Kind
from driftwatch.core.drift.methods import METHODS, Method, find_method, with_own_tests
from driftwatch.core.drift.thresholds import effects_of, level_of
from driftwatch.core.reports.report import Levels
from driftwatch.core.statistics.budget import AlarmBudget
from driftwatch.core.statistics.variability import NaturalVariability
from driftwatch.errors import ConfigError
from driftwatch.protocols import DriftTest

__all__ = ["Policy", "PolicyName"]

PolicyName = Literal["default", "classic"]

_CLASSIC: dict[str, Any] = {"psi": [0.1, 0.25], "ks_pvalue": 0.05}
_LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Policy:
    """How evidence becomes a status.

    The default policy asks whether drift *larger than an effect size* is shown: WARNING
    and CRITICAL at two effect sizes, OK where drift above the smaller one is ruled out
    with 95 % confidence, UNDECIDED in between; false discoveries among all gating tests
    are held to the level (Benjamini and Hochberg). With a budget the check is one of many,
    and the level is what the budget leaves to each test. The classic policy is the
    textbook's: the point statistic above a threshold, or a plain p-value below a level.

    Attributes:
        effects: Effect sizes by test.
        levels: Significance level of the tests that have one of their own.
        named: Tests that were named in the thresholds and therefore decide; empty for the
            defaults.
        classic: Whether the textbook's rules apply.
        level: Significance level of all other tests.
        budget: False alarms that repeated checks may raise; None for a check on its own.
        methods: The tests, in the order of reports.
        parts: How many comparisons share the budget: parts of a window by model version.

    Example:
        >>> policy = Policy.of({"psi": 0.2, "ks_pvalue": 0.01})
        >>> policy.effects["psi"].critical, policy.levels, policy.gating(Kind.NUMERIC)
        (0.4, {'ks': 0.01}, ('psi', 'ks'))
    """

    effects: Mapping[str, Levels] = field(default_factory=lambda: _defaults(METHODS))
    levels: Mapping[str, float] = field(default_factory=dict)
    named: tuple[str, ...] = ()
    classic: bool = False
    level: float = _LEVEL
    budget: AlarmBudget | None = None
    methods: tuple[Method, ...] = METHODS
    parts: int = 1

    @classmethod
    def of(
        cls,
        thresholds: Mapping[str, Any] | None = None,
        /,
        *,
        policy: PolicyName = "default",
        budget: AlarmBudget | None = None,
        tests: Iterable[DriftTest] = (),
    ) -> Self:
        """Build a policy from thresholds as users write them.

        Args:
            thresholds: ``{"psi": v}`` sets WARNING at v and CRITICAL at 2 v,
                ``{"psi": [w, c]}`` both; 0 asks for any drift at all and leaves CRITICAL
                at its default. ``{"ks_pvalue": a}`` and ``{"chi2_pvalue": a}`` set the
                level of that test. Naming a test makes it decide.
            policy: ``"default"`` or ``"classic"``.
            budget: False alarms that repeated checks may raise.
            tests: The caller's own, beside those of the project; they are in every report,
                and decide where thresholds name them.

        Raises:
            ConfigError: If a name is unknown or a value is not a usable number.
        """
        if policy not in ("default", "classic"):
            raise ConfigError(f"policy must be 'default' or 'classic'; got {policy!r}")
        if thresholds is not None and not isinstance(thresholds, Mapping):
            raise ConfigError(
                f"thresholds must be a dict such as {{'psi': 0.2}}; got {type(thresholds).__name__}"
            )
        classic = policy == "classic"
        rules = thresholds or (_CLASSIC if classic else {})
        methods = with_own_tests(tests)
        effects, levels = _defaults(methods), {}
        named: dict[str, None] = {}
        p_values = []
        for key, value in rules.items():
            method = find_method(methods, key)
            if key == method.p_value:
                levels[method.name] = level_of(key, value)
                p_values.append(key)
            else:
                effects[method.name] = effects_of(method, value)
            named[method.name] = None
        if budget is not None and (classic or levels):
            other = "policy='classic'" if classic else ", ".join(p_values)
            raise ConfigError(f"false_alarms sets the level of every test; drop {other}")
        return cls(effects, levels, tuple(named), classic, budget=budget, methods=methods)

    def shared_by(self, kinds: Sequence[Kind], /) -> Self:
        """Return the policy with the level that its budget leaves to each test.

        Args:
            kinds: Kinds of the columns that are tested.
        """
        if self.budget is None:
            return self
        # Beside the tests of its values a column can alarm by missing and by unseen ones.
        tests = sum(len(self.gating(kind)) + (1 if kind.is_ordered else 2) for kind in kinds)
        return replace(self, level=self.budget.level(tests * self.parts))

    def repeated(self, pace: timedelta, /) -> Self:
        """Return the policy for windows of a stream, which are checked again and again.

        A budget sets the level then: the one given, at this pace; without one, one false alarm
        in thirty days, or in thirty windows if these are longer. Classic rules, and levels that
        thresholds name, stay as they are.

        Args:
            pace: Time from one window to the next.
        """
        if self.budget is not None:
            return replace(self, budget=replace(self.budget, every=pace))
        if self.classic or self.levels:
            return self
        return replace(self, budget=AlarmBudget(1, max(timedelta(days=30), 30 * pace), pace))

    @property
    def correction(self) -> str | None:
        """How the number of tests of one check is allowed for."""
        if self.classic:
            return None
        return "benjamini_hochberg" if self.budget is None else "budget"

    def tests(self) -> tuple[DriftTest, ...]:
        """The tests of a column's values, in the order of reports."""
        chosen = [(m.classic if self.classic else None) or m.test for m in self.methods]
        return tuple(test for test in chosen if test is not None)

    def gating(self, kind: Kind, /) -> tuple[str, ...]:
        """Names of the tests that decide on values of a kind, before missing and unseen.

        The named ones where any applies to the kind; otherwise ``ks`` for numbers and
        ``psi`` for categories.
        """
        values = {m.name for m in self.methods if m.test is not None and kind in m.kinds}
        named = tuple(name for name in self.named if name in values)
        return named or (("ks",) if kind.is_ordered else ("psi",))

    def effects_above(self, natural: NaturalVariability | None, /) -> Mapping[str, Levels]:
        """Effect sizes, none smaller than what the reference does by itself."""
        if natural is None or self.classic:
            return self.effects
        least = natural.distances
        return {
            name: Levels(
                max(effect.warning, least.get(name, 0.0)),
                max(effect.critical, least.get(name, 0.0)),
            )
            for name, effect in self.effects.items()
        }

    def level_of(self, method: str, /) -> float:
        """Significance level of one test."""
        return self.levels.get(method, self.level)

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": "classic" if self.classic else "default",
            "level": self.level,
            "levels": dict(self.levels),
            "correction": self.correction,
            "budget": self.budget.to_dict() if self.budget else None,
            "gating": list(self.named) or None,
            "thresholds": {name: effect.to_dict() for name, effect in self.effects.items()},
        }


def _defaults(methods: Iterable[Method]) -> dict[str, Levels]:
    return {method.name: method.effect for method in methods}
