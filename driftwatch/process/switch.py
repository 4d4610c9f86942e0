"""The switch that turns observing off without a change of the program."""

from __future__ import annotations

import os

__all__ = ["is_switched_off"]

_VARIABLE = "DRIFTWATCH_DISABLED"


def is_switched_off() -> bool:
    """Whether the environment says ``DRIFTWATCH_DISABLED=1``."""
    return os.environ.get(_VARIABLE, "") in ("1", "true", "yes")
