"""Which columns hold labels, predictions and scores, which task it is, and the classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from driftwatch.core.data.aligned import class_text, in_order, is_whole
from driftwatch.core.data.declared_outcomes import DeclaredOutcomes
from driftwatch.core.data.outcomes import OutcomeColumns, Task
from driftwatch.core.data.schema import Kind, Role, ValuePolicy
from driftwatch.core.profiles.outcomes import MOST_CLASSES
from driftwatch.core.profiles.profile import Profile
from driftwatch.errors import ConfigError

__all__ = ["outcome_columns", "shown_classes"]

_TIMES = ("duration", "time", "timestamp", "date")
_MOST_GUESSED = 20
"""Whole numbers with more values than this are taken for a regression's."""


def outcome_columns(profile: Profile, declared: DeclaredOutcomes, /) -> OutcomeColumns | None:
    """Find the columns of labels, predictions and scores, and how they are read.

    Args:
        profile: Profile of the reference, which says what the classes are.
        declared: What the caller said.

    Returns:
        None where there is nothing to compare: no column of labels was named, or there are neither
        predictions nor scores.

    Raises:
        ConfigError: If what the caller named does not go together.
    """
    declared_as: dict[Role, list[str]] = {}
    guessed: dict[Role, list[str]] = {}
    for column in profile.schema:
        by_role = guessed if column.note and not column.is_computed else declared_as
        by_role.setdefault(column.role, []).append(column.name)
    labels = declared_as.get(Role.LABEL, [])
    label = declared.label or (labels[0] if len(labels) == 1 else None)
    said, scores = declared_as.get(Role.PREDICTION, []), declared_as.get(Role.SCORE, [])
    prediction = declared.prediction or (said[0] if len(said) == 1 else None)
    chosen = declared.scores or tuple(scores)
    if prediction is None and not chosen:
        prediction, chosen = _guesses(profile, guessed)
    if label is None or (prediction is None and not chosen):
        _refuse_without(declared, label)
        return None
    weights = declared_as.get(Role.WEIGHT, []) or guessed.get(Role.WEIGHT, [])
    if len(weights) > 1:
        raise ConfigError(
            f"two columns of weights, {weights[0]!r} and {weights[1]!r}: name one", code="DW021"
        )
    weight = weights[0] if weights else None
    named = OutcomeColumns(
        Task.BINARY,
        label,
        prediction,
        chosen,
        weight=weight,
        missing_words=profile.schema[label].missing_words if label in profile.schema else None,
    )
    return _Reader(profile, declared).read(named)


def _guesses(
    profile: Profile, guessed: Mapping[Role, Sequence[str]]
) -> tuple[str | None, tuple[str, ...]]:
    """Predictions and scores by their names alone: a score only if it may be a probability."""
    said, scores = guessed.get(Role.PREDICTION, ()), guessed.get(Role.SCORE, ())
    prediction = said[0] if len(said) == 1 else None
    numbers = profile[scores[0]].numbers if len(scores) == 1 else None
    if numbers is None or not numbers.count:
        return prediction, ()
    fits = numbers.moments.minimum >= 0 and numbers.moments.maximum <= 1
    return prediction, tuple(scores) if fits else ()


def _refuse_without(declared: DeclaredOutcomes, label: str | None) -> None:
    asked = declared.metrics or declared.positive is not None or declared.task is not None
    if label is None and asked:
        raise ConfigError(
            "name the column of labels: metrics, positive and task need it", code="DW090"
        )
    if declared.metrics:
        raise ConfigError("name the column of predictions: metrics need it", code="DW090")


class _Reader:
    """Finds the task and the classes of a reference."""

    def __init__(self, profile: Profile, declared: DeclaredOutcomes) -> None:
        self.profile = profile
        self.declared = declared

    def read(self, named: OutcomeColumns) -> OutcomeColumns:
        labels = self._values(named.label, "label")
        said = None if named.prediction is None else self._values(named.prediction, "prediction")
        task = self.declared.task or self._guess(labels, said, named)
        if task is Task.REGRESSION:
            return self._regression(named)
        if labels is None:
            raise ConfigError(
                f"label {named.label!r} has more than {MOST_CLASSES:,} classes, or numbers that "
                "are no classes; task='regression' compares numbers",
                code="DW090",
            )
        if said is None and named.prediction is not None and not named.scores:
            # Probabilities given as predictions.
            named = replace(named, scores=(named.prediction,), prediction=None)
        elif said is None and named.prediction is not None:
            raise ConfigError(
                f"predictions {named.prediction!r} are numbers, and labels {named.label!r} "
                "classes; name the column of predicted classes, or leave prediction out",
                code="DW090",
            )
        classes = in_order({*labels, *(said or ())})
        if said and labels and not set(said) & set(labels):
            raise ConfigError(
                f"labels {named.label!r} are {shown_classes(labels)} and predictions "
                f"{named.prediction!r} are {shown_classes(said)}: none of them is the same; write "
                "both alike",
                code="DW090",
            )
        if task is Task.BINARY:
            return self._binary(named, classes)
        if len(classes) < 2:
            raise ConfigError(
                f"label {named.label!r} is always {shown_classes(classes)}: give two classes",
                code="DW091",
            )
        return self._multiclass(named, classes)

    def _guess(
        self, labels: list[str] | None, said: list[str] | None, named: OutcomeColumns
    ) -> Task:
        if len(named.scores) > 1 or self.declared.classes:
            return Task.BINARY if labels is not None and len(labels) <= 2 else Task.MULTICLASS
        if labels is None:
            return Task.REGRESSION
        if len(labels) <= 2 and (said is None or len({*labels, *said}) <= 2):
            numbers = self._is_number(named.label) and not named.scores
            return (
                Task.REGRESSION
                if numbers and said is None and not self._in_unit(named)
                else (Task.BINARY)
            )
        if not self._is_number(named.label) or named.scores:
            return Task.MULTICLASS
        few = len(labels) <= _MOST_GUESSED and said is not None
        return Task.MULTICLASS if few and all(is_whole(t) for t in labels) else Task.REGRESSION

    def _in_unit(self, named: OutcomeColumns) -> bool:
        """Whether predictions lie between 0 and 1, as probabilities do."""
        return named.prediction is not None and self._are_probabilities((named.prediction,))

    def _is_number(self, name: str) -> bool:
        return self.profile[name].column.kind is Kind.NUMERIC

    def _are_probabilities(self, names: Iterable[str]) -> bool:
        for name in names:
            numbers = self.profile[name].numbers
            if numbers is None or not numbers.count:
                return False
            if numbers.moments.minimum < 0 or numbers.moments.maximum > 1:
                return False
        return True

    def _regression(self, named: OutcomeColumns) -> OutcomeColumns:
        prediction = named.prediction or (named.scores[0] if len(named.scores) == 1 else None)
        if prediction is None:
            raise ConfigError("a regression needs a column of predictions", code="DW090")
        for what, name in (("label", named.label), ("prediction", prediction)):
            if not self._is_number(name):
                kind = self.profile[name].column.kind
                raise ConfigError(
                    f"{what} {name!r} is {kind}; a regression needs numbers", code="DW090"
                )
        return OutcomeColumns(Task.REGRESSION, named.label, prediction, weight=named.weight)

    def _binary(self, named: OutcomeColumns, classes: list[str]) -> OutcomeColumns:
        positive = self.declared.positive
        if len(classes) == 1 and positive is not None and positive not in classes:
            classes = [*classes, positive]
        if len(classes) == 1 and classes[0] in ("0", "1"):
            classes = ["0", "1"]
        if len(classes) != 2:
            raise ConfigError(
                "a binary task needs two classes; labels and predictions have "
                f"{shown_classes(classes)}",
                code="DW091",
            )
        positive = classes[1] if positive is None else positive
        if positive not in classes:
            raise ConfigError(
                f"positive must be one of {shown_classes(classes)}; got {positive!r}", code="DW091"
            )
        negative = classes[0] if classes[1] == positive else classes[1]
        scores, in_list = named.scores, self._is_list(named.scores)
        named_classes = self.declared.classes
        unknown = [name for name in named_classes if name not in classes]
        if unknown or (named_classes and positive not in named_classes):
            raise ConfigError(
                f"score is given for {shown_classes(named_classes)}; the classes are "
                f"{shown_classes(classes)}, and that of {positive!r} is needed",
                code="DW091",
            )
        if len(scores) == 2:
            order = named_classes or tuple(in_order(classes))
            scores = (scores[order.index(positive)],)
        if len(scores) > 1:
            raise ConfigError(f"a binary task has one score; got {len(scores)}", code="DW091")
        known = in_list or (bool(scores) and self._are_probabilities(scores))
        return replace(
            named,
            task=Task.BINARY,
            scores=scores,
            in_list=in_list,
            classes=(negative, positive),
            probabilities=known,
        )

    def _multiclass(self, named: OutcomeColumns, classes: list[str]) -> OutcomeColumns:
        if self.declared.positive is not None:
            raise ConfigError(f"positive is of two classes; there are {len(classes)}", code="DW091")
        in_list = self._is_list(named.scores)
        scores, classes = named.scores, [*classes]
        if scores and not in_list:
            scores = self._by_class(scores, classes)
        return replace(
            named,
            task=Task.MULTICLASS,
            scores=scores,
            in_list=in_list,
            classes=tuple(classes),
            probabilities=in_list or (bool(scores) and self._are_probabilities(scores)),
        )

    def _by_class(self, scores: Sequence[str], classes: list[str]) -> tuple[str, ...]:
        """The columns of scores in the order of the classes."""
        named = self.declared.classes
        if named:
            classes += [name for name in named if name not in classes]
            missing = [name for name in classes if name not in named]
            if missing:
                raise ConfigError(f"score has no column for the class {missing[0]!r}", code="DW091")
            return tuple(scores[named.index(name)] for name in classes)
        if len(scores) != len(classes):
            raise ConfigError(
                f"{len(scores)} columns of scores for {len(classes)} classes "
                f"({shown_classes(classes)}); give score={{class: column}}",
                code="DW091",
            )
        ends = [[s for s in scores if s == c or s.endswith((f"_{c}", f" {c}"))] for c in classes]
        if all(len(found) == 1 for found in ends):
            return tuple(found[0] for found in ends)
        return tuple(scores)

    def _is_list(self, scores: Sequence[str]) -> bool:
        if len(scores) != 1:
            return False
        dtype = self.profile[scores[0]].column.dtype
        return dtype.startswith(("list", "large_list", "fixed_size_list"))

    def _values(self, name: str, what: str) -> list[str] | None:
        """The classes in a column; None where its values are too many, or no classes."""
        profile = self.profile[name]
        if profile.column.kind is Kind.DATETIME or profile.column.dtype.startswith(_TIMES):
            raise ConfigError(
                f"{what} {name!r} holds times ({profile.column.dtype}); classes must be texts, "
                "whole numbers or truth values",
                code="DW091",
            )
        if profile.column.values is not ValuePolicy.RAW and profile.column.kind.is_discrete:
            raise ConfigError(
                f"the values of {what} {name!r} are not kept as they are "
                f"({profile.column.note or profile.column.values}), and classes must be",
                code="DW091",
            )
        texts: Iterable[object] = ()
        if profile.numbers is not None:
            if profile.numbers.values.overflowed:
                return None
            texts = profile.numbers.values.values.tolist()
        elif profile.categories is not None and profile.categories.frequencies is not None:
            texts = profile.categories.frequencies.counts
        classes = {text for value in texts if (text := class_text(value)) is not None}
        if len(classes) > MOST_CLASSES:
            return None
        if profile.numbers is not None and not all(map(is_whole, classes)):
            return None
        return in_order(classes)


def shown_classes(classes: Iterable[str], /) -> str:
    """The first classes in words."""
    named = [repr(name) for name in classes]
    return ", ".join(named[:5]) + (f" and {len(named) - 5} more" if len(named) > 5 else "")
