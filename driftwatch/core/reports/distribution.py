"""Both sides of a column over the same cells, for drawing; and its JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

__all__ = ["QUANTILES", "Distribution"]

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
"""The quantiles that a report tells of numbers."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """Shares of both sides over the same cells, for drawing.

    Numeric features have `edges` (one more than there are cells, ascending, finite);
    categorical features have `labels` (one a cell). Shares of a side need not add up to
    one: values outside the drawn range, and categories too rare to name, are left out.

    Attributes:
        reference: Share of the reference in each cell.
        current: Share of production in each cell.
        edges: Ends of the cells of numbers.
        labels: Names of the cells of categories.
        beyond: Of numbers, for the reference and for production: the share below the first cell,
            and that above the last. None where a report of before does not tell.
        quantiles: Of numbers, for both sides: the values at `QUANTILES`.
    """

    reference: tuple[float, ...]
    current: tuple[float, ...]
    edges: tuple[float, ...] | None = None
    labels: tuple[str, ...] | None = None
    beyond: tuple[tuple[float, float], tuple[float, float]] | None = None
    quantiles: tuple[tuple[float, ...], tuple[float, ...]] | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "edges": list(self.edges) if self.edges is not None else None,
            "labels": list(self.labels) if self.labels is not None else None,
            "reference": list(self.reference),
            "production": list(self.current),
            "beyond": _sides(self.beyond),
            "quantiles": _sides(self.quantiles),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None, /) -> Self | None:
        if data is None:
            return None
        edges, labels = data.get("edges"), data.get("labels")
        beyond, quantiles = (_of_sides(data.get(name)) for name in ("beyond", "quantiles"))
        made = cls(
            reference=tuple(float(x) for x in data["reference"]),
            current=tuple(float(x) for x in data["production"]),
            edges=tuple(float(x) for x in edges) if edges is not None else None,
            labels=tuple(str(x) for x in labels) if labels is not None else None,
            beyond=None if beyond is None else (_ends(beyond[0]), _ends(beyond[1])),
            quantiles=None
            if quantiles is None
            else (tuple(map(float, quantiles[0])), tuple(map(float, quantiles[1]))),
        )
        made._check()
        return made

    def _check(self) -> None:
        """Refuse what cannot be drawn: it came from outside.

        Raises:
            ValueError: If sides, edges and labels are not of the same cells, or edges or shares are
                not what they must be.
        """
        cells, edges = len(self.reference), self.edges
        if len(self.current) != cells or len(self.labels or self.reference) != cells:
            raise ValueError("the sides of a distribution have other cells")
        if not all(0 <= share < math.inf for share in (*self.reference, *self.current)):
            raise ValueError("a share of a distribution is none")
        if not all(0 <= share < math.inf for side in self.beyond or () for share in side):
            raise ValueError("a share beyond the cells of a distribution is none")
        for side in self.quantiles or ():
            if len(side) != len(QUANTILES) or not all(map(math.isfinite, side)):
                raise ValueError("the quantiles of a distribution are not those that reports tell")
        if edges is None:
            return
        ascending = all(low <= high for low, high in pairwise(edges))
        if len(edges) != cells + 1 or not ascending or not all(map(math.isfinite, edges)):
            raise ValueError("the edges of a distribution do not ascend, or are not those of it")


def _sides(pair: tuple[tuple[float, ...], tuple[float, ...]] | None) -> dict[str, Any] | None:
    return None if pair is None else {"reference": list(pair[0]), "production": list(pair[1])}


def _of_sides(data: Mapping[str, Any] | None) -> tuple[Any, Any] | None:
    return None if data is None else (data["reference"], data["production"])


def _ends(both: tuple[Any, Any]) -> tuple[float, float]:
    low, high = both
    return float(low), float(high)
