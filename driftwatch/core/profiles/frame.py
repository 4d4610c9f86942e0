"""What a reference lays over the data that will be compared with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from driftwatch.core.profiles.outcomes import OutcomeSpec
from driftwatch.core.profiles.scores import ScoreSpec
from driftwatch.core.sketches.grid import Grid

__all__ = ["Frame"]


@dataclass(frozen=True, slots=True)
class Frame:
    """What a reference lays over the data that will be compared with it.

    Attributes:
        grids: Cells of the numeric columns, by name.
        dictionaries: Categories to count exactly, by name.
        scores: What the dependence of columns is measured on; None to leave it out.
        outcomes: How labels and predictions are counted; None to leave that out.
    """

    grids: Mapping[str, Grid] = field(default_factory=dict)
    dictionaries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scores: ScoreSpec | None = None
    outcomes: OutcomeSpec | None = None
