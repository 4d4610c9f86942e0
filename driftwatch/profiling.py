"""Data of any kind -> a profile: batches read ahead, columns sketched on all cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from driftwatch.core.batch import Batch, batches_of, table_of
from driftwatch.core.config import SketchConfig
from driftwatch.core.inference import infer_schema
from driftwatch.core.panes import PaneCounts
from driftwatch.core.privacy import ValueGuard
from driftwatch.core.profile import Profile
from driftwatch.core.reference import Reference
from driftwatch.core.schema import Role, Schema
from driftwatch.core.scores import ScoreSpec
from driftwatch.core.sketches.cross import FourthMoments
from driftwatch.errors import ConfigError, DataError, UnknownColumnError
from driftwatch.files import DataFiles, find_files

__all__ = [
    "DataSlice",
    "Progress",
    "count_panes",
    "count_rows",
    "is_path",
    "load_profile",
    "measure_dependence",
    "profile_data",
    "profile_like",
    "read_batches",
]

Progress = Callable[[int, int], None]
"""Called after every batch with the rows and the bytes of the source it took."""

MAX_SCORES = 128
"""Scores whose products are summed: 64 numeric columns, or some 25 categorical ones."""
_INFERENCE_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class DataSlice:
    """Some rows of a data set, in its order.

    Attributes:
        data: The data, or its paths.
        start: First row.
        stop: The row after the last; None for all that follow.
    """

    data: Any
    start: int = 0
    stop: int | None = None


def count_rows(data: Any, /) -> int:
    """How many rows there are; reads the files where their format does not say."""
    if not is_path(data):
        return int(table_of(data).num_rows)
    return sum(batch.rows for batch in find_files(data).batches(frozenset()))


def read_batches(data: Any, wanted: Collection[str] | None = None, /) -> Generator[Batch]:
    """Read a data set, or a slice of it, batch by batch.

    Args:
        data: As for `profile_data`, or a `DataSlice`.
        wanted: Columns to read, where the format allows to read only some.

    Raises:
        DataError: If it cannot be read.
    """
    if isinstance(data, DataSlice):
        return _sliced(data, wanted)
    return _batches(data, None if wanted is None else set(wanted))


def is_path(data: object, /) -> bool:
    """Whether data is given by a path, or by several."""
    if isinstance(data, str | Path):
        return True
    return isinstance(data, list | tuple) and bool(data) and all(map(is_path, data))


def profile_data(
    data: Any,
    /,
    *,
    features: Collection[str] | None = None,
    roles: Mapping[str, Role] | None = None,
    schema: Schema | None = None,
    config: SketchConfig | None = None,
    reference: bool = False,
    guard: ValueGuard | None = None,
    progress: Progress | None = None,
) -> Profile:
    """Sketch a data set whose columns are not known beforehand.

    Args:
        data: pandas or polars data frame, pyarrow table, dict of arrays, list of records,
            or paths of parquet, CSV or JSON-lines files.
        features: Columns to keep; all of them if not given. Columns that are named are
            tested, whatever they look like.
        roles: Roles declared by the caller.
        schema: Columns declared by the caller; the rest is inferred.
        config: Sizes of the sketches.
        reference: Whether to sketch as finely as a reference should be.
        guard: What may be kept of category values.
        progress: Called after every batch.

    Raises:
        DataError: If the data cannot be read.
        UnknownColumnError: If a feature or a column with a role is not in the data.
    """
    config = config or SketchConfig()
    batches = _batches(data, None if features is None else {*features, *(roles or {})})
    try:
        first, batches = _first_rows(batches)
        found = _schema(first, features, roles or {}, schema)
        k = config.reference_k if reference else config.k
        profile = Profile(found, config=config, k=k, guard=guard)
        _feed(profile, batches, progress)
    finally:
        batches.close()
    return profile


def profile_like(
    reference: Reference, data: Any, /, *, progress: Progress | None = None
) -> Profile:
    """Sketch production data in the columns and cells of a reference.

    Raises:
        DataError: If the data cannot be read.
    """
    profile = reference.new_profile()
    batches = _batches(data, set(profile.columns))
    try:
        _feed(profile, batches, progress)
    finally:
        batches.close()
    return profile


def count_panes(
    profile: Profile, data: Any, /, *, time: str, width: int, progress: Progress | None = None
) -> None:
    """Read the data again and keep its counts by pane of time, in the profile's cells.

    Args:
        profile: Profile of the same data.
        data: The data, or its paths.
        time: Name of the time column; empty to cut by rows.
        width: Seconds, or rows, of a pane.
        progress: Called after every batch.

    Raises:
        ConfigError: If the column holds values that are no times.
        UnknownColumnError: If the data has no such column.
    """
    if time and time not in profile.columns:
        raise UnknownColumnError(time, profile.columns, "the data")
    frame = Reference(profile).frame
    tested = {c.name: c for c in profile.schema if c.role.is_tested}
    cells = {n: g for n, g in frame.grids.items() if n in tested}
    words = {n: d for n, d in frame.dictionaries.items() if n in tested}
    panes = PaneCounts(time, width, {**cells, **words})
    batches = _batches(data, {time, *panes.cells} - {""})
    for batch in batches:
        if batch.rows:
            panes.update(batch, tested, profile.guard)
        if progress is not None:
            progress(batch.rows, batch.size_bytes)
    profile.panes = panes


def measure_dependence(
    profile: Profile,
    data: Any,
    /,
    *,
    columns: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> tuple[str, ...]:
    """Read the data again and measure how its columns depend on each other.

    Args:
        profile: Profile of the same data, to be a reference.
        data: The data, or its paths.
        columns: Columns to measure; the tested ones if not given, in their order, until
            there are too many for the state to stay small.
        progress: Called after every batch.

    Returns:
        The columns that were measured.

    Raises:
        ConfigError: If the columns that were named are too many, or fewer than two.
        UnknownColumnError: If one is not in the profile.
    """
    tested = {c.name: c for c in profile.schema if c.role.is_tested}
    for name in columns or ():
        if name not in tested:
            raise UnknownColumnError(name, tested, "the columns that are tested")
    spec = ScoreSpec.of(profile.columns, list(columns or tested))
    if len(spec.dimensions) > MAX_SCORES and columns:
        raise ConfigError(
            f"{len(columns)} columns make {len(spec.dimensions)} scores; name fewer columns "
            f"for multivariate, {MAX_SCORES} scores are the most"
        )
    while len(spec.dimensions) > MAX_SCORES:
        spec = ScoreSpec.of(profile.columns, spec.columns[:-1])
    if len(spec.columns) < 2:
        raise ConfigError("multivariate drift needs two columns that vary")
    cross = FourthMoments(len(spec.dimensions), spec.id, spec.columns)
    for batch in _batches(data, set(spec.columns)):
        if batch.rows:
            cross.update(spec.scores(batch, tested, profile.guard))
        if progress is not None:
            progress(batch.rows, batch.size_bytes)
    profile.cross = cross
    return spec.columns


def load_profile(files: DataFiles, /, *, guard: ValueGuard | None = None) -> Profile:
    """Read ``.dwp`` files and merge them.

    Raises:
        DataError: If a file cannot be read, or is not a sound profile.
    """
    merged: Profile | None = None
    for path in files.paths:
        try:
            profile = Profile.from_bytes(path.read_bytes(), guard=guard)
            if merged is None:
                merged = profile
            else:
                merged.merge(profile)
        except (OSError, ValueError) as error:
            raise DataError(f"{path}: {error}") from error
    if merged is None:
        raise DataError("no file was named")
    return merged


def _sliced(part: DataSlice, wanted: Collection[str] | None) -> Generator[Batch]:
    position = 0
    yielded = False
    batches = read_batches(part.data, wanted)
    try:
        for batch in batches:
            first = max(part.start - position, 0)
            last = batch.rows if part.stop is None else min(part.stop - position, batch.rows)
            position += batch.rows
            if first == 0 and last == batch.rows:
                yielded = True
                yield batch
            elif first < last:
                yielded = True
                share = (last - first) / batch.rows
                part_of_it = batch.take(np.arange(first, last))
                yield replace(part_of_it, size_bytes=int(batch.size_bytes * share))
            elif not yielded and part.stop is not None and position >= part.stop:
                yield batch.take(np.arange(0))  # no row, but the columns are known
            if part.stop is not None and position >= part.stop:
                return
    finally:
        batches.close()


def _batches(data: Any, wanted: set[str] | None) -> Generator[Batch]:
    if isinstance(data, DataSlice):
        return _sliced(data, wanted)
    if not is_path(data):
        return batches_of(data)
    files = find_files(data)
    if files.format == "profile":
        raise DataError(f"{files.label} is a profile; its rows are not in it any more")
    return files.batches(wanted)


def _first_rows(batches: Generator[Batch]) -> tuple[Batch, Generator[Batch]]:
    """Look at enough rows to know what the columns are, and put them back."""
    taken: list[Batch] = []
    rows = 0
    for batch in batches:
        taken.append(batch)
        rows += batch.rows
        if rows >= _INFERENCE_ROWS:
            break
    if not taken:
        raise DataError("there is no data: no row and no column")

    def again() -> Generator[Batch]:
        yield from taken
        yield from batches

    return _together(taken), again()


def _together(batches: list[Batch]) -> Batch:
    """The first rows as one batch; columns that a batch lacks are absent from its rows."""
    import pyarrow as pa

    arrays: dict[str, Any] = {}
    for name in dict.fromkeys(name for batch in batches for name in batch.arrays):
        pieces = [batch.arrays[name] for batch in batches if name in batch.arrays]
        filled = [piece for piece in pieces if len(piece)] or pieces[:1]
        best = filled[0] if len({str(p.type) for p in filled}) > 1 else pa.concat_arrays(filled)
        arrays[name] = best.slice(0, _INFERENCE_ROWS)
    rows = sum(batch.rows for batch in batches)
    return Batch(rows, arrays, any(batch.untyped for batch in batches))


def _schema(
    first: Batch,
    features: Collection[str] | None,
    roles: Mapping[str, Role],
    declared: Schema | None,
) -> Schema:
    where = "the data"
    for name in [*(features or ()), *roles]:
        if name not in first.arrays:
            raise UnknownColumnError(name, first.arrays, where)
    if features is not None and not features:
        raise ConfigError("features must name at least one column; leave it out to keep all")
    asked = dict.fromkeys(features or (), Role.FEATURE) | dict(roles)
    wanted = first.arrays if features is None else {n: first.arrays[n] for n in asked}
    return infer_schema(wanted, untyped=first.untyped, declared=declared, roles=asked)


def _feed(profile: Profile, batches: Iterable[Batch], progress: Progress | None) -> None:
    """Sketch batch after batch; while one is sketched the next is read."""
    with ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="driftwatch") as pool:
        running: list[Any] = []
        for batch in batches:
            _finish(running)
            running = [pool.submit(task) for task in profile.tasks(batch)]
            if progress is not None:
                progress(batch.rows, batch.size_bytes)
        _finish(running)


def _finish(running: list[Any]) -> None:
    wait(running)
    for future in running:
        future.result()
