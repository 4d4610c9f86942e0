"""Reference and current of one column, laid over each other: what the tests look at."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.privacy import MIN_SHOWN
from driftwatch.core.data.schema import ValuePolicy
from driftwatch.core.profiles.column_profile import ColumnProfile
from driftwatch.core.profiles.reference import ReferenceColumn
from driftwatch.core.sketches.ascending import ascending
from driftwatch.core.sketches.cdf import Cdf
from driftwatch.core.sketches.frequencies import Frequencies
from driftwatch.core.sketches.moments import Moments
from driftwatch.core.sketches.quantiles import rank_error
from driftwatch.core.statistics.distances import Steps
from driftwatch.core.statistics.shares import cohens_h
from driftwatch.process.cached import cached_property

__all__ = ["CategorySides", "Cells", "NumericSides", "Sides", "SingleValues", "compare_sides"]

Smooth = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Rows by cell -> shares by cell."""

MIN_EXPECTED = 5.0
"""Cells expecting fewer rows than this on the smaller side are pooled."""
_LISTED = 255
_ATOM = 0.005
_MOST_ATOMS = 32


@dataclass(frozen=True, eq=False)
class Cells:
    """Shares of both sides over the same cells, with what they can be off by.

    Attributes:
        reference: Rows of the reference by cell; estimates where `reference_error` is not 0.
        current: The same of the current side.
        reference_error: Each share of the reference differs by no more than this.
        current_error: The same of the current side.
        description: What the cells are, for the report.
    """

    reference: NDArray[np.float64]
    current: NDArray[np.float64]
    reference_error: float
    current_error: float
    description: dict[str, Any]
    _smooth: dict[Smooth, tuple[NDArray[np.float64], NDArray[np.float64]]] = field(
        default_factory=dict, init=False, repr=False
    )

    @property
    def size(self) -> int:
        """Number of cells."""
        return int(self.reference.size)

    def shares_by(self, smooth: Smooth, /) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Shares of both sides as a function makes them of rows; several tests want the same."""
        if smooth not in self._smooth:
            self._smooth[smooth] = smooth(self.reference), smooth(self.current)
        return self._smooth[smooth]


@dataclass(frozen=True, eq=False)
class SingleValues:
    """Shares of both sides that single values carry, with what they can be off by.

    Attributes:
        values: The values, ascending.
        before: Share of the reference's rows that equal each.
        after: The same of the current side.
        before_error: Each share of the reference differs by no more than this.
        after_error: The same of the current side.
    """

    values: NDArray[np.float64]
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    before_error: NDArray[np.float64]
    after_error: NDArray[np.float64]

    def changes(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Least, estimated and largest Cohen's h of each value."""
        towards = np.where(self.after >= self.before, 1.0, -1.0)  # equal shares may differ, too
        near = cohens_h(*self.nearest())
        far = cohens_h(
            self.before - towards * self.before_error, self.after + towards * self.after_error
        )
        return near, cohens_h(self.before, self.after), far

    def nearest(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Both shares as near to each other as the errors allow."""
        towards = np.sign(self.after - self.before)
        before = self.before + towards * self.before_error
        after = self.after - towards * self.after_error
        overlap = np.abs(self.after - self.before) <= self.before_error + self.after_error
        return np.where(overlap, self.before, before), np.where(overlap, self.before, after)


@dataclass(frozen=True, eq=False)
class NumericSides:
    """A numeric column: two distribution functions, and counts in the reference's cells."""

    reference: ReferenceColumn
    current: ColumnProfile
    before: Cdf
    after: Cdf

    @property
    def n(self) -> int:
        """Values of the reference."""
        return self.before.count

    @property
    def m(self) -> int:
        """Values of the current side."""
        return self.after.count

    @cached_property
    def steps(self) -> Steps:
        """Both functions over the points of both."""
        return Steps.of(self.before, self.after)

    @cached_property
    def ks(self) -> tuple[float, float]:
        """Signed Kolmogorov-Smirnov distance of the sketches, and where."""
        return self.steps.ks()

    @property
    def error(self) -> float:
        """Bound on the error of any difference of the two functions, 99 %."""
        return math.hypot(self.before.error, self.after.error)

    @cached_property
    def on_grid(self) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Both functions at the edges of the reference's grid, the current one exact."""
        numbers, grid = self.current.numbers, self.reference.grid
        if numbers is None or numbers.grid is None or numbers.grid.grid != grid:
            return None
        return self.before.at(grid.edges), numbers.grid.cumulative()

    @cached_property
    def moments(self) -> tuple[Moments, Moments]:
        """Count, mean, variance and range of both sides, all exact."""
        before, after = self.reference.profile.numbers, self.current.numbers
        assert before is not None and after is not None  # noqa: S101, PT018 - both have values
        return before.moments, after.moments

    @property
    def reference_range(self) -> tuple[float, float]:
        """Least and greatest value of the reference."""
        before, _ = self.moments
        return before.minimum, before.maximum

    @cached_property
    def outside(self) -> tuple[float, float, float]:
        """Least, estimated and largest share of current rows outside of the reference's range."""
        (low, high), (_, after) = self.reference_range, self.moments
        below, above = after.minimum < low, after.maximum > high
        if not below and not above:
            return 0.0, 0.0, 0.0
        heights, error = self._current_at(np.array([np.nextafter(low, -np.inf), high]))
        share = (float(heights[0]) if below else 0.0) + (1 - float(heights[1]) if above else 0.0)
        # The extremes are exact, so that a row is outside at least, and no more than all.
        least = (below + above) / self.m
        slack = error * (below + above)
        return max(least, share - slack), max(least, share), min(1.0, max(least, share + slack))

    @property
    def outside_below(self) -> float:
        """Estimated share of current rows below the reference's least value."""
        (low, _), (_, after) = self.reference_range, self.moments
        if after.minimum >= low:
            return 0.0
        heights, _ = self._current_at(np.array([np.nextafter(low, -np.inf)]))
        return float(heights[0])

    @cached_property
    def atoms(self) -> SingleValues:
        """The heaviest values that repeat on a side, and the extremes of both sides."""
        before, after = self.before, self.after
        values = ascending(before.repeated(_ATOM), after.repeated(_ATOM))
        if not values.size:
            return SingleValues(values, values, values, values, values)
        weights = np.maximum(*(side.at(values) - side.below(values) for side in (before, after)))
        values = np.sort(values[np.argsort(-weights, kind="stable")[:_MOST_ATOMS]])
        p = before.at(values) - before.below(values)
        shares, errors = self._current_equal_to(values)
        slack = np.full(values.size, self.reference.interval_error)
        return SingleValues(values, p, shares, slack, errors)

    def _current_equal_to(
        self, values: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        shares = self.after.at(values) - self.after.below(values)
        numbers = self.current.numbers
        if self.after.is_exact or numbers is None:
            return shares, np.zeros(values.size)
        errors = np.full(values.size, rank_error(numbers.quantiles.k, interval=True))
        grid = self.reference.grid
        if self.on_grid is not None and grid is not None:
            ends = np.minimum(np.searchsorted(grid.edges, values), grid.edges.size - 1)
            counted = (ends > 0) & (grid.edges[ends] == values)
            counted &= grid.edges[ends - 1] == np.nextafter(values, -np.inf)
            heights = self.on_grid[1]
            shares = np.where(counted, heights[ends] - heights[ends - 1], shares)
            errors = np.where(counted, 0.0, errors)
        return shares, errors

    @property
    def source(self) -> str:
        """Where the numbers come from: ``exact``, ``grid`` or ``kll``."""
        if self.before.is_exact and self.after.is_exact:
            return "exact"
        return "grid" if self.on_grid is not None else "kll"

    @cached_property
    def cells(self) -> Cells:
        """Both sides over the reference's bins."""
        return self.cells_at(self.reference.bins)

    def cells_at(self, edges: NDArray[np.float64]) -> Cells:
        """Both sides over any bins ``(-inf, e0], (e0, e1], ... (elast, inf)``."""
        after, error = self._current_at(edges)
        return Cells(
            reference=_between(self.before.at(edges)) * self.n,
            current=_between(after) * self.m,
            reference_error=self.reference.interval_error,
            current_error=error,
            description={"edges": edges.tolist(), "closed": "right"},
        )

    def _current_at(self, edges: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
        if self.after.is_exact:
            return self.after.at(edges), 0.0
        grid = self.reference.grid
        if self.on_grid is not None and grid is not None:
            places = np.searchsorted(grid.edges, edges)
            inside = places < grid.edges.size
            if inside.all() and (grid.edges[places] == edges).all():
                return self.on_grid[1][places], 0.0
        numbers = self.current.numbers
        error = rank_error(numbers.quantiles.k, interval=True) if numbers is not None else 0.0
        return self.after.at(edges), error


def _between(heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares below the first edge, between one and the next, and above the last."""
    shares = np.empty(heights.size + 1)
    shares[:-1], shares[-1] = heights, 1.0
    shares[1:] -= heights
    return shares


@dataclass(frozen=True, eq=False)
class CategorySides:
    """A categorical column: counts of both sides over the same categories, all exact.

    The last cell, all other categories, may hold the same ones on both sides or not.

    Attributes:
        texts: The categories that both sides counted.
        before: Rows of the reference in each, the last cell holding all other categories.
        after: The same of the current side.
        complete: Whether every category is in `texts`, so that the last cell is empty.
        policy: How values may be shown.
    """

    texts: tuple[str, ...]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    complete: bool
    policy: ValuePolicy
    reference: ReferenceColumn
    current: ColumnProfile

    @property
    def n(self) -> int:
        """Values of the reference."""
        return int(self.before.sum())

    @property
    def m(self) -> int:
        """Values of the current side."""
        return int(self.after.sum())

    @property
    def source(self) -> str:
        """Where the numbers come from: all counted, or the others of a dictionary as one."""
        return "exact" if self.complete or not self.others_may_differ else "dictionary"

    @property
    def others_may_differ(self) -> bool:
        """Whether both sides have rows outside the dictionary: the same categories, or not."""
        return not self.complete and bool(self.before[-1] and self.after[-1])

    def apart(self, cells: Cells) -> Cells:
        """The cells as they would be if no other category were on both sides.

        Every distance is at most that of these cells, and at least that of `cells`.
        """
        if not self.others_may_differ:
            return cells
        before, after = cells.reference.copy(), cells.current.copy()
        before[-1] -= self.before[-1]
        after[-1] -= self.after[-1]
        before = np.append(before, [float(self.before[-1]), 0.0])
        after = np.append(after, [0.0, float(self.after[-1])])
        if not before[-3] + after[-3]:
            before, after = np.delete(before, -3), np.delete(after, -3)
        return replace(cells, reference=before, current=after)

    @cached_property
    def cells(self) -> Cells:
        """Both sides, categories too rare for a chi-squared law pooled with the others."""
        pooled = (self.before + self.after) / (self.n + self.m)
        kept = pooled * min(self.n, self.m) >= MIN_EXPECTED
        kept[-1] = False
        return self._cells(kept, "categories expected in fewer than 5 rows of a side are pooled")

    @cached_property
    def all_cells(self) -> Cells:
        """Both sides, every counted category a cell of its own."""
        kept = np.ones(self.before.size, dtype=bool)
        kept[-1] = False
        return self._cells(kept, "every category" if self.complete else "dictionary and others")

    def _cells(self, kept: NDArray[np.bool_], rule: str) -> Cells:
        before = np.append(self.before[kept], self.before[~kept].sum())
        after = np.append(self.after[kept], self.after[~kept].sum())
        has_other = bool(before[-1] + after[-1])
        if not has_other:
            before, after = before[:-1], after[:-1]
        places = np.flatnonzero(kept)
        description: dict[str, Any] = {"rule": rule, "categories": int(kept.sum())}
        if places.size <= _LISTED and self.policy is ValuePolicy.RAW:
            description["values"] = [
                self.texts[place] for place in places.tolist() if self._shown(place)
            ]
        description["other"] = has_other
        return Cells(before.astype(float), after.astype(float), 0.0, 0.0, description)

    def _shown(self, place: int) -> bool:
        """Whether one of the sides has it often enough: two rare ones together do not count."""
        return int(max(self.before[place], self.after[place])) >= MIN_SHOWN

    def label(self, place: int) -> str:
        """Name of a category as it may be shown."""
        if place >= len(self.texts):
            return "(other)"
        if not self._shown(place):
            return "(rare)"
        text = self.texts[place]
        return text if self.policy is ValuePolicy.RAW else f"hash:{text[:8]}"


Sides = NumericSides | CategorySides


def compare_sides(reference: ReferenceColumn, current: ColumnProfile, /) -> Sides | None:
    """Lay the two sides of a column over each other; None where a side has no values."""
    if reference.profile.count == 0 or current.count == 0:
        return None
    if reference.cdf is not None and current.numbers is not None:
        return NumericSides(reference, current, reference.cdf, current.numbers.cdf())
    before, after = reference.profile.categories, current.categories
    if before is None or after is None or before.frequencies is None or after.frequencies is None:
        return None
    texts = _shared_texts(before.frequencies, after.frequencies)
    return CategorySides(
        texts=texts,
        before=_counts(before.frequencies, texts),
        after=_counts(after.frequencies, texts),
        complete=before.frequencies.is_exact and after.frequencies.is_exact,
        policy=reference.profile.column.values,
        reference=reference,
        current=current,
    )


def _shared_texts(before: Frequencies, after: Frequencies) -> tuple[str, ...]:
    """Categories whose counts are known on both sides."""
    if before.is_exact and after.is_exact:
        return tuple(sorted(before.counts.keys() | after.counts.keys()))
    if before.is_exact or after.is_exact:
        # A side that counted everything knows every category, also that it has none.
        return tuple(sorted((after if before.is_exact else before).counts))
    return tuple(sorted(before.counts.keys() & after.counts.keys()))


def _counts(frequencies: Frequencies, texts: tuple[str, ...]) -> NDArray[np.int64]:
    known = [frequencies.counts.get(text, 0) for text in texts]
    return np.array([*known, frequencies.count - sum(known)], dtype=np.int64)
