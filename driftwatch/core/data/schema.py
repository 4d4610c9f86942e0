"""What the columns of a data set are: kind, role, and how their values may be kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

from driftwatch.core.data.missing_words import MISSING_WORDS, PLACEHOLDERS, stored_words
from driftwatch.core.data.rule import Rule
from driftwatch.errors import SchemaError, UnknownColumnError

__all__ = [
    "COMPUTED",
    "DISCRETE",
    "EVERY",
    "ORDERED",
    "OTHER_KEY",
    "Basis",
    "Column",
    "Kind",
    "Role",
    "Schema",
    "ValuePolicy",
]

COMPUTED = "computed"
"""The note of a column that is computed from others, or by the model, where it can be."""
OTHER_KEY = "not comparable: its values were hashed with another key"
"""The note of a column whose values are of no use here."""


class Kind(StrEnum):
    """What the values of a column are, and so which sketches they feed."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    EMPTY = "empty"
    """No value has been seen: only rows are counted."""
    UNSUPPORTED = "unsupported"
    """Nested or opaque values: only rows and nulls are counted."""

    @property
    def is_ordered(self) -> bool:
        """Whether values are numbers on a line (a datetime is seconds since 1970)."""
        return self in ORDERED

    @property
    def is_discrete(self) -> bool:
        """Whether values are names to be counted."""
        return self in DISCRETE


ORDERED = frozenset({Kind.NUMERIC, Kind.DATETIME})
"""Kinds whose values are numbers on a line."""
DISCRETE = frozenset({Kind.CATEGORICAL, Kind.BOOLEAN})
"""Kinds whose values are names to be counted."""
EVERY = ORDERED | DISCRETE
"""Kinds whose values can be compared."""


class Role(StrEnum):
    """What a column is for."""

    FEATURE = "feature"
    PREDICTION = "prediction"
    SCORE = "score"
    LABEL = "label"
    WEIGHT = "weight"
    ID = "id"
    TIME = "time"
    GROUP = "group"
    ERROR = "error"
    """How far the prediction of a row is off; computed, never in the data."""

    @property
    def is_tested(self) -> bool:
        """Whether columns of this role are tested for drift."""
        return self in (Role.FEATURE, Role.PREDICTION, Role.SCORE, Role.GROUP, Role.ERROR)


class ValuePolicy(StrEnum):
    """How the values of a categorical column are kept."""

    RAW = "raw"
    """As they are."""
    HASHED = "hashed"
    """As keyed 64-bit BLAKE2b tokens: comparable, not readable."""
    NONE = "none"
    """Not at all: rows, nulls, content hash (sealed) and nothing else."""


class Basis(StrEnum):
    """What the role of a column rests on."""

    DECLARED = "declared"
    """A caller said so."""
    INFERRED = "inferred"
    """Its name says so, or enough of its values."""
    UNDECIDED = "undecided"
    """Too few values to tell: it is a feature until there are more."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name and everything that is known about it beforehand.

    Attributes:
        name: Its name in the data.
        kind: What its values are.
        role: What it is for.
        values: How categories are kept.
        dtype: Type in the data it was inferred from, for messages (``int64``, ``string``).
        note: Why an inferred role or policy was chosen; empty when it was declared.
        rule: Which values are allowed; None if any is.
        missing_words: Texts that stand for no value; `MISSING_WORDS` if None.
        basis: What the role rests on.
    """

    name: str
    kind: Kind
    role: Role = Role.FEATURE
    values: ValuePolicy = ValuePolicy.RAW
    dtype: str = ""
    note: str = ""
    rule: Rule | None = None
    missing_words: tuple[str, ...] | None = None
    basis: Basis = Basis.DECLARED

    @property
    def words(self) -> tuple[str, ...]:
        """Texts that stand for no value: ``-`` and ``?``, too, where none is a category.

        Example:
            >>> [word in Column("x", kind).words for kind in (Kind.NUMERIC, Kind.CATEGORICAL)
            ...  for word in ("NA", "?")]
            [True, True, True, False]
        """
        words = MISSING_WORDS if self.missing_words is None else self.missing_words
        return words if self.kind is Kind.CATEGORICAL else (*words, *PLACEHOLDERS)

    @property
    def is_computed(self) -> bool:
        """Whether it is computed, so that its absence says nothing of the data."""
        return self.note == COMPUTED

    @property
    def is_of_another_key(self) -> bool:
        """Whether its values were hashed with a key that is not the one in use."""
        return self.values is ValuePolicy.NONE and self.note == OTHER_KEY

    def to_dict(self) -> dict[str, Any]:
        table: dict[str, Any] = {
            "name": self.name,
            "kind": self.kind.value,
            "role": self.role.value,
            "values": self.values.value,
            "dtype": self.dtype,
            "note": self.note,
        }
        if self.rule is not None:
            table["rule"] = self.rule.to_dict()
        if self.missing_words is not None:
            table["missing_words"] = list(self.missing_words)
        if self.basis is not _usual_basis(self.role, self.note):
            table["basis"] = self.basis.value
        return table

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], /) -> Self:
        texts = (data["name"], data["dtype"], data["note"])
        if not all(isinstance(text, str) for text in texts):
            raise SchemaError("a column's name, dtype and note must be text")
        role, note = Role(data["role"]), data["note"]
        return cls(
            name=data["name"],
            kind=Kind(data["kind"]),
            role=role,
            values=ValuePolicy(data["values"]),
            dtype=data["dtype"],
            note=note,
            rule=Rule.from_dict(data["name"], data.get("rule")),
            missing_words=stored_words(data["name"], data.get("missing_words")),
            basis=Basis(data.get("basis", _usual_basis(role, note))),
        )


def _usual_basis(role: Role, note: str) -> Basis:
    """What a role rests on where a table of columns does not say."""
    if role is Role.FEATURE or (note and note != COMPUTED):
        return Basis.INFERRED
    return Basis.DECLARED


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of a data set, in order.

    Raises:
        SchemaError: If two columns share a name.

    Example:
        >>> schema = Schema((Column("age", Kind.NUMERIC), Column("id", Kind.CATEGORICAL)))
        >>> schema.with_roles({"id": Role.ID})["id"].role
        <Role.ID: 'id'>
    """

    columns: tuple[Column, ...] = ()

    def __post_init__(self) -> None:
        if len(self.names) != len(self.columns):
            raise SchemaError(
                "two columns of a schema share a name; rename one of them", code="DW022"
            )

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __contains__(self, name: object) -> bool:
        return any(column.name == name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise UnknownColumnError(name, self.names, "the schema")

    @property
    def names(self) -> dict[str, Column]:
        """The columns by name, in order."""
        return {column.name: column for column in self.columns}

    def with_roles(self, roles: Mapping[str, Role], /) -> Schema:
        """Return the schema with the roles of some columns declared.

        Raises:
            UnknownColumnError: If a column is not in the schema.
        """
        for name in roles:
            _ = self[name]
        return Schema(
            tuple(
                replace(column, role=roles[column.name], note="", basis=Basis.DECLARED)
                if column.name in roles
                else column
                for column in self.columns
            )
        )

    def with_rules(self, rules: Mapping[str, Rule], /) -> Schema:
        """Return the schema with what is allowed in some columns declared.

        Raises:
            UnknownColumnError: If a column is not in the schema.
            SchemaError: If a rule is about numbers and the column is not, or the reverse.
        """
        for name, rule in rules.items():
            ordered = self[name].kind.is_ordered
            if ordered != (rule.allowed is None):
                kind, wanted = self[name].kind.value, "min and max" if ordered else "in"
                raise SchemaError(
                    f"rule of {name!r}: the column is {kind}; give {wanted}", code="DW026"
                )
        return Schema(tuple(replace(c, rule=rules.get(c.name, c.rule)) for c in self.columns))

    def select(self, names: Mapping[str, Any] | list[str] | tuple[str, ...], /) -> Schema:
        """Return the schema of some of the columns, in the schema's order.

        Raises:
            UnknownColumnError: If a column is not in the schema.
        """
        for name in names:
            _ = self[name]
        return Schema(tuple(column for column in self.columns if column.name in names))

    def to_dicts(self) -> list[dict[str, Any]]:
        return [column.to_dict() for column in self.columns]
