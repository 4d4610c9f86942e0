"""The rules of a verdict: which tests decide, how much drift matters, at what level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal, Self

import numpy as np

from driftwatch.core.data.schema import Kind
from driftwatch.core.drift.methods import ALWAYS, METHODS, Method, with_own_tests
from driftwatch.core.drift.thresholds import read_thresholds
from driftwatch.core.performance.compare import PerformanceRules, check_metrics
from driftwatch.core.performance.metrics import METRICS
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.reports.report import Levels
from driftwatch.core.statistics.budget import AlarmBudget
from driftwatch.core.statistics.variability import NaturalVariability
from driftwatch.errors import ConfigError, UnknownColumnError
from driftwatch.protocols import DriftTest

__all__ = ["Policy", "PolicyName"]

PolicyName = Literal["default", "classic"]

_CLASSIC: dict[str, Any] = {"psi": [0.1, 0.25], "ks_pvalue": 0.05}
_LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Policy:
    """How evidence becomes a status.

    The default policy asks whether drift is shown, false discoveries among all gating tests
    held to the level (Benjamini and Hochberg), and whether it is *larger than an effect size*:
    WARNING and CRITICAL at two effect sizes, OK where drift above the smaller one is ruled out
    with 95 % confidence, UNDECIDED in between. Tests with a level of their own warn of any drift
    that is shown at that level, and are CRITICAL where it also exceeds the critical effect. With
    a budget the check is one of many, and the level of every test is what the budget leaves to
    it. The classic policy is the textbook's: the point statistic above a threshold, or a plain
    p-value below a level.

    Attributes:
        effects: Effect sizes by test.
        levels: Significance level of the tests that have one of their own.
        named: Tests that were named in the thresholds and therefore decide; empty for the
            defaults.
        of_columns: Effect sizes that hold for one column, by column and test; these tests decide
            on it beside the others.
        share_drifted: Shares of drifted features from which on the data set is in WARNING and
            CRITICAL; None where the worst feature decides.
        classic: Whether the textbook's rules apply.
        level: Significance level of all other tests.
        budget: False alarms that repeated checks may raise; None for a check on its own.
        methods: The tests, in the order of reports.
        parts: How many comparisons share the budget: parts of a window by model version.
        metrics: How much worse a metric of the model may be, of those that thresholds name; these
            decide instead of the task's.
        cost: Cost of each label (rows) and prediction (columns), in the order of the classes.
        own_metrics: Names of the caller's own metrics.

    Example:
        >>> policy = Policy.of({"psi": 0.2, "ks_pvalue": 0.01})
        >>> policy.effects["psi"].critical, policy.levels, policy.gating("age", Kind.NUMERIC)
        (0.4, {'ks': 0.01}, ('psi', 'ks', 'out_of_range', 'atoms'))
    """

    effects: Mapping[str, Levels] = field(default_factory=lambda: _defaults(METHODS))
    levels: Mapping[str, float] = field(default_factory=dict)
    named: tuple[str, ...] = ()
    of_columns: Mapping[str, Mapping[str, Levels]] = field(default_factory=dict)
    share_drifted: Levels | None = None
    classic: bool = False
    level: float = _LEVEL
    budget: AlarmBudget | None = None
    methods: tuple[Method, ...] = METHODS
    parts: int = 1
    metrics: Mapping[str, Levels] = field(default_factory=dict)
    cost: tuple[tuple[float, ...], ...] | None = None
    own_metrics: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        thresholds: Mapping[str, Any] | None = None,
        /,
        *,
        policy: PolicyName = "default",
        budget: AlarmBudget | None = None,
        tests: Iterable[DriftTest] = (),
        metrics: Iterable[str] = (),
        cost: Sequence[Sequence[float]] | None = None,
    ) -> Self:
        """Build a policy from thresholds as users write them.

        Args:
            thresholds: ``{"psi": v}`` sets WARNING at v and CRITICAL at 2 v,
                ``{"psi": [w, c]}`` both; 0 asks for any drift at all and leaves CRITICAL
                at its default. ``{"ks_pvalue": a}`` and ``{"chi2_pvalue": a}`` set the
                level of that test. Naming a test makes it decide. ``{"age": {"ks": 0.1}}``
                sets an effect of one column, ``{"share_drifted": v}`` the share of drifted
                features that the status of the data set follows.
            policy: ``"default"`` or ``"classic"``.
            budget: False alarms that repeated checks may raise.
            tests: The caller's own, beside those of the project; they are in every report,
                and decide where thresholds name them.
            metrics: Names of the caller's own metrics.
            cost: Cost of each label (rows) and prediction (columns), in the order of the classes.

        Raises:
            ConfigError: If a name is unknown or a value is not a usable number.
        """
        if policy not in ("default", "classic"):
            raise ConfigError(
                f"policy must be 'default' or 'classic'; got {policy!r}", code="DW006"
            )
        if thresholds is not None and not isinstance(thresholds, Mapping):
            raise ConfigError(
                "thresholds must be a dict such as {'psi': 0.2}; got "
                f"{type(thresholds).__name__}",
                code="DW006",
            )
        classic = policy == "classic"
        if budget is not None and classic:
            raise ConfigError(
                "false_alarms sets the level of every test; drop policy='classic'", code="DW006"
            )
        methods = with_own_tests(tests)
        metrics = tuple(metrics)
        for name in metrics:
            if name in METRICS:
                raise ConfigError(
                    f"metrics: {name!r} is a metric already; give yours another name", code="DW092"
                )
        named = (*METRICS, *metrics)
        rules = read_thresholds(thresholds or {}, methods, metrics=named)
        if classic and not rules.named:
            rules = read_thresholds({**_CLASSIC, **(thresholds or {})}, methods, metrics=named)
        return cls(
            _defaults(methods) | rules.effects,
            rules.levels,
            rules.named,
            rules.of_columns,
            rules.share_drifted,
            classic,
            budget=budget,
            methods=methods,
            metrics=rules.metrics,
            cost=_costs(cost),
            own_metrics=metrics,
        )

    @property
    def of_performance(self) -> PerformanceRules:
        """How the performance of the model is judged."""
        return PerformanceRules(
            self.level, self.correction == "benjamini_hochberg", self.metrics, self.cost
        )

    def shared_by(self, tests: int, /) -> Self:
        """Return the policy with the level that its budget leaves to each test.

        Args:
            tests: Number of tests that decide, of all columns together.
        """
        if self.budget is None:
            return self
        return replace(self, level=self.budget.level(tests * self.parts))

    def repeated(self, pace: timedelta, /) -> Self:
        """Return the policy for windows of a stream, which are checked again and again.

        A budget sets the level then, of tests with a level of their own too: the one given, at
        this pace; without one, one false alarm in thirty days, or in thirty windows if these are
        longer. Classic rules stay as they are.

        Args:
            pace: Time from one window to the next.
        """
        if self.classic:
            return self
        if self.budget is not None:
            return replace(self, budget=replace(self.budget, every=pace))
        return replace(self, budget=AlarmBudget(1, max(timedelta(days=30), 30 * pace), pace))

    @property
    def watches_volume(self) -> bool:
        """Whether the number of rows decides, too."""
        return "rows" in self.named

    @property
    def correction(self) -> str | None:
        """How the number of tests of one check is allowed for."""
        if self.classic:
            return None
        return "benjamini_hochberg" if self.budget is None else "budget"

    def tests(self, column: str = "", /) -> tuple[DriftTest, ...]:
        """The tests of a column's values, in the order of reports."""
        asked = {*self.named, *self.of_columns.get(column, ())}
        chosen = [
            (method.classic if self.classic else None) or method.test
            for method in self.methods
            if not method.on_request or method.name in asked
        ]
        return tuple(test for test in chosen if test is not None)

    def gating(self, column: str, kind: Kind, /, *, few_values: bool = False) -> tuple[str, ...]:
        """Names of the tests of values that decide on a column.

        The named ones where any applies to the kind; otherwise ``ks`` for numbers, ``psi`` too
        where these have few distinct values, and ``psi`` for categories. Tests that thresholds
        name for the column come in addition.

        Args:
            column: Its name.
            kind: Its kind.
            few_values: Whether its reference has few distinct numbers.
        """
        values = {m.name for m in self.methods if m.test is not None and kind in m.kinds}
        chosen = [name for name in self.named if name in values]
        if not any(name not in ALWAYS for name in chosen):
            chosen += ["ks"] if kind.is_ordered else ["psi"]
            chosen += ["psi"] if kind.is_ordered and few_values else []
        chosen += [name for name in self.of_columns.get(column, ()) if name in values]
        if not self.classic:
            chosen += [name for name in ALWAYS if name in values]
        return tuple(dict.fromkeys(chosen))

    def effects_above(
        self, natural: NaturalVariability | None, /, column: str = ""
    ) -> Mapping[str, Levels]:
        """Effect sizes of a column, none smaller than what the reference does by itself."""
        effects = {**self.effects, **self.of_columns.get(column, {})}
        if natural is None or self.classic:
            return effects
        least = natural.distances
        return {
            name: Levels(
                max(effect.warning, least.get(name, 0.0)),
                max(effect.critical, least.get(name, 0.0)),
            )
            for name, effect in effects.items()
        }

    def level_of(self, method: str, /) -> float:
        """Significance level of "no drift at all" in one test."""
        if self.budget is not None:
            return self.level
        return self.levels.get(method, self.level)

    def check_columns(self, names: Iterable[str], reference: Reference, /) -> None:
        """Do nothing, or say which threshold cannot be applied to a reference.

        Args:
            names: The columns that are tested.
            reference: The reference.

        Raises:
            ConfigError: If rows are to be compared and the reference has no panes of time, or a
                metric is none of the model's.
            UnknownColumnError: If a column of the thresholds is not tested.
        """
        panes = reference.profile.panes
        if self.watches_volume and (panes is None or not panes.time):
            raise ConfigError(
                "threshold rows compares with the reference's rhythm: give pane='1h' (say) and the "
                "time column",
                code="DW006",
            )
        check_metrics(reference, self.of_performance)
        names = list(names)
        for column in self.of_columns:
            if column not in names:
                raise UnknownColumnError(column, names, "the tested columns")

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": "classic" if self.classic else "default",
            "level": self.level,
            "levels": dict(self.levels),
            "correction": self.correction,
            "budget": self.budget.to_dict() if self.budget else None,
            "gating": list(self.named) or None,
            "thresholds": {name: effect.to_dict() for name, effect in self.effects.items()},
            "of_columns": {
                column: {name: effect.to_dict() for name, effect in effects.items()}
                for column, effects in self.of_columns.items()
            },
            "metrics": {name: effect.to_dict() for name, effect in self.metrics.items()},
            "cost": None if self.cost is None else [list(row) for row in self.cost],
            "share_drifted": self.share_drifted.to_dict() if self.share_drifted else None,
        }


def _costs(cost: Sequence[Sequence[float]] | None) -> tuple[tuple[float, ...], ...] | None:
    if cost is None:
        return None
    try:
        table = np.asarray(cost, dtype=np.float64)
        if {type(item) for row in cost for item in row} & {bool, str}:
            raise TypeError("truth values and texts are no costs")
    except (TypeError, ValueError, OverflowError) as error:
        raise ConfigError(
            f"cost must be a square matrix of numbers: {error}", code="DW092"
        ) from error
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not np.isfinite(table).all():
        raise ConfigError(
            f"cost must be a square matrix of numbers; got shape {table.shape}", code="DW092"
        )
    return tuple(tuple(map(float, row)) for row in table)


def _defaults(methods: Iterable[Method]) -> dict[str, Levels]:
    return {method.name: method.effect for method in methods}
