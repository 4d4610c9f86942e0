"""A small model: logistic regression, fitted by Newton's method with numpy alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["LogisticModel"]

_STEPS = 25
_RIDGE = 1e-3
_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class LogisticModel:
    """The probability of an outcome, from numbers.

    Attributes:
        columns: The numbers, in the order of the weights.
        means: What is taken from them, so that weights compare.
        scales: What they are divided by.
        weights: The intercept first.

    Example:
        >>> ages = np.array([20.0, 30.0, 40.0, 50.0] * 9)
        >>> model = LogisticModel.fit({"age": ages}, ages > 30, columns=["age"])
        >>> model.scores({"age": np.array([20.0, 50.0])}).round()
        array([0., 1.])
    """

    columns: tuple[str, ...]
    means: NDArray[np.float64]
    scales: NDArray[np.float64]
    weights: NDArray[np.float64]

    @classmethod
    def fit(
        cls,
        data: Mapping[str, Any],
        outcomes: NDArray[np.bool_],
        /,
        *,
        columns: Sequence[str],
    ) -> Self:
        """Fit the weights to outcomes that are known."""
        inputs = _stacked(data, columns)
        means, scales = inputs.mean(axis=0), inputs.std(axis=0)
        design = _design(inputs, means, scales)
        weights = np.zeros(design.shape[1])
        for _ in range(_STEPS):
            likely = _logistic(design @ weights)
            gradient = design.T @ (outcomes - likely) - _RIDGE * weights
            curvature = (design.T * (likely * (1 - likely))) @ design
            step = np.linalg.solve(curvature + _RIDGE * np.eye(weights.size), gradient)
            weights += step
            if np.abs(step).max() < 1e-8:
                break
        return cls(tuple(columns), means, scales, weights)

    def scores(self, data: Mapping[str, Any], /) -> NDArray[np.float64]:
        """The probability of the outcome, a row each."""
        inputs = _stacked(data, self.columns)
        return _logistic(_design(inputs, self.means, self.scales) @ self.weights)

    def predictions(self, scores: NDArray[np.float64], /) -> NDArray[np.bool_]:
        """Whether the outcome is expected."""
        return scores >= _THRESHOLD


def _stacked(data: Mapping[str, Any], columns: Sequence[str]) -> NDArray[np.float64]:
    return np.column_stack([np.asarray(data[name], dtype=np.float64) for name in columns])


def _design(
    inputs: NDArray[np.float64], means: NDArray[np.float64], scales: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.column_stack((np.ones(len(inputs)), (inputs - means) / scales))


def _logistic(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1.0 / (1.0 + np.exp(-np.clip(values, -40, 40)))
