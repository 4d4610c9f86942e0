"""A distribution as a step function, with a bound on how far it can be off."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwatch.errors import EmptySketchError

__all__ = ["Cdf"]


@dataclass(frozen=True, slots=True)
class Cdf:
    """Cumulative distribution function of the values of a column.

    Right-continuous: ``at(x)`` is the share of values ``<= x``.

    Attributes:
        values: Distinct values where the function steps up, ascending.
        cumulative: Its height from each of them on; the last is 1.
        error: With 99 % confidence the true function differs by no more than this,
            everywhere at once; 0 where every value was counted.
        count: Values behind it.

    Example:
        >>> cdf = Cdf.of_counts(np.array([1.0, 2.0, 5.0]), np.array([2, 1, 1]))
        >>> cdf.at([0, 1, 4]).tolist()
        [0.0, 0.5, 0.75]
        >>> float(cdf.quantile(0.5))
        1.0
    """

    values: NDArray[np.float64]
    cumulative: NDArray[np.float64]
    error: float
    count: int
    _from_zero: NDArray[np.float64] = field(init=False, repr=False, compare=False)
    """The heights, that before the first step ahead of them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_from_zero", np.concatenate(([0.0], self.cumulative)))

    @classmethod
    def of_counts(
        cls, values: NDArray[np.float64], counts: NDArray[np.int64], /, *, error: float = 0.0
    ) -> Self:
        """Build it from ascending values, possibly repeated, and how often each was seen.

        Raises:
            EmptySketchError: If there are no values.
        """
        total = int(counts.sum())
        if total == 0:
            raise EmptySketchError("Cdf", "of_counts")
        last = np.ones(values.size, dtype=bool)  # of each run of equal values
        np.not_equal(values[1:], values[:-1], out=last[:-1])
        cumulative = np.cumsum(counts)[last] / total
        return cls(values[last], cumulative, error, total)

    @property
    def is_exact(self) -> bool:
        """Whether every value was counted."""
        return self.error == 0.0

    def at(self, x: ArrayLike, /) -> NDArray[np.float64]:
        """Share of values ``<= x``. O(log size) a point."""
        return self._from_zero[self.values.searchsorted(x, side="right")]

    def below(self, x: ArrayLike, /) -> NDArray[np.float64]:
        """Share of values ``< x``."""
        return self._from_zero[self.values.searchsorted(x, side="left")]

    def quantile(self, q: ArrayLike, /) -> NDArray[np.float64]:
        """Smallest value whose share of values at or below it is at least `q`."""
        # The guard keeps q = 0.3 from skipping a step whose height rounded to 0.29999999.
        steps = self.cumulative.searchsorted(np.asarray(q) - 1e-12, side="left")
        return self.values[np.minimum(steps, self.values.size - 1)]

    def repeated(self, mass: float, /) -> NDArray[np.float64]:
        """Values that repeat and carry at least the share `mass`.

        In a sketch any kept value has a weight: only one that is twice the error is an atom.
        """
        heights = self.heights()
        # Half a row less, for what rounding does to a height.
        return self.values[heights >= max(mass, 2 * self.error, 1.5 / self.count)]

    def atoms(self, mass: float, /) -> NDArray[np.float64]:
        """Values that each carry at least the share `mass`."""
        return self.values[self.heights() >= mass]

    def heights(self) -> NDArray[np.float64]:
        """The share of each value: how far the function steps up there."""
        return self._from_zero[1:] - self._from_zero[:-1]
