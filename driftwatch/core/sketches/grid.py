"""Exact counts of a numeric column in the cells of a frozen grid."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.sketches.ascending import ascending
from driftwatch.core.sketches.cdf import Cdf
from driftwatch.errors import ConfigError, ProfileFormatError
from driftwatch.process.cached import cached_property

__all__ = ["Grid", "GridCounts"]


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells over the real line: ``(-inf, e0], (e0, e1], ... (elast, inf)``.

    A grid is a value: two grids are the same exactly if their edges are, and `id` says so
    without comparing them.

    Attributes:
        edges: Upper ends of all cells but the last, strictly ascending and finite.

    Raises:
        ConfigError: If the edges are not strictly ascending finite numbers.

    Example:
        >>> Grid(np.array([0.0, 1.0])).size
        3
    """

    edges: NDArray[np.float64]

    def __post_init__(self) -> None:
        edges = self.edges
        if edges.ndim != 1 or not np.isfinite(edges).all() or not (edges[1:] > edges[:-1]).all():
            raise ConfigError("the edges of a grid must be strictly ascending finite numbers")

    @cached_property
    def id(self) -> str:
        """Short hash of the edges."""
        data = np.ascontiguousarray(self.edges, dtype="<f8").tobytes()
        return hashlib.blake2b(data, digest_size=8).hexdigest()

    @property
    def size(self) -> int:
        """Number of cells."""
        return int(self.edges.size) + 1

    @property
    def single_values(self) -> NDArray[np.bool_]:
        """Which cells hold one value and no other."""
        with np.errstate(over="ignore"):
            single = self.edges[:-1] == np.nextafter(self.edges[1:], -np.inf)
        return np.concatenate(([False], single, [False]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Grid) and self.id == other.id

    def __hash__(self) -> int:
        return int(self.id, 16)

    @classmethod
    def of(
        cls,
        cdf: Cdf,
        lows: Sequence[float],
        highs: Sequence[float],
        /,
        *,
        cells: int,
        atom: float = 0.005,
    ) -> Self:
        """Lay a grid over a distribution: its quantiles, a cell for each atom, and the range.

        The first cell holds what is below all lows, the last what is above all highs.

        Args:
            cdf: The distribution.
            lows: Values below which rows are counted apart: the least one, bounds of rules.
            highs: The same for values above.
            cells: Number of quantile cells; a multiple of 10 makes the deciles edges.
            atom: A value carrying at least this share gets the cell ``[value, value]``.
        """
        edges = cdf.quantile(np.arange(1, cells) / cells)
        atoms = cdf.atoms(atom)
        with np.errstate(over="ignore"):
            below = np.nextafter(np.append(atoms, lows), -np.inf)
        return cls(ascending(edges, atoms, below[np.isfinite(below)], np.asarray(highs)))


@dataclass(slots=True)
class GridCounts:
    """How many values of a column fell into each cell of a grid: exact, additive.

    Example:
        >>> counts = GridCounts(Grid(np.array([0.0, 1.0])))
        >>> counts.update_sorted(np.array([-1.0, 0.0, 0.5, 9.0]))
        >>> counts.counts.tolist()
        [2, 1, 1]
    """

    grid: Grid
    counts: NDArray[np.int64]

    def __init__(self, grid: Grid, counts: NDArray[np.int64] | None = None) -> None:
        self.grid = grid
        self.counts = np.zeros(grid.size, dtype=np.int64) if counts is None else counts

    @property
    def count(self) -> int:
        """Values counted."""
        return int(self.counts.sum())

    def update_sorted(self, chunk: NDArray[np.float64], /) -> None:
        """Count a sorted array of finite values. O(cells log n)."""
        ends = np.searchsorted(chunk, self.grid.edges, side="right")
        self.counts += np.diff(ends, prepend=0, append=chunk.size)

    def merge(self, other: Self, /) -> None:
        """Add the counts of the same grid; `other` is left as it was."""
        if other.grid != self.grid:
            raise ConfigError("counts on different grids cannot be added")
        self.counts += other.counts

    def copy(self) -> Self:
        """Return counts that can change without these changing."""
        return type(self)(self.grid, self.counts.copy())

    def cumulative(self) -> NDArray[np.float64]:
        """Share of values at or below each edge."""
        total = self.count
        sums = np.cumsum(self.counts[:-1])
        return sums / total if total else sums.astype(np.float64)

    def to_bytes(self) -> bytes:
        """Serialize edges and counts."""
        return (
            self.grid.edges.astype("<f8", copy=False).tobytes()
            + self.counts.astype("<i8", copy=False).tobytes()
        )

    @classmethod
    def from_bytes(cls, data: bytes, /) -> Self:
        """Rebuild counts from `to_bytes`.

        Raises:
            ProfileFormatError: If the bytes are not counts on a grid.
        """
        cells, odd = divmod(len(data) + 8, 16)
        if odd or not cells:
            raise ProfileFormatError(f"grid counts refused: {len(data)} bytes")
        edges = np.frombuffer(data, "<f8", cells - 1).astype(np.float64)
        counts = np.frombuffer(data, "<i8", cells, 8 * (cells - 1)).astype(np.int64)
        if (counts < 0).any() or (counts > 1 << 53).any():
            raise ProfileFormatError("grid counts refused: a count is out of range")
        try:
            return cls(Grid(edges), counts)
        except ConfigError as error:
            raise ProfileFormatError(f"grid counts refused: {error}") from error
