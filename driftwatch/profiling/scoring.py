"""Predictions and scores of a model, computed where the data lack them."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from driftwatch.core.data.aligned import class_text
from driftwatch.core.data.batch import Batch, array_of
from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.data.schema import Role
from driftwatch.errors import ConfigError, DataError, DriftWatchError
from driftwatch.profiling.model_facts import classes_of, features_of
from driftwatch.profiling.rows import DerivedData, batches_in, column_names

__all__ = ["Scorer"]

_PREDICTION, _SCORE = "prediction", "score"
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
        cls, model: Any, data: Any, declared: DeclaredColumns, /
    ) -> tuple[Scorer, DeclaredColumns]:
        """What a model has to compute for a reference, and the columns declared with it.

        Nothing where no label is named, or the reference has predictions or scores already.

        Raises:
            ConfigError: If the model's columns are not in the data.
            DataError: If the model fails.
        """
        said = declared.outcomes
        labels = [name for name, role in declared.roles.items() if role is Role.LABEL]
        if model is None or len(labels) != 1 or _is_saved(data):
            return cls(), declared
        names = column_names(data)
        there = [
            name
            for name, role in declared.roles.items()
            if role in (Role.PREDICTION, Role.SCORE) and name in names
        ]
        if there or {_PREDICTION, _SCORE} & set(names):
            return cls(), declared
        features = features_of(model) or declared.features
        if features is None:
            features = tuple(n for n in names if n not in (*declared.roles, *declared.exclude))
        missing = [name for name in features if name not in names]
        if missing:
            raise ConfigError(
                f"model takes the column {missing[0]!r}, which the data lack; name a column of "
                "predictions with prediction="
            )
        predicted, scores = cls(model, tuple(features)).outputs(_first_rows(data))
        classes = classes_of(model)
        scorer = cls(
            model, tuple(features), None if predicted is None else said.prediction or _PREDICTION
        )
        if scores is not None and scores.shape[1] == 2:
            names_of_two = [class_text(name) for name in classes or (0, 1)]
            positive = said.positive if said.positive in names_of_two else names_of_two[1]
            column = said.scores[0] if len(said.scores) == 1 else _SCORE
            scorer = replace(scorer, scores=(column,), positive=names_of_two.index(positive))
            said = replace(said, positive=positive, scores=scorer.scores)
        elif scores is not None and classes is not None and len(classes) == scores.shape[1]:
            texts = tuple(str(class_text(name)) for name in classes)
            columns = tuple(f"{_SCORE} of {text}" for text in texts)
            scorer = replace(scorer, scores=columns)
            said = replace(said, scores=columns, classes=texts)
        said = replace(said, prediction=scorer.prediction)
        roles = {n: r for n, r in declared.roles.items() if r not in (Role.PREDICTION, Role.SCORE)}
        return scorer, replace(declared, outcomes=said, roles={**roles, **said.roles})

    @classmethod
    def for_rows(cls, model: Any, features: tuple[str, ...], rows: Batch, /) -> Scorer:
        """A scorer for rows that are there: with the features that the model names, if it does."""
        named = features_of(model) or features
        return cls(model, tuple(name for name in named if name in rows.arrays))

    def scored(self, data: Any, /) -> Any:
        """Data with the model's columns, where they lack them, computed as they are read."""
        if self.model is None or _is_saved(data):
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
                "predictions and scores with prediction= and score="
            ) from error
        for what, side in (("predictions", predicted), ("scores", scores)):
            if side is not None and len(side) != batch.rows:
                raise DataError(f"the model gave {len(side)} {what} for {batch.rows} rows")
        return predicted, scores

    def _frame(self, batch: Batch) -> Any:
        import pyarrow as pa

        table = pa.table({name: batch.arrays[name] for name in self.features})
        if importlib.util.find_spec("pandas") is not None:
            return table.to_pandas()
        return np.column_stack([table[name].to_numpy() for name in self.features])


def _first_rows(data: Any) -> Batch:
    """Some rows, to see what the model gives."""
    batches = batches_in(data, None)
    try:
        for batch in batches:
            if batch.rows:
                return batch.take(np.arange(min(batch.rows, 100)))
    finally:
        batches.close()
    raise DataError("the reference has no rows, which the model could predict")


def _is_saved(data: Any) -> bool:
    """Whether data is a profile, which has no rows to predict."""
    from driftwatch.profiling.references import saved_profile

    return saved_profile(data, None) is not None


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
        "predictions with prediction="
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
