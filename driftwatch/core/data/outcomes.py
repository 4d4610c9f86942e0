"""What a model said and what came true, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.aligned import (
    MISSING,
    OTHER,
    agreed_beyond,
    class_places,
    in_order,
    row_numbers,
)
from driftwatch.core.data.batch import Batch
from driftwatch.core.data.missing_words import MISSING_WORDS, stored_words
from driftwatch.core.data.schema import COMPUTED, Column, Kind, Role
from driftwatch.errors import SchemaError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["OutcomeColumns", "OutcomeRows", "Task", "all_of"]

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

_NUMBER = Column("", Kind.NUMERIC)
_SMALLEST = float(np.finfo(np.float64).eps)
"""Probabilities are kept this far from 0 and 1, as scikit-learn does."""
_THRESHOLD = 0.5
_LARGEST = 1e30
_HEAVIEST = 1e20
"""Numbers and weights beyond are not summed: powers of them would be infinite."""


class Task(StrEnum):
    """What a model predicts."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


@dataclass(frozen=True, slots=True)
class OutcomeRows:
    """Labels, predictions and scores of some rows, aligned.

    Attributes:
        truth: Place of the label among the classes (`OTHER`, `MISSING`); a number in regression.
        predicted: The same of the prediction; None where there are no predictions.
        scores: Rows by classes (one column for a binary task), NaN where unusable; None without.
        weights: Weight of each row; None where all count the same.
        labelled: Rows with a label.
        usable: Those of them with a usable weight.
        agreed: Whether label and prediction are the same class that is not known; None where no
            row has such a class twice.
        losses: Log loss of each row, NaN where it is not known; None without probabilities.
    """

    truth: Places | Floats
    predicted: Places | Floats | None
    scores: Floats | None
    weights: Floats | None
    labelled: NDArray[np.bool_]
    usable: NDArray[np.bool_]
    agreed: NDArray[np.bool_] | None = None
    losses: Floats | None = None

    def kept(self, rows: NDArray[np.bool_], /) -> OutcomeRows:
        """Some of the rows."""
        if rows.all():
            return self
        return OutcomeRows(
            self.truth[rows],
            None if self.predicted is None else self.predicted[rows],
            None if self.scores is None else self.scores[rows],
            None if self.weights is None else self.weights[rows],
            self.labelled[rows],
            self.usable[rows],
            None if self.agreed is None else self.agreed[rows],
            None if self.losses is None else self.losses[rows],
        )


@dataclass(frozen=True, slots=True)
class OutcomeColumns:
    """Which columns hold what a model said and what came true, and how they are read.

    Attributes:
        task: What is predicted.
        label: Column of labels.
        prediction: Column of predictions; None where scores are all there is.
        scores: Columns of scores: one for a binary task, one a class, in their order, for several;
            or one column of lists.
        in_list: Whether scores are lists.
        weight: Column of weights.
        classes: Names of the classes as `class_text` writes them; of a binary task the negative
            and the positive one.
        probabilities: Whether the scores are probabilities.
        missing_words: Texts that are no label and no prediction; `MISSING_WORDS` if None.

    Example:
        >>> from driftwatch.core.data.batch import batches_of
        >>> columns = OutcomeColumns(Task.BINARY, "y", "says", classes=("no", "yes"))
        >>> rows = columns.read(next(batches_of({"y": ["yes", None], "says": ["no", "yes"]})))
        >>> rows.truth.tolist(), rows.predicted.tolist(), rows.usable.tolist()
        ([1, -2], [0, 1], [True, False])
    """

    task: Task
    label: str
    prediction: str | None = None
    scores: tuple[str, ...] = ()
    in_list: bool = False
    weight: str | None = None
    classes: tuple[str, ...] = ()
    probabilities: bool = False
    missing_words: tuple[str, ...] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns."""
        named = (self.label, self.prediction, *self.scores, self.weight)
        return tuple(name for name in named if name is not None)

    def derived_columns(self) -> tuple[Column, ...]:
        """Columns computed from others: the error of every row, and scores that are in lists."""
        if self.task is Task.REGRESSION:
            names = [f"residual of {self.prediction}", f"absolute error of {self.prediction}"]
        elif self.probabilities:
            of = self.scores[0] if len(self.scores) == 1 else "scores"
            # With the other class as the positive one it is another column.
            turned = self.task is Task.BINARY and in_order(self.classes) != list(self.classes)
            names = [f"log loss of {of}{f' for {self.classes[1]}' if turned else ''}"]
        elif self.prediction is not None:
            names = [f"error of {self.prediction}"]
        else:
            names = []
        roles = dict.fromkeys(names, Role.ERROR)
        if self.in_list:
            roles |= {f"{self.scores[0]} of {name}": Role.SCORE for name in self._scored}
        return tuple(
            Column(name, Kind.NUMERIC, role, dtype="double", note=COMPUTED)
            for name, role in roles.items()
        )

    @property
    def _scored(self) -> tuple[str, ...]:
        """Classes that have scores: of two the positive one."""
        return self.classes[1:] if self.task is Task.BINARY else self.classes

    def read(self, batch: Batch, /) -> OutcomeRows:
        """Read the rows of a batch."""
        if self.task is Task.REGRESSION:
            truth, said = self._numbers(batch, self.label), self._numbers(batch, self.prediction)
            labelled = np.isfinite(truth)
            usable, weights = self._weighed(batch, labelled)
            return OutcomeRows(truth, said, None, weights, labelled, usable)
        label = batch.arrays.get(self.label)
        words = MISSING_WORDS if self.missing_words is None else self.missing_words
        places = class_places(label, self.classes, batch.rows, words)
        scores, predicted, agreed = self._scores(batch), None, None
        if self.prediction is not None:
            answer = batch.arrays.get(self.prediction)
            predicted = class_places(answer, self.classes, batch.rows, words)
            beyond = (places == OTHER) & (predicted == OTHER)
            agreed = agreed_beyond(label, answer, beyond) if beyond.any() else None
        elif scores is not None:
            predicted = self._decided(scores)
        labelled = places != MISSING
        usable, weights = self._weighed(batch, labelled)
        losses = None
        if self.probabilities and scores is not None:
            losses = self._log_losses(np.where(usable, places, MISSING), scores)
        return OutcomeRows(places, predicted, scores, weights, labelled, usable, agreed, losses)

    def _weighed(
        self, batch: Batch, labelled: NDArray[np.bool_]
    ) -> tuple[NDArray[np.bool_], Floats | None]:
        """The labelled rows that have a usable weight, and the weights."""
        if self.weight is None:
            return labelled, None
        weights = self._numbers(batch, self.weight)
        sound = (weights >= 1 / _HEAVIEST) & (weights <= _HEAVIEST)
        return labelled & sound, np.where(sound, weights, 0.0)

    def _decided(self, scores: Floats) -> Places | None:
        """Predictions from scores: the likeliest class; of two the positive from 0.5 on."""
        if not self.probabilities and self.task is Task.BINARY:
            return None
        known = all_of(np.isfinite(scores))
        if self.task is Task.BINARY:
            likeliest = (scores[:, 0] >= _THRESHOLD).astype(np.intp)
        else:
            likeliest = np.argmax(np.where(np.isfinite(scores), scores, -np.inf), axis=1)
        decided: Places = np.where(known, likeliest, MISSING)
        return decided

    def _scores(self, batch: Batch) -> Floats | None:
        if not self.scores:
            return None
        if self.in_list:
            lists = _lists(batch.arrays.get(self.scores[0]), len(self.classes), batch.rows)
            if self.task is Task.BINARY:  # lists are in the order of the classes
                place = in_order(self.classes).index(self.classes[1])
                return lists[:, [place]]
            return lists
        return np.column_stack([self._numbers(batch, name) for name in self.scores])

    def _numbers(self, batch: Batch, name: str | None) -> Floats:
        """Numbers of a column; NaN where there is none, or one that sums cannot hold."""
        array = None if name is None else batch.arrays.get(name)
        if array is None:
            return np.full(batch.rows, np.nan)
        return _summable(row_numbers(array, _NUMBER, batch.rows))

    def derived(self, rows: OutcomeRows, /) -> list[Floats]:
        """The values of `derived_columns`, NaN where they are not known."""
        scores = list(rows.scores.T) if self.in_list and rows.scores is not None else []
        return [*self._errors(rows), *scores]

    def _errors(self, rows: OutcomeRows) -> list[Floats]:
        if self.task is Task.REGRESSION:
            assert rows.predicted is not None  # noqa: S101 - a regression has predictions
            known = rows.usable & np.isfinite(rows.predicted)
            residual = np.where(known, rows.predicted - rows.truth, np.nan)
            return [residual, np.abs(residual)]
        if rows.losses is not None:
            return [rows.losses]
        if rows.predicted is None or self.prediction is None:
            return []
        known = rows.usable & (rows.predicted != MISSING)
        if self.task is Task.BINARY:
            known = known & (rows.truth >= 0)
        wrong = (rows.predicted != rows.truth) | (rows.truth < 0)
        if rows.agreed is not None:
            wrong = wrong & ~rows.agreed
        return [np.where(known, wrong.astype(float), np.nan)]

    def _log_losses(self, places: Places, scores: Floats) -> Floats:
        """Log loss of every row; NaN where there is no label of a known class or no score."""
        known = places >= 0
        if self.task is Task.BINARY:
            chance = np.where(places == 1, scores[:, 0], 1 - scores[:, 0])
        else:
            chance = scores[np.arange(places.size), np.maximum(places, 0)]
        usable = known & all_of((scores >= 0) & (scores <= 1))
        losses = -np.log(np.clip(chance, _SMALLEST, 1 - _SMALLEST))
        return losses if usable.all() else np.where(usable, losses, np.nan)

    def to_dict(self) -> dict[str, Any]:
        table: dict[str, Any] = {
            "task": self.task.value,
            "label": self.label,
            "prediction": self.prediction,
            "scores": list(self.scores),
            "in_list": self.in_list,
            "weight": self.weight,
            "classes": list(self.classes),
            "probabilities": self.probabilities,
        }
        if self.missing_words is not None:
            table["missing_words"] = list(self.missing_words)
        return table

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], /) -> Self:
        """Rebuild it from `to_dict`.

        Raises:
            SchemaError: If a part is not of its type.
        """
        texts = [*data["scores"], *data["classes"], data["label"]]
        optional = [data["prediction"], data["weight"]]
        texts += [text for text in optional if text is not None]
        flags = (data["in_list"], data["probabilities"])
        if not all(isinstance(text, str) for text in texts) or not all(
            isinstance(flag, bool) for flag in flags
        ):
            raise SchemaError("columns of labels and predictions must be named by text")
        columns = cls(
            Task(data["task"]),
            data["label"],
            data["prediction"],
            tuple(data["scores"]),
            data["in_list"],
            data["weight"],
            tuple(data["classes"]),
            data["probabilities"],
            stored_words(data["label"], data.get("missing_words")),
        )
        columns._check()
        return columns

    def _check(self) -> None:
        classes, scores = len(self.classes), len(self.scores)
        if self.task is Task.REGRESSION:
            sound = self.prediction is not None and not scores and not classes
        elif self.task is Task.BINARY:
            sound = classes == 2 and (self.prediction is not None or scores == 1) and scores <= 1
        else:
            sound = classes >= 2 and scores in ((0, 1, classes) if self.in_list else (0, classes))
            sound = sound and (self.prediction is not None or scores > 0)
        sound = (
            sound and (not self.in_list or scores == 1) and (not self.probabilities or scores > 0)
        )
        if not sound or len(set(self.classes)) != classes:
            raise SchemaError("columns of labels and predictions do not go together")


def all_of(truths: NDArray[np.bool_], /) -> NDArray[np.bool_]:
    """Whether all values of each row are true; quick where a row has one."""
    if truths.shape[1] == 1:
        return truths[:, 0]
    every: NDArray[np.bool_] = np.all(truths, axis=1)
    return every


def _summable(values: Floats) -> Floats:
    """Numbers whose eighth powers can be summed; NaN for others."""
    inside = np.abs(values) <= _LARGEST  # false for NaN
    return values if inside.all() else np.where(inside, values, np.nan)


def _is_list(dtype: pa.DataType) -> bool:
    import pyarrow.types as t

    return bool(t.is_list(dtype) or t.is_large_list(dtype) or t.is_fixed_size_list(dtype))


def _lists(array: pa.Array | None, size: int, rows: int) -> Floats:
    """Scores given as one list a row; NaN where a list has another length."""
    import pyarrow as pa

    scores = np.full((rows, size), np.nan)
    if array is None or not _is_list(array.type):
        return scores
    if pa.types.is_nested(array.type.value_type):
        return scores
    if not array.null_count and len(array.flatten()) == rows * size:
        lengths = array.value_lengths().to_numpy(zero_copy_only=False)
        if (lengths == size).all():
            return row_numbers(array.flatten(), _NUMBER, rows * size).reshape(rows, size)
    for row in range(rows):
        values = array[row].values if array[row].is_valid else None
        if values is not None and len(values) == size:
            scores[row] = row_numbers(values, _NUMBER, size)
    return scores
