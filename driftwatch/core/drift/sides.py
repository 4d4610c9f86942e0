"""Reference and current of one column, laid over each other: what the tests look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.privacy import MIN_SHOWN
from driftwatch.core.data.schema import ValuePolicy
from driftwatch.core.profiles.column_profile import ColumnProfile
from driftwatch.core.profiles.reference import ReferenceColumn
from driftwatch.core.sketches.cdf import Cdf
from driftwatch.core.sketches.frequencies import Frequencies
from driftwatch.core.sketches.quantiles import rank_error
from driftwatch.core.statistics.distances import Steps
from driftwatch.process.cached import cached_property

__all__ = ["CategorySides", "NumericSides", "Sides", "compare_sides"]

MIN_EXPECTED = 5.0
"""Cells expecting fewer rows than this on the smaller side are pooled."""
_LISTED = 255


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

    @property
    def size(self) -> int:
        """Number of cells."""
        return int(self.reference.size)


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
        return float(np.hypot(self.before.error, self.after.error))

    @cached_property
    def on_grid(self) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Both functions at the edges of the reference's grid, the current one exact."""
        numbers, grid = self.current.numbers, self.reference.grid
        if numbers is None or numbers.grid is None or numbers.grid.grid != grid:
            return None
        return self.before.at(grid.edges), numbers.grid.cumulative()

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
        p = np.diff(self.before.at(edges), prepend=0.0, append=1.0)
        after, error = self._current_at(edges)
        q = np.diff(after, prepend=0.0, append=1.0)
        return Cells(
            reference=p * self.n,
            current=q * self.m,
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


@dataclass(frozen=True, eq=False)
class CategorySides:
    """A categorical column: counts of both sides over the same categories, all exact.

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
        """Where the numbers come from: all of them counted."""
        return "exact"

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
        return int(self.before[place] + self.after[place]) >= MIN_SHOWN

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
