"""Positives and negatives by score: exact while scores are few, in frozen cells beyond."""

from __future__ import annotations

import struct
from typing import Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.sketches.grid import Grid
from driftwatch.errors import MergeError, ProfileFormatError

__all__ = ["EXACT_SCORES", "ScoreCells"]

EXACT_SCORES = 1024
"""Distinct scores up to which each is counted by itself."""

Floats = NDArray[np.float64]
_MOST = 1e100
_HEAD = struct.Struct("<BQQddI")


class ScoreCells:
    """How many rows of either class have a score, by cell.

    Up to `EXACT_SCORES` distinct scores are counted each by itself, so that everything that is
    computed from them is exact. Beyond that the counts are those of the grid's cells. Which of the
    two it is depends on the set of scores only, so that merging is associative and commutative.

    Args:
        grid: Cells for scores that are too many.

    Attributes:
        values: The distinct scores; None once they were too many.
        weights: Sums of weights by score or cell; of negatives and of positives. Counts where rows
            have no weights.
        sums: Sums of ``weight * score`` by score or cell.
        rows: Rows of negatives and of positives.
        squares: Sums of squared weights of both.

    Example:
        >>> cells = ScoreCells(Grid(np.array([0.5])))
        >>> cells.update(np.array([0.2, 0.7, 0.7]), np.array([False, True, False]))
        >>> cells.values.tolist(), cells.weights.tolist()
        ([0.2, 0.7], [[1.0, 0.0], [1.0, 1.0]])
    """

    __slots__ = ("grid", "rows", "squares", "sums", "values", "weights")

    def __init__(self, grid: Grid, /) -> None:
        self.grid = grid
        self.values: Floats | None = np.empty(0)
        self.weights = np.zeros((0, 2))
        self.sums = np.zeros(0)
        self.rows = np.zeros(2, dtype=np.int64)
        self.squares = np.zeros(2)

    @property
    def single(self) -> NDArray[np.bool_]:
        """Which of the entries hold one score and no other."""
        if self.values is not None:
            return np.ones(self.values.size, dtype=bool)
        return self.grid.single_values

    def update(
        self, scores: Floats, positive: NDArray[np.bool_], weights: Floats | None = None, /
    ) -> None:
        """Count rows.

        Args:
            scores: Finite scores.
            positive: Whether the row is of the positive class.
            weights: One a row; 1 if not given.
        """
        if not scores.size:
            return
        scores = scores + 0.0  # a copy, with -0.0 made 0.0
        self.rows += (int((~positive).sum()), int(positive.sum()))
        square = np.ones(scores.size) if weights is None else np.square(weights)
        self.squares += np.bincount(positive, square, minlength=2)
        if self.values is not None and scores.size > EXACT_SCORES:
            ordered = np.sort(scores)  # much cheaper than to find the place of each
            if np.count_nonzero(ordered[1:] != ordered[:-1]) >= EXACT_SCORES:
                self.give_up()
        if self.values is None:
            if weights is None:
                self._count_sorted(scores, positive)
            else:
                places = np.searchsorted(self.grid.edges, scores, side="left")
                counts, sums = _counted(places, self.grid.size, scores, positive, weights)
                self.weights, self.sums = self.weights + counts, self.sums + sums
            return
        values, places = np.unique(scores, return_inverse=True)
        counts, sums = _counted(places, values.size, scores, positive, weights)
        self._add(values, counts, sums)

    def _count_sorted(self, scores: Floats, positive: NDArray[np.bool_]) -> None:
        """Count rows of equal weight: a sort takes a third of a search for every score."""
        for side, chosen in enumerate((~positive, positive)):
            ordered = np.sort(scores[chosen])
            ends = np.searchsorted(ordered, self.grid.edges, side="right")
            ends = np.concatenate(([0], ends, [ordered.size]))
            running = np.append(0.0, np.cumsum(ordered))
            self.weights[:, side] += np.diff(ends)
            self.sums += np.diff(running[ends])

    def _add(self, values: Floats, counts: Floats, sums: Floats) -> None:
        """Add counts by score."""
        assert self.values is not None  # noqa: S101 - asked before
        every, places = np.unique(np.concatenate((self.values, values)), return_inverse=True)
        if every.size > EXACT_SCORES:
            self.give_up()
            more, more_sums = self._into_cells(values, counts, sums)
            self.weights, self.sums = self.weights + more, self.sums + more_sums
            return
        totals, total_sums = np.zeros((every.size, 2)), np.zeros(every.size)
        np.add.at(totals, places, np.concatenate((self.weights, counts)))
        np.add.at(total_sums, places, np.concatenate((self.sums, sums)))
        self.values, self.weights, self.sums = every, totals, total_sums

    def in_cells(self) -> Floats:
        """The weights by cell, also where scores are counted each by itself."""
        if self.values is None:
            return self.weights
        return self._into_cells(self.values, self.weights, self.sums)[0]

    def _into_cells(self, values: Floats, counts: Floats, sums: Floats) -> tuple[Floats, Floats]:
        """Counts by score as counts by cell."""
        cells = np.searchsorted(self.grid.edges, values, side="left")
        weights, totals = np.zeros((self.grid.size, 2)), np.zeros(self.grid.size)
        np.add.at(weights, cells, counts)
        np.add.at(totals, cells, sums)
        return weights, totals

    def on_grid(self, grid: Grid, /) -> ScoreCells:
        """The same counts in larger cells, whose edges are edges of these."""
        other = type(self)(grid)
        other.rows, other.squares = self.rows.copy(), self.squares.copy()
        if self.values is not None:
            other.values, other.weights, other.sums = self.values, self.weights, self.sums
            return other
        other.give_up()
        ends = np.append(self.grid.edges, np.inf)
        places = np.searchsorted(grid.edges, ends, side="left")
        np.add.at(other.weights, places, self.weights)
        np.add.at(other.sums, places, self.sums)
        return other

    def give_up(self) -> None:
        """Put what was counted by score into the cells."""
        if self.values is None:
            return
        weights, sums = self._into_cells(self.values, self.weights, self.sums)
        self.values, self.weights, self.sums = None, weights, sums

    def merge(self, other: Self, /) -> None:
        """Add other counts; `other` is left as it was.

        Raises:
            MergeError: If they are of another grid.
        """
        if other.grid != self.grid:
            raise MergeError("scores counted on different grids do not merge")
        if other.values is None:
            self.give_up()
            self.weights, self.sums = self.weights + other.weights, self.sums + other.sums
        elif self.values is None:
            more, more_sums = self._into_cells(other.values, other.weights, other.sums)
            self.weights, self.sums = self.weights + more, self.sums + more_sums
        else:
            self._add(other.values, other.weights, other.sums)
        self.rows = self.rows + other.rows
        self.squares = self.squares + other.squares

    def copy(self) -> Self:
        """Return counts that can change without these changing."""
        twin = type(self)(self.grid)
        twin.values = None if self.values is None else self.values.copy()
        twin.weights, twin.sums = self.weights.copy(), self.sums.copy()
        twin.rows, twin.squares = self.rows.copy(), self.squares.copy()
        return twin

    def to_bytes(self) -> bytes:
        """Serialize the entries that hold rows; the grid is not included."""
        used = self.weights.any(axis=1) | (self.sums != 0)
        places = np.flatnonzero(used)
        keys = places.astype("<u4") if self.values is None else self.values[places].astype("<f8")
        exact = self.values is not None
        head = _HEAD.pack(exact, *self.rows.tolist(), *self.squares.tolist(), places.size)
        body = np.column_stack((self.weights[places], self.sums[places])).astype("<f8")
        return head + keys.tobytes() + body.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes, grid: Grid, /) -> Self:
        """Rebuild counts from `to_bytes`.

        Raises:
            ProfileFormatError: If the bytes are not counts in these cells.
        """
        cells = cls(grid)
        if len(data) < _HEAD.size:
            raise ProfileFormatError(f"score counts refused: {len(data)} bytes")
        exact, negatives, positives, *squares, size = _HEAD.unpack_from(data)
        width = 8 if exact else 4
        if exact > 1 or len(data) != _HEAD.size + size * (width + 24):
            raise ProfileFormatError(f"score counts refused: {len(data)} bytes")
        cells.rows = np.array([negatives, positives], dtype=np.uint64).astype(np.int64)
        cells.squares = np.array(squares)
        body = np.frombuffer(data, "<f8", 3 * size, _HEAD.size + size * width).reshape(size, 3)
        counts, sums = body[:, :2].astype(np.float64), body[:, 2].astype(np.float64)
        keys = np.frombuffer(data, "<f8" if exact else "<u4", size, _HEAD.size)
        ascending = bool((keys[1:] > keys[:-1]).all())
        sound = ascending and bool((counts >= 0).all()) and bool((cells.rows >= 0).all())
        numbers = np.append(np.abs(body), cells.squares)
        if not sound or not (numbers <= _MOST).all() or not (cells.squares >= 0).all():
            raise ProfileFormatError("score counts refused: a number is out of range")
        there = counts.sum(axis=0)
        same = ((cells.rows > 0) == (there > 0)) & ((cells.rows > 0) == (cells.squares > 0))
        if not same.all() or (there**2 > cells.rows * cells.squares * (1 + 1e-9)).any():
            raise ProfileFormatError("score counts refused: counts contradict each other")
        if exact:
            if size > EXACT_SCORES or not np.isfinite(keys).all():
                raise ProfileFormatError("score counts refused: scores are no numbers")
            cells.values = keys.astype(np.float64)
            cells.weights, cells.sums = counts, sums
            return cells
        if size and int(keys[-1]) >= grid.size:
            raise ProfileFormatError("score counts refused: a cell is not of the grid")
        cells.give_up()
        cells.weights[keys], cells.sums[keys] = counts, sums
        return cells


def _counted(
    places: NDArray[np.intp],
    size: int,
    scores: Floats,
    positive: NDArray[np.bool_],
    weights: Floats | None,
) -> tuple[Floats, Floats]:
    """Sums of weights by place and class, and of weighted scores by place."""
    counts = np.bincount(2 * places + positive, weights, minlength=2 * size).reshape(size, 2)
    weighted = scores if weights is None else scores * weights
    sums = np.bincount(places, weighted, minlength=size)
    return counts.astype(np.float64), sums.astype(np.float64)
