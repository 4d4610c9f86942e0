"""Which columns of a record are looked at: those of the reference, and a few that are new."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from driftwatch.core.data.aligned import class_text, in_order
from driftwatch.core.data.mixed import types_in
from driftwatch.core.data.outcomes import OutcomeColumns, Task
from driftwatch.core.data.schema import EVERY, Kind, Role, Schema
from driftwatch.process.quiet_log import QuietLog

__all__ = ["MOST_NEW_COLUMNS", "KnownColumns", "picking"]

MOST_NEW_COLUMNS = 100
"""Columns that the reference does not know, of which note is taken: whoever sends records
must not be able to make a process remember names without end."""
_LONGEST_NAME = 200

_ROLES = {"prediction": Role.PREDICTION, "score": Role.SCORE, "label": Role.LABEL, "id": Role.ID}


class KnownColumns:
    """The columns that records have, as far as they are known so far.

    Args:
        schema: Columns of the reference.
        count: Called with a reason and a number of what could not be used.
        outcomes: Which of them hold predictions, scores and labels; None if that is not counted.

    Attributes:
        columns: Those of the reference, by name.
        numbers: Names of the numeric ones.
        role_columns: By role of a value that may be passed with a record (prediction, score, label,
            id): the column it belongs to; None if the reference has none, or several.
        scores: Columns of scores by class, where there is one a class: a score that is passed with
            a record is a list in their order, or a mapping.
        names: Columns that the records themselves should have.
        count: What to call with a reason and a number, as passed in.

    Example:
        >>> from driftwatch.core.data.schema import Column, Kind
        >>> known = KnownColumns(Schema((Column("age", Kind.NUMERIC),)), lambda reason, rows: None)
        >>> known.looked_at({"age": 31, "city": "Bonn"})
        ['age', 'city']
    """

    def __init__(
        self,
        schema: Schema,
        count: Callable[[str, int], None],
        /,
        *,
        outcomes: OutcomeColumns | None = None,
    ) -> None:
        computed = {c.name for c in outcomes.derived_columns()} if outcomes is not None else set()
        schema = Schema(tuple(c for c in schema if c.name not in computed))
        self.columns = schema.names
        self.numbers = frozenset(c.name for c in schema if c.kind is Kind.NUMERIC)
        self.role_columns = {
            word: next((column.name for column in schema if column.role is role), None)
            for word, role in _ROLES.items()
        }
        self.scores: dict[str, str] = {}
        self._of_two: tuple[str, ...] = ()
        if outcomes is not None:
            self.role_columns |= {"label": outcomes.label}
            if outcomes.prediction is not None:
                self.role_columns["prediction"] = outcomes.prediction
            if len(outcomes.scores) > 1:
                self.scores = dict(zip(outcomes.classes, outcomes.scores, strict=True))
                self.role_columns["score"] = None
            elif outcomes.task is Task.BINARY and not outcomes.in_list:
                self._of_two = outcomes.classes
        names = {name for name in self.role_columns.values() if name}
        self.names = tuple(
            column.name
            for column in schema
            if column.name not in names and column.role is not Role.TIME
        )
        self.count = count
        self._new: set[str] = set()
        self._of_one = frozenset(c.name for c in schema if c.kind in EVERY)
        self._log = QuietLog()

    def looked_at(self, record: Mapping[Any, Any], /) -> list[Any]:
        """Names of a record whose values are looked at, in no order."""
        if len(record) > len(self.names) + 2 * MOST_NEW_COLUMNS:  # not worth a look at each
            return [name for name in self.columns if name in record]
        return [name for name in record if name in self.columns or self._is_noted(str(name))]

    def column_of(self, name: Any, /) -> str:
        """The column that a name in a record means, which need not be a plain text.

        A member of both `str` and `enum.Enum` is equal to its value, and its own text is another.
        """
        column = self.columns.get(name)
        return str(name) if column is None else column.name

    def _is_noted(self, name: str) -> bool:
        if name not in self._new:
            if len(self._new) >= MOST_NEW_COLUMNS or len(name) > _LONGEST_NAME:
                return False
            self._new.add(name)
        return True

    def by_class(self, scores: Sequence[Any], /) -> tuple[dict[str, list[Any]], list[Any]]:
        """Scores that were passed with records, by column; and those that are of no class.

        Args:
            scores: One a record: a mapping by class, a list in the order of the classes, or None.
        """
        columns: dict[str, list[Any]] = {name: [] for name in self.scores.values()}
        unused: list[Any] = []
        for score in scores:
            known = self._by_class(score)
            unused.append(score if known is None and score is not None else None)
            for place, column in enumerate(columns.values()):
                column.append(None if known is None else known[place])
        return columns, unused

    def one_scores(self, scores: list[Any], /) -> list[Any]:
        """Scores that were passed with records: of two classes that of the positive one, where
        those of both were passed.
        """
        if not self._of_two or types_in(scores) <= _PLAIN:
            return scores
        return [self._one_score(score) for score in scores]

    def _one_score(self, score: Any) -> Any:
        if score is None or isinstance(score, int | float | str):
            return score
        if isinstance(score, Mapping):
            given = {class_text(name): value for name, value in score.items()}
            return given.get(self._of_two[1], score)
        if hasattr(score, "tolist"):
            score = score.tolist()
        while isinstance(score, list | tuple) and len(score) == 1:
            score = score[0]
        if isinstance(score, list | tuple) and len(score) == 2:
            return score[in_order(self._of_two).index(self._of_two[1])]
        return score

    def _by_class(self, score: Any) -> Sequence[Any] | None:
        if isinstance(score, Mapping):
            given = {class_text(name): value for name, value in score.items()}
            return [given.get(name) for name in self.scores] if given.keys() & self.scores else None
        if hasattr(score, "tolist"):
            score = score.tolist()
        is_list = isinstance(score, list | tuple) and len(score) == len(self.scores)
        return score if is_list else None

    def without_several(self, word: str, values: list[Any], /) -> list[Any]:
        """Values that were passed with records, without those that are one for each of several
        classes where the column has one a row: which is meant would be a guess.

        Args:
            word: Their role, ``"prediction"`` or ``"score"``.
            values: One a record.
        """
        if self.role_columns[word] not in self._of_one or types_in(values) <= _PLAIN:
            return values
        kept = [None if _is_several(value) else value for value in values]
        several = sum(
            was is not None and now is None for was, now in zip(values, kept, strict=True)
        )
        if several:
            self.count("values_of_several_classes", several)
            self._log.log(
                "several",
                "driftwatch: a %s is several values, one for each class, and which is meant is not "
                "known (%d records): give a path to it, such as $.probabilities[*][1], or "
                "score_class, or tell the monitor label and positive",
                word,
                several,
                name="capture.trouble",
            )
        return kept

    def count_unused(self, values: int, /) -> None:
        """Count values of columns that are not looked at."""
        if values:
            self.count("values_of_too_many_new_columns", values)


_PLAIN = {bool, int, float, str, type(None)}
"""Types of values that are one value each."""


def _is_several(value: Any) -> bool:
    if isinstance(value, list | tuple | Mapping):
        return len(value) > 1
    return hasattr(value, "__len__") and getattr(value, "size", 0) > 1


def picking(names: tuple[str, ...], /) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """A function that gives a record's values of some columns as a tuple."""
    if len(names) > 1:
        return itemgetter(*names)
    if not names:
        return lambda _: ()
    (only,) = names
    return lambda record: (record[only],)
