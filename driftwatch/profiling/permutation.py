"""How much each feature matters to a model: what it loses when the feature is shuffled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.aligned import class_text, in_order, row_numbers
from driftwatch.core.data.batch import Batch
from driftwatch.core.data.schema import Column, Kind, Role, Schema
from driftwatch.errors import ConfigError
from driftwatch.profiling.model_facts import classes_of, importances_of
from driftwatch.profiling.rows import batches_in
from driftwatch.profiling.scoring import Scorer

__all__ = ["Importances", "chosen_importances", "permutation_importances"]

Importances = Mapping[str, float] | Literal["permutation"] | None
_ROWS = 2_000
_NUMBER = Column("", Kind.NUMERIC)


def chosen_importances(
    asked: Importances, model: Any, data: Any, columns: list[str], schema: Schema, /
) -> dict[str, float]:
    """Importances as the caller asks for them: given, by permutation, or as the model has them.

    Raises:
        ConfigError: If they are asked for in another way, or permutation lacks a model or a label.
        DataError: If the model fails.
    """
    if asked is None:
        return importances_of(model, columns)
    if isinstance(asked, str) and asked == "permutation":
        labels = [column.name for column in schema if column.role is Role.LABEL]
        if model is None or len(labels) != 1:
            raise ConfigError(
                "importances='permutation' needs the model and the label", code="DW094"
            )
        features = [column.name for column in schema if column.role is Role.FEATURE]
        return permutation_importances(model, data, features, labels[0])
    if not isinstance(asked, Mapping):
        raise ConfigError(
            f"importances must be numbers by column, or 'permutation'; got {asked!r}", code="DW094"
        )
    unknown = [name for name in asked if name not in columns]
    if unknown:
        raise ConfigError(f"importances: {unknown[0]!r} is no tested column", code="DW094")
    try:
        return {name: float(value) for name, value in asked.items()}
    except (TypeError, ValueError):
        raise ConfigError(
            "importances must be numbers by column, or 'permutation'", code="DW094"
        ) from None


def permutation_importances(
    model: Any, data: Any, columns: list[str], label: str, /, *, seed: int = 0
) -> dict[str, float]:
    """What a model loses when a feature is shuffled, as shares that add up to 1.

    The share of wrong predictions, or of a regression the mean squared error, of the first 2,000
    rows with a label, with one feature after the other shuffled, beside what it is as they are
    (Breiman, Machine Learning 45, 2001). Features that lose nothing have 0.

    Args:
        model: As for `Scorer`.
        data: Rows with the features and the label.
        columns: The features.
        label: The column of labels.
        seed: Of the shuffling.

    Cost: one call of the model for each feature.
    """
    rows = _some_rows(data, label)
    features = tuple(name for name in columns if name in rows.arrays and name != label)
    scorer = Scorer.for_rows(model, features, rows)
    truth, rng = rows.arrays[label], np.random.default_rng(seed)
    classes = None
    if _are_classes(truth):
        classes = [class_text(name) for name in classes_of(model) or ()] or in_order(
            text for value in truth.unique().to_pylist() if (text := class_text(value)) is not None
        )
    base = _loss(scorer, rows, truth, classes)
    losses = {}
    for name in scorer.features:
        order = rng.permutation(rows.rows)
        shuffled = rows.take(order).arrays[name]
        other = replace(rows, arrays={**rows.arrays, name: shuffled})
        losses[name] = max(0.0, _loss(scorer, other, truth, classes) - base)
    total = sum(losses.values())
    return {name: loss / total for name, loss in losses.items()} if total > 0 else {}


def _some_rows(data: Any, label: str) -> Batch:
    batches = batches_in(data, None)
    try:
        for batch in batches:
            array = batch.arrays.get(label)
            if array is None:
                raise ConfigError(f"importances: the data have no column {label!r}", code="DW094")
            known = np.flatnonzero(array.is_valid().to_numpy(zero_copy_only=False))
            if known.size:
                return batch.take(known[:_ROWS])
    finally:
        batches.close()
    raise ConfigError("importances: no row has a label", code="DW094")


def _loss(scorer: Scorer, rows: Batch, truth: Any, classes: Sequence[str | None] | None) -> float:
    predicted, scores = scorer.outputs(rows)
    if classes is None:
        numbers: NDArray[np.float64] = row_numbers(truth, _NUMBER, rows.rows)
        said = np.asarray(predicted, dtype=np.float64)
        return float(np.nanmean(np.square(said - numbers)))
    answers: list[Any]
    if predicted is None or (len(classes) == 2 and _are_probabilities(predicted)):
        places = (
            (np.asarray(predicted) >= 0.5).astype(int)
            if predicted is not None
            else np.asarray(scores).argmax(axis=1)
        )
        answers = [classes[place] for place in places.tolist()]
    else:
        answers = [class_text(value) for value in predicted.tolist()]
    pairs = zip(answers, truth.to_pylist(), strict=True)
    return float(np.mean([said != class_text(value) for said, value in pairs]))


def _are_probabilities(predicted: Any) -> bool:
    """Whether predictions are numbers between 0 and 1 that are no classes."""
    values = np.asarray(predicted)
    if values.dtype.kind != "f":
        return False
    return bool(((values >= 0) & (values <= 1)).all()) and bool((values % 1 != 0).any())


def _are_classes(truth: Any) -> bool:
    """Whether labels are texts, truth values, or of two values."""
    import pyarrow.types as t

    numbers = t.is_floating(truth.type) or t.is_integer(truth.type)
    return not numbers or len(truth.unique()) <= 2
