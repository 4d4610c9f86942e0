"""What a report says of all features together, and of the number of rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from driftwatch.core.reports.plain_values import number
from driftwatch.core.reports.results import Status

__all__ = ["DatasetDrift", "Volume"]


@dataclass(frozen=True, slots=True)
class Volume:
    """Rows of a window beside those of the reference's stretches of the same length.

    Attributes:
        rows: Rows of the window.
        expected: Median of the stretches.
        usual: Rows of the emptiest and of the fullest stretch.
        status: Whether the window has far fewer, or far more.
    """

    rows: int
    expected: float
    usual: tuple[float, float]
    status: Status

    def __str__(self) -> str:
        low, high = self.usual
        return f"{self.rows:,} rows, usually {low:,.0f} to {high:,.0f}"

    def to_dict(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "expected": self.expected,
            "usual": list(self.usual),
            "status": self.status.value,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None, /) -> Self | None:
        if data is None:
            return None
        low, high = map(float, data["usual"])
        return cls(int(data["rows"]), float(data["expected"]), (low, high), Status(data["status"]))


@dataclass(frozen=True, slots=True)
class DatasetDrift:
    """The data set as a whole.

    Attributes:
        share_drifted: Share of the tested features in WARNING or CRITICAL.
        weighted_share_drifted: The same, weighted by importance; None without importances.
        undecided_share: Share of the tested features that are UNDECIDED or have INSUFFICIENT_DATA,
            weighted by importance where it is known.
        p_value: Cauchy combination of the features' ``p_effect.warning``, weighted by
            importance where it is known.
        volume: Rows of the window against the reference's rhythm; None where it was not asked for.
    """

    share_drifted: float | None
    weighted_share_drifted: float | None
    p_value: float | None
    undecided_share: float | None = None
    volume: Volume | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "share_drifted": self.share_drifted,
            "weighted_share_drifted": self.weighted_share_drifted,
            "undecided_share": self.undecided_share,
            "p_value": self.p_value,
            "volume": self.volume.to_dict() if self.volume else None,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None, /) -> Self:
        data = data or {}
        return cls(
            number(data.get("share_drifted")),
            number(data.get("weighted_share_drifted")),
            number(data.get("p_value")),
            number(data.get("undecided_share")),
            Volume.from_dict(data.get("volume")),
        )
