"""Effect sizes and levels, as a caller gives them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from driftwatch.core.drift.methods import Method, find_method, known_thresholds
from driftwatch.core.reports.report import Levels
from driftwatch.errors import ConfigError, did_you_mean

__all__ = ["SHARE_DRIFTED", "Thresholds", "effects_of", "level_of", "read_thresholds"]

SHARE_DRIFTED = "share_drifted"
"""The threshold of the data set: the share of features that drifted."""

_SMALLEST = 1e-6
_METRIC = Levels(0.05, 0.2)
_SHARE = Method(SHARE_DRIFTED, frozenset(), Levels(0.5, 1.0), is_share=True)


@dataclass(slots=True)
class Thresholds:
    """Thresholds as users write them, sorted by what they are about.

    Attributes:
        effects: Effect sizes by test.
        levels: Significance levels by test.
        named: The tests that are named, in order.
        of_columns: Effect sizes by column and test.
        share_drifted: Shares of drifted features; None if not named.
        metrics: How much worse the metrics of a model may be, by name.
    """

    effects: dict[str, Levels] = field(default_factory=dict)
    levels: dict[str, float] = field(default_factory=dict)
    named: tuple[str, ...] = ()
    of_columns: dict[str, dict[str, Levels]] = field(default_factory=dict)
    share_drifted: Levels | None = None
    metrics: dict[str, Levels] = field(default_factory=dict)


def read_thresholds(
    thresholds: Mapping[str, Any],
    methods: Iterable[Method],
    /,
    *,
    metrics: Collection[str] = (),
) -> Thresholds:
    """Sort thresholds by what they are about.

    A key that is no test and no metric, with a table of tests as its value, is a column.

    Args:
        thresholds: As the caller gives them.
        methods: The tests there are.
        metrics: The metrics there are.

    Raises:
        ConfigError: If a name is unknown or a value is not a usable number.
    """
    methods, rules = tuple(methods), Thresholds()
    names = {name for m in methods for name in (m.name, m.p_value, *m.aliases)}
    for key, value in thresholds.items():
        if key == SHARE_DRIFTED:
            rules.share_drifted = _share_drifted(value)
        elif key in metrics and key not in names:
            rules.metrics[key] = effects_of(Method(key, frozenset(), _METRIC), value)
        elif key not in names and isinstance(value, Mapping):
            rules.of_columns[key] = _of_column(key, value, methods)
        else:
            method = find_method(methods, key, also=metrics)
            if key == method.p_value:
                rules.levels[method.name] = level_of(key, value)
            else:
                rules.effects[method.name] = effects_of(method, value)
            rules.named = tuple(dict.fromkeys((*rules.named, method.name)))
    return rules


def _share_drifted(value: object) -> Levels:
    if isinstance(value, Levels | Mapping | list | tuple):
        return effects_of(_SHARE, value)
    warning = _effect(_SHARE, value)
    return Levels(warning, min(1.0, 2 * warning) if warning else 1.0)


def _of_column(
    column: str, table: Mapping[Any, Any], methods: tuple[Method, ...]
) -> dict[str, Levels]:
    effects = {}
    for key, value in table.items():
        try:
            method = find_method(methods, key)
        except ConfigError:
            known = known_thresholds(methods)
            raise ConfigError(
                f"threshold {column}.{key}: no test of that name"
                f"{did_you_mean(str(key), known)}; known: {', '.join(known)}",
                code="DW006",
            ) from None
        if not method.kinds:
            raise ConfigError(
                f"threshold {column}.{key}: {key} is of the data set, not of a column", code="DW006"
            )
        if key == method.p_value:
            raise ConfigError(
                f"threshold {column}.{key}: a significance level holds for all columns, since it "
                "is corrected for their number; give the column an effect size",
                code="DW006",
            )
        effects[method.name] = effects_of(method, value)
    return effects


def _number(key: str, value: object) -> float:
    number = math.nan
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        number = float(value)
    if not 0 <= number < 1e9:
        raise ConfigError(
            f"threshold {key} must be a number of at least 0; got {value!r}", code="DW006"
        )
    return number


def level_of(key: str, value: object, /) -> float:
    """A significance level.

    Raises:
        ConfigError: If it is none.
    """
    level = _number(key, value)
    if not 0 < level < 1:
        raise ConfigError(
            f"threshold {key} is a significance level between 0 and 1; got {value!r}", code="DW006"
        )
    return level


def effects_of(method: Method, value: object, /) -> Levels:
    """The two effect sizes of a test: from one number, which is doubled, or from two.

    Raises:
        ConfigError: If they are no usable numbers.
    """
    name = method.name
    if isinstance(value, Levels):
        return effects_of(method, [value.warning, value.critical])
    if isinstance(value, Mapping):
        if set(value) != {"warning", "critical"}:
            raise ConfigError(
                f"threshold {name} takes 'warning' and 'critical'; got {list(value)}", code="DW006"
            )
        return effects_of(method, [value["warning"], value["critical"]])
    if isinstance(value, list | tuple):
        if len(value) != 2:
            raise ConfigError(
                f"threshold {name} takes one number or [warning, critical]", code="DW006"
            )
        pair = Levels(_effect(method, value[0]), _effect(method, value[1]))
        if pair.warning > pair.critical:
            raise ConfigError(
                f"threshold {name}: warning {value[0]} is above critical {value[1]}", code="DW006"
            )
        return pair
    warning = _effect(method, value)
    return Levels(warning, 2 * warning if warning else method.effect.critical)


def _effect(method: Method, value: object) -> float:
    name, effect = method.name, _number(method.name, value)
    if method.is_share and (effect > 1 or (name == "unseen" and effect == 1)):
        raise ConfigError(
            f"threshold {name} is a share or distance below 1; got {value!r}", code="DW006"
        )
    if 0 < effect < _SMALLEST:
        raise ConfigError(
            f"threshold {name}: {value!r} is too small; 0 asks for any drift at all", code="DW006"
        )
    return effect
