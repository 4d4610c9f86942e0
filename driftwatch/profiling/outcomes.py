"""A pass over a reference that counts labels against predictions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.batch import Batch
from driftwatch.core.data.declared_outcomes import DeclaredOutcomes
from driftwatch.core.data.outcomes import OutcomeColumns, Task
from driftwatch.core.data.values import number_array
from driftwatch.core.profiles.column_profile import ColumnProfile
from driftwatch.core.profiles.outcomes import Outcomes, OutcomeSpec, own_losses, with_both
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.sketches.ascending import ascending
from driftwatch.core.sketches.grid import Grid
from driftwatch.core.sketches.score_cells import ScoreCells
from driftwatch.errors import ConfigError
from driftwatch.profiling.outcome_columns import shown_classes
from driftwatch.profiling.rows import Progress, batches_in

__all__ = ["measure_outcomes", "with_derived", "with_saved_outcomes"]

_FINE = 4_096
_KEPT = 1_021
"""Cut points that do not depend on where the reference has its scores: where production has them
somewhere else, these are what its AUC comes from."""
_MOST_ATOMS = 500
_ATOM = 1 / 2_000
Floats = NDArray[np.float64]


def measure_outcomes(
    profile: Profile,
    data: Any,
    columns: OutcomeColumns,
    declared: DeclaredOutcomes,
    /,
    *,
    progress: Progress | None = None,
) -> None:
    """Read the data again and count labels against predictions, for a reference.

    Scores are counted in fine cells first; the cells of the reference are chosen of these by the
    scores of either class. Columns of errors are added to the profile.

    Args:
        profile: Profile of the same data.
        data: The data, or its paths.
        columns: Which columns to read.
        declared: What the caller said, own losses among it.
        progress: Called after every batch.

    Raises:
        ConfigError: If a loss of the caller's fails.
    """
    label = profile[columns.label].numbers
    centre = label.moments.mean if label is not None and label.count else 0.0
    regression = columns.task is Task.REGRESSION and np.isfinite(centre)
    centre = float(f"{centre:.6g}") if regression else 0.0  # as it comes, however rows are cut
    fine: Outcomes | None = None
    spreads: list[Floats] = []
    derived: list[ColumnProfile] = []
    for batch in batches_in(data, set(columns.names)):
        if fine is None:
            columns = _checked_lists(columns, batch)
            derived = [
                ColumnProfile.empty(column, profile.k, profile.config)
                for column in columns.derived_columns()
            ]
            grids, spreads = _fine_grids(profile, columns, batch)
            fine = Outcomes(OutcomeSpec(columns, grids, centre, declared.metrics))
            _try_losses(fine.spec, batch)
        rows = columns.read(batch)
        fine.update(rows)
        for column, values in zip(derived, columns.derived(rows), strict=True):
            column.update(number_array(values), profile.guard)
        if progress is not None:
            progress(batch.rows, batch.size_bytes)
    if fine is None:
        return
    for column in derived:
        if column.column.name in profile.columns:
            raise ConfigError(f"the data have a column {column.column.name!r}; rename it")
        profile.columns[column.column.name] = column
        profile.seen.add(column.column.name, column.column.dtype)
    few = columns.task is Task.BINARY
    grids = tuple(
        _chosen(cells, spread, few=few) for cells, spread in zip(fine.cells, spreads, strict=True)
    )
    counted = fine.on_grids(grids)
    profile.outcome_spec = counted.spec
    profile.outcomes = {counted.spec.id: counted}


def with_saved_outcomes(saved: Profile, declared: DeclaredOutcomes, /) -> Profile:
    """A saved profile whose outcomes are what the caller declares.

    Raises:
        ConfigError: If it was made without outcomes, or with others.
    """
    spec = saved.outcome_spec
    if declared.is_empty:
        return saved
    known = None if spec is None else spec.columns
    if known is None and declared.label and (declared.prediction or declared.scores):
        raise ConfigError(
            "this saved profile was made without labels, and their rows are not in it; make it "
            "anew with `driftwatch profile --prediction COLUMN --label COLUMN`",
            code="DW046",
        )
    for what, asked, there in (
        ("prediction", declared.prediction, known and known.prediction),
        ("label", declared.label, known and known.label),
        ("positive", declared.positive, known and known.classes[-1:]),
        ("task", declared.task, known and known.task),
        ("metrics", tuple(sorted(declared.metrics)), spec and tuple(sorted(spec.own))),
        ("score", declared.scores, known and known.scores),
    ):
        same = there is not None and there in (asked, (asked,))
        if asked and not same and (known is not None or what in ("positive", "task", "metrics")):
            raise ConfigError(
                f"{what}={asked!r} needs the rows of the reference, and this is a saved profile "
                f"{'without' if there is None else f'with {there!r}'}; make it anew with "
                "`driftwatch profile --prediction COLUMN --label COLUMN`",
                code="DW046",
            )
    if spec is None or not declared.metrics:
        return saved
    return saved.with_outcome_spec(spec.with_own(declared.metrics))


def with_derived(batch: Batch, columns: OutcomeColumns, /) -> Batch:
    """A batch with the columns that are computed from labels and predictions."""
    values = columns.derived(columns.read(batch))
    more = zip(columns.derived_columns(), map(number_array, values), strict=True)
    return replace(batch, arrays={**batch.arrays, **{c.name: array for c, array in more}})


def _checked_lists(columns: OutcomeColumns, batch: Batch) -> OutcomeColumns:
    """Whether scores in lists are probabilities is seen in the first rows."""
    if not columns.in_list:
        return columns
    scores = columns.read(batch).scores
    known = np.empty(0) if scores is None else scores[np.isfinite(scores)]
    if not known.size and batch.rows:
        raise ConfigError(
            f"score {columns.scores[0]!r} must hold lists of {len(columns.classes)} numbers, one "
            f"for each class ({shown_classes(columns.classes)})",
            code="DW091",
        )
    inside = bool(((known >= 0) & (known <= 1)).all())
    return replace(columns, probabilities=inside)


def _try_losses(spec: OutcomeSpec, batch: Batch) -> None:
    """Call the caller's losses once, so that what is wrong with them is said at the start."""
    arrays = {name: array.slice(0, 1_000) for name, array in batch.arrays.items()}
    rows = with_both(spec.columns, spec.columns.read(Batch(min(batch.rows, 1_000), arrays)))
    for name, function in spec.own.items():
        if function is None or rows is None:
            raise ConfigError(f"metrics: {name!r} needs predictions", code="DW092")
        try:
            if rows.usable.size:
                own_losses(name, function, rows)
        except ConfigError:
            raise
        except Exception as error:
            raise ConfigError(f"metrics: {name!r} failed: {error}", code="DW092") from error


def _fine_grids(
    profile: Profile, columns: OutcomeColumns, batch: Batch
) -> tuple[tuple[Grid, ...], list[Floats]]:
    """Fine cells for the scores, of which those of the reference are chosen.

    They depend on the data alone, and on nothing that is random, as quantile sketches are: whoever
    reads the same reference anew gets the same cells, and counts go on adding up.
    """
    if not columns.scores:
        return (), []
    scores = columns.read(batch).scores
    assert scores is not None  # noqa: S101 - there are columns of scores
    grids, spreads = [], []
    for place in range(scores.shape[1]):
        numbers = None if columns.in_list else profile[columns.scores[place]].numbers
        known = scores[np.isfinite(scores[:, place]), place]
        ends = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
        if numbers is not None and numbers.count:
            ends = numbers.moments.minimum, numbers.moments.maximum
        atoms = _atoms(known)
        with np.errstate(over="ignore"):
            below = np.nextafter(atoms, -np.inf)
        spread = _spread(columns, *ends)
        every = ascending(_between(*ends), _logits(columns, ends), spread, atoms, below)
        grids.append(Grid(every[np.isfinite(every)]))
        spreads.append(spread)
    return tuple(grids), spreads


def _atoms(values: Floats) -> Floats:
    """Values that repeat and hold one row of 2,000, the most frequent 500 of them."""
    distinct, counts = np.unique(values + 0.0, return_counts=True)
    heavy = counts >= max(2, _ATOM * values.size)
    distinct, counts = distinct[heavy], counts[heavy]
    most: Floats = distinct[np.argsort(-counts, kind="stable")[:_MOST_ATOMS]]
    return most


def _between(low: float, high: float) -> Floats:
    """Points equally far apart."""
    return np.linspace(low, high, _FINE)


def _logits(columns: OutcomeColumns, ends: tuple[float, float]) -> Floats:
    """Of probabilities points equally far apart on the logit's scale; of others by magnitude."""
    low, high = ends
    if columns.probabilities:
        inside = np.clip(ends, 1e-7, 1 - 1e-7)
        first, last = (np.log(inside) - np.log1p(-inside)).tolist()
        return 1 / (1 + np.exp(-np.linspace(first, last, _FINE)))
    sizes = max(abs(low), abs(high), 1e-300) * 2.0 ** -np.linspace(0, 32, _FINE // 2)
    return np.concatenate((-sizes, sizes))


def _spread(columns: OutcomeColumns, low: float, high: float) -> Floats:
    """A few cut points over all that scores may ever be, which the reference keeps."""
    if columns.probabilities:
        return 1 / (1 + np.exp(-np.linspace(-16, 16, _KEPT)))
    width = max(high - low, abs(high) * 1e-9, 1e-300)
    with np.errstate(over="ignore"):
        return low + width / 2 + width * np.sinh(np.linspace(-8, 8, _KEPT))


def _chosen(cells: ScoreCells, spread: Floats, *, few: bool) -> Grid:
    """Of fine cells those that a reference keeps: quantiles of all scores and of either class.

    Args:
        cells: Counts in the fine cells.
        spread: Edges that do not depend on where the scores lie.
        few: Whether there is one score, which may take some 1,800 cells, or one a class.
    """
    edges, weights = cells.grid.edges, cells.in_cells()
    share = 250 if few else 60
    kept = np.zeros(edges.size, dtype=bool)
    for counts in (weights.sum(axis=1), weights[:, 0], weights[:, 1]):
        total = counts.sum()
        if total:
            cumulative = np.cumsum(counts)[:-1] / total
            places = np.searchsorted(cumulative, np.arange(1, share + 1) / (share + 1))
            kept[np.minimum(places, edges.size - 1)] = True
    single = cells.grid.single_values
    # A value that does not repeat is no atom, however few rows there are.
    least = max(_ATOM, 1.5 / max(1, int(cells.rows.sum()))) * weights.sum()
    heavy = np.flatnonzero(single[:-1] & (weights[:-1].sum(axis=1) >= least))
    kept[heavy], kept[np.maximum(heavy - 1, 0)] = True, True
    kept[np.isin(edges, spread if few else spread[::16])] = True
    return Grid(edges[kept])
