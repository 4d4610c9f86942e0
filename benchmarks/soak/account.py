"""An account: what was acknowledged, and what became of it, to the row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Account", "Line"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the account.

    Attributes:
        what: What these rows are.
        rows: How many.
        sums: Whether it is one of those that add up to what was acknowledged.
    """

    what: str
    rows: int
    sums: bool = True


@dataclass(slots=True)
class Account:
    """Rows of one monitor.

    Attributes:
        monitor: Whose.
        acknowledged: Rows that somebody was told of.
        lines: What became of them.
        faults: What does not add up, in words.
    """

    monitor: str
    acknowledged: int
    lines: list[Line] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def difference(self) -> int:
        """Rows that were acknowledged and that no line has, or that a line has too many."""
        return self.acknowledged - sum(line.rows for line in self.lines if line.sums)

    def expect(self, holds: bool, words: str, /) -> None:  # noqa: FBT001
        if not holds:
            self.faults.append(words)

    def to_dict(self) -> dict[str, Any]:
        return {
            "acknowledged": self.acknowledged,
            **{line.what: line.rows for line in self.lines},
            "difference": self.difference,
            "faults": self.faults,
        }
