"""Data or a saved profile -> a reference, with everything that was asked of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.data.schema import COMPUTED, Role, Schema
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.sketches.sizes import SketchConfig
from driftwatch.errors import ConfigError
from driftwatch.profiling.build import load_profile, profile_data, profile_like
from driftwatch.profiling.files import DataFiles, find_files
from driftwatch.profiling.hash_keys import HashKey
from driftwatch.profiling.outcomes import with_saved_outcomes
from driftwatch.profiling.rows import DerivedData, Progress, column_names, is_path, located
from driftwatch.profiling.second_pass import count_panes, measure_dependence

__all__ = [
    "ReferenceOptions",
    "build_reference",
    "is_saved",
    "located",
    "production_profile",
    "saved_profile",
    "saved_reference",
]


@dataclass(frozen=True, slots=True)
class ReferenceOptions:
    """What is to be known of a reference.

    Attributes:
        columns: What the caller says of the columns.
        config: Sizes of the sketches.
        hash_key: Key of hashed columns; the public one if None. A `Profile` brings its own, unless
            the caller has given one.
        pane: Length of the panes to count, for its natural variability: a time, or a number
            of rows.
        multivariate: Whether to measure how columns depend on each other, or which.
    """

    columns: DeclaredColumns = field(default_factory=DeclaredColumns)
    config: SketchConfig | None = None
    hash_key: HashKey | bytes | None = None
    pane: timedelta | int | None = None
    multivariate: bool | tuple[str, ...] | None = False

    def check_key(self, columns: Schema, /) -> None:
        """Do nothing, or say that others need the key of hashed columns, too.

        Raises:
            ConfigError: If nobody has chosen it.
        """
        if isinstance(self.hash_key, HashKey):
            self.hash_key.check(columns)


def build_reference(
    data: Any, options: ReferenceOptions, /, *, progress: Progress | None = None
) -> Reference:
    """Read a reference.

    Raises:
        ConfigError: If panes or dependence are asked of a saved profile that lacks them, or a
            collector's columns are hashed with a key that nobody has chosen.
        DataError: If the data cannot be read.
        UnknownColumnError: If a named column is not in the data.
    """
    data = located(data)
    saved = saved_reference(data, options.hash_key)
    if saved is not None:
        saved = _with_options(saved, options)
        options.check_key(saved.schema)
        return Reference(saved)
    profile = profile_data(
        data,
        options.columns,
        config=options.config,
        reference=True,
        guard=_guard(options.hash_key),
        progress=progress,
    )
    if isinstance(data, DerivedData):
        columns = profile.schema
        profile = profile.with_schema(
            Schema(tuple(replace(c, note=COMPUTED) if c.name in data.adds else c for c in columns))
        )
    options.check_key(profile.schema)
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


def names_in(files: DataFiles, /) -> Collection[str]:
    """Names of the columns of files, or of the profile that they are.

    Raises:
        DataError: If they cannot be read.
    """
    saved = saved_reference(files, None) if files.format == "profile" else None
    return column_names(files) if saved is None else saved.columns.keys()


def saved_reference(data: Any, hash_key: HashKey | bytes | None, /) -> Profile | None:
    """The profile that is a reference; None if it is rows.

    Columns that were hashed with another key are set aside. A `Profile` that was made in this
    process brings its own key, unless the caller has given one.
    """
    chosen = isinstance(hash_key, bytes) or (hash_key is not None and hash_key.is_given)
    if isinstance(data, Profile) and not chosen:
        return data
    return saved_profile(data, _guard(hash_key), any_key=True)


def saved_profile(data: Any, guard: ValueGuard, /, *, any_key: bool = False) -> Profile | None:
    """The profile that `data` is, or that its path leads to; None if it is rows.

    Args:
        data: A profile, its bytes, its path, or rows.
        guard: The key of hashed columns.
        any_key: Whether columns that were hashed with another key are set aside.

    Raises:
        DataError: If a file is no sound profile.
        HashKeyError: If columns were hashed with another key, and are not to be set aside.
        ProfileFormatError: If the bytes are no sound profile.
    """
    if isinstance(data, Profile):
        return data.for_key(guard) if any_key else data
    if isinstance(data, bytes):
        return Profile.from_bytes(data, guard=guard, any_key=any_key)
    if is_saved(data := located(data)):
        return load_profile(find_files(data), guard=guard, any_key=any_key)
    return None


def _guard(hash_key: HashKey | bytes | None) -> ValueGuard:
    return hash_key.guard if isinstance(hash_key, HashKey) else ValueGuard.of(hash_key)


def is_saved(data: Any, /) -> bool:
    """Whether data is a saved profile, or its path, which is not read for that."""
    if isinstance(data, Profile | bytes):
        return True
    return is_path(data) and find_files(data).format == "profile"


def production_profile(
    reference: Reference, data: Any, progress: Progress | None = None, /
) -> Profile:
    """Sketch production data for a reference; what a profile leaves open is read as there.

    Columns of a profile that were hashed with another key are set aside.

    Raises:
        DataError: If the data cannot be read.
    """
    data = located(data)
    profile = saved_profile(data, reference.profile.guard, any_key=True)
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
                f"without; make it with `driftwatch profile {how}`",
                code="DW046",
            )
    declared = options.columns
    for column in saved.schema if declared.missing_words is not None else ():
        if column.missing_words != declared.missing_words_of(column.name):
            raise ConfigError(
                f"missing_words: column {column.name!r} was profiled with other words, and its "
                "rows are not kept; make the profile again with these",
                code="DW046",
            )
    for name, kind in declared.kinds.items():
        if saved.schema[name].kind is not kind:
            raise ConfigError(
                f"kinds: column {name!r} was profiled as {saved.schema[name].kind}, and its rows "
                "are not kept; make the profile again with the other kind",
                code="DW046",
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
    raise ConfigError(
        "pane needs a time column; name it with roles={'COLUMN': 'time'}", code="DW024"
    )
