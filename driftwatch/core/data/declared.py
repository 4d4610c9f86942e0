"""What a caller says of the columns of a data set; the rest is inferred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self, overload

from driftwatch.core.data.arguments import column_name, column_names
from driftwatch.core.data.declared_outcomes import DeclaredOutcomes
from driftwatch.core.data.rule import Rule
from driftwatch.core.data.schema import EVERY, Kind, Role, Schema
from driftwatch.errors import ConfigError, UnknownColumnError, shown

__all__ = ["DeclaredColumns", "names_of"]

_WORDS: dict[str, str] = {"target": "label"}
"""Other words for roles."""


@dataclass(frozen=True, slots=True)
class DeclaredColumns:
    """What a caller says of the columns.

    Attributes:
        features: Columns to keep and to test, even if they look like identifiers; all if None.
        exclude: Columns to leave out.
        roles: Roles by column.
        kinds: Kinds by column.
        rules: Which values are allowed, by column.
        missing_words: Texts that stand for no value, of all columns or by column; the usual ones
            if None.
        schema: Columns declared in full.
        of_model: Features of the model: where all are in the data and no features are named,
            other features are left out.
        outcomes: Columns of predictions, scores and labels, and the task.

    Example:
        >>> DeclaredColumns.of(roles={"y": "target"}, kinds={"zip": "categorical"}).roles
        {'y': <Role.LABEL: 'label'>}
    """

    features: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    roles: Mapping[str, Role] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    missing_words: tuple[str, ...] | Mapping[str, tuple[str, ...]] | None = None
    schema: Schema | None = None
    of_model: tuple[str, ...] | None = None
    outcomes: DeclaredOutcomes = field(default_factory=DeclaredOutcomes)

    @classmethod
    def of(
        cls,
        features: Sequence[str] | None = None,
        *,
        exclude: Sequence[str] | None = None,
        roles: Mapping[str, Role | str] | None = None,
        kinds: Mapping[str, Kind | str] | None = None,
        rules: Mapping[str, Any] | None = None,
        missing_words: object = None,
        schema: Schema | None = None,
        **outcomes: Any,
    ) -> Self:
        """Read it as users write it; of predictions and labels as `DeclaredOutcomes.of`.

        Raises:
            ConfigError: If a role, kind or rule is none, or columns are one text.
        """
        features = None if features is None else column_names("features", features)
        excluded = column_names("exclude", () if exclude is None else exclude)
        if features is not None and not features:
            raise ConfigError("features must name at least one column; leave it out to keep all")
        _check_table("roles", roles)
        said = DeclaredOutcomes.of(**outcomes)
        known_roles = _roles(said.with_roles(roles))
        _check_table("rules", rules)
        for name in excluded:
            for what, named in (("a feature", features or ()), ("a role", known_roles)):
                if name in named:
                    raise ConfigError(
                        f"column {name!r} is excluded, and is named as {what}", code="DW021"
                    )
        return cls(
            features,
            excluded,
            known_roles,
            _kinds(kinds),
            {
                column_name("rules", name): Rule.of(name, rule)
                for name, rule in (rules or {}).items()
            },
            _missing_words(missing_words),
            schema,
            outcomes=said,
        )

    def of_a_model(self, names: tuple[str, ...] | None, /) -> Self:
        """The same with the features that a model names; None if it names none."""
        return replace(self, of_model=names)

    def missing_words_of(self, name: str, /) -> tuple[str, ...] | None:
        """Texts that stand for no value in a column; None for the usual ones."""
        words = self.missing_words
        return words.get(name) if isinstance(words, Mapping) else words

    @property
    def asked_roles(self) -> dict[str, Role]:
        """Roles of the columns that are named, as features or with a role."""
        return dict.fromkeys(self.features or (), Role.FEATURE) | dict(self.roles)

    def kept(self, names: Sequence[str], /) -> list[str]:
        """Which of the columns of some data to keep.

        Raises:
            UnknownColumnError: If a column that is named is not among them.
        """
        words = self.missing_words if isinstance(self.missing_words, Mapping) else {}
        for name in [*self.asked_roles, *self.exclude, *self.kinds, *self.rules, *words]:
            if name not in names:
                raise UnknownColumnError(name, names, "the data")
        wanted = names if self.features is None else list(self.asked_roles)
        return [name for name in wanted if name not in self.exclude]

    def applied(self, schema: Schema, /) -> Schema:
        """A schema with the rules, and without features that the model does not have."""
        named = [name for name in self.of_model or () if name not in self.exclude]
        if named and self.features is None and not set(named) - schema.names.keys():
            in_its_order = iter(dict.fromkeys(named))  # rows without names have that, too
            kept = [
                next(in_its_order) if c.name in named else c.name
                for c in schema
                if c.role is not Role.FEATURE or c.name in named
            ]
            asked = {
                name: Role.FEATURE
                for name in named
                if schema[name].note and name not in self.roles  # guessed from its name
            }
            schema = Schema(tuple(schema[name] for name in kept)).with_roles(asked)
        for name in self.rules:
            if name in schema and schema[name].role is Role.ID and schema[name].kind.is_discrete:
                raise ConfigError(
                    f"rule of {name!r}: the values of identifiers are not counted; name the column "
                    "as a feature",
                    code="DW026",
                )
        return schema.with_rules({n: rule for n, rule in self.rules.items() if n in schema})


@overload
def names_of(what: str, names: bool, /) -> bool: ...  # noqa: FBT001
@overload
def names_of(what: str, names: Sequence[str] | None, /) -> tuple[str, ...] | None: ...
@overload
def names_of(what: str, names: bool | Sequence[str], /) -> bool | tuple[str, ...] | None: ...  # noqa: FBT001
def names_of(
    what: str,
    names: bool | Sequence[str] | None,  # noqa: FBT001
    /,
) -> bool | tuple[str, ...] | None:
    """Names of columns, as a caller gave them, or whether it is all or none of them.

    Raises:
        ConfigError: If they are one text.
    """
    if names is None or isinstance(names, bool):
        return names
    return column_names(what, names)


def _roles(roles: Mapping[str, Role | str] | None) -> dict[str, Role]:
    try:
        known = {
            column_name("roles", name): Role(_WORDS.get(str(role), role))
            for name, role in (roles or {}).items()
        }
        if Role.ERROR in known.values():
            raise ValueError("errors are computed; name the prediction and the label")
    except ValueError as error:
        words = ", ".join(role.value for role in Role if role is not Role.ERROR)
        raise ConfigError(f"roles: {error}; known: {words}") from error
    return known


def _missing_words(given: object) -> tuple[str, ...] | dict[str, tuple[str, ...]] | None:
    """Words for all columns, or by column; None if none are given."""
    if given is None:
        return None
    if not isinstance(given, Mapping):
        return _words_in("missing_words", given)
    return {
        column_name("missing_words", name): _words_in(f"missing_words of {name!r}", words)
        for name, words in given.items()
    }


def _words_in(what: str, given: object) -> tuple[str, ...]:
    if isinstance(given, str | bytes) or not isinstance(given, Sequence):
        raise ConfigError(f'{what} must be a list of texts, such as ["", "NA"]; got {shown(given)}')
    for word in given:
        if not isinstance(word, str):
            raise ConfigError(f"{what}: a word is a text; got {shown(word)}")
    return tuple(word.strip() for word in given)


def _check_table(what: str, table: object) -> None:
    if table is not None and not isinstance(table, Mapping):
        raise ConfigError(f"{what} must be a dict by column; got {type(table).__name__}")


def _kinds(kinds: Mapping[str, Kind | str] | None) -> dict[str, Kind]:
    _check_table("kinds", kinds)
    known: dict[str, Kind] = {kind.value: kind for kind in Kind if kind in EVERY}
    chosen = {}
    for name, kind in (kinds or {}).items():
        if str(kind) not in known:
            raise ConfigError(f"kinds: {name!r} is {shown(kind)}; known: {', '.join(known)}")
        chosen[column_name("kinds", name)] = known[str(kind)]
    return chosen
