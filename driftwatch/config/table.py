"""A table of a configuration: its keys are known, and what is wrong is said without secrets."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from driftwatch.config.explain import code_within, explained
from driftwatch.errors import ConfigError

__all__ = ["Table"]


class Table(BaseModel):
    """The base of every table; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @classmethod
    def model_validate(cls, obj: Any, **how: Any) -> Self:
        """Check the keys of a table.

        Raises:
            ConfigError: If a key is unknown or its value wrong. It holds nothing of what was given,
                and neither does anything that can be reached from it: pydantic's own error, which
                has all of it, is not chained.
        """
        try:
            return super().model_validate(obj, **how)
        except ValidationError as error:
            problem, code = explained(error, cls, obj), code_within(error)
        raise ConfigError(problem, code=code)
