"""Drift of labels: some are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from driftwatch.errors import ConfigError, DataError
from driftwatch.simulation.arguments import Rows, Seed, checked_share, draw, generator
from driftwatch.simulation.classes import Classes
from driftwatch.simulation.containers import AnyColumn, Names, Opened, open_data

__all__ = ["label_flip"]

Data = TypeVar("Data")


def label_flip(
    labels: Data,
    /,
    intensity: float | Mapping[Any, float] = 0.1,
    *,
    columns: Names = None,
    seed: Seed = 0,
) -> Data:
    """Give a share of the labels another of the observed classes.

    Exactly ``round(intensity * n)`` of the ``n`` labels that are not missing are drawn at
    random without replacement; each becomes one of the other ``k - 1`` classes, each with
    probability ``1 / (k - 1)``. No flipped label keeps its value, no new class appears, and
    missing labels stay missing. Labels may be of any hashable type, which they keep:
    text, numbers, booleans, dates, categories.

    Args:
        labels: 1-D array, list or series; or a dict, a frame or a 2-D array with `columns`.
        intensity: Share of the labels to flip, from 0 to 1; or shares by class, each of the labels
            of that class, so that the noise is of some classes only.
        columns: Names (positions in an array) of the label columns; may be left out if there
            is only one. Each is flipped on its own.
        seed: Of the choice of rows and classes.

    Returns:
        A changed copy of the same type.

    Raises:
        ConfigError: An argument is not usable, or `columns` is needed.
        UnknownColumnError: `columns` names one that is not there.
        DataError: There are labels to flip but only one class, the labels are not hashable,
            or `labels` is none of these types.

    Time and memory are O(n) per column; labels pass through Python objects, about 0.3 s a
    million.

    Example:
        >>> import numpy as np
        >>> y = np.array(["good", "bad", "good", "good", "bad"])
        >>> int((label_flip(y, 0.4) != y).sum())
        2
        >>> label_flip(y, {"bad": 1.0}).tolist()
        ['good', 'good', 'good', 'good', 'good']
    """
    portion: float | dict[Any, float]
    if isinstance(intensity, Mapping):
        portion = {name: checked_share(share, "intensity") for name, share in intensity.items()}
    else:
        portion = checked_share(intensity, "intensity")
    rng = generator(seed)
    opened = open_data(labels)
    flipped = {column.name: _flipped(column, portion, rng) for column in _labels(opened, columns)}
    return opened.close({name: new for name, new in flipped.items() if new is not None})


def _labels(opened: Opened[Data], columns: Names) -> list[AnyColumn]:
    if columns is None and len(opened.columns) != 1:
        names = ", ".join(repr(column.name) for column in opened.columns)
        raise ConfigError(f"name the label column with columns=; there are {names or 'none'}")
    return list(opened.columns) if columns is None else opened.named(columns)


def _flipped(
    column: AnyColumn, portion: float | Mapping[Any, float], rng: np.random.Generator
) -> Any:
    classes = column.classes()
    if isinstance(portion, Mapping):
        chosen = _of_classes(classes, portion, column.name, rng)
    else:
        chosen = draw(classes.present, portion, rng)
    if chosen.size == 0:
        return None
    known = len(classes.values)
    if known < 2:
        raise DataError(
            f"column {column.name!r} holds only the class {classes.values[0]!r}; "
            "flipping labels needs at least two classes"
        )
    # Steps of 1 .. k-1 around the circle of classes reach each other class, and never the own.
    steps = rng.integers(1, known, size=chosen.size)
    rows = np.arange(classes.codes.size)
    rows[chosen] = classes.examples[(classes.codes[chosen] + steps) % known]
    return column.rearranged(rows)


def _of_classes(
    classes: Classes, portions: Mapping[Any, float], name: object, rng: np.random.Generator
) -> Rows:
    """Rows to flip: of each named class its share."""
    unknown = [label for label in portions if label not in classes.values]
    if unknown:
        raise ConfigError(f"intensity: column {name!r} has no class {unknown[0]!r}")
    chosen = [
        draw(np.flatnonzero(classes.codes == code), portions[label], rng)
        for code, label in enumerate(classes.values)
        if label in portions
    ]
    return np.concatenate(chosen) if chosen else np.empty(0, dtype=np.int64)
