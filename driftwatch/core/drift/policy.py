"""The rules of a verdict: which tests decide, how much drift matters, at what level."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

import numpy as np

from driftwatch.core.drift.budget import AlarmBudget
from driftwatch.core.drift.univariate import (
    ChiSquared,
    Hellinger,
    JensenShannon,
    KolmogorovSmirnov,
    PopulationStability,
    TotalVariation,
    Wasserstein,
)
from driftwatch.core.report import Levels
from driftwatch.core.schema import Kind
from driftwatch.core.variability import NaturalVariability
from driftwatch.errors import ConfigError, did_you_mean
from driftwatch.protocols import DriftTest

__all__ = ["METHODS", "Policy", "PolicyName"]

PolicyName = Literal["default", "classic"]

_EFFECTS = {
    "ks": Levels(0.05, 0.10),
    "psi": Levels(0.02, 0.10),
    "wasserstein": Levels(0.10, 0.20),
    "chi2": Levels(0.02, 0.10),
    "jensen_shannon": Levels(0.05, 0.10),
    "hellinger": Levels(0.05, 0.10),
    "tvd": Levels(0.05, 0.10),
    "missing": Levels(0.01, 0.05),
    "unseen": Levels(0.01, 0.05),
}
METHODS = tuple(_EFFECTS)
"""Names of the tests, in the order of reports."""

_ALIASES = {
    "kolmogorov_smirnov": "ks",
    "population_stability_index": "psi",
    "wasserstein_distance": "wasserstein",
    "emd": "wasserstein",
    "chisquare": "chi2",
    "chi_squared": "chi2",
    "chi_square": "chi2",
    "jensenshannon": "jensen_shannon",
    "total_variation": "tvd",
    "missing_rate": "missing",
    "unseen_categories": "unseen",
}
_SMALLEST = 1e-6
_SHARES = {"ks", "tvd", "jensen_shannon", "hellinger", "missing", "unseen"}
_P_VALUES = {"ks_pvalue": "ks", "chi2_pvalue": "chi2"}
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

    Example:
        >>> policy = Policy.of({"psi": 0.2, "ks_pvalue": 0.01})
        >>> policy.effects["psi"].critical, policy.levels, policy.gating(Kind.NUMERIC)
        (0.4, {'ks': 0.01}, ('psi', 'ks'))
    """

    effects: Mapping[str, Levels] = field(default_factory=lambda: dict(_EFFECTS))
    levels: Mapping[str, float] = field(default_factory=dict)
    named: tuple[str, ...] = ()
    classic: bool = False
    level: float = _LEVEL
    budget: AlarmBudget | None = None

    @classmethod
    def of(
        cls,
        thresholds: Mapping[str, Any] | None = None,
        /,
        *,
        policy: PolicyName = "default",
        budget: AlarmBudget | None = None,
    ) -> Self:
        """Build a policy from thresholds as users write them.

        Args:
            thresholds: ``{"psi": v}`` sets WARNING at v and CRITICAL at 2 v,
                ``{"psi": [w, c]}`` both; 0 asks for any drift at all and leaves CRITICAL
                at its default. ``{"ks_pvalue": a}`` and ``{"chi2_pvalue": a}`` set the
                level of that test. Naming a test makes it decide.
            policy: ``"default"`` or ``"classic"``.
            budget: False alarms that repeated checks may raise.

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
        given = thresholds or (_CLASSIC if classic else {})
        effects, levels = dict(_EFFECTS), {}
        named: dict[str, None] = {}
        for key, value in given.items():
            if key in _P_VALUES:
                name = _P_VALUES[key]
                levels[name] = _level(key, value)
            else:
                name = _method(key)
                effects[name] = _levels(name, value)
            named[name] = None
        if budget is not None and (classic or levels):
            other = "policy='classic'" if classic else ", ".join(k for k in given if k in _P_VALUES)
            raise ConfigError(f"false_alarms sets the level of every test; drop {other}")
        return cls(effects, levels, tuple(named), classic, budget=budget)

    def shared_by(self, kinds: Sequence[Kind], /) -> Self:
        """Return the policy with the level that its budget leaves to each test.

        Args:
            kinds: Kinds of the columns that are tested.
        """
        if self.budget is None:
            return self
        # Beside the tests of its values a column can alarm by missing and by unseen ones.
        tests = sum(len(self.gating(kind)) + (1 if kind.is_ordered else 2) for kind in kinds)
        return replace(self, level=self.budget.level(tests))

    @property
    def correction(self) -> str | None:
        """How the number of tests of one check is allowed for."""
        if self.classic:
            return None
        return "benjamini_hochberg" if self.budget is None else "budget"

    def tests(self) -> tuple[DriftTest, ...]:
        """The tests of a column's values, in the order of reports."""
        return (
            KolmogorovSmirnov(),
            PopulationStability(smoothing="floor", pool=False)
            if self.classic
            else PopulationStability(),
            Wasserstein(),
            ChiSquared(pool=not self.classic),
            JensenShannon(),
            Hellinger(),
            TotalVariation(),
        )

    def gating(self, kind: Kind, /) -> tuple[str, ...]:
        """Names of the tests that decide on values of a kind, before missing and unseen.

        The named ones where any applies to the kind; otherwise ``ks`` for numbers and
        ``psi`` for categories.
        """
        other_kind = {"chi2"} if kind.is_ordered else {"ks", "wasserstein"}
        named = tuple(n for n in self.named if n not in other_kind | {"missing", "unseen"})
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


def _method(key: str) -> str:
    name = _ALIASES.get(key, key)
    if not isinstance(name, str):
        raise ConfigError(f"thresholds are named by texts such as 'psi'; got {key!r}")
    if name not in _EFFECTS:
        known = [*_EFFECTS, *_P_VALUES]
        raise ConfigError(
            f"unknown threshold {key!r}{did_you_mean(key, known)}; known: {', '.join(known)}"
        )
    return name


def _number(key: str, value: object) -> float:
    number = math.nan
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        number = float(value)
    if not 0 <= number < 1e9:
        raise ConfigError(f"threshold {key} must be a number of at least 0; got {value!r}")
    return number


def _level(key: str, value: object) -> float:
    level = _number(key, value)
    if not 0 < level < 1:
        raise ConfigError(f"threshold {key} is a significance level between 0 and 1; got {value!r}")
    return level


def _effect(name: str, value: object) -> float:
    effect = _number(name, value)
    if name in _SHARES and (effect > 1 or (name == "unseen" and effect == 1)):
        raise ConfigError(f"threshold {name} is a share or distance below 1; got {value!r}")
    if 0 < effect < _SMALLEST:
        raise ConfigError(f"threshold {name}: {value!r} is too small; 0 asks for any drift at all")
    return effect


def _levels(name: str, value: object) -> Levels:
    if isinstance(value, Levels):
        return _levels(name, [value.warning, value.critical])
    if isinstance(value, Mapping):
        if set(value) != {"warning", "critical"}:
            raise ConfigError(f"threshold {name} takes 'warning' and 'critical'; got {list(value)}")
        return _levels(name, [value["warning"], value["critical"]])
    if isinstance(value, list | tuple):
        if len(value) != 2:
            raise ConfigError(f"threshold {name} takes one number or [warning, critical]")
        pair = Levels(_effect(name, value[0]), _effect(name, value[1]))
        if pair.warning > pair.critical:
            raise ConfigError(f"threshold {name}: warning {value[0]} is above critical {value[1]}")
        return pair
    warning = _effect(name, value)
    return Levels(warning, 2 * warning if warning else _EFFECTS[name].critical)
