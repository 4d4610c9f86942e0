"""Rows into the sketches of a profile, as work that may be done at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from driftwatch.core.data.batch import Batch
from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.data.schema import Role
from driftwatch.core.data.values import number_array
from driftwatch.core.profiles.column_profile import ColumnProfile
from driftwatch.core.profiles.outcomes import OutcomeSpec
from driftwatch.core.profiles.scores import ScoreSpec
from driftwatch.core.sketches.cross import CrossMoments

if TYPE_CHECKING:
    from driftwatch.core.profiles.profile import Profile

__all__ = ["batch_tasks", "column_tasks", "derived_columns"]

Task = Callable[[], None]


def batch_tasks(profile: Profile, batch: Batch, /) -> list[Task]:
    """The work of a batch of rows, about one function a column; see `Profile.tasks`."""
    profile.rows += batch.rows
    for name, array in batch.arrays.items():
        profile.seen.note(name, array, untyped=batch.untyped)
    if batch.rows:
        profile.panes = None  # counted in a pass of their own, which these rows were not in
        if profile.scores is None:
            profile.cross = None
    derived = derived_columns(profile)
    tasks: list[Task] = [
        partial(_update, column, batch, profile.guard)
        for name, column in profile.columns.items()
        if name not in derived
    ]
    if profile.outcome_spec is not None and batch.rows:
        tasks.insert(0, partial(_count_outcomes, profile, profile.outcome_spec, derived, batch))
    else:
        tasks += [partial(column.update_absent, batch.rows) for column in derived.values()]
    if profile.scores is not None and profile.cross is not None and batch.rows:
        tasks.insert(0, partial(_cross, profile, profile.scores, profile.cross, batch))
    return tasks


def column_tasks(
    profile: Profile, rows: int, read: Callable[[str], Iterable[Batch]], /
) -> dict[str, Task]:
    """The work of many rows as functions, one a column, each of which reads its column.

    No two of them touch the same state, so that they may run at the same time.

    Args:
        profile: Is changed; one that does not look at rows as a whole.
        rows: How many there are.
        read: Gives the batches of a column by its name, together of all the rows; batches of rows
            that lack the column have none.

    Returns:
        By the names of the columns.
    """
    profile.rows += rows
    profile.panes = profile.cross = None
    derived = derived_columns(profile)
    for column in derived.values():
        column.update_absent(rows)
    names = [name for name in profile.columns if name not in derived]
    return {name: partial(_read, profile, name, read) for name in names}


def derived_columns(profile: Profile, /) -> dict[str, ColumnProfile]:
    """Columns that are computed from labels and predictions."""
    if profile.outcome_spec is None:
        return {n: c for n, c in profile.columns.items() if c.column.role is Role.ERROR}
    names = [column.name for column in profile.outcome_spec.columns.derived_columns()]
    return {name: profile.columns[name] for name in names if name in profile.columns}


def _read(profile: Profile, name: str, read: Callable[[str], Iterable[Batch]]) -> None:
    for batch in read(name):
        array = batch.arrays.get(name)
        if array is not None:
            profile.seen.note(name, array, untyped=batch.untyped)
        _update(profile.columns[name], batch, profile.guard)


def _update(column: ColumnProfile, batch: Batch, guard: ValueGuard) -> None:
    array = batch.arrays.get(column.column.name)
    if array is None:
        column.update_absent(batch.rows)
    else:
        column.update(array, guard)


def _count_outcomes(
    profile: Profile, spec: OutcomeSpec, derived: Mapping[str, ColumnProfile], batch: Batch
) -> None:
    rows = spec.columns.read(batch)
    profile.outcomes[spec.id].update(rows)
    labelled = spec.columns.label in batch.arrays
    columns = spec.columns.derived_columns()
    for column, values in zip(columns, spec.columns.derived(rows), strict=True):
        counted = derived.get(column.name)
        if counted is None:
            continue
        counted.update(number_array(values), profile.guard)
        if labelled or column.role is Role.SCORE:
            profile.seen.add(column.name, column.dtype, values.size)


def _cross(profile: Profile, scores: ScoreSpec, cross: CrossMoments, batch: Batch) -> None:
    columns = {name: counted.column for name, counted in profile.columns.items()}
    cross.update(scores.scores(batch, columns, profile.guard))
