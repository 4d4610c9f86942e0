"""What is kept of the values of one column: sketches that are fed together and agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.data.schema import Column, Role, ValuePolicy
from driftwatch.core.data.values import Categories
from driftwatch.core.profiles.evidence import hidden_hashes
from driftwatch.core.sketches.cdf import Cdf
from driftwatch.core.sketches.distinct import DistinctSketch
from driftwatch.core.sketches.fingerprint import hash_texts
from driftwatch.core.sketches.frequencies import Frequencies
from driftwatch.core.sketches.grid import Grid, GridCounts
from driftwatch.core.sketches.moments import Moments
from driftwatch.core.sketches.quantiles import QuantileSketch
from driftwatch.core.sketches.sizes import SketchConfig
from driftwatch.core.sketches.value_counts import ValueCounts
from driftwatch.errors import ProfileFormatError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["CategorySketches", "NumericSketches", "section"]


@dataclass(slots=True)
class NumericSketches:
    """Everything kept of the finite values of a numeric column.

    Attributes:
        quantiles: KLL, always there.
        moments: Count, sum, variance, range.
        values: Exact counts by value, while they are few.
        grid: Exact counts in the reference's cells, where a reference is known.
    """

    quantiles: QuantileSketch
    moments: Moments
    values: ValueCounts
    grid: GridCounts | None = None

    @classmethod
    def empty(cls, k: int, config: SketchConfig, grid: Grid | None = None) -> Self:
        """Sketches that have seen nothing."""
        counts = GridCounts(grid) if grid is not None else None
        return cls(QuantileSketch(k), Moments(), ValueCounts(config.exact_values), counts)

    @property
    def count(self) -> int:
        """Values seen."""
        return self.moments.count

    def update_sorted(self, chunk: NDArray[np.float64], /) -> None:
        """Fold in sorted finite values, of which none is -0.0."""
        self.quantiles.update_sorted(chunk)
        self.moments.update_sorted(chunk)
        self.values.update_sorted(chunk)
        if self.grid is not None:
            self.grid.update_sorted(chunk)

    def merge(self, other: Self, /) -> None:
        """Add another column's values; `other` is left as it was.

        Counts on a grid survive only if both sides have them on the same grid; KLL with
        its bound takes over where they do not.
        """
        if self.grid is not None and other.grid is not None and self.grid.grid == other.grid.grid:
            self.grid.merge(other.grid)
        elif other.count:
            kept = other.grid if self.count == 0 else None
            self.grid = None if kept is None else kept.copy()
        self.quantiles.merge(other.quantiles)
        self.moments.merge(other.moments)
        self.values.merge(other.values)

    def copy(self) -> Self:
        """Return sketches that can change without these changing."""
        return type(self)(
            self.quantiles.copy(),
            replace(self.moments),
            self.values.copy(),
            None if self.grid is None else self.grid.copy(),
        )

    def cdf(self) -> Cdf:
        """The distribution: exact where every value was counted, else from the KLL."""
        return self.quantiles.cdf() if self.values.overflowed else self.values.cdf()

    def to_sections(self) -> dict[str, bytes]:
        """Serialize as named sections."""
        sections = {"kll": self.quantiles.to_bytes(), "moments": self.moments.to_bytes()}
        if not self.values.overflowed:
            sections["values"] = self.values.to_bytes()
        if self.grid is not None:
            sections["grid"] = self.grid.to_bytes()
        return sections

    @classmethod
    def from_sections(cls, sections: Mapping[str, bytes], k: int, config: SketchConfig, /) -> Self:
        """Rebuild the sketches and check that they describe the same values.

        Raises:
            ProfileFormatError: If a section is missing or damaged, or two disagree.
        """
        grid = sections.get("grid")
        sketches = cls(
            quantiles=QuantileSketch.from_bytes(section(sections, "kll"), k=k),
            moments=Moments.from_bytes(section(sections, "moments")),
            values=ValueCounts.from_bytes(sections.get("values"), limit=config.exact_values),
            grid=None if grid is None else GridCounts.from_bytes(grid),
        )
        count = sketches.moments.count
        agree = sketches.quantiles.count == count
        if not sketches.values.overflowed:
            agree = agree and sketches.values.count == count
        if sketches.grid is not None:
            agree = agree and sketches.grid.count == count
        if count and agree:
            kll = sketches.quantiles
            agree = (kll.minimum, kll.maximum) == (
                sketches.moments.minimum,
                sketches.moments.maximum,
            )
        if not agree:
            raise ProfileFormatError("sketches of one column disagree about its values")
        return sketches


@dataclass(slots=True)
class CategorySketches:
    """Everything kept of the values of a categorical column.

    Attributes:
        distinct: Estimated number of categories.
        frequencies: Counts by category; None for identifiers, which are not counted.
    """

    distinct: DistinctSketch
    frequencies: Frequencies | None = None

    @classmethod
    def empty(
        cls, column: Column, config: SketchConfig, dictionary: tuple[str, ...] | None = None
    ) -> Self:
        """Sketches that have seen nothing."""
        distinct = DistinctSketch(config.distinct_k)
        if column.role is Role.ID:
            return cls(distinct)
        frequencies = Frequencies(
            limit=config.exact_categories,
            dictionary_size=config.dictionary,
            lg=config.frequent_lg,
            dictionary=dictionary,
        )
        return cls(distinct, frequencies)

    def update(self, categories: Categories, policy: ValuePolicy, guard: ValueGuard, /) -> None:
        """Fold in distinct values with their counts."""
        hidden = policy is ValuePolicy.HASHED
        hashes = hidden_hashes(categories.texts, guard) if hidden else hash_texts(categories.texts)
        self.distinct.update(hashes, categories.counts)
        if self.frequencies is not None:
            kept = guard.kept(categories.texts, policy)
            self.frequencies.update(dict(zip(kept, categories.counts.tolist(), strict=True)))

    def merge(self, other: Self, /) -> None:
        """Add another column's values; `other` is left as it was."""
        self.distinct.merge(other.distinct)
        if self.frequencies is not None and other.frequencies is not None:
            self.frequencies.merge(other.frequencies)

    def copy(self) -> Self:
        """Return sketches that can change without these changing."""
        frequencies = None if self.frequencies is None else self.frequencies.copy()
        return type(self)(self.distinct.copy(), frequencies)

    def texts(self) -> pa.Array | None:
        """The categories, where every one is counted, in the order of their letters."""
        import pyarrow as pa

        if self.frequencies is None or not self.frequencies.is_exact:
            return None
        texts = (text.encode("utf-8", "replace") for text in sorted(self.frequencies.counts))
        return pa.array(list(texts), pa.large_binary()).cast(pa.large_string())

    def to_sections(self) -> dict[str, bytes]:
        """Serialize as named sections."""
        sections = {"distinct": self.distinct.to_bytes()}
        counts = self.distinct.counts_to_bytes()
        if counts is not None:
            sections["distinct_counts"] = counts
        if self.frequencies is not None:
            sections |= self.frequencies.to_sections()
        return sections

    @classmethod
    def from_sections(
        cls, column: Column, sections: Mapping[str, bytes], config: SketchConfig, /
    ) -> Self:
        """Rebuild the sketches.

        Raises:
            ProfileFormatError: If a section is missing or damaged.
        """
        distinct = DistinctSketch.from_bytes(
            section(sections, "distinct"), sections.get("distinct_counts"), k=config.distinct_k
        )
        if column.role is Role.ID:
            return cls(distinct)
        frequencies = Frequencies.from_sections(
            sections,
            limit=config.exact_categories,
            dictionary_size=config.dictionary,
            lg=config.frequent_lg,
        )
        return cls(distinct, frequencies)


def section(sections: Mapping[str, bytes], name: str, /) -> bytes:
    """One of the sections of a column.

    Raises:
        ProfileFormatError: If it is missing.
    """
    try:
        return sections[name]
    except KeyError:
        raise ProfileFormatError(f"a column lacks its section {name!r}") from None
