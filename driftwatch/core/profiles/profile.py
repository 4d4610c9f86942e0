"""The sketches of a set of rows: the whole state of DriftWatch, mergeable and small."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from driftwatch.core.data.batch import Batch
from driftwatch.core.data.frames import Library, as_frame
from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.data.privacy import hash_key as key_of_environment
from driftwatch.core.data.schema import Kind, Role, Schema
from driftwatch.core.profiles import agreement, feeding
from driftwatch.core.profiles.codec import LOCAL_LIMIT, decode, encode
from driftwatch.core.profiles.column_profile import ColumnProfile
from driftwatch.core.profiles.description import description_of
from driftwatch.core.profiles.frame import Frame
from driftwatch.core.profiles.hidden_columns import (
    check_key,
    key_id_of,
    leave_hashed,
)
from driftwatch.core.profiles.measures import check_mergeable, instant, merge_measures
from driftwatch.core.profiles.outcomes import Outcomes, OutcomeSpec
from driftwatch.core.profiles.pane_counts import PaneCounts
from driftwatch.core.profiles.schema_table import MAX_COLUMNS, columns_in, read_table
from driftwatch.core.profiles.seen_types import SeenTypes
from driftwatch.core.profiles.stored_form import fill, sections_of
from driftwatch.core.reports.presentation import presentation
from driftwatch.core.reports.report import Period
from driftwatch.core.sketches.cross import CrossMoments
from driftwatch.core.sketches.sizes import SketchConfig
from driftwatch.errors import MISREAD, ConfigError, ProfileFormatError, SchemaError
from driftwatch.logs.lines import shown_repr

__all__ = ["Profile", "merged"]


class Profile:
    """Sketches of every column of some rows.

    A profile is updated batch by batch, merged with others of the same configuration, and
    saved in some kilobytes a column. No row is kept. Merging is associative and
    commutative: counts, range and content hash are exact in any order, quantiles
    stay within the stated error.

    Args:
        schema: The columns.
        config: Sizes of the sketches.
        k: KLL parameter; ``config.k`` if not given, ``config.reference_k`` for references.
        frame: A reference's grids and dictionaries, for profiles to be compared with it.
        guard: What may be kept of category values.

    Example:
        >>> from driftwatch.core.data.batch import batches_of
        >>> from driftwatch.core.data.schema import Column, Kind, Schema
        >>> profile = Profile(Schema((Column("age", Kind.NUMERIC),)))
        >>> for batch in batches_of({"age": [31, 44, 27]}):
        ...     profile.update(batch)
        >>> profile.rows, profile["age"].numbers.moments.mean
        (3, 34.0)
        >>> Profile.from_bytes(profile.to_bytes()).content_hash == profile.content_hash
        True
    """

    __slots__ = (
        "columns",
        "config",
        "cross",
        "guard",
        "k",
        "outcome_spec",
        "outcomes",
        "panes",
        "rows",
        "scores",
        "seen",
    )

    def __init__(
        self,
        schema: Schema,
        *,
        config: SketchConfig | None = None,
        k: int | None = None,
        frame: Frame | None = None,
        guard: ValueGuard | None = None,
    ) -> None:
        if len(schema) > MAX_COLUMNS:
            raise ConfigError(f"{len(schema)} columns; at most {MAX_COLUMNS} are profiled")
        self.config = config or SketchConfig()
        self.k = k or self.config.k
        if self.k not in (self.config.k, self.config.reference_k):
            raise ConfigError(
                f"k must be config.k={self.config.k} or config.reference_k="
                f"{self.config.reference_k}; got {k}"
            )
        self.guard = guard or ValueGuard()
        self.rows = 0
        self.seen = SeenTypes()
        """Types of each column the data had, whether the schema has it or not; ``text`` for
        formats without types."""
        self.panes: PaneCounts | None = None
        frame = frame or Frame()
        self.scores = frame.scores
        self.cross: CrossMoments | None = None
        """Cross-moments of the scores; of the fourth order in a reference."""
        if self.scores is not None:
            spec = self.scores
            self.cross = CrossMoments(len(spec.dimensions), spec.id, spec.columns)
        self.outcome_spec = frame.outcomes
        """How labels and predictions of further rows are counted."""
        self.outcomes: dict[str, Outcomes] = {}
        """What was counted of them, by the id of the rules."""
        if frame.outcomes is not None:
            self.outcomes[frame.outcomes.id] = Outcomes(frame.outcomes)
        self.columns = {
            column.name: ColumnProfile.empty(
                column,
                self.k,
                self.config,
                grid=frame.grids.get(column.name),
                dictionary=frame.dictionaries.get(column.name),
            )
            for column in schema
        }

    @property
    def schema(self) -> Schema:
        """The columns, in order."""
        return Schema(tuple(profile.column for profile in self.columns.values()))

    def __getitem__(self, name: str) -> ColumnProfile:
        """Return the profile of one column.

        Raises:
            UnknownColumnError: If there is none of that name.
        """
        _ = self.schema[name]
        return self.columns[name]

    @property
    def period(self) -> Period:
        """First and last time of the first time column, if there is one."""
        for profile in self.columns.values():
            numbers = profile.numbers
            is_time = profile.column.kind is Kind.DATETIME and profile.column.role is Role.TIME
            if is_time and numbers is not None and numbers.count:
                return Period(instant(numbers.moments.minimum), instant(numbers.moments.maximum))
        return Period()

    @property
    def content_hash(self) -> str:
        """Hash of all values, independent of the order of rows and columns, of batch size,
        sharding and file format: equal data, equal hash.
        """
        digest = hashlib.blake2b(digest_size=16)
        derived = feeding.derived_columns(self)  # what is computed is not data
        for name in sorted(self.columns):
            if name not in derived:
                digest.update(self.columns[name].content_hash())
        return digest.hexdigest()

    def update(self, batch: Batch, /) -> None:
        """Fold in a batch of rows, one column after the other."""
        for task in self.tasks(batch):
            task()

    def tasks(self, batch: Batch, /) -> list[Callable[[], None]]:
        """Return the work of one batch as functions, about one a column.

        No two of them touch the same state, so that they may run at the same time; those of the
        next batch may start when all of these are done. One of them counts labels and predictions
        and the columns computed from these, and calls the caller's own losses.
        """
        return feeding.batch_tasks(self, batch)

    @property
    def reads_rows_whole(self) -> bool:
        """Whether columns of a row are looked at together: labels, or scores of all columns."""
        return self.scores is not None or self.outcome_spec is not None

    def check_mergeable(self, other: Profile, /) -> None:
        """Do nothing, or say why another profile cannot be merged into this one.

        Raises:
            MergeError: If configuration, k or hash key differ, or what parts say of a column.
        """
        check_mergeable(self, other)

    def merge(self, other: Self, /) -> None:
        """Add the rows of another profile; `other` is left as it was.

        A column that one side lacks is missing in that side's rows.

        Raises:
            MergeError: If configuration, k or hash key differ, or what parts say of a column.
        """
        self.check_mergeable(other)  # all of it before anything changes
        for name in self.columns.keys() & other.columns.keys():
            mine, theirs = self.columns[name], other.columns[name]
            self.columns[name] = agreement.columns_together(mine, theirs, self.guard)
        for name, theirs_only in other.columns.items():
            if name not in self.columns:
                self.columns[name] = theirs_only.copy()
                self.columns[name].update_absent(self.rows)
        for name in self.columns.keys() - other.columns.keys():
            self.columns[name].update_absent(other.rows)
        if other.rows:
            merge_measures(self, other)
        self.rows += other.rows
        self.seen.merge(other.seen)

    def copy(self) -> Profile:
        """Return a profile that can change without this changing. About 10 us a column."""
        twin = self._with({name: column.copy() for name, column in self.columns.items()})
        twin.seen = self.seen.copy()
        twin.panes = None if self.panes is None else self.panes.copy()
        twin.cross = None if self.cross is None else self.cross.copy()
        twin.outcomes = {id_: counted.copy() for id_, counted in self.outcomes.items()}
        return twin

    def select(self, names: Iterable[str], /) -> Profile:
        """Return a profile of some of the columns, sharing their sketches.

        Raises:
            UnknownColumnError: If there is no such column.
        """
        wanted = {column.name for column in self.schema.select(list(names))}
        return self._with({n: c for n, c in self.columns.items() if n in wanted})

    def with_roles(self, roles: Mapping[str, Role], /) -> Profile:
        """Return a profile whose columns have other roles, sharing their sketches.

        Raises:
            UnknownColumnError: If there is no such column.
            SchemaError: If an identifier is to be tested, whose values were not counted.
        """
        schema = self.schema.with_roles(roles)
        for name, role in roles.items():
            was, counted = self.columns[name].column, self.columns[name].counts_categories
            if role.is_tested and was.role is Role.ID and was.kind.is_discrete and not counted:
                raise SchemaError(
                    f"column {name!r} was profiled as an identifier and its values were not "
                    "counted; profile the data again with it as a feature",
                    code="DW046",
                )
        return self.with_schema(schema)

    def with_schema(self, schema: Schema, /) -> Profile:
        """Return a profile of the columns of a schema, with what it says of them.

        Args:
            schema: Columns of this profile, with other roles or rules.
        """
        return self._with(agreement.columns_as(self.columns, schema, self.guard))

    def read_as(self, schema: Schema, /) -> Profile:
        """Return a profile whose columns are decided: as in a schema, where that has them."""
        return self._with(agreement.read_as(self.columns, schema.names, self.guard))

    def with_outcome_spec(self, spec: OutcomeSpec, /) -> Profile:
        """Return a profile whose further outcomes are counted by other rules."""
        other = self._with(self.columns)
        other.outcome_spec = spec
        return other

    def _with(self, columns: dict[str, ColumnProfile]) -> Profile:
        other = Profile(Schema(()), config=self.config, k=self.k, guard=self.guard)
        other.columns, other.rows, other.seen = columns, self.rows, self.seen
        other.panes, other.cross, other.scores = self.panes, self.cross, self.scores
        other.outcome_spec, other.outcomes = self.outcome_spec, self.outcomes
        return other

    def describe(self, *, library: Library | None = None) -> Any:
        """Return one row a column as a data frame: kind, role, missing, range, quartiles, top.

        Args:
            library: ``"pandas"``, ``"polars"`` or ``"pyarrow"`` (a table); the first of them that
                is installed if None. What is not installed, or not asked for, is not imported.

        Returns:
            Shares lie between 0 and 1; quartiles, and numbers of distinct values, are as exact as
            the sketches; of hashed columns no value is shown. Cost: microseconds a column.

        Raises:
            ConfigError: If there is no such library.
            MissingDependencyError: If it is not installed.

        Example:
            >>> from driftwatch import Monitor
            >>> profile = Monitor({"age": [31, 44, 27]}).reference.profile
            >>> profile.describe(library="pyarrow").select(["column", "median", "max"]).to_pylist()
            [{'column': 'age', 'median': 31.0, 'max': 44.0}]
        """
        return as_frame(description_of(self), library)

    def __repr__(self) -> str:
        if not hasattr(self, "columns"):  # a debugger looks at it while it is made
            return "<Profile, not made yet>"
        names = f"{len(self.columns):,} columns: {', '.join(list(self.columns)[:20])}"
        return shown_repr(f"<Profile {self.rows:,} rows, {names}")

    def _repr_html_(self) -> str:
        return presentation().profile_notebook(self)

    def to_bytes(self) -> bytes:
        """Serialize as a ``.dwp`` file."""
        header = {
            "config": self.config.to_dict(),
            "k": self.k,
            "key_id": key_id_of(self.columns.values(), self.guard),
            "rows": self.rows,
        }
        return encode(header, sections_of(self))

    @classmethod
    def from_bytes(
        cls,
        data: bytes,
        /,
        *,
        hash_key: bytes | None = None,
        guard: ValueGuard | None = None,
        limit: int = LOCAL_LIMIT,
        any_key: bool = False,
    ) -> Self:
        """Read a profile; every byte is validated before native code sees it.

        Args:
            data: The bytes of a ``.dwp`` file.
            hash_key: Key of hashed columns; else ``$DRIFTWATCH_HASH_KEY``, or the public one.
            guard: The key in use, in place of `hash_key`.
            limit: Refuse more bytes than this.
            any_key: Whether columns hashed with another key are set aside, see `for_key`.

        Raises:
            ConfigError: If a key has not 1 to 64 bytes.
            NotReadableError: If it is sound, and of a newer version, or columns were hashed with
                another key (`HashKeyError`) and are not to be set aside.
            ProfileFormatError: If the bytes are not a sound profile.
        """
        guard = guard or ValueGuard.of(key_of_environment() if hash_key is None else hash_key)
        header, sections = decode(data, limit=limit)
        try:
            return cls._from_parts(header, sections, guard, any_key=any_key)
        except MISREAD as error:
            if isinstance(error, ProfileFormatError):
                raise
            raise ProfileFormatError(f"profile refused: {error}") from error

    @classmethod
    def _from_parts(
        cls,
        header: Mapping[str, Any],
        sections: Mapping[str, bytes],
        guard: ValueGuard,
        *,
        any_key: bool,
    ) -> Self:
        config = SketchConfig.from_dict(header["config"])
        k, rows = header["k"], header["rows"]
        if k not in (config.k, config.reference_k) or type(rows) is not int:
            raise ProfileFormatError(f"k={k} and {rows} rows do not fit the configuration")
        table = read_table(sections.get("schema", b""))
        columns = columns_in(table)
        key_id = header.get("key_id", ValueGuard().key_id)
        if not any_key:
            check_key(columns, key_id, guard)
        profile = cls(Schema(()), config=config, k=k, guard=guard)
        fill(profile, table, columns, sections, rows=rows, same_key=key_id == guard.key_id)
        if key_id != guard.key_id:
            leave_hashed(profile)
        return profile

    def for_key(self, guard: ValueGuard, /) -> Profile:
        """Return a profile for those who have this key: columns hashed with another are set aside.

        Of these are left the rows and how many are missing. The others share their sketches.
        """
        other = self._with(self.columns)
        other.guard = guard
        if guard.key_id != self.guard.key_id:
            leave_hashed(other)
        return other


def merged(profiles: Iterable[Profile], /) -> Profile | None:
    """Merge profiles into the first of them, which changes; None if there are none.

    Raises:
        MergeError: If they do not go together.
    """
    remaining = iter(profiles)
    total = next(remaining, None)
    if total is not None:
        for profile in remaining:
            total.merge(profile)
    return total
