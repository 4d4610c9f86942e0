"""What needs the data once more: counts by pane of time, and dependence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from driftwatch.core.data.personal import is_personal
from driftwatch.core.data.schema import Role
from driftwatch.core.profiles.pane_counts import PaneCounts
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.profiles.scores import ScoreSpec
from driftwatch.core.sketches.cross import FourthMoments
from driftwatch.errors import ConfigError, UnknownColumnError, shown
from driftwatch.profiling.outcomes import with_derived
from driftwatch.profiling.rows import Progress, batches_in

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["count_panes", "measure_dependence"]

_LOOKED_AT = 1_000
MAX_SCORES = 128
"""Scores whose products are summed: 64 numeric columns, or some 25 categorical ones."""


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
        ConfigError: If the column holds no times.
        UnknownColumnError: If the data has no such column.
    """
    if time and time not in profile.columns:
        raise UnknownColumnError(time, profile.columns, "the data")
    frame = Reference(profile).frame
    tested = {c.name: c for c in profile.schema if c.role.is_tested}
    cells = {n: g for n, g in frame.grids.items() if n in tested}
    words = {n: d for n, d in frame.dictionaries.items() if n in tested}
    panes = PaneCounts(time, width, {**cells, **words})
    spec = profile.outcome_spec
    wanted = {time, *panes.cells, *(spec.columns.names if spec else ())} - {""}
    odd: str | None = None
    for batch in batches_in(data, wanted):
        if batch.rows:
            if spec is not None:
                batch = with_derived(batch, spec.columns)  # noqa: PLW2901 - the same rows
            panes.update(batch, tested, profile.guard)
            if time and not panes.rows:
                odd = odd or _first_value(time, batch.arrays[time])
        if progress is not None:
            progress(batch.rows, batch.size_bytes)
    if profile.rows and not panes.rows:
        such = "" if odd is None else f", but such as {odd}"
        raise ConfigError(
            f"column {time!r} holds no times{such}; write them like 2026-01-31T12:00:00, or as "
            "seconds since 1970",
            code="DW025",
        )
    profile.panes = panes


def _first_value(name: str, array: pa.Array) -> str | None:
    """The first value of a column, as an error shows it; None where it may be about a person."""
    import pyarrow as pa

    some = [value.as_py() for value in array.slice(0, _LOOKED_AT) if value.is_valid]
    texts = {str(value).encode("utf-8", "replace").decode(): None for value in some}
    if not some or is_personal(name, pa.array([*texts], pa.large_string())):
        return None
    return shown(some[0])


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
    tested = {c.name: c for c in profile.schema if c.role.is_tested and c.role is not Role.ERROR}
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
    for batch in batches_in(data, set(spec.columns)):
        if batch.rows:
            cross.update(spec.scores(batch, tested, profile.guard))
        if progress is not None:
            progress(batch.rows, batch.size_bytes)
    profile.cross = cross
    return spec.columns
