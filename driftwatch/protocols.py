"""The sockets of DriftWatch: what can be replaced, and the shape it must have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from driftwatch.core.drift.evidence import Evidence
    from driftwatch.core.drift.sides import Sides
    from driftwatch.core.report import Levels

__all__ = ["DriftTest"]


class DriftTest(Protocol):
    """A drift test: looks at both sides of a column and says what it found.

    It must not change what it is given, and it must count sketch error against drift:
    its interval contains the statistic of the full data with at least 98 % confidence.
    """

    @property
    def name(self) -> str:
        """Name in reports and thresholds."""

    def applies(self, sides: Sides, /) -> bool:
        """Whether the test can look at such a column."""

    def __call__(self, sides: Sides, /, *, effect: Levels, level: float) -> Evidence:
        """Return what the test found.

        Args:
            sides: Both sides of a column, neither of them empty.
            effect: Sizes of drift to warn of, and to call critical.
            level: Significance level, for the number of rows a decision would need.
        """
