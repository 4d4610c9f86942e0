"""A frozen profile, and what it lays over the data that is compared with it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.column_profile import ColumnProfile
from driftwatch.core.profile import Frame, Profile
from driftwatch.core.schema import Schema
from driftwatch.core.sketches.cdf import Cdf
from driftwatch.core.sketches.grid import Grid
from driftwatch.core.sketches.quantiles import rank_error

__all__ = ["Reference", "ReferenceColumn"]

BINS = 10
"""Quantile bins of PSI and its relatives."""


@dataclass(frozen=True, eq=False)
class ReferenceColumn:
    """One column of a reference, with everything derived from it computed once.

    Attributes:
        profile: Its sketches.
        grid: Cells for production to be counted in; None for categorical columns.
    """

    profile: ColumnProfile
    grid: Grid | None

    @cached_property
    def cdf(self) -> Cdf | None:
        """The distribution of a numeric column that has seen values."""
        numbers = self.profile.numbers
        return numbers.cdf() if numbers is not None and numbers.count else None

    @cached_property
    def interval_error(self) -> float:
        """Error of the share of one interval; 0 where exact."""
        numbers = self.profile.numbers
        if self.cdf is None or numbers is None or self.cdf.is_exact:
            return 0.0
        return rank_error(numbers.quantiles.k, interval=True)

    @cached_property
    def bins(self) -> NDArray[np.float64]:
        """Edges of the bins that PSI compares: deciles, with a bin for each heavy value.

        A value carrying at least 1/20 of the rows has a bin of its own, and bins lighter
        than that join their neighbour, so that no bin is empty in the reference. A
        constant reference keeps the bins below and above its value.
        """
        if self.cdf is None:
            return np.empty(0)
        atoms = self.cdf.atoms(1 / (2 * BINS))
        deciles = self.cdf.quantile(np.arange(1, BINS) / BINS)
        below = np.nextafter(atoms, -np.inf)
        edges = np.unique(np.concatenate((deciles, atoms, below)))
        kept: list[float] = []
        taken = 0.0
        for edge, upto in zip(edges.tolist(), self.cdf.at(edges).tolist(), strict=True):
            if upto - taken >= 1 / (2 * BINS) - 1e-9 and 1 - upto >= 1 / (2 * BINS) - 1e-9:
                kept.append(edge)
                taken = upto
        return np.array(kept) if kept else edges

    @cached_property
    def spread(self) -> float:
        """Interquartile range, or the next best measure of width where that is zero."""
        if self.cdf is None:
            return 0.0
        low, high = self.cdf.quantile([0.25, 0.75])
        if high > low:
            return float(high - low)
        low, high = self.clip
        return float(high - low)

    @cached_property
    def clip(self) -> tuple[float, float]:
        """The 1 % and 99 % quantiles, between which the Wasserstein distance looks."""
        if self.cdf is None:
            return 0.0, 0.0
        low, high = self.cdf.quantile([0.01, 0.99])
        return float(low), float(high)


class Reference:
    """A profile to compare with: immutable, named by its content.

    Freezing lays a grid over every numeric column (percentiles, and a cell for each value
    carrying at least 0.5 % of the rows) and picks the dictionary of every categorical one.
    Production profiles built with `frame` count in those cells exactly.

    Args:
        profile: The sketches; they must not be updated afterwards.

    Example:
        >>> from driftwatch.core.batch import batches_of
        >>> from driftwatch.core.schema import Column, Kind, Schema
        >>> profile = Profile(Schema((Column("age", Kind.NUMERIC),)))
        >>> for batch in batches_of({"age": list(range(1000))}):
        ...     profile.update(batch)
        >>> Reference(profile)["age"].bins.tolist()
        [99.0, 199.0, 299.0, 399.0, 499.0, 599.0, 699.0, 799.0, 899.0]
    """

    def __init__(self, profile: Profile, /) -> None:
        self.profile = profile
        self.columns = {
            name: ReferenceColumn(column, _grid(column, profile.config.cells))
            for name, column in profile.columns.items()
        }

    def __getitem__(self, name: str) -> ReferenceColumn:
        """Return one column.

        Raises:
            UnknownColumnError: If there is none of that name.
        """
        _ = self.profile.schema[name]
        return self.columns[name]

    @property
    def id(self) -> str:
        """Content hash of the rows behind the reference."""
        return self.profile.content_hash

    @property
    def schema(self) -> Schema:
        """The columns, in order."""
        return self.profile.schema

    @cached_property
    def frame(self) -> Frame:
        """Grids and dictionaries for production profiles."""
        dictionaries = {}
        for name, column in self.columns.items():
            categories = column.profile.categories
            if categories is not None and categories.frequencies is not None:
                counts = categories.frequencies.counts
                ranked = sorted(counts, key=lambda text: (-counts[text], text))
                dictionaries[name] = tuple(ranked[: self.profile.config.dictionary])
        grids = {name: column.grid for name, column in self.columns.items() if column.grid}
        return Frame(grids, dictionaries)

    def new_profile(self) -> Profile:
        """Return an empty profile for production rows, ready to be compared with this."""
        return Profile(
            self.schema,
            config=self.profile.config,
            frame=self.frame,
            guard=self.profile.guard,
        )


def _grid(column: ColumnProfile, cells: int) -> Grid | None:
    numbers = column.numbers
    if numbers is None or numbers.count == 0:
        return None
    if numbers.grid is not None:
        return numbers.grid.grid
    return Grid.of(numbers.cdf(), cells=cells)
