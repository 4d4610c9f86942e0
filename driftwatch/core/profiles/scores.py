"""Rows -> normal scores: what the dependence of columns is measured on.

A number becomes the normal quantile of its rank in the reference, so that neither its
distribution nor its unit matters, and once more the normal quantile of how far that rank is
from the middle, which sees what a correlation does not. (The square of a normal score would
see the same, but its tails are so heavy that the correlations of a few thousand rows are far
from normal where Bonferroni looks, and the test rejects too often.) A category becomes one
indicator for each of its most frequent values. Correlations of such scores are the parameters
of a Gaussian copula.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.aligned import MISSING, level_places, row_numbers
from driftwatch.core.data.batch import Batch
from driftwatch.core.data.privacy import MIN_SHOWN, ValueGuard
from driftwatch.core.data.schema import Column, ValuePolicy
from driftwatch.core.profiles.column_profile import ColumnProfile
from driftwatch.core.sketches.ascending import ascending
from driftwatch.core.sketches.frequencies import Frequencies
from driftwatch.core.statistics.special import special
from driftwatch.process.cached import cached_property

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["POINTS", "Dimension", "ScoreSpec"]

POINTS = 200
"""Quantiles of the reference that ranks are taken on."""

_LEVELS = 5
_RARE = 0.01

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Dimension:
    """One column of the matrix of scores.

    Attributes:
        column: The data's column it comes from.
        part: ``rank``, ``extreme``, ``missing``, or ``level``.
        label: The category as it may be shown, for a level.
    """

    column: str
    part: str
    label: str | None = None


@dataclass(frozen=True, eq=False)
class ScoreSpec:
    """How rows become scores: frozen with the reference.

    Attributes:
        edges: Quantiles of the numeric columns.
        levels: Indicators of the categorical columns: categories and their shares.
        missing: Columns that get an indicator of their own for a missing value, and the
            share of rows where it is.
        hashed: Columns whose categories are tokens, not values.

    Example:
        >>> from driftwatch.core.data.batch import batches_of
        >>> from driftwatch.core.data.schema import Kind
        >>> spec = ScoreSpec({"x": np.array([1.0, 2.0, 3.0])}, {}, {})
        >>> [f"{d.column} {d.part}" for d in spec.dimensions]
        ['x rank', 'x extreme']
        >>> columns = {"x": Column("x", Kind.NUMERIC)}
        >>> batch = next(batches_of({"x": [0.5, 2.5, None]}))
        >>> spec.scores(batch, columns, ValueGuard())[:, 0].round(2).tolist()
        [-1.15, 0.32, 0.0]
    """

    edges: Mapping[str, Floats]
    levels: Mapping[str, Mapping[str, float]]
    missing: Mapping[str, float]
    hashed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, profiles: Mapping[str, ColumnProfile], names: Sequence[str], /) -> Self:
        """Freeze the scores of some columns of a reference.

        Numbers need two distinct values; of the categories the five most frequent that
        hold at least 1 % of the rows get an indicator, and so does a missing value from
        1 % of the rows on. Other columns are left out.
        """
        edges: dict[str, Floats] = {}
        levels: dict[str, Mapping[str, float]] = {}
        missing: dict[str, float] = {}
        for name in names:
            profile = profiles[name]
            if profile.numbers is not None and profile.numbers.count:
                cuts = np.arange(1, POINTS + 1) / (POINTS + 1)
                cut_points = ascending(profile.numbers.cdf().quantile(cuts))
                if cut_points.size > 1:
                    edges[name] = cut_points
            elif profile.categories is not None and profile.categories.frequencies is not None:
                common = _common_levels(profile.categories.frequencies)
                if common:
                    levels[name] = common
            share = profile.missing.total / profile.rows if profile.rows else 0.0
            if (name in edges or name in levels) and _RARE <= share <= 1 - _RARE:
                missing[name] = share
        hashed = {n for n in levels if profiles[n].column.values is ValuePolicy.HASHED}
        return cls(edges, levels, missing, frozenset(hashed))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that have scores."""
        return (*self.edges, *self.levels)

    @cached_property
    def dimensions(self) -> tuple[Dimension, ...]:
        """What the columns of the scores are."""
        return tuple(self._dimensions())

    def _dimensions(self) -> Iterator[Dimension]:
        for name in self.edges:
            yield Dimension(name, "rank")
            yield Dimension(name, "extreme")
        for name, levels in self.levels.items():
            for level in levels:
                shown = f"hash:{level[:8]}" if name in self.hashed else level
                yield Dimension(name, "level", shown)
        for name in self.missing:
            yield Dimension(name, "missing")

    @cached_property
    def id(self) -> str:
        """Short hash of everything."""
        digest = hashlib.blake2b(digest_size=8)
        for dimension in self.dimensions:
            digest.update(repr((dimension.column, dimension.part, dimension.label)).encode())
        for edges in self.edges.values():
            digest.update(np.ascontiguousarray(edges, dtype="<f8").tobytes())
        shares = [s for levels in self.levels.values() for s in levels.values()]
        digest.update(np.array([*shares, *self.missing.values()], dtype="<f8").tobytes())
        return digest.hexdigest()

    def scores(self, batch: Batch, columns: Mapping[str, Column], guard: ValueGuard, /) -> Floats:
        """The scores of a batch, rows by dimensions; 0 where a value is missing.

        Cost: a binary search for every number.
        """
        scores = np.zeros((batch.rows, len(self.dimensions)))
        absent = {}
        at = 0
        for name, edges in self.edges.items():
            ranks = _ranks(batch.arrays.get(name), columns[name], edges, batch.rows)
            scores[:, at : at + 2] = _normal_scores(edges.size + 1)[ranks]
            absent[name] = ranks < 0
            at += 2
        for name, levels in self.levels.items():
            places = level_places(batch.arrays.get(name), columns[name], levels, guard, batch.rows)
            absent[name] = places == MISSING
            for place, share in enumerate(levels.values()):
                scores[:, at] = _indicator(places == place, share, absent[name])
                at += 1
        for name, share in self.missing.items():
            scores[:, at] = _indicator(absent[name], share, None)
            at += 1
        return scores


def _common_levels(frequencies: Frequencies) -> dict[str, float]:
    ranked = sorted(frequencies.counts.items(), key=lambda item: (-item[1], item[0]))[:_LEVELS]
    total = max(1, frequencies.count)
    return {
        text: count / total
        for text, count in ranked
        if _RARE <= count / total < 1 and count >= MIN_SHOWN
    }


def _normal_scores(cells: int) -> Floats:
    """Scores of every cell, by rank and by distance from the middle; the last is for missing."""
    rank = (np.arange(cells) + 0.5) / cells
    # The middle one of an odd number of cells has no partner, and half the weight.
    distance = np.maximum(np.abs(2 * rank - 1), 0.5 / cells)
    scores: Floats = np.vstack((special().ndtri(np.column_stack((rank, distance))), np.zeros(2)))
    return scores


def _ranks(array: pa.Array | None, column: Column, edges: Floats, rows: int) -> NDArray[np.intp]:
    """Cell of each row among the quantiles; -1 where there is no usable number."""
    if array is None:
        return np.full(rows, -1)
    values = row_numbers(array, column, rows)
    usable = np.isfinite(values)
    return np.where(usable, np.searchsorted(edges, np.where(usable, values, 0.0)), -1)


def _indicator(where: NDArray[np.bool_], share: float, absent: NDArray[np.bool_] | None) -> Floats:
    scale = np.sqrt(share * (1 - share))
    scores: Floats = (where - share) / scale
    return scores if absent is None else np.where(absent, 0.0, scores)
