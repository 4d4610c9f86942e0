"""The alarm budget: false alarms in an operator's units, turned into a level."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from driftwatch.core.data.durations import format_duration, parse_duration
from driftwatch.errors import ConfigError

__all__ = ["AlarmBudget"]


@dataclass(frozen=True, slots=True)
class AlarmBudget:
    """How many evaluations may alarm falsely, for the whole data set.

    With M tests that can alarm and an evaluation every `every`, each test gets the level
    ``alarms * every / (per * M)``. By the union bound no more than `alarms` evaluations in
    `per` are expected to alarm without drift, however the tests and the overlapping
    windows depend on each other. Correcting within an evaluation, as Benjamini and
    Hochberg do, says nothing about the next thousand of them.

    Attributes:
        alarms: False alarms that are acceptable ...
        per: ... in this time.
        every: Time from one evaluation to the next.

    Raises:
        ConfigError: If an evaluation is rarer than the alarms that are allowed.

    Example:
        >>> budget = AlarmBudget.of("1 per 90d", every="1h")
        >>> f"{budget.level(20):.3e}"
        '2.315e-05'
    """

    alarms: float
    per: timedelta
    every: timedelta

    def __post_init__(self) -> None:
        if self.alarms <= 0 or self.alarms * self.every >= self.per:
            raise ConfigError(
                f"a budget of {self} is no limit: with an evaluation every "
                f"{format_duration(self.every)} nearly each could be a false alarm",
                code="DW007",
            )

    @classmethod
    def of(cls, text: str, /, *, every: str | timedelta) -> Self:
        """Read a budget like ``1 per 30d`` or ``2 per 4w``.

        Raises:
            ConfigError: If it is not a number, "per" and a duration.
        """
        match = re.fullmatch(r"\s*(\d{1,6}(?:\.\d{1,6})?)\s+per\s+(\S+)\s*", text)
        if match is None:
            raise ConfigError(
                f"a budget of false alarms looks like '1 per 30d'; got {text!r}", code="DW007"
            )
        pace = parse_duration(every) if isinstance(every, str) else every
        return cls(float(match[1]), parse_duration(match[2]), pace)

    @property
    def run_length(self) -> float:
        """Evaluations from one false alarm to the next, at least, on average."""
        return self.per / self.every / self.alarms

    def level(self, tests: int, /) -> float:
        """Significance level of each of a number of tests."""
        return 1 / (self.run_length * max(1, tests))

    def __str__(self) -> str:
        return f"{self.alarms:g} per {format_duration(self.per)}"

    def to_dict(self) -> dict[str, Any]:
        return {"false_alarms": str(self), "every": format_duration(self.every)}
