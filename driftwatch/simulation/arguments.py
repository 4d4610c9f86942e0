"""The arguments that the simulations share, checked: amounts, shares and seeds."""

from __future__ import annotations

import math
from numbers import Integral, Real

import numpy as np
from numpy.typing import NDArray

from driftwatch.errors import ConfigError

__all__ = ["Rows", "Seed", "checked_share", "draw", "finite", "generator"]

Seed = int | np.random.Generator | None
Rows = NDArray[np.int64]


def finite(value: object, name: str) -> float:
    """Return `value` as a float, or raise `ConfigError` unless it is a finite number."""
    # A bool is a Real to Python; as an amount it is a slip of the pen.
    if not isinstance(value, bool) and isinstance(value, Real):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
    raise ConfigError(f"{name} must be a finite number, got {value!r}")


def checked_share(value: object, name: str) -> float:
    """Return `value` as a float, or raise `ConfigError` unless it lies in [0, 1]."""
    number = finite(value, name)
    if not 0.0 <= number <= 1.0:
        raise ConfigError(
            f"{name} is a share and must lie between 0 and 1, got {value!r}; 0.1 is 10 %"
        )
    return number


def generator(seed: Seed) -> np.random.Generator:
    """Return the random numbers that `seed` stands for."""
    if isinstance(seed, np.random.Generator):
        return seed
    if seed is None:
        return np.random.default_rng()
    number: object = seed  # callers pass values of other types too
    if not isinstance(number, bool) and isinstance(number, Integral) and int(number) >= 0:
        return np.random.default_rng(int(number))
    raise ConfigError(
        f"seed must be a whole number from 0, a numpy.random.Generator or None, got {seed!r}"
    )


def draw(rows: Rows, portion: float, rng: np.random.Generator) -> Rows:
    """Return exactly ``round(portion * len(rows))`` of `rows`, at random, in random order."""
    return rng.choice(rows, size=round(portion * rows.size), replace=False)
