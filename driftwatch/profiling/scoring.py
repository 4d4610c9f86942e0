"""Predictions and scores of a model, computed where the data lack them."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from driftwatch.core.data.aligned import class_text, in_order, row_numbers
from driftwatch.core.data.batch import Batch, array_of
from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.data.declared_outcomes import DeclaredOutcomes
from driftwatch.core.data.inference import infer_schema
from driftwatch.core.data.mixed import is_mixed
from driftwatch.core.data.outcomes import Task
from driftwatch.core.data.schema import Column, Kind, Role
from driftwatch.core.profiles.profile import Profile
from driftwatch.errors import ConfigError, DataError, DriftWatchError
from driftwatch.profiling.hash_keys import HashKey
from driftwatch.profiling.model_facts import classes_of, features_of
from driftwatch.profiling.references import is_saved, saved_reference
from driftwatch.profiling.rows import DerivedData, batches_in, column_names

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Scorer"]

_LOOKED_AT, _TRIED = 65_536, 100
Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Scorer:
    """Adds the columns that a model computes to data that lack them.

    The model is called by what it offers: ``predict`` and ``predict_proba`` (scikit-learn and all
    that follow it, pipelines too), ``inplace_predict`` (boosters of XGBoost), ``predict`` alone
    (boosters of LightGBM, MLflow), ``run`` and ``get_inputs`` (sessions of ONNX Runtime), or as a
    function. It is given a pandas data frame where pandas is installed, else an array.

    Attributes:
        model: The model; None computes nothing.
        features: Columns it is given, in order.
        prediction: Column that its predictions go to; None where they are not needed.
        scores: Columns that its scores go to; empty where they are not needed.
        positive: Place of the positive class among the model's, where there is one score.

    Cost: one call of the model a batch.
    """

    model: Any = None
    features: tuple[str, ...] = ()
    prediction: str | None = None
    scores: tuple[str, ...] = field(default=())
    positive: int | None = None

    @classmethod
    def of(
        cls, model: Any, data: Any, declared: DeclaredColumns, hash_key: HashKey | None = None, /
    ) -> tuple[Scorer, DeclaredColumns]:
        """What a model has to compute for a reference, and the columns declared with it.

        Nothing where no label is named, or the reference has predictions or scores already.

        Raises:
            ConfigError: If the model's columns are not in the data.
            DataError: If the model fails.
        """
        labels = [name for name, role in declared.roles.items() if role is Role.LABEL]
        saved = None if model is None else saved_reference(data, hash_key)
        if saved is not None:
            return cls._of_saved(model, saved), declared
        if model is None or len(labels) != 1:
            return cls(), declared
        names = column_names(data)
        outputs = (Role.PREDICTION, Role.SCORE)
        if any(role in outputs and name in names for name, role in declared.roles.items()):
            return cls(), declared
        first = _first_rows(data)
        scorer = cls(model, _features(model, first, declared))
        predicted, scores = scorer.outputs(first.take(np.arange(min(first.rows, _TRIED))))
        classes = classes_of(model) or _classes_in(first.arrays[labels[0]])
        scorer = scorer._named(declared.outcomes, names, classes, predicted, scores)
        said = replace(declared.outcomes, prediction=scorer.prediction, scores=scorer.scores)
        if scorer.positive is not None:
            said = replace(said, positive=class_text(classes[scorer.positive]))
        elif scorer.scores:
            said = replace(said, classes=tuple(str(class_text(name)) for name in classes))
        roles = {n: r for n, r in declared.roles.items() if r not in outputs}
        return scorer, replace(declared, outcomes=said, roles={**roles, **said.roles})

    def _named(
        self,
        said: DeclaredOutcomes,
        names: Sequence[str],
        classes: Sequence[Any],
        predicted: Array | None,
        scores: Array | None,
    ) -> Scorer:
        """The scorer with names for what the model gives, which the data do not have."""

        def free(name: str) -> str:
            return name if name not in names else f"model {name}"

        scorer = self
        if predicted is not None:
            scorer = replace(scorer, prediction=said.prediction or free("prediction"))
        if scores is None or scores.shape[1] != len(classes):
            return scorer
        if len(classes) == 2:
            texts = [class_text(name) for name in classes]
            positive = texts.index(said.positive) if said.positive in texts else 1
            column = said.scores[0] if len(said.scores) == 1 else free("score")
            return replace(scorer, scores=(column,), positive=positive)
        columns = tuple(free(f"score of {class_text(name)}") for name in classes)
        return replace(scorer, scores=columns)

    @classmethod
    def _of_saved(cls, model: Any, saved: Profile) -> Scorer:
        """What a model has to compute to be compared with a saved profile."""
        spec = saved.outcome_spec
        if spec is None or spec.columns.in_list:
            return cls()
        columns, classes = spec.columns, classes_of(model)
        tested = tuple(c.name for c in saved.schema if c.role is Role.FEATURE)
        place = None
        if columns.task is Task.BINARY and columns.scores:
            texts = [class_text(name) for name in classes or in_order(columns.classes)]
            place = texts.index(columns.classes[1]) if columns.classes[1] in texts else 1
        return cls(model, features_of(model) or tested, columns.prediction, columns.scores, place)

    @classmethod
    def for_rows(cls, model: Any, features: tuple[str, ...], rows: Batch, /) -> Scorer:
        """A scorer for rows that are there: with the features that the model names, if it does."""
        named = features_of(model) or features
        return cls(model, tuple(name for name in named if name in rows.arrays))

    def scored(self, data: Any, /) -> Any:
        """Data with the model's columns, where they lack them, computed as they are read."""
        if self.model is None or is_saved(data):
            return data
        adds = [name for name in (self.prediction, *self.scores) if name is not None]
        return DerivedData(data, self._with_outputs, frozenset(adds), frozenset(self.features))

    def _with_outputs(self, batch: Batch) -> Batch:
        adds = [name for name in (self.prediction, *self.scores) if name not in batch.arrays]
        missing = [name for name in self.features if name not in batch.arrays]
        if not any(adds) or missing or not batch.rows:
            return batch
        predicted, scores = self.outputs(batch)
        arrays = dict(batch.arrays)
        if self.prediction in adds and self.prediction is not None and predicted is not None:
            arrays[self.prediction] = array_of(predicted, self.prediction)
        if scores is not None:
            places = [self.positive] if self.positive is not None else range(len(self.scores))
            for name, place in zip(self.scores, places, strict=True):
                if name in adds:
                    arrays[name] = array_of(np.ascontiguousarray(scores[:, place]), name)
        return replace(batch, arrays=arrays)

    def outputs(self, batch: Batch, /) -> tuple[Array | None, Array | None]:
        """Predictions and scores (rows by classes) of a batch; None of what it does not give.

        Raises:
            DataError: If the model fails, or gives another number of rows.
        """
        try:
            predicted, scores = _called(self.model, self._frame(batch), self.features)
        except DriftWatchError:
            raise
        except Exception as error:
            raise DataError(
                f"the model could not predict: {type(error).__name__}: {error}; name columns of "
                "predictions and scores with prediction= and score=",
                code="DW071",
            ) from error
        for what, side in (("predictions", predicted), ("scores", scores)):
            if side is not None and len(side) != batch.rows:
                raise DataError(
                    f"the model gave {len(side)} {what} for {batch.rows} rows", code="DW071"
                )
        return predicted, scores

    def _frame(self, batch: Batch) -> Any:
        import pyarrow as pa

        arrays = {name: batch.arrays[name] for name in self.features}
        arrays = {name: _of_one_type(array) for name, array in arrays.items()}
        if batch.untyped:
            arrays = {name: _typed(array) for name, array in arrays.items()}
        table = pa.table(arrays)
        if importlib.util.find_spec("pandas") is not None:
            return table.to_pandas()
        return np.column_stack([table[name].to_numpy() for name in self.features])


def _of_one_type(array: pa.Array) -> pa.Array:
    """Values of several types as a model takes them: numbers where most are, else texts."""
    import pyarrow as pa

    if not is_mixed(array.type):
        return array
    numbers = row_numbers(array, Column("", Kind.NUMERIC), len(array))
    if 2 * np.isfinite(numbers).sum() > len(array):
        return pa.array(numbers)
    return pa.array([None if value is None else str(value) for value in array.to_pylist()])


def _typed(array: pa.Array) -> pa.Array:
    """Texts of a format without types as a reader of CSV would read them: numbers where all are."""
    import pyarrow as pa

    for dtype in (pa.int64(), pa.float64()):
        try:
            return array.cast(dtype)
        except pa.ArrowInvalid:
            continue
    return array


def _features(model: Any, first: Batch, declared: DeclaredColumns) -> tuple[str, ...]:
    """Columns that the model is given: those it names, or that are named, or all features."""
    features = features_of(model) or declared.features
    if features is None:
        kept = {n: a for n, a in first.arrays.items() if n not in declared.exclude}
        schema = infer_schema(kept, declared, untyped=first.untyped)
        features = tuple(column.name for column in schema if column.role is Role.FEATURE)
    missing = [name for name in features if name not in first.arrays]
    if missing:
        raise ConfigError(
            f"model takes the column {missing[0]!r}, which the data lack; name a column of "
            "predictions with prediction=",
            code="DW071",
        )
    return tuple(features)


def _classes_in(label: pa.Array) -> list[str]:
    """The classes of some labels, in order."""
    texts = {class_text(value) for value in label.unique().to_pylist()}
    return in_order(text for text in texts if text is not None)


def _first_rows(data: Any) -> Batch:
    """The first rows, to see what they are and what the model gives."""
    batches = batches_in(data, None)
    try:
        for batch in batches:
            if batch.rows:
                return batch.take(np.arange(min(batch.rows, _LOOKED_AT)))
    finally:
        batches.close()
    raise DataError("the reference has no rows, which the model could predict", code="DW071")


def _called(model: Any, frame: Any, names: Sequence[str]) -> tuple[Array | None, Array | None]:
    if callable(getattr(model, "run", None)) and callable(getattr(model, "get_inputs", None)):
        return _sorted_out(_of_onnx(model, frame, names))
    if callable(getattr(model, "predict_proba", None)):
        scores = _matrix(model.predict_proba(frame))
        return np.asarray(model.predict(frame)).reshape(len(scores)), scores
    for name in ("inplace_predict", "predict"):
        if callable(getattr(model, name, None)):
            return _sorted_out([getattr(model, name)(frame)])
    if callable(model):
        return _sorted_out([model(frame)])
    raise ConfigError(
        f"model {type(model).__name__} has no predict and is no function; name a column of "
        "predictions with prediction=",
        code="DW071",
    )


def _sorted_out(outputs: Sequence[Any]) -> tuple[Array | None, Array | None]:
    """Predictions are one number or name a row, scores a row of numbers."""
    predicted = scores = None
    for output in outputs:
        if isinstance(output, list) and output and isinstance(output[0], dict):
            output = [list(row.values()) for row in output]  # noqa: PLW2901 - ONNX's maps
        side = np.asarray(output)
        if side.ndim == 2 and side.shape[1] == 1:
            side = side[:, 0]
        if side.ndim == 2:
            scores = side
        elif predicted is None:
            predicted = side
    return predicted, scores


def _matrix(scores: Any) -> Array:
    matrix = np.asarray(scores, dtype=np.float64)
    return matrix if matrix.ndim == 2 else np.column_stack((1 - matrix, matrix))


def _of_onnx(session: Any, frame: Any, names: Sequence[str]) -> Sequence[Any]:
    inputs = session.get_inputs()
    if len(inputs) == 1:
        values = np.asarray(frame, dtype=np.float32)
        return list(session.run(None, {inputs[0].name: values}))
    columns = dict(zip(names, np.asarray(frame, dtype=object).T, strict=True))
    kinds = {"tensor(float)": np.float32, "tensor(int64)": np.int64, "tensor(double)": np.float64}
    feed = {
        item.name: columns[item.name].astype(kinds.get(item.type, str))[:, None] for item in inputs
    }
    return list(session.run(None, feed))
