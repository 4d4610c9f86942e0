"""Where something stands in a JSON document: ``$.inputs``, ``predictions[*].score``.

The grammar of a path, which is the same in the middleware's arguments and in `driftwatch.toml`::

    path  = ["$"] step*                    the whole document is "$"
    step  = .name                          a member: letters, digits, _ and -, no digit first
          | ['a.b'] | ["it's"]             a member of any name, in either quotes
          | [0] | [-1]                     a place in a list, from its beginning or its end
          | [*] | .*                       each place of a list, each member of an object

A path without a wildcard leads to one value, one with wildcards to a list: what it finds, in the
order of the document, and the lists of several wildcards put together into one. Where only some of
the places have what the rest of the path says, None holds the place of the others, so that rows and
predictions stay side by side. ``$`` and the dot behind it may be left out: ``rows[*].features`` is
``$.rows[*].features``. Nothing else of JSONPath (filters, slices, ``..``) is understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Self, TypeAlias

from driftwatch.errors import ConfigError, shown

__all__ = ["UNREADABLE", "Each", "JsonPath"]

Step: TypeAlias = str | int | None
"""A member, a place, or each of them."""

_STEP = re.compile(
    r"""(?P<each>\.\*|\[\*\])|\.([A-Za-z_][\w-]*)|\[(-?\d{1,6})\]|\[(?:"([^"]*)"|'([^']*)')\]"""
)
_ABSENT: Any = object()

UNREADABLE: Any = object()
"""Holds the place of a line that is no JSON."""


class Each(list[Any]):
    """Values of several places, each of which is, or says something of, one row."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A path from the root of a document; the module says how it is written.

    Attributes:
        steps: Names, places, and None for each of them.

    Example:
        >>> path = JsonPath.of("$.inputs[0]['monthly income']")
        >>> path.find({"inputs": [{"monthly income": 5200}]}, None)
        5200
        >>> path = JsonPath.of("probabilities[*][-1]")
        >>> path.find({"probabilities": [[0.2, 0.8], [0.7, 0.3], []]})
        [0.8, 0.3, None]
    """

    steps: tuple[Step, ...]

    @classmethod
    def of(cls, text: object, /) -> Self:
        """Read a path.

        Raises:
            ConfigError: If it is none; it says from which character on.
        """
        if not isinstance(text, str) or not text.strip():
            raise ConfigError(
                f"a path is a text such as $.inputs or rows[*].age; got {shown(text)}"
            )
        said = text.strip()
        whole, steps = said if said[0] in "$[" else f".{said}", list[Step]()
        added = len(whole) - len(said)
        at = 1 if whole[0] == "$" else 0
        while at < len(whole):
            match = _STEP.match(whole, at)
            if match is None:
                begin = max(0, at - added)
                raise ConfigError(
                    f"path {shown(said)} cannot be read from {shown(said[begin:])} on (character "
                    f"{begin + 1}); its steps are .name, [0], [-1], ['a name'], [*] and .*"
                )
            each, name, index, double, single = match.groups()
            spellings = (name, double, single)
            key = next((spelling for spelling in spellings if spelling is not None), None)
            steps.append(None if each else key if key is not None else int(index))
            at = match.end()
        return cls(tuple(steps))

    @property
    def finds_each(self) -> bool:
        """Whether it has a wildcard, and so finds a list."""
        return None in self.steps

    @property
    def is_one_step(self) -> bool:
        """Whether it is one name, or one place, and nothing else."""
        return len(self.steps) == 1 and self.steps[0] is not None

    def find(self, document: Any, default: Any = _ABSENT, /) -> Any:
        """What stands there; the default, or a LookupError, if nothing does.

        Returns:
            The value; of a path with wildcards an `Each`.
        """
        for step in self.steps:
            try:
                if type(step) is not str:
                    if step is None:
                        return self._each(document, self.steps[self.steps.index(None) + 1 :])
                    if type(document) is str:
                        raise TypeError("a text has no members")
                document = document[step]
            except (KeyError, IndexError, TypeError) as error:
                if default is _ABSENT:
                    raise LookupError(
                        f"nothing at {'*' if step is None else repr(step)}"
                    ) from error
                return default
        return document

    @staticmethod
    def _each(document: Any, steps: Iterable[Step]) -> Each:
        """What stands behind a wildcard, in each of the places."""
        front = _members(document)
        if front is None:
            raise TypeError("neither a list nor an object")
        for step in steps:
            if step is None:
                several = [(value, _members(value)) for value in front]
                front = [
                    inner
                    for value, members in several
                    for inner in (_nothing_in(value) if members is None else members)
                ]
            else:
                front = [_below(value, step) for value in front]
        return Each(front)

    def getter(self) -> Callable[[Any], Any]:
        """`find` as a function that takes a fifth of the time, and raises errors of any kind."""
        if not self.steps:
            return lambda document: document
        return itemgetter(self.steps[0]) if self.is_one_step else self.find


def _members(value: Any) -> list[Any] | None:
    if isinstance(value, Mapping):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else None


def _nothing_in(value: Any) -> list[Any]:
    return [UNREADABLE if value is UNREADABLE else None]


def _below(value: Any, step: str | int) -> Any:
    if isinstance(value, Mapping) and isinstance(step, str):
        return value.get(step)
    if isinstance(value, list | tuple) and isinstance(step, int):
        return value[step] if -len(value) <= step < len(value) else None
    return UNREADABLE if value is UNREADABLE else None
