"""Drift of scores: probabilities that are too sure, too unsure, or too high."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from driftwatch.errors import ConfigError, DataError
from driftwatch.simulation.arguments import finite
from driftwatch.simulation.containers import Names
from driftwatch.simulation.numeric import changed_numbers

__all__ = ["score_miscalibration"]

Data = TypeVar("Data")
Floats = NDArray[np.float64]


def score_miscalibration(
    scores: Data,
    /,
    intensity: float = 1.0,
    *,
    shift: float = 0.0,
    columns: Names = None,
) -> Data:
    """Make probabilities surer than they should be, or higher, without changing their order.

    ``logit(p) -> (1 + intensity) logit(p) + shift``. Ranks, and with them the AUC, stay as they
    are; log loss, Brier score and calibration get worse. 0, 1 and missing values stay.

    Args:
        scores: Probabilities: array, list or series; or a dict, a frame or a 2-D array.
        intensity: How much surer; negative, above -1, is less sure.
        shift: How much higher, on the scale of the logit; 0.7 doubles the odds.
        columns: Names (positions in an array) to change; every numeric column if left out.

    Returns:
        A changed copy of the same type.

    Raises:
        ConfigError: An argument is not usable, or no column is numeric.
        UnknownColumnError: `columns` names one that is not there.
        DataError: A score is no probability, or `scores` is none of these types.

    Example:
        >>> import numpy as np
        >>> score_miscalibration(np.array([0.1, 0.5, 0.8])).round(3).tolist()
        [0.012, 0.5, 0.941]
    """
    sharpness, higher = 1 + finite(intensity, "intensity"), finite(shift, "shift")
    if sharpness <= 0:
        raise ConfigError(f"intensity must be above -1, so that ranks stay; got {intensity!r}")

    def bent(values: Floats) -> Floats:
        known = values[~np.isnan(values)]
        if ((known < 0) | (known > 1)).any():
            raise DataError("score_miscalibration takes probabilities between 0 and 1")
        with np.errstate(divide="ignore"):
            logits = np.log(values) - np.log1p(-values)
            moved: Floats = 1 / (1 + np.exp(-(sharpness * logits + higher)))
        return moved

    nothing = sharpness == 1 and higher == 0
    return changed_numbers(scores, columns, 0.0 if nothing else 1.0, bent)
