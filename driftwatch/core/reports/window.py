"""What a report says of the window it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from driftwatch.core.reports.remarks import Remark
from driftwatch.core.reports.results import Period, Status
from driftwatch.core.reports.runs import Since
from driftwatch.core.reports.spelling import length_of_time, percent, size_in_points

__all__ = ["EarlySign", "LaggingSource", "WindowFacts", "WindowPart"]


_FEW_LATE = 0.01
"""Share of a window's rows that may come late before its report says so."""
_MOST_REASONS = 3


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

    @property
    def moved(self) -> str:
        """What moved and how much, without the column's name."""
        more = "more" if self.change > 0 else "fewer"
        of = "rows have" if self.where.startswith("category") else "values are"
        return f"at least {size_in_points(self.change)} points {more} of the {of} {self.where}"

    def __str__(self) -> str:
        return f"{self.column}: {self.moved}"

    def to_dict(self) -> dict[str, Any]:
        return {"column": self.column, "where": self.where, "change": self.change}


@dataclass(frozen=True, slots=True)
class LaggingSource:
    """A source whose rows are far behind those of others.

    Attributes:
        source: Its name.
        behind_seconds: How far.
        waited_for: Whether windows wait for its rows.
    """

    source: str
    behind_seconds: float
    waited_for: bool

    def __str__(self) -> str:
        behind = length_of_time(self.behind_seconds)
        waits = "windows wait for it" if self.waited_for else "windows wait for it no longer"
        return f"source {self.source} is {behind} behind the others: {waits}"

    def to_dict(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "behind_seconds": self.behind_seconds,
            "waited_for": self.waited_for,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], /) -> Self:
        return cls(str(data["source"]), float(data["behind_seconds"]), bool(data["waited_for"]))


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
        lagging: Sources whose rows are far behind those of others.
        left_out: Stored profiles and columns that are in no window, for they cannot be read or do
            not go with the reference: how many, by reason.
        since: Since when the windows drift without a break; None of one that does not.
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
    lagging: tuple[LaggingSource, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    since: Since | None = None

    def remarks(self, rows: int, /) -> list[Remark]:
        """What a reader of the verdict must know of sources and stored rows.

        Args:
            rows: Rows of the window.
        """
        said = [
            Remark("DW065", f"most of the last 1,000 messages of {name} cannot be read")
            for name in self.unreadable
        ]
        if self.late_rows > _FEW_LATE * rows:
            share = percent(self.late_rows / rows if rows else 1.0)
            late = f"{self.late_rows:,} rows ({share}) came after their pane had ended"
            said.append(Remark("DW111", late))
        said += [Remark("DW112", str(source)) for source in self.lagging]
        if self.left_out:
            reasons = [f"{why} ({times:,} times)" for why, times in self.left_out.items()]
            more = len(reasons) - _MOST_REASONS
            others = f", and for {more:,} other reasons" if more > 0 else ""
            text = f"left out of the window: {'; '.join(reasons[:_MOST_REASONS])}{others}"
            said.append(Remark("DW113", text))
        return said

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
            "lagging": [source.to_dict() for source in self.lagging],
            "left_out": dict(self.left_out),
            "since": None if self.since is None else self.since.to_dict(),
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
            _counts(data, "not_used"),
            tuple(str(note) for note in data.get("notes", ())),
            tuple(LaggingSource.from_dict(source) for source in data.get("lagging", ())),
            _counts(data, "left_out"),
            Since.from_dict(data.get("since")),
        )


def _counts(data: Mapping[str, Any], key: str) -> dict[str, int]:
    return {str(name): int(count) for name, count in (data.get(key) or {}).items()}
