"""Effect sizes and levels, as a caller gives them."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from driftwatch.core.drift.methods import Method
from driftwatch.core.reports.report import Levels
from driftwatch.errors import ConfigError

__all__ = ["effects_of", "level_of"]


_SMALLEST = 1e-6


def _number(key: str, value: object) -> float:
    number = math.nan
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        number = float(value)
    if not 0 <= number < 1e9:
        raise ConfigError(f"threshold {key} must be a number of at least 0; got {value!r}")
    return number


def level_of(key: str, value: object, /) -> float:
    """A significance level.

    Raises:
        ConfigError: If it is none.
    """
    level = _number(key, value)
    if not 0 < level < 1:
        raise ConfigError(f"threshold {key} is a significance level between 0 and 1; got {value!r}")
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
            raise ConfigError(f"threshold {name} takes 'warning' and 'critical'; got {list(value)}")
        return effects_of(method, [value["warning"], value["critical"]])
    if isinstance(value, list | tuple):
        if len(value) != 2:
            raise ConfigError(f"threshold {name} takes one number or [warning, critical]")
        pair = Levels(_effect(method, value[0]), _effect(method, value[1]))
        if pair.warning > pair.critical:
            raise ConfigError(f"threshold {name}: warning {value[0]} is above critical {value[1]}")
        return pair
    warning = _effect(method, value)
    return Levels(warning, 2 * warning if warning else method.effect.critical)


def _effect(method: Method, value: object) -> float:
    name, effect = method.name, _number(method.name, value)
    if method.is_share and (effect > 1 or (name == "unseen" and effect == 1)):
        raise ConfigError(f"threshold {name} is a share or distance below 1; got {value!r}")
    if 0 < effect < _SMALLEST:
        raise ConfigError(f"threshold {name}: {value!r} is too small; 0 asks for any drift at all")
    return effect
