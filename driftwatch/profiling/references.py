"""Data or a saved profile -> a reference, with everything that was asked of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.data.privacy import ValueGuard, hash_key
from driftwatch.core.data.schema import COMPUTED, Role, Schema, ValuePolicy
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.sketches.sizes import SketchConfig
from driftwatch.errors import ConfigError
from driftwatch.profiling.build import load_profile, profile_data, profile_like
from driftwatch.profiling.files import find_files
from driftwatch.profiling.outcomes import with_saved_outcomes
from driftwatch.profiling.rows import DerivedData, Progress, is_path, located
from driftwatch.profiling.second_pass import count_panes, measure_dependence

__all__ = [
    "ReferenceOptions",
    "build_reference",
    "is_saved",
    "located",
    "production_profile",
    "saved_profile",
]


@dataclass(frozen=True, slots=True)
class ReferenceOptions:
    """What is to be known of a reference.

    Attributes:
        columns: What the caller says of the columns.
        config: Sizes of the sketches.
        hash_key: Key of hashed columns.
        pane: Length of the panes to count, for its natural variability: a time, or a number
            of rows.
        multivariate: Whether to measure how columns depend on each other, or which.
    """

    columns: DeclaredColumns = field(default_factory=DeclaredColumns)
    config: SketchConfig | None = None
    hash_key: bytes | None = None
    pane: timedelta | int | None = None
    multivariate: bool | tuple[str, ...] | None = False

    @staticmethod
    def key_for(data: Any, given: bytes | None, /) -> bytes | None:
        """The hash key for data: the one given, or ``$DRIFTWATCH_HASH_KEY``.

        A `Profile` has its own, which goes before that of the environment.
        """
        return hash_key() if given is None and not isinstance(data, Profile) else given


def build_reference(
    data: Any, options: ReferenceOptions, /, *, progress: Progress | None = None
) -> Reference:
    """Read a reference.

    Raises:
        ConfigError: If panes or dependence are asked of a saved profile that lacks them.
        DataError: If the data cannot be read.
        UnknownColumnError: If a named column is not in the data.
    """
    data = located(data)
    saved = saved_profile(data, options.hash_key)
    if saved is not None:
        return Reference(_with_options(saved, options))
    profile = profile_data(
        data,
        options.columns,
        config=options.config,
        reference=True,
        guard=ValueGuard.of(options.hash_key),
        progress=progress,
    )
    if isinstance(data, DerivedData):
        columns = profile.schema
        profile = profile.with_schema(
            Schema(tuple(replace(c, note=COMPUTED) if c.name in data.adds else c for c in columns))
        )
    if options.pane is not None:
        if isinstance(options.pane, int):
            count_panes(profile, data, time="", width=options.pane)
        else:
            width = int(options.pane.total_seconds())
            count_panes(profile, data, time=_time_column(profile.schema), width=width)
    if options.multivariate:
        named = options.multivariate if isinstance(options.multivariate, tuple) else None
        measure_dependence(profile, data, columns=named)
    return Reference(profile)


def saved_profile(data: Any, hash_key: bytes | None, /) -> Profile | None:
    """The profile that `data` is, or that its path leads to; None if it is rows."""
    if isinstance(data, Profile):
        hashed = any(column.values is ValuePolicy.HASHED for column in data.schema)
        if hashed and hash_key is not None and data.guard.key_id != ValueGuard(hash_key).key_id:
            raise ConfigError(
                "the profile has columns hashed with another key; give the key it was made with"
            )
        return data
    if isinstance(data, bytes):
        return Profile.from_bytes(data, guard=ValueGuard.of(hash_key))
    if is_saved(data := located(data)):
        return load_profile(find_files(data), guard=ValueGuard.of(hash_key))
    return None


def is_saved(data: Any, /) -> bool:
    """Whether data is a saved profile, or its path, which is not read for that."""
    if isinstance(data, Profile | bytes):
        return True
    return is_path(data) and find_files(data).format == "profile"


def production_profile(
    reference: Reference, data: Any, progress: Progress | None = None, /
) -> Profile:
    """Sketch production data for a reference; what a profile leaves open is read as there.

    Raises:
        DataError: If the data cannot be read.
    """
    data = located(data)
    profile = saved_profile(data, reference.profile.guard.key)
    if profile is None:
        return profile_like(reference, data, progress=progress)
    return profile.read_as(reference.schema)


def _with_options(saved: Profile, options: ReferenceOptions) -> Profile:
    for asked, there, option, how in (
        (options.pane, saved.panes, "pane", "--time COLUMN --pane LENGTH"),
        (options.multivariate, saved.cross, "multivariate", "--multivariate"),
    ):
        if asked and there is None:
            raise ConfigError(
                f"{option} needs the rows of the reference, and this is a saved profile "
                f"without; make it with `driftwatch profile {how}`"
            )
    declared = options.columns
    for column in saved.schema if declared.missing_words is not None else ():
        if column.missing_words != declared.missing_words_of(column.name):
            raise ConfigError(
                f"missing_words: column {column.name!r} was profiled with other words, and its "
                "rows are not kept; make the profile again with these"
            )
    for name, kind in declared.kinds.items():
        if saved.schema[name].kind is not kind:
            raise ConfigError(
                f"kinds: column {name!r} was profiled as {saved.schema[name].kind}, and its rows "
                "are not kept; make the profile again with the other kind"
            )
    names = [name for name in saved.columns if saved.schema[name].role is not Role.ERROR]
    wanted = [*declared.kept(names), *(name for name in saved.columns if name not in names)]
    saved = saved.select(wanted).with_roles(declared.asked_roles)
    saved = saved.with_schema(declared.applied(saved.schema))
    return with_saved_outcomes(saved, declared.outcomes)


def _time_column(schema: Schema) -> str:
    for column in schema:
        if column.role is Role.TIME:
            return column.name
    raise ConfigError("pane needs a time column; name it with roles={'COLUMN': 'time'}")
