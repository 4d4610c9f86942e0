"""What is told of an incident: what moved, how much, since when; and its JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from driftwatch.core.reports.results import from_iso, to_iso
from driftwatch.core.reports.spelling import quoted
from driftwatch.render.numbers import share_change

_MOST_MERGED = 10

__all__ = ["Kind", "Line", "Message", "Picture", "merged"]

Kind = str
"""``opened``, ``worse``, ``no_data``, ``still_on``, ``reminder``, ``resolved``, ``several``,
``test``."""

_SIGNS = {"CRITICAL": "◆", "WARNING": "▲", "NO DATA": "–", "RESOLVED": "✓"}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that moved.

    Attributes:
        status: ``CRITICAL`` or ``WARNING``.
        name: Feature, metric, or what else.
        moved: What moved, in words.
        category: Whose share moved most; None without categories.
        before: Its share in the reference.
        after: Its share in production.
        is_past: Whether it moved earlier in the incident, and the newest window does not show it.
        is_early: Whether it is the early sign of a detector.
    """

    status: str
    name: str
    moved: str
    category: str | None = None
    before: float | None = None
    after: float | None = None
    is_past: bool = False
    is_early: bool = False

    @property
    def sign(self) -> str:
        """A sign for the status, so that it is never colour alone."""
        return "·" if self.is_past else _SIGNS.get(self.status, "·")

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], /) -> Self:
        """Rebuild it from plain data; unknown keys are ignored."""
        return cls(**{key: value for key, value in data.items() if key in cls.__slots__})

    @property
    def text(self) -> str:
        """Name and what moved, in short."""
        moved = self.moved
        if not (self.category is None or self.before is None or self.after is None):
            moved = f"{quoted(self.category)} {share_change(self.before, self.after)}"
        return f"{self.name}  {moved}{self.when}"

    @property
    def when(self) -> str:
        """That it is past; empty of what moves now."""
        return " (before, not now)" if self.is_past else ""


@dataclass(frozen=True, slots=True)
class Picture:
    """Both sides of a feature over the same cells, to be drawn.

    Attributes:
        name: The feature.
        reference: Shares of the reference.
        current: Shares of production.
        labels: What stands below each cell, or below the first and the last.
    """

    name: str
    reference: tuple[float, ...]
    current: tuple[float, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A message about an incident. All text from data is on one line and of limited length.

    Attributes:
        kind: Why it is sent.
        key: Tells it from all others; the same when it is sent again.
        monitor: Name of the monitor.
        incident: Number of the incident; 0 of a test.
        status: ``CRITICAL``, ``WARNING``, ``NO DATA``, ``RESOLVED`` or ``TEST``.
        title: The headline, short.
        text: What moved, how much, since when, in a sentence or two.
        at: When it was made.
        since: When it began; None if unknown.
        lines: What moved, worst first.
        more: How many things more moved than there are lines.
        pictures: To be drawn.
        facts: Rows, window, version of the model, in a line.
        rule: What opened the incident, and when one will hear again.
        owner: Who looks after the monitor.
        runbook: Address of what to do.
        labels: Anything else.
        url: Address of the incident; empty if there is none.
    """

    kind: Kind
    key: str
    monitor: str
    incident: int
    status: str
    title: str
    text: str
    at: datetime
    since: datetime | None = None
    lines: tuple[Line, ...] = ()
    more: int = 0
    pictures: tuple[Picture, ...] = ()
    facts: str = ""
    rule: str = ""
    owner: str = ""
    runbook: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    url: str = ""

    @property
    def sign(self) -> str:
        """A sign for the status."""
        return _SIGNS.get(self.status, "·")

    @property
    def subject(self) -> str:
        """Status, monitor and headline: a mail's subject, a notification's text."""
        return f"{self.status} {self.monitor}: {self.title}"

    def plain_text(self) -> str:
        """The whole message as lines of text."""
        rows = [f"{self.sign} {self.status}  {self.monitor}", self.text, ""]
        rows += [f"  {line.sign} {line.text}" for line in self.lines]
        rows += [f"  and {self.more} more"] if self.more else []
        if rows[-1]:
            rows.append("")
        for label, text in self.details():
            rows.append(f"{label}: {text}")
        return "\n".join(rows).strip() + "\n"

    def details(self) -> list[tuple[str, str]]:
        """What stands at the end, as pairs of a label and a text."""
        pairs = [
            ("Incident", self.url),
            ("Runbook", self.runbook),
            ("Owner", self.owner),
            *self.labels.items(),
            ("Window", self.facts),
            ("Rule", self.rule),
        ]
        return [(label, text) for label, text in pairs if text]

    def to_dict(self) -> dict[str, Any]:
        """As plain data; times are ISO 8601."""
        return {**asdict(self), "at": to_iso(self.at), "since": to_iso(self.since)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], /) -> Self:
        """Rebuild it from `to_dict`; unknown keys, as of a newer release, are ignored."""
        at = from_iso(data["at"])
        if at is None:
            raise ValueError("at is null")
        return cls(
            **{
                **{key: value for key, value in data.items() if key in cls.__slots__},
                "at": at,
                "since": from_iso(data["since"]),
                "lines": tuple(map(Line.from_dict, data["lines"])),
                "pictures": tuple(
                    Picture(
                        picture["name"],
                        tuple(picture["reference"]),
                        tuple(picture["current"]),
                        tuple(picture["labels"]),
                    )
                    for picture in data["pictures"]
                ),
            }
        )


def merged(messages: list[Message], /) -> Message:
    """One message in the place of several that could not be delivered for long.

    It says what they said, in a line each, and has the key of the last of them.
    """
    first, last = messages[0], messages[-1]
    lines: list[Line] = []
    many = 0
    for message in messages:
        if message.kind == "several":
            lines += message.lines
            many += len(message.lines) + message.more
        else:
            lines.append(Line(message.status, f"{message.at:%d %b %H:%M}", message.title))
            many += 1
    shown = tuple(lines[-_MOST_MERGED:])
    began = first.since if first.kind == "several" else first.at
    return replace(
        last,
        kind="several",
        title=f"{many} messages could not be delivered before",
        text=f"{many} messages of {last.monitor} could not be delivered; the last: {last.text}",
        since=began,
        lines=shown,
        more=many - len(shown),
        pictures=(),
    )
