"""What a report says of the window it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from driftwatch.core.reports.results import Period, Status

__all__ = ["EarlySign", "WindowFacts", "WindowPart"]


@dataclass(frozen=True, slots=True)
class EarlySign:
    """Persistent drift that a detector saw before the window showed it.

    Attributes:
        column: The column whose rows moved.
        where: The value or category at which they moved.
        change: By how much the share of rows there moved at least.
    """

    column: str
    where: str
    change: float

    def __str__(self) -> str:
        direction = "more" if self.change > 0 else "fewer"
        return f"{self.column}: {abs(self.change):.0%} {direction} rows {self.where}"

    def to_dict(self) -> dict[str, Any]:
        return {"column": self.column, "where": self.where, "change": self.change}


@dataclass(frozen=True, slots=True)
class WindowPart:
    """Rows of a window that are compared with one reference.

    Attributes:
        model_versions: Versions of the model that saw them; None of rows that name none.
        reference: Content id of the reference they are compared with.
        rows: How many.
        status: What came of it.
        drifted: Names of the features that drifted.
    """

    model_versions: tuple[str | None, ...]
    reference: str
    rows: int
    status: Status
    drifted: tuple[str, ...] = ()

    def __str__(self) -> str:
        versions = ", ".join(version or "no version" for version in self.model_versions)
        drifted = f" ({', '.join(self.drifted)})" if self.drifted else ""
        return (
            f"{versions}: {self.rows:,} rows against reference {self.reference[:12]}: "
            f"{self.status.value}{drifted}"
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "model_versions": list(self.model_versions),
            "reference": self.reference,
            "rows": self.rows,
            "status": self.status.value,
            "drifted_features": list(self.drifted),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], /) -> Self:
        return cls(
            tuple(None if v is None else str(v) for v in data["model_versions"]),
            str(data["reference"]),
            int(data["rows"]),
            Status(data["status"]),
            tuple(str(name) for name in data["drifted_features"]),
        )


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """A window of a stream.

    Attributes:
        period: From when to when, half-open; unknown for windows by rows.
        pane: Number of its last pane.
        revised: Whether late rows changed it after it had been reported.
        late_rows: Rows in it that came after their pane had ended.
        references: Content ids of the references whose cells its rows were counted in; with
            more than one, cells could not be used and sketches took over.
        early: What detectors saw.
        unreadable: Sources of which most messages cannot be read now; with any, the window says
            little, and its report warns.
        parts: Where its rows are compared with several references, by version of the model:
            each part, the one that the report shows first. Empty where all are compared with one.
        not_used: Rows that came while it lasted and could not be used, by reason. With more than
            one in twenty the report warns.
        notes: What was noted of where its rows came from: topics that were made anew, readers that
            share a consumer group.
    """

    period: Period
    pane: int
    revised: bool = False
    late_rows: int = 0
    references: tuple[str, ...] = ()
    early: tuple[EarlySign, ...] = field(default=())
    unreadable: tuple[str, ...] = ()
    parts: tuple[WindowPart, ...] = ()
    not_used: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            **self.period.to_dict(),
            "pane": self.pane,
            "revised": self.revised,
            "late_rows": self.late_rows,
            "references": list(self.references),
            "early": [sign.to_dict() for sign in self.early],
            "unreadable": list(self.unreadable),
            "parts": [part.to_dict() for part in self.parts],
            "not_used": dict(self.not_used),
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None, /) -> Self | None:
        if data is None:
            return None
        return cls(
            Period.from_dict(data),
            int(data["pane"]),
            bool(data["revised"]),
            int(data["late_rows"]),
            tuple(str(id_) for id_ in data["references"]),
            tuple(
                EarlySign(str(s["column"]), str(s["where"]), float(s["change"]))
                for s in data["early"]
            ),
            tuple(str(source) for source in data.get("unreadable", ())),
            tuple(WindowPart.from_dict(part) for part in data.get("parts", ())),
            {str(name): int(rows) for name, rows in (data.get("not_used") or {}).items()},
            tuple(str(note) for note in data.get("notes", ())),
        )
