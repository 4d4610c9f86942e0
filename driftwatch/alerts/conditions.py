"""Conditions such as ``psi > 0.3``: what a rule reads of a report, and what it is compared with."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from driftwatch.core.drift.methods import METHODS
from driftwatch.core.performance.metrics import METRICS, metric_rule
from driftwatch.core.reports.report import DriftReport, FeatureDrift, Status
from driftwatch.errors import ConfigError, did_you_mean, shown

__all__ = ["NOT_USED", "Condition", "Reading"]

NOT_USED = "not_used_share"
"""Name of what is read from the account of rows, and not from a report."""

_FORM = re.compile(r"\s*([^\s<>=](?:[^<>=\n]*[^\s<>=])?)\s*(>=|<=|>|<|==)\s*([^\s<>=]+)\s*")
"""Names of a caller's own tests and metrics may have any characters that compare nothing."""
_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
}
_PARTS = ("feature", "prediction", "error", "performance")
_OF_STATUS = ("status", "feature_status", *_PARTS)
_NAMES = (
    *_OF_STATUS,
    "share_drifted",
    "weighted_share_drifted",
    "schema_changes",
    NOT_USED,
)
_SHARES = frozenset(
    {
        "share_drifted",
        "weighted_share_drifted",
        NOT_USED,
        "ks",
        "jensen_shannon",
        "hellinger",
        "tvd",
    }
)
"""What is between 0 and 1."""
_SIZES = frozenset({"schema_changes", "psi", "wasserstein", "chi2"})
"""What is 0 or more."""
_LONGEST = 1_000
_STATUSES = {status.value.lower(): status for status in Status}


@dataclass(frozen=True, slots=True)
class Reading:
    """One value that a condition read.

    Attributes:
        value: The number, or the severity of a status; None where the report does not say.
        feature: The feature it is of; None of the whole report.
        is_decided: Whether it tells that all is well where the condition does not hold; a status
            that is undecided, or a share of features of which none was judged, does not.
    """

    value: float | None
    feature: str | None = None
    is_decided: bool = True


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
    def parse(cls, text: object, /) -> Self:
        """Read ``NAME > NUMBER`` or ``NAME >= STATUS``; the number is finite."""
        given = text if isinstance(text, str) and len(text) <= _LONGEST else ""
        found = _FORM.fullmatch(given)
        if found is None:
            raise ConfigError(
                f"a rule looks like 'psi > 0.3', 'status >= critical' or 'roc_auc < 0.8'; "
                f"got {shown(text)}",
                code="DW080",
            )
        name, compare, bound = found.groups()
        if name in _OF_STATUS:
            status = _STATUSES.get(bound.lower())
            if status is None:
                raise ConfigError(
                    f"{name} is compared with one of {', '.join(_STATUSES)}; got {shown(bound)}",
                    code="DW080",
                )
            number = float(status.severity)
        else:
            number = _number(bound)
            if not math.isfinite(number):
                raise ConfigError(
                    f"{name} is compared with a number; got {shown(bound)} in {shown(text)}",
                    code="DW080",
                )
        return cls(name, compare, number, bound)

    def __str__(self) -> str:
        return f"{self.name} {self.compare} {self.text}"

    @property
    def is_of_status(self) -> bool:
        """Whether it compares statuses, and not numbers."""
        return self.name in _OF_STATUS

    @property
    def is_of_features(self) -> bool:
        """Whether it is read of each feature; other things are read of the report, or of rows.

        A name that only a caller's own test or metric can have counts as one of each feature.

        Example:
            >>> [Condition.parse(f"{name} > 0.3").is_of_features for name in ("psi", "roc_auc")]
            [True, False]
        """
        if self.name == "feature_status":
            return True
        return not (self.name in _NAMES or self.name in METRICS or self.name.endswith(".loss"))

    def can_hold(self) -> bool:
        """Whether any value that it may read compares so; True of values that have no bounds.

        Example:
            >>> [Condition.parse(text).can_hold() for text in ("ks > 1", "status > critical")]
            [False, False]
        """
        compare = _COMPARED[self.compare]
        if self.is_of_status:
            known = [float(s.severity) for s in Status if s is not Status.INSUFFICIENT_DATA]
            return any(compare(value, self.bound) for value in known)
        least, most = _bounds(self.name)
        if self.compare == "==":
            return least <= self.bound <= most
        return compare(most if ">" in self.compare else least, self.bound)

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
                f"a rule reads {shown(self.name)}, which no report has{did_you_mean(name, known)}",
                code="DW080",
            )

    def holds(self, value: float, /) -> bool:
        """Whether a value fulfils it."""
        return _COMPARED[self.compare](value, self.bound)

    def readings(
        self,
        report: DriftReport,
        /,
        *,
        features: Collection[str] | None = None,
    ) -> list[Reading]:
        """Every value of a report that it is about; empty where there is none.

        Args:
            report: The report.
            features: Only of these; of all if not given.
        """
        chosen = [f for f in report.features if features is None or f.name in features]
        return list(self._read(report, chosen))

    def _read(self, report: DriftReport, features: list[FeatureDrift]) -> Iterator[Reading]:
        match self.name:
            case "status":
                yield _of_status(report.global_status, is_quiet=report.is_quiet)
            case "feature_status":
                yield from (
                    _of_status(f.status, f.name, is_quiet=not f.may_have_moved) for f in features
                )
            case "feature" | "prediction" | "error" | "performance":
                yield _of_status(report.part_status(self.name))
            case "share_drifted":
                yield _of_share(report, report.dataset.share_drifted)
            case "weighted_share_drifted":
                yield _of_share(report, report.dataset.weighted_share_drifted)
            case "schema_changes":
                changes = len(report.schema_changes)
                yield Reading(float(changes), is_decided=report.rows_current > 0)
            case str() if self.name == NOT_USED:
                return
            case _:
                yield from self._of_tests(features)
                yield from self._of_metrics(report)

    def _of_tests(self, features: list[FeatureDrift]) -> Iterator[Reading]:
        for feature in features:
            result = feature.tests.get(self.name)
            if result is not None:
                known = result.statistic is not None
                yield Reading(result.statistic, feature.name, is_decided=known)

    def _of_metrics(self, report: DriftReport) -> Iterator[Reading]:
        name = self.name.removesuffix(".loss")
        metric = None if report.performance is None else report.performance.get(name)
        if metric is None:
            return
        if name == self.name:
            yield Reading(metric.production, is_decided=metric.production is not None)
        elif metric.production is not None and metric.reference is not None:
            change = metric.reference - metric.production
            better = metric_rule(name).higher_is_better
            yield Reading(change if better else -change)


def _bounds(name: str) -> tuple[float, float]:
    """The least and the largest value that something has."""
    if name in _SHARES:
        return 0.0, 1.0
    if name in _SIZES:
        return 0.0, math.inf
    if name in METRICS and METRICS[name].higher_is_better:
        return -math.inf, 1.0
    return -math.inf, math.inf


def _number(text: str) -> float:
    """The number that a text is; NaN if it is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _of_status(status: Status, feature: str | None = None, *, is_quiet: bool = False) -> Reading:
    """A severity to compare; none where there is no data.

    An undecided status tells that all is well where nothing is estimated above its threshold.
    """
    if status is Status.INSUFFICIENT_DATA:
        return Reading(None, feature, is_decided=False)
    is_decided = is_quiet or status is not Status.UNDECIDED
    return Reading(float(status.severity), feature, is_decided=is_decided)


def _of_share(report: DriftReport, share: float | None) -> Reading:
    """A share of the features: it tells nothing where no feature was judged."""
    is_judged = any(f.status is Status.OK or f.status.is_drift for f in report.features)
    return Reading(share, is_decided=share is not None and is_judged)
