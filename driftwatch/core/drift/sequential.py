"""E-detectors: alarms on persistent drift, pane after pane, with a guaranteed run length.

A window answers "how far is the last day from the reference?". A detector answers sooner:
it bets against "no drift" on every pane and alarms when a bet has paid off so well that,
without drift, it would take `run_length` panes on average.

References:
    J. Shin, A. Ramdas, A. Rinaldo. E-detectors: a nonparametric framework for sequential
    change detection. New England Journal of Statistics in Data Science, 2024.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.privacy import MIN_SHOWN
from driftwatch.core.data.schema import ValuePolicy
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference, ReferenceColumn
from driftwatch.core.reports.spelling import quoted
from driftwatch.core.sketches.ascending import ascending
from driftwatch.core.statistics.special import special
from driftwatch.errors import ConfigError

__all__ = ["Alarm", "ColumnDetector", "PaneDetector", "cell_counts", "log_ratio"]

_CUTS = 15
_BETS = np.array([0.01, 0.02, 0.04, 0.08, 0.16])
_REFERENCE_MISSES = 0.0005
_CERTAIN = 0.999
_LONGEST_RHYTHM = 168

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Alarm:
    """What a detector saw when it alarmed.

    Attributes:
        column: The column whose bets paid best.
        where: The value or category at which its rows moved.
        change: By how much the share of rows at or below the value, or in the category,
            moved at least; negative where it fell.
        evidence: Logarithm of the bet's gain over the whole data set.
    """

    column: str
    where: str
    change: float
    evidence: float


def log_ratio(hits: Floats, rows: float, /, before: Floats, after: Floats) -> Floats:
    """Logarithm of a binomial likelihood ratio.

    Example:
        >>> ratio = log_ratio(np.array(70.0), 500, np.array(0.1), np.array(0.14))
        >>> round(float(ratio), 10)
        4.0042357105
    """
    gain: Floats = hits * np.log(after / before) + (rows - hits) * np.log(
        (1 - after) / (1 - before)
    )
    return gain


class ColumnDetector:
    """Bets on one column: at up to 15 cuts, in both directions, at five sizes of drift.

    A cut asks how many rows of a pane fall below a quantile (into a category). Each bet is
    a Shiryaev-Roberts sum ``M = (M + 1) L`` of the likelihood ratio L of "the share is
    larger by the bet's size" against "it is at most that of the reference, its sampling
    error (99.95 % for all cuts) and the tolerance". L has mean at most 1 without drift,
    however the panes depend on each other; the mean of the bets keeps the guarantee.

    Args:
        cells: Which cells each cut counts, as booleans: cuts by cells.
        shares: Share of the reference's rows in each cut.
        labels: What to call each cut.
        rows: Values of the reference.
        error: Sketch error of the shares.
        tolerance: Change of a share that is no drift.
        overdispersion: Of the panes, see `NaturalVariability`; tempers the bets.

    Cost: about 20 us a pane, 150 numbers of state.
    """

    def __init__(
        self,
        cells: NDArray[np.bool_],
        shares: Floats,
        labels: tuple[str, ...],
        *,
        rows: int,
        error: float = 0.0,
        tolerance: float = 0.0,
        overdispersion: float = 1.0,
    ) -> None:
        self._cells = cells.astype(np.int64)
        self._labels = labels
        self._phi = overdispersion
        self._tolerance = tolerance
        score = float(special().ndtri(1 - _REFERENCE_MISSES / max(1, shares.size)))
        band = score * np.sqrt(shares * (1 - shares) * overdispersion / max(1, rows)) + error
        both = np.stack((shares, 1 - shares))  # more rows, fewer rows
        before = (both + band + tolerance)[:, :, None]
        after = before + _BETS
        self._open = after < _CERTAIN
        self._before = np.where(self._open, before, 0.5)
        self._after = np.where(self._open, after, 0.5)
        self.wealth = np.full(self._open.shape, -np.inf)

    @property
    def score(self) -> float:
        """Logarithm of the mean wealth of all bets."""
        count = int(self._open.sum())
        return _log_sum(self.wealth) - math.log(count) if count else -math.inf

    def update(self, counts: Counts, /) -> None:
        """Settle the bets on one pane.

        Args:
            counts: Rows of the pane by cell.
        """
        rows = int(counts.sum())
        if not rows or not self._cells.size:
            return
        inside = (self._cells @ counts).astype(np.float64)
        hits = np.stack((inside, rows - inside))[:, :, None]
        gain = log_ratio(hits, rows, self._before, self._after) / self._phi
        self.wealth = np.where(self._open, np.logaddexp(self.wealth, 0.0) + gain, -np.inf)

    def best(self) -> tuple[str, float]:
        """Name of the cut whose bet is ahead, and the change of share that it bet on.

        The change is from the reference: the bet's size and the tolerance it comes on top of.
        """
        sign, cut, bet = np.unravel_index(int(np.argmax(self.wealth)), self.wealth.shape)
        change = float(_BETS[bet]) + self._tolerance
        return self._labels[int(cut)], -change if sign else change

    def reset(self) -> None:
        """Take all bets back."""
        self.wealth = np.full(self._open.shape, -np.inf)


class PaneDetector:
    """Detectors of all columns under one guarantee.

    Alarms when the mean wealth of the columns reaches `run_length`: an average of
    e-detectors is one, however the columns depend on each other, so that without drift the
    data set alarms no more often than once in `run_length` panes on average.

    Args:
        columns: A detector for each column.
        run_length: Panes from one false alarm to the next, at least, on average.

    Example:
        >>> coin = ColumnDetector(
        ...     np.array([[True, False]]), np.array([0.5]), ("heads",), rows=10**6
        ... )
        >>> detector = PaneDetector({"coin": coin}, run_length=2160)
        >>> for pane in range(9):
        ...     for alarm in detector.update({"coin": np.array([300, 200])}):
        ...         print(pane, alarm.column, alarm.where, alarm.change)
        1 coin heads 0.08
        3 coin heads 0.08
        5 coin heads 0.08
        7 coin heads 0.08
    """

    def __init__(self, columns: Mapping[str, ColumnDetector], /, *, run_length: float) -> None:
        if not run_length > 1:
            raise ConfigError(
                f"run_length must be more than one pane; got {run_length}", code="DW007"
            )
        self.columns = dict(columns)
        self.run_length = run_length

    @classmethod
    def of(
        cls,
        reference: Reference,
        /,
        *,
        run_length: float,
        tolerance: float = 0.05,
        columns: tuple[str, ...] | None = None,
    ) -> Self:
        """Watch the columns of a reference that are tested.

        Where the reference was profiled by panes its overdispersion tempers the bets.

        Args:
            reference: The reference; panes are to be counted in its cells.
            run_length: Panes from one false alarm to the next, at least, on average.
            tolerance: Change of a share of rows that is no drift.
            columns: Names of the columns; those that are tested if not given.
        """
        names = columns or tuple(c.name for c in reference.schema if c.role.is_tested)
        detectors = {}
        for name in names:
            detector = _detector(reference, name, tolerance)
            if detector is not None:
                detectors[name] = detector
        return cls(detectors, run_length=run_length)

    @property
    def score(self) -> float:
        """Logarithm of the mean wealth of all columns."""
        scores = np.array([column.score for column in self.columns.values()])
        return _log_sum(scores) - math.log(scores.size) if scores.size else -math.inf

    def update(self, counts: Mapping[str, Counts], /) -> list[Alarm]:
        """Settle the bets on one pane; after an alarm all bets start again.

        Args:
            counts: Rows of the pane by cell, by column; columns without rows may be absent.

        Returns:
            The columns that alarm by themselves, or else the one furthest ahead; empty
            while there is no alarm.
        """
        for name, column in self.columns.items():
            if name in counts:
                column.update(counts[name])
        score = self.score
        if score < math.log(self.run_length):
            return []
        alone = math.log(self.run_length * len(self.columns))
        ranked = sorted(self.columns, key=lambda name: -self.columns[name].score)
        alarming = [n for n in ranked if self.columns[n].score >= alone] or ranked[:1]
        alarms = [Alarm(name, *self.columns[name].best(), score) for name in alarming]
        for column in self.columns.values():
            column.reset()
        return alarms

    def to_dict(self) -> dict[str, Any]:
        """The bets as plain data, to go on with later."""
        return {
            name: [None if math.isinf(x) else x for x in column.wealth.ravel().tolist()]
            for name, column in self.columns.items()
        }

    def restore(self, state: Mapping[str, Any], /) -> None:
        """Go on with bets from `to_dict`; columns that do not fit start anew."""
        for name, column in self.columns.items():
            saved = state.get(name)
            if isinstance(saved, list) and len(saved) == column.wealth.size:
                wealth = np.array([-np.inf if x is None else float(x) for x in saved])
                column.wealth = wealth.reshape(column.wealth.shape)


def _detector(reference: Reference, name: str, tolerance: float) -> ColumnDetector | None:
    column = reference[name]
    natural = column.natural(_LONGEST_RHYTHM)
    phi = natural.overdispersion if natural is not None else 1.0
    if column.grid is not None and column.cdf is not None:
        heights = column.cdf.at(column.grid.edges)
        cuts = _spread_out(heights)
        cells = np.arange(column.grid.size) <= cuts[:, None]
        labels = tuple(f"at or below {column.grid.edges[cut]:.6g}" for cut in cuts)
        shares, rows, error = heights[cuts], column.cdf.count, column.cdf.error
    else:
        categories = _categories(reference, column, name)
        if categories is None:
            return None
        cells, shares, labels, rows = categories
        error = 0.0
    return ColumnDetector(
        cells, shares, labels, rows=rows, error=error, tolerance=tolerance, overdispersion=phi
    )


def _spread_out(heights: Floats) -> NDArray[np.intp]:
    """Edges nearest below 15 evenly spaced quantiles, those that say nothing left out."""
    wanted = np.arange(1, _CUTS + 1) / (_CUTS + 1)
    places = np.searchsorted(heights, wanted - 1e-9)
    places = ascending(places[places < heights.size])
    return places[(heights[places] > 0) & (heights[places] < 1)]


def _categories(
    reference: Reference, column: ReferenceColumn, name: str
) -> tuple[NDArray[np.bool_], Floats, tuple[str, ...], int] | None:
    categories = column.profile.categories
    words = reference.frame.dictionaries.get(name)
    if categories is None or categories.frequencies is None or not words:
        return None
    rows = categories.frequencies.count
    if not rows:
        return None
    top = words[:_CUTS]
    cells = np.arange(len(words) + 1) == np.arange(len(top))[:, None]
    shares = np.array([categories.frequencies.counts[word] / rows for word in top])
    shown = column.profile.column.values is ValuePolicy.RAW
    labels = tuple(
        f"category {quoted(word)}" if shown and share * rows >= MIN_SHOWN else f"category {place}"
        for place, (word, share) in enumerate(zip(top, shares.tolist(), strict=True), start=1)
    )
    return cells, shares, labels, rows


def _log_sum(logs: Floats) -> float:
    return float(np.logaddexp.reduce(logs.ravel())) if logs.size else -math.inf


def cell_counts(reference: Reference, profile: Profile, /) -> dict[str, NDArray[np.int64]]:
    """Count a profile's rows in the cells of a reference, column by column.

    Columns that were counted in other cells, or whose categories outgrew their dictionary
    in another way, are left out: a detector must not bet on what is not exact.

    Returns:
        For a numeric column the counts of its grid; for a categorical one the counts of the
        reference's dictionary and, last, all others.
    """
    by_column: dict[str, NDArray[np.int64]] = {}
    for name, column in profile.columns.items():
        known = reference.columns.get(name)
        if known is None:
            continue
        numbers, categories = column.numbers, column.categories
        if numbers is not None:
            grid = numbers.grid
            if grid is not None and grid.grid == known.grid:
                by_column[name] = grid.counts
        elif categories is not None and categories.frequencies is not None:
            words = reference.frame.dictionaries.get(name, ())
            counts = categories.frequencies.counts
            if categories.frequencies.is_exact or all(word in counts for word in words):
                inside = [counts.get(word, 0) for word in words]
                by_column[name] = np.array([*inside, column.count - sum(inside)], dtype=np.int64)
    return by_column
