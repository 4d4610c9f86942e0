"""What values a column may have, as its owner says: bounds, or a set."""

from __future__ import annotations

import contextlib
import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from driftwatch.errors import ConfigError

__all__ = ["Rule"]

_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Rule:
    """Bounds of a number, or the texts that a category may be.

    Attributes:
        low: Least value that is allowed; None for no bound.
        high: Greatest value that is allowed; None for no bound.
        allowed: The categories that are allowed; None where the rule is about numbers.

    Example:
        >>> Rule.of("age", {"min": 0, "max": 120})
        Rule(low=0.0, high=120.0, allowed=None)
    """

    low: float | None = None
    high: float | None = None
    allowed: tuple[str, ...] | None = None

    @classmethod
    def of(cls, column: str, rule: Any, /) -> Self:
        """Read ``{"min": 0, "max": 120}`` or ``{"in": ["basic", "pro"]}``.

        Raises:
            ConfigError: If it is neither, or no value could keep to it.
        """
        if isinstance(rule, cls):
            return rule
        keys = set(rule) if isinstance(rule, Mapping) else set()
        if keys == {"in"}:
            return cls(allowed=_texts(column, rule["in"]))
        if not keys or keys - {"min", "max"}:
            raise ConfigError(
                f"rule of {column!r} must be {{'min': a, 'max': b}}, with one of them or both, or "
                f"{{'in': [...]}}; got {rule!r}",
                code="DW026",
            )
        low, high = (_bound(column, name, rule.get(name)) for name in ("min", "max"))
        if low is not None and high is not None and low > high:
            raise ConfigError(
                f"rule of {column!r}: min {low:g} is above max {high:g}", code="DW026"
            )
        return cls(low, high)

    def __str__(self) -> str:
        if self.allowed is not None:
            named = ", ".join(f"'{text}'" for text in self.allowed[:3])
            return f"one of {named}{' …' if len(self.allowed) > 3 else ''}"
        if self.low is None:
            return f"at most {self.high:g}"
        return f"at least {self.low:g}" if self.high is None else f"{self.low:g} … {self.high:g}"

    def to_dict(self) -> dict[str, Any]:
        return {"min": self.low, "max": self.high, "in": self.allowed}

    @classmethod
    def from_dict(cls, column: str, data: Mapping[str, Any] | None, /) -> Self | None:
        """Read `to_dict`, checked as `of` checks what users write."""
        if data is None:
            return None
        return cls.of(column, {key: value for key, value in data.items() if value is not None})


def _bound(column: str, name: str, value: Any) -> float | None:
    if value is None:
        return None
    number = math.nan
    if not isinstance(value, bool) and isinstance(value, numbers.Real):
        with contextlib.suppress(OverflowError):
            number = float(value)
    if not math.isfinite(number):
        raise ConfigError(
            f"rule of {column!r}: {name} must be a finite number; got {value!r:.60}", code="DW026"
        )
    return number


def _texts(column: str, values: Any) -> tuple[str, ...]:
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise ConfigError(
            f"rule of {column!r}: 'in' takes a list of values; got {values!r}", code="DW026"
        )
    texts = tuple(dict.fromkeys(_text(column, value) for value in values))
    if not 0 < len(texts) <= _MOST:
        raise ConfigError(
            f"rule of {column!r}: 'in' takes 1 to {_MOST:,} values; got {len(texts):,}",
            code="DW026",
        )
    return texts


def _text(column: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | numbers.Integral):
        return str(value)
    raise ConfigError(
        f"rule of {column!r}: values are texts or whole numbers; got {value!r}", code="DW026"
    )
