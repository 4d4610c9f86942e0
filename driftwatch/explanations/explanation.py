"""One code explained, and a group of them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Example", "Explanation", "Group"]


@dataclass(frozen=True, slots=True)
class Example:
    """Lines that show what to do.

    Attributes:
        language: ``console`` (commands after ``$``), ``python`` (after ``>>>``) or ``toml``.
        text: The lines.
    """

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a code means, why it usually appears, and what to do about it.

    Attributes:
        code: Such as ``DW031``.
        title: What it is, in a line without a full stop.
        meaning: What has happened, and what has not: what is lost, and what goes on.
        causes: The usual ones, the most frequent first.
        remedies: What to do, in the order in which to do it.
        examples: Commands, Python or settings.
        names: Words of reports and counters that mean it, such as ``UNDECIDED``.
    """

    code: str
    title: str
    meaning: str
    causes: tuple[str, ...]
    remedies: tuple[str, ...]
    examples: tuple[Example, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Codes of one subject: the page that they are on.

    Attributes:
        title: What they are about.
        explanations: In the order of their codes.
    """

    title: str
    explanations: tuple[Explanation, ...]
