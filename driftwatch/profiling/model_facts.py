"""What a trained model says about itself: its version, and how much each feature matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["classes_of", "features_of", "importances_of", "version_of"]

_VERSIONS = ("model_version", "version_", "version")
_NAMES = ("feature_names_in_", "feature_name_", "feature_names_", "feature_names")


def version_of(model: Any, /) -> str | None:
    """Return the version a model carries; its class name where it carries none.

    Looks at ``model_version``, ``version_`` and ``version``.
    """
    if model is None:
        return None
    for name in _VERSIONS:
        value = _read(model, name)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return str(value)
    return type(model).__name__


def features_of(model: Any, /) -> tuple[str, ...] | None:
    """Return the names of the columns a model was trained on; None where it does not say.

    Reads ``feature_names_in_`` and its relatives, of a pipeline those of its first step.
    """
    names = None if model is None else _feature_names(model)
    return tuple(names) if names else None


def classes_of(model: Any, /) -> list[Any] | None:
    """Return the classes of a classifier, in the order of its scores; None where it does not say.

    Reads ``classes_``, of a pipeline that of its last step.
    """
    for part in (model, _final_step(model)[0]):
        classes = _read(part, "classes_")
        if isinstance(classes, list | tuple | np.ndarray) and len(classes):
            return list(classes)
    return None


def importances_of(model: Any, columns: Sequence[str], /) -> dict[str, float]:
    """Return the importance of each feature, adding up to 1; empty where the model has none.

    Reads ``feature_importances_`` (trees, boosting) or the size of ``coef_`` (linear
    models), of the model or of the last step of a scikit-learn pipeline, and matches them
    with ``feature_names_in_`` and its relatives, or with the columns by position where
    there are as many. Names that a later step sees are traced to their columns, so that the
    shares of ``plan_basic`` and ``plan_pro`` are those of ``plan``.

    Args:
        model: Any object; nothing of it is called.
        columns: Feature columns of the reference, in order.
    """
    final, reorders = _final_step(model)
    values = _values(final)
    if values is None:
        return {}
    names = _feature_names(final)
    if names is None and reorders:  # the columns of the data are not those of the last step
        return {}
    names = names or _feature_names(model)
    if names is None or len(names) != len(values):
        names = list(columns)
    names = [_column_of(name, columns) for name in names]
    with np.errstate(over="ignore"):
        total = float(np.abs(values).sum())
    if len(names) != len(values) or not 0 < total < np.inf:
        return {}
    shares: dict[str, float] = {}
    for name, share in zip(names, (np.abs(values) / total).tolist(), strict=True):
        if name in columns:  # several of the last step's may come from one column
            shares[name] = shares.get(name, 0.0) + share
    return shares


def _column_of(name: str, columns: Sequence[str]) -> str:
    """The column that a name of a later step comes from: ``encode__plan_basic`` from ``plan``."""
    # The names of steps come before the column's, joined by two underscores; it may have such, too.
    parts = name.split("__")
    for start in range(len(parts)):
        bare = "__".join(parts[start:])
        stems = [column for column in columns if bare == column or bare.startswith(f"{column}_")]
        if stems:
            return max(stems, key=len)
    return name


def _read(model: Any, name: str) -> Any:
    """An attribute of the model, or None if it is missing or its property raises."""
    try:
        return getattr(model, name, None)
    except Exception:  # noqa: BLE001 - monitoring never breaks the host
        return None


def _final_step(model: Any) -> tuple[Any, bool]:
    """The last step of a pipeline, and whether an earlier one may reorder columns."""
    steps = _read(model, "steps")
    if (
        not isinstance(steps, list)
        or not all(isinstance(s, tuple) and s for s in steps)
        or not steps
    ):
        return model, False
    columns = ("transformers", "transformer_list")
    reorders = any(_read(step[-1], name) is not None for step in steps[:-1] for name in columns)
    return steps[-1][-1], reorders


def _values(model: Any) -> Any:
    numbers = _read(model, "feature_importances_")
    if numbers is None:
        numbers = _read(model, "coef_")
    if numbers is None or isinstance(numbers, Mapping):
        return None
    try:
        if np.iscomplexobj(numbers):
            return None
        values = np.asarray(numbers, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    if values.ndim == 2 and values.size:  # a row of coefficients a class
        values = np.abs(values).mean(axis=0)
    return values if values.ndim == 1 and np.isfinite(values).all() else None


def _feature_names(model: Any) -> list[str] | None:
    for name in _NAMES:
        names = _read(model, name)
        if isinstance(names, list | tuple | np.ndarray):
            return [str(item) for item in names]
    return None
