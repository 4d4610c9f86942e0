"""What a trained model says about itself: its version, and how much each feature matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["importances_of", "version_of"]

_VERSIONS = ("model_version", "version_", "version")
_NAMES = ("feature_names_in_", "feature_name_", "feature_names_", "feature_names")


def version_of(model: Any, /) -> str | None:
    """Return the version a model carries; its class name where it carries none.

    Looks at ``model_version``, ``version_`` and ``version``.
    """
    if model is None:
        return None
    for name in _VERSIONS:
        value = getattr(model, name, None)
        if isinstance(value, str | int | float):
            return str(value)
    return type(model).__name__


def importances_of(model: Any, columns: Sequence[str], /) -> dict[str, float]:
    """Return the importance of each feature, adding up to 1; empty where the model has none.

    Reads ``feature_importances_`` (trees, boosting) or the size of ``coef_`` (linear
    models), of the model or of the last step of a scikit-learn pipeline, and matches them
    with ``feature_names_in_`` and its relatives, or with the columns by position where
    there are as many.

    Args:
        model: Any object; nothing of it is called.
        columns: Feature columns of the reference, in order.
    """
    final = _final_step(model)
    values = _values(final)
    if values is None:
        return {}
    names = _feature_names(final) or _feature_names(model)
    if names is None or len(names) != len(values):
        names = list(columns)
    total = float(np.abs(values).sum())
    if len(names) != len(values) or not total > 0:
        return {}
    found = zip(names, (np.abs(values) / total).tolist(), strict=True)
    return {name: share for name, share in found if name in columns}


def _final_step(model: Any) -> Any:
    steps = getattr(model, "steps", None)
    if isinstance(steps, Sequence) and steps and isinstance(steps[-1], tuple):
        return steps[-1][-1]
    return model


def _values(model: Any) -> Any:
    found = getattr(model, "feature_importances_", None)
    if found is None:
        found = getattr(model, "coef_", None)
    if found is None or isinstance(found, Mapping):
        return None
    try:
        values = np.asarray(found, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    if values.ndim == 2:  # a row of coefficients a class
        values = np.abs(values).mean(axis=0)
    return values if values.ndim == 1 and np.isfinite(values).all() else None


def _feature_names(model: Any) -> list[str] | None:
    for name in _NAMES:
        found = getattr(model, name, None)
        if found is not None and not callable(found) and not isinstance(found, str):
            return [str(item) for item in found]
    return None
