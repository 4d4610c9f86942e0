"""Rules of alerts that a monitor's reports can never make true."""

from __future__ import annotations

from collections.abc import Iterator

from driftwatch.alerts.conditions import Condition
from driftwatch.config.monitors import MonitorConfig
from driftwatch.core.drift.methods import METHODS
from driftwatch.core.performance.metrics import METRICS
from driftwatch.profiling.locations import shown_url

__all__ = ["rules_in_vain"]

_OF_A_PROFILE = ".dwp"
_ON_REQUEST = {method.name: method for method in METHODS if method.on_request}


def rules_in_vain(settings: MonitorConfig, /) -> Iterator[str]:
    """What is wrong with each rule that can never hold, as far as the configuration tells.

    A rule may read a metric where no column has the labels, a test that is only computed where
    thresholds name it, or compare with a bound that no value reaches. Roles of a reference that is
    a profile, or is kept in the store, are not known here, and nothing is said of them.

    Example:
        >>> rules = [{"when": "roc_auc < 0.8"}, {"when": "psi > 0.3"}, {"when": "ks > 1"}]
        >>> settings = {"reference": "train.csv", "alerts": {"rules": rules}}
        >>> for problem in rules_in_vain(MonitorConfig.model_validate(settings)):
        ...     print(problem)
        'roc_auc < 0.8' can never hold: the monitor has no label, and neither prediction nor score
        'ks > 1' can never hold: no value of it reaches that bound
    """
    for rule in [] if settings.alerts is None else settings.alerts.rules:
        condition = rule.rule().condition
        why = _why_not(condition, settings)
        if why:
            yield f"{str(condition)!r} can never hold: {why}"


def _why_not(condition: Condition, settings: MonitorConfig) -> str:
    if not condition.can_hold():
        return "no value of it reaches that bound"
    if lacking := _lacking_roles(condition.name, settings):
        return f"the monitor has no {', and neither '.join(lacking)}"
    method = _ON_REQUEST.get(condition.name)
    if method is not None:
        names = {method.name, *method.aliases, method.p_value}
        if not names & set(_thresholds(settings)):
            return f"this test is only made where thresholds name it, as {method.name} = 0.1"
    return ""


def _lacking_roles(name: str, settings: MonitorConfig) -> list[str]:
    """The roles that what a rule reads needs, and that no column has."""
    if not _are_roles_known(settings):
        return []
    of_model = name in ("performance", "error") or name.removesuffix(".loss") in METRICS
    lacking = ["label"] if of_model and not settings.label else []
    if (of_model or name == "prediction") and not (settings.prediction or settings.score):
        lacking.append("prediction nor score")
    return lacking if len(lacking) != 1 else [lacking[0].replace(" nor ", ", and no ")]


def _are_roles_known(settings: MonitorConfig) -> bool:
    given = settings.reference
    paths = [given] if isinstance(given, str) else given or []
    return bool(paths) and not any(_is_profile(path) for path in paths)


def _is_profile(path: str) -> bool:
    return shown_url(path).removesuffix("?…").endswith(_OF_A_PROFILE)


def _thresholds(settings: MonitorConfig) -> Iterator[str]:
    """The tests that thresholds name, of all columns or of one."""
    for name, value in (settings.thresholds or {}).items():
        yield name
        if isinstance(value, dict):
            yield from value
