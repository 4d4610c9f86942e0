"""The world of the demo: applications for loans, who defaults, and what is changed when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.reports.spelling import percent, quoted
from driftwatch.demo.model import LogisticModel
from driftwatch.simulation import category_shift, label_flip, mean_shift

__all__ = ["FEATURES", "LABEL", "LABEL_HOURS", "PREDICTION", "SCORE", "Day", "Injected", "Loans"]

Rows = dict[str, NDArray[Any]]

FEATURES = ("age", "income", "amount", "months_employed", "channel", "region")
SCORE, PREDICTION, LABEL = "risk", "expected_default", "default"
LABEL_HOURS = 3
"""Hours after which it is known who defaulted."""

_NUMBERS = ("age", "income", "amount", "months_employed")
_TRAINING_ROWS, _REFERENCE_ROWS = 20_000, 10_000
_HOURS, _ROWS_AN_HOUR = 24, 1_000
_DRIFT_HOUR, _DROP_HOUR = 8, 14
_AGE_SHIFT, _CHANNEL_SHIFT, _FLIPPED = 0.6, 0.3, 0.25
_HOUR = 3_600.0


@dataclass(frozen=True, slots=True)
class Injected:
    """What was done to the day, and when: the truth that reports are compared with.

    Attributes:
        drift_at: From when on the features are moved, seconds since 1970.
        moved: The features, and how each was moved, in words.
        drop_at: From when on outcomes are other than the model has learnt.
        drop: What was done to them, in words.
    """

    drift_at: float
    moved: dict[str, str]
    drop_at: float
    drop: str


@dataclass(frozen=True, slots=True)
class Day:
    """The traffic of a day.

    Attributes:
        start: When it begins, seconds since 1970.
        times: When each application comes, seconds since 1970, in order.
        rows: The features.
        outcomes: Who defaults.
        injected: What was done to them.
    """

    start: float
    times: NDArray[np.float64]
    rows: Rows
    outcomes: NDArray[np.bool_]
    injected: Injected

    def between(self, start: float, end: float, /) -> slice:
        """Places of the rows of a half-open stretch of time."""
        first, last = np.searchsorted(self.times, [start, end])
        return slice(int(first), int(last))


class Loans:
    """Applications and their outcomes, drawn by a seed.

    Args:
        seed: The same one gives the same rows.
    """

    def __init__(self, seed: int, /) -> None:
        self._rng = np.random.default_rng(seed)
        self._seed = seed

    def trained_model(self) -> tuple[LogisticModel, int]:
        """A model, and the number of applications that it was fitted on."""
        rows = self._applications(_TRAINING_ROWS)
        outcomes = self._outcomes(rows)
        return LogisticModel.fit(rows, outcomes, columns=_NUMBERS), _TRAINING_ROWS

    def reference(self, model: LogisticModel, /) -> Rows:
        """Applications that the model has not seen, with its answers and the outcomes."""
        rows = self._applications(_REFERENCE_ROWS)
        scores = model.scores(rows)
        answers = {SCORE: scores, PREDICTION: model.predictions(scores)}
        return {**rows, **answers, LABEL: self._outcomes(rows)}

    def day(self, end: float, /) -> Day:
        """The traffic of the day that ends then, with what is injected."""
        start = end - _HOURS * _HOUR
        count = _HOURS * _ROWS_AN_HOUR
        rows = self._applications(count)
        outcomes = self._outcomes(rows)
        moved, changed = _DRIFT_HOUR * _ROWS_AN_HOUR, _DROP_HOUR * _ROWS_AN_HOUR
        later = mean_shift(_from(rows, moved), _AGE_SHIFT, columns=["age"])
        later = category_shift(
            later, _CHANNEL_SHIFT, columns=["channel"], to="app", seed=self._seed
        )
        wrong = label_flip(outcomes[changed:], _FLIPPED, seed=self._seed)
        return Day(
            start=start,
            times=np.asarray(
                start + (np.arange(count) + 0.5) * (_HOUR / _ROWS_AN_HOUR), np.float64
            ),
            rows={name: np.concatenate((rows[name][:moved], later[name])) for name in rows},
            outcomes=np.concatenate((outcomes[:changed], wrong)),
            injected=Injected(
                drift_at=start + _DRIFT_HOUR * _HOUR,
                moved={
                    "age": f"up by {_AGE_SHIFT:g} standard deviations",
                    "channel": f"{percent(_CHANNEL_SHIFT)} of the rows become {quoted('app')}",
                },
                drop_at=start + _DROP_HOUR * _HOUR,
                drop=f"{percent(_FLIPPED)} of the outcomes become the opposite",
            ),
        )

    def _applications(self, rows: int) -> Rows:
        rng = self._rng
        return {
            "age": rng.normal(41, 12, rows),
            "income": rng.lognormal(3.6, 0.45, rows),
            "amount": rng.lognormal(2.3, 0.6, rows),
            "months_employed": rng.gamma(2.0, 30.0, rows),
            "channel": rng.choice(["app", "branch", "web"], rows, p=[0.3, 0.25, 0.45]),
            "region": rng.choice(["north", "east", "south", "west"], rows),
        }

    def _outcomes(self, rows: Rows) -> NDArray[np.bool_]:
        """Who defaults: small incomes and large amounts do, and neither age nor channel matter."""
        income = (np.log(rows["income"]) - 3.6) / 0.45
        amount = (np.log(rows["amount"]) - 2.3) / 0.6
        employed = (rows["months_employed"] - 60) / 42
        odds = -0.3 - 1.3 * income + 1.2 * amount - 0.5 * employed
        return np.asarray(self._rng.random(odds.size) < 1 / (1 + np.exp(-odds)))


def _from(rows: Rows, first: int) -> Rows:
    return {name: values[first:] for name, values in rows.items()}
