"""Models with a known performance, and what the state makes of samples of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.profiling.build import profile_like
from driftwatch.profiling.references import ReferenceOptions, build_reference

__all__ = ["Binormal", "Frame", "production", "reference_of", "separation"]

Floats = NDArray[np.float64]
Frame = dict[str, Any]


def separation(area: float) -> float:
    """Distance of two normal laws of deviation 1 whose AUC is `area`."""
    return float(np.sqrt(2) * stats.norm.ppf(area))


@dataclass(frozen=True)
class Binormal:
    """Scores of a model that was calibrated at one separation, used at another.

    Attributes:
        trained: Separation of the classes that the model knows.
        now: Separation of the classes now.
        rate: Share of positives.
    """

    trained: float
    now: float
    rate: float

    def draw(self, rows: int, rng: np.random.Generator) -> Frame:
        """Rows of labels, scores and predictions."""
        labels = rng.random(rows) < self.rate
        values = rng.normal(size=rows) + np.where(labels, self.now / 2, -self.now / 2)
        scores = self.score(values)
        return {"y": labels.astype(np.int64), "p": scores, "says": (scores >= self.cut).astype(int)}

    def score(self, values: Floats) -> Floats:
        """Probability of a positive as the model computes it."""
        scores: Floats = special.expit(self.trained * values + special.logit(self.rate))
        return scores

    @property
    def cut(self) -> float:
        """Where the model says positive: from one half on, lower where positives are rare."""
        return 0.5 if self.rate >= 0.3 else float(self.score(np.array([0.5 * self.trained]))[0])

    @cached_property
    def truth(self) -> Mapping[str, float]:
        """The metrics of the population."""
        cut = (special.logit(self.cut) - special.logit(self.rate)) / self.trained
        hits = float(stats.norm.sf(cut - self.now / 2))
        clean = float(stats.norm.cdf(cut + self.now / 2))
        said = self.rate * hits + (1 - self.rate) * (1 - clean)
        points, weights = np.polynomial.hermite_e.hermegauss(200)
        weights = weights / weights.sum()
        logits = [
            self.trained * (points + sign * self.now / 2) + special.logit(self.rate)
            for sign in (1, -1)
        ]
        tops, bottoms = (special.expit(side) for side in logits)
        log_loss = self.rate * weights @ np.logaddexp(0, -logits[0])
        log_loss += (1 - self.rate) * weights @ np.logaddexp(0, logits[1])
        brier = self.rate * weights @ (1 - tops) ** 2 + (1 - self.rate) * weights @ bottoms**2
        grid = np.linspace(-12, 12, 200_001)
        density = stats.norm.pdf(grid - self.now / 2)
        above = self.rate * stats.norm.sf(grid - self.now / 2)
        every = above + (1 - self.rate) * stats.norm.sf(grid + self.now / 2)
        precision = np.divide(above, every, out=np.ones_like(above), where=every > 0)
        return {
            "roc_auc": float(stats.norm.cdf(self.now / np.sqrt(2))),
            "average_precision": float(np.trapezoid(precision * density, grid)),
            "accuracy": self.rate * hits + (1 - self.rate) * clean,
            "balanced_accuracy": (hits + clean) / 2,
            "recall": hits,
            "specificity": clean,
            "precision": self.rate * hits / said,
            "f1": 2 * self.rate * hits / (self.rate + said),
            "log_loss": float(log_loss),
            "brier": float(brier),
        }


def reference_of(data: Frame, **said: Any) -> Reference:
    """A reference of rows."""
    return build_reference(data, ReferenceOptions(DeclaredColumns.of(**said)))


def production(reference: Reference, data: Frame) -> Profile:
    """The state of production rows."""
    return profile_like(reference, data)


REGRESSIONS: dict[str, Callable[[np.random.Generator, int], Floats]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "exponential": lambda rng, n: rng.exponential(size=n) - 1,
    "student 3": lambda rng, n: rng.standard_t(3, size=n),
    "lognormal": lambda rng, n: rng.lognormal(size=n) - np.exp(0.5),
}
"""Laws of the errors of a regression."""

SECOND_MOMENTS = {
    "normal": 1.0,
    "exponential": 1.0,
    "student 3": 3.0,
    "lognormal": float((np.e - 1) * np.e),
}
FIRST_MOMENTS = {
    "normal": float(np.sqrt(2 / np.pi)),
    "exponential": float(2 / np.e),
    "student 3": float(2 * np.sqrt(3) / np.pi),
}
"""Mean absolute errors; that of the lognormal law is simulated."""
