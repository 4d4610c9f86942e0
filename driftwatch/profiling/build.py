"""Data of any kind -> a profile: batches read ahead, columns sketched on all cores."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

from driftwatch.core.data.batch import Batch
from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.data.inference import infer_schema
from driftwatch.core.data.mixed import joined
from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.data.schema import Column, Kind, Schema
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.sketches.sizes import SketchConfig
from driftwatch.errors import DataError, MergeError
from driftwatch.profiling.feeding import feed, feed_columns
from driftwatch.profiling.files import DataFiles, find_files
from driftwatch.profiling.opened import Source
from driftwatch.profiling.outcome_columns import outcome_columns
from driftwatch.profiling.outcomes import measure_outcomes
from driftwatch.profiling.parquet_columns import ParquetColumns
from driftwatch.profiling.row_sample import ColumnSample, RowSample
from driftwatch.profiling.rows import DerivedData, Progress, batches_in, is_path, located

__all__ = ["load_profile", "profile_data", "profile_like"]


_INFERENCE_ROWS = 65_536


def profile_data(
    data: Any,
    declared: DeclaredColumns | None = None,
    /,
    *,
    config: SketchConfig | None = None,
    reference: bool = False,
    guard: ValueGuard | None = None,
    progress: Progress | None = None,
) -> Profile:
    """Sketch a data set whose columns are not known beforehand.

    Args:
        data: pandas or polars data frame, pyarrow table, dict of arrays, list of records,
            or paths or URLs of parquet, CSV or JSON-lines files.
        declared: What is known of the columns; the rest is inferred.
        config: Sizes of the sketches.
        reference: Whether to sketch as finely as a reference should be.
        guard: What may be kept of category values.
        progress: Called after every batch.

    Where there are labels, and predictions or scores, their columns are read once more to count
    them against each other.

    Raises:
        ConfigError: If labels and predictions do not go together.
        DataError: If the data cannot be read.
        UnknownColumnError: If a feature or a column with a role is not in the data.
    """
    config, declared = config or SketchConfig(), declared or DeclaredColumns()
    data = located(data)
    wanted = None if declared.features is None else set(declared.asked_roles)

    def inferred(first: Batch) -> Profile:
        kept = {name: first.arrays[name] for name in declared.kept(list(first.arrays))}
        columns = declared.applied(infer_schema(kept, declared, untyped=first.untyped))
        k = config.reference_k if reference else config.k
        return Profile(columns, config=config, k=k, guard=guard)

    columns = _columns_of(data)
    if columns is not None:
        profile, sample = _by_column(columns, wanted, inferred, progress)
    else:
        profile, sample = _by_batch(batches_in(data, wanted), inferred, progress)
    if sample is not None and not isinstance(data, DerivedData):
        _revise(profile, data, declared, sample)
    outcomes = outcome_columns(profile, declared.outcomes)
    if outcomes is not None:
        measure_outcomes(profile, data, outcomes, declared.outcomes)
    return profile


def profile_like(
    reference: Reference, data: Any, /, *, progress: Progress | None = None
) -> Profile:
    """Sketch production data in the columns and cells of a reference.

    Raises:
        DataError: If the data cannot be read.
    """
    profile = reference.new_profile()
    _fill(profile, data, progress)
    return profile


def load_profile(
    files: DataFiles, /, *, guard: ValueGuard | None = None, any_key: bool = False
) -> Profile:
    """Read ``.dwp`` files and merge them.

    Args:
        files: The files.
        guard: The key of hashed columns.
        any_key: Whether columns that were hashed with another key are set aside.

    Raises:
        DataError: If a file cannot be read, or is not a sound profile.
    """
    merged: Profile | None = None
    earlier: list[Source] = []
    for path, body in files.bodies():
        try:
            profile = Profile.from_bytes(body, guard=guard, any_key=any_key)
            if merged is None:
                merged = profile
            else:
                merged.merge(profile)
        except MergeError as error:
            parts = f"{earlier[0]}{f' and {len(earlier) - 1} more' if len(earlier) > 1 else ''}"
            raise DataError(
                f"{path} does not go together with {parts}: {error}", code="DW017"
            ) from error
        except ValueError as error:
            raise DataError(f"{path}: {error}") from error
        earlier.append(path)
    if merged is None:
        raise DataError("no file was named", code="DW011")
    return merged


_Inferred = Callable[[Batch], Profile]
"""Makes the profile of columns, of which some rows are given."""


def _fill(profile: Profile, data: Any, progress: Progress | None) -> None:
    """Sketch all rows of a data set in the columns that a profile has."""
    columns = None if profile.reads_rows_whole else _columns_of(data)
    if columns is not None:
        with columns:
            feed_columns(profile, columns, progress)
        return
    batches = batches_in(data, set(profile.columns))
    try:
        feed(profile, batches, progress)
    finally:
        batches.close()


def _columns_of(data: Any) -> ParquetColumns | None:
    """The columns of files that are better read one by one."""
    return ParquetColumns.of(find_files(data)) if is_path(data) else None


def _by_column(
    columns: ParquetColumns,
    wanted: set[str] | None,
    inferred: _Inferred,
    progress: Progress | None,
) -> tuple[Profile, Batch | None]:
    """Sketch files column by column; the profile, and rows from everywhere in them."""
    with columns:
        sample = RowSample()
        for batch in columns.first_rows(_INFERENCE_ROWS, wanted):
            sample.add(batch)
        profile = inferred(sample.together())
        everywhere = ColumnSample(columns.rows, len(profile.columns))
        feed_columns(profile, columns, progress, everywhere)
    return profile, everywhere.together()


def _by_batch(
    batches: Generator[Batch], inferred: _Inferred, progress: Progress | None
) -> tuple[Profile, Batch | None]:
    """Sketch batch after batch; rows from everywhere are None where all have been looked at."""
    try:
        sample, batches = _first_rows(batches)
        first, looked_at = sample.together(), sample.seen
        profile = inferred(first)
        feed(profile, batches, progress)
    finally:
        batches.close()
    return profile, sample.together() if sample.seen > looked_at else None


def _first_rows(batches: Generator[Batch]) -> tuple[RowSample, Generator[Batch]]:
    """Look at enough rows to know what the columns are, and put them back.

    Returns:
        A sample of them, to which the rows that follow are added as they are read; all batches.
    """
    sample = RowSample()
    taken: list[Batch] = []
    for batch in sample.watching(batches):
        taken.append(batch)
        if sample.seen >= _INFERENCE_ROWS:
            break
    if not taken:
        raise DataError("there is no data: no row and no column")

    def again() -> Generator[Batch]:
        yield from taken
        yield from sample.watching(batches)

    return sample, again()


def _revise(profile: Profile, data: Any, declared: DeclaredColumns, sample: Batch) -> None:
    """Sketch the columns again that are something else than their first rows say.

    Args:
        profile: Is changed.
        data: Is read once more where a column must be sketched again.
        declared: What is known of the columns.
        sample: Rows from everywhere in the data.
    """
    arrays = {name: sample.arrays[name] for name in profile.columns if name in sample.arrays}
    # Values that are so few that none is in the sample make a column none without values.
    rare = [n for n, p in profile.columns.items() if p.column.kind is Kind.EMPTY and p.count]
    arrays |= _values_of(data, rare)
    found = declared.applied(infer_schema(arrays, declared, untyped=sample.untyped))
    others = [
        column for column in found if _is_another(profile.columns[column.name].column, column)
    ]
    if not others:
        return
    again = Profile(Schema(tuple(others)), config=profile.config, k=profile.k, guard=profile.guard)
    _fill(again, data, None)
    profile.columns.update(again.columns)


def _values_of(data: Any, names: Sequence[str]) -> dict[str, Any]:
    """The first values of columns that have few; reads the data once more if there are such."""
    if not names:
        return {}
    sample: dict[str, list[Any]] = {name: [] for name in names}
    batches = batches_in(data, set(names))
    try:
        for batch in batches:
            for name in names:
                if name in batch.arrays and sum(map(len, sample[name])) < _INFERENCE_ROWS:
                    sample[name].append(batch.arrays[name].drop_null())
    finally:
        batches.close()
    return {name: joined(parts) for name, parts in sample.items() if parts}


def _is_another(before: Column, now: Column) -> bool:
    """Whether a column is something else than was thought, or holds what may not be kept."""
    return (before.kind, before.role, before.values) != (now.kind, now.role, now.values)
