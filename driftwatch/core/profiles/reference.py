"""A frozen profile, and what it lays over the data that is compared with it."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.outcomes import OutcomeColumns
from driftwatch.core.data.schema import Schema
from driftwatch.core.profiles.agreement import decided_column
from driftwatch.core.profiles.column_profile import ColumnProfile
from driftwatch.core.profiles.frame import Frame
from driftwatch.core.profiles.hidden_columns import keys_of_both
from driftwatch.core.profiles.outcomes import Outcomes
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.scores import ScoreSpec
from driftwatch.core.reports.results import Period
from driftwatch.core.sketches.ascending import ascending
from driftwatch.core.sketches.cdf import Cdf
from driftwatch.core.sketches.cross import FourthMoments
from driftwatch.core.sketches.grid import Grid
from driftwatch.core.sketches.quantiles import rank_error
from driftwatch.core.statistics.ties import TiedNull
from driftwatch.core.statistics.variability import (
    NaturalVariability,
    block_distances,
    overdispersion,
)
from driftwatch.errors import MergeError
from driftwatch.process.cached import cached_property

__all__ = ["Reference", "ReferenceColumn"]

_NEARLY = 0.1
"""Of a pane, by which the first and the last row may fall short of its ends."""
FEW_VALUES = 25
"""Up to this many distinct numbers a column is judged by the shares of these, too."""
BINS = 10
"""Quantile bins of PSI and its relatives."""


@dataclass(frozen=True, eq=False)
class ReferenceColumn:
    """One column of a reference, with everything derived from it computed once.

    Attributes:
        profile: Its sketches.
        grid: Cells for production to be counted in; None for categorical columns.
        by_pane: Rows by pane of time and by cell, where the reference was profiled so.
        pane_rows: Rows by pane, those without a value included.
        allowed: The categories that its rule allows, as they are kept; empty without a rule.
    """

    profile: ColumnProfile
    grid: Grid | None
    by_pane: NDArray[np.int64] | None = None
    pane_rows: NDArray[np.int64] | None = None
    allowed: tuple[str, ...] = ()
    _natural: dict[int, NaturalVariability] = field(default_factory=dict)

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
        edges = ascending(deciles, atoms, below)
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
        for low, high in (self.cdf.quantile([0.25, 0.75]).tolist(), self.clip):
            if high > low:
                return float(high - low)  # Python's: infinite where it is too wide for a double
        return 0.0

    @cached_property
    def clip(self) -> tuple[float, float]:
        """The 1 % and 99 % quantiles, between which the Wasserstein distance looks."""
        if self.cdf is None:
            return 0.0, 0.0
        low, high = self.cdf.quantile([0.01, 0.99])
        return float(low), float(high)

    @property
    def has_few_values(self) -> bool:
        """Whether it has few distinct numbers, all counted: at most 25."""
        return self.cdf is not None and self.cdf.is_exact and self.cdf.values.size <= FEW_VALUES

    @cached_property
    def tied_null(self) -> TiedNull | None:
        """The Kolmogorov law of a column whose values repeat; None where they do not."""
        return TiedNull(self.cdf) if self.cdf is not None and TiedNull.is_needed(self.cdf) else None

    def natural(self, panes: int, /) -> NaturalVariability | None:
        """How far stretches of so many panes are from the rest; None without panes.

        Computed once for each length, in about a millisecond.
        """
        if self.by_pane is None or self.by_pane.shape[0] < 2:
            return None
        if panes not in self._natural:
            self._natural[panes] = self._stretches(self.by_pane, panes)
        return self._natural[panes]

    def _stretches(self, counts: NDArray[np.int64], panes: int) -> NaturalVariability:
        ordered = self.grid is not None
        bins = atoms = None
        if self.grid is not None:
            atoms = self.grid.single_values
            inner = np.searchsorted(self.grid.edges, self.bins) + 1
            bins = ascending(np.append(0, inner[inner < counts.shape[1]]))
        distances = block_distances(counts, panes=panes, ordered=ordered, bins=bins, atoms=atoms)
        if "ks" in distances and self.spread > 0:
            # The area between two functions is no larger than their gap times the width.
            low, high = self.clip
            distances["wasserstein"] = distances["ks"] * (high - low) / self.spread
        if self.pane_rows is not None:
            there = counts.sum(axis=1)
            absence = np.stack((there, np.maximum(self.pane_rows - there, 0)), axis=1)
            distances["missing"] = block_distances(absence, panes=panes, ordered=False).get(
                "tvd", 0.0
            )
        phi = overdispersion(counts, panes=panes, ordered=ordered)
        return NaturalVariability(distances, phi, panes)


class Reference:
    """A profile to compare with: immutable, named by its content.

    Freezing lays a grid over every numeric column (percentiles, and a cell for each value
    carrying at least 0.5 % of the rows) and picks the dictionary of every categorical one.
    Production profiles built with `frame` count in those cells exactly.

    Args:
        profile: The sketches; they must not be updated afterwards.

    Example:
        >>> from driftwatch.core.data.batch import batches_of
        >>> from driftwatch.core.data.schema import Column, Kind, Schema
        >>> profile = Profile(Schema((Column("age", Kind.NUMERIC),)))
        >>> for batch in batches_of({"age": list(range(1000))}):
        ...     profile.update(batch)
        >>> Reference(profile)["age"].bins.tolist()
        [99.0, 199.0, 299.0, 399.0, 499.0, 599.0, 699.0, 799.0, 899.0]
    """

    def __init__(self, profile: Profile, /) -> None:
        self.profile = profile
        self.columns = {
            name: self._column(name, column) for name, column in profile.columns.items()
        }

    def _column(self, name: str, column: ColumnProfile) -> ReferenceColumn:
        panes = self.profile.panes
        cells = panes.cells.get(name) if panes is not None else None
        grid = cells if isinstance(cells, Grid) else _grid(column, self.profile.config.cells)
        if panes is None or name not in panes.cells or (grid and panes.cells[name] != grid):
            return ReferenceColumn(column, grid, allowed=self._allowed(column))
        rows = np.array([panes.rows[pane] for pane in sorted(panes.rows)], dtype=np.int64)
        return ReferenceColumn(column, grid, panes.matrix(name), rows, self._allowed(column))

    def _allowed(self, column: ColumnProfile) -> tuple[str, ...]:
        import pyarrow as pa

        rule = column.column.rule
        if rule is None or rule.allowed is None:
            return ()
        texts = pa.array(list(rule.allowed), pa.large_string())
        return tuple(self.profile.guard.kept(texts, column.column.values))

    def panes_like(self, current: Profile, period: Period | None = None, /) -> int:
        """How many of the reference's panes last as long as a profile, or hold as much.

        By the period given, or the time that the profile covers, where it is known; by its
        rows otherwise. Where it is no whole number of panes the stretch is a little shorter than
        the profile, since shorter ones vary more, and never longer.
        """
        panes = self.profile.panes
        if panes is None or not panes.rows:
            return 1
        if period is None or period.start is None:
            period = current.period
        if panes.time and period.start is not None and period.end is not None:
            lasts = (period.end - period.start).total_seconds() / panes.width
            return max(1, math.floor(lasts + _NEARLY))
        return max(1, round(current.rows * len(panes.rows) / sum(panes.rows.values())))

    def __getitem__(self, name: str) -> ReferenceColumn:
        """Return one column.

        Raises:
            UnknownColumnError: If there is none of that name.
        """
        _ = self.profile.schema[name]
        return self.columns[name]

    @cached_property
    def id(self) -> str:
        """Hash of the rows behind the reference, and of how their outcomes were counted."""
        spec = self.profile.outcome_spec
        if spec is None:
            return self.data_hash
        facts = f"{self.data_hash} {spec.id}".encode()
        return hashlib.blake2b(facts, digest_size=16).hexdigest()

    @cached_property
    def data_hash(self) -> str:
        """The content hash of its rows: every column goes into it, and every report names it."""
        return self.profile.content_hash

    @property
    def outcomes(self) -> Outcomes | None:
        """What the model said beside what came true; None where that was not counted."""
        spec = self.profile.outcome_spec
        return None if spec is None else self.profile.outcomes.get(spec.id)

    @property
    def outcome_columns(self) -> OutcomeColumns | None:
        """Which columns hold predictions, scores and labels; None where that is not counted."""
        spec = self.profile.outcome_spec
        return None if spec is None else spec.columns

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of the model; none where it predicts no classes, or that is not counted."""
        columns = self.outcome_columns
        return () if columns is None else columns.classes

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
                kept = [*column.allowed, *ranked[: self.profile.config.dictionary]]
                dictionaries[name] = tuple(dict.fromkeys(kept))
        grids = {name: column.grid for name, column in self.columns.items() if column.grid}
        return Frame(grids, dictionaries, self.scores, self.profile.outcome_spec)

    @cached_property
    def scores(self) -> ScoreSpec | None:
        """What dependence is measured on; None where the reference did not measure it."""
        cross = self.profile.cross
        if not isinstance(cross, FourthMoments) or set(cross.sources) - self.columns.keys():
            return None
        spec = ScoreSpec.of(self.profile.columns, cross.sources)
        # A reference that has taken in more rows since has other quantiles.
        return spec if spec.id == cross.label else None

    def check_sizes(self, profile: Profile, /) -> None:
        """Do nothing, or say why a profile of production rows is of other sketches.

        Raises:
            MergeError: If they are of another configuration or precision, or hashed with another
                key.
        """
        config = self.profile.config
        if profile.k != config.k:
            raise MergeError(
                f"the profile has quantiles of k={profile.k}; windows need k={config.k} (make it "
                "with `driftwatch profile`, not as a reference)"
            )
        for what, mine, theirs in (
            ("sketch configuration", config.id, profile.config.id),
            ("hash key", *keys_of_both(self.profile, profile)),
        ):
            if mine != theirs:
                raise MergeError(f"profiles of different {what} do not merge: {mine} and {theirs}")

    def check_fits(self, profile: Profile, /) -> None:
        """Do nothing, or say why a profile cannot be one of production rows.

        Raises:
            MergeError: If its sketches are of other sizes, or a column is of another kind.
        """
        self.check_sizes(profile)
        self.new_profile().check_mergeable(profile)

    def new_profile(self) -> Profile:
        """Return an empty profile for production rows, ready to be compared with this."""
        return Profile(
            Schema(tuple(map(decided_column, self.schema))),
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
    moments, rule = numbers.moments, column.column.rule
    bounds = (None, None) if rule is None else (rule.low, rule.high)
    lows = [low for low in (moments.minimum, bounds[0]) if low is not None]
    highs = [high for high in (moments.maximum, bounds[1]) if high is not None]
    return Grid.of(numbers.cdf(), lows, highs, cells=cells)
