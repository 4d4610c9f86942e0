"""Conditions such as ``psi > 0.3``: what a rule reads of a report, and what it is compared with."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from driftwatch.core.drift.methods import METHODS
from driftwatch.core.performance.metrics import METRICS, metric_rule
from driftwatch.core.reports.report import DriftReport, FeatureDrift, Status
from driftwatch.errors import ConfigError, did_you_mean

__all__ = ["Condition", "Reading"]

_FORM = re.compile(r"\s*([a-z][a-z0-9_.]*)\s*(>=|<=|>|<|==)\s*(\S+)\s*")
_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
}
_PARTS = ("feature", "prediction", "error", "performance")
_NAMES = (
    "status",
    "feature_status",
    *_PARTS,
    "share_drifted",
    "weighted_share_drifted",
    "schema_changes",
    "not_used_share",
)
_STATUSES = {status.value.lower(): status for status in Status}


@dataclass(frozen=True, slots=True)
class Reading:
    """One value that a condition read.

    Attributes:
        value: The number, or the severity of a status; None where the report does not say.
        feature: The feature it is of; None of the whole report.
    """

    value: float | None
    feature: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A name of something in a report, a comparison, and a bound.

    Names are ``status`` (of the report); ``feature``, ``prediction``, ``error`` and
    ``performance`` (statuses of these parts); ``feature_status`` (of each feature); any test, such
    as ``psi`` (its statistic, of each feature); ``share_drifted``, ``weighted_share_drifted``;
    ``schema_changes`` (how many); any metric, such as ``roc_auc`` (in production), and with
    ``.loss`` how much worse it is than in the reference; ``not_used_share``.

    Raises:
        ConfigError: If a text has another form, or a status is unknown.

    Example:
        >>> print(Condition.parse("psi>0.3"), Condition.parse("status >= critical").bound)
        psi > 0.3 4.0
    """

    name: str
    compare: str
    bound: float
    text: str

    @classmethod
    def parse(cls, text: str, /) -> Self:
        """Read ``NAME > NUMBER`` or ``NAME >= STATUS``."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise ConfigError(
                f"a rule looks like 'psi > 0.3', 'status >= critical' or 'roc_auc < 0.8'; "
                f"got {text!r}"
            )
        name, compare, bound = found.groups()
        of_status = name in ("status", "feature_status", *_PARTS)
        if of_status:
            status = _STATUSES.get(bound.lower())
            if status is None:
                raise ConfigError(
                    f"{name} is compared with one of {', '.join(_STATUSES)}; got {bound!r}"
                )
            number = float(status.severity)
        else:
            try:
                number = float(bound)
            except ValueError:
                raise ConfigError(
                    f"{name} is compared with a number; got {bound!r} in {text!r}"
                ) from None
        return cls(name, compare, number, bound)

    def __str__(self) -> str:
        return f"{self.name} {self.compare} {self.text}"

    def check_name(self, own: Collection[str], /) -> None:
        """Check that there is such a thing to read.

        Args:
            own: Names of the user's own tests and metrics.

        Raises:
            ConfigError: If a report has nothing of that name.
        """
        known = {*_NAMES, *(method.name for method in METHODS), *METRICS, *own}
        name = self.name.removesuffix(".loss")
        if name not in known or (name != self.name and name not in {*METRICS, *own}):
            raise ConfigError(
                f"a rule reads {self.name!r}, which no report has{did_you_mean(name, known)}"
            )

    def holds(self, value: float, /) -> bool:
        """Whether a value fulfils it."""
        return _COMPARED[self.compare](value, self.bound)

    def readings(
        self,
        report: DriftReport,
        /,
        *,
        features: tuple[str, ...] | None = None,
        not_used_share: float | None = None,
    ) -> list[Reading]:
        """Every value of a report that it is about; empty where there is none.

        Args:
            report: The report.
            features: Only of these; of all if not given.
            not_used_share: Share of the rows that came and could not be used.
        """
        chosen = [f for f in report.features if features is None or f.name in features]
        return list(self._read(report, chosen, not_used_share))

    def _read(
        self, report: DriftReport, features: list[FeatureDrift], not_used_share: float | None
    ) -> Iterator[Reading]:
        match self.name:
            case "status":
                yield Reading(_severity(report.global_status))
            case "feature_status":
                yield from (Reading(_severity(f.status), f.name) for f in features)
            case "feature" | "prediction" | "error" | "performance":
                yield Reading(_severity(report.part_status(self.name)))
            case "share_drifted":
                yield Reading(report.dataset.share_drifted)
            case "weighted_share_drifted":
                yield Reading(report.dataset.weighted_share_drifted)
            case "schema_changes":
                yield Reading(float(len(report.schema_changes)))
            case "not_used_share":
                yield Reading(not_used_share)
            case _:
                yield from self._of_tests(features)
                yield from self._of_metrics(report)

    def _of_tests(self, features: list[FeatureDrift]) -> Iterator[Reading]:
        for feature in features:
            result = feature.tests.get(self.name)
            if result is not None:
                yield Reading(result.statistic, feature.name)

    def _of_metrics(self, report: DriftReport) -> Iterator[Reading]:
        name, _, part = self.name.partition(".")
        metric = None if report.performance is None else report.performance.get(name)
        if metric is None or part not in ("", "loss"):
            return
        if not part:
            yield Reading(metric.production)
        elif metric.production is not None and metric.reference is not None:
            change = metric.reference - metric.production
            better = metric_rule(name).higher_is_better
            yield Reading(change if better else -change)


def _severity(status: Status) -> float | None:
    """A severity to compare; None where nothing was decided for want of data."""
    return None if status is Status.INSUFFICIENT_DATA else float(status.severity)
