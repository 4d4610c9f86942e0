"""How often each category was seen: all of them while they are few, the known ones after."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from typing import TYPE_CHECKING, Any, Self

from driftwatch.core.sketches.binary import check_frequent_strings
from driftwatch.errors import MergeError, ProfileFormatError

if TYPE_CHECKING:
    from datasketches import frequent_strings_sketch

__all__ = ["TEXT_LIMIT", "Frequencies"]

TEXT_LIMIT = 4 * 256
"""Bytes of a category, at most; whoever feeds the sketch shortens longer ones."""


class Frequencies:
    """Counts of categories in bounded memory.

    Up to `limit` distinct categories every one is counted. Beyond, the categories of a
    *dictionary* go on being counted exactly, the rest adds up to an exact `other`, and a
    DataSketches frequent-items sketch finds new heavy hitters among the rest. The
    dictionary is the reference's where one was given; a reference chooses its own, the
    most frequent categories at the moment it overflows, and has counted those exactly
    from the start.

    Merging adds counts up. Where dictionaries differ, the categories that both sides
    counted stay exact and the others join `other`. Whatever the order of merges,
    `count` is exact, every number in `counts` is exact, and with one given dictionary the
    categories in it do not depend on the order either.

    Cost: one dictionary entry a category; O(distinct values of the batch) to update.

    Reference:
        D. Anderson and others. A high-performance algorithm for identifying frequent
        items in data streams. IMC 2017, arXiv:1705.07001.

    Example:
        >>> colours = Frequencies(limit=10, dictionary_size=2, lg=5)
        >>> colours.update({"red": 3, "blue": 1})
        >>> colours.counts, colours.other, colours.singletons
        ({'red': 3, 'blue': 1}, 0, 1)
    """

    __slots__ = ("_assigned", "_dictionary_size", "_frequent", "_lg", "_limit", "counts", "other")

    def __init__(
        self,
        *,
        limit: int,
        dictionary_size: int,
        lg: int,
        dictionary: Iterable[str] | None = None,
    ) -> None:
        self.counts: dict[str, int] = {}
        self.other = 0
        self._limit = limit
        self._dictionary_size = dictionary_size
        self._lg = lg
        self._assigned = None if dictionary is None else frozenset(dictionary)
        self._frequent: frequent_strings_sketch | None = None

    @property
    def count(self) -> int:
        """Values seen."""
        return sum(self.counts.values()) + self.other

    @property
    def is_exact(self) -> bool:
        """Whether every category is counted, not only those of a dictionary."""
        return self._frequent is None

    @property
    def singletons(self) -> int | None:
        """Categories seen exactly once; None once they are too many to count."""
        if not self.is_exact:
            return None
        return sum(1 for count in self.counts.values() if count == 1)

    def update(self, counts: Mapping[str, int], /) -> None:
        """Add a batch as counts by distinct category."""
        if self._frequent is not None:
            self._update_known(counts)
            return
        mine = self.counts
        for text, count in counts.items():
            mine[text] = mine.get(text, 0) + count
        if len(mine) > self._limit:
            self._overflow(self._choose())

    def merge(self, other: Self, /) -> None:
        """Add another column's counts; `other` is left as it was.

        Raises:
            MergeError: If the sketches have different sizes.
        """
        sizes = (self._limit, self._dictionary_size, self._lg)
        if sizes != (other._limit, other._dictionary_size, other._lg):
            raise MergeError(f"frequencies of other sizes do not merge into {sizes}")
        if other._frequent is None:
            self.update(other.counts)
            return
        if self._frequent is None:
            self._overflow(other.counts)
        shared = self.counts.keys() & other.counts.keys()
        self._drop(self.counts.keys() - shared)
        for text, count in other.counts.items():
            if text in shared:
                self.counts[text] += count
            else:
                self._add_other(text, count)
        if self._frequent is not None:
            self._frequent.merge(other._frequent)
        self.other += other.other

    def copy(self) -> Self:
        """Return counts that can change without these changing."""
        twin = type(self)(
            limit=self._limit,
            dictionary_size=self._dictionary_size,
            lg=self._lg,
            dictionary=self._assigned,
        )
        twin.counts, twin.other = dict(self.counts), self.other
        twin._frequent = copy(self._frequent)  # noqa: SLF001 - a twin
        return twin

    def renamed(self, name: Callable[[str], str], /) -> Self:
        """The same counts under other names, which must differ where the texts do.

        Exact where these are. Of categories beyond the dictionary the heavy hitters are kept, with
        the certain lower bounds of their counts.

        Example:
            >>> colours = Frequencies(limit=10, dictionary_size=2, lg=5)
            >>> colours.update({"red": 3, "blue": 1})
            >>> colours.renamed(str.upper).counts
            {'RED': 3, 'BLUE': 1}
        """
        twin = type(self)(
            limit=self._limit,
            dictionary_size=self._dictionary_size,
            lg=self._lg,
            dictionary=None if self._assigned is None else map(name, self._assigned),
        )
        if self._frequent is not None:
            from datasketches import frequent_strings_sketch

            frequent = frequent_strings_sketch(self._lg)
            for text, low in self.newcomers(most=1 << self._lg):
                frequent.update(name(text), low)
            twin._frequent = frequent  # noqa: SLF001 - a twin
        twin.counts = {name(text): count for text, count in self.counts.items()}
        twin.other = self.other
        return twin

    def newcomers(self, *, most: int = 20) -> list[tuple[str, int]]:
        """Heavy hitters outside the dictionary: text and certain lower bound of its count."""
        if self._frequent is None:
            return []
        from datasketches import frequent_items_error_type

        frequent = self._frequent.get_frequent_items(frequent_items_error_type.NO_FALSE_POSITIVES)
        return [(text, low) for text, _, low, _ in frequent[:most]]

    def _choose(self) -> Iterable[str]:
        if self._assigned is not None:
            return self._assigned
        # Ties are broken by name, so that equal data always choose alike.
        ranked = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        return [text for text, _ in ranked[: self._dictionary_size]]

    def _overflow(self, dictionary: Iterable[str]) -> None:
        from datasketches import frequent_strings_sketch

        self._frequent = frequent_strings_sketch(self._lg)
        chosen = frozenset(dictionary)
        self._drop(self.counts.keys() - chosen)
        for text in sorted(chosen - self.counts.keys()):
            self.counts[text] = 0

    def _drop(self, texts: Iterable[str]) -> None:
        for text in sorted(texts):
            self._add_other(text, self.counts.pop(text))

    def _update_known(self, counts: Mapping[str, int]) -> None:
        mine = self.counts
        for text, count in counts.items():
            if text in mine:
                mine[text] += count
            else:
                self._add_other(text, count)

    def _add_other(self, text: str, count: int) -> None:
        self.other += count
        if count and self._frequent is not None:
            self._frequent.update(text, count)

    def to_sections(self) -> dict[str, bytes]:
        """Serialize as named sections."""
        table = {
            "counts": self.counts,
            "other": self.other,
            "assigned": None if self._assigned is None else sorted(self._assigned),
        }
        text = json.dumps(table, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        sections = {"counts": text.encode("utf-8", "surrogatepass")}
        if self._frequent is not None:
            sections["frequent"] = self._frequent.serialize()
        return sections

    @classmethod
    def from_sections(
        cls, sections: Mapping[str, bytes], /, *, limit: int, dictionary_size: int, lg: int
    ) -> Self:
        """Rebuild the sketch from `to_sections`.

        Raises:
            ProfileFormatError: If a section is missing, damaged, or contradicts another.
        """
        table = _table(sections.get("counts", b""))
        counts, other, assigned = table["counts"], table["other"], table["assigned"]
        _check_texts(counts, most=max(limit, dictionary_size))
        if not all(_is_count(count) for count in counts.values()) or not _is_count(other):
            raise ProfileFormatError("frequencies refused: a count is not a number of rows")
        if assigned is not None:
            if not isinstance(assigned, list):
                raise ProfileFormatError("frequencies refused: the dictionary is not a list")
            _check_texts(assigned, most=max(limit, dictionary_size))
        sketch = cls(limit=limit, dictionary_size=dictionary_size, lg=lg, dictionary=assigned)
        sketch.counts, sketch.other = counts, other
        frequent = sections.get("frequent")
        if frequent is None:
            if other or not all(counts.values()):
                raise ProfileFormatError("frequencies refused: other without frequent items")
            return sketch
        from datasketches import frequent_strings_sketch

        total = check_frequent_strings(frequent, lg_max=lg, text_limit=TEXT_LIMIT)
        if total > other:
            raise ProfileFormatError("frequencies refused: frequent items exceed the count")
        sketch._frequent = frequent_strings_sketch.deserialize(frequent)
        return sketch


def _table(data: bytes) -> dict[str, Any]:
    try:
        table = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ProfileFormatError(f"frequencies refused: not JSON: {error}") from error
    if not isinstance(table, dict) or set(table) != {"counts", "other", "assigned"}:
        raise ProfileFormatError("frequencies refused: not a table of counts")
    if not isinstance(table["counts"], dict):
        raise ProfileFormatError("frequencies refused: counts are not a table")
    return table


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= 1 << 53


def _check_texts(texts: Iterable[object], *, most: int) -> None:
    seen = list(texts)
    if len(seen) > most:
        raise ProfileFormatError(f"frequencies refused: {len(seen)} categories; at most {most}")
    if not all(isinstance(text, str) and len(text) <= TEXT_LIMIT for text in seen):
        raise ProfileFormatError("frequencies refused: a category is not a short text")
