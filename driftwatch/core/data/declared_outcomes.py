"""What a caller says of predictions, scores and labels; the rest is inferred."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from driftwatch.core.data.aligned import class_text
from driftwatch.core.data.outcomes import Task
from driftwatch.core.data.schema import Role
from driftwatch.errors import ConfigError

__all__ = ["DeclaredOutcomes"]

Scores = str | Sequence[str] | Mapping[Any, str]


@dataclass(frozen=True, slots=True)
class DeclaredOutcomes:
    """What a caller says of predictions, scores and labels.

    Attributes:
        prediction: Column of predictions.
        scores: Columns of scores.
        classes: Classes of these, in the same order, where the caller named them.
        label: Column of labels.
        positive: The positive class of two.
        task: What is predicted.
        metrics: The caller's own losses, by name: a function of arrays of labels and predictions
            (and scores, if it takes three) to an array of losses. Labels and predictions are
            numbers in a regression, else places of classes: of two 0 and 1.

    Example:
        >>> DeclaredOutcomes.of(label="y", score={"cat": "p_cat", "dog": "p_dog"}).classes
        ('cat', 'dog')
    """

    prediction: str | None = None
    scores: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    label: str | None = None
    positive: str | None = None
    task: Task | None = None
    metrics: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        prediction: str | None = None,
        score: Scores | None = None,
        label: str | None = None,
        positive: Any = None,
        task: str | None = None,
        metrics: Mapping[str, Callable[..., Any]] | None = None,
    ) -> Self:
        """Read it as users write it.

        Raises:
            ConfigError: If an argument is not usable.
        """
        for what, name in (("prediction", prediction), ("label", label)):
            if name is not None and not isinstance(name, str):
                raise ConfigError(f"{what} must be the name of a column; got {name!r}")
        tasks = [known.value for known in Task]
        if task is not None and task not in tasks:
            raise ConfigError(f"task must be one of {', '.join(tasks)}; got {task!r}")
        if not isinstance(metrics, Mapping | None):
            raise ConfigError(
                f"metrics must be functions by name; got {type(metrics).__name__}", code="DW092"
            )
        named: Mapping[Any, Any] = metrics or {}
        for name, function in named.items():
            if not isinstance(name, str) or not callable(function):
                raise ConfigError(
                    f"metrics must be functions by name; got {name!r}: {function!r}", code="DW092"
                )
        if positive is not None and class_text(positive) is None:
            raise ConfigError(f"positive must be a class; got {positive!r}", code="DW091")
        scores, classes = _scores(score)
        return cls(
            prediction,
            scores,
            classes,
            label,
            class_text(positive),
            None if task is None else Task(task),
            dict(metrics or {}),
        )

    @property
    def roles(self) -> dict[str, Role]:
        """Roles of the columns that are named."""
        roles = dict.fromkeys(self.scores, Role.SCORE)
        for name, role in ((self.prediction, Role.PREDICTION), (self.label, Role.LABEL)):
            if name is not None:
                if name in roles:
                    raise ConfigError(
                        f"column {name!r} is named for {roles[name]} and for {role}", code="DW021"
                    )
                roles[name] = role
        return roles

    def with_roles(self, roles: Mapping[str, Role | str] | None, /) -> dict[str, Role | str]:
        """Roles of the columns that are named here and in a table of roles.

        Raises:
            ConfigError: If a column is named for two.
        """
        named: dict[str, Role | str] = dict(self.roles)
        for name, role in (roles or {}).items():
            if named.setdefault(name, role) not in (role, {"target": "label"}.get(str(role))):
                raise ConfigError(
                    f"column {name!r} is named for {named[name]} and for {role}", code="DW021"
                )
        return named

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said."""
        return self == type(self)()


def _scores(score: Scores | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if score is None:
        return (), ()
    if isinstance(score, str):
        return (score,), ()
    if isinstance(score, Mapping):
        names, classes = list(score.values()), [class_text(key) for key in score]
        if not all(isinstance(name, str) for name in names) or None in classes:
            raise ConfigError(f"score must be columns by class; got {score!r}", code="DW091")
        return tuple(names), tuple(name for name in classes if name is not None)
    if not isinstance(score, Iterable):
        raise ConfigError(
            f"score must be a column, or one for each class; got {score!r}", code="DW091"
        )
    names = list(score)
    if not names or not all(isinstance(name, str) for name in names):
        raise ConfigError(
            f"score must be a column, or one for each class; got {score!r}", code="DW091"
        )
    return tuple(names), ()
