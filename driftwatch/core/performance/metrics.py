"""The one table of metrics: which there are, in which direction, and how much worse matters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from driftwatch.core.data.outcomes import Task
from driftwatch.core.reports.results import Levels

__all__ = ["METRICS", "MetricRule", "deciding_metrics", "metric_rule", "tolerated"]

_LEAST = Levels(0.0005, 0.0025)
"""Of a metric at its best value so much is tolerated still."""
_RARE = 0.15
"""Share of positives up to which F1 decides in place of accuracy, which hardly sees them; where
negatives are as rare, balanced accuracy does."""


@dataclass(frozen=True, slots=True)
class MetricRule:
    """What is known of a metric beforehand.

    Attributes:
        name: As scikit-learn names it.
        higher_is_better: Its direction; None of one that has none.
        effect: How much worse is a WARNING, and CRITICAL.
        relative: Whether the effect is a share of the reference's value.
        at_most: Shares of the reference's value that the effects do not exceed.
    """

    name: str
    higher_is_better: bool | None
    effect: Levels = Levels(0.01, 0.05)
    relative: bool = False
    at_most: Levels | None = None


def _share(name: str, warning: float = 0.01, critical: float = 0.05) -> MetricRule:
    return MetricRule(name, True, Levels(warning, critical))  # noqa: FBT003 - a share of hits


def _loss(name: str, warning: float, critical: float) -> MetricRule:
    return MetricRule(name, False, Levels(warning, critical), relative=True)  # noqa: FBT003


METRICS: dict[str, MetricRule] = {
    rule.name: rule
    for rule in (
        _share("roc_auc", 0.005, 0.03),
        _share("roc_auc_ovr", 0.005, 0.03),
        MetricRule("average_precision", True, Levels(0.01, 0.05), at_most=Levels(0.05, 0.25)),  # noqa: FBT003
        _share("accuracy"),
        _share("balanced_accuracy"),
        _share("f1"),
        _share("precision"),
        _share("recall"),
        _share("specificity"),
        _share("f1_macro"),
        _share("precision_macro"),
        _share("recall_macro"),
        _share("f1_micro"),
        _share("f1_weighted"),
        _share("precision_weighted"),
        _share("recall_weighted"),
        _loss("log_loss", 0.02, 0.10),
        _loss("brier", 0.02, 0.10),
        MetricRule("calibration", False, Levels(0.001, 0.0025)),  # noqa: FBT003
        MetricRule("ece", False, Levels(0.02, 0.05)),  # noqa: FBT003
        MetricRule("positive_rate", None),
        _loss("mae", 0.05, 0.20),
        _loss("rmse", 0.05, 0.20),
        _loss("mse", 0.10, 0.40),
        _loss("mape", 0.05, 0.20),
        _loss("smape", 0.05, 0.20),
        _loss("median_absolute_error", 0.05, 0.20),
        _loss("absolute_error_p90", 0.05, 0.20),
        MetricRule("mean_error", None),
        _share("r2", 0.02, 0.10),
        _loss("cost", 0.05, 0.20),
    )
}

_DECIDING = {
    Task.BINARY: ("roc_auc", "log_loss", "accuracy"),
    Task.MULTICLASS: ("roc_auc_ovr", "log_loss", "accuracy"),
    Task.REGRESSION: ("mae", "rmse"),
}


def metric_rule(name: str, /) -> MetricRule:
    """The rule of a metric; a caller's own are losses."""
    return METRICS.get(name) or _loss(name, 0.05, 0.20)


def deciding_metrics(
    task: Task, named: Mapping[str, Levels], /, *, positive_rate: float | None = None
) -> tuple[str, ...]:
    """Names of the metrics that decide: those with a threshold, or the task's.

    Args:
        task: What is predicted.
        named: Thresholds of metrics, by name.
        positive_rate: Share of positives of a binary task in the reference.
    """
    if named:
        return tuple(named)
    names = _DECIDING[task]
    if positive_rate is None or _RARE < positive_rate < 1 - _RARE:
        return names
    instead = "f1" if positive_rate <= _RARE else "balanced_accuracy"
    return tuple(instead if name == "accuracy" else name for name in names)


def tolerated(rule: MetricRule, reference: float, named: Levels | None = None, /) -> Levels:
    """How much worse than the reference is a WARNING, and CRITICAL, in units of the metric.

    Of what is near its best value less is tolerated: no more than 10 and 50 % of what is missing.

    Example:
        >>> tolerated(METRICS["roc_auc"], 0.99)
        Levels(warning=0.001, critical=0.005)
    """
    if named is not None:
        return named
    effect = rule.effect
    if rule.relative:
        return effect.map(lambda share: share * abs(reference))
    if rule.at_most is not None:
        warning = min(effect.warning, rule.at_most.warning * abs(reference))
        effect = Levels(warning, min(effect.critical, rule.at_most.critical * abs(reference)))
    if rule.higher_is_better:
        room = max(0.0, 1 - reference)
        effect = Levels(
            min(effect.warning, max(0.1 * room, _LEAST.warning)),
            min(effect.critical, max(0.5 * room, _LEAST.critical)),
        )
    return effect.map(lambda value: round(value, 12))
